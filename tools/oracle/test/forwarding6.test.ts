/** What a router makes of an IPv6 packet under each setting: where it goes, how it is changed, what is counted. */
import type { Ip6Packet } from '@skbuff/testkit';
import { IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS } from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Case as CaseOf, CasePlayer, cases6, icmp6, kernelMissing, set6, tellCompared, udp6 } from '../src/index.ts';
import { ROUTER6, SETTLED_MS } from './labs.ts';

type Case = CaseOf<Ip6Packet>;

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of IPv6 forwarding SKIPPED: ${missing}`);

/** Who is asked for has ten minutes to answer: what is said of it then is said in no case. */
const PATIENT = ['eth1', 'eth2', 'eth3'].map((dev) => `sysctl -w net.ipv6.neigh.${dev}.retrans_time_ms=600000`);
const NEAR = '2001:db8:1::2';
const FAR = '2001:db8:a1::3';
const OWN = '2001:db8:1::1';
const ALL_NODES = [0x33, 0x33, 0, 0, 0, 1];
const send = (more: Parameters<typeof udp6>[0] = {}): Case['packets'] => [udp6({ saddr: NEAR, daddr: FAR, ...more })];
const ping = (more: Parameters<typeof icmp6>[0] = {}): Case['packets'] => [icmp6({ saddr: NEAR, daddr: OWN, ...more })];
const out = (what = 'proto 17 ttl 63', saddr = NEAR, daddr = FAR, port = 'w2'): string => `${port} ${saddr} > ${daddr} ${what}`;
const reply = (from = OWN, to = NEAR, port = 'w1'): string[] => [`${port} ${from} > ${to} icmp6 129/0`];
const error = (what: string, to = NEAR, from = OWN): string[] => [`w1 ${from} > ${to} icmp6 ${what}`];
const fragment = (offset: number, more = 0): [number, number[]] => [IPPROTO_FRAGMENT, [0, 0, offset >> 8, (offset & 0xf8) | more, 0, 0, 0x77, 0x77]];

const WAYS: [string, Case][] = [
  ['goes on, with a hop limit that is one less', { packets: send(), out: [out()] }],
  ['goes on with hop limit 2', { packets: send({ ttl: 2 }), out: [out('proto 17 ttl 1')] }],
  ['goes on with a traffic class', { packets: send({ tos: 0xb8 }), out: [out()] }],
  ['goes on with a traffic class and a congestion mark', { packets: send({ tos: 0xff }), out: [out()] }],
  ['is too long for the link, and is told of', { packets: send({ length: 1300, daddr: '2001:db8:a3::1' }), out: error('2/0 mtu 1280') }],
  ['fits the narrow link just so', { packets: send({ length: 1232, daddr: '2001:db8:a3::1' }), out: [out(undefined, NEAR, '2001:db8:a3::1', 'w3')] }],
  ['is one too long for the narrow link', { packets: send({ length: 1233, daddr: '2001:db8:a3::1' }), out: error('2/0 mtu 1280') }],
  ['is too long for the route, and is told of', { packets: send({ length: 1400, daddr: '2001:db8:a4::1' }), out: error('2/0 mtu 1400') }],
  ['is a fragment, which is not put together on the way', { packets: [{ saddr: NEAR, daddr: FAR, proto: 17, ext: [fragment(0, 1)], payload: new Uint8Array(16) }], out: [out('[44] 0+ proto 17 ttl 63')] }],
  ['is a fragment that is too long', { packets: [{ saddr: NEAR, daddr: '2001:db8:a3::1', proto: 17, ext: [fragment(1400, 1)], payload: new Uint8Array(1400) }], out: error('2/0 mtu 1280') }],
  ['is of a protocol that nobody knows', { packets: [{ saddr: NEAR, daddr: FAR, proto: 253 }], out: [out('proto 253 ttl 63')] }],
  ['has nothing behind the header', { packets: [{ saddr: NEAR, daddr: FAR, proto: 59, payload: new Uint8Array(0) }], out: [out('proto 59 ttl 63')] }],
  ['has a wrong sum of its own', { packets: send({ check: 0x0bad }), out: [out()] }],
  ['has bytes behind its end', { packets: [{ saddr: NEAR, daddr: FAR, proto: 253, payload: new Uint8Array(64), payloadLen: 40 }], out: [out('proto 253 ttl 63')] }],
  ['says to be longer than it is', { packets: [{ saddr: NEAR, daddr: FAR, proto: 253, payload: new Uint8Array(64), payloadLen: 80 }], out: [] }],
  ['is for a host on the next link', { packets: send({ daddr: '2001:db8:2::2' }), out: [out(undefined, NEAR, '2001:db8:2::2')] }],
  ['is for another address of the router', { packets: ping({ daddr: '2001:db8:2::1' }), out: reply('2001:db8:2::1') }],
  ['is for the router of the subnet', { packets: ping({ daddr: '2001:db8:1::' }), out: reply() }],
  ['is for the router of another subnet', { packets: ping({ daddr: '2001:db8:2::' }), out: reply() }],
  ['is for all nodes', { packets: ping({ daddr: 'ff02::1' }), mac: ALL_NODES, out: reply() }],
  ['is for all routers', { packets: ping({ daddr: 'ff02::2' }), mac: [0x33, 0x33, 0, 0, 0, 2], out: reply() }],
  ['is for a group of nobody', { packets: ping({ daddr: 'ff02::77' }), mac: [0x33, 0x33, 0, 0, 0, 0x77], out: [] }],
  ['is for a group of the site, and there is no multicast routing', { packets: send({ daddr: 'ff05::77' }), mac: [0x33, 0x33, 0, 0, 0, 0x77], out: [] }],
  ['is for a group of no scope', { packets: ping({ daddr: 'ff00::1' }), mac: ALL_NODES, out: [] }],
  ['is for a group of the interface', { packets: ping({ daddr: 'ff01::1' }), mac: ALL_NODES, out: [] }],
  ['came by multicast', { packets: send(), mac: ALL_NODES, out: [] }],
  ['was for another station', { packets: send(), mac: [2, 0, 0, 0, 9, 9], out: [] }],
  ['is from a link-local address', { packets: send({ saddr: 'fe80::2' }), out: error('1/2', 'fe80::2', 'LL1') }],
  ['is to a link-local address of nobody', { packets: send({ daddr: 'fe80::99' }), out: [`w1 LL1 > ${NEAR} icmp6 137/0 for fe80::99`, 'w1 LL1 > ff02::1:ff00:99 icmp6 135/0 for fe80::99'] }],
  ['is from ::', { packets: send({ saddr: '::' }), out: [] }],
  ['is from ::1', { packets: send({ saddr: '::1' }), out: [] }],
  ['is to ::1', { packets: ping({ daddr: '::1' }), out: [] }],
  ['is to ::', { packets: ping({ daddr: '::' }), out: error('1/0') }],
  ['is from a group', { packets: send({ saddr: 'ff02::1' }), out: [] }],
  ['is from an address of the router', { packets: send({ saddr: '2001:db8:2::1' }), out: [out(undefined, '2001:db8:2::1')] }],
  ['is from a mapped address', { packets: send({ saddr: '::ffff:10.0.0.1' }), out: [out(undefined, '::ffff:10.0.0.1')] }],
  ['is to a mapped address', { packets: send({ daddr: '::ffff:10.0.0.1' }), out: error('1/0') }],
  ['is to the site that was', { packets: send({ daddr: 'fec0::1' }), out: error('1/0') }],
  ['comes from nowhere', { packets: send({ saddr: '2001:db8:ffff::1' }), out: [out(undefined, '2001:db8:ffff::1')] }],
];

const OPTIONS: [string, number[]][] = [
  ['padding', [0, 0, 1, 4, 0, 0, 0, 0]],
  ['padding by single bytes', [0, 0, 0, 0, 0, 0, 1, 0]],
  ['a router alert', [0, 0, 5, 2, 0, 0, 1, 0]],
  ['something unknown to be skipped', [0, 0, 0x1e, 4, 1, 2, 3, 4]],
  ['something unknown to be skipped that may change', [0, 0, 0x3e, 4, 1, 2, 3, 4]],
];

const MARTIAN = '2001:db8:a1::9';
const SETTINGS: [string, Case][] = [
  ['forwarding 0 of all: to another', { packets: send(), out: [], ...set6(['conf.all.forwarding', 0, 1]) }],
  ['forwarding 0 of all: to an address beyond another link', { packets: ping({ daddr: '2001:db8:2::1' }), out: reply('2001:db8:2::1'), ...set6(['conf.all.forwarding', 0, 1]) }],
  ['forwarding 0 where it comes in', { packets: send(), out: [out()], ...set6(['conf.eth1.forwarding', 0, 1]) }],
  ['forwarding 0 where it goes out', { packets: send(), out: [out()], ...set6(['conf.eth2.forwarding', 0, 1]) }],
  ['hop_limit of the device', { packets: ping(), out: reply(), ...set6(['conf.eth1.hop_limit', 33, 64]) }],
  ['hop_limit of all', { packets: ping(), out: reply(), ...set6(['conf.all.hop_limit', 44, 64]) }],
  ['hop_limit of an error', { packets: send({ ttl: 1 }), out: error('3/0'), ...set6(['conf.eth1.hop_limit', 33, 64]) }],
  ['icmp.echo_ignore_all 1', { packets: ping(), out: [], ...set6(['icmp.echo_ignore_all', 1, 0]) }],
  ['icmp.echo_ignore_multicast 1: to all nodes', { packets: ping({ daddr: 'ff02::1' }), mac: ALL_NODES, out: [], ...set6(['icmp.echo_ignore_multicast', 1, 0]) }],
  ['icmp.echo_ignore_multicast 1: to the host', { packets: ping(), out: reply(), ...set6(['icmp.echo_ignore_multicast', 1, 0]) }],
  ['icmp.echo_ignore_anycast 1', { packets: ping({ daddr: '2001:db8:1::' }), out: [], ...set6(['icmp.echo_ignore_anycast', 1, 0]) }],
  ['anycast_src_echo_reply 1', { packets: ping({ daddr: '2001:db8:1::' }), out: reply('2001:db8:1::'), ...set6(['anycast_src_echo_reply', 1, 0]) }],
  ['flowlabel_reflect 4', { packets: ping(), out: reply(), ...set6(['flowlabel_reflect', 4, 0]) }],
  ['flowlabel_reflect 0', { packets: ping(), out: reply() }],
  ['drop_unicast_in_l2_multicast 0', { packets: ping(), mac: ALL_NODES, out: reply() }],
  ['drop_unicast_in_l2_multicast 1', { packets: ping(), mac: ALL_NODES, out: [], ...set6(['conf.eth1.drop_unicast_in_l2_multicast', 1, 0]) }],
  ['max_hbh_opts_number 1: two options', { packets: send({ ext: [[IPPROTO_HOPOPTS, [0, 1, 0x1e, 4, 1, 2, 3, 4, 0x1e, 4, 1, 2, 3, 4, 1, 0]]] }), out: [], ...set6(['max_hbh_opts_number', 1, 8]) }],
  ['max_hbh_opts_number -1: an unknown option', { packets: send({ ext: [[IPPROTO_HOPOPTS, [0, 0, 0x1e, 4, 1, 2, 3, 4]]] }), out: [], ...set6(['max_hbh_opts_number', -1, 8]) }],
  ['max_hbh_length 8: 16 bytes', { packets: send({ ext: [[IPPROTO_HOPOPTS, [0, 1, 1, 12, ...new Array<number>(12).fill(0)]]] }), out: [], ...set6(['max_hbh_length', 8, 2147483647]) }],
  ['max_dst_opts_number 1: two options, on the way', { packets: send({ ext: [[IPPROTO_DSTOPTS, [0, 1, 0x1e, 4, 1, 2, 3, 4, 0x1e, 4, 1, 2, 3, 4, 1, 0]]] }), out: [out('[60] proto 17 ttl 63')], ...set6(['max_dst_opts_number', 1, 8]) }],
  ['max_dst_opts_number 1: two options, here', { packets: ping({ ext: [[IPPROTO_DSTOPTS, [0, 1, 0x1e, 4, 1, 2, 3, 4, 0x1e, 4, 1, 2, 3, 4, 1, 0]]] }), out: [], ...set6(['max_dst_opts_number', 1, 8]) }],
  ['max_dst_opts_length 8: 16 bytes', { packets: ping({ ext: [[IPPROTO_DSTOPTS, [0, 1, 1, 12, ...new Array<number>(12).fill(0)]]] }), out: [], ...set6(['max_dst_opts_length', 8, 2147483647]) }],
  ['proxy_ndp 0: to a proxied address', { packets: send({ daddr: '2001:db8:2::77' }), out: [out(undefined, NEAR, '2001:db8:2::77')], before: ['ip neigh add proxy 2001:db8:2::77 dev eth1', 'ip neigh add 2001:db8:2::77 lladdr 02:00:00:00:02:77 dev eth2'], after: ['ip neigh del proxy 2001:db8:2::77 dev eth1', 'ip neigh del 2001:db8:2::77 dev eth2'] }],
  ['proxy_ndp 1: a datagram to a proxied address', { packets: send({ daddr: '2001:db8:2::77' }), out: [out(undefined, NEAR, '2001:db8:2::77')], before: ['sysctl -w net.ipv6.conf.eth1.proxy_ndp=1', 'ip neigh add proxy 2001:db8:2::77 dev eth1', 'ip neigh add 2001:db8:2::77 lladdr 02:00:00:00:02:77 dev eth2'], after: ['ip neigh del proxy 2001:db8:2::77 dev eth1', 'ip neigh del 2001:db8:2::77 dev eth2', 'sysctl -w net.ipv6.conf.eth1.proxy_ndp=0'] }],
  ['rp_filter is not of IPv6: from behind another link', { packets: ping({ saddr: MARTIAN }), out: reply(OWN, MARTIAN, 'w2') }],
];

describe.runIf(missing === null)('an IPv6 router', () => {
  let player: CasePlayer<Ip6Packet>;
  let own: string;
  beforeAll(async () => {
    player = await CasePlayer.open(cases6, ROUTER6);
    await player.wait(SETTLED_MS);
    await player.play({ packets: [], out: [], before: PATIENT });
    own = await player.linkLocal('eth1');
  }, 60_000);
  afterAll(() => player.close());

  const check = async (one: Case): Promise<void> => expect(await player.play(one)).toEqual({ difference: '', out: one.out.map((line) => line.replace('LL1', own)) });

  it.each(WAYS)('does with a packet what the running kernel does, which %s [IP6F-06, IP6F-10, IP6F-12]', (_what, one) => check(one));
  it.each(OPTIONS)('forwards as the running kernel does a packet with options for all hops: %s', (_what, bytes) => check({ packets: send({ ext: [[IPPROTO_HOPOPTS, bytes]] }), out: [out('[0] proto 17 ttl 63')] }));
  it.each(OPTIONS)('answers as the running kernel does an echo request with options for all hops: %s [IC6-08, IP6X-06]', (_what, bytes) => check({ packets: ping({ ext: [[IPPROTO_HOPOPTS, bytes]] }), out: reply() }));
  it.each(OPTIONS)('answers as the running kernel does an echo request with options for it: %s [IC6-08, IP6X-13]', (_what, bytes) => check({ packets: ping({ ext: [[IPPROTO_DSTOPTS, bytes]] }), out: reply() }));
  it.each(SETTINGS)('obeys its settings as the running kernel does, %s [IP6F-01]', (_what, one) => check(one));
});

afterAll(() => tellCompared('forwarding of IPv6'));
