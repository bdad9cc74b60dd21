import { SockaddrIn } from '@skbuff/af-inet';
import {
  SKB_DROP_REASON_NO_SOCKET,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_SOCKET_FILTER,
  SKB_DROP_REASON_SOCKET_RCVBUFF,
  SKB_DROP_REASON_UDP_CSUM,
  skbResetTransportHeader,
} from '@skbuff/core';
import type { Sock, Socket, Task } from '@skbuff/sock';
import {
  AF_INET,
  EAGAIN,
  EPOLLIN,
  EPOLL_CTL_ADD,
  FIONREAD,
  IP_ADD_MEMBERSHIP,
  IP_MULTICAST_ALL,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  POLLIN,
  SIOCOUTQ,
  SOCK_DGRAM,
  SOL_IP,
  SOL_SOCKET,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_NO_CHECK,
  SO_PEEK_OFF,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
} from '@skbuff/uapi';
import { bytes, sin, text, udpFrame } from '@skbuff/testbed';
import { be16, inetPton4 as ip4, leS32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { udpNet } from '../src/index.ts';
import type { UdpSock } from '../src/index.ts';
import { useLab } from './support.ts';

const t = useLab();

/** A socket of b on a port. */
function bound(addr = '0.0.0.0', port = 53, prepare: (fd: number) => void = () => {}): number {
  const { tb } = t.lab;
  const fd = tb.socket(AF_INET, SOCK_DGRAM);
  prepare(fd);
  expect(tb.bind(fd, sin(addr, port))).toBe(0);
  return fd;
}

function recv(task: Task, fd: number, flags = MSG_DONTWAIT): string | number {
  const buf = new Uint8Array(70000);
  const n = task.recvfrom(fd, buf, flags) as number;
  return n < 0 ? n : text(buf, n);
}

function skOf(task: Task, fd: number): UdpSock {
  return (task.socketOf(fd) as Socket).sk as Sock as UdpSock;
}

const count = (name: string): number => t.lab.snmp(t.lab.b, 'Udp', name);
const drops = (reason: number): number => t.lab.kernel.skbs.drops[reason];

describe('a datagram', () => {
  it('arrives with its source, in order, one for each send and read [UDP-01] [UDP-11] [UDP-02] [UDP-20] [SK-08]', () => {
    const { ta, tb } = t.lab;
    const r = bound();
    const s = ta.socket(AF_INET, SOCK_DGRAM);
    ta.bind(s, sin('10.0.0.1', 4444));
    ta.sendto(s, bytes('one'), 0, sin('10.0.0.2', 53));
    ta.sendto(s, bytes(''), 0, sin('10.0.0.2', 53));
    ta.sendto(s, bytes('three'), 0, sin('10.0.0.2', 53));
    const from = new SockaddrIn();
    const buf = new Uint8Array(10);
    expect(tb.recvfrom(r, buf, MSG_DONTWAIT, from)).toBe(3);
    expect(from).toEqual(sin('10.0.0.1', 4444));
    expect(tb.read(r, buf)).toBe(0);
    expect(recv(tb, r)).toBe('three');
    expect(recv(tb, r)).toBe(-EAGAIN);
    expect([count('InDatagrams'), t.lab.snmp(t.lab.a, 'Udp', 'OutDatagrams')]).toEqual([3, 3]);
  });

  it('has a header of 8 bytes, byte for byte [UDP-01]', () => {
    const { ta, va } = t.lab;
    const frames = t.lab.capture(va);
    const s = ta.socket(AF_INET, SOCK_DGRAM);
    ta.bind(s, sin('10.0.0.1', 4444));
    ta.setsockopt(s, SOL_SOCKET, SO_NO_CHECK, 1);
    ta.sendto(s, bytes('hi'), 0, sin('10.0.0.2', 53));
    const ip = frames.find((f) => be16(f, 12) === 0x0800) as Uint8Array;
    expect([...ip.slice(34)]).toEqual([0x11, 0x5c, 0, 53, 0, 10, 0, 0, 0x68, 0x69]);
  });

  it('is cut to the reader’s buffer; MSG_TRUNC tells its length', () => {
    const { tb } = t.lab;
    const r = bound();
    t.lab.inject(t.lab.vb, udpFrame({ to: t.lab.vb, dport: 53, payload: bytes('0123456789') }));
    const user = { iov: [new Uint8Array(2), new Uint8Array(2)], flags: 0 };
    expect(tb.recvmsg(r, user, MSG_PEEK | MSG_DONTWAIT)).toBe(4);
    expect(user.iov.map((part) => text(part, 2))).toEqual(['01', '23']);
    expect(user.flags).toBe(MSG_TRUNC);
    expect(tb.recvfrom(r, new Uint8Array(4), MSG_TRUNC | MSG_PEEK)).toBe(10);
    expect(tb.recvfrom(r, new Uint8Array(0), MSG_TRUNC)).toBe(10);
    expect(recv(tb, r)).toBe(-EAGAIN);
    // Looking is not reading.
    expect(count('InDatagrams')).toBe(1);
  });

  it('is gathered from several parts', () => {
    const { ta, tb } = t.lab;
    const r = bound();
    expect(ta.sendmsg(ta.socket(AF_INET, SOCK_DGRAM), { name: sin('10.0.0.2', 53), iov: [bytes('ab'), bytes(''), bytes('cde')] })).toBe(5);
    expect(recv(tb, r)).toBe('abcde');
  });

  it('longer than the MTU goes in fragments and arrives whole [UDP-15]', () => {
    const { ta, tb } = t.lab;
    const frames = t.lab.capture(t.lab.va);
    const r = bound();
    const data = Uint8Array.from({ length: 5000 }, (_v, i) => i);
    expect(ta.sendto(ta.socket(AF_INET, SOCK_DGRAM), data, 0, sin('10.0.0.2', 53))).toBe(5000);
    const buf = new Uint8Array(6000);
    expect(tb.recvfrom(r, buf, MSG_DONTWAIT)).toBe(5000);
    expect(buf.subarray(0, 5000)).toEqual(data);
    expect(frames.filter((f) => be16(f, 12) === 0x0800).length).toBe(4);
  });

  it('of the largest size passes [UDP-04]', () => {
    const { tb } = t.lab;
    const r = bound('127.0.0.1');
    expect(tb.sendto(tb.socket(AF_INET, SOCK_DGRAM), new Uint8Array(65507), 0, sin('127.0.0.1', 53))).toBe(65507);
    expect(tb.recvfrom(r, new Uint8Array(70000), MSG_DONTWAIT)).toBe(65507);
  });

  it('to oneself passes by the loopback device', () => {
    const { ta } = t.lab;
    const fd = ta.socket(AF_INET, SOCK_DGRAM);
    ta.bind(fd, sin('10.0.0.1', 53));
    ta.sendto(fd, bytes('me'), 0, sin('10.0.0.1', 53));
    expect(recv(ta, fd)).toBe('me');
  });
});

describe('what is wrong with a datagram', () => {
  it.each([
    ['shorter than a header', { cut: 7 }, SKB_DROP_REASON_PKT_TOO_SMALL],
    ['a length below the header', { ulen: 7 }, SKB_DROP_REASON_PKT_TOO_SMALL],
    ['a length beyond the packet', { ulen: 13 }, SKB_DROP_REASON_PKT_TOO_SMALL],
    ['a wrong checksum', { check: 0x1234 }, SKB_DROP_REASON_UDP_CSUM],
  ])('%s: dropped and counted [UDP-17]', (_what, fields, reason) => {
    const r = bound();
    t.lab.inject(t.lab.vb, udpFrame({ to: t.lab.vb, dport: 53, ...fields }));
    expect(recv(t.lab.tb, r)).toBe(-EAGAIN);
    expect([count('InErrors'), drops(reason)]).toEqual([1, 1]);
    expect(count('InCsumErrors')).toBe(reason === SKB_DROP_REASON_UDP_CSUM ? 1 : 0);
    expect(t.lab.icmp).toEqual([]);
  });

  it('what lies behind the length is cut off [UDP-17]', () => {
    const r = bound();
    t.lab.inject(t.lab.vb, udpFrame({ to: t.lab.vb, dport: 53, payload: bytes('abcdef'), ulen: 11, check: 0 }));
    expect(recv(t.lab.tb, r)).toBe('abc');
  });

  it('no checksum is no fault', () => {
    const r = bound();
    t.lab.inject(t.lab.vb, udpFrame({ to: t.lab.vb, dport: 53, check: 0 }));
    expect(recv(t.lab.tb, r)).toBe('data');
  });

  it('a long damaged one is found out when it is read, and the next is taken', () => {
    const { tb, vb } = t.lab;
    const r = bound();
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: new Uint8Array(200), check: 1 }));
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes('good') }));
    expect(count('InCsumErrors')).toBe(0);
    expect(recv(tb, r, MSG_PEEK | MSG_DONTWAIT)).toBe('good');
    expect([count('InCsumErrors'), count('InErrors'), drops(SKB_DROP_REASON_UDP_CSUM)]).toEqual([1, 1, 1]);
    expect(recv(tb, r)).toBe('good');
    expect(count('InDatagrams')).toBe(1);
  });

  it('does not make a socket readable', () => {
    const { tb, vb } = t.lab;
    const r = bound();
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: new Uint8Array(201), check: 1 }));
    expect(skOf(tb, r).receiveQueue.qlen).toBe(1);
    expect(tb.poll([{ fd: r, events: POLLIN, revents: 0 }], 0)).toBe(0);
    expect(count('InCsumErrors')).toBe(1);
  });
});

