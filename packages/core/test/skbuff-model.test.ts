import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Arena,
  skbChecksum,
  skbCopy,
  skbEnsureWritable,
  skbHasFragList,
  skbHeadlen,
  skbIsNonlinear,
  skbTailroom,
  SkbuffCache,
  type SkBuff,
  pskbCopy,
} from '../src/index.ts';
import { csumFold, ipComputeCsum } from '@skbuff/wire';
import { addFrag, addToList, bytesOf, putText } from './helpers.ts';

/** An sk_buff beside the bytes that it must hold. */
interface Pair {
  skb: SkBuff;
  bytes: number[];
}

/** Bytes of packet memory that no run uses up. */
const PLENTY = 8 << 20;
const DIGITS = 'abcdefghijklmnopqrstuvwxyz';

/** `n` bytes that differ from step to step, so that a byte out of place shows. */
function fill(n: number, seed: number): number[] {
  return Array.from({ length: n }, (_, i) => DIGITS.charCodeAt((i + seed * 7) % DIGITS.length));
}

function make(cache: SkbuffCache, headroom: number, size: number, seed: number): Pair | null {
  const skb = cache.alloc(headroom + size + 64);
  if (skb === null) return null;
  skb.reserve(headroom);
  const bytes = fill(size, seed);
  putText(skb, String.fromCharCode(...bytes));
  return { skb, bytes };
}

type Op = readonly [name: string, which: number, n: number];

/** Applies one operation to one of the packets; the model does the same with plain arrays. Nothing may show in the other packets. */
function apply(cache: SkbuffCache, pairs: Pair[], [name, which, n]: Op, seed: number): void {
  const pair = pairs[which % pairs.length];
  if (pair === undefined) return;
  const { skb, bytes } = pair;
  switch (name) {
    case 'put': {
      // Only the owner of the data may write.
      if (skb.isCloned() || skbIsNonlinear(skb) || skbTailroom(skb) < n) return;
      const more = fill(n, seed);
      putText(skb, String.fromCharCode(...more));
      bytes.push(...more);
      return;
    }
    case 'push': {
      if (skb.isCloned() || skb.headroom() < n) return;
      const more = fill(n, seed);
      const at = skb.push(n);
      skb.bytes.set(more, at);
      bytes.unshift(...more);
      return;
    }
    case 'pull':
      if (skb.pull(n) >= 0) bytes.splice(0, n);
      else expect(n > bytes.length || cache.arena.size < PLENTY).toBe(true);
      return;
    case 'trim':
      if (skb.trim(n) === 0) bytes.length = Math.min(bytes.length, n);
      return;
    case 'mayPull':
      if (skb.mayPull(n)) expect(skbHeadlen(skb)).toBeGreaterThanOrEqual(n);
      return;
    case 'clone': {
      const clone = skb.clone();
      if (clone !== null) pairs.push({ skb: clone, bytes: [...bytes] });
      return;
    }
    case 'copy': {
      const copy = skbCopy(skb);
      if (copy === null) return;
      expect([skbIsNonlinear(copy), copy.isCloned()]).toEqual([false, false]);
      pairs.push({ skb: copy, bytes: [...bytes] });
      return;
    }
    case 'pskbCopy': {
      const copy = pskbCopy(skb, n);
      if (copy !== null) pairs.push({ skb: copy, bytes: [...bytes] });
      return;
    }
    case 'expandHead': {
      const [head, tail] = [skb.headroom(), skb.end - skb.tail];
      if (cache.expandHead(skb, n, seed % 3 === 0 ? n : 0) !== 0) return;
      expect(skb.isCloned()).toBe(false);
      expect(skb.headroom()).toBe(head + n);
      if (seed % 3 === 0) expect(skb.end - skb.tail).toBeGreaterThanOrEqual(tail + n);
      return;
    }
    case 'cow':
      if (cache.cow(skb, n) !== 0) return;
      expect(skb.headroom()).toBeGreaterThanOrEqual(n);
      expect(skb.isCloned()).toBe(false);
      return;
    case 'write': {
      const len = Math.min(n, bytes.length);
      if (len === 0 || skbEnsureWritable(skb, len) !== 0) return;
      const more = fill(len, seed);
      skb.bytes.set(more, skb.data);
      bytes.splice(0, len, ...more);
      return;
    }
    case 'linearize':
      if (cache.linearize(skb) === 0) expect(skbIsNonlinear(skb)).toBe(false);
      return;
    case 'frag':
      // A list, if there is one, comes after the fragments: nothing is added in front of it.
      if (skb.isCloned() || skbHasFragList(skb) || skb.shinfo.nrFrags >= 17 || n === 0) return;
      try {
        addFrag(skb, Uint8Array.from(fill(n, seed)));
        bytes.push(...fill(n, seed));
      } catch {
        // No memory: nothing was added.
      }
      return;
    case 'list': {
      if (skb.isCloned() || n === 0) return;
      const taken = pairs[(which + 1) % pairs.length] as Pair;
      // Another packet, whole, fragments and list and all, becomes part of this one.
      if (taken === pair || taken.skb.len === 0 || skb.shinfo.fragList?.shared() === true) return;
      pairs.splice(pairs.indexOf(taken), 1);
      addToList(skb, taken.skb);
      bytes.push(...taken.bytes);
      return;
    }
    default:
      pairs.splice(which % pairs.length, 1);
      skb.consume();
  }
}

