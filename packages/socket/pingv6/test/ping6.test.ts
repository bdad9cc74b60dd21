/** Ping sockets of AF_INET6. What is expected is what Linux 6.18 said of the same calls. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { ipv6GetLladdr } from '@skbuff/ipv6';
import { type Cmsg, type Task, kernelTask } from '@skbuff/sock';
import { HOST6_A, HOST6_B, bytes, hosts4, hosts6, icmp6Message, ip6Packet, ipFrame, sin, sin6 } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { In6Addr, setLe32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();

const hex = (data: Uint8Array): string => Array.from(data, (b) => b.toString(16).padStart(2, '0')).join('');
const unhex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (b) => Number.parseInt(b, 16));
const open = (task: Task): number => task.socket(U.AF_INET6, U.SOCK_DGRAM, U.IPPROTO_ICMPV6);
const set6 = (fd: number, name: number, value: number | Uint8Array = 1): number => t.lab.ta.setsockopt(fd, U.SOL_IPV6, name, value);
const get6 = (fd: number, name: number): number => t.lab.ta.getsockoptInt(fd, U.SOL_IPV6, name);

/** An echo request as a program writes it: identifier and checksum are the kernel's business. */
const ECHO = unhex('8000abcd1234000168656c6c6f');
const ADDRS = '20010db800000000000000000000000120010db8000000000000000000000002';
const REPLY = '8100cd3a1235000168656c6c6f';
const OPTION = unhex('0000010400000000');

/** A socket with identifier 0x1235 that sends with flow label 0, as the recorded bytes have it. */
function pinger(): number {
  const fd = open(t.lab.ta);
  expect(t.lab.ta.bind(fd, sin6('::', 0x1235))).toBe(0);
  set6(fd, U.IPV6_AUTOFLOWLABEL, 0);
  return fd;
}

interface Received {
  readonly data: string;
  readonly from: string;
  readonly flags: number;
  readonly cmsgs: readonly string[];
}

function receive(fd: number, room = 70000, flags = 0): Received | number {
  const name = new SockaddrIn6();
  const control: Cmsg[] = [];
  const buf = new Uint8Array(room);
  const msg = { iov: [buf], name, control, flags: 0 };
  const n = t.lab.ta.recvmsg(fd, msg, flags | U.MSG_DONTWAIT) as number;
  if (n < 0) return n;
  const { addr, flowinfo, port, scopeId } = name;
  return { data: hex(buf.subarray(0, n)), from: `${addr.toString()} ${port} ${flowinfo} ${scopeId}`, flags: msg.flags, cmsgs: control.map(({ type, data }) => `${type} ${hex(data)}`) };
}

/** What is there, or the errno. */
function data(fd: number): string | number {
  const got = receive(fd);
  return typeof got === 'number' ? got : got.data;
}

/** IPv6 packets that host a sends while `act` runs, without neighbour discovery's. */
function sent(act: () => void): string[] {
  const { lab } = t;
  const frames = lab.capture(lab.va);
  act();
  lab.clock.advance(1e9);
  return frames.map((f) => f.subarray(14)).filter((p) => !(p[6] === U.IPPROTO_ICMPV6 && (p[40] === 135 || p[40] === 136))).map(hex);
}

const send = (fd: number, message: Uint8Array = ECHO, flags = 0): unknown => t.lab.ta.sendto(fd, message, flags, sin6(HOST6_B, 0));

/** Sent, and a second has passed. */
function ask(fd: number, message: Uint8Array = ECHO): unknown {
  const n = send(fd, message);
  t.lab.clock.advance(1e9);
  return n;
}

function linkLocal(dev: typeof t.lab.va): string {
  const addr = new In6Addr();
  expect(ipv6GetLladdr(dev, addr, 0)).toBe(true);
  return addr.toString();
}

