/** Raw sockets of AF_INET6. What is expected is what Linux 6.18 said of the same calls. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { icmpv6 } from '@skbuff/icmpv6';
import { type Cmsg, type Task, kernelTask } from '@skbuff/sock';
import { HOST6_A, HOST6_B, bytes, hosts4, hosts6, icmp6Message, ip6Packet, ipFrame, sin6 } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { leS32, setLe32 } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { get6, hex, open, set6, unhex, useLab } from './support.ts';

const t = useLab(() => [icmpv6()]);

/** The next packet, or the errno. */
function recv(task: Task, fd: number): string | number {
  const buf = new Uint8Array(70000);
  const n = task.recvfrom(fd, buf, U.MSG_DONTWAIT) as number;
  return n < 0 ? n : hex(buf.subarray(0, n));
}

const OPTION = unhex('0000010400000000');

describe('socket(2)', () => {
  it('wants a protocol and CAP_NET_RAW', () => {
    const { lab } = t;
    expect([open(lab.ta, 0), open(lab.ta, 300)]).toEqual([-U.EPROTONOSUPPORT, -U.EINVAL]);
    expect(open(kernelTask(lab.a, { uid: 1000 }), U.IPPROTO_ICMPV6)).toBe(-U.EPERM);
    expect(open(kernelTask(lab.a, { uid: 1000, caps: [U.CAP_NET_RAW] }), U.IPPROTO_ICMPV6)).toBe(0);
  });

  it('shows its protocol where others have a port', () => {
    const { lab } = t;
    const fd = open(lab.ta, 253);
    lab.ta.bind(fd, sin6('::1', 77));
    const name = new SockaddrIn6();
    lab.ta.getsockname(fd, name);
    expect([name.addr.toString(), name.port]).toEqual(['::1', 253]);
    expect(lab.proc(lab.a, 'raw6').replace(/ \d+ 2 /, ' INODE 2 ')).toBe(
      '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n' +
        '  253: 00000000000000000000000001000000:00FD 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 INODE 2 0000000000000000 0\n',
    );
    expect(lab.proc(lab.a, 'sockstat6')).toContain('RAW6: inuse 1\n');
    expect(lab.proc(lab.a, 'protocols')).toContain('RAWv6     1344      1      -1   NI       0   yes  kernel      y  y  y  n  y  y  y  n  y  y  y  y  y  y  y  y  n  n\n');
  });
});

describe('bind(2)', () => {
  it.each([
    ['::', 0, 0],
    ['::1', 0, 0],
    [HOST6_A, 0, 0],
    ['2001:db8::9', 0, -U.EADDRNOTAVAIL],
    ['fe80::1', 0, -U.EINVAL],
    ['fe80::1', 2, -U.EADDRNOTAVAIL],
    ['fe80::1', 99, -U.ENODEV],
    ['ff02::1', 0, -U.EINVAL],
    ['ff02::1', 2, 0],
    ['ff05::1', 0, 0],
    ['::ffff:10.0.0.1', 0, -U.EADDRNOTAVAIL],
  ])('to %s, scope %i: %i', (addr, scope, result) => {
    const { ta, va } = t.lab;
    expect(ta.bind(open(ta, 253), sin6(addr, 0, scope === 2 ? va.ifindex : scope))).toBe(result);
  });

  it('takes IPv6 only, whole or as RFC 2133 had it, as often as one likes but not when connected', () => {
    const { ta } = t.lab;
    const fd = open(ta, 253);
    const whole = new Uint8Array(28);
    whole[0] = U.AF_INET6;
    whole[23] = 1;
    expect([ta.bind(fd, whole.slice(0, 23)), ta.bind(fd, whole.slice(0, 24)), ta.bind(fd, whole)]).toEqual([-U.EINVAL, 0, 0]);
    whole[0] = U.AF_INET;
    expect(ta.bind(fd, whole)).toBe(-U.EINVAL);
    ta.connect(fd, sin6(HOST6_B, 0));
    expect(ta.bind(fd, sin6('::1', 0))).toBe(-U.EINVAL);
  });
});

