/** UDP sockets over IPv6: what their calls return, what they send, and what they hear of errors. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { icmp6Message, ip6Bytes, ip6Packet, type Ip6Packet } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { type Calls, counters, counters6, difference, int, kernelMissing, moved, openPair, type Pair, type Play, Session, type SessionFamily, sin6, tellCompared, udp6 } from '../src/index.ts';
import { ROUTER6, SETTLED_MS } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of UDP sockets over IPv6 SKIPPED: ${missing}`);

const OWN = '2001:db8:1::1';
const NEAR = '2001:db8:1::2';
const OTHER = '2001:db8:1::3';
/** In which routers have been told of a membership as often as they are. */
const REPORTED_MS = 60;
/** Number of eth1 in both worlds: the first behind lo. */
const ETH1 = 2;

const FAMILY: SessionFamily = {
  family: U.AF_INET6,
  any: '::',
  near: NEAR,
  sockaddr: sin6,
  isUdp: (packet) => packet[6] === U.IPPROTO_UDP,
  error: ({ type, code, un, from, quoted }, packet) => {
    const word = [un >>> 24, (un >>> 16) & 255, (un >>> 8) & 255, un & 255];
    return ip6Packet({ saddr: from, daddr: OWN, proto: U.IPPROTO_ICMPV6, payload: icmp6Message(from, OWN, type, code, [...word, ...packet.subarray(0, quoted)]) });
  },
};

const soError = (fd: number): string => `get ${fd} ${U.SOL_SOCKET} ${U.SO_ERROR} 4`;
const set6 = (fd: number, name: number, value: number): string => `set ${fd} ${U.SOL_IPV6} ${name} ${int(value)}`;
const get6 = (fd: number, name: number, room = 4): string => `get ${fd} ${U.SOL_IPV6} ${name} ${room}`;
const errQueue = (fd: number): string => `recv ${fd} ${U.MSG_ERRQUEUE}`;

/** Sends, hears of one error, and looks wherever it may show. */
function hears(type: number, code: number, { un = 0, connected = true, recverr = true, pmtudisc = -1 } = {}): Play {
  return async (s) => {
    const fd = await s.socket(5000, OWN);
    if (recverr) await s.call(set6(fd, U.IPV6_RECVERR, 1));
    if (pmtudisc >= 0) await s.call(set6(fd, U.IPV6_MTU_DISCOVER, pmtudisc));
    if (connected) await s.call(`connect ${fd} ${sin6(NEAR, 7)}`);
    await s.call(`send ${fd} 0 10${connected ? '' : ` ${sin6(NEAR, 7)}`}`);
    await s.report(type, code, { un, from: OTHER });
    for (const line of [`poll ${fd}`, `recv ${fd} 0`, errQueue(fd), errQueue(fd), soError(fd), `poll ${fd}`]) await s.call(line);
    if (connected) await s.call(get6(fd, U.IPV6_MTU));
    await s.call(`send ${fd} 0 10 ${sin6(NEAR, 7)}`);
    await s.run('sysctl -w net.ipv6.route.flush=1');
    await s.call(`close ${fd}`);
  };
}

/** One datagram to `addr`, with some options set before. */
function sends(addr: string, { length = 10, flags = 0, port = 7, options = [] as readonly string[], to = {} } = {}): Play {
  return async (s) => {
    const fd = await s.socket(5000);
    for (const option of options) await s.call(`set ${fd} ${option}`);
    await s.call(`send ${fd} ${flags} ${length} ${sin6(addr, port, to)}`);
    for (const line of [soError(fd), `recv ${fd} 0`, errQueue(fd), `poll ${fd}`]) await s.call(line);
    await s.call(`close ${fd}`);
  };
}

const ip6 = (name: number, value: number): string => `${U.SOL_IPV6} ${name} ${int(value)}`;
const sol = (name: number, value: number): string => `${U.SOL_SOCKET} ${name} ${int(value)}`;
/** `struct in6_pktinfo`. */
const pktinfo = (addr: string, ifindex: number): string => Buffer.from(ip6Bytes(addr)).toString('hex') + int(ifindex);
const HBH_ALERT = '0000050200000100';
const DST_PADDED = '0000010400000000';