describe('who may', () => {
  it('groups of net.ipv4.ping_group_range [PING-02]', () => {
    const { lab } = t;
    lab.sysctl(lab.a, 'net/ipv4/ping_group_range', '100 200');
    expect([{ uid: 5, gid: 150 }, { uid: 5, gid: 201 }, {}].map((cred) => open(kernelTask(lab.a, cred)))).toEqual([0, -U.EACCES, -U.EACCES]);
    expect(lab.ta.socket(U.AF_INET6, U.SOCK_DGRAM, U.IPPROTO_ICMP)).toBe(-U.EPROTONOSUPPORT);
  });
});

describe('echo', () => {
  it('is answered, by identifier, with the header the kernel completed [PING-01] [PING-04] [IC6-09]', () => {
    const fd = pinger();
    for (const name of [U.IPV6_RECVPKTINFO, U.IPV6_RECVHOPLIMIT, U.IPV6_RECVTCLASS]) set6(fd, name);
    expect(sent(() => expect(send(fd)).toBe(13))).toEqual([`60000000000d3a40${ADDRS}8000ce3a1235000168656c6c6f`]);
    expect(receive(fd)).toEqual({
      data: REPLY,
      from: `${HOST6_B} 0 0 0`,
      flags: 0,
      cmsgs: [`50 20010db8000000000000000000000001${hex(Uint8Array.of(t.lab.va.ifindex))}000000`, '52 40000000', '67 00000000'],
    });
    expect(data(fd)).toBe(-U.EAGAIN);
  });

  it('does not wait for room in the send buffer, as Linux does not; what finds none counts', () => {
    const { lab } = t;
    const fd = pinger();
    lab.ta.setsockopt(fd, U.SOL_SOCKET, U.SO_SNDBUF, 4608);
    const counter = (name: string): number => Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(lab.proc(lab.a, 'snmp6'))?.[1]);
    const before = counter('Ip6OutDiscards');
    const message = new Uint8Array(1008);
    message[0] = U.ICMPV6_ECHO_REQUEST;
    // Nobody there says where to send them.
    const results = Array.from({ length: 8 }, () => lab.ta.sendto(fd, message, 0, sin6('2001:db8::77', 0)));
    expect(results).toEqual([1008, 1008, 1008, 1008, -U.EAGAIN, -U.EAGAIN, -U.EAGAIN, -U.EAGAIN]);
    expect([counter('Icmp6OutErrors'), counter('Ip6OutDiscards') - before]).toEqual([4, 4]);
  });

  it('of a neighbour by its link-local address, and of all of them', () => {
    const { lab } = t;
    const fd = pinger();
    const ll = linkLocal(lab.vb);
    const from: string[] = [];
    for (const addr of [ll, 'ff02::1']) {
      expect(lab.ta.sendto(fd, ECHO, 0, sin6(addr, 0, lab.va.ifindex))).toBe(13);
      lab.clock.advance(1e9);
      for (let got = receive(fd); typeof got !== 'number'; got = receive(fd)) from.push(got.from);
    }
    const own = linkLocal(lab.va);
    expect(from).toEqual([ll, own, ll].map((addr) => `${addr} 0 0 ${lab.va.ifindex}`));
  });

  it('is told apart by identifier, own address, device and family [PING-04] [PING-05]', () => {
    const { lab } = t;
    const { ta } = lab;
    const fds = [open(ta), open(ta), open(ta), open(ta), ta.socket(U.AF_INET, U.SOCK_DGRAM, U.IPPROTO_ICMP)];
    const [other, loop, device, fd, four] = fds as [number, number, number, number, number];
    expect(ta.bind(other, sin6('::', 0x77))).toBe(0);
    ta.bind(loop, sin6('::1', 0x1235));
    ta.bind(device, sin6('::', 0x1235));
    ta.setsockopt(device, U.SOL_SOCKET, U.SO_BINDTODEVICE, bytes('lo'));
    ta.bind(fd, sin6(HOST6_A, 0x1235));
    expect(ta.bind(four, sin('0.0.0.0', 0x1235))).toBe(0);
    ask(fd);
    expect([other, loop, device, fd].map(data)).toEqual([-U.EAGAIN, -U.EAGAIN, -U.EAGAIN, REPLY]);
    expect(ta.recvfrom(four, new Uint8Array(9), U.MSG_DONTWAIT)).toBe(-U.EAGAIN);
    // Nor the other way round.
    expect(hosts4.addAddress(lab.va, '10.0.0.1', 24)).toBe(0);
    expect(ta.sendto(four, Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 1), 0, sin('10.0.0.1', 0))).toBe(8);
    expect([other, loop, device, fd].map(data)).toEqual([-U.EAGAIN, -U.EAGAIN, -U.EAGAIN, -U.EAGAIN]);
    expect(ta.recvfrom(four, new Uint8Array(9), U.MSG_DONTWAIT)).toBe(8);
  });

  it('longer than the MTU goes and comes in fragments', () => {
    const fd = pinger();
    const long = new Uint8Array(3001).fill(0x71);
    long.set(ECHO);
    expect(sent(() => send(fd, long)).map((p) => [p.length / 2, p.slice(0, 16) + p.slice(80, 88)])).toEqual([
      [1496, '6000000005b02c403a000001'],
      [1496, '6000000005b02c403a0005a9'],
      [153, '6000000000712c403a000b50'],
    ]);
    expect((data(fd) as string).length).toBe(6002);
  });

  it('cuts to the buffer; MSG_TRUNC does not ask for the whole length', () => {
    const fd = pinger();
    ask(fd);
    ask(fd);
    const cut = { data: REPLY.slice(0, 10), from: `${HOST6_B} 0 0 0`, flags: U.MSG_TRUNC, cmsgs: [] };
    expect([receive(fd, 5), receive(fd, 5, U.MSG_TRUNC), receive(fd, 5, U.MSG_OOB)]).toEqual([cut, cut, -U.EOPNOTSUPP]);
  });

  it('works connected', () => {
    const { ta } = t.lab;
    const fd = pinger();
    expect(ta.connect(fd, sin6(HOST6_B, 7))).toBe(0);
    ta.sendto(fd, ECHO);
    t.lab.clock.advance(1e9);
    expect(data(fd)).toBe(REPLY);
    const name = new SockaddrIn6();
    ta.getpeername(fd, name);
    expect([name.addr.toString(), name.port]).toEqual([HOST6_B, 7]);
  });
});