describe('connect(2)', () => {
  beforeEach(() => {
    expect(hosts4.addAddress(t.lab.va, '10.0.0.1', 24)).toBe(0);
  });

  it.each([
    ['::', 0, 0, '::1'],
    [HOST6_B, 0, 0, HOST6_A],
    ['fe80::1', 0, -U.EINVAL, '::'],
    ['ff02::1', 0, -U.EINVAL, '::'],
    ['::ffff:10.0.0.2', 0, 0, '::ffff:10.0.0.1'],
    ['2002::1', 0, -U.ENETUNREACH, '::'],
  ])('to %s, scope %i: %i, from %s', (addr, scope, result, from) => {
    const { ta } = t.lab;
    const fd = open(ta, 253);
    expect(ta.connect(fd, sin6(addr, 0, scope))).toBe(result);
    const name = new SockaddrIn6();
    ta.getsockname(fd, name);
    expect(name.addr.toString()).toBe(from);
    expect(ta.getpeername(fd, name)).toBe(-U.ENOTCONN);
  });

  it('does not take addresses of IPv4; a mapped peer cannot be sent to', () => {
    const { ta } = t.lab;
    const fd = open(ta, 253);
    const four = new Uint8Array(16);
    four[0] = U.AF_INET;
    expect(ta.connect(fd, four)).toBe(-U.EAFNOSUPPORT);
    ta.connect(fd, sin6('::ffff:10.0.0.2', 0));
    expect(ta.sendto(fd, bytes('x'))).toBe(-U.ENETUNREACH);
  });
});

