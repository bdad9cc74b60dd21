// node tools/fuzz/main.mjs [--frames N] [--frames6 N] [--netlink N] [--calls N] [--seed N] [--seconds S]
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const USAGE = 'usage: fuzz [--frames N] [--frames6 N] [--netlink N] [--calls N] [--seed N] [--seconds S]';

function options() {
  try {
    const { values } = parseArgs({
      options: { frames: { type: 'string' }, frames6: { type: 'string' }, netlink: { type: 'string' }, calls: { type: 'string' }, seed: { type: 'string' }, seconds: { type: 'string' } },
    });
    const numbers = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
    if (Object.values(numbers).every((value) => Number.isSafeInteger(value) && value >= 0)) return numbers;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  console.error(USAGE);
  return process.exit(2);
}

/** The sources, not a build that may be old. */
async function load() {
  const directory = mkdtempSync(join(os.tmpdir(), 'skbuff-fuzz-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const bundle = await rolldown({
    input: new URL('src/index.ts', import.meta.url).pathname,
    platform: 'node',
    external: [/^node:/],
    resolve: { conditionNames: ['skbuff-source', 'node', 'import', 'default'] },
  });
  const file = join(directory, 'fuzz.mjs');
  await bundle.write({ file, format: 'esm', sourcemap: true, minify: 'dce-only', codeSplitting: false });
  await bundle.close();
  return import(pathToFileURL(file).href);
}

/** @param {Map<string, number>} ends */
function print(ends) {
  for (const [end, times] of [...ends].sort((a, b) => b[1] - a[1])) console.log(`  ${String(times).padStart(9)}  ${end}`);
}

process.setSourceMapsEnabled(true);
const { seed = 1, seconds, ...counts } = options();
const fuzz = await load();
/** @param {object} scene */
const framesOf = (scene) => (/** @type {any[]} */ ...rest) => fuzz.fuzzFrames(scene, ...rest);
const kinds = { frames: framesOf(fuzz.ipv4Scene), frames6: framesOf(fuzz.ipv6Scene), netlink: fuzz.fuzzNetlink, calls: fuzz.fuzzCalls };
const wanted = Object.keys(counts).length > 0 ? counts : { frames: 1_000_000, frames6: 1_000_000, netlink: 1_000_000, calls: 1_000_000 };
const each = seconds === undefined ? Infinity : (seconds * 1000) / Object.keys(wanted).length;
console.log(`seed ${seed}`);
for (const [kind, count] of Object.entries(wanted)) {
  const began = performance.now();
  const result = await kinds[/** @type {keyof typeof kinds} */ (kind)](count, seed, () => performance.now() - began > each);
  const took = (performance.now() - began) / 1000;
  const { rss } = process.memoryUsage();
  console.log(`\n${result.done} ${result.what} in ${took.toFixed(1)} s, ${Math.round(result.done / took)} a second; at most ${result.mostPackets} packets and ${result.mostNeighbours} neighbours at a time, ${result.mostLearned} learned ways; RSS ${Math.round(rss / 2 ** 20)} MiB`);
  print(result.ends);
  if (result.unspecified.size > 0) console.log('lost for no stated reason, by');
  print(result.unspecified);
  for (const text of result.faults) console.error(`FAULT: ${text}`);
  if (result.faults.length > 0) process.exitCode = 1;
}
console.log(process.exitCode ? '\nFAULTS' : '\nnothing thrown, nothing leaked');
