/** UDP sockets: what their calls return, what they send, and what they hear of errors. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { icmpMessage, ipPacket } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { inetPton4, setBe16, setBe32 } from '@skbuff/wire';
import { type Calls, counters, counters4, difference, int, kernelMissing, moved, openPair, type Pair, type Play, Session, type SessionFamily, tellCompared, udp } from '../src/index.ts';
import { ROUTER } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of UDP sockets SKIPPED: ${missing}`);

const NEAR = '10.0.1.2';

/** `struct sockaddr_in` as hexadecimal bytes. */
function sin(addr: string, port: number, family = U.AF_INET): string {
  const bytes = new Uint8Array(16);
  bytes[0] = family;
  setBe16(bytes, 2, port);
  setBe32(bytes, 4, inetPton4(addr));
  return Buffer.from(bytes).toString('hex');
}

/** An error quotes the datagram that left last. */
const FAMILY: SessionFamily = {
  family: U.AF_INET,
  any: '0.0.0.0',
  near: NEAR,
  sockaddr: sin,
  isUdp: (packet) => packet[9] === U.IPPROTO_UDP,
  error: ({ type, code, un, from, quoted }, packet) =>
    ipPacket({ saddr: from, daddr: '10.0.1.1', proto: U.IPPROTO_ICMP, payload: icmpMessage(type, code, un, packet.slice(0, quoted)), id: 7 }),
};

const soError = (fd: number): string => `get ${fd} ${U.SOL_SOCKET} ${U.SO_ERROR} 4`;
const setIp = (fd: number, name: number, value: number): string => `set ${fd} ${U.SOL_IP} ${name} ${int(value)}`;
const getIp = (fd: number, name: number): string => `get ${fd} ${U.SOL_IP} ${name} 4`;
const errQueue = (fd: number): string => `recv ${fd} ${U.MSG_ERRQUEUE}`;

/** Sends, hears of one error, and looks wherever it may show. */
function hears(type: number, code: number, { un = 0, connected = true, recverr = true, pmtudisc = -1 } = {}): Play {
  return async (s) => {
    const fd = await s.socket(5000, '10.0.1.1');
    if (recverr) await s.call(setIp(fd, U.IP_RECVERR, 1));
    if (pmtudisc >= 0) await s.call(setIp(fd, U.IP_MTU_DISCOVER, pmtudisc));
    if (connected) await s.call(`connect ${fd} ${sin('10.0.1.2', 7)}`);
    await s.call(`send ${fd} 0 10${connected ? '' : ` ${sin('10.0.1.2', 7)}`}`);
    await s.report(type, code, { un, from: '10.0.1.3' });
    for (const line of [`poll ${fd}`, `recv ${fd} 0`, errQueue(fd), errQueue(fd), soError(fd), `poll ${fd}`]) await s.call(line);
    if (connected) await s.call(getIp(fd, U.IP_MTU));
    await s.call(`send ${fd} 0 10 ${sin('10.0.1.2', 7)}`);
    await s.run('sysctl -w net.ipv4.route.flush=1');
    await s.call(`close ${fd}`);
  };
}

/** One datagram to `addr`, with some options set before. */
function sends(addr: string, { port = 7, length = 10, flags = 0, options = [] as readonly string[], bound = 0 } = {}): Play {
  return async (s) => {
    const fd = await s.socket(5000 + bound, '0.0.0.0');
    for (const option of options) await s.call(`set ${fd} ${option}`);
    await s.call(`send ${fd} ${flags} ${length} ${sin(addr, port)}`);
    for (const line of [`recv ${fd} 0`, soError(fd), `close ${fd}`]) await s.call(line);
  };
}

const ip = (name: number, value: number): string => `${U.SOL_IP} ${name} ${int(value)}`;
const sol = (name: number, value: number): string => `${U.SOL_SOCKET} ${name} ${int(value)}`;