describe('what a message says beside its destination', () => {
  const pktinfo = (addr: Uint8Array, ifindex: number): Uint8Array => {
    const value = new Uint8Array(20);
    value.set(addr);
    setLe32(value, 16, ifindex);
    return value;
  };
  const int = (value: number): Uint8Array => {
    const out = new Uint8Array(4);
    setLe32(out, 0, value);
    return out;
  };
  const sendmsg = (fd: number, ...control: readonly (readonly [number, Uint8Array])[]): unknown =>
    t.lab.ta.sendmsg(fd, { iov: [ECHO], name: sin6(HOST6_B, 0), control: control.map(([type, value]) => ({ level: U.SOL_IPV6, type, data: value })) });
  const plain = `60000000000d3a40${ADDRS}8000ce3a1235000168656c6c6f`;

  it('options are not sent, be they the socket\'s or the message\'s, and its source does not count', () => {
    const fd = pinger();
    expect(set6(fd, U.IPV6_DSTOPTS, OPTION)).toBe(0);
    expect(sent(() => send(fd))).toEqual([plain]);
    set6(fd, U.IPV6_DSTOPTS, new Uint8Array(0));
    expect(sent(() => sendmsg(fd, [U.IPV6_DSTOPTS, OPTION]))).toEqual([plain]);
    t.lab.addr(t.lab.va, '2001:db8::a', 64);
    // MLD has told the routers.
    t.lab.clock.advance(10e9);
    const bound = open(t.lab.ta);
    t.lab.ta.bind(bound, sin6(HOST6_A, 0x1236));
    const other = sent(() => sendmsg(bound, [U.IPV6_PKTINFO, pktinfo(unhex('20010db800000000000000000000000a'), t.lab.va.ifindex)]));
    expect(other.map((p) => p.slice(16, 80))).toEqual([ADDRS]);
    expect(sendmsg(fd, [U.IPV6_PKTINFO, pktinfo(unhex('20010db8000000000000000000000009'), t.lab.va.ifindex)])).toBe(-U.EINVAL);
    expect(sendmsg(fd, [U.IPV6_PKTINFO, pktinfo(new Uint8Array(16), 99)])).toBe(-U.ENODEV);
  });

  it('hop limit, traffic class and flow label do', () => {
    const fd = pinger();
    expect(sent(() => sendmsg(fd, [U.IPV6_HOPLIMIT, int(5)], [U.IPV6_TCLASS, int(0x20)]))).toEqual([`62000000000d3a05${ADDRS}8000ce3a1235000168656c6c6f`]);
    set6(fd, U.IPV6_FLOWINFO_SEND);
    expect(sent(() => t.lab.ta.sendto(fd, ECHO, 0, sin6(HOST6_B, 0, 0, 0x12345)))).toEqual([`60012345000d3a40${ADDRS}8000ce3a1235000168656c6c6f`]);
    // The label of the answer is told then.
    const [, label] = [receive(fd), receive(fd)];
    expect(Number((label as Received).from.split(' ')[2])).toBeGreaterThan(0);
  });

  it('MSG_MORE does nothing', () => {
    const fd = pinger();
    expect(sent(() => send(fd, ECHO, U.MSG_MORE))).toEqual([plain]);
  });

  it('the device of a bound socket must be that of the address', () => {
    const { lab } = t;
    const fd = pinger();
    lab.ta.setsockopt(fd, U.SOL_SOCKET, U.SO_BINDTODEVICE, bytes('lo'));
    expect([lab.ta.sendto(fd, ECHO, 0, sin6('fe80::1', 0, lab.va.ifindex)), lab.ta.sendto(fd, ECHO, 0, sin6(HOST6_B, 0, lab.va.ifindex))]).toEqual([-U.EINVAL, -U.ENETUNREACH]);
  });
});

