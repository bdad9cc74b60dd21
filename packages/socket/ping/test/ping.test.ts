import { SockaddrIn, pktinfoOf } from '@skbuff/af-inet';
import { type Cmsg, type Task, kernelTask } from '@skbuff/sock';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  EOPNOTSUPP,
  EPROTONOSUPPORT,
  IPPROTO_ICMP,
  IP_PKTINFO,
  IP_RECVERR,
  IP_RECVTTL,
  IP_TTL,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_TRUNC,
  SOCK_DGRAM,
  SOL_IP,
  SOL_SOCKET,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_ERROR,
  SO_REUSEADDR,
} from '@skbuff/uapi';
import { bytes, sin, text } from '@skbuff/testbed';
import { be16, csumFold, csumPartial, inetPton4 as ip4, setBe16 } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { PingSock, pingClose, pingNet, pingProt } from '../src/index.ts';
import { route, useLab } from './support.ts';

const t = useLab();

beforeEach(() => {
  for (const net of [t.lab.a, t.lab.b]) expect(t.lab.sysctl(net, 'net/ipv4/ping_group_range', '0 2147483647')).toBe(0);
});

const open = (task: Task): number => task.socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);

/** An echo request as a program writes it: identifier and checksum are the kernel's business. */
function echo(sequence: number, data: string, fields: { type?: number; code?: number } = {}): Uint8Array {
  const message = new Uint8Array(8 + data.length);
  message[0] = fields.type ?? 8;
  message[1] = fields.code ?? 0;
  setBe16(message, 6, sequence);
  message.set(bytes(data), 8);
  return message;
}

function recv(task: Task, fd: number, from: SockaddrIn | null = null): Uint8Array | number {
  const buf = new Uint8Array(70000);
  const n = task.recvfrom(fd, buf, MSG_DONTWAIT, from) as number;
  return n < 0 ? n : buf.slice(0, n);
}

describe('who may', () => {
  it.each([
    ['nobody by default, root neither', '1 0', {}, -EACCES],
    ['a group inside', '100 200', { uid: 5, gid: 150 }, 0],
    ['a group outside', '100 200', { uid: 5, gid: 201 }, -EACCES],
    ['one of several groups', '100 200', { uid: 5, gid: 9, groups: [7, 100] }, 0],
    ['root outside', '100 200', {}, -EACCES],
  ])('%s [PING-02]', (_what, range, cred, result) => {
    const { lab } = t;
    lab.sysctl(lab.a, 'net/ipv4/ping_group_range', range);
    expect(open(kernelTask(lab.a, cred))).toBe(result);
  });

  it('a range is two groups; an empty one is 1 0', () => {
    const { lab } = t;
    const set = (value: string): number => lab.sysctl(lab.a, 'net/ipv4/ping_group_range', value);
    const get = (): string => lab.readSysctl(lab.a, 'net/ipv4/ping_group_range');
    expect([set('1000 1000'), get()]).toEqual([0, '1000\t1000\n']);
    expect([set('7 5'), get()]).toEqual([0, '1\t0\n']);
    expect(set('0 4294967294')).toBe(0);
    expect(set('0 4294967295')).toBe(-EINVAL);
    expect(lab.ta.socket(AF_INET, SOCK_DGRAM, 0)).toBe(-EPROTONOSUPPORT);
  });
});