const SENDS: [string, Play][] = [
  ['a neighbour', sends('10.0.1.2')],
  ['behind a router', sends('10.1.0.9')],
  ['nowhere', sends('192.0.2.1')],
  ['a route that says unreachable', sends('10.8.2.1')],
  ['a route that says prohibit', sends('10.8.3.1')],
  ['a route that says blackhole', sends('10.8.1.1')],
  ['a route that says throw', sends('10.8.4.1')],
  ['a broadcast, without permission', sends('10.0.1.255')],
  ['a broadcast, with permission', sends('10.0.1.255', { options: [sol(U.SO_BROADCAST, 1)] })],
  ['the limited broadcast, without permission', sends('255.255.255.255')],
  ['a group', sends('224.0.0.9')],
  ['a group, with a time to live for groups', sends('239.1.1.1', { options: [ip(U.IP_MULTICAST_TTL, 9)] })],
  ['an address of class E', sends('240.0.0.1')],
  ['0.0.0.0', sends('0.0.0.0')],
  ['port 0', sends('10.0.1.2', { port: 0 })],
  ['more than a datagram holds', sends('10.0.1.2', { length: 65508 })],
  ['as much as a datagram holds', sends('10.0.1.2', { length: 65507 })],
  ['nothing in it', sends('10.0.1.2', { length: 0 })],
  ['more than fits into a packet', sends('10.0.1.2', { length: 2000 })],
  ['more than fits, and may not be fragmented', sends('10.0.1.2', { length: 2000, options: [ip(U.IP_MTU_DISCOVER, U.IP_PMTUDISC_DO)] })],
  ['more than fits, and is probing', sends('10.0.1.2', { length: 2000, options: [ip(U.IP_MTU_DISCOVER, U.IP_PMTUDISC_PROBE)] })],
  ['no fragmentation wanted', sends('10.0.1.2', { options: [ip(U.IP_MTU_DISCOVER, U.IP_PMTUDISC_DO)] })],
  ['fragmentation allowed', sends('10.0.1.2', { options: [ip(U.IP_MTU_DISCOVER, U.IP_PMTUDISC_DONT)] })],
  ['a narrow route', sends('10.4.1.1', { length: 1000 })],
  ['a time to live', sends('10.0.1.2', { options: [ip(U.IP_TTL, 3)] })],
  ['a type of service', sends('10.0.1.2', { options: [ip(U.IP_TOS, 0xb8)] })],
  ['options', sends('10.0.1.2', { options: [`${U.SOL_IP} ${U.IP_OPTIONS} 0707040000000001`] })],
  ['a loose source route', sends('10.0.1.2', { options: [`${U.SOL_IP} ${U.IP_OPTIONS} 830704${Buffer.from([10, 0, 2, 2]).toString('hex')}01`] })],
  ['no checksum', sends('10.0.1.2', { options: [sol(U.SO_NO_CHECK, 1)] })],
  ['no route to be asked', sends('10.1.0.9', { options: [sol(U.SO_DONTROUTE, 1)] })],
  ['no route to be asked by this call', sends('10.1.0.9', { flags: U.MSG_DONTROUTE })],
  ['out of band', sends('10.0.1.2', { flags: U.MSG_OOB })],
  ['to the host itself, where nobody listens', sends('127.0.0.1')],
  ['to the socket itself', sends('10.0.1.1', { port: 5000 })],
];

const HEARD: [what: string, type: number, code: number, un?: number][] = [
  ['network unreachable', 3, 0],
  ['host unreachable', 3, 1],
  ['protocol unreachable', 3, 2],
  ['port unreachable', 3, 3],
  ['fragmentation needed', 3, 4, 1000],
  ['fragmentation needed, of no known size', 3, 4, 0],
  ['fragmentation needed, to less than may be', 3, 4, 100],
  ['source route failed', 3, 5],
  ['network unknown', 3, 6],
  ['host unknown', 3, 7],
  ['host isolated', 3, 8],
  ['network prohibited', 3, 9],
  ['host prohibited', 3, 10],
  ['network unreachable for the type of service', 3, 11],
  ['host unreachable for the type of service', 3, 12],
  ['filtered', 3, 13],
  ['precedence violated', 3, 14],
  ['precedence cut off', 3, 15],
  ['unreachable for a reason that nobody knows', 3, 16],
  ['source quench', 4, 0],
  ['time to live exceeded', 11, 0],
  ['reassembly time exceeded', 11, 1],
  ['a parameter problem', 12, 0, 0x14000000],
  ['a redirect', 5, 1, 0x0a000103],
];

