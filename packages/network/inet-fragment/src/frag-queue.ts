/** `struct inet_frag_queue`: the fragments of one packet that have arrived so far. A family's own queue extends it. */
import { SKB_CONSUMED, SKB_DROP_REASON_FRAG_REASM_TIMEOUT, type SkBuff, TimerList } from '@skbuff/core';
import type { Fqdir } from './fqdir.ts';

/** Bits of `flags`. */
export const INET_FRAG_FIRST_IN: number = 1 << 0;
export const INET_FRAG_LAST_IN: number = 1 << 1;
/** Reassembled, or given up: nothing more is taken in. */
export const INET_FRAG_COMPLETE: number = 1 << 2;
/** What it still holds is lost (the timer fired). */
export const INET_FRAG_DROP: number = 1 << 3;

/** Fragments that arrived one behind the other: bytes `offset … end` of the packet, as a chain of sk_buffs by `next`. */
export interface FragRun {
  readonly offset: number;
  end: number;
  readonly first: SkBuff;
  last: SkBuff;
}

export abstract class FragQueue {
  readonly fqdir: Fqdir;
  /** What the queue lies in the table under. */
  readonly hash: number;
  readonly timer: TimerList;
  /** Sorted, without overlap. */
  runs: FragRun[] = [];
  /** The run that ends last, which in-order fragments extend. */
  tail: FragRun | null = null;
  flags = 0;
  /** Bytes of the packet behind its header, as far as known, and bytes of it that are here. */
  len = 0;
  meat = 0;
  /** Arrival of the last fragment (`skb.tstamp`). */
  stamp = 0;
  /** The longest fragment, header included. */
  maxSize = 0;
  /** Memory it is charged for. */
  charge = 0;
  /** In the table. */
  hashed = false;

  constructor(fqdir: Fqdir, hash: number) {
    this.fqdir = fqdir;
    this.hash = hash;
    this.timer = new TimerList(() => this.fqdir.onExpire(this));
  }

  /** `inet_frag_kill`: nothing can be added or found any more. What was collected stays until {@link purge}. */
  kill(): void {
    this.fqdir.timers.delTimer(this.timer);
    if ((this.flags & INET_FRAG_COMPLETE) !== 0) return;
    this.flags |= INET_FRAG_COMPLETE;
    this.fqdir.remove(this);
  }

  /** Frees every fragment and gives the memory back. */
  purge(reason: number): void {
    for (const run of this.runs) {
      for (let skb: SkBuff | null = run.first; skb !== null; ) {
        const next: SkBuff | null = skb.next;
        skb.next = null;
        skb.kfree(reason);
        skb = next;
      }
    }
    this.forget();
  }

  /** `inet_frag_destroy`. */
  destroy(): void {
    this.kill();
    this.purge((this.flags & INET_FRAG_DROP) !== 0 ? SKB_DROP_REASON_FRAG_REASM_TIMEOUT : SKB_CONSUMED);
    this.fqdir.uncharge(this, this.charge);
  }

  /** The fragments went elsewhere: the queue holds nothing. */
  forget(): void {
    this.runs = [];
    this.tail = null;
    this.meat = 0;
    this.fqdir.uncharge(this, this.charge - this.fqdir.qsize);
  }
}