describe('receiving', () => {
  const inject = (proto: number, payload: Uint8Array, fields: Parameters<typeof ip6Packet>[0] = {}): void => {
    t.lab.inject(t.lab.vb, ipFrame(t.lab.vb, proto, payload, fields, hosts6));
  };

  it('gets every packet of its protocol without the IPv6 header, beside the transport [IP6R-08]', () => {
    const { tb } = t.lab;
    const fd = open(tb, U.IPPROTO_ICMPV6);
    const message = icmp6Message(HOST6_A, HOST6_B, 128);
    const frames = t.lab.capture(t.lab.vb);
    inject(U.IPPROTO_ICMPV6, message);
    t.lab.clock.advance(1e9);
    expect(recv(tb, fd)).toBe(hex(message));
    // The kernel answered the echo too.
    expect(frames.some((f) => f[20] === U.IPPROTO_ICMPV6 && f[54] === 129)).toBe(true);
  });

  it('keeps a packet without transport from being called unknown, if there is room [IP6R-13]', () => {
    const { lab } = t;
    const { tb } = lab;
    const unknown = (): number => Number(/Ip6InUnknownProtos\s+(\d+)/.exec(lab.proc(lab.b, 'snmp6'))?.[1]);
    const fd = open(tb, 253);
    inject(253, bytes('data'));
    expect([recv(tb, fd), unknown()]).toEqual([hex(bytes('data')), 0]);
    const sock = tb.socketOf(fd);
    if (typeof sock === 'number' || sock.sk === null) throw new Error('no socket');
    sock.sk.rcvbuf = 1;
    for (let i = 0; i < 6; i++) inject(253, bytes('data'));
    expect([sock.sk.drops, unknown()]).toEqual([5, 5]);
  });

  it('clones to each matching socket: address, peer, device, protocol', () => {
    const { tb } = t.lab;
    const fds = [253, 253, 253, 253, 253, 253, 254].map((protocol) => open(tb, protocol));
    const [, own, foreign, peer, stranger, device] = fds as [number, number, number, number, number, number, number];
    tb.bind(own, sin6(HOST6_B, 0));
    tb.bind(foreign, sin6('::1', 0));
    tb.connect(peer, sin6(HOST6_A, 0));
    tb.connect(stranger, sin6('2001:db8::77', 0));
    tb.setsockopt(device, U.SOL_SOCKET, U.SO_BINDTODEVICE, bytes('lo'));
    inject(253, bytes('x'));
    expect(fds.map((fd) => recv(tb, fd))).toEqual(['78', '78', -U.EAGAIN, '78', -U.EAGAIN, -U.EAGAIN, -U.EAGAIN]);
  });

  it('of a group: whoever has no address, and who has one unless it wants its own groups only', () => {
    const { tb, vb } = t.lab;
    const group = (ifindex: number): Uint8Array => {
      const mreq = new Uint8Array(20);
      mreq.set(unhex('ff050000000000000000000000000077'));
      setLe32(mreq, 16, ifindex);
      return mreq;
    };
    const fds = Array.from({ length: 6 }, () => open(tb, 253));
    const [bound, silent, member, own, ownMember, ownSilent] = fds as [number, number, number, number, number, number];
    tb.bind(bound, sin6('ff05::77', 0));
    set6(tb, silent, U.IPV6_MULTICAST_ALL, 0);
    expect(set6(tb, member, U.IPV6_ADD_MEMBERSHIP, group(vb.ifindex))).toBe(0);
    for (const fd of [own, ownMember, ownSilent]) tb.bind(fd, sin6('::1', 0));
    set6(tb, ownMember, U.IPV6_ADD_MEMBERSHIP, group(vb.ifindex));
    for (const fd of [ownMember, ownSilent]) set6(tb, fd, U.IPV6_MULTICAST_ALL, 0);
    inject(253, bytes('x'), { daddr: 'ff05::77' });
    expect(fds.map((fd) => recv(tb, fd))).toEqual(['78', '78', '78', '78', '78', -U.EAGAIN]);
  });

  it('begins with the header of its protocol, be it an extension header', () => {
    const { tb } = t.lab;
    const [options, behind] = [open(tb, U.IPPROTO_DSTOPTS), open(tb, 253)];
    inject(253, bytes('hey'), { ext: [[U.IPPROTO_DSTOPTS, [...OPTION]]] });
    expect([recv(tb, options), recv(tb, behind)]).toEqual(['fd00010400000000686579', '686579']);
  });

  it('tells interface, hop limit, traffic class, source and length; cuts to the buffer', () => {
    const { tb } = t.lab;
    const fd = open(tb, 253);
    for (const name of [U.IPV6_RECVPKTINFO, U.IPV6_RECVHOPLIMIT, U.IPV6_RECVTCLASS]) set6(tb, fd, name);
    inject(253, bytes('data'), { tos: 7, ttl: 3 });
    inject(253, bytes('data'));
    const arg = new Uint8Array(4);
    tb.ioctl(fd, U.FIONREAD, arg);
    expect(leS32(arg, 0)).toBe(4);
    const control: Cmsg[] = [];
    const name = new SockaddrIn6();
    const user = { iov: [new Uint8Array(2)], name, control, flags: 0 };
    expect(tb.recvmsg(fd, user)).toBe(2);
    expect([user.flags, name.addr.toString(), name.port, name.scopeId]).toEqual([U.MSG_TRUNC, HOST6_A, 0, 0]);
    expect(control.map(({ type, data }) => `${type} ${hex(data)}`)).toEqual([`50 20010db8000000000000000000000002${hex(Uint8Array.of(t.lab.vb.ifindex))}000000`, '52 03000000', '67 07000000']);
    expect(tb.recvfrom(fd, new Uint8Array(1), U.MSG_TRUNC)).toBe(4);
    expect(tb.recvfrom(fd, new Uint8Array(1), U.MSG_OOB)).toBe(-U.EOPNOTSUPP);
    expect(tb.recvfrom(fd, new Uint8Array(1), U.MSG_DONTWAIT)).toBe(-U.EAGAIN);
  });

  it('is looked at across fragments: its type by ICMPV6_FILTER, its ports by IPV6_RECVORIGDSTADDR', () => {
    const { tb } = t.lab;
    const [icmp, options] = [open(tb, U.IPPROTO_ICMPV6), open(tb, U.IPPROTO_DSTOPTS)];
    for (const fd of [icmp, options]) set6(tb, fd, U.IPV6_RECVORIGDSTADDR);
    // The first fragment ends with the destination options.
    const message = icmp6Message(HOST6_A, HOST6_B, 200, 1, [0x13, 0x88, 0, 1]);
    const fragment = (offset: number, more: number, data: ArrayLike<number>): void =>
      inject(U.IPPROTO_FRAGMENT, Uint8Array.from([U.IPPROTO_DSTOPTS, 0, offset >> 8, offset | more, 0, 0, 0, 9, ...Array.from(data)]));
    fragment(0, 1, [U.IPPROTO_ROUTING, ...OPTION.subarray(1)]);
    fragment(8, 0, [U.IPPROTO_ICMPV6, 2, 2, 0, ...new Array<number>(20).fill(0), ...message]);
    const control: Cmsg[] = [];
    const buf = new Uint8Array(100);
    expect(tb.recvmsg(icmp, { iov: [buf], control }, U.MSG_DONTWAIT)).toBe(message.length);
    expect([hex(buf.subarray(0, message.length)), hex((control[0] as Cmsg).data.subarray(2, 4))]).toEqual([hex(message), hex(message.subarray(2, 4))]);
    expect(tb.recvmsg(options, { iov: [buf], control }, U.MSG_DONTWAIT)).toBe(32 + message.length);
    expect([control[0]?.type, hex((control[0] as Cmsg).data.subarray(2, 4))]).toEqual([U.IPV6_ORIGDSTADDR, '0104']);
  });

  it('ICMPV6_FILTER keeps types away', () => {
    const { tb } = t.lab;
    const fd = open(tb, U.IPPROTO_ICMPV6);
    const filter = new Uint8Array(32).fill(0xff);
    filter[129 >> 3] = 0xff & ~(1 << (129 & 7));
    expect(tb.setsockopt(fd, U.SOL_ICMPV6, U.ICMPV6_FILTER, filter)).toBe(0);
    for (const type of [128, 129, 130]) inject(U.IPPROTO_ICMPV6, icmp6Message(HOST6_A, HOST6_B, type));
    expect([recv(tb, fd), recv(tb, fd)]).toEqual([hex(icmp6Message(HOST6_A, HOST6_B, 129)), -U.EAGAIN]);
    tb.setsockopt(fd, U.SOL_ICMPV6, U.ICMPV6_FILTER, new Uint8Array(32));
    inject(U.IPPROTO_ICMPV6, Uint8Array.of(129, 0, 0));
    expect(recv(tb, fd)).toBe(-U.EAGAIN);
  });

  it('verifies a checksum that the socket knows of', () => {
    const { ta } = t.lab;
    const [fd, from] = [open(ta, 253), open(ta, 253)];
    set6(ta, fd, U.IPV6_CHECKSUM, 2);
    set6(ta, fd, U.IPV6_RECVTCLASS);
    const say = (what: string): string | number => {
      ta.sendto(from, bytes(what), 0, sin6('::1', 0));
      return recv(ta, fd);
    };
    expect(say('abcdef')).toBe(-U.EAGAIN);
    set6(ta, from, U.IPV6_CHECKSUM, 2);
    expect(say('abcdef')).toBe('616238326566');
    expect(say('abcdef'.repeat(300))).toHaveLength(3600);
    set6(ta, from, U.IPV6_CHECKSUM, -1);
    expect(say('abcdef'.repeat(300))).toBe(-U.EAGAIN);
    expect(t.lab.proc(t.lab.a, 'raw6')).toMatch(/ 2\n/);
    for (const each of [fd, from]) set6(ta, each, U.IPV6_CHECKSUM, 0);
    expect(say('abcdef')).toBe('363063646566');
    expect(['a', '', 'ab'].map((what) => ta.sendto(from, bytes(what), 0, sin6('::1', 0)))).toEqual([-U.EINVAL, -U.EINVAL, 2]);
  });

  it('is out of the table after connect was dissolved, as in Linux', () => {
    const { tb } = t.lab;
    const fd = open(tb, 253);
    tb.connect(fd, sin6(HOST6_A, 0));
    tb.connect(fd, new Uint8Array(28));
    inject(253, bytes('x'));
    expect(recv(tb, fd)).toBe(-U.EAGAIN);
  });
});

