/**
 * bind(2), connect(2), sendto(2) with all kinds of addresses, as bytes. What is expected is what Linux 6.18 said, in a namespace with nothing
 * but loopback.
 */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { bytes, in6, sin6 } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { setBe16, setLe32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();

interface Named {
  readonly family?: number;
  readonly port?: number;
  readonly scope?: number;
  /** Bytes of it that are handed over. */
  readonly length?: number;
}

function sa6(addr: string, { family = U.AF_INET6, port = 0, scope = 0, length = 28 }: Named = {}): Uint8Array {
  const bytes = new Uint8Array(28);
  bytes[0] = family;
  setBe16(bytes, 2, port);
  in6(addr).store(bytes, 8);
  setLe32(bytes, 24, scope);
  return bytes.slice(0, length);
}

function sa4(port: number, length = 16): Uint8Array {
  return Uint8Array.of(U.AF_INET, 0, port >> 8, port, 127, 0, 0, 1, ...new Array<number>(20).fill(0)).slice(0, length);
}

/** A fresh socket; -errno or 0 of what is done with it, and what it says of itself then. */
function socket(v6only = false): number {
  const fd = t.lab.tb.socket(U.AF_INET6, U.SOCK_DGRAM);
  if (v6only) t.lab.tb.setsockopt(fd, U.SOL_IPV6, U.IPV6_V6ONLY, 1);
  return fd;
}

function own(fd: number): SockaddrIn6 {
  const addr = new SockaddrIn6();
  expect(t.lab.tb.getsockname(fd, addr)).toBe(28);
  return addr;
}

const MC_LL = 'ff02::1';

describe('bind', () => {
  it.each<[string, Uint8Array, number, boolean?]>([
    ['any', sa6('::'), 0],
    ['24 bytes, as RFC 2133 had', sa6('::', { length: 24 }), 0],
    ['23 bytes', sa6('::', { length: 23 }), -U.EINVAL],
    ['2 bytes', sa6('::', { length: 2 }), -U.EINVAL],
    ['nothing', new Uint8Array(0), -U.EINVAL],
    ['AF_INET, 16 bytes', sa4(0), -U.EINVAL],
    ['AF_INET, 28 bytes', sa4(0, 28), -U.EAFNOSUPPORT],
    ['AF_UNSPEC', sa6('::', { family: 0 }), -U.EAFNOSUPPORT],
    ['a group of a link without one', sa6(MC_LL), -U.EINVAL],
    ['a group of a link', sa6(MC_LL, { scope: 1 }), 0, true],
    ['a link-local address without a link', sa6('fe80::1'), -U.EINVAL],
    ['one of a link that is not there', sa6('fe80::1', { scope: 9 }), -U.ENODEV],
    ['one that is not ours', sa6('fe80::1', { scope: 1 }), -U.EADDRNOTAVAIL],
    ['mapped', sa6('::ffff:127.0.0.1'), 0, false],
    ['mapped, not ours', sa6('::ffff:1.2.3.4'), -U.EADDRNOTAVAIL],
    ['mapped, any', sa6('::ffff:0.0.0.0'), 0, false],
    ['mapped, a group', sa6('::ffff:224.0.0.1'), 0, false],
    ['not ours', sa6('2001::1'), -U.EADDRNOTAVAIL],
    ['IPv4-compatible', sa6('::1.2.3.4'), -U.EADDRNOTAVAIL],
    ['a global group', sa6('ff0e::1'), 0, true],
    ['ours', sa6('2001:db8::2'), 0, true],
  ])('%s', (_what, addr, result, v6only = false) => {
    const fd = socket();
    expect(t.lab.tb.bind(fd, addr)).toBe(result);
    const name = own(fd);
    expect(name.port !== 0).toBe(result === 0);
    if (result === 0) expect(addr.slice(8, 24)).toEqual(name.addr.toBytes());
    const out = new Uint8Array(4);
    t.lab.tb.getsockopt(fd, U.SOL_IPV6, U.IPV6_V6ONLY, out);
    expect(out[0]).toBe(Number(v6only));
    if (result === 0) expect(t.lab.tb.bind(fd, sa6('::'))).toBe(-U.EINVAL);
  });

  it('takes foreign addresses where that is asked for', () => {
    for (const option of [U.IPV6_FREEBIND, U.IPV6_TRANSPARENT]) {
      const fd = socket();
      t.lab.tb.setsockopt(fd, U.SOL_IPV6, option, 1);
      expect(t.lab.tb.bind(fd, sa6('2001::1'))).toBe(0);
    }
  });

  it('does not take a mapped address for IPv6 only, nor that of a device that is not there', () => {
    expect(t.lab.tb.bind(socket(true), sa6('::ffff:127.0.0.1'))).toBe(-U.EINVAL);
  });
});

describe('two sockets on a port', () => {
  const ADDRS: readonly (readonly [addr: string, v6only: boolean])[] = [
    ['::', false],
    ['::', true],
    ['::1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:0.0.0.0', false],
    ['0.0.0.0', false],
    ['127.0.0.1', false],
    ['127.0.0.2', false],
  ];
  const mapped = (addr: string): string => `::ffff:${addr}`;

  function bound(addr: string, v6only: boolean): number {
    const v4 = !addr.includes(':');
    const fd = t.lab.tb.socket(v4 ? U.AF_INET : U.AF_INET6, U.SOCK_DGRAM);
    if (v6only) t.lab.tb.setsockopt(fd, U.SOL_IPV6, U.IPV6_V6ONLY, 1);
    const { addr: a } = sin6(v4 ? mapped(addr) : addr, 7000);
    const err = t.lab.tb.bind(fd, v4 ? Uint8Array.of(2, 0, 27, 88, ...a.toBytes().slice(12), 0, 0, 0, 0, 0, 0, 0, 0) : sa6(addr, { port: 7000 }));
    return err < 0 ? err : fd;
  }

  it.each<[string, boolean, string]>([
    ['::', false, 'xxxxxxxx'],
    ['::', true, 'xxx.....'],
    ['::1', false, 'xxx.....'],
    ['::ffff:127.0.0.1', false, 'x..xxxx.'],
    ['::ffff:0.0.0.0', false, 'x..xxxxx'],
    ['0.0.0.0', false, 'x..xxxxx'],
    ['127.0.0.1', false, 'x..xxxx.'],
    ['127.0.0.2', false, 'x...xx.x'],
  ])('%s (IPv6 only: %s) and each of the others: %s', (addr, v6only, conflicts) => {
    const first = bound(addr, v6only);
    const row = ADDRS.map(([other, only]) => {
      const fd = bound(other, only);
      if (fd >= 0) t.lab.tb.close(fd);
      return fd === -U.EADDRINUSE ? 'x' : '.';
    });
    t.lab.tb.close(first);
    expect(row.join('')).toBe(conflicts);
  });
});

describe('connect', () => {
  it.each<[string, Uint8Array, number, number, string?, string?]>([
    ['28 bytes', sa6('::1', { port: 9 }), 0, 0, '::1', '::1'],
    ['24 bytes', sa6('::1', { port: 9, length: 24 }), 0, 0, '::1', '::1'],
    ['23 bytes', sa6('::1', { port: 9, length: 23 }), -U.EINVAL, -U.EINVAL],
    ['1 byte', Uint8Array.of(10), -U.EINVAL, -U.EINVAL],
    ['AF_UNSPEC', Uint8Array.of(0, 0), 0, 0],
    ['AF_INET', sa4(9), 0, -U.EAFNOSUPPORT, '::ffff:127.0.0.1', '::ffff:127.0.0.1'],
    ['AF_INET, 15 bytes', sa4(9, 15), -U.EINVAL, -U.EAFNOSUPPORT],
    ['any: itself', sa6('::', { port: 9 }), 0, 0, '::1', '::1'],
    ['mapped', sa6('::ffff:127.0.0.1', { port: 9 }), 0, -U.ENETUNREACH, '::ffff:127.0.0.1', '::ffff:127.0.0.1'],
    ['link-local without a link', sa6('fe80::1', { port: 9 }), -U.EINVAL, -U.EINVAL],
    ['a group of a link without one', sa6(MC_LL, { port: 9 }), -U.EINVAL, -U.EINVAL],
    ['a group of a link that is not there', sa6(MC_LL, { port: 9, scope: 77 }), -U.ENETUNREACH, -U.ENETUNREACH],
    ['port 0: no peer has one', sa6('::1'), 0, 0, '::1'],
    ['no such family', sa6('::', { family: 99 }), -U.EAFNOSUPPORT, -U.EAFNOSUPPORT],
    ['where there is no way', sa6('2001:db9::1', { port: 9 }), -U.ENETUNREACH, -U.ENETUNREACH],
  ])('%s', (_what, addr, result, v6only, name, peer) => {
    const fd = socket();
    expect([t.lab.tb.connect(fd, addr), t.lab.tb.connect(socket(true), addr)]).toEqual([result, v6only]);
    if (name !== undefined) expect(own(fd).addr.toString()).toBe(name);
    const to = new SockaddrIn6();
    expect(t.lab.tb.getpeername(fd, to)).toBe(peer === undefined ? -U.ENOTCONN : 28);
    if (peer !== undefined) expect(to.addr.toString()).toBe(peer);
  });

  it('keeps the peer when there is no way to the next', () => {
    const fd = socket();
    expect([t.lab.tb.connect(fd, sa6('::1', { port: 9 })), t.lab.tb.connect(fd, sa6('2001:db9::1', { port: 8 }))]).toEqual([0, -U.ENETUNREACH]);
    const to = new SockaddrIn6();
    t.lab.tb.getpeername(fd, to);
    expect([to.addr.toString(), to.port]).toEqual(['::1', 9]);
  });

  it('that fails leaves the way as it was; but the interface that it named counts for what is sent', () => {
    const { vb } = t.lab;
    const fd = socket();
    const frames = t.lab.capture(vb);
    expect(t.lab.tb.connect(fd, sa6('2001:db8::1', { port: 9 }))).toBe(0);
    expect(t.lab.tb.connect(fd, sa6('2001:db9::1', { port: 8 }))).toBe(-U.ENETUNREACH);
    expect(t.lab.tb.sendto(fd, bytes('x'))).toBe(1);
    const sent = frames.find((frame) => frame[20] === U.IPPROTO_UDP) as Uint8Array;
    expect([...sent.subarray(38, 54)]).toEqual([...in6('2001:db8::1').toBytes()]);
    expect(t.lab.tb.connect(fd, sa6(MC_LL, { port: 9, scope: 99 }))).toBe(-U.ENETUNREACH);
    expect(t.lab.tb.sendto(fd, bytes('x'))).toBe(-U.ENETUNREACH);
  });

  it('by IPv4 has a hop limit, too', () => {
    const fd = socket();
    expect(t.lab.tb.connect(fd, sa6('::ffff:127.0.0.1', { port: 9 }))).toBe(0);
    expect(t.lab.tb.getsockoptInt(fd, U.SOL_IPV6, U.IPV6_UNICAST_HOPS)).toBe(64);
  });

  it.each<[string, (fd: number) => number]>([
    ['SO_BINDTODEVICE', (fd) => t.lab.tb.setsockopt(fd, U.SOL_SOCKET, U.SO_BINDTODEVICE, bytes('vb'))],
    ['the scope of an address that is not there', (fd) => t.lab.tb.bind(fd, sa6('fe80::77', { scope: t.lab.vb.ifindex })) + U.EADDRNOTAVAIL],
  ])('with AF_UNSPEC gives the interface up that came by %s', (_what, choose) => {
    const fd = socket();
    const { ifindex } = t.lab.vb;
    const choice = (name: number, data: readonly number[]): number => t.lab.tb.setsockopt(fd, U.SOL_IPV6, name, Uint8Array.from(data));
    const options = (): number[] => [
      choice(U.IPV6_UNICAST_IF, [0, 0, 0, ifindex]),
      choice(U.IPV6_PKTINFO, [...new Array<number>(20).fill(0)]),
      choice(U.IPV6_PKTINFO, [...new Array<number>(16).fill(0), ifindex, 0, 0, 0]),
    ];
    expect(choose(fd)).toBe(0);
    // As long as it has one it takes no choice but that, and IPV6_UNICAST_IF not even that.
    expect(options()).toEqual([-U.EINVAL, -U.EINVAL, 0]);
    expect(t.lab.tb.connect(fd, Uint8Array.of(0, 0))).toBe(0);
    expect(options()).toEqual([0, 0, 0]);
    expect(t.lab.tb.bind(fd, sa6('::1'))).toBe(0);
  });

  it('is undone by AF_UNSPEC, and the address that it chose is given up', () => {
    const fd = socket();
    t.lab.tb.bind(fd, sa6('::', { port: 6000 }));
    t.lab.tb.connect(fd, sa6('::1', { port: 9 }));
    expect(own(fd).addr.toString()).toBe('::1');
    expect(t.lab.tb.connect(fd, Uint8Array.of(0, 0))).toBe(0);
    expect([own(fd).addr.toString(), own(fd).port]).toEqual(['::', 6000]);
    expect(t.lab.tb.sendto(fd, Uint8Array.of(1))).toBe(-U.EDESTADDRREQ);
  });
});

describe('sendto', () => {
  it.each<[string, Uint8Array, readonly number[]]>([
    ['28 bytes', sa6('::1', { port: 9 }), [1, 1, 1, 1, -U.EAFNOSUPPORT, 1]],
    ['24 bytes', sa6('::1', { port: 9, length: 24 }), [1, 1, 1, 1, -U.EAFNOSUPPORT, 1]],
    ['23 bytes', sa6('::1', { port: 9, length: 23 }), new Array<number>(6).fill(-U.EINVAL)],
    ['AF_UNSPEC: nobody is named', Uint8Array.of(0, 0), [...new Array<number>(5).fill(-U.EDESTADDRREQ), 1]],
    ['AF_INET', sa4(9), [1, -U.EOPNOTSUPP, -U.ENETUNREACH, -U.ENETUNREACH, 1, 1]],
    ['AF_INET, 15 bytes', sa4(9, 15), [-U.EINVAL, -U.EOPNOTSUPP, -U.ENETUNREACH, -U.ENETUNREACH, -U.EINVAL, -U.EINVAL]],
    ['any: itself', sa6('::', { port: 9 }), [1, 1, 1, 1, 1, 1]],
    ['mapped', sa6('::ffff:127.0.0.1', { port: 9 }), [1, -U.EOPNOTSUPP, -U.ENETUNREACH, -U.ENETUNREACH, 1, 1]],
    ['mapped, port 0', sa6('::ffff:127.0.0.1'), [-U.EINVAL, -U.EOPNOTSUPP, -U.ENETUNREACH, -U.ENETUNREACH, -U.EINVAL, -U.EINVAL]],
    ['where there is no way', sa6('2001:db9::1', { port: 9 }), new Array<number>(6).fill(-U.ENETUNREACH)],
    ['port 0', sa6('::1'), new Array<number>(6).fill(-U.EINVAL)],
    ['no such family', sa6('::1', { family: 99, port: 9 }), new Array<number>(6).fill(-U.EINVAL)],
  ])('%s: from a fresh socket, with MSG_OOB, IPv6 only, from ::1, from a mapped address, connected', (_what, addr, results) => {
    const { tb } = t.lab;
    const send = (fd: number, flags = 0): unknown => tb.sendto(fd, Uint8Array.of(1), flags, addr);
    const from = (own: string): number => {
      const fd = socket();
      tb.bind(fd, sa6(own));
      return fd;
    };
    const connected = socket();
    tb.connect(connected, sa6('::1', { port: 9 }));
    expect([send(socket()), send(socket(), U.MSG_OOB), send(socket(true)), send(from('::1')), send(from('::ffff:127.0.0.1')), send(connected)]).toEqual(results);
  });

  it('no more than a datagram has room for', () => {
    const to = sin6('::1', 9);
    expect([t.lab.tb.sendto(socket(), new Uint8Array(65528), 0, to), t.lab.tb.sendto(socket(), new Uint8Array(65527), 0, to)]).toEqual([-U.EMSGSIZE, 65527]);
  });
});
