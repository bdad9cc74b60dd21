import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { le16, le32, le64, leS32, leS64, setLe16, setLe32, setLe64 } from '../src/index.ts';

/** A buffer with something around the word, which must stay. */
function around(write: (b: Uint8Array) => void): { readonly b: Uint8Array; readonly view: DataView } {
  const b = new Uint8Array(12).fill(0xa5);
  write(b);
  expect([b[0], b[1], b[10], b[11]]).toEqual([0xa5, 0xa5, 0xa5, 0xa5]);
  return { b, view: new DataView(b.buffer) };
}

describe('little-endian words', () => {
  it('are what a DataView reads and writes', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.integer(), fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (half, word, long, big) => {
        const h = around((b) => setLe16(b, 2, half));
        expect([le16(h.b, 2), h.view.getUint16(2, true)]).toEqual([half, half]);
        const w = around((b) => setLe32(b, 2, word));
        expect([leS32(w.b, 2), le32(w.b, 2), w.view.getInt32(2, true)]).toEqual([word, word >>> 0, word]);
        const l = around((b) => setLe64(b, 2, long));
        expect([leS64(l.b, 2), l.view.getBigInt64(2, true)]).toEqual([long, BigInt(long)]);
        const x = around((b) => setLe64(b, 2, big));
        expect([le64(x.b, 2), x.view.getBigUint64(2, true)]).toEqual([BigInt.asUintN(64, big), BigInt.asUintN(64, big)]);
      }),
    );
  });

  it('take the lower bits of what is too large', () => {
    expect(around((b) => setLe16(b, 2, 0x12345)).view.getUint16(2, true)).toBe(0x2345);
    expect(around((b) => setLe32(b, 2, 0xffffffff)).view.getUint32(2, true)).toBe(0xffffffff);
    expect(around((b) => setLe64(b, 2, 1n << 64n)).view.getBigUint64(2, true)).toBe(0n);
  });

  it('are zero behind the end', () => {
    const b = new Uint8Array(0);
    expect([le16(b, 0), le32(b, 0), leS32(b, 0), leS64(b, 0), le64(b, 0)]).toEqual([0, 0, 0, 0, 0n]);
  });
});
