/** What raw sockets of AF_INET6 send. The bytes that are expected are those of Linux 6.18. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { icmpv6 } from '@skbuff/icmpv6';
import type { Cmsg } from '@skbuff/sock';
import { HOST6_A, HOST6_B, bytes, in6, ip6Packet, sin6 } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { get6, hex, open, set6, unhex, useLab } from './support.ts';

const t = useLab(() => [icmpv6()]);

/** A socket that sends with flow label 0, as the recorded bytes have it. */
function sender(protocol: number): number {
  const fd = open(t.lab.ta, protocol);
  set6(t.lab.ta, fd, U.IPV6_AUTOFLOWLABEL, 0);
  return fd;
}

/** IPv6 packets that host a sends while `act` runs, without neighbour discovery's. */
function sent(act: () => void): string[] {
  const { lab } = t;
  const frames = lab.capture(lab.va);
  act();
  lab.clock.advance(1e9);
  return frames.map((f) => f.subarray(14)).filter((p) => !(p[6] === U.IPPROTO_ICMPV6 && (p[40] === 135 || p[40] === 136))).map(hex);
}

const ECHO = unhex('8000abcd1234000168656c6c6f');
const ADDRS = '20010db800000000000000000000000120010db8000000000000000000000002';
const OPTION = unhex('0000010400000000');

