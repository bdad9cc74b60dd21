/** Addresses, links, routes and rules come and go by chance: what ip says of each step, and what is left. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { describeRan, difference, kernelMissing, onBoth, pick, tellCompared, type Transcript, type World } from '../src/index.ts';
import { seeds, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of life cycles SKIPPED: ${missing}`);

const LAB = `
name: cycles
ipv6: false
topology:
  nodes: { n: { kind: linux }, m: { kind: linux } }
  links:
    - endpoints: ["n:eth1", "m:x1"]
    - endpoints: ["n:eth2", "m:x2"]
`;

const DEVS = ['eth1', 'eth1', 'eth2', 'lo'];
const CIDRS = ['10.0.0.1/24', '10.0.0.2/24', '10.0.0.3/24', '10.0.0.4/25', '10.0.1.1/24', '10.0.1.2/32', '10.9.0.1/8', '172.16.0.1/31', '127.0.0.5/8', '10.0.0.1/32'];
const MORE = ['', '', '', ' brd +', ' scope link', ' scope host', ' noprefixroute', ' metric 77', ' label LABEL', ' peer 10.7.7.7/32', ' valid_lft forever preferred_lft 0'];
const PREFIXES = ['10.0.0.0/24', '10.0.1.0/24', '10.20.0.0/16', '10.20.1.0/24', '0.0.0.0/0', '10.0.0.7', '192.168.0.0/16', '10.20.1.1/32'];
const HOPS = ['via 10.0.0.254', 'via 10.0.1.254', 'dev eth1', 'dev eth2', 'via 10.0.0.9 dev eth1', 'via 10.0.0.9 dev eth2 onlink', 'via 10.20.1.1', 'dev eth1 scope host', 'dev eth1 src 10.0.0.2', 'dev lo'];
const ROUTE_MORE = ['', '', '', ' metric 3', ' metric 4', ' table 50', ' tos 8', ' proto static', ' mtu 1280', ' scope link'];

function step(random: Random): string {
  const dev = pick(random, DEVS);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return `ip addr ${pick(random, ['add', 'add', 'add', 'change', 'replace'])} ${pick(random, CIDRS)} dev ${dev}${pick(random, MORE).replace('LABEL', `${dev}:${random.below(3)}`)}`;
    case 3:
      return `ip addr del ${pick(random, CIDRS)} dev ${dev}`;
    case 4:
    case 5:
    case 6:
      return `ip route ${pick(random, ['add', 'add', 'replace', 'append', 'prepend', 'change'])} ${pick(random, PREFIXES)} ${pick(random, HOPS)}${pick(random, ROUTE_MORE)}`;
    case 7:
      return `ip route del ${pick(random, PREFIXES)}${pick(random, ['', '', ' metric 3', ' table 50', ' dev eth1', ' via 10.0.0.254', ' tos 8'])}`;
    case 8:
      return `ip link set ${dev} ${pick(random, ['up', 'up', 'up', 'down', 'mtu 1400', 'mtu 1500'])}`;
    case 9:
      return `sysctl -w net.ipv4.conf.${pick(random, ['all', 'eth1', 'eth2'])}.${pick(random, ['promote_secondaries', 'promote_secondaries', 'ignore_routes_with_linkdown'])}=${random.below(2)}`;
    case 10:
      return pick(random, [`ip rule ${pick(random, ['add', 'del'])} pref ${100 + random.below(3)} from 10.0.0.0/8 table 50`, `ip addr flush dev ${dev} scope link`, `ip route flush table 50`, `ip addr flush dev ${dev} label ${dev}:1`]);
    default:
      return pick(random, ['SKBUFF_M ip link set x1 down', 'SKBUFF_M ip link set x1 up', 'ip link set eth2 name eth9', 'ip link set eth9 name eth2']);
  }
}

/** What became of a carrier is told once a second. */
const LINKWATCH_MS = 1100;
const LOOKS = ['ip -4 -d addr', 'ip -4 -d route show table all', 'ip rule', 'ip -br link'];

async function play(world: World, seed: number, count: number): Promise<Transcript> {
  const random = new Random(seed);
  const out: Transcript = [];
  for (let i = 0; i < count; i++) {
    const line = step(random);
    const peer = line.startsWith('SKBUFF_M ');
    out.push(...describeRan(line, await world.run(peer ? 'm' : 'n', line.replace('SKBUFF_M ', ''))).split('\n'));
    if (/ (up|down)$/.test(line)) await world.wait(LINKWATCH_MS);
    for (const look of i % 5 === 4 || i === count - 1 ? LOOKS : LOOKS.slice(0, 2)) {
      const { stdout } = await world.run('n', look);
      out.push(`(${i}) ${look}`, ...stdout.split('\n').map(masked));
    }
  }
  for (const file of ['route', 'fib_triestat']) out.push(...(await world.read('n', file)).split('\n'));
  return out;
}

/** Numbers of interfaces depend on what was made before; the kernel's namespaces have devices of their own. */
function masked(line: string): string {
  return line.replace(/@if\d+/, '@if').replace(/link-netns(id)? \S+/, 'link-netns');
}

const SEEDS = seeds(4);
const game = together(SEEDS, (seed) => onBoth(LAB, (world) => play(world, seed, 120)));

describe.runIf(missing === null).concurrent('addresses, links, routes and rules', () => {
  it.each(SEEDS)('live and die as on the running kernel (seed %i)', async (seed) => {
    expect(difference(await game(seed), 12)).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('life cycles of IPv4'));