const SENDS: [string, Play][] = [
  ['a neighbour', sends(NEAR)],
  ['beyond a router', sends('2001:db8:a1::9')],
  ['a neighbour by its link-local address', sends('fe80::2', { to: { scope: ETH1 } })],
  ['a link-local address of no link', sends('fe80::2')],
  ['a link-local address of a link that there is not', sends('fe80::2', { to: { scope: 99 } })],
  ['a link-local address, bound to the device', sends('fe80::2', { options: [`${U.SOL_SOCKET} ${U.SO_BINDTODEVICE} ${Buffer.from('eth1\0').toString('hex')}`] })],
  ['nowhere', sends('2001:db9::1')],
  ['a route that says unreachable', sends('2001:db8:82::1')],
  ['a route that says prohibit', sends('2001:db8:83::1')],
  ['a route that says blackhole', sends('2001:db8:81::1')],
  ['a route that says throw', sends('2001:db8:84::1')],
  ['a group', sends('ff02::9')],
  ['a group of a link', sends('ff02::9', { to: { scope: ETH1 } })],
  ['a group, with a hop limit for groups', sends('ff05::9', { options: [ip6(U.IPV6_MULTICAST_HOPS, 9), ip6(U.IPV6_MULTICAST_IF, ETH1)] })],
  ['a group, not heard by the host itself', sends('ff05::9', { options: [ip6(U.IPV6_MULTICAST_LOOP, 0), ip6(U.IPV6_MULTICAST_IF, ETH1)] })],
  ['::', sends('::')],
  ['port 0', sends(NEAR, { port: 0 })],
  ['more than a datagram holds', sends(NEAR, { length: 65528 })],
  ['as much as a datagram holds', sends(NEAR, { length: 65527 })],
  ['nothing in it', sends(NEAR, { length: 0 })],
  ['more than fits into a packet', sends(NEAR, { length: 12000 })],
  ['more than fits, and may not be fragmented', sends(NEAR, { length: 12000, options: [ip6(U.IPV6_DONTFRAG, 1)] })],
  ['more than fits, may not be fragmented, and the MTU is to be told', sends(NEAR, { length: 12000, options: [ip6(U.IPV6_DONTFRAG, 1), ip6(U.IPV6_RECVPATHMTU, 1)] })],
  ['more than fits, and errors are to be told', sends(NEAR, { length: 12000, options: [ip6(U.IPV6_DONTFRAG, 1), ip6(U.IPV6_RECVERR, 1)] })],
  ['more than fits, and is probing', sends(NEAR, { length: 12000, options: [ip6(U.IPV6_MTU_DISCOVER, U.IPV6_PMTUDISC_PROBE)] })],
  ['more than the least MTU, which is to be kept', sends(NEAR, { length: 2000, options: [ip6(U.IPV6_USE_MIN_MTU, 1)] })],
  ['more than an MTU of the socket', sends(NEAR, { length: 2000, options: [ip6(U.IPV6_MTU, 1400)] })],
  ['a narrow link', sends('2001:db8:3::2', { length: 1400 })],
  ['a narrow route', sends('2001:db8:a4::1', { length: 1500 })],
  ['a hop limit', sends(NEAR, { options: [ip6(U.IPV6_UNICAST_HOPS, 3)] })],
  ['a traffic class', sends(NEAR, { options: [ip6(U.IPV6_TCLASS, 0xb8)] })],
  ['a flow label without permission', sends(NEAR, { to: { flowinfo: 0x00012345 } })],
  ['a flow label that nobody has', sends(NEAR, { options: [ip6(U.IPV6_FLOWINFO_SEND, 1)], to: { flowinfo: 0x00012345 } })],
  ['a traffic class by the address', sends(NEAR, { options: [ip6(U.IPV6_FLOWINFO_SEND, 1)], to: { flowinfo: 0x0b800000 } })],
  ['options for every hop', sends(NEAR, { options: [`${U.SOL_IPV6} ${U.IPV6_HOPOPTS} ${HBH_ALERT}`] })],
  ['options for the destination', sends(NEAR, { options: [`${U.SOL_IPV6} ${U.IPV6_DSTOPTS} ${DST_PADDED}`] })],
  ['both options, and fragments', sends(NEAR, { length: 12000, options: [`${U.SOL_IPV6} ${U.IPV6_HOPOPTS} ${HBH_ALERT}`, `${U.SOL_IPV6} ${U.IPV6_DSTOPTS} ${DST_PADDED}`] })],
  ['a routing header', sends(NEAR, { options: [`${U.SOL_IPV6} ${U.IPV6_RTHDR} 0002020100000000${Buffer.from(ip6Bytes('2001:db8:2::2')).toString('hex')}`] })],
  ['an address to send from', sends(NEAR, { options: [`${U.SOL_IPV6} ${U.IPV6_PKTINFO} ${pktinfo('2001:db8:2::1', 0)}`] })],
  ['a device to send by', sends('2001:db8:2::2', { options: [`${U.SOL_IPV6} ${U.IPV6_PKTINFO} ${pktinfo('::', ETH1)}`] })],
  ['an address to send from that is not the host’s', sends(NEAR, { options: [`${U.SOL_IPV6} ${U.IPV6_PKTINFO} ${pktinfo('2001:db8:2::99', 0)}`] })],
  ['no route to be asked', sends('2001:db8:a1::9', { options: [sol(U.SO_DONTROUTE, 1)] })],
  ['no route to be asked by this call', sends('2001:db8:a1::9', { flags: U.MSG_DONTROUTE })],
  ['out of band', sends(NEAR, { flags: U.MSG_OOB })],
  ['to the host itself, where nobody listens', sends('::1')],
  ['to the socket itself', sends(OWN, { port: 5000 })],
  ['a mapped address of nowhere', sends('::ffff:10.9.9.9')],
  ['a mapped address, and only IPv6 is spoken', sends('::ffff:127.0.0.1', { options: [ip6(U.IPV6_V6ONLY, 1)] })],
  ['a mapped address of the host', sends('::ffff:127.0.0.1')],
  ['an address of family unspecified', sends(NEAR, { to: { family: U.AF_UNSPEC } })],
  ['an address of family IPv4', sends(NEAR, { to: { family: U.AF_INET } })],
];

