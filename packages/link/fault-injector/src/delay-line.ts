/** Packets under way, in the order in which they arrive. Their times lie in the control buffers: nothing is allocated. */
import { type SkBuff, SkBuffHead, skbQueueAfter, skbQueueHead } from '@skbuff/core';

/** Lanes of `skb.cb`: the arrival time, nanoseconds of the kernel's clock. */
const CB_TIME_HIGH = 0;
const CB_TIME_LOW = 1;

export class DelayLine {
  private readonly queue: SkBuffHead = new SkBuffHead();

  get length(): number {
    return this.queue.qlen;
  }

  /** Arrival of the last packet in line, or 0. */
  lastTime(): number {
    const last = this.queue.peekTail();
    return last === null ? 0 : timeOf(last);
  }

  /** Arrival of the next packet, or Infinity. */
  nextTime(): number {
    const first = this.queue.peek();
    return first === null ? Number.POSITIVE_INFINITY : timeOf(first);
  }

  /** Puts a packet behind all that arrive at the same time or earlier. */
  insert(skb: SkBuff, time: number): void {
    skb.cb[CB_TIME_HIGH] = Math.floor(time / 0x100000000);
    skb.cb[CB_TIME_LOW] = time;
    let before = this.queue.peekTail();
    while (before !== null && timeOf(before) > time) before = before.prev;
    if (before === null) skbQueueHead(this.queue, skb);
    else skbQueueAfter(this.queue, before, skb);
  }

  /** Takes the next packet if it arrives by `now`. */
  take(now: number): SkBuff | null {
    return this.nextTime() <= now ? this.queue.dequeue() : null;
  }

  /** Frees all with a drop reason; returns how many there were. */
  purge(reason: number): number {
    const n = this.queue.qlen;
    this.queue.purge(reason);
    return n;
  }
}

function timeOf(skb: SkBuff): number {
  return skb.cb[CB_TIME_HIGH] * 0x100000000 + (skb.cb[CB_TIME_LOW] >>> 0);
}
