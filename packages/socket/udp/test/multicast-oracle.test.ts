/** Groups and source filters, by the running kernel and by ours. Needs root, gcc and iproute2. */
import { icmp } from '@skbuff/icmp';
import { afterEach, expect, it } from 'vitest';
import { TwoHosts } from '@skbuff/testbed';
import { udp } from '../src/index.ts';
import { kernelPossible, runOnKernel, transcript } from './kernel-bed.ts';
import { OurSockets, ip, le } from './kernel-script.ts';

if (!kernelPossible) console.warn('groups against the kernel SKIPPED: it needs root, gcc and the command ip of iproute2');

const G = '239.1.2.3';
const H = '239.9.9.9';
const [S1, S2, S3] = ['10.0.0.2', '10.0.0.3', '10.0.0.4'];
const OPT = { add: 35, drop: 36, unblock: 37, block: 38, addSource: 39, dropSource: 40, msfilter: 41 } as const;

/** Structures. `dev`: an index. */
const mreq = (group: string, dev = '0.0.0.0'): string => ip(group) + ip(dev);
const mreqn = (group: string, dev: number): string => ip(group) + ip('0.0.0.0') + le(dev);
const mreqSource = (group: string, dev: string, source: string): string => ip(group) + ip(dev) + ip(source);
const storage = (addr: string, family = 2): string => `${le(family).slice(0, 4)}0000${ip(addr)}`.padEnd(256, '0');
const groupReq = (dev: number, group: string, family = 2): string => `${le(dev)}00000000${storage(group, family)}`;
const groupSource = (dev: number, group: string, source: string, family = 2): string => groupReq(dev, group) + storage(source, family);
const msfilter = (group: string, dev: string, mode: number, count: number, ...sources: string[]): string =>
  ip(group) + ip(dev) + le(mode) + le(count) + sources.map(ip).join('');
const groupFilter = (dev: number, group: string, mode: number, count: number, ...sources: string[]): string =>
  `${groupReq(dev, group)}${le(mode)}${le(count)}${sources.map((s) => storage(s)).join('')}`;

const FILES = ['file a /proc/self/net/mcfilter'];

/** Both senders say something to both groups; then each receiver reads what came. */
function speak(...receivers: string[]): string[] {
  const said: string[] = [];
  for (const [s, tag] of [['s', 'a'], ['t', 'b']] as const) for (const [g, n] of [[G, '1'], [H, '2']] as const) said.push(`send ${s} ${g} 5000 ${tag}${n}`);
  return [...said, ...receivers.flatMap((r) => Array.from({ length: 5 }, () => `recv ${r} 10 0`))];
}

const SETUP = [
  'socket s b 2 0',
  `bind s ${S1} 6000`,
  `set s 0 32 ${ip(S1)}`,
  'socket t b 2 0',
  `bind t ${S2} 6000`,
  `set t 0 32 ${ip(S2)}`,
  'socket r a 2 0',
  'set r 1 2 01000000',
  'bind r 0.0.0.0 5000',
  'socket q a 2 0',
  'set q 1 2 01000000',
  'bind q 0.0.0.0 5000',
];

let lab: TwoHosts | null = null;
afterEach(() => {
  expect(lab?.close()).toEqual({});
  lab = null;
});

function compare(make: (va: number) => string[]): void {
  lab = new TwoHosts([udp(), icmp()]);
  lab.addr(lab.vb, S2, 24);
  const lines = make(lab.va.ifindex);
  const ours = new OurSockets(lab);
  const answers = lines.map((line) => ours.run(line));
  expect(transcript(lines, answers)).toBe(transcript(lines, runOnKernel(lines, lab.va.ifindex, lab.vb.ifindex)));
}