const HEARD: [what: string, type: number, code: number, un?: number][] = [
  ['no route', 1, 0],
  ['prohibited', 1, 1],
  ['beyond the scope of the source', 1, 2],
  ['address unreachable', 1, 3],
  ['port unreachable', 1, 4],
  ['source address refused by policy', 1, 5],
  ['reject route', 1, 6],
  ['unreachable for a reason that nobody knows', 1, 9],
  ['packet too big', 2, 0, 1400],
  ['packet too big, of the least size', 2, 0, 1280],
  ['packet too big, to less than may be', 2, 0, 100],
  ['packet too big, of no size', 2, 0, 0],
  ['packet too big, with more than the link takes', 2, 0, 20000],
  ['hop limit exceeded', 3, 0],
  ['reassembly time exceeded', 3, 1],
  ['a wrong header', 4, 0, 4],
  ['an unknown next header', 4, 1, 6],
  ['an unknown option', 4, 2, 42],
  ['an error that nobody knows', 100, 0],
];

const CALLS: [string, Play][] = [
  ['bind: addresses that are and are not the host’s', async (s) => {
    for (const addr of [OWN, '2001:db8:2::1', '::', 'ff02::5', '::1', '2001:db8:1::99', '2001:db9::1', '::ffff:127.0.0.1', '::ffff:0.0.0.0', '::ffff:10.9.9.9', 'fe80::5', '2001:db8:1::']) {
      const fd = await s.socket();
      for (const line of [`bind ${fd} ${sin6(addr, 5100)}`, `name ${fd}`, `bind ${fd} ${sin6(addr, 5100)}`, `close ${fd}`]) await s.call(line);
    }
  }],
  ['bind: a port that is taken, shared, or another’s', async (s) => {
    const [a, b, c] = [await s.socket(5200), await s.socket(), await s.socket()];
    for (const line of [`bind ${b} ${sin6('::', 5200)}`, `bind ${b} ${sin6(OWN, 5200)}`, `set ${b} ${sol(U.SO_REUSEADDR, 1)}`, `bind ${b} ${sin6(OWN, 5200)}`, `set ${a} ${sol(U.SO_REUSEADDR, 1)}`, `bind ${b} ${sin6(OWN, 5200)}`, `set ${c} ${sol(U.SO_REUSEPORT, 1)}`, `bind ${c} ${sin6(OWN, 5200)}`]) await s.call(line);
    for (const fd of [a, b, c]) await s.call(`close ${fd}`);
  }],
  ['bind: both families, one port', async (s) => {
    for (const [only, addr] of [[0, '::'], [1, '::'], [0, OWN], [0, '::ffff:127.0.0.1']] as const) {
      const [fd, mapped] = [await s.socket(), await s.socket()];
      for (const line of [`set ${fd} ${ip6(U.IPV6_V6ONLY, only)}`, `bind ${fd} ${sin6(addr, 5250)}`, `bind ${mapped} ${sin6('::ffff:127.0.0.1', 5250)}`, `set ${fd} ${ip6(U.IPV6_V6ONLY, 1)}`, get6(fd, U.IPV6_V6ONLY), `close ${mapped}`, `close ${fd}`]) await s.call(line);
    }
  }],
  ['bind: what is no address', async (s) => {
    const fd = await s.socket();
    for (const line of [`bind ${fd} ${sin6(OWN, 5300, { family: U.AF_INET })}`, `bind ${fd} ${sin6(OWN, 5300, { family: U.AF_UNSPEC })}`, `bind ${fd} ${sin6(OWN, 5300).slice(0, 40)}`, `bind ${fd} ${sin6(OWN, 5300).slice(0, 48)}`, `name ${fd}`, `close ${fd}`]) await s.call(line);
  }],
  ['bind: link-local addresses', async (s) => {
    for (const [addr, scope] of [['fe80::5', 0], ['fe80::5', ETH1], ['ff02::5', ETH1], ['fe80::5', 99]] as const) {
      const fd = await s.socket();
      for (const line of [`bind ${fd} ${sin6(addr, 5350, { scope })}`, `name ${fd}`, `close ${fd}`]) await s.call(line);
    }
  }],
  ['connect, and be told the address', async (s) => {
    const fd = await s.socket(5400);
    for (const line of [`peer ${fd}`, `connect ${fd} ${sin6('2001:db8:a1::9', 7)}`, `name ${fd}`, `peer ${fd}`, `send ${fd} 0 4`, `connect ${fd} ${sin6(NEAR, 7)}`, `name ${fd}`, `send ${fd} 0 4 ${sin6(OTHER, 9)}`, `connect ${fd} ${sin6('::', 0, { family: U.AF_UNSPEC })}`, `name ${fd}`, `peer ${fd}`, `send ${fd} 0 4`, `close ${fd}`]) await s.call(line);
  }],
  ['connect to what cannot be reached, or not yet', async (s) => {
    for (const addr of ['2001:db9::1', '2001:db8:81::1', '2001:db8:82::1', '2001:db8:83::1', 'ff02::5', '::', '::1', 'fe80::2', '::ffff:127.0.0.1', '::ffff:10.9.9.9']) {
      const fd = await s.socket(5500);
      for (const line of [`connect ${fd} ${sin6(addr, 7)}`, `name ${fd}`, `peer ${fd}`, `close ${fd}`]) await s.call(line);
    }
  }],
  ['receive, with all that may be told', async (s) => {
    const fd = await s.socket(5600);
    for (const name of [U.IPV6_RECVPKTINFO, U.IPV6_RECVHOPLIMIT, U.IPV6_RECVTCLASS, U.IPV6_RECVHOPOPTS, U.IPV6_RECVDSTOPTS, U.IPV6_RECVRTHDR, U.IPV6_ORIGDSTADDR, U.IPV6_FLOWINFO, U.IPV6_RECVFRAGSIZE]) await s.call(set6(fd, name, 1));
    const packet = udp6({ saddr: NEAR, daddr: OWN, dport: 5600, length: 100, ttl: 9, tos: 0x10, flowlabel: 0x54321 });
    const ext: Ip6Packet['ext'] = [[U.IPPROTO_HOPOPTS, [0, 0, 5, 2, 0, 0, 1, 0]], [U.IPPROTO_DSTOPTS, [0, 0, 0x1e, 4, 1, 2, 3, 4]], [U.IPPROTO_ROUTING, [0, 0, 2, 0, 0, 0, 0, 0]], [U.IPPROTO_DSTOPTS, [0, 0, 1, 4, 0, 0, 0, 0]]];
    for (const more of [{}, { tos: 3 }, { ext }, { ext: ext.slice(1, 2) }]) await s.arrive(ip6Packet({ ...packet, ...more }));
    for (const line of [`poll ${fd}`, `recv ${fd} ${U.MSG_PEEK}`, `recv ${fd} ${U.MSG_TRUNC}`, `recv ${fd} 0`, `recv ${fd} 0`, `recv ${fd} 0`, `recv ${fd} 0`, `poll ${fd}`, `close ${fd}`]) await s.call(line);
  }],
  ['receive, with all that was told before RFC 3542', async (s) => {
    const fd = await s.socket(5650);
    for (const name of [U.IPV6_2292PKTINFO, U.IPV6_2292HOPLIMIT, U.IPV6_2292HOPOPTS, U.IPV6_2292DSTOPTS, U.IPV6_2292RTHDR]) await s.call(set6(fd, name, 1));
    const ext: Ip6Packet['ext'] = [[U.IPPROTO_HOPOPTS, [0, 0, 5, 2, 0, 0, 1, 0]], [U.IPPROTO_DSTOPTS, [0, 0, 0x1e, 4, 1, 2, 3, 4]], [U.IPPROTO_ROUTING, [0, 0, 2, 0, 0, 0, 0, 0]]];
    await s.arrive(ip6Packet({ ...udp6({ saddr: NEAR, daddr: OWN, dport: 5650, length: 9 }), ext }));
    for (const line of [`recv ${fd} 0`, `close ${fd}`]) await s.call(line);
  }],
  ['receive, from a link-local address', async (s) => {
    const fd = await s.socket(5660);
    await s.arrive(ip6Packet(udp6({ saddr: 'fe80::2', daddr: OWN, dport: 5660 })));
    for (const line of [`recv ${fd} 0`, `close ${fd}`]) await s.call(line);
  }],
  ['receive, for a group', async (s) => {
    const group = Buffer.from(ip6Bytes('ff02::77')).toString('hex') + int(ETH1);
    const fd = await s.socket(5670);
    // Routers are told, and told again.
    const change = async (line: string): Promise<void> => {
      await s.call(line);
      await s.look(REPORTED_MS);
    };
    const joined = [`set ${fd} ${U.SOL_IPV6} ${U.IPV6_ADD_MEMBERSHIP} ${group}`, `set ${fd} ${U.SOL_IPV6} ${U.IPV6_ADD_MEMBERSHIP} ${group}`];
    for (const line of joined) await change(line);
    await s.arrive(ip6Packet(udp6({ saddr: NEAR, daddr: 'ff02::77', dport: 5670 })));
    await s.call(`recv ${fd} 0`);
    for (const line of [`set ${fd} ${U.SOL_IPV6} ${U.IPV6_DROP_MEMBERSHIP} ${group}`, `set ${fd} ${U.SOL_IPV6} ${U.IPV6_DROP_MEMBERSHIP} ${group}`, `close ${fd}`]) await change(line);
  }],
  ['receive, connected to another', async (s) => {
    const fd = await s.socket(5700);
    await s.call(`connect ${fd} ${sin6(NEAR, 4000)}`);
    for (const saddr of [NEAR, OTHER]) await s.arrive(ip6Packet(udp6({ saddr, daddr: OWN, dport: 5700 })));
    for (const line of [`recv ${fd} 0`, `recv ${fd} 0`, `shutdown ${fd} 0`, `recv ${fd} 0`, `shutdown ${fd} 1`, `send ${fd} 0 4`, `poll ${fd}`, `shutdown ${fd} 9`, `close ${fd}`]) await s.call(line);
  }],
  ['receive what hopped too often', async (s) => {
    const fd = await s.socket(5750);
    await s.call(set6(fd, U.IPV6_MINHOPCOUNT, 60));
    for (const ttl of [59, 60]) await s.arrive(ip6Packet(udp6({ saddr: NEAR, daddr: OWN, dport: 5750, ttl })));
    for (const line of [`recv ${fd} 0`, `recv ${fd} 0`, `close ${fd}`]) await s.call(line);
  }],
  ['receive without a checksum, where that is allowed', async (s) => {
    const fd = await s.socket(5760);
    for (const value of [0, 1]) {
      await s.call(`set ${fd} ${U.IPPROTO_UDP} ${U.UDP_NO_CHECK6_RX} ${int(value)}`);
      await s.arrive(ip6Packet(udp6({ saddr: NEAR, daddr: OWN, dport: 5760, check: 0 })));
      await s.call(`recv ${fd} 0`);
    }
    for (const line of [`set ${fd} ${U.IPPROTO_UDP} ${U.UDP_NO_CHECK6_TX} ${int(1)}`, `send ${fd} 0 5 ${sin6(NEAR, 7)}`, `close ${fd}`]) await s.call(line);
  }],
  ['an error that quotes too little', async (s) => {
    const fd = await s.socket(5800, OWN);
    await s.call(set6(fd, U.IPV6_RECVERR, 1));
    await s.call(`send ${fd} 0 10 ${sin6(NEAR, 7)}`);
    for (const quoted of [40, 47, 48]) await s.report(1, 4, { quoted });
    for (const line of [errQueue(fd), errQueue(fd), `close ${fd}`]) await s.call(line);
  }],
  ['corked pieces', async (s) => {
    const fd = await s.socket(5900);
    await s.call(`connect ${fd} ${sin6(NEAR, 7)}`);
    for (const line of [`send ${fd} ${U.MSG_MORE} 10`, `send ${fd} ${U.MSG_MORE} 9500`, `send ${fd} 0 7`, `set ${fd} ${U.IPPROTO_UDP} ${U.UDP_CORK} ${int(1)}`, `send ${fd} 0 5`, `send ${fd} 0 6`, `set ${fd} ${U.IPPROTO_UDP} ${U.UDP_CORK} ${int(0)}`, `close ${fd}`]) await s.call(line);
  }],
  ['become a socket of IPv4', async (s) => {
    const fd = await s.socket(5950);
    for (const line of [`set ${fd} ${ip6(U.IPV6_ADDRFORM, U.AF_INET)}`, `connect ${fd} ${sin6('::ffff:127.0.0.1', 7)}`, `set ${fd} ${ip6(U.IPV6_ADDRFORM, U.AF_INET)}`, `name ${fd}`, `close ${fd}`]) await s.call(line);
  }],
  ['a flow label of one’s own', async (s) => {
    const fd = await s.socket(5960);
    // struct in6_flowlabel_req: dst, label, action, share, flags, expires, linger.
    const request = (action: number, flags: number): string => Buffer.from(ip6Bytes(NEAR)).toString('hex') + '00012345' + Buffer.from([action, U.IPV6_FL_S_ANY, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]).toString('hex');
    const lines = [`set ${fd} ${U.SOL_IPV6} ${U.IPV6_FLOWLABEL_MGR} ${request(U.IPV6_FL_A_GET, 0)}`, `set ${fd} ${U.SOL_IPV6} ${U.IPV6_FLOWLABEL_MGR} ${request(U.IPV6_FL_A_GET, U.IPV6_FL_F_CREATE)}`, `set ${fd} ${ip6(U.IPV6_FLOWINFO_SEND, 1)}`, `send ${fd} 0 4 ${sin6(NEAR, 7, { flowinfo: 0x12345 })}`, `send ${fd} 0 4 ${sin6(NEAR, 7, { flowinfo: 0x12346 })}`, `set ${fd} ${U.SOL_IPV6} ${U.IPV6_FLOWLABEL_MGR} ${request(U.IPV6_FL_A_PUT, 0)}`, `close ${fd}`];
    for (const line of lines) await s.call(line);
  }],
];

