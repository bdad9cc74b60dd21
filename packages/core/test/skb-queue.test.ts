import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, SKB_DROP_REASON_QUEUE_PURGE, SkbuffCache, type SkBuff, SkBuffHead, skbQueueAfter, skbQueueHead, skbDequeueTail, skbQueueSpliceTailInit } from '../src/index.ts';
import { packet, textOf } from './helpers.ts';

function walk(q: SkBuffHead): string {
  let forward = '';
  for (let skb = q.first; skb !== null; skb = skb.next) forward += textOf(skb);
  let backward = '';
  for (let skb = q.last; skb !== null; skb = skb.prev) backward = textOf(skb) + backward;
  expect(backward).toBe(forward);
  return forward;
}

describe('SkBuffHead', () => {
  it('is empty at first [SKQ-01]', () => {
    const q = new SkBuffHead();
    expect([q.qlen, q.isEmpty(), q.peek(), q.peekTail(), q.dequeue(), skbDequeueTail(q)]).toEqual([0, true, null, null, null, null]);
  });

  it('takes and gives at both ends, in the middle, and what it gives is on no list [SKQ-02] [SKQ-03] [SKQ-04]', () => {
    const cache = new SkbuffCache(new Arena(1 << 20, true));
    const step = fc.tuple(fc.constantFrom('tail', 'head', 'after', 'dequeue', 'dequeueTail', 'unlink', 'splice'), fc.nat(20));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const q = new SkBuffHead();
        const model: SkBuff[] = [];
        const letter = (i: number): SkBuff => packet(cache, String.fromCharCode(97 + (i % 26)));
        const leave = (skb: SkBuff | null, expected: SkBuff | undefined): void => {
          expect(skb).toBe(expected ?? null);
          if (skb === null) return;
          expect([skb.next, skb.prev, skb.list]).toEqual([null, null, null]);
          skb.consume();
        };
        steps.forEach(([what, n], i) => {
          const at = model.length === 0 ? -1 : n % model.length;
          if (what === 'tail') q.queueTail((model.push(letter(i)), model.at(-1)) as SkBuff);
          else if (what === 'head') skbQueueHead(q, (model.unshift(letter(i)), model[0]) as SkBuff);
          else if (what === 'after' && at >= 0) {
            model.splice(at + 1, 0, letter(i));
            skbQueueAfter(q, model[at] as SkBuff, model[at + 1] as SkBuff);
          } else if (what === 'dequeue') leave(q.dequeue(), model.shift());
          else if (what === 'dequeueTail') leave(skbDequeueTail(q), model.pop());
          else if (what === 'unlink' && at >= 0) {
            const [skb] = model.splice(at, 1) as [SkBuff];
            q.unlink(skb);
            leave(skb, skb);
          } else if (what === 'splice') {
            const other = new SkBuffHead();
            skbQueueSpliceTailInit(q, other);
            expect([q.qlen, other.qlen]).toEqual([0, model.length]);
            skbQueueSpliceTailInit(other, q);
          }
          expect([walk(q), q.qlen, q.peek(), q.peekTail()]).toEqual([model.map(textOf).join(''), model.length, model[0] ?? null, model.at(-1) ?? null]);
        });
        q.purge();
      }),
    );
    expect([cache.inUse, cache.arena.blocksInUse]).toEqual([0, 0]);
  });

  it('frees each sk_buff once when it is purged, and says why [SKQ-04]', () => {
    const cache = new SkbuffCache(new Arena(1 << 20, true));
    const q = new SkBuffHead();
    for (const text of ['a', 'b', 'c']) q.queueTail(packet(cache, text));
    const kept = (q.peek() as SkBuff).get();
    q.purge();
    expect([q.qlen, q.first, q.last, cache.inUse, kept.users]).toEqual([0, null, null, 1, 1]);
    expect(cache.drops[SKB_DROP_REASON_QUEUE_PURGE]).toBe(2);
    kept.consume();
  });
});
