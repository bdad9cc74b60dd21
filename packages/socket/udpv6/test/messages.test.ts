/** Messages between sockets on loopback, with all that can be asked for beside them. What is expected is what Linux 6.18 said. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import type { Cmsg } from '@skbuff/sock';
import { bytes, hosts4, hosts6, icmp6Message, icmpMessage, in6, ip6Packet, ipFrame, sin, sin6, udpDatagram } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import { icmp } from '@skbuff/icmp';
import { icmpv6 } from '@skbuff/icmpv6';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab(() => [icmp(), icmpv6()]);

/** 10.0.0.1 and 10.0.0.2 beside the addresses of IPv6. */
function useIpv4(): void {
  const { va, vb } = t.lab;
  hosts4.addAddress(va, '10.0.0.1', 24);
  hosts4.addAddress(vb, '10.0.0.2', 24);
}

function hex(data: Uint8Array): string {
  return Array.from(data, (b) => b.toString(16).padStart(2, '0')).join('');
}

function int(value: number): Uint8Array {
  const data = new Uint8Array(4);
  setLe32(data, 0, value);
  return data;
}

const unhex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (b) => Number.parseInt(b, 16));
const set = (fd: number, level: number, name: number, value: number | Uint8Array = 1): number => t.lab.tb.setsockopt(fd, level, name, value);
const set6 = (fd: number, name: number, value: number | Uint8Array = 1): number => set(fd, U.SOL_IPV6, name, value);
const pktinfo = (addr: string, ifindex: number): Uint8Array => Uint8Array.from([...in6(addr).toBytes(), ...int(ifindex)]);

/** A socket at `addr`. */
function socket(addr?: string, port = 0): number {
  const fd = t.lab.tb.socket(U.AF_INET6, U.SOCK_DGRAM);
  if (addr !== undefined) expect(t.lab.tb.bind(fd, sin6(addr, port))).toBe(0);
  return fd;
}

interface Received {
  readonly n: number;
  readonly from: string;
  readonly flags: number;
  readonly cmsgs: readonly string[];
}

/** What is there, or a negative errno. */
function receive(fd: number, flags = 0): Received | number {
  const name = new SockaddrIn6();
  const control: Cmsg[] = [];
  const msg = { iov: [new Uint8Array(2000)], name, control, flags: 0 };
  const n = t.lab.tb.recvmsg(fd, msg, flags | U.MSG_DONTWAIT) as number;
  if (n < 0) return n;
  return { n, from: `${name.addr.toString()} ${name.port} ${name.scopeId}`, flags: msg.flags, cmsgs: control.map(({ level, type, data }) => `${level} ${type} ${hex(data)}`) };
}

const cmsgsOf = (fd: number, flags = 0): readonly string[] | number => {
  const got = receive(fd, flags);
  return typeof got === 'number' ? got : got.cmsgs;
};

const HOP = unhex('0000010400000000');
const ENDS = { saddr: '2001:db8::1', daddr: '2001:db8::2' };
const LOOPBACK = '00000000000000000000000000000001';
const EVERYTHING = [49, 2, 51, 8, 56, 5, 53, 3, 58, 4, 66, 11, 74, 77];

