import { SockaddrIn, pktinfoCmsg, pktinfoOf } from '@skbuff/af-inet';
import { NETIF_F_SG } from '@skbuff/core';
import type { Cmsg, Task } from '@skbuff/sock';
import { cmsgInt } from '@skbuff/sock';
import {
  AF_INET,
  EACCES,
  EAGAIN,
  EINVAL,
  EMSGSIZE,
  ENODEV,
  IP_MULTICAST_IF,
  IP_MULTICAST_TTL,
  IP_OPTIONS,
  IP_PKTINFO,
  IP_RECVOPTS,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_RETOPTS,
  IP_TOS,
  IP_TTL,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_MORE,
  POLLOUT,
  SIOCOUTQ,
  SOCK_DGRAM,
  SOL_IP,
  SOL_SOCKET,
  SOL_UDP,
  SO_BROADCAST,
  SO_MARK,
  SO_NO_CHECK,
  SO_PRIORITY,
  SO_RCVMARK,
  SO_RXQ_OVFL,
  SO_RCVBUF,
  SO_SNDBUF,
  SO_TIMESTAMP,
  SO_TIMESTAMPNS,
  SCM_TIMESTAMP,
  UDP_CORK,
} from '@skbuff/uapi';
import { bytes, sin, text, udpFrame } from '@skbuff/testbed';
import { be16, be32, inetPton4 as ip4, leS32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();

function pair(): [s: number, r: number] {
  const { ta, tb } = t.lab;
  const s = ta.socket(AF_INET, SOCK_DGRAM);
  const r = tb.socket(AF_INET, SOCK_DGRAM);
  expect(tb.bind(r, sin('0.0.0.0', 53))).toBe(0);
  return [s, r];
}

const to = sin('10.0.0.2', 53);

function recv(task: Task, fd: number): string | number {
  const buf = new Uint8Array(70000);
  const n = task.recvfrom(fd, buf, MSG_DONTWAIT) as number;
  return n < 0 ? n : text(buf, n);
}

/** The IP packets among the frames. */
const ipOf = (frames: readonly Uint8Array[]): Uint8Array[] => frames.filter((f) => be16(f, 12) === 0x0800).map((f) => f.subarray(14));

describe('collecting a datagram', () => {
  it('with MSG_MORE: nothing leaves before the send without it [UDP-12]', () => {
    const { ta, tb, va } = t.lab;
    const [s, r] = pair();
    ta.sendto(s, bytes('arp'), 0, to);
    expect(recv(tb, r)).toBe('arp');
    const frames = t.lab.capture(va);
    expect(ta.sendto(s, bytes('one '), MSG_MORE, to)).toBe(4);
    expect(ta.sendto(s, bytes('two '), MSG_MORE, null)).toBe(4);
    expect(frames).toEqual([]);
    expect(ta.sendto(s, bytes('three'), 0, null)).toBe(5);
    expect(recv(tb, r)).toBe('one two three');
    expect(frames.length).toBe(1);
    expect(t.lab.snmp(t.lab.a, 'Udp', 'OutDatagrams')).toBe(2);
  });

  it('with UDP_CORK: released by clearing the option [UDP-12]', () => {
    const { ta, tb } = t.lab;
    const [s, r] = pair();
    ta.setsockopt(s, SOL_UDP, UDP_CORK, 1);
    expect(ta.getsockoptInt(s, SOL_UDP, UDP_CORK)).toBe(1);
    ta.sendto(s, bytes('a'), 0, to);
    ta.sendto(s, bytes('b'), 0, to);
    expect(recv(tb, r)).toBe(-EAGAIN);
    ta.setsockopt(s, SOL_UDP, UDP_CORK, 0);
    expect(recv(tb, r)).toBe('ab');
    // Nothing is pending any more: the next one goes at once.
    ta.sendto(s, bytes('c'), 0, to);
    expect(recv(tb, r)).toBe('c');
  });

  it('throws everything away when a piece does not fit [UDP-13]', () => {
    const { ta, tb } = t.lab;
    const [s, r] = pair();
    ta.sendto(s, new Uint8Array(60000), MSG_MORE, to);
    expect(ta.sendto(s, new Uint8Array(10000), 0, null)).toBe(-EMSGSIZE);
    expect(ta.sendto(s, bytes('fresh'), 0, to)).toBe(5);
    expect(recv(tb, r)).toBe('fresh');
    expect(recv(tb, r)).toBe(-EAGAIN);
  });

  it('longer than the MTU arrives whole, with a good checksum [UDP-15]', () => {
    const { ta, tb } = t.lab;
    const [s, r] = pair();
    const part = Uint8Array.from({ length: 1001 }, (_v, i) => i * 7);
    for (let i = 0; i < 5; i++) ta.sendto(s, part, i < 4 ? MSG_MORE : 0, i === 0 ? to : null);
    const buf = new Uint8Array(6000);
    expect(tb.recvfrom(r, buf, MSG_DONTWAIT)).toBe(5005);
    for (let i = 0; i < 5; i++) expect(buf.subarray(i * 1001, (i + 1) * 1001)).toEqual(part);
  });

  // What Linux 6.18 answers to the same calls.
  it.each([
    ['127.0.0.1', [1, 100, 1000], [832, 932, 1932]],
    ['127.0.0.1', [1400, 200, 1400, 9], [2304, 2504, 3904, 3913]],
    ['127.0.0.1', [5000, 10], [8448, 8458]],
    ['127.0.0.1', [15000, 1], [16640, 16641]],
    ['127.0.0.1', [20000, 1], [20832, 20833]],
    ['10.0.0.2', [1400, 200, 1400, 9], [2304, 3208, 5392, 5401]],
  ])('is charged for what is used of it: to %s, pieces of %s bytes', async (addr, pieces, charged) => {
    const { ta } = t.lab;
    const s = ta.socket(AF_INET, SOCK_DGRAM);
    const outq = new Uint8Array(4);
    const seen = pieces.map((n) => {
      ta.sendto(s, new Uint8Array(n), MSG_MORE, sin(addr, 9));
      ta.ioctl(s, SIOCOUTQ, outq);
      return leS32(outq, 0);
    });
    expect(seen).toEqual(charged);
    expect(await ta.poll([{ fd: s, events: POLLOUT, revents: 0 }], 0)).toBe(1);
    expect(ta.sendto(s, new Uint8Array(0), 0, null)).toBe(0);
  });

  it('is charged for the room of whole packets on a device that does not gather, as by Linux', () => {
    const { ta, va } = t.lab;
    va.features &= ~NETIF_F_SG;
    const s = ta.socket(AF_INET, SOCK_DGRAM);
    const outq = new Uint8Array(4);
    const seen = [1400, 200, 1400, 9].map((n) => {
      ta.sendto(s, new Uint8Array(n), MSG_MORE, sin('10.0.0.2', 9));
      ta.ioctl(s, SIOCOUTQ, outq);
      return leS32(outq, 0);
    });
    expect(seen).toEqual([2304, 4608, 6912, 6912]);
  });

  it('of a thousand pieces arrives whole', () => {
    const { ta, tb } = t.lab;
    const [s, r] = pair();
    const pieces = Array.from({ length: 1000 }, (_v, i) => `${i};`);
    for (const piece of pieces) ta.sendto(s, bytes(piece), MSG_MORE, to);
    ta.sendto(s, bytes('end'), 0, null);
    expect(recv(tb, r)).toBe(`${pieces.join('')}end`);
  });

  it('goes to the new peer after connect(2), even after one that failed', () => {
    const { ta, tb } = t.lab;
    const [s, r] = pair();
    const other = tb.socket(AF_INET, SOCK_DGRAM);
    tb.bind(other, sin('0.0.0.0', 54));
    ta.sendto(s, bytes('one '), MSG_MORE, to);
    expect(ta.connect(s, sin('10.0.0.2', 54))).toBe(0);
    ta.sendto(s, bytes('two'));
    expect([recv(tb, r), recv(tb, other)]).toEqual([-EAGAIN, 'one two']);
    const lost = ta.socket(AF_INET, SOCK_DGRAM);
    ta.sendto(lost, bytes('one '), MSG_MORE, to);
    expect(ta.connect(lost, sin('10.0.0.255', 55))).toBe(-EACCES);
    expect(ta.sendto(lost, bytes('two'), 0, to)).toBe(3);
    expect([recv(tb, r), recv(tb, other)]).toEqual([-EAGAIN, -EAGAIN]);
  });

  it('is given up by close [UDP-14]', () => {
    const { ta, tb } = t.lab;
    const [s, r] = pair();
    ta.sendto(s, bytes('never'), MSG_MORE, to);
    ta.close(s);
    expect(recv(tb, r)).toBe(-EAGAIN);
  });
});

describe('what one message says for itself', () => {
  it.each([
    ['a TTL of 0', cmsgInt(SOL_IP, IP_TTL, 0), -EINVAL],
    ['a TTL', cmsgInt(SOL_IP, IP_TTL, 5), 1],
    ['a TOS beyond a byte', cmsgInt(SOL_IP, IP_TOS, 256), -EINVAL],
    ['a TOS of one byte', { level: SOL_IP, type: IP_TOS, data: Uint8Array.of(0x10) }, 1],
    ['an unknown type', { level: SOL_IP, type: 99, data: new Uint8Array(0) }, -EINVAL],
    ['a short IP_PKTINFO', { level: SOL_IP, type: IP_PKTINFO, data: new Uint8Array(3) }, -EINVAL],
    ['an interface that is not there', pktinfoCmsg({ ifindex: 77 }), -ENODEV],
    ['an unknown type of SOL_SOCKET', cmsgInt(SOL_SOCKET, 99, 0), -EINVAL],
    ['an unknown type of SOL_UDP', { level: SOL_UDP, type: 5, data: new Uint8Array(0) }, -EINVAL],
    ['a mark', cmsgInt(SOL_SOCKET, SO_MARK, 4), 1],
    ['options', { level: SOL_IP, type: IP_RETOPTS, data: Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0) }, 1],
  ])('%s [UDP-09] [SK-21]', (_what, cmsg, result) => {
    const [s] = pair();
    expect(t.lab.ta.sendmsg(s, { name: to, iov: [bytes('x')], control: [cmsg] })).toBe(result);
  });

  it('is in the header, for that message only', () => {
    const { ta, va } = t.lab;
    const [s] = pair();
    ta.connect(s, to);
    const frames = t.lab.capture(va);
    ta.sendmsg(s, { iov: [bytes('x')], control: [cmsgInt(SOL_IP, IP_TTL, 5), cmsgInt(SOL_IP, IP_TOS, 0x10)] });
    ta.sendto(s, bytes('x'));
    expect(ipOf(frames).map((ip) => [ip[8], ip[1]])).toEqual([
      [5, 0x10],
      [64, 0],
    ]);
  });

  it('chooses source and interface by IP_PKTINFO [SK-21]', () => {
    const { lab } = t;
    const [s, r] = pair();
    lab.addr(lab.va, '10.0.0.9', 24);
    lab.ta.sendmsg(s, { name: to, iov: [bytes('x')], control: [pktinfoCmsg({ specDst: ip4('10.0.0.9'), ifindex: lab.va.ifindex })] });
    const from = new SockaddrIn();
    lab.tb.recvfrom(r, new Uint8Array(1), 0, from);
    expect(from.addr).toBe(ip4('10.0.0.9'));
  });
});