describe('sending', () => {
  const send = (fd: number, data: Uint8Array, flags = 0): unknown => t.lab.ta.sendto(fd, data, flags, sin6(HOST6_B, 0));

  it('ICMPv6 with the checksum filled in, whatever headers go before it', () => {
    const { ta } = t.lab;
    const fd = sender(U.IPPROTO_ICMPV6);
    const message = '8000ce3b1234000168656c6c6f';
    expect(sent(() => send(fd, ECHO))).toEqual([`60000000000d3a40${ADDRS}${message}`]);
    set6(ta, fd, U.IPV6_DSTOPTS, OPTION);
    expect(sent(() => send(fd, ECHO))).toEqual([`6000000000153c40${ADDRS}3a00010400000000${message}`]);
    set6(ta, fd, U.IPV6_DSTOPTS, new Uint8Array(0));
    set6(ta, fd, U.IPV6_HOPOPTS, OPTION);
    expect(sent(() => send(fd, ECHO))).toEqual([`6000000000150040${ADDRS}3a00010400000000${message}`]);
  });

  it('in fragments, the checksum in whichever of them it belongs [IP6T-02]', () => {
    const { ta } = t.lab;
    // The identification of the fragments aside.
    const pieces = (act: () => void): [number, string, string][] =>
      sent(act).map((p) => [p.length / 2, p.slice(0, 16) + p.slice(80, 88), p.slice(96, 112)]);
    const fd = sender(U.IPPROTO_ICMPV6);
    const long = Uint8Array.from([...ECHO, ...Array.from({ length: 3000 }, (_, i) => i % 200)]);
    expect(pieces(() => send(fd, long))).toEqual([
      [1496, '6000000005b02c403a000001', '80008c2312340001'],
      [1496, '6000000005b02c403a0005a9', '232425262728292a'],
      [165, '60000000007d2c403a000b50', '535455565758595a'],
    ]);
    const far = sender(253);
    set6(ta, far, U.IPV6_CHECKSUM, 1496);
    const z = new Uint8Array(1600).fill(0x7a);
    const second = sent(() => send(far, z))[1] as string;
    expect([second.slice(0, 16), second.indexOf('59097a'), second.length]).toEqual(['6000000000a02c40', 96 + 48 * 2, 400]);
    set6(ta, far, U.IPV6_CHECKSUM, 1446);
    expect((sent(() => send(far, z))[0] as string).slice(-4)).toBe('5909');
    set6(ta, far, U.IPV6_CHECKSUM, 2000);
    expect(send(far, z)).toBe(-U.EINVAL);
  });

  it('collects with MSG_MORE; the checksum is that of a packet to where the last piece goes', () => {
    const fd = sender(U.IPPROTO_ICMPV6);
    const first = Uint8Array.from([...ECHO, 0x78]);
    const pieces = (...rest: Uint8Array[]): string[] =>
      sent(() => {
        send(fd, first, U.MSG_MORE);
        for (const [i, part] of rest.entries()) expect(send(fd, part, i < rest.length - 1 ? U.MSG_MORE : 0)).toBe(part.length);
      });
    expect(pieces(bytes('yz'), bytes('12'))).toEqual([`6000000000123a40${ADDRS}800023121234000168656c6c6f78797a3132`]);
    const long = pieces(new Uint8Array(2000).fill(0x79), bytes('12'));
    expect(long.map((p) => [p.length / 2, p.slice(96, 112)])).toEqual([
      [1496, '8000123c12340001'],
      [616, '7979797979797979'],
    ]);
    const elsewhere = sent(() => {
      send(fd, first, U.MSG_MORE);
      t.lab.ta.sendto(fd, bytes('12'), 0, sin6('2001:db8::3', 0));
    });
    expect(elsewhere).toEqual([`6000000000103a40${ADDRS}80009c8d1234000168656c6c6f783132`]);
    send(fd, bytes('never'), U.MSG_MORE);
    t.lab.ta.close(fd);
  });

  it('with MSG_MORE in pieces of odd lengths: a right checksum, where Linux makes a wrong one', () => {
    const fd = sender(U.IPPROTO_ICMPV6);
    const packet = sent(() => {
      for (const part of [ECHO, bytes('xyz')]) send(fd, part, U.MSG_MORE);
      send(fd, bytes('12'));
    });
    expect(packet).toEqual([`6000000000123a40${ADDRS}800023121234000168656c6c6f78797a3132`]);
  });

  it.each([
    ['too few bytes of an address', 253, new Uint8Array(23).fill(10, 0, 1), -U.EINVAL],
    ['no bytes of one', 253, new Uint8Array(0), -U.EINVAL],
    ['another family', 253, new Uint8Array(28).fill(2, 0, 1), -U.EAFNOSUPPORT],
    ['no family', 253, new Uint8Array(28), 4],
    ['its protocol for a port', 253, sin6('::1', 253), 4],
    ['another protocol', 253, sin6('::1', 9), -U.EINVAL],
    ['no protocol', 253, sin6('::1', 509), -U.EINVAL],
    ['a mapped address', 253, sin6('::ffff:10.0.0.2', 0), -U.ENETUNREACH],
    ['::', 253, sin6('::', 0), 4],
    ['where no route leads', 253, sin6('2002::1', 0), -U.ENETUNREACH],
    ['nobody', 253, null, -U.EDESTADDRREQ],
    ['less than an IPv6 header', 255, sin6('::1', 0), -U.EINVAL],
    ['less than type and code of a mobility header', 135, sin6('::1', 0), -U.EINVAL],
  ])('to %s', (_what, protocol, name, result) => {
    const { ta } = t.lab;
    expect(ta.sendto(open(ta, protocol), bytes('abcd'), 0, name)).toBe(result);
  });

  it('of ICMPv6 needs type and code, and room for the checksum', () => {
    const { ta } = t.lab;
    const fd = open(ta, U.IPPROTO_ICMPV6);
    expect([0, 1, 2, 3, 4].map((n) => ta.sendto(fd, new Uint8Array(n), 0, sin6('::1', 0)))).toEqual([-U.EFAULT, -U.EFAULT, -U.EINVAL, -U.EINVAL, 4]);
    const mh = open(ta, U.IPPROTO_MH);
    expect([2, 4, 6].map((n) => ta.sendto(mh, new Uint8Array(n), 0, sin6('::1', 0)))).toEqual([-U.EFAULT, -U.EINVAL, 6]);
    expect(ta.sendto(fd, ECHO, U.MSG_OOB, sin6('::1', 0))).toBe(-U.EOPNOTSUPP);
  });

  it('up to 65535 bytes; IPPROTO_RAW without a header of its own takes any protocol', () => {
    const { ta } = t.lab;
    const fd = open(ta, 253);
    expect([65535, 70000].map((n) => ta.sendto(fd, new Uint8Array(n), 0, sin6('::1', 0)))).toEqual([65535, -U.EMSGSIZE]);
    const raw = sender(U.IPPROTO_RAW);
    set6(ta, raw, U.IPV6_HDRINCL, 0);
    expect(sent(() => ta.sendto(raw, bytes('x'), 0, sin6(HOST6_B, 9)))).toEqual([`6000000000010940${ADDRS}78`]);
    expect(ta.sendto(raw, bytes('x'), 0, sin6(HOST6_B, 256))).toBe(-U.EINVAL);
  });

  it('longer than the path without fragments: IPV6_DONTFRAG counts for ICMPv6, not for others', () => {
    const { ta } = t.lab;
    const [other, icmp] = [open(ta, 253), open(ta, U.IPPROTO_ICMPV6)];
    for (const fd of [other, icmp]) set6(ta, fd, U.IPV6_DONTFRAG);
    set6(ta, icmp, U.IPV6_RECVPATHMTU);
    const long = new Uint8Array(1462).fill(0x80);
    expect([send(other, long), send(icmp, long)]).toEqual([1462, -U.EMSGSIZE]);
    const control: Cmsg[] = [];
    expect(ta.recvmsg(icmp, { iov: [new Uint8Array(9)], control }, U.MSG_DONTWAIT)).toBe(0);
    expect(control.map(({ type, data }) => `${type} ${hex(data)}`)).toEqual(['61 0a0000000000000020010db800000000000000000000000200000000dc050000']);
  });

  it('sends although the socket was shut down, as Linux does', () => {
    const { ta } = t.lab;
    const fd = open(ta, 253);
    expect(ta.shutdown(fd, U.SHUT_WR)).toBe(-U.ENOTCONN);
    expect(send(fd, bytes('x'))).toBe(1);
  });
});

