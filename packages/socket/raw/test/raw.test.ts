import { SockaddrIn } from '@skbuff/af-inet';
import { icmp } from '@skbuff/icmp';
import type { Cmsg, Task } from '@skbuff/sock';
import { kernelTask } from '@skbuff/sock';
import {
  AF_INET,
  AF_INET6,
  CAP_NET_RAW,
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  EDESTADDRREQ,
  EFAULT,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPERM,
  EPROTONOSUPPORT,
  FIONREAD,
  ICMP_FILTER,
  IPPROTO_ICMP,
  IPPROTO_RAW,
  IPPROTO_UDP,
  IP_HDRINCL,
  IP_MTU_DISCOVER,
  IP_NODEFRAG,
  IP_OPTIONS,
  IP_PMTUDISC_DO,
  IP_RECVERR,
  IP_ROUTER_ALERT,
  IP_RECVTTL,
  IP_TTL,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_MORE,
  MSG_OOB,
  MSG_TRUNC,
  POLLOUT,
  SIOCOUTQ,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_IP,
  SOL_RAW,
  SOL_SOCKET,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_ERROR,
  SO_PEEK_OFF,
  SO_REUSEADDR,
} from '@skbuff/uapi';
import { bytes, icmpMessage, ipFrame, sin, text } from '@skbuff/testbed';
import { be16, be32, csumFold, csumPartial, inetPton4 as ip4, leS32, setBe16, setBe32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab(() => [icmp()]);

const open = (task: Task, protocol: number): number => task.socket(AF_INET, SOCK_RAW, protocol);

/** The next packet, or the errno. */
function recv(task: Task, fd: number): Uint8Array | number {
  const buf = new Uint8Array(70000);
  const n = task.recvfrom(fd, buf, MSG_DONTWAIT) as number;
  return n < 0 ? n : buf.slice(0, n);
}

/** Behind the IP header, as text. */
function payload(task: Task, fd: number): string | number {
  const got = recv(task, fd);
  return typeof got === 'number' ? got : text(got.subarray(20), got.length - 20);
}

/** An IP header for IP_HDRINCL. */
function header(length: number, fields: { saddr?: string; id?: number; protocol?: number; ttl?: number } = {}): Uint8Array {
  const packet = new Uint8Array(20 + length);
  packet[0] = 0x45;
  setBe16(packet, 4, fields.id ?? 0);
  packet[8] = fields.ttl ?? 3;
  packet[9] = fields.protocol ?? 253;
  setBe32(packet, 12, fields.saddr === undefined ? 0 : ip4(fields.saddr));
  setBe32(packet, 16, ip4('10.0.0.2'));
  return packet;
}

describe('socket(2)', () => {
  it('wants a protocol and CAP_NET_RAW [SK-16] [SK-17]', () => {
    const { lab } = t;
    expect(open(lab.ta, 0)).toBe(-EPROTONOSUPPORT);
    expect(open(lab.ta, 300)).toBe(-EINVAL);
    expect(open(lab.ta, IPPROTO_UDP)).toBe(0);
    const user = kernelTask(lab.a, { uid: 1000 });
    expect(open(user, IPPROTO_ICMP)).toBe(-EPERM);
    const net = kernelTask(lab.a, { uid: 1000, caps: [CAP_NET_RAW] });
    expect(open(net, IPPROTO_ICMP)).toBe(0);
    expect(lab.ta.socket(AF_INET, SOCK_DGRAM)).toBeLessThan(0);
  });

  it('shows its protocol where others have a port', () => {
    const { ta } = t.lab;
    const fd = open(ta, IPPROTO_ICMP);
    const name = new SockaddrIn();
    ta.getsockname(fd, name);
    expect(name).toEqual(sin('0.0.0.0', IPPROTO_ICMP));
    expect(ta.getsockoptInt(fd, SOL_SOCKET, SO_REUSEADDR)).toBe(1);
    expect(t.lab.proc(t.lab.a, 'raw')).toMatch(
      /^ {2}sl {2}local_address rem_address {3}st tx_queue rx_queue tr tm->when retrnsmt {3}uid {2}timeout inode ref pointer drops\n {3}1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 \d+ 2 0000000000000000 0\n$/,
    );
  });
});

describe('receiving', () => {
  it('gets every packet of its protocol, IP header included, beside the transport [SK-23]', () => {
    const { tb, vb } = t.lab;
    const r = open(tb, IPPROTO_ICMP);
    const frame = ipFrame(vb, IPPROTO_ICMP, icmpMessage(8));
    t.lab.inject(vb, frame);
    expect(recv(tb, r)).toEqual(frame.slice(14));
    expect(recv(tb, r)).toBe(-EAGAIN);
    // The kernel answered the echo too.
    expect(t.lab.snmp(t.lab.b, 'Icmp', 'OutEchoReps')).toBe(1);
  });

  it('keeps a packet without transport from being called unknown [IP4-20]', () => {
    const { tb, vb } = t.lab;
    const fd = open(tb, 253);
    t.lab.inject(vb, ipFrame(vb, 253, bytes('data')));
    expect(payload(tb, fd)).toBe('data');
    expect(t.lab.snmp(t.lab.b, 'Ip', 'InUnknownProtos')).toBe(0);
    expect(t.lab.snmp(t.lab.b, 'Ip', 'InDelivers')).toBe(1);
    tb.close(fd);
    t.lab.inject(vb, ipFrame(vb, 253, bytes('data')));
    expect(t.lab.snmp(t.lab.b, 'Ip', 'InUnknownProtos')).toBe(1);
  });

  it('clones to each matching socket: address, peer, device, protocol [ICMP-16]', () => {
    const { lab } = t;
    const { tb, vb } = lab;
    const fds = [253, 253, 253, 253, 253, 253, 254].map((protocol) => open(tb, protocol));
    const [any, own, foreign, peer, stranger, device, other] = fds as [number, number, number, number, number, number, number];
    tb.bind(own, sin('10.0.0.2', 0));
    tb.bind(foreign, sin('127.0.0.1', 0));
    tb.connect(peer, sin('10.0.0.1', 0));
    tb.connect(stranger, sin('10.0.0.77', 0));
    tb.setsockopt(device, SOL_SOCKET, SO_BINDTODEVICE, bytes('lo'));
    lab.inject(vb, ipFrame(vb, 253, bytes('x')));
    const got = [any, own, foreign, peer, stranger, device, other].map((fd) => payload(tb, fd));
    expect(got).toEqual(['x', 'x', -EAGAIN, 'x', -EAGAIN, -EAGAIN, -EAGAIN]);
  });

  it('cuts to the buffer and tells source, length and more', () => {
    const { tb, vb } = t.lab;
    const fd = open(tb, 253);
    const arg = new Uint8Array(4);
    t.lab.inject(vb, ipFrame(vb, 253, bytes('data')));
    t.lab.inject(vb, ipFrame(vb, 253, bytes('data')));
    tb.ioctl(fd, FIONREAD, arg);
    expect(leS32(arg, 0)).toBe(24);
    tb.setsockopt(fd, SOL_IP, IP_RECVTTL, 1);
    const from = new SockaddrIn(0, 9);
    const control: Cmsg[] = [];
    const user = { iov: [new Uint8Array(10)], name: from, control, flags: 0 };
    expect(tb.recvmsg(fd, user)).toBe(10);
    expect([user.flags, from.addr, from.port, control[0]?.type]).toEqual([MSG_TRUNC, ip4('10.0.0.1'), 0, IP_TTL]);
    expect(tb.recvfrom(fd, new Uint8Array(1), MSG_TRUNC)).toBe(24);
    expect(tb.recvfrom(fd, new Uint8Array(1), MSG_OOB)).toBe(-EOPNOTSUPP);
  });

  it('ICMP_FILTER keeps types away [ICMP-16]', () => {
    const { tb, vb } = t.lab;
    const fd = open(tb, IPPROTO_ICMP);
    const word = (bits: number): Uint8Array => {
      const value = new Uint8Array(4);
      value.set([bits & 0xff, (bits >> 8) & 0xff, (bits >> 16) & 0xff, (bits >>> 24) & 0xff]);
      return value;
    };
    expect(tb.setsockopt(fd, SOL_RAW, ICMP_FILTER, word(~(1 << 0)))).toBe(0);
    expect(tb.getsockoptInt(fd, SOL_RAW, ICMP_FILTER)).toBe(-2);
    t.lab.inject(vb, ipFrame(vb, IPPROTO_ICMP, icmpMessage(8)));
    expect(recv(tb, fd)).toBe(-EAGAIN);
    t.lab.inject(vb, ipFrame(vb, IPPROTO_ICMP, icmpMessage(0)));
    expect((recv(tb, fd) as Uint8Array)[20]).toBe(0);
    // Types beyond the bitmap are not kept away.
    t.lab.inject(vb, ipFrame(vb, IPPROTO_ICMP, icmpMessage(42)));
    expect((recv(tb, fd) as Uint8Array)[20]).toBe(42);
    const udp = open(tb, IPPROTO_UDP);
    expect(tb.setsockopt(udp, SOL_RAW, ICMP_FILTER, word(1))).toBe(-EOPNOTSUPP);
    expect(tb.getsockopt(udp, SOL_RAW, ICMP_FILTER, new Uint8Array(4))).toBe(-EOPNOTSUPP);
    expect(tb.setsockopt(fd, SOL_RAW, 2, word(1))).toBe(-ENOPROTOOPT);
  });

  it('drops what does not fit', () => {
    const { tb, vb } = t.lab;
    const fd = open(tb, 253);
    const sock = tb.socketOf(fd);
    if (typeof sock === 'number' || sock.sk === null) throw new Error('no socket');
    sock.sk.rcvbuf = 1;
    for (let i = 0; i < 3; i++) t.lab.inject(vb, ipFrame(vb, 253, bytes('x')));
    expect(sock.sk.drops).toBe(2);
  });

  it('is out of the table after connect was dissolved, as in Linux', () => {
    const { tb, vb } = t.lab;
    const fd = open(tb, 253);
    tb.connect(fd, sin('10.0.0.1', 0));
    tb.connect(fd, new Uint8Array(16));
    t.lab.inject(vb, ipFrame(vb, 253, bytes('x')));
    expect(recv(tb, fd)).toBe(-EAGAIN);
  });
});

describe('sending', () => {
  it('puts an IP header in front [SK-01]', () => {
    const { ta, tb } = t.lab;
    const r = open(tb, 253);
    const s = open(ta, 253);
    ta.setsockopt(s, SOL_IP, IP_TTL, 9);
    expect(ta.sendto(s, bytes('hello'), 0, sin('10.0.0.2', 0))).toBe(5);
    const got = recv(tb, r) as Uint8Array;
    expect([got[0], be16(got, 2), got[8], got[9], be32(got, 12)]).toEqual([0x45, 25, 9, 253, ip4('10.0.0.1')]);
    expect(text(got.subarray(20), 5)).toBe('hello');
    ta.connect(s, sin('10.0.0.2', 0));
    expect(ta.sendto(s, bytes('again'))).toBe(5);
    expect(payload(tb, r)).toBe('again');
  });

  it('collects with MSG_MORE and fragments what is too long [TX4-12]', () => {
    const { ta, tb } = t.lab;
    const r = open(tb, 253);
    const s = open(ta, 253);
    ta.sendto(s, bytes('one '), MSG_MORE, sin('10.0.0.2', 0));
    expect(recv(tb, r)).toBe(-EAGAIN);
    ta.sendto(s, bytes('two'), 0, sin('10.0.0.2', 0));
    expect(payload(tb, r)).toBe('one two');
    ta.sendto(s, new Uint8Array(4000).fill(7), 0, sin('10.0.0.2', 0));
    expect((recv(tb, r) as Uint8Array).length).toBe(4020);
    ta.sendto(s, bytes('never'), MSG_MORE, sin('10.0.0.2', 0));
    ta.close(s);
    expect(recv(tb, r)).toBe(-EAGAIN);
  });

  it('with MSG_MORE: charged for what is used, goes where the last piece goes', async () => {
    const { ta } = t.lab;
    const s = open(ta, 253);
    const r = open(ta, 253);
    const outq = new Uint8Array(4);
    const charged = [1, 100, 1000].map((n) => {
      ta.sendto(s, new Uint8Array(n), MSG_MORE, sin('127.0.0.2', 0));
      ta.ioctl(s, SIOCOUTQ, outq);
      return leS32(outq, 0);
    });
    expect(charged).toEqual([832, 932, 1932]);
    expect(await ta.poll([{ fd: s, events: POLLOUT, revents: 0 }], 0)).toBe(1);
    ta.sendto(s, new Uint8Array(1), 0, sin('127.0.0.3', 0));
    const got = recv(ta, r) as Uint8Array;
    expect([got.length, be32(got, 16)]).toEqual([1122, ip4('127.0.0.3')]);
  });

  it('wants type and code of an ICMP message before it looks for a way', () => {
    const { ta } = t.lab;
    const s = open(ta, IPPROTO_ICMP);
    const results = [0, 1, 2].map((n) => ta.sendto(s, new Uint8Array(n), 0, sin('127.0.0.1', 0)));
    expect([...results, ta.sendto(s, new Uint8Array(1), MSG_MORE, sin('1.2.3.4', 0))]).toEqual([-EFAULT, -EFAULT, 2, -EFAULT]);
  });

  it('has no SO_PEEK_OFF', () => {
    const { ta } = t.lab;
    const s = open(ta, 253);
    expect([ta.getsockopt(s, SOL_SOCKET, SO_PEEK_OFF, new Uint8Array(4)), ta.setsockopt(s, SOL_SOCKET, SO_PEEK_OFF, 1)]).toEqual([-EOPNOTSUPP, -EOPNOTSUPP]);
  });

  it.each([
    ['nobody', 1, 0, null, -EDESTADDRREQ],
    ['too much', 65536, 0, sin('10.0.0.2', 0), -EMSGSIZE],
    ['out of band', 1, MSG_OOB, sin('10.0.0.2', 0), -EOPNOTSUPP],
    ['a broadcast without leave', 1, 0, sin('10.0.0.255', 0), -EACCES],
  ])('refuses %s', (_what, length, flags, addr, result) => {
    const { ta } = t.lab;
    expect(ta.sendto(open(ta, 253), new Uint8Array(length), flags, addr)).toBe(result);
  });

  it('refuses other families, and takes leave for broadcast', () => {
    const { ta } = t.lab;
    const s = open(ta, 253);
    const six = sin('10.0.0.2', 0);
    six.family = AF_INET6;
    expect(ta.sendto(s, bytes('x'), 0, six)).toBe(-EAFNOSUPPORT);
    ta.setsockopt(s, SOL_SOCKET, SO_BROADCAST, 1);
    expect(ta.sendto(s, bytes('x'), 0, sin('10.0.0.255', 0))).toBe(1);
  });

  it('binds to addresses of this host, as often as it likes', () => {
    const { ta } = t.lab;
    const fd = open(ta, 253);
    expect(ta.bind(fd, sin('9.9.9.9', 0))).toBe(-EADDRNOTAVAIL);
    expect(ta.bind(fd, sin('127.0.0.1', 5))).toBe(0);
    expect(ta.bind(fd, sin('10.0.0.1', 0))).toBe(0);
    ta.connect(fd, sin('10.0.0.2', 0));
    expect(ta.bind(fd, sin('10.0.0.1', 0))).toBe(-EINVAL);
  });
});

describe('a header of one’s own', () => {
  it('goes out as it is, but for length, checksum, and what is 0: source and identification [TX4-20]', () => {
    const { lab } = t;
    const frames = lab.capture(lab.va);
    const r = open(lab.tb, 253);
    const s = open(lab.ta, IPPROTO_RAW);
    expect(lab.ta.getsockoptInt(s, SOL_IP, IP_HDRINCL)).toBe(1);
    expect(lab.ta.sendto(s, header(4), 0, sin('10.0.0.2', 0))).toBe(24);
    expect(lab.ta.sendto(s, header(4, { saddr: '99.9.9.9', id: 0x1234, ttl: 250 }), 0, sin('10.0.0.2', 0))).toBe(24);
    const ips = frames.filter((f) => be16(f, 12) === 0x0800).map((f) => f.subarray(14));
    expect(ips.map((ip) => [be16(ip, 2), be32(ip, 12), ip[8], csumFold(csumPartial(ip, 0, 20, 0))])).toEqual([
      [24, ip4('10.0.0.1'), 3, 0],
      [24, ip4('99.9.9.9'), 250, 0],
    ]);
    expect(be16(ips[0] as Uint8Array, 4)).not.toBe(0);
    expect(be16(ips[1] as Uint8Array, 4)).toBe(0x1234);
    expect((recv(lab.tb, r) as Uint8Array).length).toBe(24);
  });

  it('IP_HDRINCL makes any raw socket such a one; IPPROTO_RAW receives nothing', () => {
    const { ta, tb, vb } = t.lab;
    const s = open(ta, 253);
    const r = open(tb, 253);
    ta.setsockopt(s, SOL_IP, IP_HDRINCL, 1);
    ta.sendto(s, header(2), 0, sin('10.0.0.2', 0));
    expect((recv(tb, r) as Uint8Array).length).toBe(22);
    const nothing = open(tb, IPPROTO_RAW);
    t.lab.inject(vb, ipFrame(vb, 253, bytes('x')));
    expect(recv(tb, nothing)).toBe(-EAGAIN);
  });

  it.each([
    ['shorter than a header', new Uint8Array(19), -EINVAL],
    ['a header longer than the packet', Uint8Array.from({ length: 21 }, (_v, i) => (i === 0 ? 0x4f : 1)), -EINVAL],
    ['no header length', header(4).fill(0x40, 0, 1), -EINVAL],
    ['a header length below five words', header(4).fill(0x44, 0, 1), -EINVAL],
    ['longer than the device takes', new Uint8Array(1501).fill(0x45, 0, 1), -EMSGSIZE],
  ])('refuses %s [TX4-20]', (_what, packet, result) => {
    const { ta } = t.lab;
    expect(ta.sendto(open(ta, IPPROTO_RAW), packet, 0, sin('10.0.0.2', 0))).toBe(result);
  });

  it('does not go with IP options, and is not for other sockets', () => {
    const { ta } = t.lab;
    const s = open(ta, IPPROTO_RAW);
    ta.setsockopt(s, SOL_IP, IP_OPTIONS, Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0));
    expect(ta.sendto(s, header(4), 0, sin('10.0.0.2', 0))).toBe(-EINVAL);
    expect(ta.setsockopt(s, SOL_IP, IP_NODEFRAG, 1)).toBe(0);
  });
});