it.skipIf(!kernelPossible)('joining and leaving by address, index and route, with every refusal, and who hears what [MC4-01]', () => {
  compare((va) => [
    ...SETUP,
    `set r 0 ${OPT.add} ${mreq(G)}`,
    `set r 0 ${OPT.add} ${ip(G)}`,
    `set r 0 ${OPT.add} ${mreq('10.1.1.1', '10.0.0.1')}`,
    `set r 0 ${OPT.add} ${mreq(G, '10.0.0.9')}`,
    `set r 0 ${OPT.add} ${mreqn(G, 77)}`,
    `set r 0 ${OPT.drop} ${mreq(G)}`,
    `set r 0 ${OPT.drop} ${mreq(G, '10.0.0.1')}`,
    ...speak('r'),
    `set r 0 ${OPT.add} ${mreq(G, '10.0.0.1')}`,
    `set r 0 ${OPT.add} ${mreqn(G, va)}`,
    ...speak('r', 'q'),
    'get q 0 49 4',
    'set q 0 49 00000000',
    ...speak('r', 'q'),
    `set q 0 ${OPT.add} ${mreqn(H, va)}`,
    ...speak('r', 'q'),
    'set q 0 49 02000000',
    'set q 0 49 01000000',
    `set r 0 ${OPT.drop} ${mreqn(G, 77)}`,
    `set r 0 ${OPT.drop} ${mreq(H, '10.0.0.1')}`,
    `set r 0 ${OPT.drop} ${mreqn(G, va)}`,
    `set r 0 ${OPT.drop} ${mreqn(G, va)}`,
    ...speak('r', 'q'),
    `set r 0 42 ${groupReq(va, G)}`,
    `set r 0 42 ${groupReq(va, G)}`,
    `set r 0 42 ${groupReq(va, G, 10)}`,
    `set r 0 42 ${groupReq(va, G).slice(2)}`,
    `set r 0 42 ${groupReq(0, G)}`,
    `set r 0 45 ${groupReq(va, H)}`,
    `set r 0 45 ${groupReq(va, G).slice(2)}`,
    `set r 0 45 ${groupReq(va, G, 10)}`,
    `set r 0 45 ${groupReq(va, G)}`,
    'write a /proc/sys/net/ipv4/igmp_max_memberships 2',
    ...['239.0.0.1', '239.0.0.2', '239.0.0.3'].map((g) => `set r 0 ${OPT.add} ${mreqn(g, va)}`),
    'write a /proc/sys/net/ipv4/igmp_max_memberships 20',
    ...FILES,
  ]);
});

it.skipIf(!kernelPossible)('a socket hears the sources it wants, and not those it blocks [MC4-01]', () => {
  compare((va) => [
    ...SETUP,
    'set q 0 49 00000000',
    `set r 0 ${OPT.block} ${mreqSource(G, '10.0.0.1', S1)}`,
    `set r 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.1', S1).slice(2)}`,
    `set r 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.1', S1)}00`,
    `set r 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.9', S1)}`,
    `set r 0 ${OPT.addSource} ${mreqSource('10.9.9.9', '10.0.0.1', S1)}`,
    `set r 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.1', S1)}`,
    ...FILES,
    ...speak('r', 'q'),
    `set r 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.1', S1)}`,
    `set r 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.1', S3)}`,
    `set r 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.1', S2)}`,
    `get r 0 41 40 ${msfilter(G, '10.0.0.1', 0, 5)}`,
    ...FILES,
    ...speak('r'),
    `set r 0 ${OPT.block} ${mreqSource(G, '10.0.0.1', S1)}`,
    `set r 0 ${OPT.unblock} ${mreqSource(G, '10.0.0.1', S1)}`,
    `set r 0 ${OPT.dropSource} ${mreqSource(G, '10.0.0.1', '10.0.0.77')}`,
    `set r 0 ${OPT.dropSource} ${mreqSource(H, '10.0.0.1', S1)}`,
    `set r 0 ${OPT.dropSource} ${mreqSource(G, '10.0.0.1', S3)}`,
    `get r 0 41 40 ${msfilter(G, '10.0.0.1', 0, 5)}`,
    `set r 0 ${OPT.dropSource} ${mreqSource(G, '10.0.0.1', S1)}`,
    ...speak('r'),
    `set r 0 ${OPT.dropSource} ${mreqSource(G, '10.0.0.1', S2)}`,
    `set r 0 ${OPT.dropSource} ${mreqSource(G, '10.0.0.1', S2)}`,
    ...FILES,
    ...speak('r'),
    `set r 0 ${OPT.add} ${mreq(G, '10.0.0.1')}`,
    `set r 0 ${OPT.block} ${mreqSource(G, '10.0.0.1', S2)}`,
    `set r 0 ${OPT.block} ${mreqSource(G, '10.0.0.1', S2)}`,
    `set r 0 ${OPT.unblock} ${mreqSource(G, '10.0.0.1', S1)}`,
    `set q 0 ${OPT.add} ${mreq(G, '10.0.0.1')}`,
    `set q 0 ${OPT.block} ${mreqSource(G, '10.0.0.1', S1)}`,
    ...FILES,
    ...speak('r', 'q'),
    `set q 0 ${OPT.block} ${mreqSource(G, '10.0.0.1', S2)}`,
    ...FILES,
    ...speak('r', 'q'),
    `set r 0 ${OPT.unblock} ${mreqSource(G, '10.0.0.1', S2)}`,
    `set r 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.1', S2)}`,
    `get r 0 41 40 ${msfilter(G, '10.0.0.1', 0, 5)}`,
    'close q',
    ...FILES,
    `set r 0 ${OPT.drop} ${mreq(G, '10.0.0.1')}`,
    `set r 0 46 ${groupSource(va, G, S2)}`,
    `set r 0 46 ${groupSource(va, G, S2)}`,
    `set r 0 46 ${groupSource(va, G, S2).slice(2)}`,
    `set r 0 46 ${groupSource(va, G, S2, 10)}`,
    `set r 0 46 ${groupSource(77, G, S2)}`,
    `set r 0 43 ${groupSource(va, G, S2)}`,
    ...speak('r'),
    `set r 0 47 ${groupSource(va, G, S1)}`,
    `set r 0 47 ${groupSource(va, G, S2)}`,
    `set r 0 42 ${groupReq(va, G)}`,
    `set r 0 43 ${groupSource(va, G, S2)}`,
    ...FILES,
    ...speak('r'),
    `set r 0 44 ${groupSource(va, G, S2)}`,
    `set r 0 44 ${groupSource(va, G, S2)}`,
    ...speak('r'),
    'write a /proc/sys/net/ipv4/igmp_max_msf 1',
    `set r 0 43 ${groupSource(va, G, S1)}`,
    `set r 0 43 ${groupSource(va, G, S1)}`,
    `set r 0 43 ${groupSource(va, G, S2)}`,
    'close r',
    ...FILES,
  ]);
});