describe('echo', () => {
  it('is answered, by identifier, with the header the kernel completed [PING-01] [PING-04] [ICMP-15]', () => {
    const { lab } = t;
    const frames = lab.capture(lab.va);
    const fd = open(lab.ta);
    expect(lab.ta.bind(fd, sin('0.0.0.0', 0x1234))).toBe(0);
    expect(lab.ta.sendto(fd, echo(7, 'data'), 0, sin('10.0.0.2', 0))).toBe(12);
    const request = (frames.find((f) => be16(f, 12) === 0x0800) as Uint8Array).subarray(34);
    expect([request[0], be16(request, 4), be16(request, 6), csumFold(csumPartial(request, 0, request.length, 0))]).toEqual([8, 0x1234, 7, 0]);
    const from = new SockaddrIn(0, 1);
    const reply = recv(lab.ta, fd, from) as Uint8Array;
    expect([reply[0], be16(reply, 4), be16(reply, 6), text(reply.subarray(8), 4)]).toEqual([0, 0x1234, 7, 'data']);
    expect(from).toEqual(sin('10.0.0.2', 0));
    expect(lab.snmp(lab.a, 'Icmp', 'OutEchos')).toBe(1);
    expect(lab.snmp(lab.a, 'Icmp', 'InEchoReps')).toBe(1);
  });

  it('is told apart by identifier, own address and device [PING-04] [ICMP-15]', () => {
    const { ta } = t.lab;
    const fds = [open(ta), open(ta), open(ta)] as const;
    for (const [i, fd] of fds.entries()) ta.sendto(fd, echo(i, `${i}`), 0, sin('10.0.0.2', 0));
    for (const [i, fd] of fds.entries()) {
      expect(text((recv(ta, fd) as Uint8Array).subarray(8), 1)).toBe(`${i}`);
      expect(recv(ta, fd)).toBe(-EAGAIN);
    }
    // The same identifier on another address and on another device hears nothing.
    const [loop, device] = [open(ta), open(ta)] as const;
    ta.bind(loop, sin('127.0.0.1', 77));
    ta.bind(device, sin('0.0.0.0', 77));
    ta.setsockopt(device, SOL_SOCKET, SO_BINDTODEVICE, bytes('lo'));
    const sender = open(ta);
    ta.bind(sender, sin('10.0.0.1', 77));
    ta.sendto(sender, echo(1, 'x'), 0, sin('10.0.0.2', 0));
    expect([recv(ta, loop), recv(ta, device)]).toEqual([-EAGAIN, -EAGAIN]);
    expect(recv(ta, sender)).toHaveLength(9);
  });

  it('tells the interface, even if it came before IP_PKTINFO was switched on, but no address of this host', () => {
    const { ta, va } = t.lab;
    const [early, asked] = [open(ta), open(ta)];
    ta.setsockopt(asked, SOL_IP, IP_PKTINFO, 1);
    for (const fd of [early, asked]) ta.sendto(fd, echo(1, 'hi'), 0, sin('10.0.0.2', 0));
    ta.setsockopt(early, SOL_IP, IP_PKTINFO, 1);
    for (const fd of [early, asked]) {
      const control: Cmsg[] = [];
      expect(ta.recvmsg(fd, { iov: [new Uint8Array(20)], control }, MSG_DONTWAIT)).toBe(10);
      expect(pktinfoOf((control[0] as Cmsg).data)).toEqual({ ifindex: va.ifindex, specDst: 0, addr: ip4('10.0.0.1') });
    }
  });

  it('longer than the MTU goes and comes in fragments', () => {
    const { ta } = t.lab;
    const fd = open(ta);
    expect(ta.sendto(fd, echo(1, 'y'.repeat(4000)), 0, sin('10.0.0.2', 0))).toBe(4008);
    expect(recv(ta, fd)).toHaveLength(4008);
  });

  it('works connected, cut to the buffer, with ancillary data', () => {
    const { ta } = t.lab;
    const fd = open(ta);
    ta.connect(fd, sin('10.0.0.2', 5));
    ta.setsockopt(fd, SOL_IP, IP_RECVTTL, 1);
    expect(ta.sendto(fd, echo(1, 'data'))).toBe(12);
    const control: Cmsg[] = [];
    const user = { iov: [new Uint8Array(8)], control, flags: 0 };
    expect(ta.recvmsg(fd, user, MSG_TRUNC)).toBe(8);
    expect([user.flags, control[0]?.type]).toEqual([MSG_TRUNC, IP_TTL]);
    expect(ta.recvfrom(fd, new Uint8Array(1), MSG_OOB)).toBe(-EOPNOTSUPP);
  });

  it('to a program on the same host is not heard: only replies are', () => {
    const { tb, ta } = t.lab;
    const listening = open(tb);
    tb.bind(listening, sin('0.0.0.0', 0x1234));
    const fd = open(ta);
    ta.bind(fd, sin('0.0.0.0', 0x1234));
    ta.sendto(fd, echo(1, 'x'), 0, sin('10.0.0.2', 0));
    expect(recv(tb, listening)).toBe(-EAGAIN);
  });
});

