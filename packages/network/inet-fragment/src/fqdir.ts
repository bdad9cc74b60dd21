/** `struct fqdir`: the queues of one family in one namespace, with their limits. */
import { HZ, type Net, type SkBuff, type Timers } from '@skbuff/core';
import type { FragQueue } from './frag-queue.ts';

const BUCKETS = 1024;

/** `struct inet_frags`: what a family says of its queues. */
export interface InetFrags<Q extends FragQueue> {
  /** Bytes charged for an empty queue. */
  readonly qsize: number;
  /** The queue of the packet that `skb` is a fragment of, for `user`. */
  create(fqdir: Fqdir<Q>, hash: number, skb: SkBuff, user: number): Q;
}

export class Fqdir<Q extends FragQueue = FragQueue> {
  readonly net: Net;
  readonly timers: Timers;
  /** ipfrag_high_thresh: bytes from which on no new queue is begun. */
  highThresh: number = 4 << 20;
  /** ipfrag_low_thresh: without effect since Linux 4.17. */
  lowThresh: number = 3 << 20;
  /** ipfrag_time, jiffies. */
  timeout: number = 30 * HZ;
  /** ipfrag_max_dist: fragments of one source that may come between two of a packet; 0: any number. */
  maxDist = 64;
  /** Bytes in use, and queues. */
  mem = 0;
  count = 0;
  readonly frags: InetFrags<Q>;
  private readonly buckets: (Q[] | null)[] = new Array<Q[] | null>(BUCKETS).fill(null);

  constructor(net: Net, frags: InetFrags<Q>) {
    this.net = net;
    this.timers = net.timers;
    this.frags = frags;
  }

  /** Queues whose hash is `hash`, among them those of other keys. */
  candidates(hash: number): readonly Q[] {
    return this.buckets[hash & (BUCKETS - 1)] ?? [];
  }

  /**
   * `inet_frag_find`: the queue of the packet that `skb` is a fragment of, for `user`, made if there is none; null where more memory is used than
   * allowed: then nothing is added to those that wait either. `hash` is that of the family's key.
   */
  find(hash: number, skb: SkBuff, user: number): Q | null {
    if (this.highThresh === 0 || this.mem > this.highThresh) return null;
    for (const queue of this.candidates(hash)) if (queue.matches(skb, user)) return queue;
    const queue = this.frags.create(this, hash, skb, user);
    this.insert(queue);
    return queue;
  }

  /** `inet_frag_create`: enters a new queue and starts its timer. */
  private insert(queue: Q): void {
    const at = queue.hash & (BUCKETS - 1);
    const bucket = this.buckets[at];
    if (bucket === null || bucket === undefined) this.buckets[at] = [queue];
    else bucket.push(queue);
    queue.hashed = true;
    this.count++;
    this.charge(queue, this.frags.qsize);
    this.timers.modTimer(queue.timer, this.timers.jiffies + this.timeout);
  }

  /** Takes a queue out, so that it is not found any more. */
  remove(queue: Q): void {
    const at = queue.hash & (BUCKETS - 1);
    const bucket = this.buckets[at];
    if (!queue.hashed || bucket === null || bucket === undefined) return;
    queue.hashed = false;
    this.count--;
    bucket.splice(bucket.indexOf(queue), 1);
    if (bucket.length === 0) this.buckets[at] = null;
  }

  charge(queue: FragQueue, bytes: number): void {
    queue.charge += bytes;
    this.mem += bytes;
  }

  uncharge(queue: FragQueue, bytes: number): void {
    queue.charge -= bytes;
    this.mem -= bytes;
  }

  /** `fqdir_exit`: the namespace dies, and every queue with it. */
  exit(): void {
    this.highThresh = 0;
    for (const bucket of this.buckets) if (bucket !== null) for (const queue of [...bucket]) queue.destroy();
  }
}