describe('what received datagrams come with', () => {
  const all = (r: number): void => {
    for (const option of [IP_PKTINFO, IP_RECVTTL, IP_RECVTOS]) t.lab.tb.setsockopt(r, SOL_IP, option, 1);
  };

  it('interface, addresses, TTL, TOS', () => {
    const { tb, vb } = t.lab;
    const [, r] = pair();
    all(r);
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, tos: 0x28, ttl: 7 }));
    const control: Cmsg[] = [];
    tb.recvmsg(r, { iov: [new Uint8Array(9)], control });
    expect(control.map((c) => c.type)).toEqual([IP_PKTINFO, IP_TTL, IP_TOS]);
    expect(pktinfoOf((control[0] as Cmsg).data)).toEqual({ ifindex: vb.ifindex, specDst: ip4('10.0.0.2'), addr: ip4('10.0.0.2') });
    expect([...(control[1] as Cmsg).data, ...(control[2] as Cmsg).data]).toEqual([7, 0, 0, 0, 0x28]);
  });

  it('nothing of the interface, if it came before it was asked for', () => {
    const { ta, tb, vb } = t.lab;
    const [s, r] = pair();
    ta.sendto(s, bytes('early'), 0, to);
    tb.setsockopt(r, SOL_IP, IP_PKTINFO, 1);
    ta.sendto(s, bytes('late'), 0, to);
    const infos = [0, 1].map(() => {
      const control: Cmsg[] = [];
      tb.recvmsg(r, { iov: [new Uint8Array(9)], control }, MSG_DONTWAIT);
      return pktinfoOf((control[0] as Cmsg).data);
    });
    const here = ip4('10.0.0.2');
    expect(infos).toEqual([
      { ifindex: 0, specDst: 0, addr: here },
      { ifindex: vb.ifindex, specDst: here, addr: here },
    ]);
  });

  it('tells from where to answer a broadcast', () => {
    const { ta, tb } = t.lab;
    const [s, r] = pair();
    all(r);
    ta.setsockopt(s, SOL_SOCKET, SO_BROADCAST, 1);
    ta.sendto(s, bytes('x'), 0, sin('10.0.0.255', 53));
    const control: Cmsg[] = [];
    tb.recvmsg(r, { iov: [new Uint8Array(9)], control });
    expect(pktinfoOf((control[0] as Cmsg).data)).toMatchObject({ specDst: ip4('10.0.0.2'), addr: ip4('10.0.0.255') });
  });

  it('as bytes of struct cmsghdr, cut to the room that there is [SK-19]', () => {
    const { tb, vb } = t.lab;
    const [, r] = pair();
    all(r);
    const frame = udpFrame({ to: vb, dport: 53, ttl: 7 });
    const receive = (room: number): { control: Uint8Array; controllen: number; flags: number } => {
      t.lab.inject(vb, frame);
      const user = { iov: [new Uint8Array(9)], control: new Uint8Array(room), controllen: 0, flags: 0 };
      tb.recvmsg(r, user);
      return user;
    };
    const whole = receive(80);
    expect([whole.controllen, whole.flags]).toEqual([80, 0]);
    expect([...whole.control.subarray(0, 16)]).toEqual([28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, IP_PKTINFO, 0, 0, 0]);
    expect([...whole.control.subarray(32, 52)]).toEqual([20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, IP_TTL, 0, 0, 0, 7, 0, 0, 0]);
    expect(receive(40)).toMatchObject({ controllen: 32, flags: MSG_CTRUNC });
    expect(receive(0)).toMatchObject({ controllen: 0, flags: MSG_CTRUNC });
  });

  it.each([
    ['full after the sender', [7, 7, 4, 0, 0, 0, 0, 0], [7, 7, 8, 10, 0, 0, 1, 0]],
    ['with room for the receiver', [7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0], [7, 11, 12, 10, 0, 0, 1, 10, 0, 0, 2, 0]],
  ])('options as they came and as they would go back: a recorded route %s', (_what, sent, seen) => {
    const { ta, tb } = t.lab;
    const [s, r] = pair();
    ta.setsockopt(s, SOL_IP, IP_OPTIONS, Uint8Array.from(sent));
    for (const option of [IP_RECVOPTS, IP_RETOPTS]) tb.setsockopt(r, SOL_IP, option, 1);
    ta.sendto(s, bytes('x'), 0, to);
    const control: Cmsg[] = [];
    tb.recvmsg(r, { iov: [new Uint8Array(9)], control });
    expect(control.map((c) => [c.type, [...c.data]])).toEqual([
      [IP_RECVOPTS, seen],
      [IP_RETOPTS, seen],
    ]);
  });

  it('the time of arrival', () => {
    const { lab } = t;
    const [, r] = pair();
    lab.tb.setsockopt(r, SOL_SOCKET, SO_TIMESTAMP, 1);
    lab.clock.advance(1_500_000_000);
    lab.inject(lab.vb, udpFrame({ to: lab.vb, dport: 53 }));
    lab.clock.advance(5_000_000_000);
    const control: Cmsg[] = [];
    lab.tb.recvmsg(r, { iov: [new Uint8Array(9)], control });
    const { type, data } = control[0] as Cmsg;
    expect([type, leS32(data, 0), leS32(data, 8)]).toEqual([SCM_TIMESTAMP, 1577836811, 500000]);
    lab.tb.setsockopt(r, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    lab.inject(lab.vb, udpFrame({ to: lab.vb, dport: 53 }));
    const ns: Cmsg[] = [];
    lab.tb.recvmsg(r, { iov: [new Uint8Array(9)], control: ns });
    expect([ns[0]?.type, leS32((ns[0] as Cmsg).data, 0)]).toEqual([SO_TIMESTAMPNS, 1577836816]);
  });

  it('losses before it, and its mark', () => {
    const { tb, vb, b } = t.lab;
    const [, r] = pair();
    tb.setsockopt(r, SOL_SOCKET, SO_RCVBUF, 1);
    tb.setsockopt(r, SOL_SOCKET, SO_RXQ_OVFL, 1);
    tb.setsockopt(r, SOL_SOCKET, SO_RCVMARK, 1);
    for (let i = 0; i < 6; i++) t.lab.inject(vb, udpFrame({ to: vb, dport: 53 }));
    while (recv(tb, r) !== -EAGAIN);
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53 }));
    const control: Cmsg[] = [];
    tb.recvmsg(r, { iov: [new Uint8Array(9)], control });
    expect(control.map((c) => [c.type, leS32(c.data, 0)])).toEqual([
      [SO_RXQ_OVFL, t.lab.snmp(b, 'Udp', 'RcvbufErrors')],
      [SO_MARK, 0],
    ]);
  });

  it('losses before it, and its options: the two have no lane of the control buffer in common', () => {
    const { ta, tb, vb, b } = t.lab;
    const [s, r] = pair();
    tb.setsockopt(r, SOL_SOCKET, SO_RCVBUF, 1);
    tb.setsockopt(r, SOL_SOCKET, SO_RXQ_OVFL, 1);
    tb.setsockopt(r, SOL_IP, IP_RETOPTS, 1);
    for (let i = 0; i < 9; i++) t.lab.inject(vb, udpFrame({ to: vb, dport: 53 }));
    while (recv(tb, r) !== -EAGAIN);
    ta.setsockopt(s, SOL_IP, IP_OPTIONS, Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0));
    ta.sendto(s, bytes('x'), 0, to);
    const control: Cmsg[] = [];
    tb.recvmsg(r, { iov: [new Uint8Array(9)], control });
    expect(control.map((c) => [c.type, [...c.data]])).toEqual([
      [SO_RXQ_OVFL, [t.lab.snmp(b, 'Udp', 'RcvbufErrors'), 0, 0, 0]],
      [IP_RETOPTS, [7, 7, 8, 10, 0, 0, 1, 0]],
    ]);
  });
});

