import { describe, expect, it } from 'vitest';
import { Random, randomFraction } from '../src/index.ts';

const draw = (r: Random, n = 5): number[] => Array.from({ length: n }, () => r.u32());

describe('Random', () => {
  it('repeats itself for the same seed and differs for a neighbouring one', () => {
    expect(draw(new Random(7))).toEqual(draw(new Random(7)));
    expect(draw(new Random(7))).not.toEqual(draw(new Random(8)));
    expect(new Set(draw(new Random(0), 1000)).size).toBeGreaterThan(990);
  });

  it('forks streams that depend on seed and name only', () => {
    const a = new Random(3);
    const first = draw(a.fork('arp'));
    draw(a, 100);
    expect(draw(a.fork('arp'))).toEqual(first);
    expect(draw(a.fork('tcp'))).not.toEqual(first);
    expect(draw(new Random(4).fork('arp'))).not.toEqual(first);
  });

  it('draws evenly below a bound and from 0 to 1', () => {
    const r = new Random(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[r.below(10)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(r.below(0)).toBe(0);
    for (let i = 0; i < 1000; i++) {
      const x = randomFraction(r);
      expect(x >= 0 && x < 1).toBe(true);
    }
  });

  it('fills bytes, and only those asked for', () => {
    const b = new Uint8Array(40).fill(0xa5);
    new Random(9).bytes(b, 4, 32);
    expect([b[3], b[36]]).toEqual([0xa5, 0xa5]);
    expect(new Set(b.subarray(4, 36)).size).toBeGreaterThan(20);
  });
});