describe('no socket', () => {
  it('answers port unreachable, counts and drops with that reason [UDP-22]', () => {
    t.lab.inject(t.lab.vb, udpFrame({ to: t.lab.vb, dport: 53 }));
    expect(t.lab.icmp).toEqual([{ net: t.lab.b, type: 3, code: 3 }]);
    expect([count('NoPorts'), drops(SKB_DROP_REASON_NO_SOCKET)]).toEqual([1, 1]);
  });

  it('is silent about a long damaged datagram [UDP-23]', () => {
    t.lab.inject(t.lab.vb, udpFrame({ to: t.lab.vb, dport: 53, payload: new Uint8Array(300), check: 1 }));
    expect(t.lab.icmp).toEqual([]);
    expect([count('NoPorts'), count('InErrors'), count('InCsumErrors')]).toEqual([0, 1, 1]);
  });
});

describe('the socket that is meant', () => {
  it('prefers connected to bound, bound to any, and the device [UDP-19]', () => {
    const { lab } = t;
    const { tb, vb } = lab;
    const reuse = (fd: number): void => void tb.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    const any = bound('0.0.0.0', 53, reuse);
    const own = bound('10.0.0.2', 53, reuse);
    const peer = bound('10.0.0.2', 53, reuse);
    tb.connect(peer, sin('10.0.0.1', 1000));
    const dev = bound('0.0.0.0', 54, reuse);
    const other = bound('0.0.0.0', 54, reuse);
    tb.setsockopt(dev, SOL_SOCKET, SO_BINDTODEVICE, bytes('vb\0'));
    const send = (payload: string, fields: object): void => lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes(payload), ...fields }));
    send('peer', {});
    send('own', { sport: 1001 });
    send('device', { dport: 54 });
    tb.sendto(tb.socket(AF_INET, SOCK_DGRAM), bytes('any'), 0, sin('127.0.0.1', 53));
    expect([any, own, peer, dev, other].map((fd) => recv(tb, fd))).toEqual(['any', 'own', 'peer', 'device', -EAGAIN]);
  });

  it('a bound device refuses the others', () => {
    const { tb } = t.lab;
    const fd = bound();
    tb.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, bytes('vb'));
    tb.sendto(tb.socket(AF_INET, SOCK_DGRAM), bytes('x'), 0, sin('127.0.0.1', 53));
    expect(recv(tb, fd)).toBe(-EAGAIN);
    expect(count('NoPorts')).toBe(1);
  });

  it('is the last one of those that share the port with SO_REUSEADDR', () => {
    const { tb, vb } = t.lab;
    const reuse = (fd: number): void => void tb.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    const first = bound('0.0.0.0', 53, reuse);
    const last = bound('0.0.0.0', 53, reuse);
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53 }));
    expect([recv(tb, first), recv(tb, last)]).toEqual([-EAGAIN, 'data']);
  });

  it('spreads flows over a group of SO_REUSEPORT, each flow to one member', () => {
    const { tb, vb } = t.lab;
    const share = (fd: number): void => void tb.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    const group = [0, 1, 2, 3].map(() => bound('0.0.0.0', 53, share));
    for (let round = 0; round < 2; round++) {
      for (let sport = 1; sport <= 64; sport++) t.lab.inject(vb, udpFrame({ to: vb, dport: 53, sport, payload: bytes(`${sport}`) }));
    }
    const got = group.map((fd) => {
      const list: number[] = [];
      for (let n = recv(tb, fd); typeof n === 'string'; n = recv(tb, fd)) list.push(Number(n));
      return list;
    });
    expect(got.flat().length).toBe(128);
    for (const list of got) {
      expect(list.length).toBeGreaterThan(8);
      // Both rounds of a flow went to the same member.
      expect(list.slice(0, list.length / 2)).toEqual(list.slice(list.length / 2));
    }
  });

  it('is found among thousands [UDP-19]', () => {
    const { tb, vb } = t.lab;
    tb.fds.limit = 3000;
    for (let port = 10000; port < 11500; port++) bound('0.0.0.0', port);
    const r = bound('10.0.0.2', 53);
    for (let port = 20000; port < 20500; port++) bound('10.0.0.2', port);
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53 }));
    t.lab.inject(vb, udpFrame({ to: vb, dport: 10001 }));
    expect(recv(tb, r)).toBe('data');
    expect(udpNet.of(t.lab.b).table.count).toBe(2001);
    expect(count('NoPorts')).toBe(0);
  });
});