describe('options', () => {
  it('IPV6_CHECKSUM: of ICMPv6 by SOL_RAW only', () => {
    const { ta } = t.lab;
    const on = (protocol: number): unknown[] => {
      const fd = open(ta, protocol);
      const raw = (value: number): number => ta.setsockopt(fd, U.SOL_RAW, U.IPV6_CHECKSUM, value);
      const got = (): number => get6(ta, fd, U.IPV6_CHECKSUM);
      return [got(), set6(ta, fd, U.IPV6_CHECKSUM, 2), raw(4), got(), raw(3), raw(-3), got(), raw(0), got(), set6(ta, fd, U.IPV6_CHECKSUM, bytes('ab'))];
    };
    const rest = [0, 4, -U.EINVAL, 0, -1, 0, 0, -U.EINVAL];
    expect(on(U.IPPROTO_ICMPV6)).toEqual([2, -U.EINVAL, ...rest]);
    expect(on(253)).toEqual([-1, 0, ...rest]);
    expect(on(U.IPPROTO_MH)).toEqual([4, 0, ...rest]);
  });

  it('ICMPV6_FILTER: 32 bytes, of ICMPv6 only', () => {
    const { ta } = t.lab;
    const fd = open(ta, U.IPPROTO_ICMPV6);
    const set = (value: Uint8Array, name: number = U.ICMPV6_FILTER): number => ta.setsockopt(fd, U.SOL_ICMPV6, name, value);
    const out = new Uint8Array(40);
    expect([set(new Uint8Array(40).fill(0xff)), set(Uint8Array.of(1, 2)), ta.getsockopt(fd, U.SOL_ICMPV6, U.ICMPV6_FILTER, out)]).toEqual([0, 0, 32]);
    expect(hex(out)).toBe(`0102${'ff'.repeat(30)}${'00'.repeat(8)}`);
    expect(ta.getsockopt(fd, U.SOL_ICMPV6, U.ICMPV6_FILTER, new Uint8Array(3))).toBe(3);
    expect([set(out, 2), ta.getsockopt(fd, U.SOL_ICMPV6, 2, out)]).toEqual([-U.ENOPROTOOPT, -U.ENOPROTOOPT]);
    const other = open(ta, 253);
    expect(ta.setsockopt(other, U.SOL_ICMPV6, 2, out)).toBe(-U.EOPNOTSUPP);
    expect(ta.getsockopt(other, U.SOL_ICMPV6, U.ICMPV6_FILTER, out)).toBe(-U.EOPNOTSUPP);
  });

  it('others are those of AF_INET6, none of IPv4', () => {
    const { ta } = t.lab;
    const fd = open(ta, 253);
    expect([set6(ta, fd, U.IPV6_HDRINCL, 7), get6(ta, fd, U.IPV6_HDRINCL), ta.getsockoptInt(fd, U.SOL_RAW, U.IPV6_HDRINCL)]).toEqual([0, 1, 1]);
    expect([ta.setsockopt(fd, U.SOL_RAW, 99, 1), ta.getsockoptInt(fd, U.SOL_RAW, 99)]).toEqual([-U.ENOPROTOOPT, -U.ENOPROTOOPT]);
    expect([ta.setsockopt(fd, U.SOL_IP, U.IP_TTL, 3), ta.getsockoptInt(fd, U.SOL_IP, U.IP_TTL)]).toEqual([-U.ENOPROTOOPT, -U.ENOPROTOOPT]);
    expect([set6(ta, fd, U.IPV6_ADDRFORM, U.AF_INET), set6(ta, fd, U.IPV6_UNICAST_HOPS, 3), get6(ta, fd, U.IPV6_UNICAST_HOPS)]).toEqual([-U.ENOPROTOOPT, 0, 3]);
  });

  it('of multicast routing are those of a kernel without it', () => {
    const { ta } = t.lab;
    const fd = open(ta, U.IPPROTO_ICMPV6);
    expect([set6(ta, fd, U.MRT6_INIT), get6(ta, fd, U.MRT6_VERSION), ta.ioctl(fd, U.SIOCGETMIFCNT_IN6, new Uint8Array(64))]).toEqual([-U.ENOPROTOOPT, -U.ENOPROTOOPT, -U.ENOTTY]);
  });
});

