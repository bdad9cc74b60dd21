/** `struct sk_buff_head`: a doubly linked FIFO of sk_buffs with its length. An sk_buff is on one queue at the most. */
import { SKB_DROP_REASON_QUEUE_PURGE } from './drop-reason.ts';
import type { SkBuff } from './skbuff.ts';

export class SkBuffHead {
  first: SkBuff | null = null;
  last: SkBuff | null = null;
  qlen = 0;

  isEmpty(): boolean {
    return this.first === null;
  }

  /** The oldest sk_buff, left where it is (`skb_peek`). */
  peek(): SkBuff | null {
    return this.first;
  }

  peekTail(): SkBuff | null {
    return this.last;
  }

  /** Appends (`skb_queue_tail`). */
  queueTail(skb: SkBuff): void {
    const last = this.last;
    skb.prev = last;
    skb.next = null;
    skb.list = this;
    if (last === null) this.first = skb;
    else last.next = skb;
    this.last = skb;
    this.qlen++;
  }

  /** Takes the oldest, or null. It is on no list afterwards. */
  dequeue(): SkBuff | null {
    const skb = this.first;
    if (skb === null) return null;
    const next = skb.next;
    this.first = next;
    if (next === null) this.last = null;
    else next.prev = null;
    skb.next = null;
    skb.list = null;
    this.qlen--;
    return skb;
  }

  /** Removes an sk_buff that is on this queue (`skb_unlink`). */
  unlink(skb: SkBuff): void {
    const { next, prev } = skb;
    if (prev === null) this.first = next;
    else prev.next = next;
    if (next === null) this.last = prev;
    else next.prev = prev;
    skb.next = null;
    skb.prev = null;
    skb.list = null;
    this.qlen--;
  }

  /** Frees each sk_buff once. */
  purge(reason: number = SKB_DROP_REASON_QUEUE_PURGE): void {
    for (let skb = this.dequeue(); skb !== null; skb = this.dequeue()) skb.kfree(reason);
  }
}

/** `skb_queue_head`: puts `skb` in front. */
export function skbQueueHead(list: SkBuffHead, skb: SkBuff): void {
  const { first } = list;
  skb.next = first;
  skb.prev = null;
  skb.list = list;
  if (first === null) list.last = skb;
  else first.prev = skb;
  list.first = skb;
  list.qlen++;
}

/** `__skb_queue_after`: inserts `skb` right behind `old`, which is on this queue. */
export function skbQueueAfter(list: SkBuffHead, old: SkBuff, skb: SkBuff): void {
  const next = old.next;
  if (next === null) {
    list.queueTail(skb);
    return;
  }
  skb.prev = old;
  skb.next = next;
  skb.list = list;
  old.next = skb;
  next.prev = skb;
  list.qlen++;
}

/** `skb_dequeue_tail`: takes the newest, or null. */
export function skbDequeueTail(list: SkBuffHead): SkBuff | null {
  const skb = list.last;
  if (skb !== null) list.unlink(skb);
  return skb;
}

/** `skb_queue_splice_tail_init`: moves everything from one queue to the end of another. */
export function skbQueueSpliceTailInit(from: SkBuffHead, to: SkBuffHead): void {
  for (let skb = from.dequeue(); skb !== null; skb = from.dequeue()) to.queueTail(skb);
}
