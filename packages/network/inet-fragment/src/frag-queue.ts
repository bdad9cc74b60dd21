/** `struct inet_frag_queue`: the fragments of one packet that have arrived so far. A family's own queue extends it. */
import { type NetDevice, SKB_CONSUMED, SKB_DROP_REASON_FRAG_REASM_TIMEOUT, type SkBuff, TimerList } from '@skbuff/core';
import type { Fqdir } from './fqdir.ts';
import { inetFragPullHead } from './inet-fragment.ts';

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
  /** Interface of the last fragment. */
  iif = 0;
  /** IPFRAG_ECN_*: the values of the ECN field that were seen. */
  ecn = 0;
  /** Memory it is charged for. */
  charge = 0;
  /** In the table. */
  hashed = false;

  constructor(fqdir: Fqdir, hash: number) {
    this.fqdir = fqdir;
    this.hash = hash;
    this.timer = new TimerList(() => this.expire());
  }

  /** Whether `skb` is a fragment of this packet, for `user`: the same key. */
  abstract matches(skb: SkBuff, user: number): boolean;

  /** The time is over: counts it, and tells the sender by `head`, the first fragment; null if that has not arrived. Both stay the queue's. */
  protected abstract expired(head: SkBuff | null): void;

  /** What every family's timer does (`ip_expire`, `ip6frag_expire_frag_queue`). */
  private expire(): void {
    if ((this.flags & INET_FRAG_COMPLETE) !== 0) return;
    this.flags |= INET_FRAG_DROP;
    this.kill();
    const head = (this.flags & INET_FRAG_FIRST_IN) !== 0 ? inetFragPullHead(this) : null;
    this.expired(head);
    if (head !== null) head.kfree(SKB_DROP_REASON_FRAG_REASM_TIMEOUT);
    this.destroy();
  }

  /** A fragment ends at byte `end` of the packet, and is its last one or not. False: that contradicts what is known of the packet's length. */
  extend(end: number, last: boolean): boolean {
    const known = (this.flags & INET_FRAG_LAST_IN) !== 0;
    if (last ? end < this.len || (known && end !== this.len) : known && end > this.len) return false;
    if (last) this.flags |= INET_FRAG_LAST_IN;
    if (end > this.len) this.len = end;
    return true;
  }

  /**
   * What every family notes of a fragment that is in the queue now: bytes from `offset` of a packet whose fragment had the ECN field `ecn` and was
   * `size` bytes long, header included. True: nothing is missing any more; else the fragment has left its route and its owner.
   */
  account(skb: SkBuff, offset: number, ecn: number, size: number): boolean {
    this.iif = (skb.dev as NetDevice).ifindex;
    this.stamp = skb.tstamp;
    this.meat += skb.len;
    this.ecn |= 1 << ecn;
    this.fqdir.charge(this, skb.truesize);
    if (offset === 0) this.flags |= INET_FRAG_FIRST_IN;
    if (size > this.maxSize) this.maxSize = size;
    const complete = INET_FRAG_FIRST_IN | INET_FRAG_LAST_IN;
    if ((this.flags & complete) === complete && this.meat === this.len) return true;
    skb.dstDrop();
    skb.orphan();
    return false;
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
    this.fqdir.uncharge(this, this.charge - this.fqdir.frags.qsize);
  }
}