describe('IPV6_ROUTER_ALERT', () => {
  it('is for sockets of IPPROTO_RAW; what it shows is whether the last value was 0', () => {
    const { ta } = t.lab;
    const fd = open(ta, U.IPPROTO_RAW);
    const set = (value: number | Uint8Array): number => set6(ta, fd, U.IPV6_ROUTER_ALERT, value);
    const got = (): number => get6(ta, fd, U.IPV6_ROUTER_ALERT);
    expect([got(), set(-1), set(0), got(), set(0), set(-1), got(), set(bytes('a'))]).toEqual([0, -U.ENOBUFS, 0, 0, -U.EADDRINUSE, 0, 1, -U.EINVAL]);
    expect(set6(ta, open(ta, 253), U.IPV6_ROUTER_ALERT, 0)).toBe(-U.ENOPROTOOPT);
    expect([set6(ta, fd, U.IPV6_ROUTER_ALERT_ISOLATE), get6(ta, fd, U.IPV6_ROUTER_ALERT_ISOLATE)]).toEqual([0, 1]);
  });

  it('takes packets that would be forwarded: by value and device, of other namespaces too unless isolated [IP6F-05] [IP6X-07]', () => {
    const { lab } = t;
    const { ta, tb, vb } = lab;
    lab.sysctl(lab.b, 'net/ipv6/conf/all/forwarding', '1');
    const alert = (value: number): Uint8Array =>
      ip6Packet({ daddr: '2001:db8::77', ttl: 5, ext: [[U.IPPROTO_HOPOPTS, [0, 0, 5, 2, 0, value, 1, 0]]], proto: 253, payload: bytes('data') });
    const inject = (value: number): void => {
      const packet = alert(value);
      lab.inject(vb, ipFrame(vb, 253, packet.subarray(48), { daddr: '2001:db8::77', ttl: 5, ext: [[U.IPPROTO_HOPOPTS, [0, 0, 5, 2, 0, value, 1, 0]]] }, hosts6));
    };
    const fds = [tb, tb, tb, ta, ta].map((task) => [task, open(task, U.IPPROTO_RAW)] as const);
    const [[, zero], [, one], [, device], [, elsewhere], [, isolated]] = fds as [(typeof fds)[0], (typeof fds)[0], (typeof fds)[0], (typeof fds)[0], (typeof fds)[0]];
    for (const [task, fd] of fds) set6(task, fd, U.IPV6_ROUTER_ALERT, fd === one && task === tb ? 1 : 0);
    tb.setsockopt(device, U.SOL_SOCKET, U.SO_BINDTODEVICE, bytes('lo'));
    set6(ta, isolated, U.IPV6_ROUTER_ALERT_ISOLATE);
    inject(0);
    const whole = hex(alert(0));
    expect(fds.map(([task, fd]) => recv(task, fd))).toEqual([whole, -U.EAGAIN, -U.EAGAIN, whole, -U.EAGAIN]);
    const forwarded = (): number => Number(/Ip6OutForwDatagrams\s+(\d+)/.exec(lab.proc(lab.b, 'snmp6'))?.[1]);
    expect(forwarded()).toBe(0);
    // Nobody wants this value.
    inject(2);
    expect(forwarded()).toBe(1);
    tb.close(zero);
    ta.close(elsewhere);
    inject(0);
    expect(forwarded()).toBe(2);
  });
});