describe('headers', () => {
  it('the socket’s TOS and TTL', () => {
    const { ta, va } = t.lab;
    const [s] = pair();
    ta.setsockopt(s, SOL_IP, IP_TOS, 0x1c);
    ta.setsockopt(s, SOL_IP, IP_TTL, 9);
    expect(ta.getsockoptInt(s, SOL_SOCKET, SO_PRIORITY)).toBe(4);
    const frames = t.lab.capture(va);
    ta.sendto(s, bytes('x'), 0, to);
    expect(ipOf(frames).map((ip) => [ip[1], ip[8]])).toEqual([[0x1c, 9]]);
  });

  it('multicast: TTL 1, the chosen interface and its address', () => {
    const { ta, va } = t.lab;
    const [s] = pair();
    ta.setsockopt(s, SOL_IP, IP_MULTICAST_IF, Uint8Array.of(10, 0, 0, 1));
    const frames = t.lab.capture(va);
    expect(ta.sendto(s, bytes('x'), 0, sin('239.1.1.1', 5))).toBe(1);
    ta.setsockopt(s, SOL_IP, IP_MULTICAST_TTL, 8);
    ta.sendto(s, bytes('x'), 0, sin('239.1.1.1', 5));
    expect(ipOf(frames).map((ip) => [ip[8], be32(ip, 12)])).toEqual([
      [1, ip4('10.0.0.1')],
      [8, ip4('10.0.0.1')],
    ]);
    expect([...(frames[0] as Uint8Array).subarray(0, 6)]).toEqual([1, 0, 0x5e, 1, 1, 1]);
  });

  it('no checksum with SO_NO_CHECK; otherwise what the device or we compute [SK-13]', () => {
    const { ta, tb, va } = t.lab;
    const [s, r] = pair();
    va.features = 0;
    const frames = t.lab.capture(va);
    ta.sendto(s, bytes('sum'), 0, to);
    ta.setsockopt(s, SOL_SOCKET, SO_NO_CHECK, 1);
    ta.sendto(s, bytes('sum'), 0, to);
    const [one, two] = ipOf(frames).map((ip) => be16(ip, 26)) as [number, number];
    expect(one).not.toBe(0);
    expect(two).toBe(0);
    expect([recv(tb, r), recv(tb, r)]).toEqual(['sum', 'sum']);
  });
});