/** Memberships, filters and labels take structures and are not here; nor are policies of IPsec, and what filters of packets have taken. */
const OF_OTHERS: readonly number[] = [U.IPV6_ADDRFORM, U.IPV6_2292PKTOPTIONS, U.IPV6_ADD_MEMBERSHIP, U.IPV6_DROP_MEMBERSHIP, U.IPV6_JOIN_ANYCAST, U.IPV6_LEAVE_ANYCAST, U.IPV6_FLOWLABEL_MGR, U.IPV6_IPSEC_POLICY, U.IPV6_XFRM_POLICY, 64, 65, 68, 69];
/** Options of level IPv6, whether the number is one or not. */
const OPTIONS = Array.from({ length: 80 }, (_, i) => i + 1).filter((name) => !OF_OTHERS.includes(name) && !(name >= 42 && name <= 48));
function option(name: number): Play {
  return async (s) => {
    const fd = await s.socket(6000);
    await s.ask(get6(fd, name));
    for (const value of [1, 2, 300, -1, 0]) for (const line of [set6(fd, name, value), get6(fd, name)]) await s.ask(line);
    for (const bytes of ['', '02', '0200', '0000010400000000', pktinfo('::', ETH1), '00']) await s.ask(`set ${fd} ${U.SOL_IPV6} ${name} ${bytes}`);
    for (const room of [0, 1, 3, 20, 40]) await s.ask(get6(fd, name, room));
    await s.ask(`close ${fd}`);
  };
}