describe('what may be sent', () => {
  const changed = (type: number, code = 0): Uint8Array => Uint8Array.from([type, code, ...ECHO.subarray(2)]);
  const long = (n: number): Uint8Array => {
    const message = new Uint8Array(n);
    message.set(ECHO);
    return message;
  };
  it.each([
    ['a reply', changed(129), sin6('::1', 0), -U.EINVAL],
    ['a code', changed(128, 1), sin6('::1', 0), -U.EINVAL],
    ['an echo request of IPv4', changed(8), sin6('::1', 0), -U.EINVAL],
    ['an extended echo request', changed(160), sin6('::1', 0), 13],
    ['less than a header', ECHO.subarray(0, 7), sin6('::1', 0), -U.EINVAL],
    ['as much as there can be', long(65535), sin6('::1', 0), 65535],
    ['too much', long(65536), sin6('::1', 0), -U.EMSGSIZE],
    ['to nobody', ECHO, null, -U.EDESTADDRREQ],
    ['to too few bytes of an address', ECHO, new Uint8Array(27).fill(10, 0, 1), -U.EINVAL],
    ['to another family', ECHO, new Uint8Array(28).fill(2, 0, 1), -U.EAFNOSUPPORT],
    ['to no family', ECHO, new Uint8Array(28), -U.EAFNOSUPPORT],
    ['with a port', ECHO, sin6('::1', 9), 13],
    ['to a mapped address', ECHO, sin6('::ffff:10.0.0.2', 0), -U.EINVAL],
    ['to ::', ECHO, sin6('::', 0), -U.ENETUNREACH],
    ['to an address of a link, of which nobody says which', ECHO, sin6('fe80::1', 0), -U.EINVAL],
    ['to a group of such a link', ECHO, sin6('ff02::1', 0), -U.EINVAL],
    ['to a wider group', ECHO, sin6('ff05::1', 0), 13],
    ['where no route leads', ECHO, sin6('2002::1', 0), -U.ENETUNREACH],
  ])('%s [PING-03]', (_what, message, name, result) => {
    expect(t.lab.ta.sendto(open(t.lab.ta), message, 0, name)).toBe(result);
  });
});