describe('the send buffer', () => {
  it('full: -EAGAIN and counted, or a wait for room [SK-12]', async () => {
    const { ta, va, a } = t.lab;
    const [s] = pair();
    ta.sendto(s, bytes('arp'), 0, to);
    ta.setsockopt(s, SOL_SOCKET, SO_SNDBUF, 1);
    const held = t.lab.hold(va);
    let sent = 0;
    while (ta.sendto(s, bytes('x'), MSG_DONTWAIT, to) === 1) sent++;
    expect(sent).toBe(held.length);
    expect(t.lab.snmp(a, 'Udp', 'SndbufErrors')).toBe(1);
    expect(ta.poll([{ fd: s, events: POLLOUT, revents: 0 }], 0)).toBe(0);
    const waiting = ta.sendto(s, bytes('y'), 0, to);
    expect(waiting).toBeInstanceOf(Promise);
    expect(t.lab.snmp(a, 'Udp', 'SndbufErrors')).toBe(1);
    // One is not enough: half of the buffer must be free.
    held.pop()?.consume();
    expect(held.length).toBe(sent - 1);
    while (held.length > 0) held.pop()?.consume();
    expect(await waiting).toBe(1);
    expect(held.length).toBe(1);
    held.pop()?.consume();
  });

  it('is not given back before the packet is gone, even after close [SK-15]', () => {
    const { ta, va } = t.lab;
    const [s] = pair();
    ta.sendto(s, bytes('arp'), 0, to);
    const held = t.lab.hold(va);
    ta.sendto(s, bytes('x'), 0, to);
    ta.close(s);
    expect(t.lab.kernel.leaks().socket).toBe(2);
    held.pop()?.consume();
    expect(t.lab.kernel.leaks().socket).toBe(1);
  });
});
