import { expect, it } from 'vitest';
import {
  addrconfAddrSolictMult,
  In6Addr,
  in6addrAny,
  in6addrInterfacelocalAllnodes,
  in6addrInterfacelocalAllrouters,
  in6addrLinklocalAllnodes,
  in6addrLinklocalAllrouters,
  in6addrLoopback,
  in6addrSitelocalAllrouters,
  in6MaskWord,
  in6Pton,
  ipv6AddrDiff,
  ipv6AddrPrefix,
  ipv6PrefixEqual,
} from '../src/index.ts';

function in6(text: string): In6Addr {
  const addr = in6Pton(text);
  if (addr === null) throw new Error(text);
  return addr;
}

/** The address as one number. */
function big(addr: In6Addr): bigint {
  return addr.toBytes().reduce((n, byte) => (n << 8n) | BigInt(byte), 0n);
}

/** Numbers that are the same in each run. */
function* chance(seed: number): Generator<number, never> {
  for (let x = seed; ; ) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    yield (x ^ (x >>> 15)) >>> 0;
  }
}

it('text is eight groups of 16 bits, the longest run of zero groups left out [IP6A-02]', () => {
  const texts = [
    ['2001:0db8:0000:0000:0000:ff00:0042:8329', '2001:db8::ff00:42:8329'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
    ['FE80::ABCD', 'fe80::abcd'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ] as const;
  for (const [text, short] of texts) expect([text, in6(text).toString()]).toEqual([text, short]);
  expect(in6('2001:db8::1').toHex()).toBe('20010db8000000000000000000000001');
  for (const text of ['', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::', '1:2:3:4:5:6:7:8::', '::1%eth0', '::1.2.3', ' ::1']) {
    expect([text, in6Pton(text)]).toEqual([text, null]);
  }
});

it('is 16 bytes in the order of the wire, four words in memory [IP6A-10]', () => {
  const addr = in6('2001:db8:1122:3344:5566:7788:99aa:bbcc');
  const bytes = new Uint8Array(20);
  addr.store(bytes, 3);
  expect([...bytes]).toEqual([0, 0, 0, 0x20, 1, 0x0d, 0xb8, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0]);
  expect([addr.isAt(bytes, 3), addr.isAt(bytes, 2), new In6Addr().load(bytes, 3).equals(addr)]).toEqual([true, false, true]);
  expect([addr.w0, addr.w1, addr.w2 >>> 0, addr.w3 >>> 0]).toEqual([0x20010db8, 0x11223344, 0x55667788, 0x99aabbcc]);
  // However a word was written: it is kept with its sign.
  expect(new In6Addr(0xffffffff, 0x80000000).equals(new In6Addr(-1, -0x80000000))).toBe(true);
});

it('knows the unspecified address, equal ones and groups, and takes four words [IP6A-15]', () => {
  expect([in6('::').isAny(), in6('::1').isAny(), in6('8000::').isAny(), in6('0:0:1::').isAny(), in6('0:0:0:0:1::').isAny()]).toEqual([true, false, false, false, false]);
  const a = in6('2001:db8::1');
  for (const other of ['2001:db9::1', '2001:db8:1::1', '2001:db8::1:0:0:1', '2001:db8::2']) expect(a.equals(in6(other))).toBe(false);
  expect([a.equals(a.clone()), a.clone().copy(in6('::1')).isLoopback(), a.isLoopback()]).toEqual([true, true, false]);
  expect(new In6Addr().set(0xff020000, 0, 0, 0x16).toString()).toBe('ff02::16');
  expect(['ff02::1', 'ff00::', 'fe80::1', 'fec0::', '::ff02:1'].map((text) => in6(text).isMulticast())).toEqual([true, true, false, false, false]);
  expect(['fe80::1', 'febf:ffff::', 'fec0::', 'fe7f::'].map((text) => in6(text).isLinkLocal())).toEqual([true, true, false, false]);
  expect(['::ffff:1.2.3.4', '::1.2.3.4', '::fffe:1.2.3.4', '1::ffff:1.2.3.4'].map((text) => in6(text).isV4Mapped())).toEqual([true, false, false, false]);
});

it('a prefix is so many leading bits [IP6A-03]', () => {
  expect([ipv6PrefixEqual(in6('2001:da7:1:2::3'), in6('2001:da7::'), 32), ipv6PrefixEqual(in6('2001:da8::'), in6('2001:da7::'), 32)]).toEqual([true, false]);
  expect(ipv6AddrPrefix(new In6Addr(), in6('2001:da7:ffff:ffff::1'), 35).toString()).toBe('2001:da7:e000::');
  const numbers = chance(1);
  const next = (): number => numbers.next().value;
  for (let round = 0; round < 2000; round++) {
    const a = new In6Addr(next(), next(), next(), next());
    const b = a.clone();
    const flip = next() % 129;
    if (flip < 128) {
      const bytes = b.toBytes();
      bytes[flip >> 3] = (bytes[flip >> 3] as number) ^ (0x80 >> (flip & 7));
      b.load(bytes, 0);
      if (flip < 127 && round % 2 === 0) b.w3 = (b.w3 ^ (flip < 96 ? next() : 1)) | 0;
    }
    const diff = big(a) ^ big(b);
    const common = diff === 0n ? 128 : 128 - diff.toString(2).length;
    const bits = next() % 129;
    expect([ipv6AddrDiff(a, b), ipv6PrefixEqual(a, b, bits)]).toEqual([common, common >= bits]);
    const mask = ((1n << BigInt(bits)) - 1n) << BigInt(128 - bits);
    expect(big(ipv6AddrPrefix(new In6Addr(), a, bits))).toBe(big(a) & mask);
    expect(big(new In6Addr(in6MaskWord(bits, 0), in6MaskWord(bits, 1), in6MaskWord(bits, 2), in6MaskWord(bits, 3)))).toBe(mask);
  }
});

it('has the addresses that everybody knows, and the group of a neighbour’s question [IP6A-17]', () => {
  const known = [in6addrAny, in6addrLoopback, in6addrInterfacelocalAllnodes, in6addrLinklocalAllnodes, in6addrInterfacelocalAllrouters, in6addrLinklocalAllrouters, in6addrSitelocalAllrouters];
  expect(known.map((addr) => addr.toString())).toEqual(['::', '::1', 'ff01::1', 'ff02::1', 'ff01::2', 'ff02::2', 'ff05::2']);
  expect(addrconfAddrSolictMult(new In6Addr(), in6('2001:db8::a1b2:c3d4:e5f6')).toString()).toBe('ff02::1:ffd4:e5f6');
});

it('spreads over hashes, which another seed makes others', () => {
  const hashes = new Set(Array.from({ length: 4096 }, (_, i) => in6('2001:db8::').set(0x20010db8, 0, 0, i).hash(7) & 4095));
  expect(hashes.size).toBeGreaterThan(2300);
  expect(in6('2001:db8::1').hash(1)).not.toBe(in6('2001:db8::1').hash(2));
});

it('is no sum of its words: addresses that cancel each other out word by word have hashes of their own', () => {
  // Multiplied by odd numbers and put together by exclusive or, as many hashes do it, these are all the same.
  const inverse = 0xa0fe3bcf;
  expect(Math.imul(0x27d4_eb2f, inverse)).toBe(1);
  const chosen = Array.from({ length: 4096 }, (_, i) => {
    const [w1, w2] = [i, Math.imul(i, 77_777)];
    return new In6Addr(0x20010db8, w1, w2, Math.imul(inverse, 0x1234 ^ Math.imul(w1, 0x85eb_ca6b) ^ Math.imul(w2, 0xc2b2_ae35)));
  });
  for (const seed of [0, 7, -1]) expect(new Set(chosen.map((addr) => addr.hash(seed))).size).toBeGreaterThan(4090);
});