describe('broadcast and multicast', () => {
  it('reaches every matching socket [UDP-18]', () => {
    const { ta, tb } = t.lab;
    const reuse = (fd: number): void => void tb.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    const [a, b, c] = [bound('0.0.0.0', 53, reuse), bound('0.0.0.0', 53, reuse), bound('10.0.0.2', 53, reuse)] as const;
    const s = ta.socket(AF_INET, SOCK_DGRAM);
    ta.setsockopt(s, SOL_SOCKET, SO_BROADCAST, 1);
    expect(ta.sendto(s, bytes('all'), 0, sin('10.0.0.255', 53))).toBe(3);
    expect([a, b, c].map((fd) => recv(tb, fd))).toEqual(['all', 'all', -EAGAIN]);
  });

  it('is ignored and counted where nobody wants it; nobody is told', () => {
    const { ta } = t.lab;
    const s = ta.socket(AF_INET, SOCK_DGRAM);
    ta.setsockopt(s, SOL_SOCKET, SO_BROADCAST, 1);
    ta.sendto(s, bytes('all'), 0, sin('10.0.0.255', 53));
    expect([count('IgnoredMulti'), count('NoPorts')]).toEqual([1, 0]);
    expect(t.lab.icmp).toEqual([]);
  });

  it('delivers groups to members, and to others unless they decline [UDP-18]', () => {
    const { tb, vb } = t.lab;
    const reuse = (fd: number): void => void tb.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    const member = bound('0.0.0.0', 5353, reuse);
    const curious = bound('0.0.0.0', 5353, reuse);
    const strict = bound('0.0.0.0', 5353, (fd) => {
      reuse(fd);
      tb.setsockopt(fd, SOL_IP, IP_MULTICAST_ALL, 0);
    });
    const frame = udpFrame({ to: vb, daddr: '239.1.1.1', dport: 5353, mac: [1, 0, 0x5e, 1, 1, 1] });
    t.lab.inject(vb, frame);
    expect([member, curious, strict].map((fd) => recv(tb, fd))).toEqual([-EAGAIN, -EAGAIN, -EAGAIN]);
    const mreq = Uint8Array.of(239, 1, 1, 1, 10, 0, 0, 2);
    expect(tb.setsockopt(member, SOL_IP, IP_ADD_MEMBERSHIP, mreq)).toBe(0);
    t.lab.inject(vb, frame);
    expect([member, curious, strict].map((fd) => recv(tb, fd))).toEqual(['data', 'data', -EAGAIN]);
    tb.close(member);
    t.lab.inject(vb, frame);
    expect(recv(tb, curious)).toBe(-EAGAIN);
  });
});

