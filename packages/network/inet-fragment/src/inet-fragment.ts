/** Insertion and reassembly (`net/ipv4/inet_fragment.c`). Offsets are bytes of the packet behind its header. */
import { CHECKSUM_NONE, CHECKSUM_UNNECESSARY, skbSetFragList, type SkBuff } from '@skbuff/core';
import type { FragQueue, FragRun } from './frag-queue.ts';

/** Already here: the fragment is not needed, the queue goes on. */
export const IPFRAG_DUP = 1;
/** Partly here: somebody plays tricks (RFC 5722), the queue has to go. */
export const IPFRAG_OVERLAP = 2;

/**
 * `inet_frag_queue_insert`: takes `skb` (data at the fragment's payload, `end - offset` bytes of it and perhaps more, which is cut off) into the queue. 0, and the sk_buff is
 * the queue's; {@link IPFRAG_DUP} or {@link IPFRAG_OVERLAP}, and it stays the caller's.
 */
export function inetFragQueueInsert(queue: FragQueue, skb: SkBuff, offset: number, end: number): number {
  const { tail } = queue;
  if (skb.len !== end - offset) {
    skb.trim(end - offset);
    if (skb.ipSummed !== CHECKSUM_UNNECESSARY) skb.ipSummed = CHECKSUM_NONE;
  }
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

/** `ip_frag_ecn_table` says so of a combination that makes no sense: some routers on the way know of ECN, and some fragments say that nobody does. */
export const IPFRAG_ECN_INVALID = 0xff;

/** `ip_frag_ecn_table`: what the ECN field of the whole gets, by the set of values seen (bit 0 not-ECT, 1 ECT(1), 2 ECT(0), 3 CE; RFC 3168 §5.3). */
export const ipFragEcnTable: readonly number[] = [0, 0, 0, 255, 0, 255, 0, 255, 0, 255, 3, 255, 3, 255, 3, 255];

/**
 * `inet_frag_reasm_prepare`: the first fragment, fit to have all others behind it, with device and route of `last`, which came last. Null without
 * memory; all is still the queue's then.
 */
export function inetFragReasmPrepare(queue: FragQueue, last: SkBuff): SkBuff | null {
  const head = (queue.runs[0] as FragRun).first;
  if (head.isCloned() && head.cache.expandHead(head, 0, 0) !== 0) return null;
  // The list of the whole starts at the first fragment: it cannot have one of its own as well.
  if (head.shinfo.fragList !== null && head.cache.linearize(head) !== 0) return null;
  if (head === last) return head;
  head.dev = last.dev;
  head.dst = last.dst;
  head.dstNoref = last.dstNoref;
  last.dst = null;
  return head;
}

/**
 * `inet_frag_reasm_finish`: `head`, as {@link inetFragReasmPrepare} made it, gets all others behind it as its `fragList`, `data` still at its
 * payload. It is the caller's; the queue is empty.
 */
export function inetFragReasmFinish(queue: FragQueue, head: SkBuff): void {
  let last = head;
  for (const run of queue.runs) {
    if (run.first !== head) last.next = run.first;
    last = run.last;
  }
  const rest = head.next;
  head.next = null;
  skbSetFragList(head, rest);
  for (let skb = rest; skb !== null; skb = skb.next) {
    head.len += skb.len;
    head.dataLen += skb.len;
    head.truesize += skb.truesize;
  }
  head.tstamp = queue.stamp;
  queue.forget();
}