describe.runIf(missing === null)('UDP sockets over IPv6', () => {
  let pair: Pair;
  let both: [Calls, Calls];
  beforeAll(async () => {
    pair = await openPair(ROUTER6);
    both = [await pair.ours.calls('r'), await pair.theirs.calls('r')];
    await pair.play(async (world) => (await world.wait(SETTLED_MS), []));
  }, 60_000);
  afterAll(() => pair.close());

  async function check(play: Play): Promise<void> {
    const seen = await pair.play(async (world) => {
      const s = new Session(world, world === pair.ours ? both[0] : both[1], FAMILY);
      const counted = await counters(world, 'r', counters6);
      await play(s);
      return [...s.out, ...moved(counted, await counters(world, 'r', counters6))];
    });
    expect(difference(seen)).toBe('');
  }

  it.each(SENDS)('send as on the running kernel: %s', (_what, play) => check(play));
  it.each(HEARD)('hear of errors as on the running kernel, with IPV6_RECVERR: %s', async (_what, type, code, un = 0) => {
    await check(hears(type, code, { un }));
    await check(hears(type, code, { un, connected: false }));
  });
  it.each(HEARD)('hear of errors as on the running kernel, without: %s', async (_what, type, code, un = 0) => {
    await check(hears(type, code, { un, recverr: false }));
    await check(hears(type, code, { un, recverr: false, connected: false }));
    await check(hears(type, code, { un, pmtudisc: U.IPV6_PMTUDISC_DONT }));
  });
  it.each(OPTIONS)('have the options of level IPv6 of the running kernel: %i', (name) => check(option(name)));
  it.each(CALLS)('answer calls as on the running kernel: %s', (_what, play) => check(play));
});

afterAll(() => tellCompared('UDP sockets over IPv6'));