describe('the receive buffer', () => {
  it('full: drops, counts and says why [UDP-20] [SK-11]', () => {
    const { tb, vb } = t.lab;
    const r = bound('0.0.0.0', 53, (fd) => tb.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 4096));
    const sk = skOf(tb, r);
    expect(sk.rcvbuf).toBe(8192);
    for (let i = 0; i < 100; i++) t.lab.inject(vb, udpFrame({ to: vb, dport: 53 }));
    const held = sk.receiveQueue.qlen;
    const lost = 100 - held;
    expect(sk.rmemAlloc).toBeLessThanOrEqual(8192);
    expect([count('RcvbufErrors'), count('InErrors'), sk.drops, drops(SKB_DROP_REASON_SOCKET_RCVBUFF)]).toEqual([lost, lost, lost, lost]);
    for (let i = 0; i < held; i++) expect(recv(tb, r)).toBe('data');
    expect(sk.rmemAlloc).toBe(0);
    expect(t.lab.proc(t.lab.b, 'udp')).toMatch(new RegExp(` ${lost} +\n`));
  });

  it('empty: takes one datagram of any size', () => {
    const { ta, tb } = t.lab;
    const r = bound('0.0.0.0', 53, (fd) => tb.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 1));
    ta.sendto(ta.socket(AF_INET, SOCK_DGRAM), new Uint8Array(20000), 0, sin('10.0.0.2', 53));
    expect(tb.recvfrom(r, new Uint8Array(20000), MSG_DONTWAIT)).toBe(20000);
  });

  it('a filter decides before', () => {
    const { tb, vb } = t.lab;
    const r = bound();
    const sk = skOf(tb, r);
    sk.filter = (skb) => (skb.bytes[skb.data + 8] === 0x61 ? 11 : 0);
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes('abcdef') }));
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes('xyz') }));
    expect([recv(tb, r), recv(tb, r)]).toEqual(['abc', -EAGAIN]);
    expect([drops(SKB_DROP_REASON_SOCKET_FILTER), sk.drops, count('InErrors')]).toEqual([1, 1, 1]);
  });
});