describe('bind(2) and connect(2)', () => {
  it.each([
    ['::', 0, 0],
    ['::1', 0, 0],
    [HOST6_A, 0, 0],
    [HOST6_A, 2, 0],
    [HOST6_A, 99, -U.ENODEV],
    ['2001:db8::9', 0, -U.EADDRNOTAVAIL],
    ['fe80::1', 0, -U.EINVAL],
    ['fe80::1', 2, -U.EADDRNOTAVAIL],
    ['fe80::1', 99, -U.ENODEV],
    ['ff02::1', 2, -U.EINVAL],
    ['ff05::1', 0, -U.EINVAL],
    ['::ffff:10.0.0.1', 0, -U.EINVAL],
  ])('bound to %s, scope %i: %i', (addr, scope, result) => {
    const { ta, va } = t.lab;
    expect(ta.bind(open(ta), sin6(addr, 0x77, scope === 2 ? va.ifindex : scope))).toBe(result);
  });

  it('wants all of an address of IPv6, once', () => {
    const { ta } = t.lab;
    const fd = open(ta);
    const whole = new Uint8Array(28);
    whole[0] = U.AF_INET6;
    expect(ta.bind(fd, whole.slice(0, 27))).toBe(-U.EINVAL);
    for (const family of [U.AF_INET, U.AF_UNSPEC]) {
      whole[0] = family;
      expect(ta.bind(fd, whole)).toBe(-U.EAFNOSUPPORT);
    }
    expect([ta.bind(fd, sin6('::', 1)), ta.bind(fd, sin6('::', 2))]).toEqual([0, -U.EINVAL]);
  });

  it('an identifier that is taken leaves the socket as it was [PING-04]', () => {
    const { lab } = t;
    const { ta } = lab;
    const [has, wants] = [open(ta), open(ta)];
    for (const fd of [has, wants]) ta.setsockopt(fd, U.SOL_SOCKET, U.SO_REUSEADDR, 0);
    ta.bind(has, sin6('::', 0x500));
    const ll = sin6(linkLocal(lab.va), 0x500, lab.va.ifindex);
    expect([ta.bind(wants, ll), ta.getsockoptInt(wants, U.SOL_SOCKET, U.SO_BINDTOIFINDEX)]).toEqual([-U.EADDRINUSE, 0]);
    const name = new SockaddrIn6();
    ta.getsockname(wants, name);
    expect([name.addr.toString(), name.port]).toEqual(['::', 0]);
    ll.port = 0x501;
    expect([ta.bind(wants, ll), ta.getsockoptInt(wants, U.SOL_SOCKET, U.SO_BINDTOIFINDEX)]).toEqual([0, lab.va.ifindex]);
  });

  it.each([
    ['::', 0, '::1'],
    [HOST6_B, 0, HOST6_A],
    ['fe80::1', -U.EINVAL, '::'],
    ['::ffff:10.0.0.2', -U.ENETUNREACH, '::'],
    ['2002::1', -U.ENETUNREACH, '::'],
  ])('connected to %s: %i', (addr, result, from) => {
    const { ta } = t.lab;
    const fd = open(ta);
    expect(ta.connect(fd, sin6(addr, 7))).toBe(result);
    const name = new SockaddrIn6();
    ta.getsockname(fd, name);
    expect(name.addr.toString()).toBe(from);
  });

  it('does not connect to addresses of IPv4', () => {
    const four = new Uint8Array(16);
    four[0] = U.AF_INET;
    expect(t.lab.ta.connect(open(t.lab.ta), four)).toBe(-U.EAFNOSUPPORT);
  });
});

