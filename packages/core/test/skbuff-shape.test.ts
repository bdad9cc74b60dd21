import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { Arena, CHECKSUM_COMPLETE, skbCopy, SkbuffCache, type SkBuff, pskbCopy } from '../src/index.ts';
import { addFrag, packet } from './helpers.ts';

setFlagsFromString('--allow-natives-syntax');
const haveSameMap = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (a: object, b: object) => boolean;

describe('the shape of an sk_buff', () => {
  it('is one hidden class, however it was made and whatever it went through', () => {
    const cache = new SkbuffCache(new Arena(4 << 20));
    const reference = packet(cache, 'reference');
    const made: SkBuff[] = [];
    const keep = (skb: SkBuff | null): SkBuff => {
      made.push(skb as SkBuff);
      return skb as SkBuff;
    };
    for (let round = 0; round < 30; round++) {
      const skb = keep(packet(cache, 'x'.repeat(100)));
      // Numbers that do not fit a small integer: they must not split the class.
      Object.assign(skb, { csum: 2 ** 40 + round, mark: 0xffffffff, hash: 0xdeadbeef, tstamp: 1.6e18, priority: 0xffff0001, secmark: 0xffffffff });
      Object.assign(skb, { ipSummed: CHECKSUM_COMPLETE, sk: { net: null, priority: 0, mark: 0 }, destructor: () => {} });
      addFrag(skb, new Uint8Array(100));
      const clone = keep(skb.clone());
      keep(skbCopy(skb));
      keep(pskbCopy(skb, 50));
      cache.expandHead(clone, 10, 10);
      clone.mayPull(150);
      if (round % 3 === 0) for (const s of made.splice(0)) s.consume();
    }
    expect(made.every((skb) => haveSameMap(skb, reference))).toBe(true);
    for (const s of made) s.consume();
    const recycled = cache.alloc(1) as SkBuff;
    expect(haveSameMap(recycled, reference)).toBe(true);
    recycled.consume();
    reference.consume();
  });
});