describe('looking at what is there', () => {
  it('FIONREAD is the next datagram’s size, SIOCOUTQ what is on its way out [UDP-03]', () => {
    const { ta, tb, va, vb } = t.lab;
    const r = bound();
    const arg = new Uint8Array(4);
    expect(tb.ioctl(r, FIONREAD, arg)).toBe(0);
    expect(leS32(arg, 0)).toBe(0);
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes('12345') }));
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes('1') }));
    tb.ioctl(r, FIONREAD, arg);
    expect(leS32(arg, 0)).toBe(5);
    const s = ta.socket(AF_INET, SOCK_DGRAM);
    ta.sendto(s, bytes('x'), 0, sin('10.0.0.2', 9));
    const held = t.lab.hold(va);
    ta.sendto(s, bytes('x'), 0, sin('10.0.0.2', 9));
    ta.ioctl(s, SIOCOUTQ, arg);
    expect(leS32(arg, 0)).toBeGreaterThan(0);
    for (const skb of held) skb.consume();
    ta.ioctl(s, SIOCOUTQ, arg);
    expect(leS32(arg, 0)).toBe(0);
  });

  it('SO_PEEK_OFF goes on where the last look ended', () => {
    const { tb, vb } = t.lab;
    const r = bound('0.0.0.0', 53, (fd) => tb.setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, 0));
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes('abcd') }));
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes('ef') }));
    const buf = new Uint8Array(3);
    const peek = (): string => text(buf, tb.recvfrom(r, buf, MSG_PEEK | MSG_DONTWAIT) as number);
    expect([peek(), peek(), peek()]).toEqual(['abc', 'd', 'ef']);
    expect(recv(tb, r)).toBe('abcd');
  });

  it('epoll reports new datagrams', async () => {
    const { ta, tb } = t.lab;
    const r = bound();
    const ep = tb.epollCreate();
    tb.epollCtl(ep, EPOLL_CTL_ADD, r, { events: EPOLLIN, data: 'r' });
    const events = [{ events: 0, data: null as unknown }];
    const waiting = tb.epollWait(ep, events, 1, -1);
    ta.sendto(ta.socket(AF_INET, SOCK_DGRAM), bytes('x'), 0, sin('10.0.0.2', 53));
    expect(await waiting).toBe(1);
    expect(events).toEqual([{ events: EPOLLIN, data: 'r' }]);
  });

  it('/proc/net/udp shows address, peer, state, queues and losses [UDP-24]', () => {
    const { tb, vb, b } = t.lab;
    const r = bound('10.0.0.2', 53);
    tb.connect(r, sin('10.0.0.1', 1000));
    t.lab.inject(vb, udpFrame({ to: vb, dport: 53 }));
    const [head, line] = t.lab.proc(b, 'udp').split('\n') as [string, string];
    expect(head).toBe('   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            ');
    expect(line.length).toBe(127);
    const rmem = skOf(tb, r).rmemAlloc.toString(16).toUpperCase().padStart(8, '0');
    expect(line).toMatch(new RegExp(`^ +\\d+: 0200000A:0035 0100000A:03E8 01 00000000:${rmem} 00:00000000 00000000     0        0 ${skOf(tb, r).inode} 2 0000000000000000 0 +$`));
    expect(t.lab.proc(b, 'snmp')).toContain('Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors\n');
    expect(ip4('10.0.0.2')).toBe(0x0a000002);
  });

  it('/proc/net/protocols counts the sockets [SK-22]', () => {
    bound();
    expect(t.lab.proc(t.lab.b, 'protocols').split('\n')[1]).toBe(
      'UDP       1344      1       0   NI       0   yes  kernel      y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n',
    );
  });
});

describe('a tunnel’s port', () => {
  it('gets the datagram first and may pass it on under another protocol [UDP-21]', () => {
    const { tb, vb } = t.lab;
    const r = bound();
    const seen: number[] = [];
    const taken: number[] = [];
    skOf(tb, r).encapRcv = (_sk, skb) => {
      const first = skb.bytes[skb.data + 8];
      seen.push(first);
      if (first === 0x61) return 1;
      if (first === 0x62) {
        skb.consume();
        return 0;
      }
      skb.pull(8);
      skbResetTransportHeader(skb);
      return -253;
    };
    t.lab.ip.addProtocol(253, { handler: (skb) => (taken.push(skb.len), skb.consume(), 0), errHandler: null, noPolicy: true });
    for (const payload of ['a to the socket', 'b taken', 'c resubmitted']) t.lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes(payload) }));
    expect(seen).toEqual([0x61, 0x62, 0x63]);
    expect(taken).toEqual([13]);
    expect(recv(tb, r)).toBe('a to the socket');
    expect(recv(tb, r)).toBe(-EAGAIN);
  });
});