it.skipIf(!kernelPossible)('whole filters are set and read, in both structures', () => {
  compare((va) => [
    ...SETUP,
    'set q 0 49 00000000',
    `set r 0 41 ${msfilter(G, '10.0.0.1', 1, 1, S1)}`,
    `set r 0 41 ${msfilter(G, '10.0.0.1', 1, 0)}`,
    `get r 0 41 40 ${msfilter(G, '10.0.0.1', 0, 5)}`,
    `set r 0 ${OPT.add} ${mreq(G, '10.0.0.1')}`,
    `get r 0 41 40 ${msfilter(G, '10.0.0.1', 7, 5)}`,
    `get r 0 41 15 ${msfilter(G, '10.0.0.1', 7, 5)}`,
    `get r 0 41 40 ${msfilter('10.0.0.1', '10.0.0.1', 7, 5)}`,
    `get r 0 41 40 ${msfilter(G, '10.0.0.9', 7, 5)}`,
    `set r 0 41 ${msfilter(G, '10.0.0.1', 1, 1, S1)}`,
    ...FILES,
    ...speak('r'),
    `set r 0 41 ${msfilter(G, '10.0.0.1', 1, 2, S1)}`,
    `set r 0 41 ${msfilter(G, '10.0.0.1', 1, 1).slice(0, 30)}`,
    `set r 0 41 ${msfilter(G, '10.0.0.1', 2, 1, S1)}`,
    `set r 0 41 ${msfilter('1.2.3.4', '10.0.0.1', 1, 1, S1)}`,
    `set r 0 41 ${msfilter(G, '10.0.0.9', 1, 1, S1)}`,
    `set r 0 41 ${msfilter(G, '10.0.0.1', 1, 11, ...Array.from({ length: 11 }, () => S1))}`,
    `set r 0 41 ${msfilter(G, '10.0.0.1', 1, -1, S1)}`,
    `set r 0 41 @69000:${msfilter(G, '10.0.0.1', 1, 1, S1)}`,
    `set r 0 41 ${msfilter(G, '10.0.0.1', 0, 2, S3, S2)}`,
    ...FILES,
    ...speak('r'),
    `get r 0 41 40 ${msfilter(G, '10.0.0.1', 7, 1)}`,
    `get r 0 41 20 ${msfilter(G, '10.0.0.1', 7, 1)}`,
    `get r 0 48 400 ${groupFilter(va, G, 7, 1)}`,
    `get r 0 48 400 ${groupFilter(va, G, 7, 3)}`,
    `get r 0 48 143 ${groupFilter(va, G, 7, 0)}`,
    `get r 0 48 144 ${groupFilter(va, G, 7, 0)}`,
    `get r 0 48 400 ${groupFilter(va, H, 7, 3)}`,
    `get r 0 48 400 ${groupFilter(77, G, 7, 3)}`,
    `get r 0 48 400 ${groupFilter(va, '10.0.0.1', 7, 3)}`,
    `set r 0 48 ${groupFilter(va, G, 1, 2, S2, S1)}`,
    ...FILES,
    ...speak('r'),
    `get r 0 48 400 ${groupFilter(va, G, 7, 3)}`,
    `set r 0 48 ${groupFilter(va, G, 1, 3, S2, S1)}`,
    `set r 0 48 ${groupFilter(va, G, 1, 0).slice(2)}`,
    `set r 0 48 ${groupFilter(77, G, 1, 1, S1)}`,
    `set r 0 48 ${groupFilter(va, H, 1, 1, S1)}`,
    `set r 0 48 ${groupFilter(va, G, 3, 1, S1)}`,
    `set r 0 48 ${groupFilter(va, G, 1, 11, ...Array.from({ length: 11 }, () => S1))}`,
    `set r 0 48 ${groupReq(va, G)}${le(1)}${le(1)}${storage(S1, 10)}`,
    `set r 0 48 ${groupReq(va, G, 10)}${le(1)}${le(1)}${storage(S1)}`,
    `set r 0 48 ${groupFilter(va, G, 0, 0)}`,
    `get r 0 48 400 ${groupFilter(va, G, 7, 3)}`,
    ...FILES,
    ...speak('r'),
    `set r 0 48 ${groupFilter(va, G, 1, 0)}`,
    `get r 0 48 400 ${groupFilter(va, G, 7, 3)}`,
    ...speak('r'),
  ]);
});

