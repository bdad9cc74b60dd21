/** The parts of AF_INET6 that need no stack. How its sockets behave is shown where there are some: udpv6. */
import { SockaddrIn } from '@skbuff/af-inet';
import { ipv6AddrType } from '@skbuff/ipv6';
import * as U from '@skbuff/uapi';
import { type In6Addr, in6Pton } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import {
  SockaddrIn6,
  icmpv6ErrConvert,
  in6PktinfoCmsg,
  in6PktinfoOf,
  ip6Flowinfo,
  ipv6AddrNeedsScopeId,
  ipv6IfaceScopeId,
  procAddr6,
  sockaddrIn6Codec,
  sockaddrInOf,
} from '../src/index.ts';

const in6 = (text: string): In6Addr => in6Pton(text) as In6Addr;

describe('sockaddr_in6', () => {
  it('is 28 bytes, family and scope little endian, the rest big endian', () => {
    const bytes = new Uint8Array(28).fill(0xa5);
    const sin6 = new SockaddrIn6(in6('2001:db8::1'), 0x1234, 7, 0x0abcdef);
    sockaddrIn6Codec.encode(sin6, bytes);
    expect([...bytes]).toEqual([10, 0, 0x12, 0x34, 0, 0xab, 0xcd, 0xef, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0]);
    expect(sockaddrIn6Codec.decode(bytes)).toEqual(sin6);
  });

  it('may be 24 bytes without a scope; of fewer there is only the family', () => {
    const bytes = new Uint8Array(28).fill(1);
    bytes.set([10, 0]);
    const old = sockaddrIn6Codec.decode(bytes.subarray(0, 24)) as SockaddrIn6;
    expect([old.family, old.length, old.port, old.scopeId]).toEqual([U.AF_INET6, 24, 0x101, 0]);
    const short = sockaddrIn6Codec.decode(bytes.subarray(0, 23)) as SockaddrIn6;
    expect([short.family, short.length, short.port, short.addr.isAny()]).toEqual([U.AF_INET6, 23, 0, true]);
    expect([0, 1].map((n) => sockaddrIn6Codec.decode(bytes.subarray(0, n)).family)).toEqual([-1, -2]);
  });

  it('may be one of AF_INET, of 16 bytes', () => {
    const bytes = Uint8Array.of(2, 0, 0, 53, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    const decoded = sockaddrIn6Codec.decode(bytes);
    expect([decoded.family, (decoded as SockaddrIn6).addr.toString()]).toEqual([U.AF_INET, '::ffff:192.0.2.1']);
    expect(sockaddrInOf(decoded)).toEqual(new SockaddrIn(0xc0000201, 53));
    expect(sockaddrInOf(sockaddrIn6Codec.decode(bytes.subarray(0, 15)))).toBe(null);
    expect(sockaddrInOf(new SockaddrIn(1, 2))).toEqual(new SockaddrIn(1, 2));
  });
});

it('an IPV6_PKTINFO holds an address and an index', () => {
  const { data } = in6PktinfoCmsg(in6('2001:db8::1'), 0x1234);
  expect([...data]).toEqual([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x34, 0x12, 0, 0]);
  expect(in6PktinfoOf(data)).toEqual({ addr: in6('2001:db8::1'), ifindex: 0x1234 });
});

describe('what an ICMPv6 error means', () => {
  it.each([
    ['no route', U.ICMPV6_DEST_UNREACH, U.ICMPV6_NOROUTE, U.ENETUNREACH, false],
    ['prohibited', U.ICMPV6_DEST_UNREACH, U.ICMPV6_ADM_PROHIBITED, U.EACCES, true],
    ['beyond scope', U.ICMPV6_DEST_UNREACH, U.ICMPV6_NOT_NEIGHBOUR, U.EHOSTUNREACH, false],
    ['address unreachable', U.ICMPV6_DEST_UNREACH, U.ICMPV6_ADDR_UNREACH, U.EHOSTUNREACH, false],
    ['port unreachable', U.ICMPV6_DEST_UNREACH, U.ICMPV6_PORT_UNREACH, U.ECONNREFUSED, true],
    ['policy', U.ICMPV6_DEST_UNREACH, U.ICMPV6_POLICY_FAIL, U.EACCES, true],
    ['rejected', U.ICMPV6_DEST_UNREACH, U.ICMPV6_REJECT_ROUTE, U.EACCES, true],
    ['a code that nobody knows', U.ICMPV6_DEST_UNREACH, 99, U.EPROTO, true],
    ['too big', U.ICMPV6_PKT_TOOBIG, 0, U.EMSGSIZE, false],
    ['time exceeded', U.ICMPV6_TIME_EXCEED, 0, U.EHOSTUNREACH, false],
    ['parameter problem', U.ICMPV6_PARAMPROB, 0, U.EPROTO, true],
  ])('%s', (_what, type, code, errno, hard) => {
    expect(icmpv6ErrConvert(type, code)).toEqual({ errno, hard });
  });
});

it.each([
  ['fe80::1', true],
  ['ff02::1', true],
  ['ff01::1', true],
  ['ff05::1', false],
  ['ff0e::1', false],
  ['fec0::1', false],
  ['2001:db8::1', false],
  ['::1', false],
])('%s means something only with an interface: %s', (addr, needs) => {
  expect([ipv6AddrNeedsScopeId(ipv6AddrType(in6(addr))), ipv6IfaceScopeId(in6(addr), 3)]).toEqual([needs, needs ? 3 : 0]);
});

it('the words of a header and of /proc', () => {
  expect(ip6Flowinfo(Uint8Array.of(0x6a, 0xb1, 0x23, 0x45), 0)).toBe(0x0ab12345);
  expect(procAddr6(in6('2001:db8::1'), 53)).toBe('B80D0120000000000000000001000000:0035');
});