describe('what comes with a datagram', () => {
  function listener(): number {
    const fd = socket('::', 5000);
    for (const name of EVERYTHING) expect(set6(fd, name)).toBe(0);
    set(fd, U.SOL_IP, U.IP_RECVTTL);
    set(fd, U.SOL_IP, U.IP_RECVTOS);
    return fd;
  }
  const ends = ['41 2 ' + LOOPBACK + '01000000', '41 8 '];
  const dst = '41 74 0a001388000000000000000000000000000000000000000100000000';

  it('interface and destination, hop limit, traffic class, flow label, and where it was going', () => {
    const fd = listener();
    const from = socket('::1', 5001);
    set6(from, U.IPV6_AUTOFLOWLABEL, 0);
    t.lab.tb.sendto(from, bytes('a'), 0, sin6('::1', 5000));
    expect(receive(fd)).toEqual({ n: 1, from: '::1 5001 0', flags: 0, cmsgs: [`41 50 ${LOOPBACK}01000000`, '41 52 40000000', '41 67 00000000', ends[0], '41 8 40000000', dst] });
    set6(from, U.IPV6_TCLASS, 0x28);
    set6(from, U.IPV6_UNICAST_HOPS, 7);
    t.lab.tb.sendto(from, bytes('a'), 0, sin6('::1', 5000));
    expect(cmsgsOf(fd)).toEqual([`41 50 ${LOOPBACK}01000000`, '41 52 07000000', '41 67 28000000', '41 11 02800000', ends[0], '41 8 07000000', dst]);
  });

  it('extension headers, in both words', () => {
    const fd = listener();
    const from = socket('::1', 5001);
    set6(from, U.IPV6_AUTOFLOWLABEL, 0);
    set6(from, U.IPV6_HOPOPTS, HOP);
    set6(from, U.IPV6_DSTOPTS, HOP);
    t.lab.tb.sendto(from, bytes('a'), 0, sin6('::1', 5000));
    expect(cmsgsOf(fd)).toEqual([
      `41 50 ${LOOPBACK}01000000`,
      '41 52 40000000',
      '41 67 00000000',
      '41 54 3c00010400000000',
      '41 59 1100010400000000',
      ends[0],
      '41 8 40000000',
      '41 3 3c00010400000000',
      '41 4 1100010400000000',
      dst,
    ]);
  });

  it('what ancillary data asked for of one datagram, in place of what the socket has', () => {
    const fd = listener();
    const from = socket();
    set6(from, U.IPV6_AUTOFLOWLABEL, 0);
    set6(from, U.IPV6_DSTOPTS, HOP);
    const control = [
      { level: U.SOL_IPV6, type: U.IPV6_HOPOPTS, data: HOP },
      { level: U.SOL_IPV6, type: U.IPV6_HOPLIMIT, data: int(9) },
      { level: U.SOL_IPV6, type: U.IPV6_TCLASS, data: int(3) },
      { level: U.SOL_IPV6, type: U.IPV6_PKTINFO, data: pktinfo('::1', 1) },
    ];
    t.lab.tb.sendmsg(from, { iov: [bytes('x')], name: sin6('::1', 5000), control });
    expect(cmsgsOf(fd)).toEqual([
      `41 50 ${LOOPBACK}01000000`,
      '41 52 09000000',
      '41 67 03000000',
      '41 11 00300000',
      '41 54 1100010400000000',
      ends[0],
      '41 8 09000000',
      '41 3 1100010400000000',
      dst,
    ]);
  });

  it('a traffic class of -1 in ancillary data is all bits, not the socket\'s', () => {
    const fd = listener();
    const from = socket('::1', 5001);
    set6(from, U.IPV6_AUTOFLOWLABEL, 0);
    set6(from, U.IPV6_TCLASS, 0x28);
    t.lab.tb.sendmsg(from, { iov: [bytes('x')], name: sin6('::1', 5000), control: [{ level: U.SOL_IPV6, type: U.IPV6_TCLASS, data: int(-1) }] });
    expect(cmsgsOf(fd)).toContain('41 67 ff000000');
  });

  it('IPV6_PKTINFO of a message that goes by IPv4 names a mapped source and the interface; other ancillary data of IPv6 says nothing there', () => {
    const fd = listener();
    const from = socket();
    const send = (type: number, data: Uint8Array): unknown =>
      t.lab.tb.sendmsg(from, { iov: [bytes('x')], name: sin6('::ffff:127.0.0.1', 5000), control: [{ level: U.SOL_IPV6, type, data }] });
    expect(send(U.IPV6_PKTINFO, pktinfo('::ffff:127.0.0.9', 1))).toBe(1);
    expect(receive(fd)).toMatchObject({ from: expect.stringMatching(/^::ffff:127\.0\.0\.9 /) as string });
    for (const wrong of [pktinfo('::', 0), pktinfo('::1', 1), pktinfo('::ffff:127.0.0.9', 1).slice(0, 19)]) expect(send(U.IPV6_PKTINFO, wrong)).toBe(-U.EINVAL);
    expect([send(U.IPV6_2292PKTINFO, pktinfo('::1', 1)), send(U.IPV6_HOPLIMIT, int(9999)), send(99, int(1))]).toEqual([1, 1, 1]);
  });

  it('ancillary data that is malformed is found out where it is looked at', () => {
    const fd = socket();
    const control = Uint8Array.of(255, ...new Array<number>(15).fill(0));
    const send = (name: SockaddrIn6 | null): unknown => t.lab.tb.sendmsg(fd, { iov: [bytes('x')], name, control });
    expect([send(null), send(sin6('::1', 0)), send(sin6('::1', 5000))]).toEqual([-U.EDESTADDRREQ, -U.EINVAL, -U.EINVAL]);
    expect(t.lab.tb.sendmsg(fd, { iov: [bytes('x')], name: sin6('::ffff:127.0.0.1', 5000), control }, U.MSG_OOB)).toBe(-U.EOPNOTSUPP);
  });

  it('of one over IPv4 what IPv4 tells, and its addresses mapped', () => {
    const fd = listener();
    const four = t.lab.tb.socket(U.AF_INET, U.SOCK_DGRAM);
    t.lab.tb.bind(four, sin('127.0.0.1', 5002));
    t.lab.tb.sendto(four, bytes('four'), 0, sin('127.0.0.1', 5000));
    expect(receive(fd)).toEqual({ n: 4, from: '::ffff:127.0.0.1 5002 0', flags: 0, cmsgs: ['41 50 00000000000000000000ffff7f00000101000000', '0 2 40000000', '0 1 00'] });
  });

  it('a socket of IPv4 goes before one of both, one for IPv6 only hears no IPv4', () => {
    const both = socket('::', 5000);
    const reuse = (fd: number): number => set(fd, U.SOL_SOCKET, U.SO_REUSEADDR);
    const four = t.lab.tb.socket(U.AF_INET, U.SOCK_DGRAM);
    reuse(both);
    reuse(four);
    expect(t.lab.tb.bind(four, sin('0.0.0.0', 5000))).toBe(0);
    t.lab.tb.sendto(socket(), bytes('x'), 0, sin6('::ffff:127.0.0.1', 5000));
    expect([receive(both), t.lab.tb.recvfrom(four, new Uint8Array(9), U.MSG_DONTWAIT)]).toEqual([-U.EAGAIN, 1]);
    const six = t.lab.tb.socket(U.AF_INET6, U.SOCK_DGRAM);
    set6(six, U.IPV6_V6ONLY);
    t.lab.tb.bind(six, sin6('::', 5005));
    t.lab.tb.sendto(socket(), bytes('x'), 0, sin6('::ffff:127.0.0.1', 5005));
    expect(receive(six)).toBe(-U.EAGAIN);
  });
});

