/** Insertion and reassembly (`net/ipv4/inet_fragment.c`). Offsets are bytes of the packet behind its header. */
import { skbSetFragList, type SkBuff } from '@skbuff/core';
import type { FragQueue, FragRun } from './frag-queue.ts';

/** Already here: the fragment is not needed, the queue goes on. */
export const IPFRAG_DUP = 1;
/** Partly here: somebody plays tricks (RFC 5722), the queue has to go. */
export const IPFRAG_OVERLAP = 2;

/**
 * `inet_frag_queue_insert`: takes `skb` (data at the fragment's payload, `end - offset` bytes) into the queue. 0, and the sk_buff is
 * the queue's; {@link IPFRAG_DUP} or {@link IPFRAG_OVERLAP}, and it stays the caller's.
 */
export function inetFragQueueInsert(queue: FragQueue, skb: SkBuff, offset: number, end: number): number {
  const { tail } = queue;
  skb.next = null;
  if (tail !== null && tail.end < end) {
    if (offset < tail.end) return IPFRAG_OVERLAP;
    if (offset === tail.end) {
      tail.last.next = skb;
      tail.last = skb;
      tail.end = end;
      return 0;
    }
    queue.runs.push((queue.tail = { offset, end, first: skb, last: skb }));
    return 0;
  }
  return insertBetween(queue, skb, offset, end);
}

/** The fragment does not reach beyond what is there. Runs that come to touch each other are not joined, as in Linux. */
function insertBetween(queue: FragQueue, skb: SkBuff, offset: number, end: number): number {
  const { runs } = queue;
  const at = firstEndingAfter(runs, offset);
  const run = runs[at];
  if (run !== undefined && end > run.offset) return offset >= run.offset && end <= run.end ? IPFRAG_DUP : IPFRAG_OVERLAP;
  const added = { offset, end, first: skb, last: skb };
  runs.splice(at, 0, added);
  queue.tail ??= added;
  return 0;
}

/** Index of the first run that ends behind `offset`. */
function firstEndingAfter(runs: readonly FragRun[], offset: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((runs[mid] as FragRun).end <= offset) low = mid + 1;
    else high = mid;
  }
  return low;
}

/**
 * `inet_frag_pull_head`: takes the first fragment out of the queue; the others stay. Null if it has not arrived.
 */
export function inetFragPullHead(queue: FragQueue): SkBuff | null {
  const run = queue.runs[0];
  if (run === undefined || run.offset !== 0) return null;
  const skb = run.first;
  const next = skb.next;
  skb.next = null;
  if (next === null) queue.runs.shift();
  else queue.runs[0] = { offset: skb.len, end: run.end, first: next, last: run.last };
  queue.fqdir.uncharge(queue, skb.truesize);
  return skb;
}

/**
 * `inet_frag_reasm_prepare` and `inet_frag_reasm_finish`: the first fragment with all others behind it as its `fragList`, `data`
 * still at its payload. The queue is empty afterwards. Null without memory; the queue keeps the fragments then.
 */
export function inetFragReasm(queue: FragQueue): SkBuff | null {
  const first = (queue.runs[0] as FragRun).first;
  if (first.isCloned() && first.cache.expandHead(first, 0, 0) !== 0) return null;
  // The list of the whole starts at the first fragment: it cannot have one of its own as well.
  if (first.shinfo.fragList !== null && first.cache.linearize(first) !== 0) return null;
  let last = first;
  for (const run of queue.runs) {
    if (run.first !== first) last.next = run.first;
    last = run.last;
  }
  const rest = first.next;
  first.next = null;
  skbSetFragList(first, rest);
  for (let skb = rest; skb !== null; skb = skb.next) {
    first.len += skb.len;
    first.dataLen += skb.len;
    first.truesize += skb.truesize;
  }
  queue.forget();
  return first;
}
