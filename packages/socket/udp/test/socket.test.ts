import { SockaddrIn } from '@skbuff/af-inet';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  CAP_NET_BIND_SERVICE,
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  ECONNREFUSED,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IP_FREEBIND,
  MSG_DONTWAIT,
  MSG_OOB,
  SHUT_RDWR,
  SHUT_WR,
  SOCK_DGRAM,
  SOCK_PACKET,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_IP,
  SOL_SOCKET,
  SO_BROADCAST,
  SO_PRIORITY,
  SO_REUSEADDR,
  SO_REUSEPORT,
} from '@skbuff/uapi';
import * as U from '@skbuff/uapi';
import { SS_UNCONNECTED, kernelTask, socketcall } from '@skbuff/sock';
import { bytes, sin } from '@skbuff/testbed';
import { inetPton4 as ip4 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();
const udp = (): number => t.lab.ta.socket(AF_INET, SOCK_DGRAM, 0);

describe('socket(2)', () => {
  it.each([
    ['a datagram socket for protocol 0', SOCK_DGRAM, 0, 0],
    ['one for UDP by name', SOCK_DGRAM, IPPROTO_UDP, 0],
    ['no type of this protocol', SOCK_DGRAM, IPPROTO_TCP, -EPROTONOSUPPORT],
    ['no such type in the family', SOCK_SEQPACKET, 0, -ESOCKTNOSUPPORT],
    ['a type that nobody has loaded', SOCK_STREAM, 0, -ESOCKTNOSUPPORT],
    ['a type that does not exist', 11, 0, -EINVAL],
    ['a protocol beyond the numbers', SOCK_DGRAM, 300, -EINVAL],
    ['raw sockets not loaded', SOCK_RAW, 1, -ESOCKTNOSUPPORT],
  ])('%s [SK-16] [SK-17]', (_what, type, protocol, result) => {
    expect(t.lab.ta.socket(AF_INET, type, protocol)).toBe(result);
  });

  it('refuses a family that nobody has registered [SK-17]', () => {
    expect(t.lab.ta.socket(AF_INET6, SOCK_DGRAM)).toBe(-EAFNOSUPPORT);
    expect(t.lab.ta.socket(99, SOCK_DGRAM)).toBe(-EAFNOSUPPORT);
    expect(t.lab.ta.socket(-1, SOCK_DGRAM)).toBe(-EAFNOSUPPORT);
  });

  it('sends SOCK_PACKET to the packet family, with a word in the log [SK-03]', () => {
    expect(t.lab.ta.socket(AF_INET, SOCK_PACKET)).toBe(-EAFNOSUPPORT);
    expect(t.lab.kernel.dmesg().at(-1)).toContain('uses obsolete (PF_INET,SOCK_PACKET)');
  });

  it('has no listening, accepting or pairing [SK-09] [SK-10]', () => {
    const { ta } = t.lab;
    const fd = udp();
    expect(ta.listen(fd, 1)).toBe(-EOPNOTSUPP);
    expect(ta.accept(fd)).toBe(-EOPNOTSUPP);
    expect(ta.socketpair(AF_INET, SOCK_DGRAM)).toBe(-EOPNOTSUPP);
    expect(ta.fds.open()).toEqual([fd]);
  });
});

describe('socketcall(2)', () => {
  it('gives the results of the calls themselves [SK-05]', () => {
    const { ta, tb } = t.lab;
    const call = (task: typeof ta, number: number, ...args: unknown[]): unknown => socketcall(task, number, args);
    const r = call(tb, U.SYS_SOCKET, AF_INET, SOCK_DGRAM, 0);
    const s = call(ta, U.SYS_SOCKET, AF_INET, SOCK_DGRAM, 0);
    expect(call(tb, U.SYS_BIND, r, sin('0.0.0.0', 53))).toBe(0);
    expect(call(ta, U.SYS_SENDTO, s, bytes('ab'), 0, sin('10.0.0.2', 53))).toBe(2);
    expect(call(ta, U.SYS_CONNECT, s, sin('10.0.0.2', 53))).toBe(0);
    expect(call(ta, U.SYS_SEND, s, bytes('c'), 0)).toBe(1);
    expect(call(ta, U.SYS_SENDMSG, s, { iov: [bytes('def')] }, 0)).toBe(3);
    const from = new SockaddrIn();
    expect(call(tb, U.SYS_RECVFROM, r, new Uint8Array(9), 0, from)).toBe(2);
    expect(from.addr).toBe(ip4('10.0.0.1'));
    expect(call(tb, U.SYS_RECV, r, new Uint8Array(9), 0)).toBe(1);
    expect(call(tb, U.SYS_RECVMSG, r, { iov: [new Uint8Array(9)] }, 0)).toBe(3);
    expect(call(ta, U.SYS_GETPEERNAME, s, from)).toBe(16);
    expect(from.port).toBe(53);
    expect(call(tb, U.SYS_GETSOCKNAME, r, from)).toBe(16);
    expect(call(ta, U.SYS_SETSOCKOPT, s, SOL_SOCKET, SO_BROADCAST, 1)).toBe(0);
    expect(call(ta, U.SYS_GETSOCKOPT, s, SOL_SOCKET, SO_BROADCAST, new Uint8Array(4))).toBe(4);
    expect(call(ta, U.SYS_SHUTDOWN, s, SHUT_WR)).toBe(0);
    expect([U.SYS_LISTEN, U.SYS_ACCEPT, U.SYS_ACCEPT4].map((number) => call(ta, number, s, 1, 0))).toEqual([-EOPNOTSUPP, -EOPNOTSUPP, -EOPNOTSUPP]);
    expect(call(ta, U.SYS_SOCKETPAIR, AF_INET, SOCK_DGRAM, 0)).toBe(-EOPNOTSUPP);
    expect(call(ta, 99, s)).toBe(-EINVAL);
  });
});

describe('struct socket', () => {
  it('is unconnected when it is new [SK-06]', () => {
    const sock = t.lab.ta.socketOf(udp());
    expect(typeof sock === 'number' ? sock : [sock.state, sock.type, sock.sk?.socket === sock]).toEqual([SS_UNCONNECTED, SOCK_DGRAM, true]);
  });
});

describe('bind(2)', () => {
  it.each([
    ['an address of this host', sin('10.0.0.1', 53), 0],
    ['any address', sin('0.0.0.0', 53), 0],
    ['the broadcast address of a subnet', sin('10.0.0.255', 53), 0],
    ['a group', sin('224.1.1.1', 53), 0],
    ['a foreign address', sin('9.9.9.9', 53), -EADDRNOTAVAIL],
  ])('takes or refuses %s', (_what, addr, result) => {
    expect(t.lab.ta.bind(udp(), addr)).toBe(result);
  });

  it('binds once only, and tells where', () => {
    const { ta } = t.lab;
    const fd = udp();
    const name = new SockaddrIn();
    expect(ta.getsockname(fd, name)).toBe(16);
    expect(name).toEqual(sin('0.0.0.0', 0));
    expect(ta.bind(fd, sin('10.0.0.1', 53))).toBe(0);
    ta.getsockname(fd, name);
    expect(name).toEqual(sin('10.0.0.1', 53));
    expect(ta.bind(fd, sin('10.0.0.1', 54))).toBe(-EINVAL);
    expect(ta.getpeername(fd, name)).toBe(-ENOTCONN);
  });

  it('chooses a port of the namespace’s range for 0', () => {
    const { ta, a } = t.lab;
    expect(t.lab.sysctl(a, 'net/ipv4/ip_local_port_range', '40000 40001')).toBe(0);
    const ports = [udp(), udp()].map((fd) => {
      const name = new SockaddrIn();
      expect(ta.bind(fd, sin('0.0.0.0', 0))).toBe(0);
      ta.getsockname(fd, name);
      return name.port;
    });
    expect(ports.sort()).toEqual([40000, 40001]);
    expect(ta.bind(udp(), sin('0.0.0.0', 0))).toBe(-EADDRINUSE);
    // Sending binds by itself, which fails as a resource that may come back.
    expect(ta.sendto(udp(), bytes('x'), MSG_DONTWAIT, sin('10.0.0.2', 9))).toBe(-EAGAIN);
  });

  it('wants a capability for low ports', () => {
    const { lab } = t;
    const user = kernelTask(lab.a, { uid: 1000 });
    const fd = user.socket(AF_INET, SOCK_DGRAM);
    expect(user.bind(fd, sin('0.0.0.0', 1023))).toBe(-EACCES);
    expect(user.bind(fd, sin('0.0.0.0', 1024))).toBe(0);
    const daemon = kernelTask(lab.a, { uid: 1000, caps: [CAP_NET_BIND_SERVICE] });
    expect(daemon.bind(daemon.socket(AF_INET, SOCK_DGRAM), sin('0.0.0.0', 53))).toBe(0);
    lab.sysctl(lab.a, 'net/ipv4/ip_unprivileged_port_start', '80');
    expect(user.bind(user.socket(AF_INET, SOCK_DGRAM), sin('0.0.0.0', 80))).toBe(0);
  });

  it('takes foreign addresses with IP_FREEBIND or ip_nonlocal_bind', () => {
    const { ta } = t.lab;
    const free = udp();
    ta.setsockopt(free, SOL_IP, IP_FREEBIND, 1);
    expect(ta.bind(free, sin('9.9.9.9', 53))).toBe(0);
    t.lab.sysctl(t.lab.a, 'net/ipv4/ip_nonlocal_bind', '1');
    expect(ta.bind(udp(), sin('9.9.9.9', 54))).toBe(0);
  });

  it('looks at the family and the length of the address', () => {
    const { ta } = t.lab;
    const fd = udp();
    const six = sin('10.0.0.1', 53);
    six.family = AF_INET6;
    expect(ta.bind(fd, six)).toBe(-EAFNOSUPPORT);
    expect(ta.bind(fd, Uint8Array.of(2, 0, 0, 53, 10, 0, 0, 1))).toBe(-EINVAL);
    const raw = Uint8Array.of(2, 0, 0, 53, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(ta.bind(fd, raw)).toBe(0);
    const out = new Uint8Array(16).fill(0xa5);
    expect(ta.getsockname(fd, out)).toBe(16);
    expect(out).toEqual(raw);
    const unspec = sin('0.0.0.0', 55);
    unspec.family = AF_UNSPEC;
    expect(ta.bind(udp(), unspec)).toBe(0);
  });

  it.each([
    ['the same address', '10.0.0.1', '10.0.0.1', -EADDRINUSE],
    ['any beside one', '10.0.0.1', '0.0.0.0', -EADDRINUSE],
    ['two addresses', '10.0.0.1', '127.0.0.1', 0],
  ])('shares a port between sockets on %s: %s and %s', (_what, first, second, result) => {
    const { ta } = t.lab;
    expect(ta.bind(udp(), sin(first, 53))).toBe(0);
    expect(ta.bind(udp(), sin(second, 53))).toBe(result);
  });

  it('shares a port if both sockets say so', () => {
    const { ta } = t.lab;
    const [a, b, c, d, e] = [udp(), udp(), udp(), udp(), udp()] as [number, number, number, number, number];
    for (const fd of [a, b]) ta.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    for (const fd of [c, d]) ta.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    expect(ta.bind(a, sin('0.0.0.0', 53))).toBe(0);
    expect(ta.bind(b, sin('0.0.0.0', 53))).toBe(0);
    expect(ta.bind(c, sin('0.0.0.0', 54))).toBe(0);
    expect(ta.bind(d, sin('0.0.0.0', 54))).toBe(0);
    expect(ta.bind(e, sin('0.0.0.0', 54))).toBe(-EADDRINUSE);
    // Another user's socket does not get into the group.
    const user = kernelTask(t.lab.a, { uid: 1000, caps: [CAP_NET_BIND_SERVICE] });
    const thief = user.socket(AF_INET, SOCK_DGRAM);
    user.setsockopt(thief, SOL_SOCKET, SO_REUSEPORT, 1);
    expect(user.bind(thief, sin('0.0.0.0', 54))).toBe(-EADDRINUSE);
  });

  it('frees the port with the last descriptor', () => {
    const { ta } = t.lab;
    const fd = udp();
    ta.bind(fd, sin('0.0.0.0', 53));
    const copy = ta.dup(fd);
    ta.close(fd);
    expect(ta.bind(udp(), sin('0.0.0.0', 53))).toBe(-EADDRINUSE);
    ta.close(copy);
    expect(ta.bind(udp(), sin('0.0.0.0', 53))).toBe(0);
  });
});

describe('connect(2)', () => {
  it('sets the peer and the own address, and sends nothing [UDP-03] [SK-04]', () => {
    const { ta, va } = t.lab;
    const frames = t.lab.capture(va);
    const fd = udp();
    expect(ta.connect(fd, sin('10.0.0.2', 53))).toBe(0);
    const name = new SockaddrIn();
    ta.getpeername(fd, name);
    expect(name).toEqual(sin('10.0.0.2', 53));
    ta.getsockname(fd, name);
    expect(name.addr).toBe(ip4('10.0.0.1'));
    expect(name.port).toBeGreaterThanOrEqual(32768);
    expect(frames).toEqual([]);
  });

  it('is dissolved by AF_UNSPEC, with what bind did not fix [UDP-03]', () => {
    const { ta } = t.lab;
    const unspec = new Uint8Array(2);
    const name = new SockaddrIn();
    const fd = udp();
    ta.connect(fd, sin('10.0.0.2', 53));
    expect(ta.connect(fd, unspec)).toBe(0);
    expect(ta.getpeername(fd, name)).toBe(-ENOTCONN);
    ta.getsockname(fd, name);
    expect(name).toEqual(sin('0.0.0.0', 0));
    expect(ta.sendto(fd, bytes('x'))).toBe(-EDESTADDRREQ);
    const bound = udp();
    ta.bind(bound, sin('10.0.0.1', 77));
    ta.connect(bound, sin('10.0.0.2', 53));
    ta.connect(bound, unspec);
    ta.getsockname(bound, name);
    expect(name).toEqual(sin('10.0.0.1', 77));
  });

  it('needs a route, and permission for a broadcast address', () => {
    const { ta } = t.lab;
    const fd = udp();
    expect(ta.connect(fd, sin('99.0.0.1', 9))).toBe(-ENETUNREACH);
    expect(ta.connect(fd, sin('10.0.0.255', 9))).toBe(-EACCES);
    ta.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, 1);
    expect(ta.connect(fd, sin('10.0.0.255', 9))).toBe(0);
  });

  it('follows the route when it changes [UDP-08]', () => {
    const { lab } = t;
    const { ta, tb } = lab;
    const fd = udp();
    const r = tb.socket(AF_INET, SOCK_DGRAM);
    tb.bind(r, sin('0.0.0.0', 53));
    ta.connect(fd, sin('10.0.0.2', 53));
    expect(ta.sendto(fd, bytes('x'))).toBe(1);
    lab.addr(lab.va, '10.1.0.1', 24);
    expect(ta.sendto(fd, bytes('y'))).toBe(1);
    const buf = new Uint8Array(1);
    expect([tb.recvfrom(r, buf, MSG_DONTWAIT), tb.recvfrom(r, buf, MSG_DONTWAIT), tb.recvfrom(r, buf, MSG_DONTWAIT)]).toEqual([1, 1, -EAGAIN]);
  });
});

describe('shutdown(2)', () => {
  it('stops sending and receiving; unconnected it says so as well', async () => {
    const { ta } = t.lab;
    const fd = udp();
    expect(ta.shutdown(fd, SHUT_RDWR)).toBe(-ENOTCONN);
    expect(ta.shutdown(fd, 3)).toBe(-EINVAL);
    expect(ta.recvfrom(fd, new Uint8Array(1), MSG_DONTWAIT)).toBe(-EAGAIN);
    expect(await ta.recvfrom(fd, new Uint8Array(1))).toBe(0);
    expect(ta.sendto(fd, bytes('x'), 0, sin('10.0.0.2', 9))).toBe(-EPIPE);
    const other = udp();
    ta.connect(other, sin('10.0.0.2', 9));
    expect(ta.shutdown(other, SHUT_WR)).toBe(0);
  });

  it('wakes who waits to receive', async () => {
    const { ta } = t.lab;
    const fd = udp();
    const waiting = ta.recvfrom(fd, new Uint8Array(1));
    ta.shutdown(fd, SHUT_RDWR);
    expect(await waiting).toBe(0);
  });
});

describe('sendto(2)', () => {
  it.each([
    ['port 0', 1, 0, sin('10.0.0.2', 0), -EINVAL],
    ['nobody', 1, 0, null, -EDESTADDRREQ],
    ['more than the length field can say', 70000, 0, sin('10.0.0.2', 9), -EMSGSIZE],
    ['more than an IP packet carries', 65508, 0, sin('10.0.0.2', 9), -EMSGSIZE],
    ['out of band', 1, MSG_OOB, sin('10.0.0.2', 9), -EOPNOTSUPP],
    ['where no route leads', 1, 0, sin('99.0.0.1', 9), -ENETUNREACH],
    ['a broadcast address without leave', 1, 0, sin('10.0.0.255', 9), -EACCES],
    ['everybody without leave', 1, 0, sin('255.255.255.255', 9), -ENETUNREACH],
    ['an address that is too short', 1, 0, Uint8Array.of(2, 0, 0, 9, 10, 0, 0, 2), -EINVAL],
  ])('refuses %s [UDP-04] [UDP-05] [UDP-06] [UDP-07] [UDP-10] [UDP-27]', (_what, length, flags, addr, result) => {
    expect(t.lab.ta.sendto(udp(), new Uint8Array(length), flags, addr)).toBe(result);
  });

  it('takes AF_UNSPEC for AF_INET and no other family [UDP-05]', () => {
    const { ta } = t.lab;
    const to = sin('10.0.0.2', 9);
    to.family = AF_INET6;
    expect(ta.sendto(udp(), bytes('x'), 0, to)).toBe(-EAFNOSUPPORT);
    to.family = AF_UNSPEC;
    expect(ta.sendto(udp(), bytes('x'), 0, to)).toBe(1);
  });

  it('counts what has no route [UDP-10]', () => {
    t.lab.ta.sendto(udp(), bytes('x'), 0, sin('99.0.0.1', 9));
    expect(t.lab.snmp(t.lab.a, 'Ip', 'OutNoRoutes')).toBe(1);
  });

  it('reports a pending error before anything else', () => {
    const { ta } = t.lab;
    const fd = udp();
    ta.connect(fd, sin('10.0.0.2', 9));
    const sock = ta.socketOf(fd);
    if (typeof sock !== 'number') sock.sk?.setErr(ECONNREFUSED);
    expect(ta.sendto(fd, bytes('x'))).toBe(-ECONNREFUSED);
    expect(ta.sendto(fd, bytes('x'))).toBe(1);
  });

  it('lets only the privileged use high priorities', () => {
    const user = kernelTask(t.lab.a, { uid: 1000 });
    const fd = user.socket(AF_INET, SOCK_DGRAM);
    expect(user.setsockopt(fd, SOL_SOCKET, SO_PRIORITY, 7)).toBe(-EPERM);
    expect(user.setsockopt(fd, SOL_SOCKET, SO_PRIORITY, 6)).toBe(0);
  });
});