describe('ancillary data of one send', () => {
  const SRH = unhex(`0002040100000000${LOOPBACK}`);
  it.each<[string, readonly (readonly [level: number, type: number, data: Uint8Array])[], number, string?]>([
    ['a source, too short', [[41, 50, new Uint8Array(19)]], -U.EINVAL],
    ['a source, longer', [[41, 50, new Uint8Array(24)]], 1],
    ['a foreign source', [[41, 50, pktinfo('2001::1', 0)]], -U.EINVAL],
    ['a link-local source of no link', [[41, 50, pktinfo('fe80::1', 0)]], -U.EINVAL],
    ['a device that is not there', [[41, 50, pktinfo('::', 9)]], -U.ENODEV],
    ['a device', [[41, 50, pktinfo('::', 1)]], 1],
    ['hop limit -2', [[41, 52, int(-2)]], -U.EINVAL],
    ['hop limit 256', [[41, 52, int(256)]], -U.EINVAL],
    ['hop limit of a byte', [[41, 52, Uint8Array.of(1)]], -U.EINVAL],
    ['traffic class 256', [[41, 67, int(256)]], -U.EINVAL],
    ['traffic class -1', [[41, 67, int(-1)]], 1],
    ['do not fragment 2', [[41, 62, int(2)]], -U.EINVAL],
    ['do not fragment', [[41, 62, int(1)]], 1],
    ['nothing known', [[41, 99, int(1)]], -U.EINVAL],
    ['of another level', [[99, 1, int(1)]], 1],
    ['hop-by-hop options twice', [[41, 54, HOP], [41, 54, HOP]], -U.EINVAL],
    ['hop-by-hop options of a byte', [[41, 54, new Uint8Array(1)]], -U.EINVAL],
    ['hop-by-hop options longer than they are', [[41, 54, unhex('0001000000000000')]], -U.EINVAL],
    ['destination options twice', [[41, 59, HOP], [41, 59, HOP]], 1],
    ['destination options twice, in the old words', [[41, 4, HOP], [41, 4, HOP]], -U.EINVAL],
    ['a routing header of type 0', [[41, 57, unhex(`0002000100000000${LOOPBACK}`)]], -U.EINVAL],
    ['a routing header of type 2', [[41, 57, unhex(`0002020100000000${LOOPBACK}`)]], -U.EINVAL],
    ['a segment routing header', [[41, 57, SRH]], -U.EINVAL],
    ['a flow label', [[41, 11, unhex('00012345')]], 1],
    ['a flow label of a byte', [[41, 11, new Uint8Array(1)]], -U.EINVAL],
    ['a source of IPv4', [[0, 8, new Uint8Array(12)]], 1, '::ffff:127.0.0.1'],
    ['what IPv4 does not know', [[41, 52, int(3)]], 1, '::ffff:127.0.0.1'],
  ])('%s', (_what, control, result, to = '::1') => {
    const msg = { iov: [bytes('x')], name: sin6(to, 9), control: control.map(([level, type, data]) => ({ level, type, data })) };
    expect(t.lab.tb.sendmsg(socket(), msg)).toBe(result);
  });
});