describe('what a message says beside its destination', () => {
  const int = (value: number): Uint8Array => {
    const out = new Uint8Array(4);
    setLe32(out, 0, value);
    return out;
  };
  const pktinfo = (addr: string, ifindex: number): Uint8Array => Uint8Array.from([...in6(addr).toBytes(), ...int(ifindex)]);
  /** Of an interface: `va`, `lo`, or one that is not there. */
  const index = (name: string): number => ({ va: t.lab.va.ifindex, lo: 1, none: 99 })[name] ?? 0;
  function send(fd: number, control: readonly (readonly [number, Uint8Array])[], addr: string = HOST6_B, scope = '', data = bytes('x')): unknown {
    return t.lab.ta.sendmsg(fd, { iov: [data], name: sin6(addr, 0, index(scope)), control: control.map(([type, value]) => ({ level: U.SOL_IPV6, type, data: value })) });
  }

  it.each([
    ['an own source', U.IPV6_PKTINFO, HOST6_A, '', 1],
    ['an interface', U.IPV6_PKTINFO, '::', 'va', 1],
    ['an interface that is not there', U.IPV6_PKTINFO, '::', 'none', -U.ENODEV],
    ['a source of others', U.IPV6_PKTINFO, '2001:db8::9', '', -U.EINVAL],
  ])('%s', (_what, type, addr, dev, result) => {
    expect(send(open(t.lab.ta, 253), [[type, pktinfo(addr, index(dev))]])).toBe(result);
  });

  it.each([
    ['a hop limit', [[U.IPV6_HOPLIMIT, int(5)]], 1],
    ['too much of one', [[U.IPV6_HOPLIMIT, int(256)]], -U.EINVAL],
    ['no fragments', [[U.IPV6_DONTFRAG, int(2)]], -U.EINVAL],
    ['hop-by-hop options', [[U.IPV6_HOPOPTS, OPTION]], 1],
    ['them twice', [[U.IPV6_HOPOPTS, OPTION], [U.IPV6_HOPOPTS, OPTION]], -U.EINVAL],
    ['half of them', [[U.IPV6_HOPOPTS, OPTION.slice(0, 4)]], -U.EINVAL],
    ['too little', [[U.IPV6_PKTINFO, bytes('abc')]], -U.EINVAL],
    ['something unknown', [[99, int(1)]], -U.EINVAL],
  ] as const)('%s', (_what, control, result) => {
    expect(send(open(t.lab.ta, 253), control)).toBe(result);
  });

  it('headers go with this packet only, in the place of the socket\'s', () => {
    const fd = sender(253);
    set6(t.lab.ta, fd, U.IPV6_DSTOPTS, OPTION);
    const packets = sent(() => {
      send(fd, [[U.IPV6_HOPOPTS, OPTION], [U.IPV6_HOPLIMIT, int(5)], [U.IPV6_TCLASS, int(9)]]);
      send(fd, []);
    });
    expect(packets).toEqual([`6090000000090005${ADDRS}fd0001040000000078`, `6000000000093c40${ADDRS}fd0001040000000078`]);
  });

  it('of several interfaces the one that is nearest to the packet; IPV6_PKTINFO of the socket counts for other sockets only', () => {
    const { ta } = t.lab;
    const on = (set: (fd: number) => unknown, control: readonly (readonly [number, Uint8Array])[] = [], addr: string = HOST6_B, scope = ''): unknown => {
      const fd = open(ta, 253);
      set(fd);
      return send(fd, control, addr, scope);
    };
    const bound = (fd: number): unknown => ta.setsockopt(fd, U.SOL_SOCKET, U.SO_BINDTODEVICE, bytes('va'));
    expect([on(bound, [[U.IPV6_PKTINFO, pktinfo('::', 1)]]), on(bound, [[U.IPV6_PKTINFO, pktinfo('::', index('va'))]])]).toEqual([-U.EINVAL, 1]);
    expect(on(bound, [], 'fe80::1', 'lo')).toBe(-U.ENETUNREACH);
    expect(on((fd) => set6(ta, fd, U.IPV6_PKTINFO, pktinfo('2001:db8::9', 1)))).toBe(1);
    expect(on((fd) => set6(ta, fd, U.IPV6_MULTICAST_IF, 1), [], 'ff05::1')).toBe(-U.ENETUNREACH);
    expect(on((fd) => set6(ta, fd, U.IPV6_UNICAST_IF, Uint8Array.of(0, 0, 0, 1)))).toBe(-U.ENETUNREACH);
    expect(on((fd) => ta.bind(fd, sin6('ff05::1', 0)))).toBe(1);
  });

  it('counts with IPV6_HDRINCL too, but adds no headers', () => {
    const fd = open(t.lab.ta, U.IPPROTO_RAW);
    const packet = ip6Packet({ proto: 253, payload: bytes('x') });
    expect(sent(() => expect(send(fd, [[U.IPV6_HOPOPTS, OPTION]], HOST6_B, '', packet)).toBe(41))).toEqual([hex(packet)]);
    expect(send(fd, [[U.IPV6_PKTINFO, pktinfo('::', 99)]], HOST6_B, '', packet)).toBe(-U.ENODEV);
  });

  it('a flow label that is another\'s to use is refused', () => {
    const { ta } = t.lab;
    const [owner, fd] = [open(ta, 253), open(ta, 253)];
    for (const each of [owner, fd]) set6(ta, each, U.IPV6_FLOWINFO_SEND);
    const request = new Uint8Array(32);
    request.set(in6(HOST6_B).toBytes());
    request.set([0, 1, 0x23, 0x45, U.IPV6_FL_A_GET, U.IPV6_FL_S_EXCL, U.IPV6_FL_F_CREATE], 16);
    expect(set6(ta, owner, U.IPV6_FLOWLABEL_MGR, request)).toBe(0);
    const by = (each: number): unknown => ta.sendto(each, bytes('x'), 0, sin6(HOST6_B, 0, 0, 0x12345));
    expect([by(owner), by(fd)]).toEqual([1, -U.EINVAL]);
    expect(send(fd, [[U.IPV6_FLOWINFO, Uint8Array.of(0, 1, 0x23, 0x45)]])).toBe(-U.EINVAL);
  });
});

