/** What a router makes of a packet under each setting: where it goes, how it is changed, what is counted. */
import type { IpPacket } from '@skbuff/testkit';
import { IP_DF, IP_MF } from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROADCAST, type Case as CaseOf, CasePlayer, cases4, icmp, kernelMissing, set, tellCompared, udp } from '../src/index.ts';
import { ROUTER } from './labs.ts';

type Case = CaseOf<IpPacket>;

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of forwarding SKIPPED: ${missing}`);

const NEAR = '10.0.1.2';
const FAR = '10.1.2.3';
const send = (more: Parameters<typeof udp>[0] = {}): Case['packets'] => [udp({ saddr: NEAR, daddr: FAR, ...more })];
const ping = (more: Parameters<typeof icmp>[0] = {}): Case['packets'] => [icmp({ saddr: NEAR, daddr: '10.0.1.1', ...more })];
const out = (what = 'proto 17 ttl 63', saddr = NEAR, daddr = FAR): string => `w2 ${saddr} > ${daddr} ${what}`;
const reply = (from = '10.0.1.1', to = NEAR, port = 'w1'): string[] => [`${port} ${from} > ${to} icmp 0/0`];

const WAYS: [string, Case][] = [
  ['goes on, with a time to live that is one less', { packets: send(), out: [out()] }],
  ['goes on with time to live 2', { packets: send({ ttl: 2 }), out: [out('proto 17 ttl 1')] }],
  ['goes on with a type of service', { packets: send({ tos: 0xb8 }), out: [out()] }],
  ['goes on with a checksum that wraps', { packets: send({ id: 0xfeff, tos: 0xff }), out: [out()] }],
  ['goes on though it must not be fragmented', { packets: send({ fragOff: IP_DF, length: 400, daddr: '10.3.1.1' }), out: [`w3 ${NEAR} > 10.3.1.1 proto 17 ttl 63`] }],
  ['is cut in two for a narrow link', { packets: send({ length: 800, daddr: '10.3.1.1' }), out: ['0+', '552'].map((part) => `w3 ${NEAR} > 10.3.1.1 ${part} proto 17 ttl 63`) }],
  ['is cut for a narrow route', { packets: send({ length: 1300, daddr: '10.4.1.1' }), out: ['0+', '576+', '1152'].map((part) => out(`${part} proto 17 ttl 63`, NEAR, '10.4.1.1')) }],
  ['is cut again, being a fragment', { packets: send({ length: 800, daddr: '10.3.1.1', fragOff: IP_MF | 100 }), out: ['800+', '1352+'].map((part) => `w3 ${NEAR} > 10.3.1.1 ${part} proto 17 ttl 63`) }],
  ['is not put together on the way', { packets: send({ fragOff: IP_MF, length: 16 }), out: [out('0+ proto 17 ttl 63')] }],
  ['is of a protocol that nobody knows', { packets: [{ saddr: NEAR, daddr: FAR, proto: 253 }], out: [out('proto 253 ttl 63')] }],
  ['has a wrong sum of its own', { packets: send({ check: 0x0bad }), out: [out()] }],
  ['is for a host on the next link', { packets: send({ daddr: '10.0.2.2' }), out: [out(undefined, NEAR, '10.0.2.2')] }],
  ['is a multicast, and there is no multicast routing', { packets: send({ daddr: '239.1.1.1' }), mac: [1, 0, 0x5e, 1, 1, 1], out: [] }],
  ['came by broadcast', { packets: send(), mac: BROADCAST, out: [] }],
  ['was for another station', { packets: send(), mac: [2, 0, 0, 0, 9, 9], out: [] }],
];

const OPTIONS: [string, number[], string][] = [
  ['a route to be recorded', [7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 1], FAR],
  ['a recorded route that is full', [7, 7, 8, 10, 9, 9, 9, 1], FAR],
  ['timestamps', [68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0], FAR],
  ['timestamps with addresses', [68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0], FAR],
  ['a timestamp by the address of another', [68, 12, 5, 3, 10, 9, 9, 9, 0, 0, 0, 0], FAR],
  ['a timestamp by our address', [68, 12, 5, 3, 10, 0, 1, 1, 0, 0, 0, 0], FAR],
  ['timestamps that are full', [68, 8, 9, 0, 1, 1, 1, 1], FAR],
  ['a router alert', [148, 4, 0, 0], FAR],
  ['nothing but padding', [1, 1, 1, 0], FAR],
  ['bytes behind the end', [0, 1, 2, 3], FAR],
  ['something unknown', [99, 4, 1, 2], FAR],
  ['security', [130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], FAR],
];

const CUT: [string, number[], second: number][] = [
  ['a route to be recorded, by the first piece only', [7, 7, 4, 0, 0, 0, 0, 1], 544],
  ['a source route that is done, by all', [131, 7, 8, 10, 0, 1, 1, 1], 544],
  ['a router alert, by all', [148, 4, 0, 0], 552],
];

const MARTIAN = '10.1.0.9';
const SETTINGS: [string, Case][] = [
  ['ip_forward 0: to another', { packets: send(), out: [], ...set(['ip_forward', 0, 1]) }],
  ['ip_forward 0: to an address of the host beyond another link', { packets: ping({ daddr: '10.0.2.1' }), out: reply('10.0.2.1'), ...set(['ip_forward', 0, 1]) }],
  ['forwarding 0 where it comes in', { packets: send(), out: [], ...set(['conf.eth1.forwarding', 0, 1]) }],
  ['forwarding 0 where it goes out', { packets: send(), out: [out()], ...set(['conf.eth2.forwarding', 0, 1]) }],
  ['rp_filter 0: from behind another link', { packets: ping({ saddr: MARTIAN }), out: reply('10.0.1.1', MARTIAN, 'w2') }],
  ['rp_filter 1 of the device: from behind another link', { packets: ping({ saddr: MARTIAN }), out: [], ...set(['conf.eth1.rp_filter', 1, 0]) }],
  ['rp_filter 1 of all: from behind another link', { packets: send({ saddr: MARTIAN }), out: [], ...set(['conf.all.rp_filter', 1, 0]) }],
  ['rp_filter 1: from the link itself', { packets: ping(), out: reply(), ...set(['conf.eth1.rp_filter', 1, 0]) }],
  ['rp_filter 2: from behind another link', { packets: ping({ saddr: MARTIAN }), out: reply('10.0.1.1', MARTIAN, 'w2'), ...set(['conf.eth1.rp_filter', 2, 0]) }],
  ['rp_filter 2: from nowhere', { packets: ping({ saddr: '192.0.2.1' }), out: [], ...set(['conf.eth1.rp_filter', 2, 0]) }],
  ['rp_filter 1 of the device and 2 of all: the greater holds', { packets: ping({ saddr: MARTIAN }), out: reply('10.0.1.1', MARTIAN, 'w2'), ...set(['conf.eth1.rp_filter', 1, 0], ['conf.all.rp_filter', 2, 0]) }],
  ['rp_filter 1: a source that no route knows', { packets: send({ saddr: '192.0.2.1' }), out: [], ...set(['conf.eth1.rp_filter', 1, 0]) }],
  ['accept_local 0: from an own address', { packets: send({ saddr: '10.0.2.1' }), out: [] }],
  ['accept_local 1: from an own address', { packets: send({ saddr: '10.0.2.1' }), out: [out(undefined, '10.0.2.1')], ...set(['conf.eth1.accept_local', 1, 0]) }],
  ['accept_source_route 1 of the device only', { packets: send({ daddr: '10.0.1.1', options: [131, 7, 4, 10, 0, 2, 2, 1] }), out: [], ...set(['conf.eth1.accept_source_route', 1, 1]) }],
  ['accept_source_route 1 of both: a loose source route', { packets: send({ daddr: '10.0.1.1', options: [131, 7, 4, 10, 0, 2, 2, 1] }), out: [out(undefined, NEAR, '10.0.2.2')], ...set(['conf.all.accept_source_route', 1, 0]) }],
  ['accept_source_route 1 of both: a strict source route', { packets: send({ daddr: '10.0.1.1', options: [137, 7, 4, 10, 0, 2, 2, 1] }), out: [out(undefined, NEAR, '10.0.2.2')], ...set(['conf.all.accept_source_route', 1, 0]) }],
  ['accept_source_route 1 of both: a loose source route through a gateway', { packets: send({ daddr: '10.0.1.1', options: [131, 7, 4, 10, 1, 0, 9, 1] }), out: [out(undefined, NEAR, '10.1.0.9')], ...set(['conf.all.accept_source_route', 1, 0]) }],
  ['accept_source_route 1 of both: through two of our addresses', { packets: send({ daddr: '10.0.1.1', options: [131, 11, 4, 10, 0, 2, 1, 10, 0, 2, 2, 1] }), out: [out(undefined, NEAR, '10.0.2.2')], ...set(['conf.all.accept_source_route', 1, 0]) }],
  ['accept_source_route 1 of both: one that passes by', { packets: send({ options: [131, 7, 4, 10, 0, 2, 2, 1] }), out: [out()], ...set(['conf.all.accept_source_route', 1, 0]) }],
  ['accept_source_route 1 of both: an echo request by one', { packets: ping({ options: [131, 7, 8, 10, 0, 1, 3, 1] }), out: [`w1 10.0.1.1 > 10.0.1.3 icmp 0/0`], ...set(['conf.all.accept_source_route', 1, 0]) }],
  ['ip_forward_use_pmtu 1: a route with an MTU', { packets: send({ daddr: '10.5.1.1', length: 1000, fragOff: IP_DF }), out: [`w1 10.0.1.1 > ${NEAR} icmp 3/4 mtu 700`], ...withRoute('mtu 700', ['ip_forward_use_pmtu', 1, 0]) }],
  ['ip_forward_use_pmtu 0: a route with an MTU', { packets: send({ daddr: '10.5.1.1', length: 1000, fragOff: IP_DF }), out: [`w1 10.0.1.1 > ${NEAR} icmp 3/4 mtu 700`], ...withRoute('mtu 700') }],
  ['bc_forwarding 0: a broadcast of another link', { packets: send({ daddr: '10.0.2.255' }), out: [] }],
  ['bc_forwarding 1: a broadcast of another link', { packets: send({ daddr: '10.0.2.255' }), out: [out(undefined, NEAR, '10.0.2.255')], ...set(['conf.all.bc_forwarding', 1, 0], ['conf.eth1.bc_forwarding', 1, 0], ['conf.eth2.bc_forwarding', 1, 0]) }],
  ['bc_forwarding 1: an echo request to a broadcast of another link', { packets: ping({ daddr: '10.0.2.255' }), out: [`w2 ${NEAR} > 10.0.2.255 icmp 8/0`], ...set(['conf.all.bc_forwarding', 1, 0], ['conf.eth1.bc_forwarding', 1, 0], ['conf.eth2.bc_forwarding', 1, 0]) }],
  ['route_localnet 0: to 127.0.0.1', { packets: ping({ daddr: '127.0.0.1' }), out: [] }],
  ['route_localnet 1: to 127.0.0.1', { packets: ping({ daddr: '127.0.0.1' }), out: reply('127.0.0.1'), ...set(['conf.eth1.route_localnet', 1, 0]) }],
  ['drop_unicast_in_l2_multicast 0', { packets: ping(), mac: BROADCAST, out: reply() }],
  ['drop_unicast_in_l2_multicast 1', { packets: ping(), mac: BROADCAST, out: [], ...set(['conf.eth1.drop_unicast_in_l2_multicast', 1, 0]) }],
  ['icmp_echo_ignore_all 1', { packets: ping(), out: [], ...set(['icmp_echo_ignore_all', 1, 0]) }],
  ['icmp_echo_ignore_broadcasts 1', { packets: ping({ daddr: '10.0.1.255' }), mac: BROADCAST, out: [], ...set(['icmp_echo_ignore_broadcasts', 1, 0]) }],
  ['icmp_echo_ignore_broadcasts 0', { packets: ping({ daddr: '10.0.1.255' }), mac: BROADCAST, out: reply() }],
  ['icmp_errors_use_inbound_ifaddr 0: an error that goes out by another link', { packets: send({ saddr: MARTIAN, daddr: '10.3.1.1', ttl: 1 }), out: [`w2 10.0.2.1 > ${MARTIAN} icmp 11/0`] }],
  ['icmp_errors_use_inbound_ifaddr 1: an error that goes out by another link', { packets: send({ saddr: MARTIAN, daddr: '10.3.1.1', ttl: 1 }), out: [`w2 10.0.1.1 > ${MARTIAN} icmp 11/0`], ...set(['icmp_errors_use_inbound_ifaddr', 1, 0]) }],
  ['ip_default_ttl', { packets: ping(), out: reply(), ...set(['ip_default_ttl', 33, 64]) }],
  ['ip_no_pmtu_disc', { packets: ping(), out: reply(), ...set(['ip_no_pmtu_disc', 1, 0]) }],
  ['log_martians', { packets: send({ saddr: '127.0.0.1' }), out: [], ...set(['conf.all.log_martians', 1, 0]) }],
];

/** A route to 10.5.0.0/16 that is there for one packet only. */
function withRoute(metrics: string, ...values: Parameters<typeof set>): Pick<Case, 'before' | 'after'> {
  const { before, after } = set(...values);
  return { before: [`ip route add 10.5.0.0/16 via 10.0.2.2 ${metrics}`, ...before], after: [...after, 'ip route del 10.5.0.0/16'] };
}

describe.runIf(missing === null)('a router', () => {
  let player: CasePlayer<IpPacket>;
  beforeAll(async () => {
    player = await CasePlayer.open(cases4, ROUTER);
  });
  afterAll(() => player.close());

  const check = async (one: Case): Promise<void> => expect(await player.play(one)).toEqual({ difference: '', out: one.out });

  it.each(WAYS)('does with a packet what the running kernel does, which %s [FWD-04, FWD-09, FWD-12, IP4-21]', (_what, one) => check(one));
  it.each(OPTIONS)('forwards as the running kernel does %s [OPT-06, OPT-10, OPT-12, OPT-13, OPT-14, OPT-15, OPT-20]', (_what, options, daddr) => check({ packets: send({ options, daddr }), out: [out(undefined, NEAR, daddr)] }));
  it.each(OPTIONS)('answers as the running kernel does an echo request with %s [OPT-26]', (_what, options) => check({ packets: ping({ options }), out: reply() }));
  it.each(CUT)('cuts a packet as the running kernel does, with %s [OPT-21]', (_what, options, second) =>
    check({ packets: send({ options, daddr: '10.3.1.1', length: 800 }), out: ['0+', String(second)].map((part) => `w3 ${NEAR} > 10.3.1.1 ${part} proto 17 ttl 63`), ...set(['conf.all.accept_source_route', 1, 0]) }));
  it.each(SETTINGS)('obeys its settings as the running kernel does, %s [IP4-14, OPT-17, OPT-18, ICMP-11, ICMP-28]', (_what, one) => check(one));
});

afterAll(() => tellCompared('forwarding of IPv4'));