const CALLS: [string, Play][] = [
  ['bind: addresses that are and are not the host’s', async (s) => {
    for (const addr of ['10.0.1.1', '10.0.2.1', '0.0.0.0', '10.0.1.255', '255.255.255.255', '224.0.0.5', '127.0.0.9', '10.0.1.99', '192.0.2.1']) {
      const fd = await s.socket();
      for (const line of [`bind ${fd} ${sin(addr, 5100)}`, `name ${fd}`, `bind ${fd} ${sin(addr, 5100)}`, `close ${fd}`]) await s.call(line);
    }
  }],
  ['bind: a port that is taken, shared, or another’s', async (s) => {
    const [a, b, c] = [await s.socket(5200), await s.socket(), await s.socket()];
    for (const line of [`bind ${b} ${sin('0.0.0.0', 5200)}`, `bind ${b} ${sin('10.0.1.1', 5200)}`, `set ${b} ${sol(U.SO_REUSEADDR, 1)}`, `bind ${b} ${sin('10.0.1.1', 5200)}`, `set ${a} ${sol(U.SO_REUSEADDR, 1)}`, `bind ${b} ${sin('10.0.1.1', 5200)}`, `set ${c} ${sol(U.SO_REUSEPORT, 1)}`, `bind ${c} ${sin('10.0.1.1', 5200)}`]) await s.call(line);
    for (const fd of [a, b, c]) await s.call(`close ${fd}`);
  }],
  ['bind: what is no address', async (s) => {
    const fd = await s.socket();
    for (const line of [`bind ${fd} ${sin('10.0.1.1', 5300, U.AF_INET6)}`, `bind ${fd} ${sin('10.0.1.1', 5300, U.AF_UNSPEC)}`, `bind ${fd} ${sin('10.0.1.1', 5300).slice(0, 16)}`, `bind ${fd} ${sin('0.0.0.0', 5300, U.AF_UNSPEC)}`, `name ${fd}`, `close ${fd}`]) await s.call(line);
  }],
  ['connect, and be told the address', async (s) => {
    const fd = await s.socket(5400);
    for (const line of [`peer ${fd}`, `connect ${fd} ${sin('10.1.0.9', 7)}`, `name ${fd}`, `peer ${fd}`, `send ${fd} 0 4`, `connect ${fd} ${sin('10.0.1.2', 7)}`, `name ${fd}`, `send ${fd} 0 4 ${sin('10.0.1.3', 9)}`, `connect ${fd} ${sin('0.0.0.0', 0, U.AF_UNSPEC)}`, `name ${fd}`, `peer ${fd}`, `send ${fd} 0 4`, `close ${fd}`]) await s.call(line);
  }],
  ['connect to what cannot be reached', async (s) => {
    for (const addr of ['192.0.2.1', '10.8.1.1', '10.8.2.1', '10.8.3.1', '10.0.1.255', '255.255.255.255', '224.0.0.5', '0.0.0.0', '240.0.0.1']) {
      const fd = await s.socket(5500);
      for (const line of [`connect ${fd} ${sin(addr, 7)}`, `name ${fd}`, `peer ${fd}`, `close ${fd}`]) await s.call(line);
    }
  }],
  ['receive, with all that may be told', async (s) => {
    const fd = await s.socket(5600);
    for (const name of [U.IP_PKTINFO, U.IP_RECVTTL, U.IP_RECVTOS, U.IP_RECVOPTS, U.IP_RETOPTS, U.IP_RECVORIGDSTADDR, U.IP_CHECKSUM]) await s.call(setIp(fd, name, 1));
    const packet = udp({ saddr: NEAR, daddr: '10.0.1.1', dport: 5600, length: 100, ttl: 9, tos: 0x10, options: [7, 7, 4, 0, 0, 0, 0, 1], check: 0 });
    for (const more of [{}, { tos: 3 }]) await s.arrive(ipPacket({ ...packet, ...more }));
    for (const line of [`poll ${fd}`, `recv ${fd} ${U.MSG_PEEK}`, `recv ${fd} ${U.MSG_TRUNC}`, `recv ${fd} 0`, `recv ${fd} 0`, `poll ${fd}`, `close ${fd}`]) await s.call(line);
  }],
  ['receive, connected to another', async (s) => {
    const fd = await s.socket(5700);
    await s.call(`connect ${fd} ${sin(NEAR, 4000)}`);
    for (const saddr of [NEAR, '10.0.1.3']) await s.arrive(ipPacket(udp({ saddr, daddr: '10.0.1.1', dport: 5700, check: 0 })));
    for (const line of [`recv ${fd} 0`, `recv ${fd} 0`, `shutdown ${fd} 0`, `recv ${fd} 0`, `shutdown ${fd} 1`, `send ${fd} 0 4`, `poll ${fd}`, `shutdown ${fd} 9`, `close ${fd}`]) await s.call(line);
  }],
  ['an error that quotes too little', async (s) => {
    const fd = await s.socket(5800, '10.0.1.1');
    await s.call(setIp(fd, U.IP_RECVERR, 1));
    await s.call(`send ${fd} 0 10 ${sin(NEAR, 7)}`);
    for (const quoted of [20, 27, 28]) await s.report(3, 3, { quoted });
    for (const line of [errQueue(fd), errQueue(fd), `close ${fd}`]) await s.call(line);
  }],
  ['corked pieces', async (s) => {
    const fd = await s.socket(5900);
    await s.call(`connect ${fd} ${sin(NEAR, 7)}`);
    for (const line of [`send ${fd} ${U.MSG_MORE} 10`, `send ${fd} ${U.MSG_MORE} 1500`, `send ${fd} 0 7`, `set ${fd} ${U.IPPROTO_UDP} ${U.UDP_CORK} ${int(1)}`, `send ${fd} 0 5`, `send ${fd} 0 6`, `set ${fd} ${U.IPPROTO_UDP} ${U.UDP_CORK} ${int(0)}`, `close ${fd}`]) await s.call(line);
  }],
];

