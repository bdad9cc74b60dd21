/** Every ICMP error that a router or a host sends, and everything about which none is sent. */
import type { IpPacket } from '@skbuff/testkit';
import { IP_DF, IP_MF } from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROADCAST, type Case as CaseOf, CasePlayer, cases4, icmp, kernelMissing, set, tellCompared, udp } from '../src/index.ts';
import { ROUTER } from './labs.ts';

type Case = CaseOf<IpPacket>;

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of ICMP errors SKIPPED: ${missing}`);

const LAB = ROUTER.replace('ipfrag_time: 60', 'ipfrag_time: 1')
  .replace('net.ipv4.icmp_ratemask: 0', 'net.ipv4.icmp_ratemask: 0\n        net.ipv4.neigh.eth2.retrans_time_ms: 100');
/** Who asks: each case has a source of its own, since routes that do not exist are reported to nobody more than five times. */
let hosts = 0;
const host = (): string => `10.2.1.${++hosts}`;
const to = (daddr: string, more: Parameters<typeof udp>[0] = {}): Case['packets'] => [udp({ saddr: host(), daddr, ...more })];
const echo = (daddr: string, more: Parameters<typeof icmp>[0] = {}): Case['packets'] => [icmp({ saddr: host(), daddr, ...more })];
/** The answer to the last host, from the router's address on that link unless another was written to. */
const error = (what: string, from = '10.0.1.1'): string[] => [`w1 ${from} > 10.2.1.${hosts} icmp ${what}`];
/** A packet and its error. */
const gets = (packets: Case['packets'], what: string, more: Partial<Case> & { readonly from?: string } = {}): Case => ({ packets, out: error(what, more.from), ...more });
const silent = (packets: Case['packets'], more: Partial<Case> = {}): Case => ({ packets, out: [], ...more });

/** Options, padded to whole words. */
const RECORD_ROUTE = [7, 7, 4, 0, 0, 0, 0, 1];
const strict = (...hops: string[]): number[] => sourceRoute(137, hops);
const loose = (...hops: string[]): number[] => sourceRoute(131, hops);
function sourceRoute(type: number, hops: readonly string[]): number[] {
  return [type, 3 + 4 * hops.length, 4, ...hops.flatMap((hop) => hop.split('.').map(Number)), 1];
}
const SOURCE_ROUTES = set(['conf.all.accept_source_route', 1, 0]);

const ERRORS: [string, Case][] = [
  ['time to live ends in transit', gets(to('10.1.2.3', { ttl: 1 }), '11/0')],
  ['time to live was 0 already', gets(to('10.1.2.3', { ttl: 0 }), '11/0')],
  ['time to live of an echo request ends in transit', gets(echo('10.1.2.3', { ttl: 1 }), '11/0')],
  ['time to live of the first fragment ends in transit', gets(to('10.1.2.3', { ttl: 1, fragOff: IP_MF, length: 16 }), '11/0')],
  ['time to live ends on the way to a network that does not exist', gets(to('192.0.2.9', { ttl: 1 }), '3/0')],
  ['time to live ends before a link that is too narrow', gets(to('10.3.1.1', { ttl: 1, fragOff: IP_DF, length: 1000 }), '11/0')],
  ['fragments are missing when time is up', gets(to('10.0.1.1', { fragOff: IP_MF, length: 16 }), '11/1', { wait: 1500 })],
  ['no route', gets(to('192.0.2.9'), '3/0')],
  ['a route that says throw, and no other table', gets(to('10.8.4.1'), '3/0')],
  ['a route that says unreachable', gets(to('10.8.2.1'), '3/1')],
  ['a neighbour that does not answer', { ...gets(to('10.0.2.99'), '3/1', { wait: 600 }), out: [...error('3/1'), 'w2 ARP for 10.0.2.99', 'w2 ARP for 10.0.2.99', 'w2 ARP for 10.0.2.99'] }],
  ['a route that says prohibit', gets(to('10.8.3.1'), '3/13')],
  ['a protocol that the host does not have', gets([{ saddr: host(), daddr: '10.0.1.1', proto: 253 }], '3/2')],
  ['a port where nobody listens', gets(to('10.0.1.1'), '3/3')],
  ['a port of another address of the host', gets(to('10.0.2.1'), '3/3', { from: '10.0.2.1' })],
  ['a port, with no checksum', gets(to('10.0.1.1', { check: 0 }), '3/3')],
  ['a port, with time to live 1', gets(to('10.0.1.1', { ttl: 1 }), '3/3')],
  ['a port, in a datagram of which 576 bytes are quoted', gets(to('10.0.1.1', { length: 1400 }), '3/3')],
  ['a port, with a type of service', gets(to('10.0.1.1', { tos: 0xff }), '3/3')],
  ['a port, with a route that is recorded', gets(to('10.0.1.1', { options: RECORD_ROUTE }), '3/3')],
  ['a port, in a datagram that came in two fragments', { ...gets(to('10.0.1.1', { length: 24 }), '3/3'), packets: halves(udp({ saddr: host(), daddr: '10.0.1.1', length: 24 })), out: error('3/3') }],
  ['may not be fragmented, and the link is narrower', gets(to('10.3.1.1', { fragOff: IP_DF, length: 1000 }), '3/4 mtu 576')],
  ['may not be fragmented, and the route is narrower', gets(to('10.4.1.1', { fragOff: IP_DF, length: 1000 }), '3/4 mtu 600')],
  ['may not be fragmented, as an echo request', gets(echo('10.3.1.1', { fragOff: IP_DF, length: 1000 }), '3/4 mtu 576')],
  ['the next hop of a strict source route is not a neighbour', gets(to('10.0.1.1', { options: strict('10.1.0.9') }), '3/5', SOURCE_ROUTES)],
  ['a port, and the source is the broadcast address of the link', { packets: to('10.0.1.1', { saddr: '10.0.1.255' }), out: ['w1 10.0.1.1 > 10.0.1.255 icmp 3/3'] }],
  ['an option that is shorter than it can be', gets(to('10.0.1.1', { options: [7, 2, 1, 1] }), '12/0 at 21')],
  ['an option that is longer than the header', gets(to('10.0.1.1', { options: [68, 40, 5, 0] }), '12/0 at 20')],
  ['an option of length 0', gets(to('10.0.1.1', { options: [99, 0, 1, 2] }), '12/0 at 20')],
  ['an option of length 1', gets(to('10.0.1.1', { options: [1, 99, 1, 0] }), '12/0 at 21')],
  ['a recorded route whose pointer is too low', gets(to('10.0.1.1', { options: [7, 7, 3, 0, 0, 0, 0, 0] }), '12/0 at 22')],
  ['a timestamp whose pointer is too low', gets(to('10.0.1.1', { options: [68, 8, 4, 0, 0, 0, 0, 0] }), '12/0 at 22')],
  ['a strict source route for somebody else', gets(to('10.1.2.3', { options: strict('10.0.2.2') }), '12/0 at 16', SOURCE_ROUTES)],
  ['a timestamp with room for half an address', gets(to('10.0.1.1', { options: [68, 8, 5, 1, 0, 0, 0, 0] }), '12/0 at 22')],
  ['a source route whose pointer is too low', gets(to('10.0.1.1', { options: [131, 7, 3, 10, 0, 2, 2, 0] }), '12/0 at 22')],
  ['a second source route', gets(to('10.0.1.1', { options: [...loose('10.0.2.2'), ...loose('10.0.2.2')] }), '12/0 at 28')],
  ['a second recorded route', gets(to('10.0.1.1', { options: [...RECORD_ROUTE, ...RECORD_ROUTE] }), '12/0 at 28')],
  ['an option that is wrong, in transit', gets(to('10.1.2.3', { options: [7, 2, 1, 1] }), '12/0 at 21')],
  ['timestamps that are full and counted beyond 15', gets(to('10.0.1.1', { options: [68, 8, 9, 0xf0, 0, 0, 0, 0] }), '12/0 at 23')],
];

/** The same datagram as two fragments of 16 bytes. */
function halves(packet: ReturnType<typeof udp>): Case['packets'] {
  const payload = packet.payload as Uint8Array;
  return [
    { ...packet, payload: payload.subarray(0, 16), fragOff: IP_MF },
    { ...packet, payload: payload.subarray(16), fragOff: 2 },
  ];
}

const NOT: [string, Case][] = [
  ['what the link broadcast', silent(to('10.0.1.1'), { mac: BROADCAST })],
  ['what the link multicast', silent(to('10.0.1.1'), { mac: [1, 0, 0x5e, 0, 0, 1] })],
  ['what was for another station', silent(to('10.0.1.1'), { mac: [2, 0, 0, 0, 9, 9] })],
  ['a broadcast', silent(to('10.0.1.255'), { mac: BROADCAST })],
  ['the limited broadcast', silent(to('255.255.255.255'), { mac: BROADCAST })],
  ['a broadcast in a frame for one station', silent(to('10.0.1.255'))],
  ['a multicast', silent(to('224.0.0.1'), { mac: [1, 0, 0x5e, 0, 0, 1] })],
  ['a multicast in a frame for one station', silent(to('224.0.0.1'))],
  ['a later fragment whose time to live ends', silent(to('10.1.2.3', { ttl: 1, fragOff: 100 }))],
  ['a later fragment that does not fit', silent(to('10.3.1.1', { fragOff: IP_DF | 100, length: 1000 }))],
  ['fragments without the first, when time is up', silent(to('10.0.1.1', { fragOff: IP_MF | 1, length: 16 }), { wait: 1500 })],
  ['destination unreachable', silent(echo('10.1.2.3', { ttl: 1, type: 3 }))],
  ['source quench', silent(echo('10.1.2.3', { ttl: 1, type: 4 }))],
  ['a redirect', silent(echo('10.1.2.3', { ttl: 1, type: 5 }))],
  ['time exceeded', silent(echo('10.1.2.3', { ttl: 1, type: 11 }))],
  ['a parameter problem', silent(echo('10.1.2.3', { ttl: 1, type: 12 }))],
  ['an ICMP type that nobody knows', silent(echo('10.1.2.3', { ttl: 1, type: 200 }))],
  ['an ICMP message that was cut before its type', silent([{ saddr: host(), daddr: '10.1.2.3', ttl: 1, proto: 1, payload: new Uint8Array(0) }])],
  ['a packet without a source', silent(to('10.0.1.1', { saddr: '0.0.0.0' }))],
  ['a packet from a loopback address', silent(to('10.0.1.1', { saddr: '127.0.0.1' }))],
  ['a packet from the limited broadcast', silent(to('10.0.1.1', { saddr: '255.255.255.255' }))],
  ['a packet from a group', silent(to('10.0.1.1', { saddr: '224.0.0.1' }))],
  ['a packet from a class E address', silent(to('10.0.1.1', { saddr: '240.0.0.1' }))],
  ['a packet from our own address', silent(to('10.0.1.1', { saddr: '10.0.1.1' }))],
  ['a packet from another address of ours', silent(to('10.0.1.1', { saddr: '10.0.2.1' }))],
  ['a blackhole', silent(to('10.8.1.1'))],
  ['a datagram whose checksum is wrong', silent(to('10.0.1.1', { check: 0x0bad }))],
  ['a datagram that is shorter than it says', silent(to('10.0.1.1', { ulen: 100 }))],
  ['a datagram that says to be shorter than its header', silent(to('10.0.1.1', { ulen: 4 }))],
  ['a source route that no route continues', silent(to('10.0.1.1', { options: loose('192.0.2.9') }), SOURCE_ROUTES)],
  ['a source route, where they are not accepted', silent(to('10.0.1.1', { options: loose('10.0.2.2') }))],
  ['what a host without forwarding cannot deliver', silent(to('10.1.2.3'), set(['conf.eth1.forwarding', 0, 1]))],
];

const REDIRECTS = set(['conf.eth1.send_redirects', 1, 0]);
/** On the link itself, as the next hop is. */
const NEAR = '10.0.1.2';
const forwarded = (ttl = 63): string => `w1 ${NEAR} > 10.2.9.9 proto 17 ttl ${ttl}`;
const back = (more: Partial<Parameters<typeof udp>[0]> = {}): Case['packets'] => [udp({ saddr: NEAR, daddr: '10.2.9.9', ...more })];
const REDIRECTED: [string, Case][] = [
  ['a packet goes back by the link that it came by', { packets: back(), out: [`w1 10.0.1.1 > ${NEAR} icmp 5/1 by 10.0.1.3`, forwarded()], ...REDIRECTS }],
  ['the source is on another network', { packets: [udp({ saddr: '10.1.0.9', daddr: '10.2.9.9' })], out: ['w1 10.1.0.9 > 10.2.9.9 proto 17 ttl 63'], ...REDIRECTS }],
  ['redirects are not to be sent', { packets: back(), out: [forwarded()] }],
  ['the source decides about the way', { packets: [udp({ saddr: NEAR, daddr: '10.0.1.1', options: loose('10.2.9.9') })], out: [`w1 ${NEAR} > 10.2.9.9 proto 17 ttl 63`], ...set(['conf.eth1.send_redirects', 1, 0], ['conf.all.accept_source_route', 1, 0]) }],
  ['the packet is a later fragment', { packets: back({ fragOff: 100 }), out: [`w1 ${NEAR} > 10.2.9.9 800 proto 17 ttl 63`], ...REDIRECTS }],
];

describe.runIf(missing === null)('ICMP errors', () => {
  let player: CasePlayer<IpPacket>;
  beforeAll(async () => {
    player = await CasePlayer.open(cases4, LAB);
  });
  afterAll(() => player.close());

  const check = async (one: Case): Promise<void> => expect(await player.play(one)).toEqual({ difference: '', out: one.out });

  it.each(ERRORS)('are sent as by the running kernel: %s [ICMP-06, ICMP-26, ICMP-33, ICMP-34, ICMP-35, ICMP-36, ICMP-37, ICMP-38, FWD-05, FWD-06, FWD-07, OPT-08, OPT-09, OPT-11, OPT-27]', (_what, one) => check(one));
  it.each(NOT)('are not sent, as by the running kernel, about %s [ICMP-27, FWD-04, OPT-17]', (_what, one) => check(one));
  it.each(REDIRECTED)('redirect as those of the running kernel: %s [REDIR-02, REDIR-03, REDIR-04, FWD-10]', (_what, one) => check(one));
});

afterAll(() => tellCompared('ICMP errors'));