describe('headers of every datagram', () => {
  const seg = `2001000000000000000000000000${'0001'}`;
  it.each<[string, string, boolean, string?]>([
    ['segment routing', `0002040000000000${seg}`, true],
    ['more segments left than there are', `0002040100000000${seg}`, false],
    ['two segments', `0004040101000000${seg}${seg}`, true],
    ['the last segment beyond the end', `0004040102000000${seg}${seg}`, false],
    ['something behind the segments', `0003040000000000${seg}0406000000000000`, true],
    ['something broken behind them', `0003040000000000${seg}0407000000000000`, false],
    ['type 0', `0002000100000000${seg}`, false],
    ['type 2', `0002020100000000${seg}`, false],
  ])('IPV6_RTHDR: %s', (_what, header, taken) => {
    const fd = socket();
    const value = unhex(header.length % 16 === 0 ? header : header.padEnd(Math.ceil(header.length / 16) * 16, '0'));
    expect(set6(fd, U.IPV6_RTHDR, value)).toBe(taken ? 0 : -U.EINVAL);
    const out = new Uint8Array(100);
    expect(t.lab.tb.getsockopt(fd, U.SOL_IPV6, U.IPV6_RTHDR, out)).toBe(taken ? value.length : 0);
  });

  it.each([U.IPV6_HOPOPTS, U.IPV6_RTHDRDSTOPTS, U.IPV6_DSTOPTS])('option %i takes whole headers, and nothing takes them away', (name) => {
    const fd = socket();
    const get = (): string => {
      const out = new Uint8Array(3000);
      return hex(out.subarray(0, t.lab.tb.getsockopt(fd, U.SOL_IPV6, name, out)));
    };
    expect([set6(fd, name, HOP), get()]).toEqual([0, hex(HOP)]);
    expect([set6(fd, name, new Uint8Array(7)), set6(fd, name, unhex('0001000000000000')), set6(fd, name, new Uint8Array(2048)), get()]).toEqual([
      -U.EINVAL,
      -U.EINVAL,
      -U.EINVAL,
      hex(HOP),
    ]);
    expect([set6(fd, name, new Uint8Array(16)), get()]).toEqual([0, '0000000000000000']);
    expect([set6(fd, name, new Uint8Array(0)), get()]).toEqual([0, '']);
  });
});

