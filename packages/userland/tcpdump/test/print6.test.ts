import { expect, it } from 'vitest';
import type { CommandEnv } from '@skbuff/command';
import { OPTION_SETS, bySystem, byUs, haveTcpdump, packetsOf } from './golden.ts';
import { printNames } from '../src/name-table.ts';
import { Dice, ether, icmp6, ip6, ipv6, udp } from './packets.ts';
import { ICMP6_TYPES, frame6, packets6 } from './packets6.ts';

const live = haveTcpdump();
if (!live) console.warn('tcpdump 4.99.3 is not there: comparison of IPv6 packets with the binary SKIPPED');

// Those of print.test.ts, and what is seen only with others together.
const SETS: readonly string[] = [...OPTION_SETS, '-tnqe', '-tnvvx', '-tnvA', '-tnxx'];

it.runIf(live).each(SETS)('IPv6 packets by chance, half of them cut off, are printed as tcpdump %s prints them [TOOL-51]', (options) => {
  const packets = packets6(new Dice(23), 1500);
  expect(byUs(packets, options).join('')).toBe(bySystem(packets, options));
});

it.runIf(live).each(ICMP6_TYPES)('ICMPv6 of type %i is printed as the binary prints it', (type) => {
  const packets = packets6(new Dice(4), 120, { type });
  for (const options of ['-tn', '-tnvx', '-tnvvx', '-tnvvvA']) expect(byUs(packets, options).join('')).toBe(bySystem(packets, options));
});

it.runIf(live)('a packet is printed as the binary prints it, cut off behind each of its bytes', () => {
  const dice = new Dice(5);
  const frames = Array.from({ length: 25 }, () => frame6(dice));
  const packets = frames.flatMap((frame) => packetsOf([frame]).flatMap((p) => frame.slice(14).map((_, i) => ({ ...p, bytes: p.bytes.slice(0, 14 + i) }))));
  for (const options of ['-tn', '-tnvvx']) expect(byUs(packets, options).join('')).toBe(bySystem(packets, options));
});

it('never makes a printer throw', () => {
  const dice = new Dice(99);
  const packets = packets6(dice, 2000).map((p) => {
    p.bytes[14 + dice.next(Math.max(1, p.bytes.length - 14))] = dice.next(256);
    return p;
  });
  for (const options of SETS) expect(byUs(packets, options)).toHaveLength(2000);
});

const all = ip6('ff02::1');

it.each([
  ['an address is asked for', '-tn', ipv6(58, icmp6(135, 0, [0, 0, 0, 0, ...all])), 'IP6 2001:db8::1 > fe80::211:22ff:fe33:4455: ICMP6, neighbor solicitation, who has ff02::1, length 24'],
  ['segments', '-tn', ipv6(43, [59, 2, 4, 0, 0, 0, 0, 7, ...all]), 'IP6 2001:db8::1 > fe80::211:22ff:fe33:4455: RT6 (len=2, type=4, segleft=0, last-entry=0, tag=7, [0]ff02::1) no next header'],
  ['an AH', '-tnv', ipv6(51, [59, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4]), 'IP6 (hlim 64, next-header AH (51) payload length: 16) 2001:db8::1 > fe80::211:22ff:fe33:4455: AH(length=2(16-bytes),spi=0x00000001,seq=0x2,icv=0x01020304): no next header'],
  ['an ESP', '-tn', ipv6(50, [0, 0, 0, 1, 0, 0, 0, 2, 9]), 'IP6 2001:db8::1 > fe80::211:22ff:fe33:4455: ESP(spi=0x00000001,seq=0x2), length 9'],
  ['a binding update', '-tn', ipv6(135, [59, 1, 5, 0, 0, 0, 0, 1, 0xc0, 0, 0, 2, 0, 0, 0, 0]), 'IP6 2001:db8::1 > fe80::211:22ff:fe33:4455: mobility: BU seq#=1 AH lifetime=8'],
  ['a binding update by its old number', '-tn', ipv6(62, [59, 1, 5, 0, 0, 0, 0, 1, 0xc0, 0, 0, 2, 0, 0, 0, 0]), 'IP6 2001:db8::1 > fe80::211:22ff:fe33:4455: mobility: BU seq#=1 AH lifetime=8'],
  ['no jumbogram', '-tn', [...ipv6(0, []), 59, 0, 1, 4, 0, 0, 0, 0], 'IP6 2001:db8::1 > fe80::211:22ff:fe33:4455: HBH [No valid Jumbo Payload Hop-by-Hop option found] (invalid)'],
  ['options twice', '-tn', ipv6(0, [0, 0, 1, 4, 0, 0, 0, 0, 59, 0, 1, 4, 0, 0, 0, 0]), 'IP6 2001:db8::1 > fe80::211:22ff:fe33:4455: HBH [The Hop-by-Hop Options header was already found] (invalid)'],
] as const)('%s: the text without the binary', (_, options, packet, text) => {
  expect(byUs(packetsOf([ether(0x86dd, packet)]), options)).toEqual([`${text}\n`]);
});

it('names of hosts are found however their address is spelled', () => {
  const names = printNames({ readFile: (path: string) => (path === '/etc/hosts' ? 'FF02:0::1 allnodes\n2001:DB8::0001 host\n' : -2) } as unknown as CommandEnv);
  expect([names.host('ff02::1'), names.host('2001:db8::1'), names.host('::1')]).toEqual(['allnodes', 'host', null]);
});

it('a sum behind a routing header is of its last address, or the first of the segments', () => {
  const [last, first] = [ip6('2001:db8::1'), ip6('fe80::211:22ff:fe33:4455')];
  const packet = (type: number): number[] => ipv6(43, [17, 4, type, 1, 0, 0, 0, 0, ...(type === 4 ? [...first, ...last] : [...last, ...first]), ...udp(1, 2, [1], true)], { dst: all });
  for (const type of [0, 2, 4]) expect(byUs(packetsOf([ether(0x86dd, packet(type))]), '-tnv')[0]).toContain('[udp sum ok]');
});

it('a name ends where the length of its next label is the last byte of all', () => {
  // A neighbor advertisement with an option of search domains: `example`, `x-1`, a label of 42 bytes, and the length of one more.
  const name = [7, ...Buffer.from('example'), 3, ...Buffer.from('x-1'), 42, ...new Array<number>(42).fill(0x61), 1];
  const dnssl = [31, 8, 0, 0, 0, 0, 0, 9, ...name.slice(0, 56)];
  const text = byUs(packetsOf([ether(0x86dd, ipv6(58, icmp6(136, 0, [0, 0, 0, 0, ...ip6('fe80::1'), ...dnssl])))]), '-tnv')[0];
  expect(text).toContain(`domain(s): example.x-1.${'a'.repeat(42)}.`);
  expect(text).not.toContain('[|icmp6]');
});