describe('with IPV6_HDRINCL', () => {
  const header = (fields: Parameters<typeof ip6Packet>[0] = {}): Uint8Array => ip6Packet({ proto: 253, ttl: 9, flowlabel: 0x12345, payload: bytes('abc'), ...fields });
  const send = (fd: number, data: Uint8Array, flags = 0): unknown => t.lab.ta.sendto(fd, data, flags, sin6(HOST6_B, 0));

  it('sends the header as it is: no source, a wrong length, another destination; at once', () => {
    const fd = open(t.lab.ta, U.IPPROTO_RAW);
    expect(get6(t.lab.ta, fd, U.IPV6_HDRINCL)).toBe(1);
    expect(sent(() => send(fd, header()))).toEqual([`600123450003fd09${ADDRS}616263`]);
    const odd = header({ saddr: '::', payloadLen: 77 });
    expect(sent(() => send(fd, odd, U.MSG_MORE))).toEqual([hex(odd)]);
  });

  it('goes to the neighbour of the name, whatever the header says; but over the router, where the name is beyond one', () => {
    const { lab } = t;
    const { ta } = lab;
    const fd = open(ta, U.IPPROTO_RAW);
    const frames = lab.capture(lab.va);
    const to = (name: string, daddr: string): unknown => ta.sendto(fd, header({ daddr }), 0, sin6(name, 0));
    expect([to('2001:db8::77', '2001:db8::88'), to(HOST6_B, '2001:db8:7::7')]).toEqual([43, 43]);
    lab.clock.advance(1e8);
    const asked = frames.filter((f) => f[54] === 135).map((f) => hex(f.subarray(62, 78)));
    expect(asked).toEqual(['20010db8000000000000000000000077', '20010db8000000000000000000000002']);
    const [first, ...more] = frames.filter((f) => f[20] === 253);
    expect([hex((first as Uint8Array).subarray(38, 54)), hex((first as Uint8Array).subarray(0, 6)), more.length]).toEqual(['20010db8000700000000000000000007', hex(lab.vb.devAddr.subarray(0, 6)), 0]);
  });

  it('must fit: -EINVAL below a header, -EMSGSIZE above the MTU of the device', () => {
    const { lab } = t;
    const { ta } = lab;
    const fd = open(ta, U.IPPROTO_RAW);
    const long = (n: number): Uint8Array => header({ payload: new Uint8Array(n - 40) });
    expect([header().subarray(0, 39), long(40), long(1500), long(1501)].map((p) => send(fd, p))).toEqual([-U.EINVAL, 40, 1500, -U.EMSGSIZE]);
    set6(ta, fd, U.IPV6_RECVERR);
    send(fd, long(1501));
    const control: Cmsg[] = [];
    const name = new SockaddrIn6();
    expect(ta.recvmsg(fd, { iov: [new Uint8Array(9)], name, control }, U.MSG_ERRQUEUE)).toBe(0);
    expect([name.addr.toString(), hex((control[0] as Cmsg).data)]).toEqual([HOST6_B, `5a00000001000000dc05000000000000${'00'.repeat(28)}`]);
    expect(send(fd, header(), U.MSG_PROBE)).toBe(43);
  });
});