describe('errors', () => {
  const UNREACHABLE = '6f000000030104000000000000000000';
  const OFFENDER = '0a000000000000000000000000000000000000000000000100000000';

  it('reach the error queue with the offender, and the sender if it is connected [IC6-20]', () => {
    const fd = socket('::1', 5003);
    for (const name of [U.IPV6_RECVERR, U.IPV6_RECVPKTINFO, U.IPV6_RECVHOPLIMIT]) set6(fd, name);
    t.lab.tb.sendto(fd, bytes('nobody'), 0, sin6('::1', 5999));
    const told = { n: 6, from: '::1 5999 0', flags: U.MSG_ERRQUEUE, cmsgs: [`41 50 ${LOOPBACK}01000000`, '41 52 40000000', `41 25 ${UNREACHABLE}${OFFENDER}`] };
    expect(receive(fd, U.MSG_ERRQUEUE)).toEqual(told);
    expect(t.lab.proc(t.lab.b, 'snmp6')).toMatch(/Udp6NoPorts\s+1\n/);
    expect(receive(fd, U.MSG_ERRQUEUE)).toBe(-U.EAGAIN);
    const peer = socket();
    t.lab.tb.connect(peer, sin6('::1', 5999));
    t.lab.tb.sendto(peer, bytes('nobody'));
    expect([t.lab.tb.sendto(peer, bytes('again')), receive(peer)]).toEqual([-U.ECONNREFUSED, -U.EAGAIN]);
  });

  it('come with the extension headers of the error itself', () => {
    const { ta, lab } = { ta: t.lab.ta, lab: t.lab };
    const fd = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    const asked = [U.IPV6_RECVERR, U.IPV6_RECVHOPOPTS, U.IPV6_2292HOPOPTS, U.IPV6_RECVDSTOPTS, U.IPV6_2292DSTOPTS, U.IPV6_RECVRTHDR, U.IPV6_2292RTHDR];
    for (const name of asked) ta.setsockopt(fd, U.SOL_IPV6, name, 1);
    expect(ta.bind(fd, sin6('2001:db8::1', 5003))).toBe(0);
    const quoted = ip6Packet({ saddr: '2001:db8::1', daddr: '2001:db8::2', proto: U.IPPROTO_UDP, payload: udpDatagram({ sport: 5003, dport: 9, payload: bytes('hey'), ...ENDS }, lab.family) });
    const message = icmp6Message('2001:db8::2', '2001:db8::1', U.ICMPV6_DEST_UNREACH, U.ICMPV6_ADM_PROHIBITED, [0, 0, 0, 0, ...quoted]);
    const options = [...HOP];
    const ext: [number, number[]][] = [[U.IPPROTO_HOPOPTS, options], [U.IPPROTO_DSTOPTS, options], [U.IPPROTO_ROUTING, [0, 2, 2, 0, ...new Array<number>(20).fill(0)]], [U.IPPROTO_DSTOPTS, options]];
    for (const headers of [ext, []]) lab.inject(lab.va, ipFrame(lab.va, U.IPPROTO_ICMPV6, message, { saddr: '2001:db8::2', daddr: '2001:db8::1', ext: headers }, hosts6));
    const read = (): string[] => {
      const control: Cmsg[] = [];
      expect(ta.recvmsg(fd, { iov: [new Uint8Array(100)], control }, U.MSG_ERRQUEUE)).toBe(3);
      return control.map(({ type, data }) => `${type} ${hex(data).slice(0, 16)}`);
    };
    expect(read()).toEqual(['54 3c00010400000000', '59 2b00010400000000', '57 3c02020000000000', '59 3a00010400000000', '3 3c00010400000000', '4 2b00010400000000', '5 3c02020000000000', '4 3a00010400000000', '25 0d00000003010100']);
    expect(read()).toEqual(['25 0d00000003010100']);
  });

  it('too long for the way: the error queue, and the MTU for who asks for it', () => {
    const fd = socket();
    for (const [name, value] of [[U.IPV6_RECVERR, 1], [U.IPV6_MTU_DISCOVER, U.IPV6_PMTUDISC_DO], [U.IPV6_MTU, 1280]] as const) set6(fd, name, value);
    expect(t.lab.tb.sendto(fd, new Uint8Array(2000), 0, sin6('::1', 5000))).toBe(-U.EMSGSIZE);
    expect(receive(fd, U.MSG_ERRQUEUE)).toEqual({ n: 0, from: '::1 5000 0', flags: U.MSG_ERRQUEUE, cmsgs: [`41 25 5a000000010000000005000000000000${'00'.repeat(28)}`] });
    const other = socket();
    for (const [name, value] of [[U.IPV6_RECVPATHMTU, 1], [U.IPV6_DONTFRAG, 1], [U.IPV6_MTU, 1280]] as const) set6(other, name, value);
    expect(t.lab.tb.sendto(other, new Uint8Array(2000), 0, sin6('::1', 5000))).toBe(-U.EMSGSIZE);
    expect(receive(other)).toEqual({ n: 0, from: '::1 0 0', flags: 0, cmsgs: ['41 61 0a00000000000000000000000000000000000000000000010000000000050000'] });
    expect(receive(other)).toBe(-U.EAGAIN);
  });

  it('a message that waited in vain for room in the send buffer counts as one', async () => {
    const { ta, lab } = { ta: t.lab.ta, lab: t.lab };
    const fd = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    ta.setsockopt(fd, U.SOL_SOCKET, U.SO_SNDBUF, 4608);
    ta.setsockopt(fd, U.SOL_SOCKET, U.SO_SNDTIMEO, Uint8Array.from([1, ...new Array<number>(15).fill(0)]));
    const counter = (name: string): number => Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(lab.proc(lab.a, 'snmp6'))?.[1]);
    const before = counter('Ip6OutDiscards');
    const send = (): unknown => ta.sendto(fd, new Uint8Array(1000), 0, sin6('2001:db8::78', 9));
    expect([send(), send(), send(), send()]).toEqual([1000, 1000, 1000, 1000]);
    const waits = send();
    expect([counter('Ip6OutDiscards') - before, counter('Udp6SndbufErrors')]).toEqual([0, 0]);
    lab.clock.advance(1.1e9);
    expect(await waits).toBe(-U.EAGAIN);
    expect([counter('Ip6OutDiscards') - before, counter('Udp6SndbufErrors')]).toEqual([1, 1]);
  });

  it('longer than any packet: the error queue has the MTU, too', () => {
    const fd = socket();
    for (const [name, value] of [[U.IPV6_RECVERR, 1], [U.IPV6_MTU, 1280]] as const) set6(fd, name, value);
    expect(t.lab.tb.sendto(fd, new Uint8Array(127_952), 0, sin6('::1', 5000))).toBe(-U.EMSGSIZE);
    expect(receive(fd, U.MSG_ERRQUEUE)).toMatchObject({ n: 0, from: '::1 5000 0', flags: U.MSG_ERRQUEUE });
    t.lab.tb.connect(fd, sin6('::1', 5001));
    expect(t.lab.tb.sendto(fd, new Uint8Array(65_536))).toBe(-U.EMSGSIZE);
    expect(receive(fd, U.MSG_ERRQUEUE)).toMatchObject({ n: 0, from: '::1 5001 0', flags: U.MSG_ERRQUEUE });
  });

  it('of IPv4 come with mapped addresses, for who asks IPv4 for them', () => {
    const [asks, does] = [socket(), socket()];
    set6(asks, U.IPV6_RECVERR);
    set(does, U.SOL_IP, U.IP_RECVERR);
    for (const fd of [asks, does]) t.lab.tb.sendto(fd, bytes('no'), 0, sin6('::ffff:127.0.0.1', 5998));
    expect(receive(asks, U.MSG_ERRQUEUE)).toBe(-U.EAGAIN);
    expect(receive(does, U.MSG_ERRQUEUE)).toEqual({
      n: 2,
      from: '::ffff:127.0.0.1 5998 0',
      flags: U.MSG_ERRQUEUE,
      cmsgs: ['41 25 6f0000000203030000000000000000000a0000000000000000000000000000000000ffff7f00000100000000'],
    });
  });

  it.each<[string, readonly number[], number]>([
    ['right', [0x20, 0, 0, 0, 0, 8, 1, 1, 1, 2, 3, 4], 80],
    ['of another version, of which nothing is known', [0x10, 0, 0, 1, 0, 3, 1, 1, 1, 2, 3, 4], 80],
    ['with a wrong checksum', [0x20, 0, 0, 1, 0, 8, 1, 1, 1, 2, 3, 4], 80 | (1 << 16)],
    ['with an object that does not end', [0x20, 0, 0, 0, 0, 9, 1, 1, 1, 2, 3, 4], 80 | (1 << 16)],
    ['with an object that does not begin', [0x20, 0, 0, 0, 0, 3, 1, 1, 1, 2, 3, 4], 80 | (1 << 16)],
  ])('extensions of an error (RFC 4884): %s', (_what, extension, eeData) => {
    const { ta, lab } = { ta: t.lab.ta, lab: t.lab };
    const fd = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    for (const name of [U.IPV6_RECVERR, U.IPV6_RECVERR_RFC4884]) ta.setsockopt(fd, U.SOL_IPV6, name, 1);
    const frames = lab.capture(lab.va);
    ta.sendto(fd, new Uint8Array(200), 0, sin6('2001:db8::2', 9));
    const sent = frames.find((frame) => frame[20] === U.IPPROTO_UDP) as Uint8Array;
    // What the other host said of it.
    ta.recvmsg(fd, { iov: [new Uint8Array(300)], control: [] }, U.MSG_ERRQUEUE | U.MSG_DONTWAIT);
    const quoted = sent.slice(14, 14 + 128);
    const data = [16, 0, 0, 0, ...quoted, ...extension];
    const payload = icmp6Message('2001:db8::2', '2001:db8::1', U.ICMPV6_DEST_UNREACH, U.ICMPV6_ADM_PROHIBITED, data);
    lab.inject(lab.va, ipFrame(lab.va, U.IPPROTO_ICMPV6, payload, { saddr: '2001:db8::2', daddr: '2001:db8::1' }, lab.family));
    const control: Cmsg[] = [];
    expect(ta.recvmsg(fd, { iov: [new Uint8Array(300)], control }, U.MSG_ERRQUEUE | U.MSG_DONTWAIT)).toBe(92);
    expect(hex((control[0] as Cmsg).data.subarray(12, 16))).toBe(hex(int(eeData)));
  });

  it.each<[what: string, refused: boolean, change: (srh: Uint8Array) => void]>([
    ['is done with all but the last', true, () => {}],
    ['has more to visit than it has', false, (srh) => void (srh[3] = 3)],
    ['has a number of entries that it has no room for', false, (srh) => void (srh[4] = 2)],
    ['has an option behind it that does not end', false, (srh) => void (srh[4] = 0)],
    ['is of another type', false, (srh) => void (srh[2] = 2)],
  ])('an error about a packet on its way over segments is for who sent it to the last: the list %s', (_what, refused, change) => {
    const { ta, lab } = { ta: t.lab.ta, lab: t.lab };
    const fd = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    ta.connect(fd, sin6('2001:db8::77', 9));
    const name = new Uint8Array(28);
    ta.getsockname(fd, name);
    const srh = Uint8Array.from([17, 4, 4, 1, 1, 0, 0, 0, ...in6('2001:db8::77').toBytes(), ...in6('2001:db8::2').toBytes()]);
    change(srh);
    // From the header on: what was sent, and on its way to the first segment.
    const quoted = [0x60, 0, 0, 0, 0, srh.length + 8, U.IPPROTO_ROUTING, 63, ...in6('2001:db8::1').toBytes(), ...in6('2001:db8::2').toBytes(), ...srh, name[2] as number, name[3] as number, 0, 9, 0, 8, 0, 0];
    const payload = icmp6Message('2001:db8::2', '2001:db8::1', U.ICMPV6_DEST_UNREACH, U.ICMPV6_PORT_UNREACH, [0, 0, 0, 0, ...quoted]);
    lab.inject(lab.va, ipFrame(lab.va, U.IPPROTO_ICMPV6, payload, { saddr: '2001:db8::2', daddr: '2001:db8::1' }, lab.family));
    expect(ta.recvfrom(fd, new Uint8Array(9), U.MSG_DONTWAIT)).toBe(refused ? -U.ECONNREFUSED : -U.EAGAIN);
  });

  it('extensions of an error of IPv4 are found too, behind the words that it quotes', () => {
    const { ta, lab } = { ta: t.lab.ta, lab: t.lab };
    useIpv4();
    const fd = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    for (const name of [U.IP_RECVERR, U.IP_RECVERR_RFC4884]) ta.setsockopt(fd, U.SOL_IP, name, 1);
    const frames = lab.capture(lab.va);
    ta.sendto(fd, new Uint8Array(200), 0, sin6('::ffff:10.0.0.2', 9));
    const sent = frames.find((frame) => frame[12] === 8 && frame[13] === 0) as Uint8Array;
    ta.recvmsg(fd, { iov: [new Uint8Array(300)], control: [] }, U.MSG_ERRQUEUE | U.MSG_DONTWAIT);
    const extension = [0x20, 0, 0, 0, 0, 8, 1, 1, 1, 2, 3, 4];
    const told = (type: number, code: number, words: number, object = 8): string => {
      const quoted = [...sent.slice(14, 14 + 128), ...extension.slice(0, 5), object, ...extension.slice(6)];
      lab.inject(lab.va, ipFrame(lab.va, U.IPPROTO_ICMP, icmpMessage(type, code, words << 16, Uint8Array.from(quoted)), { saddr: '10.0.0.2', daddr: '10.0.0.1' }));
      const control: Cmsg[] = [];
      ta.recvmsg(fd, { iov: [new Uint8Array(300)], control }, U.MSG_ERRQUEUE | U.MSG_DONTWAIT);
      return hex((control[0] as Cmsg).data.subarray(12, 16));
    };
    expect([told(U.ICMP_DEST_UNREACH, U.ICMP_HOST_UNREACH, 32), told(U.ICMP_TIME_EXCEEDED, 0, 32, 9), told(U.ICMP_PARAMETERPROB, 0, 32)]).toEqual(['64000000', '64000100', '64000000']);
    // Quotes that are shorter than the least, or longer than what is there, have none.
    expect([told(U.ICMP_DEST_UNREACH, U.ICMP_HOST_UNREACH, 31), told(U.ICMP_DEST_UNREACH, U.ICMP_HOST_UNREACH, 40)]).toEqual(['00000000', '00000000']);
  });

  it('when a way is found to be narrower the socket sends shorter pieces', () => {
    const { ta, lab } = { ta: t.lab.ta, lab: t.lab };
    const fd = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    ta.connect(fd, sin6('2001:db8::2', 9));
    const mtu = (): number => {
      const out = new Uint8Array(4);
      ta.getsockopt(fd, U.SOL_IPV6, U.IPV6_MTU, out);
      return out[0] | (out[1] << 8);
    };
    expect(mtu()).toBe(1500);
    const frames = lab.capture(lab.va);
    ta.sendto(fd, new Uint8Array(1400));
    const [sent] = frames.filter((f) => f[20] === 17);
    const quoted = (sent as Uint8Array).slice(14, 14 + 1000);
    lab.inject(lab.va, tooBig(quoted, 1300));
    expect(mtu()).toBe(1300);
  });
});