const NAMES = ['put', 'push', 'pull', 'trim', 'mayPull', 'clone', 'copy', 'pskbCopy', 'expandHead', 'cow', 'write', 'linearize', 'frag', 'list', 'free'];
const op = fc.tuple(fc.constantFrom(...NAMES), fc.nat(7), fc.oneof(fc.nat(40), fc.nat(3000)));

function run(cache: SkbuffCache, sizes: readonly (readonly [number, number])[], ops: readonly Op[]): void {
  const pairs: Pair[] = [];
  sizes.forEach(([headroom, size], i) => {
    const pair = make(cache, headroom, size, i);
    if (pair !== null) pairs.push(pair);
  });
  ops.forEach((step, i) => {
    apply(cache, pairs, step, i);
    for (const { skb, bytes } of pairs) {
      expect(skb.len).toBe(bytes.length);
      expect(skb.head <= skb.data && skb.data <= skb.tail && skb.tail <= skb.end).toBe(true);
      expect(Buffer.compare(bytesOf(skb), Uint8Array.from(bytes))).toBe(0);
    }
  });
  for (const { skb } of pairs) skb.consume();
  expect([cache.inUse, cache.arena.blocksInUse]).toEqual([0, 0]);
}

const sizes = fc.array(fc.tuple(fc.nat(200), fc.nat(2500)), { minLength: 1, maxLength: 4 });

describe('every operation on every shape of packet', () => {
  it('does what it does to a plain array of bytes, and nothing to other packets that share data [SKO-17] [SKO-18] [SKO-19] [SKO-20] [SKO-21] [SHI-03]', () => {
    fc.assert(
      fc.property(sizes, fc.array(op, { maxLength: 40 }), (s, ops) => run(new SkbuffCache(new Arena(PLENTY, true)), s, ops)),
      { numRuns: 400 },
    );
  });

  it('fails cleanly when memory runs out in the middle', () => {
    fc.assert(
      fc.property(sizes, fc.array(op, { maxLength: 40 }), fc.nat(12), (s, ops, blocks) => {
        const cache = new SkbuffCache(new Arena((4 + blocks) * 2048 + (blocks % 3) * 68 * 1024, true));
        run(cache, s, ops);
      }),
      { numRuns: 400 },
    );
  });
});

describe('skbChecksum', () => {
  it('is that of the bytes, wherever fragments begin and end', () => {
    const parts = fc.array(fc.tuple(fc.constantFrom('frag', 'list'), fc.integer({ min: 1, max: 60 })), { maxLength: 6 });
    fc.assert(
      fc.property(fc.nat(60), parts, fc.nat(100), fc.nat(300), (linear, shape, from, n) => {
        const cache = new SkbuffCache(new Arena(1 << 20));
        const { skb } = make(cache, 10, linear, 1) as Pair;
        for (const [kind, size] of [...shape].sort()) {
          if (kind === 'frag') addFrag(skb, Uint8Array.from(fill(size, size)));
          else addToList(skb, (make(cache, 3, size, size) as Pair).skb);
        }
        const bytes = bytesOf(skb);
        const offset = Math.min(from, bytes.length);
        const len = Math.min(n, bytes.length - offset);
        expect(csumFold(skbChecksum(skb, offset, len, 0))).toBe(ipComputeCsum(bytes, offset, len));
        skb.consume();
      }),
      { numRuns: 500 },
    );
  });
});
