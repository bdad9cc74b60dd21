import { describe, expect, it } from 'vitest';
import { median, pairRatios, ratio, summary } from '../lib/stats.mjs';

describe('medians', () => {
  it.each([
    ['of one', [4], 4],
    ['of an odd number, unsorted', [9, 1, 5], 5],
    ['of an even number: the mean of the middle two', [1, 10, 2, 4], 3],
    ['numbers, not texts', [10, 9, 100], 10],
  ])('%s', (_, values, expected) => expect(median(values)).toBe(expected));

  it('leaves its argument as it was', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('come with their extremes', () => {
    expect(summary([3, 1, 8])).toEqual({ median: 3, min: 1, max: 8, rounds: 3 });
  });
});

describe('ratios', () => {
  it('pair the rounds: a disturbance that hits both sides of a round does not show', () => {
    expect(pairRatios([10, 5, 20], [40, 20, 80])).toEqual([4, 4, 4]);
  });

  it('refuse series of different length', () => {
    expect(() => pairRatios([1, 2], [1])).toThrow(RangeError);
  });

  it('are those of the medians, and those of the pairs', () => {
    expect(ratio([10, 20, 30], [20, 60, 30])).toEqual({
      ofMedians: 1.5,
      perPair: { median: 2, min: 1, max: 3, rounds: 3 },
    });
  });
});
