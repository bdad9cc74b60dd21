/** IPv6 addresses, links, routes and rules come and go by chance: what ip says of each step, and what is left. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { describeRan, difference, kernelMissing, onBoth, pick, tellCompared, type Transcript, type World } from '../src/index.ts';
import { seeds, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of IPv6 life cycles SKIPPED: ${missing}`);

/** An address is tried at once, and for no longer than what became of a carrier takes to be told. */
const quick = (...devs: string[]): string =>
  devs.map((dev) => `
        net.ipv6.conf.${dev}.router_solicitations: 0
        net.ipv6.conf.${dev}.router_solicitation_delay: 0
        net.ipv6.neigh.${dev}.retrans_time_ms: 20`).join('');
const LAB = `
name: cycles6
topology:
  nodes:
    n:
      kind: linux
      sysctls:${quick('eth1', 'eth2')}
    m: { kind: linux }
  links:
    - endpoints: ["n:eth1", "m:x1"]
    - endpoints: ["n:eth2", "m:x2"]
`;

const DEVS = ['eth1', 'eth1', 'eth2', 'lo'];
const CIDRS = ['2001:db8:1::1/64', '2001:db8:1::2/64', '2001:db8:1::3/128', '2001:db8:2::1/64', '2001:db8:2::2/48', 'fd00::1/8', 'fe80::5/64', 'fec0::1/64', '2001:db8:1::4/127', '::1/128', '2002:a00:1::1/16', 'ff02::5/64', '::5/128', '::ffff:1.2.3.4/128'];
const MORE = ['', '', '', ' nodad', ' noprefixroute', ' metric 77', ' peer 2001:db8:7::7/128', ' valid_lft forever preferred_lft 0', ' valid_lft 50000 preferred_lft 30000', ' home', ' mngtmpaddr', ' scope link', ' autojoin', ' proto 5', ' brd +'];
const PREFIXES = ['2001:db8:1::/64', '2001:db8:9::/48', '2001:db8:9:1::/64', 'default', '2001:db8:1::7', 'fd00::/8', '2001:db8:9:1::1/128', '::/1', 'ff00::/8', 'fe80::/64', '2001:db8:1::/65'];
const HOPS = ['via 2001:db8:1::fe', 'via 2001:db8:2::fe', 'dev eth1', 'dev eth2', 'via fe80::9 dev eth1', 'via fe80::9 dev eth2', 'via 2001:db8:1::9 dev eth1 onlink', 'via 2001:db8:9:1::1', 'dev eth1 src 2001:db8:1::2', 'dev lo', 'via fe80::9', 'nexthop via 2001:db8:1::a nexthop via 2001:db8:1::b weight 3', 'nexthop via fe80::a dev eth1 nexthop via fe80::b dev eth2', 'nexthop dev eth1 nexthop via 2001:db8:2::b'];
const ROUTE_MORE = ['', '', '', ' metric 3', ' metric 4', ' table 50', ' pref high', ' proto static', ' mtu 1400', ' expires 50000', ' from 2001:db8:1::/64', ' metric 3 table 50'];
const TYPES = ['blackhole', 'unreachable', 'prohibit', 'throw', 'local', 'anycast', 'multicast'];
const SETTINGS: readonly (readonly [string, number])[] = [['disable_ipv6', 2], ['forwarding', 2], ['forwarding', 2], ['addr_gen_mode', 2], ['keep_addr_on_down', 2], ['ignore_routes_with_linkdown', 2], ['accept_dad', 2], ['dad_transmits', 2], ['mtu', 0], ['hop_limit', 255]];

function setting(random: Random): string {
  const [name, values] = pick(random, SETTINGS);
  const value = name === 'mtu' ? pick(random, [1280, 1400, 1279, 9500]) : random.below(values);
  return `sysctl -w net.ipv6.conf.${pick(random, ['all', 'default', 'eth1', 'eth1', 'eth2', 'lo'])}.${name}=${value}`;
}