/** A frame with Packet Too Big from the other host about `quoted`. */
function tooBig(quoted: Uint8Array, mtu: number): Uint8Array {
  const payload = icmp6Message('2001:db8::2', '2001:db8::1', U.ICMPV6_PKT_TOOBIG, 0, [0, 0, mtu >> 8, mtu & 0xff, ...quoted]);
  return ipFrame(t.lab.va, U.IPPROTO_ICMPV6, payload, { saddr: '2001:db8::2', daddr: '2001:db8::1' }, t.lab.family);
}

describe('time stamps of what was sent', () => {
  it.each([
    ['::1', `41 50 ${LOOPBACK}01000000|41 52 40000000`, '0a000000000000000000000000000000000000000000000100000000'],
    ['::ffff:127.0.0.1', '41 50 00000000000000000000ffff7f00000101000000', '0a0000000000000000000000000000000000ffff7f00000100000000'],
  ])('to %s come back with the packet, and tell of it', (to, told, offender) => {
    const OPT_TSONLY = 1 << 11;
    const TX_AND_SOFTWARE = 2 | 16;
    socket('::', 5000);
    for (const alone of [0, OPT_TSONLY]) {
      const fd = socket();
      set(fd, U.SOL_SOCKET, U.SO_TIMESTAMPING, TX_AND_SOFTWARE | alone);
      for (const name of [U.IPV6_RECVPKTINFO, U.IPV6_RECVHOPLIMIT]) set6(fd, name);
      t.lab.tb.sendto(fd, bytes('abc'), 0, sin6(to, 5000));
      const [stamp, ...rest] = cmsgsOf(fd, U.MSG_ERRQUEUE) as readonly string[];
      expect(stamp).toMatch(/^1 37 /);
      const err = `41 25 2a000000040000000000000000000000${alone === 0 ? offender : '00'.repeat(28)}`;
      expect(rest).toEqual(alone === 0 ? [...told.split('|'), err] : [err]);
    }
  });
});