it.skipIf(!kernelPossible)('a host that wants some sources only does not even take the others in [MC4-01]', () => {
  compare((va) => [
    ...SETUP,
    `set r 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.1', S1)}`,
    ...speak('r', 'q'),
    `set q 0 ${OPT.addSource} ${mreqSource(G, '10.0.0.1', S2)}`,
    ...speak('r', 'q'),
    ...FILES,
    `set r 0 ${OPT.drop} ${mreqn(G, va)}`,
    ...speak('r', 'q'),
  ]);
});

it.skipIf(!kernelPossible)('groups on an interface that is gone are still left, by its number or as it was named', () => {
  compare((va) => [
    'socket r a 2 0',
    `set r 0 ${OPT.add} ${mreq(G, '10.0.0.1')}`,
    `set r 0 ${OPT.block} ${mreqSource(G, '10.0.0.1', S1)}`,
    `set r 0 ${OPT.add} ${mreqn(H, va)}`,
    `set r 0 ${OPT.add} ${mreqn('239.0.0.7', va)}`,
    'unlink a va',
    `get r 0 41 40 ${msfilter(G, '10.0.0.1', 7, 5)}`,
    `get r 0 48 400 ${groupFilter(va, G, 7, 3)}`,
    `set r 0 ${OPT.block} ${mreqSource(G, '10.0.0.1', S1)}`,
    `set r 0 ${OPT.add} ${mreqn(G, va)}`,
    `set r 0 ${OPT.drop} ${mreq(H)}`,
    `set r 0 ${OPT.drop} ${mreq(H, '10.0.0.1')}`,
    `set r 0 ${OPT.drop} ${mreqn(H, va)}`,
    `set r 0 ${OPT.drop} ${mreqn(H, va)}`,
    `set r 0 ${OPT.drop} ${mreq(G, '10.0.0.1')}`,
    `set r 0 ${OPT.drop} ${mreq(G, '10.0.0.1')}`,
    ...FILES,
    'close r',
  ]);
});
