import { describeFib6Table } from '@skbuff/fib6/testing';
import { describe, expect, it } from 'vitest';
import { Fib6Trie } from '../src/index.ts';

describeFib6Table('Fib6Trie', () => new Fib6Trie(), { describe, it, expect });

/** xorshift. */
function randomNumbers(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x | 0;
  };
}

describe('a large trie', () => {
  it('finds each of 20,000 prefixes, and nothing once they are gone', () => {
    const trie = new Fib6Trie();
    const random = randomNumbers(5);
    const prefixes = Array.from({ length: 20000 }, () => ({ w0: 0x20010000 | (random() & 0xffff), w1: random() & -0x10000 }));
    for (const [i, { w0, w1 }] of prefixes.entries()) trie.set(w0, w1, 0, 0, 48, i);
    const lost = prefixes.filter(({ w0, w1 }) => trie.lookup(w0, w1 | 5, 6, 7, 128) !== trie.get(w0, w1, 0, 0, 48));
    expect(lost.length).toBe(0);
    for (const { w0, w1 } of prefixes) trie.delete(w0, w1, 0, 0, 48);
    expect([trie.size, trie.lookup(prefixes[0].w0, prefixes[0].w1, 0, 0, 128)]).toEqual([0, -1]);
  });
});