describe('what may be sent', () => {
  it.each([
    ['a reply', echo(1, 'x', { type: 0 }), 0, sin('10.0.0.2', 0), -EINVAL],
    ['a code', echo(1, 'x', { code: 1 }), 0, sin('10.0.0.2', 0), -EINVAL],
    ['a time stamp request', echo(1, 'x', { type: 13 }), 0, sin('10.0.0.2', 0), -EINVAL],
    ['less than a header', new Uint8Array(7).fill(8), 0, sin('10.0.0.2', 0), -EINVAL],
    ['too much', new Uint8Array(65536).fill(8, 0, 1), 0, sin('10.0.0.2', 0), -EMSGSIZE],
    ['out of band', echo(1, 'x'), MSG_OOB, sin('10.0.0.2', 0), -EOPNOTSUPP],
    ['to nobody', echo(1, 'x'), 0, null, -EDESTADDRREQ],
    ['where no route leads', echo(1, 'x'), 0, sin('99.0.0.1', 0), -ENETUNREACH],
    ['to everybody without leave', echo(1, 'x'), 0, sin('10.0.0.255', 0), -EACCES],
    ['an extended echo request', echo(1, 'x', { type: 42 }), 0, sin('10.0.0.2', 0), 9],
  ])('%s [PING-03]', (_what, message, flags, addr, result) => {
    const { ta } = t.lab;
    expect(ta.sendto(open(ta), message, flags, addr)).toBe(result);
  });

  it('other families are refused, AF_UNSPEC too; broadcast wants leave', () => {
    const { ta } = t.lab;
    const fd = open(ta);
    const to = sin('10.0.0.2', 0);
    for (const family of [AF_INET6, AF_UNSPEC]) {
      to.family = family;
      expect(ta.sendto(fd, echo(1, 'x'), 0, to)).toBe(-EAFNOSUPPORT);
    }
    ta.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, 1);
    expect(ta.sendto(fd, echo(1, 'x'), 0, sin('10.0.0.255', 0))).toBe(9);
  });
});

describe('identifiers', () => {
  it('are taken by bind or chosen; shown by getsockname and /proc/net/icmp [PING-04] [PING-06]', () => {
    const { lab } = t;
    const { ta } = lab;
    const fd = open(ta);
    const name = new SockaddrIn();
    expect(ta.bind(fd, sin('10.0.0.1', 77))).toBe(0);
    ta.getsockname(fd, name);
    expect(name).toEqual(sin('10.0.0.1', 77));
    expect(ta.bind(fd, sin('10.0.0.1', 78))).toBe(-EINVAL);
    const auto = open(ta);
    ta.connect(auto, sin('10.0.0.2', 5));
    ta.getsockname(auto, name);
    expect([name.addr, name.port > 0]).toEqual([ip4('10.0.0.1'), true]);
    const lines = lab.proc(lab.a, 'icmp').split('\n');
    expect(lines[0]).toBe('  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             ');
    expect(lines.slice(1).some((line) => line.includes(': 0100000A:004D 00000000:0000 07 '))).toBe(true);
    expect(lines.slice(1).some((line) => line.includes(' 0200000A:0005 01 '))).toBe(true);
    expect(lines[1]).toHaveLength(127);
    ta.connect(auto, new Uint8Array(16));
    ta.getsockname(auto, name);
    expect(name).toEqual(sin('0.0.0.0', 0));
  });

  it('can be shared, unless one of the sockets does not want to', () => {
    const { ta } = t.lab;
    const [a, b, c] = [open(ta), open(ta), open(ta)] as const;
    expect(ta.getsockoptInt(a, SOL_SOCKET, SO_REUSEADDR)).toBe(1);
    ta.setsockopt(c, SOL_SOCKET, SO_REUSEADDR, 0);
    expect([a, b, c].map((fd) => ta.bind(fd, sin('0.0.0.0', 77)))).toEqual([0, 0, -EADDRINUSE]);
    for (const fd of [b, a]) ta.close(fd);
    expect(ta.bind(c, sin('0.0.0.0', 77))).toBe(0);
  });

  it('belong to addresses of this host', () => {
    const { lab } = t;
    const fd = open(lab.ta);
    const six = sin('10.0.0.1', 1);
    six.family = AF_INET6;
    expect(['9.9.9.9', '224.0.0.1', '10.0.0.255'].map((addr) => lab.ta.bind(fd, sin(addr, 1)))).toEqual([-EADDRNOTAVAIL, -EADDRNOTAVAIL, -EADDRNOTAVAIL]);
    expect(lab.ta.bind(fd, six)).toBe(-EAFNOSUPPORT);
    lab.sysctl(lab.a, 'net/ipv4/ip_nonlocal_bind', '1');
    expect(lab.ta.bind(fd, sin('9.9.9.9', 1))).toBe(0);
  });
});

