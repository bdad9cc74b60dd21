// node tools/bench/main.mjs forward|udp|scale|netns [--ipv6] [--routes N] [--rounds 7] [--json FILE] [--no-kernel] [--ours FILE]
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNoOurs } from './lib/bundle.mjs';
import { families } from './lib/families.mjs';
import { forward } from './lib/forward.mjs';
import { whyNoKernel } from './lib/kernel.mjs';
import { machineFacts, printFacts, writeResult } from './lib/machine.mjs';
import { netns } from './lib/netns.mjs';
import { benchCore } from './lib/process.mjs';
import { scale } from './lib/scale.mjs';
import { udp } from './lib/udp.mjs';

const benches = { forward, udp, scale, netns };
const USAGE = `usage: bench ${Object.keys(benches).join('|')} [--ipv6] [--routes N] [--rounds N] [--json FILE] [--no-kernel] [--ours FILE]`;
const HERE = new URL('.', import.meta.url).pathname;
const root = resolve(HERE, '../..');

/** @param {string} problem @returns {never} */
function refuse(problem) {
  console.error(`${problem}\n${USAGE}`);
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        ipv6: { type: 'boolean', default: false },
        routes: { type: 'string', default: '0' },
        rounds: { type: 'string', default: '7' },
        json: { type: 'string' },
        ours: { type: 'string' },
        'no-kernel': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = parse();
const name = positionals[0];
if (positionals.length !== 1 || !Object.hasOwn(benches, name)) refuse(`which benchmark?`);
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) refuse(`--rounds ${values.rounds}: a number from 1 on`);

const routes = Number(values.routes);
if (!Number.isInteger(routes) || routes < 0) refuse(`--routes ${values.routes}: how many`);
if (routes > 0 && name !== 'forward') refuse('--routes is for forward');
if (values.ipv6 && name !== 'forward' && name !== 'udp') refuse('--ipv6 is for forward and udp');
const family = families[values.ipv6 ? 6 : 4];

const facts = machineFacts();
printFacts(facts);
const core = benchCore();
console.log(core === undefined ? 'not pinned to a core' : `one-thread measurements of both sides are pinned to core ${core}`);

const kernelMissing = values['no-kernel'] ? 'told so by --no-kernel' : whyNoKernel();
if (kernelMissing !== undefined) console.log(`the kernel is NOT measured: ${kernelMissing}`);
const entry = resolve(values.ours ?? resolve(HERE, `ours/${name}.mjs`));
const oursMissing = whyNoOurs(entry);
if (oursMissing !== undefined) console.log(`ours is NOT measured: ${oursMissing}`);

const directory = resolve(root, 'bench-results');
mkdirSync(directory, { recursive: true });
const result = await benches[/** @type {keyof typeof benches} */ (name)]({
  entry: oursMissing === undefined ? entry : undefined,
  kernelMissing,
  core,
  rounds,
  directory,
  family,
  routes,
});
writeResult(resolve(values.json ?? resolve(directory, `${[name, ...(values.ipv6 ? ['ipv6'] : []), ...(routes > 0 ? [routes] : [])].join('-')}.json`)), { bench: name, family: family.name, routes, facts, core, rounds, kernelMissing, oursMissing, ...result });
process.exit(0);
