/** Whether what arrived is what was sent: a transport of an invented protocol, 4 bytes of header of which the last two are the checksum. */
import { csumFold, csumPartial, setBe16 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import {
  Arena,
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_UNNECESSARY,
  GRO_CB_OFFSET,
  type SkBuff,
  SkbuffCache,
  skbChecksum,
  skbChecksumComplete,
  skbChecksumSimpleValidate,
  skbChecksumValidateComplete,
  skbCsumUnnecessary,
  skbGroChecksumValidate,
} from '../src/index.ts';
import { addFrag, putText } from './helpers.ts';

const HEADER = 4;
const PSEUDO = 0x12345;
/** The longest that is verified on arrival. */
const SHORT = 76;

/** `len` bytes with a checksum that covers `psum`, the second half in a fragment; `damaged`: the last byte is another one. */
function arrived(len: number, psum: number, damaged = false): SkBuff {
  const cache = new SkbuffCache(new Arena(1 << 20));
  const skb = cache.alloc(len + 64) as SkBuff;
  skb.reserve(20);
  const bytes = Uint8Array.from({ length: len }, (_, i) => (i * 37) & 0xff);
  bytes.fill(0, 2, HEADER);
  setBe16(bytes, 2, csumFold(csumPartial(bytes, 0, len, psum)));
  if (damaged) bytes[len - 1] ^= 1;
  const half = len >> 1;
  putText(skb, String.fromCharCode(...bytes.subarray(0, half)));
  skb.transportHeader = skb.data;
  addFrag(skb, bytes.slice(half));
  return skb;
}

describe('skbChecksumValidateComplete', () => {
  it.each([
    ['right', false, true, CHECKSUM_UNNECESSARY],
    ['damaged', true, false, CHECKSUM_NONE],
  ])('verifies a short packet at once: %s', (_, damaged, ok, ipSummed) => {
    const skb = arrived(SHORT, PSEUDO, damaged);
    expect(skbChecksumValidateComplete(skb, false, PSEUDO)).toBe(ok);
    expect(skb.ipSummed).toBe(ipSummed);
  });

  it.each([
    ['right', false],
    ['damaged', true],
  ])('leaves a long one to whoever reads it, wherever data is by then: %s', (_, damaged) => {
    const skb = arrived(SHORT + 1, PSEUDO, damaged);
    expect(skbChecksumValidateComplete(skb, false, PSEUDO)).toBe(true);
    expect(skbCsumUnnecessary(skb)).toBe(false);
    skb.pull(HEADER);
    expect(skbChecksumComplete(skb)).toBe(!damaged);
    expect(skbCsumUnnecessary(skb)).toBe(!damaged);
  });

  it('verifies a long one at once if it is asked to', () => {
    expect(skbChecksumValidateComplete(arrived(500, PSEUDO, true), true, PSEUDO)).toBe(false);
    expect(skbChecksumValidateComplete(arrived(500, PSEUDO), true, PSEUDO)).toBe(true);
  });

  it('knows a packet whose addresses are not those it was summed with', () => {
    expect(skbChecksumValidateComplete(arrived(60, PSEUDO), true, PSEUDO + 1)).toBe(false);
  });

  it('believes the sum that a device made, and keeps it for whoever wants to see it', () => {
    const skb = arrived(500, PSEUDO);
    skb.ipSummed = CHECKSUM_COMPLETE;
    skb.csum = skbChecksum(skb, 0, skb.len, 0);
    const { csum } = skb;
    expect(skbChecksumValidateComplete(skb, true, PSEUDO)).toBe(true);
    skb.pull(HEADER);
    expect([skb.ipSummed, skb.csum, skbChecksumComplete(skb)]).toEqual([CHECKSUM_COMPLETE, csum, true]);
  });

  it('does not believe a device that cannot sum', () => {
    const skb = arrived(60, PSEUDO);
    skb.ipSummed = CHECKSUM_COMPLETE;
    skb.csum = 1;
    expect(skbChecksumValidateComplete(skb, false, PSEUDO)).toBe(true);
    expect(skb.ipSummed).toBe(CHECKSUM_UNNECESSARY);
  });
});

describe('skbChecksumSimpleValidate', () => {
  it('is for checksums without a pseudo-header', () => {
    expect(skbChecksumSimpleValidate(arrived(200, 0))).toBe(true);
    expect(skbChecksumSimpleValidate(arrived(200, 0, true))).toBe(false);
  });

  it('believes a device only if its sum is right', () => {
    const sums = [0xffff, 1].map((csum) => {
      const skb = arrived(200, 0, true);
      skb.ipSummed = CHECKSUM_COMPLETE;
      skb.csum = csum;
      return skbChecksumSimpleValidate(skb);
    });
    expect(sums).toEqual([true, false]);
  });

  it.each([CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY])('looks at nothing that somebody vouches for (%i)', (ipSummed) => {
    const skb = arrived(200, 0, true);
    skb.ipSummed = ipSummed;
    expect(skbChecksumSimpleValidate(skb)).toBe(true);
    expect(skb.ipSummed).toBe(ipSummed);
  });
});

describe('skbGroChecksumValidate', () => {
  it.each([
    ['right', false, CHECKSUM_UNNECESSARY],
    ['damaged', true, CHECKSUM_NONE],
  ])('looks at what no protocol has looked at yet: %s', (_, damaged, ipSummed) => {
    const skb = arrived(200, PSEUDO, damaged);
    skb.push(8);
    skb.cb[GRO_CB_OFFSET] = 8;
    expect(skbGroChecksumValidate(skb, PSEUDO)).toBe(!damaged);
    expect(skb.ipSummed).toBe(ipSummed);
  });
});
