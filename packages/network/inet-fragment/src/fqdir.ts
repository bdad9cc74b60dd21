/** `struct fqdir`: the queues of one family in one namespace, with their limits. */
import { HZ, type Net, type Timers } from '@skbuff/core';
import type { FragQueue } from './frag-queue.ts';

const BUCKETS = 1024;

export interface FqdirOptions {
  /** The timer of a queue fired: the queue is still in the table and whole. */
  readonly expire: (queue: FragQueue) => void;
  /** Bytes charged for an empty queue. */
  readonly qsize: number;
}

export class Fqdir {
  readonly timers: Timers;
  readonly qsize: number;
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
  private readonly expire: (queue: FragQueue) => void;
  private readonly buckets: (FragQueue[] | null)[] = new Array<FragQueue[] | null>(BUCKETS).fill(null);

  constructor(net: Net, options: FqdirOptions) {
    this.timers = net.timers;
    this.qsize = options.qsize;
    this.expire = options.expire;
  }

  /** Queues whose hash is `hash`, among them those of other keys. */
  candidates(hash: number): readonly FragQueue[] {
    return this.buckets[hash & (BUCKETS - 1)] ?? [];
  }

  /** `inet_frag_create`: whether the memory limit allows one more queue. */
  mayCreate(): boolean {
    return this.highThresh !== 0 && this.mem <= this.highThresh;
  }

  /** Enters a new queue and starts its timer. */
  insert(queue: FragQueue): void {
    const at = queue.hash & (BUCKETS - 1);
    const bucket = this.buckets[at];
    if (bucket === null || bucket === undefined) this.buckets[at] = [queue];
    else bucket.push(queue);
    queue.hashed = true;
    this.count++;
    this.charge(queue, this.qsize);
    this.timers.modTimer(queue.timer, this.timers.jiffies + this.timeout);
  }

  remove(queue: FragQueue): void {
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

  onExpire(queue: FragQueue): void {
    this.expire(queue);
  }

  /** `fqdir_exit`: the namespace dies, and every queue with it. */
  exit(): void {
    this.highThresh = 0;
    for (const bucket of this.buckets) if (bucket !== null) for (const queue of [...bucket]) queue.destroy();
  }
}