describe('errors', () => {
  /** Host b says `type`/`code` about what host a sent: an echo request of 13 bytes to 2001:db8:5::1. */
  function complain(type: number, code: number, info = 0): void {
    const { va } = t.lab;
    const quoted = ip6Packet({ daddr: '2001:db8:5::1', proto: U.IPPROTO_ICMPV6, payload: unhex('8000ce371234000168656c6c6f') });
    const message = icmp6Message(HOST6_B, HOST6_A, type, code, [info >>> 24, (info >>> 16) & 255, (info >>> 8) & 255, info & 255, ...quoted]);
    t.lab.inject(va, ipFrame(va, U.IPPROTO_ICMPV6, message, { saddr: HOST6_B, daddr: HOST6_A }, hosts6));
  }
  const err = (fd: number): number => t.lab.ta.getsockoptInt(fd, U.SOL_SOCKET, U.SO_ERROR);
  function errqueue(fd: number): unknown[] {
    const { ta } = t.lab;
    const control: Cmsg[] = [];
    const name = new SockaddrIn6();
    const buf = new Uint8Array(200);
    const n = ta.recvmsg(fd, { iov: [buf], name, control }, U.MSG_ERRQUEUE) as number;
    return n < 0 ? [n] : [hex(buf.subarray(0, n)), name.addr.toString(), hex((control[0] as Cmsg).data)];
  }

  it('reach connected sockets and those with IPV6_RECVERR, with the header they sent themselves [IC6-11]', () => {
    const { ta } = t.lab;
    const fds = Array.from({ length: 4 }, () => open(ta, U.IPPROTO_ICMPV6));
    const [plain, connected, recverr, hdrincl] = fds as [number, number, number, number];
    t.lab.addr(t.lab.va, '2001:db8:5::9', 64);
    ta.bind(connected, sin6(HOST6_A, 0));
    ta.connect(connected, sin6('2001:db8:5::1', 0));
    for (const fd of [recverr, hdrincl]) set6(ta, fd, U.IPV6_RECVERR);
    set6(ta, hdrincl, U.IPV6_HDRINCL);
    complain(U.ICMPV6_DEST_UNREACH, U.ICMPV6_ADM_PROHIBITED);
    expect([plain, connected, recverr].map(err)).toEqual([0, U.EACCES, U.EACCES]);
    const why = '0d0000000301010000000000000000000a0000000000000020010db800000000000000000000000200000000';
    expect(errqueue(recverr)).toEqual(['8000ce371234000168656c6c6f', '2001:db8:5::1', why]);
    expect(errqueue(hdrincl)).toEqual(['60000000000d3a4020010db800000000000000000000000120010db80005000000000000000000018000ce371234000168656c6c6f', '2001:db8:5::1', why]);
    // No hard one: the connected socket does not hear.
    complain(U.ICMPV6_DEST_UNREACH, U.ICMPV6_NOROUTE);
    expect([connected, recverr].map(err)).toEqual([0, U.ENETUNREACH]);
  });

  it('do not reach sockets of IPPROTO_RAW, whose number no packet has', () => {
    const { ta, va } = t.lab;
    const fd = open(ta, U.IPPROTO_RAW);
    set6(ta, fd, U.IPV6_RECVERR);
    const quoted = ip6Packet({ daddr: '2001:db8:5::1', proto: U.IPPROTO_RAW, payload: new Uint8Array(8) });
    const message = icmp6Message(HOST6_B, HOST6_A, U.ICMPV6_DEST_UNREACH, U.ICMPV6_ADM_PROHIBITED, [0, 0, 0, 0, ...quoted]);
    t.lab.inject(va, ipFrame(va, U.IPPROTO_ICMPV6, message, { saddr: HOST6_B, daddr: HOST6_A }, hosts6));
    const counter = (name: string): number => Number(new RegExp(`Icmp6${name}\\s+(\\d+)`).exec(t.lab.proc(t.lab.a, 'snmp6'))?.[1]);
    expect([err(fd), errqueue(fd), counter('InDestUnreachs'), counter('InErrors')]).toEqual([0, [-U.EAGAIN], 1, 1]);
  });

  it('that the host finds itself have type and code of ICMPv6 where a port would be', () => {
    const { ta } = t.lab;
    const fd = open(ta, U.IPPROTO_ICMPV6);
    set6(ta, fd, U.IPV6_RECVERR);
    const long = new Uint8Array(70_000);
    long.set([0x80, 7]);
    expect(ta.sendto(fd, long, 0, sin6(HOST6_B, 0))).toBe(-U.EMSGSIZE);
    const name = new SockaddrIn6();
    ta.recvmsg(fd, { iov: [new Uint8Array(1)], name, control: [] }, U.MSG_ERRQUEUE);
    expect([name.addr.toString(), name.port]).toEqual([HOST6_B, 0x8007]);
  });

  it('a packet too big is hard for sockets that want it whole', () => {
    const { ta } = t.lab;
    t.lab.addr(t.lab.va, '2001:db8:5::9', 64);
    const [want, must] = [open(ta, U.IPPROTO_ICMPV6), open(ta, U.IPPROTO_ICMPV6)];
    set6(ta, must, U.IPV6_MTU_DISCOVER, U.IPV6_PMTUDISC_DO);
    for (const fd of [want, must]) {
      ta.bind(fd, sin6(HOST6_A, 0));
      ta.connect(fd, sin6('2001:db8:5::1', 0));
    }
    complain(U.ICMPV6_PKT_TOOBIG, 0, 1400);
    expect([want, must].map(err)).toEqual([0, U.EMSGSIZE]);
    expect([want, must].map((fd) => get6(ta, fd, U.IPV6_MTU))).toEqual([1400, 1400]);
  });
});
