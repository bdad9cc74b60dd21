/** Which of its addresses a host sends from, of sets by chance (RFC 6724): by a route, and by a socket with wishes of its own. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { AF_INET6, AF_UNSPEC, IPV6_ADDR_PREFERENCES, IPV6_PREFER_SRC_COA, IPV6_PREFER_SRC_HOME, IPV6_PREFER_SRC_PUBLIC, IPV6_PREFER_SRC_TMP, SOL_IPV6 } from '@skbuff/uapi';
import { type Calls, describeRan, difference, int, kernelMissing, onBoth, paired, pick, sin6, tellCompared, type Transcript, type World } from '../src/index.ts';
import { seeds, SETTLED_MS, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of source selection SKIPPED: ${missing}`);

const LAB = `
name: saddr6
topology:
  nodes:
    n:
      kind: linux
      exec:
        - ip -6 route add default via fe80::1 dev eth1
    m: { kind: linux }
  links:
    - endpoints: ["n:eth1", "m:x1"]
    - endpoints: ["n:eth2", "m:x2"]
`;

const SETS = 12;
const DEVS = ['eth1', 'eth1', 'eth2', 'lo'];
/** Of every scope and label. */
const NETS = ['2001:db8:1::', '2001:db8:1:1::', '2001:db8:2::', '2001:db8:ffff::', '2001:0:1::', '2002:a00:1::', 'fd00:1::', 'fd00:2::', 'fec0:1::', 'fe80::', '3ffe:1::', '2001:10::', '::ffff:10.0.', '::'];
const MORE = ['', '', '', ' preferred_lft 0', ' home', ' noprefixroute', ' valid_lft 50000 preferred_lft 30000'];

const within = (random: Random, net: string): string => (net === '::ffff:10.0.' ? `${net}0.${1 + random.below(4)}` : net === '::' ? `::10.0.0.${1 + random.below(4)}` : `${net}${(1 + random.below(4)).toString(16)}`);

function addresses(random: Random): string[] {
  return Array.from({ length: 2 + random.below(9) }, () => `addr add ${within(random, pick(random, NETS))}/${pick(random, [64, 64, 64, 48, 128, 112])} dev ${pick(random, DEVS)} nodad${pick(random, MORE)}`);
}

function destination(random: Random): string {
  return random.below(8) === 0 ? pick(random, ['ff02::1', 'ff05::9', 'ff0e::9', '::1', 'fe80::77']) : within(random, pick(random, NETS)).replace(/:(\d)$/, ':9$1');
}

/** The link of eth1, where an address has one. */
const scopeOf = (addr: string): number => (/^(fe80|ff)/.test(addr) ? 2 : 0);

const WISHES = [0, 0, IPV6_PREFER_SRC_TMP, IPV6_PREFER_SRC_PUBLIC, IPV6_PREFER_SRC_COA, IPV6_PREFER_SRC_HOME];

async function connects(calls: Calls, random: Random, addr: string): Promise<string> {
  const fd = await calls.ask(`socket ${AF_INET6}`);
  const wish = pick(random, WISHES);
  const said: string[] = [];
  if (wish !== 0) said.push(await calls.ask(`set ${fd} ${SOL_IPV6} ${IPV6_ADDR_PREFERENCES} ${int(wish)}`));
  for (const line of [`connect ${fd} ${sin6(addr, 7, { scope: scopeOf(addr) })}`, `name ${fd}`, `connect ${fd} ${sin6('::', 7, { family: AF_UNSPEC })}`, `close ${fd}`]) said.push(await calls.ask(line));
  // The port is chance.
  return `${addr} wishes ${wish}: ${said.join(' ').replace(/addr=(.{4}).{4}/, 'addr=$1')}`;
}

async function play(world: World, seed: number): Promise<Transcript> {
  const random = new Random(seed);
  const calls = await world.calls('n');
  await world.wait(SETTLED_MS);
  const out: Transcript = [];
  for (let i = 0; i < SETS; i++) {
    const build = addresses(random);
    out.push(...build, ...describeRan('build', await world.batch('n', '-6', build)).split('\n'));
    await world.wait(30);
    const questions = Array.from({ length: 60 }, () => `route get ${destination(random)}${pick(random, ['', '', ' oif eth1', ' oif eth2'])}`);
    out.push(...paired(questions, await world.batch('n', '-6 -o', questions)));
    for (let k = 0; k < 20; k++) out.push(await connects(calls, random, destination(random)));
    for (const dev of ['eth1', 'eth2', 'lo']) for (const scope of ['global', 'site', 'link']) await world.run('n', `ip -6 addr flush dev ${dev} scope ${scope} permanent`);
    for (const dev of ['eth1', 'eth2', 'lo']) await world.run('n', `ip -6 addr flush dev ${dev} dynamic`);
  }
  return out;
}

const SEEDS = seeds(3);
const game = together(SEEDS, (seed) => onBoth(LAB, (world) => play(world, seed)));

describe.runIf(missing === null).concurrent('the address to send from', () => {
  it.each(SEEDS)('is chosen as by the running kernel (seed %i)', async (seed) => {
    expect(difference(await game(seed))).toBe('');
  }, 60_000);
});

afterAll(() => tellCompared('source addresses of IPv6'));
