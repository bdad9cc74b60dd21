import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csumBlockAdd, csumFold, csumPartial, csumReplace2, csumReplace4, csumTcpudpMagic, ipComputeCsum, ipFastCsum, ipFastCsumOk, setBe16 } from '../src/index.ts';

/** RFC 1071 word by word with bigints: nothing to overflow. The ones' complement sum, not complemented; 0 only for all zeros. */
function slowSum(bytes: Uint8Array): number {
  let sum = 0n;
  for (let i = 0; i < bytes.length; i += 2) sum += (BigInt(bytes[i]) << 8n) | BigInt(bytes[i + 1] ?? 0);
  while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
  return Number(sum);
}

const area = fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), before: fc.nat(9), after: fc.nat(9) });

function framed({ bytes, before, after }: { bytes: Uint8Array; before: number; after: number }): Uint8Array {
  const all = new Uint8Array(before + bytes.length + after).fill(0xa5);
  all.set(bytes, before);
  return all;
}

describe('csumPartial and csumFold', () => {
  it('agree with the plain definition for every length and offset', () => {
    fc.assert(
      fc.property(area, (a) => {
        expect(ipComputeCsum(framed(a), a.before, a.bytes.length)).toBe(~slowSum(a.bytes) & 0xffff);
      }),
      { numRuns: 500 },
    );
  });

  it('agree for the longest packet of the highest bytes', () => {
    const bytes = new Uint8Array(65535 + 1).fill(0xff);
    expect(ipComputeCsum(bytes, 0, bytes.length)).toBe(0);
    expect(ipComputeCsum(bytes, 1, 65535)).toBe(~slowSum(bytes.subarray(1)) & 0xffff);
  });

  it('sum in pieces that begin at even offsets as in one go', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(150), (bytes, half) => {
        const cut = Math.min(half * 2, bytes.length & ~1);
        const pieces = csumPartial(bytes, cut, bytes.length - cut, csumPartial(bytes, 0, cut, 0));
        expect(csumFold(pieces)).toBe(ipComputeCsum(bytes, 0, bytes.length));
      }),
    );
  });

  it('sum in pieces at any offset with csumBlockAdd', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300), { maxLength: 6 }), (bytes, cuts) => {
        const at = [0, ...cuts.filter((c) => c <= bytes.length).sort((a, b) => a - b), bytes.length];
        let sum = 0;
        for (let i = 1; i < at.length; i++) {
          const from = at[i - 1] as number;
          sum = csumBlockAdd(sum, csumPartial(bytes, from, (at[i] as number) - from, 0), from);
        }
        expect(csumFold(sum)).toBe(ipComputeCsum(bytes, 0, bytes.length));
      }),
      { numRuns: 500 },
    );
  });

  it('fold sums beyond 2^32 without losing a carry', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 48n }), (sum) => {
        let s = sum;
        while (s > 0xffffn) s = (s & 0xffffn) + (s >> 16n);
        expect(csumFold(Number(sum))).toBe(~Number(s) & 0xffff);
      }),
      { numRuns: 2000 },
    );
    for (const sum of [2 ** 32 - 1, 2 ** 32, 2 ** 33 - 1, 2 ** 33, 2 ** 40 + 2 ** 32 - 256, 2 ** 48]) {
      expect(csumFold(sum)).toBe(sum % 0xffff === 0 ? 0 : ~(sum % 0xffff) & 0xffff);
    }
  });
});

describe('the pseudo-header', () => {
  it('is part of the sum as RFC 768 lays it out', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.nat(0xffff), fc.nat(255), fc.uint8Array({ maxLength: 40 }), (saddr, daddr, len, proto, data) => {
        const pseudo = new Uint8Array(12);
        setBe16(pseudo, 0, saddr >>> 16);
        setBe16(pseudo, 2, saddr & 0xffff);
        setBe16(pseudo, 4, daddr >>> 16);
        setBe16(pseudo, 6, daddr & 0xffff);
        pseudo[9] = proto;
        setBe16(pseudo, 10, len);
        const whole = Uint8Array.from([...pseudo, ...data]);
        expect(csumTcpudpMagic(saddr, daddr, len, proto, csumPartial(data, 0, data.length, 0))).toBe(ipComputeCsum(whole, 0, whole.length));
      }),
    );
  });
});

describe('incremental update (RFC 1624)', () => {
  const header = fc.uint8Array({ minLength: 20, maxLength: 20 }).filter((b) => b.some((x, i) => i !== 10 && i !== 11 && x !== 0));

  function withChecksum(bytes: Uint8Array): Uint8Array {
    const out = bytes.slice();
    setBe16(out, 10, 0);
    setBe16(out, 10, ipComputeCsum(out, 0, 20));
    return out;
  }

  it('of a 16-bit word gives a header that still sums up', () => {
    fc.assert(
      fc.property(header, fc.constantFrom(0, 2, 4, 6, 8, 12, 14, 16, 18), fc.nat(0xffff), (bytes, at, to) => {
        const ip = withChecksum(bytes);
        const check = csumReplace2((ip[10] << 8) | ip[11], (ip[at] << 8) | ip[at + 1], to);
        setBe16(ip, at, to);
        setBe16(ip, 10, check);
        expect(ipFastCsumOk(ip, 0, 5)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('of a 32-bit address gives a header that still sums up', () => {
    fc.assert(
      fc.property(header, fc.constantFrom(12, 16), fc.nat(0xffffffff), (bytes, at, to) => {
        const ip = withChecksum(bytes);
        const from = ((ip[at] << 24) | (ip[at + 1] << 16) | (ip[at + 2] << 8) | ip[at + 3]) >>> 0;
        setBe16(ip, 10, csumReplace4((ip[10] << 8) | ip[11], from, to));
        setBe16(ip, at, to >>> 16);
        setBe16(ip, at + 2, to & 0xffff);
        expect(ipFastCsumOk(ip, 0, 5)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the example of RFC 1624 section 4: 0xDD2F, 0x5555 to 0x3285 gives 0x0000, not 0xFFFF', () => {
    expect(csumReplace2(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });
});

describe('ipFastCsumOk', () => {
  it('accepts exactly the headers whose words sum to 0xffff, of every length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 15 }), fc.uint8Array({ minLength: 60, maxLength: 60 }), fc.nat(3), fc.boolean(), (ihl, bytes, before, right) => {
        const all = new Uint8Array(64).fill(0xa5);
        const len = ihl * 4;
        all.set(bytes.subarray(0, len), before);
        if (right) {
          setBe16(all, before + 10, 0);
          setBe16(all, before + 10, ipComputeCsum(all, before, len));
        }
        expect(ipFastCsumOk(all, before, ihl)).toBe(slowSum(all.subarray(before, before + len)) === 0xffff);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a header of zeros and one with a single flipped bit', () => {
    expect(ipFastCsumOk(new Uint8Array(20), 0, 5)).toBe(false);
    const ip = Uint8Array.from([0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7]);
    expect(ipFastCsumOk(ip, 0, 5)).toBe(true);
    for (let bit = 0; bit < 160; bit++) {
      const bad = ip.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      expect(ipFastCsumOk(bad, 0, 5)).toBe(false);
    }
  });
});

describe('ipFastCsum', () => {
  it('is what the general routine gives for headers of every length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 15 }), fc.uint8Array({ minLength: 60, maxLength: 60 }), (ihl, bytes) => {
        bytes[10] = bytes[11] = 0;
        expect(ipFastCsum(bytes, 0, ihl)).toBe(ipComputeCsum(bytes, 0, ihl * 4));
      }),
    );
  });
});