describe('seen from outside', () => {
  it('/proc/net/icmp6 has the sockets of this family, /proc/net/icmp the others [PING-06]', () => {
    const { lab } = t;
    const { ta } = lab;
    pinger();
    ta.bind(ta.socket(U.AF_INET, U.SOCK_DGRAM, U.IPPROTO_ICMP), sin('0.0.0.0', 7));
    expect(lab.proc(lab.a, 'icmp6').replace(/ \d+ 2 /, ' INODE 2 ')).toBe(
      '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n' +
        `${String(0x1235 & 63).padStart(5)}: 00000000000000000000000000000000:1235 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 INODE 2 0000000000000000 0\n`,
    );
    expect(lab.proc(lab.a, 'icmp').trimEnd().split('\n')).toHaveLength(2);
    expect(lab.proc(lab.a, 'protocols')).toContain('PINGv6    1344      1      -1   NI       0   yes  kernel      y  y  y  n  n  y  n  n  y  y  y  y  y  y  n  y  y  n\n');
  });

  it('options are those of AF_INET6; IPv6 only', () => {
    const { ta } = t.lab;
    const fd = pinger();
    expect([get6(fd, U.IPV6_V6ONLY), get6(fd, U.IPV6_CHECKSUM), get6(fd, U.IPV6_HDRINCL), ta.getsockoptInt(fd, U.SOL_ICMPV6, 1), ta.getsockoptInt(fd, U.SOL_IP, U.IP_TTL)]).toEqual([
      1,
      -U.ENOPROTOOPT,
      -U.ENOPROTOOPT,
      -U.ENOPROTOOPT,
      64,
    ]);
    expect([U.SIOCINQ, U.SIOCOUTQ].map((request) => ta.ioctl(fd, request, new Uint8Array(4)))).toEqual([-U.ENOTTY, -U.ENOTTY]);
  });
});

describe('errors', () => {
  it('reach connected sockets and those with IPV6_RECVERR, by the quoted identifier', () => {
    const { lab } = t;
    const { ta, va } = lab;
    lab.addr(va, '2001:db8:5::9', 64);
    const [plain, connected, recverr] = [open(ta), open(ta), open(ta)];
    for (const [i, fd] of [plain, connected, recverr].entries()) expect(ta.bind(fd, sin6('::', 0x1240 + i))).toBe(0);
    ta.connect(connected, sin6('2001:db8:5::1', 0));
    set6(recverr, U.IPV6_RECVERR);
    const complain = (ident: number, code: number): void => {
      const quoted = ip6Packet({ daddr: '2001:db8:5::1', proto: U.IPPROTO_ICMPV6, payload: Uint8Array.from([0x80, 0, 0xce, 0x2b, ident >> 8, ident & 255, ...ECHO.subarray(6)]) });
      lab.inject(va, ipFrame(va, U.IPPROTO_ICMPV6, icmp6Message(HOST6_B, HOST6_A, U.ICMPV6_DEST_UNREACH, code, [0, 0, 0, 0, ...quoted]), { saddr: HOST6_B, daddr: HOST6_A }, hosts6));
    };
    // A connected socket has the source for its own address.
    expect(ta.bind(open(ta), sin6('2001:db8:5::9', 0))).toBe(0);
    for (const i of [0, 1, 2]) complain(0x1240 + i, U.ICMPV6_NOROUTE);
    const err = (fd: number): number => ta.getsockoptInt(fd, U.SOL_SOCKET, U.SO_ERROR);
    expect([plain, connected, recverr].map(err)).toEqual([0, 0, U.ENETUNREACH]);
    expect(receive(recverr, 100, U.MSG_ERRQUEUE)).toMatchObject({ data: '8000ce2b1242000168656c6c6f', from: '2001:db8:5::1 0 0 0' });
    complain(0x1242, U.ICMPV6_ADM_PROHIBITED);
    expect(err(recverr)).toBe(U.EACCES);
    expect(receive(recverr, 100, U.MSG_ERRQUEUE)).toMatchObject({ cmsgs: ['25 0d0000000301010000000000000000000a0000000000000020010db800000000000000000000000200000000'] });
    expect(receive(recverr, 100, U.MSG_ERRQUEUE)).toBe(-U.EAGAIN);
    const hard = open(ta);
    ta.bind(hard, sin6(HOST6_A, 0x1250));
    expect(ta.connect(hard, sin6('2001:db8:5::1', 0))).toBe(0);
    complain(0x1250, U.ICMPV6_NOROUTE);
    complain(0x1250, U.ICMPV6_ADM_PROHIBITED);
    expect(err(hard)).toBe(U.EACCES);
  });
});
