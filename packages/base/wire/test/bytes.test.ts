import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { be16, be24, be32, copyBytes, copyMac, equalBytes, setBe16, setBe32, zeroBytes } from '../src/index.ts';

describe('numbers on the wire', () => {
  it('are big-endian, and read back as they were written [PAT-06]', () => {
    const b = new Uint8Array(8).fill(0xa5);
    setBe16(b, 1, 0x0102);
    setBe32(b, 3, 0xfffefdfc);
    expect([...b]).toEqual([0xa5, 1, 2, 0xff, 0xfe, 0xfd, 0xfc, 0xa5]);
    fc.assert(
      fc.property(fc.nat(0xffff), fc.nat(0xffffffff), fc.nat(3), (short, long, off) => {
        setBe16(b, off, short);
        expect(be16(b, off)).toBe(short);
        setBe32(b, off, long);
        expect(be32(b, off)).toBe(long);
        expect(be24(b, off)).toBe(long >>> 8);
      }),
    );
  });
});

describe('copyBytes', () => {
  it('copies between and inside arrays, where areas overlap too, and touches nothing else', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), fc.nat(160), fc.boolean(), (to, from, n, same) => {
        const src = Uint8Array.from({ length: 400 }, (_, i) => (i * 7) & 0xff);
        const dst = same ? src : new Uint8Array(400).fill(0xa5);
        const expected = [...dst];
        const part = src.slice(from, from + n);
        for (let i = 0; i < n; i++) expected[to + i] = part[i] as number;
        copyBytes(dst, to, src, from, n);
        expect([...dst]).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('small areas', () => {
  it('are copied, zeroed and compared without touching their neighbours', () => {
    const b = Uint8Array.from({ length: 200 }, (_, i) => i);
    copyMac(b, 100, b, 10);
    expect([...b.subarray(99, 107)]).toEqual([99, 10, 11, 12, 13, 14, 15, 106]);
    for (const n of [0, 1, 64, 65, 90]) {
      const z = new Uint8Array(100).fill(0xa5);
      zeroBytes(z, 5, n);
      expect(z.findIndex((x) => x === 0)).toBe(n === 0 ? -1 : 5);
      expect(z.lastIndexOf(0)).toBe(n === 0 ? -1 : 4 + n);
    }
    expect(equalBytes(b, 100, b, 10, 6)).toBe(true);
    expect(equalBytes(b, 100, b, 10, 7)).toBe(false);
    expect(equalBytes(b, 0, b, 1, 0)).toBe(true);
  });
});
