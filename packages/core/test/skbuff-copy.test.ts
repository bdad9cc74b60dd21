import { afterEach, describe, expect, it } from 'vitest';
import {
  Arena,
  skbCopy,
  skbEnsureWritable,
  skbHasFragList,
  skbHeadlen,
  skbIsNonlinear,
  skbTailroom,
  SkbuffCache,
  type SkBuff,
  pskbCopy,
  skbReallocHeadroom,
} from '../src/index.ts';
import { addFrag, addToList, packet, putText, textOf } from './helpers.ts';

let cache = new SkbuffCache(new Arena(1 << 20, true));

afterEach(() => {
  const { inUse, arena } = cache;
  cache = new SkbuffCache(new Arena(1 << 20, true));
  expect({ descriptors: inUse, blocks: arena.blocksInUse }).toEqual({ descriptors: 0, blocks: 0 });
});

describe('copies', () => {
  /** 'linear', one fragment and a list of two. */
  function pieces(): SkBuff {
    const skb = packet(cache, 'linear ');
    addFrag(skb, new TextEncoder().encode('page '));
    addToList(skb, packet(cache, 'first '));
    addToList(skb, packet(cache, 'second'));
    return skb;
  }
  const all = 'linear page first second';

  it('count fragments and lists in len and dataLen [SKB-09] [SHI-03] [SHI-01] [SKI-12]', () => {
    const skb = pieces();
    expect([skb.len, skb.dataLen, skbHeadlen(skb), skbIsNonlinear(skb), skbHasFragList(skb), skbTailroom(skb)]).toEqual([24, 17, 7, true, true, 0]);
    expect(textOf(skb)).toBe(all);
    const clone = skb.clone() as SkBuff;
    expect([clone.shinfo, textOf(clone)]).toEqual([skb.shinfo, all]);
    clone.consume();
    expect(textOf(skb)).toBe(all);
    expect(() => skb.put(1)).toThrow(/skb_over_panic/);
    skb.len--;
    skb.tail--;
    skb.consume();
  });

  it('by skb_copy are linear and private to the last byte [SKO-19]', () => {
    const skb = pieces();
    const copy = skbCopy(skb) as SkBuff;
    expect([textOf(copy), skbIsNonlinear(copy), copy.headroom(), copy.isCloned()]).toEqual([all, false, skb.headroom(), false]);
    copy.bytes.fill(0x2e, copy.data, copy.tail);
    expect(textOf(skb)).toBe(all);
    skb.consume();
    expect(textOf(copy)).toBe('.'.repeat(24));
    copy.consume();
  });

  it('by pskb_copy have a linear area of their own and share the rest [SKO-18]', () => {
    const skb = pieces();
    const copy = pskbCopy(skb, 32) as SkBuff;
    expect([textOf(copy), copy.headroom(), skbHeadlen(copy)]).toEqual([all, 32, 7]);
    copy.bytes.fill(0x2e, copy.data, copy.tail);
    expect(textOf(skb)).toBe(all);
    expect(textOf(copy)).toBe('.......page first second');
    expect(copy.shinfo.frags[0]?.page).toBe(skb.shinfo.frags[0]?.page);
    skb.consume();
    expect(textOf(copy)).toBe('.......page first second');
    copy.consume();
  });

  it('are made by cow, ensureWritable and expandHead only when others see the data [SKO-21]', () => {
    const skb = packet(cache, 'abc');
    const head = skb.head;
    expect([cache.cow(skb, 10), skbEnsureWritable(skb, 3), skb.head]).toEqual([0, 0, head]);
    const clone = skb.clone() as SkBuff;
    expect(cache.cow(skb, 10)).toBe(0);
    expect([skb.head === head, skb.isCloned(), clone.isCloned()]).toEqual([false, false, false]);
    skb.bytes[skb.data] = 0x58;
    expect([textOf(skb), textOf(clone)]).toEqual(['Xbc', 'abc']);
    expect(cache.cow(skb, 500)).toBe(0);
    expect(skb.headroom()).toBeGreaterThanOrEqual(500);
    expect(textOf(skb)).toBe('Xbc');
    expect(skbEnsureWritable(skb, 4)).toBe(-12);
    skb.consume();
    clone.consume();
  });

  it('with more headroom are private and leave the old one alone [SKO-21]', () => {
    for (const headroom of [10, 64, 300]) {
      const skb = pieces();
      const n = skbReallocHeadroom(skb, headroom) as SkBuff;
      expect(n.headroom()).toBeGreaterThanOrEqual(headroom);
      n.bytes[n.data] = 0x4c;
      expect([textOf(skb), textOf(n)]).toEqual([all, `L${all.slice(1)}`]);
      skb.consume();
      n.consume();
    }
  });

  it('keep at least the tailroom that expandHead promises', () => {
    const skb = packet(cache, 'x'.repeat(1000));
    skb.trim(1);
    const before = skbTailroom(skb);
    expect(cache.expandHead(skb, 0, 100)).toBe(0);
    expect(skbTailroom(skb)).toBeGreaterThanOrEqual(before + 100);
    const clone = skb.clone() as SkBuff;
    const unshared = skbTailroom(skb);
    expect(cache.expandHead(skb, 0, 0)).toBe(0);
    expect(skbTailroom(skb)).toBe(unshared);
    skb.consume();
    clone.consume();
  });

  it('into the linear area are made as far as asked [SKO-20]', () => {
    const skb = pieces();
    expect(skb.mayPull(7)).toBe(true);
    expect(skbHeadlen(skb)).toBe(7);
    expect(skb.mayPull(10)).toBe(true);
    expect([skbHeadlen(skb), skb.len, textOf(skb)]).toEqual([10, 24, all]);
    expect(skb.mayPull(25)).toBe(false);
    expect(skb.mayPull(24)).toBe(true);
    expect([skbIsNonlinear(skb), skbHasFragList(skb), textOf(skb)]).toEqual([false, false, all]);
    skb.consume();
  });

  it('into the linear area find room there, also in a cloned packet whose block is large', () => {
    const skb = cache.alloc(10_000) as SkBuff;
    putText(skb, 'head ');
    addFrag(skb, new Uint8Array(3000).fill(0x61));
    const clone = skb.clone() as SkBuff;
    const neighbour = packet(cache, 'n'.repeat(1900));
    expect(skb.mayPull(3005)).toBe(true);
    expect([textOf(skb), textOf(clone)]).toEqual([`head ${'a'.repeat(3000)}`, `head ${'a'.repeat(3000)}`]);
    expect(textOf(neighbour)).toBe('n'.repeat(1900));
    expect(skb.tail).toBeLessThanOrEqual(skb.end);
    for (const s of [skb, clone, neighbour]) s.consume();
  });

  it.each(['pull', 'trim', 'mayPull', 'linearize'] as const)('are not disturbed by %s on the other one [SKO-17] [SKO-21]', (what) => {
    for (const make of [(s: SkBuff) => s.clone() as SkBuff, (s: SkBuff) => pskbCopy(s, 0) as SkBuff]) {
      for (let n = 1; n <= 24; n++) {
        const skb = pieces();
        const other = make(skb);
        if (what === 'pull') skb.pull(n);
        else if (what === 'trim') expect(skb.trim(n)).toBe(0);
        else if (what === 'mayPull') skb.mayPull(n);
        else cache.linearize(skb);
        expect(textOf(other)).toBe(all);
        expect(textOf(skb)).toBe(what === 'pull' ? all.slice(n) : what === 'trim' ? all.slice(0, n) : all);
        other.consume();
        skb.consume();
      }
    }
  });
});