describe('errors', () => {
  it('reach connected sockets and those with IP_RECVERR [ICMP-17]', () => {
    const { lab } = t;
    const { ta } = lab;
    const [plain, connected, recverr] = [open(ta, 253), open(ta, 253), open(ta, 253)] as const;
    ta.connect(connected, sin('10.0.0.2', 0));
    ta.setsockopt(recverr, SOL_IP, IP_RECVERR, 1);
    // Nobody takes protocol 253 at 10.0.0.2: protocol unreachable.
    ta.sendto(plain, bytes('hello you'), 0, sin('10.0.0.2', 0));
    expect([plain, connected, recverr].map((fd) => ta.getsockoptInt(fd, SOL_SOCKET, SO_ERROR))).toEqual([0, 92, 92]);
    const buf = new Uint8Array(100);
    const control: Cmsg[] = [];
    const user = { iov: [buf], control };
    expect(ta.recvmsg(recverr, user, MSG_ERRQUEUE)).toBe(9);
    expect(text(buf, 9)).toBe('hello you');
    expect([...(control[0] as Cmsg).data.subarray(0, 8)]).toEqual([92, 0, 0, 0, 2, 3, 2, 0]);
    expect(ta.recvmsg(connected, { iov: [buf] }, MSG_ERRQUEUE)).toBe(-EAGAIN);
  });

  it('do not reach sockets of IPPROTO_RAW, and count as wrong', () => {
    const { lab } = t;
    const { ta } = lab;
    const s = open(ta, IPPROTO_RAW);
    ta.setsockopt(s, SOL_IP, IP_RECVERR, 1);
    ta.setsockopt(s, SOL_IP, IP_HDRINCL, 0);
    expect(ta.sendto(s, bytes('eight by'), 0, sin('10.0.0.2', 0))).toBe(8);
    expect([lab.snmp(lab.a, 'Icmp', 'InDestUnreachs'), lab.snmp(lab.a, 'Icmp', 'InErrors')]).toEqual([1, 1]);
    expect([ta.getsockoptInt(s, SOL_SOCKET, SO_ERROR), ta.recvmsg(s, { iov: [new Uint8Array(9)] }, MSG_ERRQUEUE)]).toEqual([0, -EAGAIN]);
  });

  it('tell the MTU when fragments are forbidden', () => {
    const { ta } = t.lab;
    const s = open(ta, 253);
    ta.setsockopt(s, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    ta.setsockopt(s, SOL_IP, IP_RECVERR, 1);
    expect(ta.sendto(s, new Uint8Array(1600), 0, sin('10.0.0.2', 0))).toBe(-EMSGSIZE);
    const control: Cmsg[] = [];
    expect(ta.recvmsg(s, { iov: [new Uint8Array(1)], control }, MSG_ERRQUEUE)).toBe(0);
    expect(leS32((control[0] as Cmsg).data, 8)).toBe(1500);
  });
});

describe('router alert', () => {
  it('gives forwarded packets to who asked for the protocol [FWD-02]', () => {
    const { lab } = t;
    const { tb, vb, b } = lab;
    lab.sysctl(b, 'net/ipv4/ip_forward', '1');
    const [one, two, other] = [open(tb, 2), open(tb, 2), open(tb, 253)] as const;
    for (const fd of [one, two, other]) expect(tb.setsockopt(fd, SOL_IP, IP_ROUTER_ALERT, 1)).toBe(0);
    const frame = ipFrame(vb, 2, bytes('igmp'), { daddr: '10.0.0.99', options: [148, 4, 0, 0] });
    lab.inject(vb, frame);
    expect([one, two].map((fd) => (recv(tb, fd) as Uint8Array).length)).toEqual([28, 28]);
    expect(recv(tb, other)).toBe(-EAGAIN);
    expect(lab.snmp(b, 'Ip', 'ForwDatagrams')).toBe(0);
    tb.setsockopt(one, SOL_IP, IP_ROUTER_ALERT, 0);
    tb.close(two);
    lab.inject(vb, frame);
    expect(recv(tb, one)).toBe(-EAGAIN);
    expect(lab.snmp(b, 'Ip', 'ForwDatagrams')).toBe(1);
  });

  it('can be asked for once, and not by IPPROTO_RAW [FWD-03]', () => {
    const { ta } = t.lab;
    const fd = open(ta, 2);
    const set = (value: number): number => ta.setsockopt(fd, SOL_IP, IP_ROUTER_ALERT, value);
    expect([set(1), set(1), set(0), set(0)]).toEqual([0, -EADDRINUSE, 0, -ENOBUFS]);
    expect(ta.setsockopt(open(ta, IPPROTO_RAW), SOL_IP, IP_ROUTER_ALERT, 1)).toBe(-EINVAL);
  });
});