describe('pieces of a datagram', () => {
  it('go over one family', () => {
    const to = socket('::', 5000);
    const fd = socket();
    const { tb } = t.lab;
    expect(tb.sendto(fd, bytes('ab'), U.MSG_MORE, sin6('::1', 5000))).toBe(2);
    expect(set6(fd, U.IPV6_ADDRFORM, U.PF_INET)).toBe(-U.EBUSY);
    expect(tb.sendto(fd, bytes('cd'), 0, sin6('::ffff:127.0.0.1', 5000))).toBe(-U.EINVAL);
    expect([tb.sendto(fd, bytes('ef'), 0, sin6('::1', 5000)), (receive(to) as Received).n]).toEqual([2, 4]);
    expect(tb.sendto(fd, bytes('ab'), U.MSG_MORE, sin6('::ffff:127.0.0.1', 5000))).toBe(2);
    expect(tb.sendto(fd, bytes('cd'), 0, sin6('::1', 5000))).toBe(2);
    expect(receive(to)).toMatchObject({ n: 4, from: expect.stringContaining('::ffff:127.0.0.1') as string });
  });

  it('wait for UDP_CORK, and go away with the socket', () => {
    const to = socket('::', 5000);
    const fd = socket();
    t.lab.tb.connect(fd, sin6('::1', 5000));
    set(fd, U.SOL_UDP, U.UDP_CORK);
    for (const part of ['a', 'b', 'c']) t.lab.tb.sendto(fd, bytes(part));
    expect(receive(to)).toBe(-U.EAGAIN);
    set(fd, U.SOL_UDP, U.UDP_CORK, 0);
    expect((receive(to) as Received).n).toBe(3);
    set(fd, U.SOL_UDP, U.UDP_CORK);
    t.lab.tb.sendto(fd, bytes('lost'));
    expect(t.lab.tb.close(fd)).toBe(0);
    expect(receive(to)).toBe(-U.EAGAIN);
  });
});

describe('IPV6_ADDRFORM', () => {
  it('makes a socket that is connected over IPv4 one of AF_INET', () => {
    const { tb } = t.lab;
    const fd = socket();
    const form = (): number => set6(fd, U.IPV6_ADDRFORM, U.PF_INET);
    const results = [form()];
    tb.connect(fd, sin6('::1', 9));
    results.push(form());
    tb.connect(fd, sin6('::ffff:127.0.0.1', 9));
    results.push(form());
    const domain = new Uint8Array(4);
    tb.getsockopt(fd, U.SOL_SOCKET, U.SO_DOMAIN, domain);
    expect([...results, form(), domain[0]]).toEqual([-U.ENOTCONN, -U.EADDRNOTAVAIL, 0, -U.ENOPROTOOPT, U.AF_INET]);
    const name = new Uint8Array(28);
    expect([tb.getsockname(fd, name), name[0]]).toEqual([16, U.AF_INET]);
    expect(t.lab.proc(t.lab.b, 'sockstat6')).toMatch(/UDP6: inuse 0\n/);
    expect(t.lab.proc(t.lab.b, 'sockstat')).toMatch(/UDP: inuse 1 /);
    expect(tb.sendto(fd, bytes('x'))).toBe(1);
  });
});