function step(random: Random): string {
  const dev = pick(random, DEVS);
  switch (random.below(13)) {
    case 0:
    case 1:
    case 2:
      return `ip -6 addr ${pick(random, ['add', 'add', 'add', 'change', 'replace'])} ${pick(random, CIDRS)} dev ${dev}${pick(random, MORE)}`;
    case 3:
      return `ip -6 addr del ${pick(random, CIDRS)} dev ${dev}`;
    case 4:
    case 5:
    case 6:
      return `ip -6 route ${pick(random, ['add', 'add', 'replace', 'append', 'prepend', 'change'])} ${pick(random, PREFIXES)} ${pick(random, HOPS)}${pick(random, ROUTE_MORE)}`;
    case 7:
      return `ip -6 route del ${pick(random, PREFIXES)}${pick(random, ['', '', ' metric 3', ' table 50', ' dev eth1', ' via 2001:db8:1::fe', ' via fe80::9', ' metric 1024'])}`;
    case 8:
      return `ip link set ${dev} ${pick(random, ['up', 'up', 'up', 'down', 'mtu 1400', 'mtu 1500', 'mtu 1279', 'mtu 1280'])}`;
    case 9:
      return setting(random);
    case 10:
      return pick(random, [`ip -6 rule ${pick(random, ['add', 'del'])} pref ${100 + random.below(3)} from 2001:db8::/32 table 50`, `ip -6 addr flush dev ${dev} scope global`, `ip -6 route flush table 50`, `ip -6 addr flush dev ${dev} permanent`, `ip -6 addr flush dev ${dev}`]);
    case 11:
      return `ip -6 route ${pick(random, ['add', 'replace', 'append', 'del'])} ${pick(random, TYPES)} ${pick(random, PREFIXES)}${pick(random, ['', '', ' dev lo', ' dev eth1', ' table 50', ' metric 3'])}`;
    default:
      return pick(random, ['SKBUFF_M ip link set x1 down', 'SKBUFF_M ip link set x1 up', 'ip link set eth2 name eth9', 'ip link set eth9 name eth2', 'ip link set eth1 multicast off', 'ip link set eth1 multicast on']);
  }
}

/** What became of a carrier is told once a second; an address has been tried long before. */
const LINKWATCH_MS = 1100;
/** Something that is put off, but not for any time. */
const DEFERRED_MS = 50;
const LOOKS = ['ip -6 -d addr', 'ip -6 -d route show table all', 'ip -6 maddr', 'ip -6 rule', 'ip -br -6 addr', 'ip -6 netconf'];

async function play(world: World, seed: number, count: number): Promise<Transcript> {
  const random = new Random(seed);
  const out: Transcript = [];
  await world.wait(1500);
  for (let i = 0; i < count; i++) {
    const line = step(random);
    const peer = line.startsWith('SKBUFF_M ');
    out.push(...describeRan(line, await world.run(peer ? 'm' : 'n', line.replace('SKBUFF_M ', ''))).split('\n'));
    await world.wait(/ (up|down)$/.test(line) ? LINKWATCH_MS : DEFERRED_MS);
    for (const look of i % 5 === 4 || i === count - 1 ? LOOKS : LOOKS.slice(0, 2)) {
      const { stdout } = await world.run('n', look);
      out.push(`(${i}) ${look}`, ...stdout.split('\n').map(masked));
    }
  }
  const file = async (name: string): Promise<string[]> => (await world.read('n', name)).split('\n');
  // Who refers to a route is nobody's business; addresses come in the order of a hash with a secret, and have been tried in any order.
  out.push(...(await file('ipv6_route')).map((line) => line.replace(/^(.{113}) .{8} /, '$1 refs ')), ...(await file('if_inet6')).sort(), ...(await file('anycast6')).sort());
  return out;
}

/** Numbers of interfaces depend on what was made before; the kernel's namespaces have devices of their own. Seconds pass. */
function masked(line: string): string {
  return line.replace(/@if\d+/, '@if').replace(/link-netns(id)? \S+/, 'link-netns').replace(/\d+sec/g, 'sec');
}

const SEEDS = seeds(4);
const game = together(SEEDS, (seed) => onBoth(LAB, (world) => play(world, seed, 45)));

describe.runIf(missing === null).concurrent('IPv6 addresses, links, routes and rules', () => {
  it.each(SEEDS)('live and die as on the running kernel (seed %i)', async (seed) => {
    expect(difference(await game(seed), 12)).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('life cycles of IPv6'));