describe('a socket of another family', () => {
  it('shares the identifiers, but not the answers nor the file of /proc', () => {
    const { lab } = t;
    const { ta } = lab;
    const other = new PingSock(lab.a, 44, SOCK_DGRAM, 58, pingProt, true);
    const fd = open(ta);
    ta.bind(fd, sin('0.0.0.0', 7));
    expect(pingNet.of(lab.a).getPort(other, 7)).toBe(1);
    other.reuse = true;
    ta.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    expect(pingNet.of(lab.a).getPort(other, 7)).toBe(0);
    ta.sendto(fd, echo(1, 'x'), 0, sin('10.0.0.2', 0));
    // The other one is first in the chain.
    expect([pingNet.of(lab.a).chain(7) === other, other.receiveQueue.qlen, (recv(ta, fd) as Uint8Array).length]).toEqual([true, 0, 9]);
    expect(lab.proc(lab.a, 'icmp').trimEnd().split('\n').length).toBe(2);
    pingClose(other);
  });
});

describe('errors', () => {
  it('reach connected sockets and those with IP_RECVERR, by the quoted identifier', () => {
    const { lab } = t;
    const { ta } = lab;
    lab.addr(lab.va, '10.0.0.77', 24);
    const [plain, connected, recverr] = [open(ta), open(ta), open(ta)] as const;
    // Behind 10.0.0.2, which does not forward, nothing answers; a TTL of 1 would not get further either.
    route(lab.va, '10.9.0.0', 24, '10.0.0.2');
    lab.sysctl(lab.b, 'net/ipv4/ip_forward', '1');
    ta.setsockopt(recverr, SOL_IP, IP_RECVERR, 1);
    ta.connect(connected, sin('10.9.0.1', 0));
    for (const fd of [plain, recverr]) ta.sendto(fd, echo(1, 'hello'), 0, sin('10.9.0.1', 0));
    ta.sendto(connected, echo(2, 'x'));
    // Network unreachable is no hard error: without IP_RECVERR nobody is told.
    expect([plain, connected, recverr].map((fd) => ta.getsockoptInt(fd, SOL_SOCKET, SO_ERROR))).toEqual([0, 0, 101]);
    const buf = new Uint8Array(100);
    const control: Cmsg[] = [];
    const from = new SockaddrIn();
    expect(ta.recvmsg(recverr, { iov: [buf], control, name: from }, MSG_ERRQUEUE)).toBe(13);
    expect([buf[0], text(buf.subarray(8), 5), from.addr]).toEqual([8, 'hello', ip4('10.9.0.1')]);
    expect([...(control[0] as Cmsg).data.subarray(0, 8)]).toEqual([101, 0, 0, 0, 2, 3, 0, 0]);
  });
});