const FIRST_GROUP_OPTION = U.IP_ADD_MEMBERSHIP;
/** IPsec policies and security labels. */
const OF_OTHERS: readonly number[] = [16, 17, 18];
/** Options of level IP, whether the number is one or not; what belongs to groups takes structures and is not here. */
const OPTIONS = Array.from({ length: 53 }, (_, i) => i + 1).filter((name) => !OF_OTHERS.includes(name) && (name < FIRST_GROUP_OPTION || name >= U.IP_MULTICAST_ALL));
function option(name: number): Play {
  return async (s) => {
    const fd = await s.socket(6000);
    await s.ask(getIp(fd, name));
    for (const value of [1, 2, 300, -1]) for (const line of [setIp(fd, name, value), getIp(fd, name)]) await s.ask(line);
    for (const bytes of ['', '02', '0200']) await s.ask(`set ${fd} ${U.SOL_IP} ${name} ${bytes}`);
    for (const room of [0, 1, 3]) await s.ask(`get ${fd} ${U.SOL_IP} ${name} ${room}`);
    await s.ask(`close ${fd}`);
  };
}

describe.runIf(missing === null)('UDP sockets', () => {
  let pair: Pair;
  let both: [Calls, Calls];
  beforeAll(async () => {
    pair = await openPair(ROUTER);
    both = [await pair.ours.calls('r'), await pair.theirs.calls('r')];
  });
  afterAll(() => pair.close());

  async function check(play: Play): Promise<void> {
    const seen = await pair.play(async (world) => {
      const s = new Session(world, world === pair.ours ? both[0] : both[1], FAMILY);
      const counted = await counters(world, 'r', counters4);
      await play(s);
      return [...s.out, ...moved(counted, await counters(world, 'r', counters4))];
    });
    expect(difference(seen)).toBe('');
  }

  it.each(SENDS)('send as on the running kernel: %s [UDP-26]', (_what, play) => check(play));
  it.each(HEARD)('hear of errors as on the running kernel, with IP_RECVERR: %s [UDP-26]', async (_what, type, code, un = 0) => {
    await check(hears(type, code, { un }));
    await check(hears(type, code, { un, connected: false }));
  });
  it.each(HEARD)('hear of errors as on the running kernel, without: %s [UDP-26]', async (_what, type, code, un = 0) => {
    await check(hears(type, code, { un, recverr: false }));
    await check(hears(type, code, { un, recverr: false, connected: false }));
    await check(hears(type, code, { un, pmtudisc: U.IP_PMTUDISC_DONT }));
  });
  it.each(OPTIONS)('have the options of level IP of the running kernel: %i', (name) => check(option(name)));
  it.each(CALLS)('answer calls as on the running kernel: %s', (_what, play) => check(play));
});

afterAll(() => tellCompared('UDP sockets over IPv4'));
