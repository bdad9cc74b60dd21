/** Every ICMPv6 error that a router or a host sends, and everything about which none is sent. */
import type { Ip6Packet } from '@skbuff/testkit';
import { IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_ROUTING } from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Case as CaseOf, CasePlayer, cases6, icmp6, kernelMissing, set6, tellCompared, udp6 } from '../src/index.ts';
import { ROUTER6, SETTLED_MS } from './labs.ts';

type Case = CaseOf<Ip6Packet>;

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of ICMPv6 errors SKIPPED: ${missing}`);

const LAB = ROUTER6.replace('ip6frag_time: 60', 'ip6frag_time: 1\n        net.ipv6.neigh.eth2.retrans_time_ms: 100');
const OWN = '2001:db8:1::1';
const FAR = '2001:db8:a1::3';
const GROUP = 'ff02::1';
const ALL_NODES = [0x33, 0x33, 0, 0, 0, 1];
let hosts = 0;
/** Who asks: each case has a source of its own. */
const host = (): string => `2001:db8:a2::${(++hosts).toString(16)}`;
const to = (daddr: string, more: Parameters<typeof udp6>[0] = {}): Case['packets'] => [udp6({ saddr: host(), daddr, ...more })];
const echo = (daddr: string, more: Parameters<typeof icmp6>[0] = {}): Case['packets'] => [icmp6({ saddr: host(), daddr, ...more })];
/** The answer to the last host, from the router's address on that link unless another was written to. */
const error = (what: string, from = OWN): string[] => [`w1 ${from} > 2001:db8:a2::${hosts.toString(16)} icmp6 ${what}`];
/** A packet and its error. */
const gets = (packets: Case['packets'], what: string, more: Partial<Case> & { readonly from?: string } = {}): Case => ({ packets, out: error(what, more.from), ...more });
const silent = (packets: Case['packets'], more: Partial<Case> = {}): Case => ({ packets, out: [], ...more });
/** A packet of which only a piece is there. */
const piece = (daddr: string, offset: number, more: 0 | 1, length: number, rest: Ip6Packet = {}): Case['packets'] => [
  { saddr: host(), daddr, proto: 17, payload: new Uint8Array(length).fill(1), ...rest, ext: [...(rest.ext ?? []), [IPPROTO_FRAGMENT, [0, 0, offset >> 8, (offset & 0xf8) | more, 0, 0, 0x77, hosts & 255]]] },
];
const hop = (bytes: number[]): Ip6Packet => ({ ext: [[IPPROTO_HOPOPTS, bytes]] });
const dst = (bytes: number[]): Ip6Packet => ({ ext: [[IPPROTO_DSTOPTS, bytes]] });
const routing = (type: number, left: number, words = 0): Ip6Packet => ({ ext: [[IPPROTO_ROUTING, [0, words, type, left, 0, 0, 0, 0, ...new Array<number>(words * 8).fill(0x20)]]] });

const ERRORS: [string, Case][] = [
  ['hop limit ends in transit', gets(to(FAR, { ttl: 1 }), '3/0')],
  ['hop limit was 0 already', gets(to(FAR, { ttl: 0 }), '3/0')],
  ['hop limit of an echo request ends in transit', gets(echo(FAR, { ttl: 1 }), '3/0')],
  ['hop limit of the first fragment ends in transit', gets(piece(FAR, 0, 1, 16, { ttl: 1 }), '3/0')],
  ['hop limit of a later fragment ends in transit', gets(piece(FAR, 800, 1, 16, { ttl: 1 }), '3/0')],
  ['hop limit ends on the way to a network that does not exist', gets(to('2001:db9::9', { ttl: 1 }), '1/0')],
  ['hop limit ends before a link that is too narrow', gets(to('2001:db8:a3::1', { ttl: 1, length: 1400 }), '3/0')],
  ['fragments are missing when time is up', gets(piece(OWN, 0, 1, 16), '3/1', { wait: 1500 })],
  ['no route', gets(to('2001:db9::9'), '1/0')],
  ['a route that says throw, and no other table', gets(to('2001:db8:84::1'), '1/0')],
  ['a route that says unreachable', gets(to('2001:db8:82::1'), '1/0')],
  ['a route that says prohibit', gets(to('2001:db8:83::1'), '1/1')],
  ['a neighbour that does not answer', { ...gets(to('2001:db8:2::99'), '1/3', { wait: 600 }), out: [...error('1/3'), ...new Array<string>(3).fill('w2 LL2 > ff02::1:ff00:99 icmp6 135/0 for 2001:db8:2::99')] }],
  ['a next header that the host does not have', gets([{ saddr: host(), daddr: OWN, proto: 253 }], '4/1 at 6')],
  ['a next header behind options that the host does not have', gets([{ saddr: host(), daddr: OWN, proto: 253, ...dst([0, 0, 1, 4, 0, 0, 0, 0]) }], '4/1 at 40')],
  ['a port where nobody listens', gets(to(OWN), '1/4')],
  ['a port of another address of the host', gets(to('2001:db8:2::1'), '1/4', { from: '2001:db8:2::1' })],
  ['a port of an anycast address of the host', gets(to('2001:db8:1::'), '1/4', { from: '2001:db8:1::' })],
  ['a port of an anycast address that is treated as unicast', gets(to('2001:db8:1::'), '1/4', { from: '2001:db8:1::', ...set6(['icmp.error_anycast_as_unicast', 1, 0]) })],
  ['a port, with hop limit 1', gets(to(OWN, { ttl: 1 }), '1/4')],
  ['a port, in a datagram of which 1280 bytes are quoted', gets(to(OWN, { length: 1400 }), '1/4')],
  ['a port, with a traffic class', gets(to(OWN, { tos: 0xff }), '1/4')],
  ['a port, with options for the host', gets(to(OWN, dst([0, 0, 1, 4, 0, 0, 0, 0])), '1/4')],
  ['a port, with options for every hop', gets(to(OWN, hop([0, 0, 5, 2, 0, 0, 1, 0])), '1/4')],
  ['a port, in an atomic fragment', gets([{ ...udp6({ saddr: host(), daddr: OWN }), ext: [[IPPROTO_FRAGMENT, [0, 0, 0, 0, 0, 0, 1, 1]]] }], '1/4')],
  ['a port, in a datagram that came in two fragments', { ...gets(halves(udp6({ saddr: host(), daddr: OWN, length: 24 })), '1/4') }],
  ['the link is narrower', gets(to('2001:db8:a3::1', { length: 1400 }), '2/0 mtu 1280')],
  ['the route is narrower', gets(to('2001:db8:a4::1', { length: 1400 }), '2/0 mtu 1400')],
  ['the link is narrower, of an echo request', gets(echo('2001:db8:a3::1', { length: 1400 }), '2/0 mtu 1280')],
  ['the link is narrower, of a packet that came by multicast', silent(to('2001:db8:a3::1', { length: 1400 }), { mac: ALL_NODES })],
  ['a source of another scope', { packets: to(FAR, { saddr: 'fe80::2' }), out: ['w1 LL1 > fe80::2 icmp6 1/2'] }],
  ['an option for every hop that says to complain', gets(to(OWN, hop([0, 0, 0x9e, 4, 1, 2, 3, 4])), '4/2 at 42')],
  ['an option for every hop that says to complain, in transit', gets(to(FAR, hop([0, 0, 0x9e, 4, 1, 2, 3, 4])), '4/2 at 42')],
  ['an option for every hop that says to complain unless it is for a group', gets(to(FAR, hop([0, 0, 0xde, 4, 1, 2, 3, 4])), '4/2 at 42')],
  ['an option for the host that says to complain', gets(to(OWN, dst([0, 0, 0x9e, 4, 1, 2, 3, 4])), '4/2 at 42')],
  ['an option for the host that says to complain unless it is for a group', gets(to(OWN, dst([0, 0, 0xde, 4, 1, 2, 3, 4])), '4/2 at 42')],
  ['an option for the host that says to complain, for a group', { packets: [udp6({ saddr: host(), daddr: GROUP, ...dst([0, 0, 0x9e, 4, 1, 2, 3, 4]) })], mac: ALL_NODES, out: error('4/2 at 42') }],
  ['the second option for the host', gets(to(OWN, dst([0, 1, 1, 2, 0, 0, 0x9e, 6, 0, 0, 0, 0, 0, 0, 0, 0])), '4/2 at 46')],
  ['options for every hop that are not the first', gets(to(OWN, { ext: [[IPPROTO_DSTOPTS, [0, 0, 1, 4, 0, 0, 0, 0]], [IPPROTO_HOPOPTS, [0, 0, 1, 4, 0, 0, 0, 0]]] }), '4/1 at 40')],
  ['a routing header of type 0 with hops left', gets(to(OWN, routing(0, 1, 2)), '4/0 at 42')],
  ['a routing header that nobody knows, with hops left', gets(to(OWN, routing(253, 1)), '4/0 at 42')],
  ['a routing header of type 2 that is not ours', gets(to(OWN, routing(2, 1, 2)), '4/0 at 42')],
  ['a fragment, not the last, of odd length', gets(piece(OWN, 0, 1, 13), '4/0 at 4')],
  ['a fragment that ends beyond any packet', gets(piece(OWN, 65528, 0, 16), '4/0 at 42')],
  ['the hop limit of a redirect ends in transit', gets(echo(FAR, { ttl: 1, type: 137 }), '3/0')],
  ['a jumbogram that is none', gets(to(OWN, hop([0, 0, 0xc2, 4, 0, 0, 0, 9])), '4/0 at 44')],
  ['a first fragment without what is above', gets([{ saddr: host(), daddr: OWN, proto: 17, payload: new Uint8Array(0), ext: [[IPPROTO_FRAGMENT, [0, 0, 0, 1, 0, 0, 3, 3]]] }], '4/3 at 0')],
  ['a first fragment that ends within its options', gets([{ saddr: host(), daddr: OWN, proto: 60, payload: Uint8Array.of(17, 3, 1, 4, 0, 0, 0, 0), ext: [[IPPROTO_FRAGMENT, [0, 0, 0, 1, 0, 0, 3, 4]]] }], '4/3 at 0')],
];

/** The same datagram as two fragments of 16 bytes. */
function halves(packet: Ip6Packet): Case['packets'] {
  const payload = packet.payload as Uint8Array;
  return [
    { ...packet, payload: payload.subarray(0, 16), ext: [[IPPROTO_FRAGMENT, [0, 0, 0, 1, 0, 0, 9, 9]]] },
    { ...packet, payload: payload.subarray(16), ext: [[IPPROTO_FRAGMENT, [0, 0, 0, 16, 0, 0, 9, 9]]] },
  ];
}

const NOT: [string, Case][] = [
  ['what the link multicast', silent(to(OWN), { mac: ALL_NODES })],
  ['what was for another station', silent(to(OWN), { mac: [2, 0, 0, 0, 9, 9] })],
  ['a multicast', silent(to(GROUP), { mac: ALL_NODES })],
  ['a multicast in a frame for one station', silent(to(GROUP))],
  ['a next header that the host does not have, for a group', silent([{ saddr: host(), daddr: GROUP, proto: 253 }], { mac: ALL_NODES })],
  ['fragments without the first, when time is up', silent(piece(OWN, 8, 1, 16), { wait: 1500 })],
  ['destination unreachable', silent(echo(FAR, { ttl: 1, type: 1 }))],
  ['packet too big', silent(echo(FAR, { ttl: 1, type: 2 }))],
  ['time exceeded', silent(echo(FAR, { ttl: 1, type: 3 }))],
  ['a parameter problem', silent(echo(FAR, { ttl: 1, type: 4 }))],
  ['an error that nobody knows', silent(echo(FAR, { ttl: 1, type: 100 }))],
  ['an ICMPv6 message that was cut before its type', silent([{ saddr: host(), daddr: FAR, ttl: 1, proto: 58, payload: new Uint8Array(0) }])],
  ['an ICMPv6 type that nobody knows', silent(echo(OWN, { type: 200 }))],
  ['an echo request with a wrong sum', silent([{ saddr: host(), daddr: OWN, proto: 58, payload: Uint8Array.of(128, 0, 1, 2, 3, 4, 5, 6) }])],
  ['a packet without a source', silent(to(OWN, { saddr: '::' }))],
  ['a packet from the loopback address', silent(to(OWN, { saddr: '::1' }))],
  ['a packet from a group', silent(to(OWN, { saddr: 'ff02::9' }))],
  ['a blackhole', silent(to('2001:db8:81::1'))],
  ['a datagram whose checksum is wrong', silent(to(OWN, { check: 0x0bad }))],
  ['a datagram without a checksum', silent(to(OWN, { check: 0 }))],
  ['a datagram that is shorter than it says', silent(to(OWN, { ulen: 100 }))],
  ['a datagram that says to be shorter than its header', silent(to(OWN, { ulen: 4 }))],
  ['an option that says to be silent', silent(to(OWN, hop([0, 0, 0x5e, 4, 1, 2, 3, 4])))],
  ['an option that says to be silent, in transit', silent(to(FAR, hop([0, 0, 0x5e, 4, 1, 2, 3, 4])))],
  ['an option for a group that says to complain unless it is', silent([udp6({ saddr: host(), daddr: GROUP, ...dst([0, 0, 0xde, 4, 1, 2, 3, 4]) })], { mac: ALL_NODES })],
  ['options that are longer than the packet', silent(to(OWN, hop([0, 9, 1, 4, 0, 0, 0, 0])))],
  ['an option that is longer than its header', silent(to(OWN, hop([0, 0, 1, 9, 0, 0, 0, 0])))],
  ['eight bytes of padding', silent(to(OWN, hop([0, 1, 1, 6, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0])))],
  ['padding that is not zero', silent(to(OWN, hop([0, 0, 1, 4, 0, 0, 0, 7])))],
  ['no next header', silent([{ saddr: host(), daddr: OWN, proto: 59 }])],
  ['a host without forwarding cannot deliver', silent(to(FAR), set6(['conf.all.forwarding', 0, 1]))],
];

/** On the link itself, as the next hop is. */
const NEAR = '2001:db8:1::2';
const back = (n: number, more: Partial<Parameters<typeof udp6>[0]> = {}): Case['packets'] => [udp6({ saddr: NEAR, daddr: `2001:db8:a5::${n}`, ...more })];
const REDIRECTED: [string, Case][] = [
  ['a packet goes back by the link that it came by', { packets: back(1), out: [`w1 LL1 > ${NEAR} icmp6 137/0 for fe80::3`, `w1 ${NEAR} > 2001:db8:a5::1 proto 17 ttl 63`] }],
  ['the next hop has no link-local address', { packets: [udp6({ saddr: NEAR, daddr: '2001:db8:a2:9::5' })], out: [`w1 ${NEAR} > 2001:db8:a2:9::5 proto 17 ttl 63`] }],
  ['it is for a neighbour', { packets: [udp6({ saddr: NEAR, daddr: '2001:db8:1::3' })], out: [`w1 LL1 > ${NEAR} icmp6 137/0 for 2001:db8:1::3`, `w1 ${NEAR} > 2001:db8:1::3 proto 17 ttl 63`] }],
  ['the source is on another network', { packets: [udp6({ saddr: '2001:db8:a1::9', daddr: '2001:db8:a5::2' })], out: ['w1 2001:db8:a1::9 > 2001:db8:a5::2 proto 17 ttl 63'] }],
  ['a long packet is quoted', { packets: back(3, { length: 1400 }), out: [`w1 LL1 > ${NEAR} icmp6 137/0 for fe80::3`, `w1 ${NEAR} > 2001:db8:a5::3 proto 17 ttl 63`] }],
  ['the source decides about the way', { packets: back(4, routing(4, 0)), out: [`w1 LL1 > ${NEAR} icmp6 137/0 for fe80::3`, `w1 ${NEAR} > 2001:db8:a5::4 [43] proto 17 ttl 63`] }],
];

describe.runIf(missing === null)('ICMPv6 errors', () => {
  let player: CasePlayer<Ip6Packet>;
  const own: Map<string, string> = new Map();
  beforeAll(async () => {
    player = await CasePlayer.open(cases6, LAB);
    await player.wait(SETTLED_MS);
    for (const [name, dev] of [['LL1', 'eth1'], ['LL2', 'eth2']] as const) own.set(name, await player.linkLocal(dev));
  }, 60_000);
  afterAll(() => player.close());

  const check = async (one: Case): Promise<void> => expect(await player.play(one)).toEqual({ difference: '', out: one.out.map((line) => line.replace(/LL\d/, (name) => own.get(name) as string)) });

  it.each(ERRORS)('are sent as by the running kernel: %s [IC6-17, IC6-18, IC6-19, IC6-20, IC6-21, IC6-22, IC6-23, IP6F-06, IP6F-10, IP6R-12, IP6X-03, IP6X-10, IP6X-15]', (_what, one) => check(one));
  it.each(NOT)('are not sent, as by the running kernel, about %s [IC6-05, IC6-16]', (_what, one) => check(one));
  it.each(REDIRECTED)('redirect as those of the running kernel: %s [IP6F-08, NDISC-23]', (_what, one) => check(one));
});

afterAll(() => tellCompared('ICMPv6 errors'));
