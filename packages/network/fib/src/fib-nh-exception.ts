/**
 * `struct fib_nh_exception`: what ICMP said about one destination behind a next hop – a smaller path MTU (RFC 1191), a better
 * gateway (RFC 792 redirect) – without a route of its own. Kept with the next hop, in 2048 chains, for a limited time.
 */
import type { Random } from '@skbuff/core';
import { RTCF_REDIRECTED, type Rtable } from '@skbuff/ipv4';
import { dropRoute } from './fib-nh.ts';

const FNHE_HASH_SIZE = 2048;
/** A chain may grow to this length and, at random, up to twice as long, before its oldest member gives way. */
const FNHE_RECLAIM_DEPTH = 5;

export class FibNhException {
  next: FibNhException | null = null;
  readonly daddr: number;
  /** Generation of the exceptions it was learned in (`route/flush` starts a new one). */
  genid: number;
  /** Bytes; 0: not known. */
  pmtu = 0;
  /** The MTU was so small that it was not believed: no discovery below `min_pmtu`. */
  mtuLocked = false;
  /** Better gateway, u32; 0: none. */
  gw = 0;
  /** Jiffies; 0: never. */
  expires = 0;
  /** Jiffies of the last use. */
  stamp = 0;
  rthInput: Rtable | null = null;
  rthOutput: Rtable | null = null;

  constructor(daddr: number, genid: number) {
    this.daddr = daddr;
    this.genid = genid;
  }

  /** `fill_route_from_fnhe`. */
  fill(rt: Rtable): void {
    rt.pmtu = this.pmtu;
    rt.pmtuLocked = this.mtuLocked;
    rt.expires = this.expires;
    if (this.gw === 0) return;
    rt.rtFlags |= RTCF_REDIRECTED;
    rt.gateway = this.gw;
  }

  /** A learned value changed: what is decided already follows. */
  refill(): void {
    if (this.rthInput !== null) this.fill(this.rthInput);
    if (this.rthOutput !== null) this.fill(this.rthOutput);
  }

  /** Forgets what was learned in an older generation. */
  renew(genid: number): void {
    this.genid = genid;
    this.gw = 0;
    this.pmtu = 0;
    this.expires = 0;
    this.mtuLocked = false;
    this.flushRoutes();
  }

  flushRoutes(): void {
    dropRoute(this.rthInput);
    dropRoute(this.rthOutput);
    this.rthInput = null;
    this.rthOutput = null;
  }
}

export class FnheTable {
  private readonly buckets: (FibNhException | null)[] = new Array<FibNhException | null>(FNHE_HASH_SIZE).fill(null);
  private readonly key: number;

  /** @param key random: destinations that share a chain cannot be guessed */
  constructor(key: number) {
    this.key = key;
  }

  private hash(daddr: number): number {
    const h = Math.imul(daddr ^ this.key, 0x9e3779b1);
    return Math.imul(h ^ (h >>> 15), 0x85ebca6b) >>> 21;
  }

  /** `find_exception`: an entry that has not expired at `now` (jiffies), or null. */
  find(daddr: number, now: number): FibNhException | null {
    for (let e = this.buckets[this.hash(daddr)]; e !== null; e = e.next) {
      if (e.daddr !== daddr) continue;
      if (e.expires === 0 || now <= e.expires) return e;
      this.delete(daddr);
      return null;
    }
    return null;
  }

  /** The entry, expired or not. */
  get(daddr: number): FibNhException | null {
    let e = this.buckets[this.hash(daddr)];
    while (e !== null && e.daddr !== daddr) e = e.next;
    return e;
  }

  /** A new entry for a destination that has none; a chain that is too long loses its oldest members. */
  add(daddr: number, genid: number, random: Random): FibNhException {
    const at = this.hash(daddr);
    let depth = 0;
    for (let e = this.buckets[at]; e !== null; e = e.next) depth++;
    for (const most = FNHE_RECLAIM_DEPTH + random.below(FNHE_RECLAIM_DEPTH); depth > most; depth--) this.removeOldest(at);
    const entry = new FibNhException(daddr, genid);
    entry.next = this.buckets[at];
    this.buckets[at] = entry;
    return entry;
  }

  delete(daddr: number): void {
    const at = this.hash(daddr);
    let prev: FibNhException | null = null;
    for (let e = this.buckets[at]; e !== null; prev = e, e = e.next) {
      if (e.daddr !== daddr) continue;
      if (prev === null) this.buckets[at] = e.next;
      else prev.next = e.next;
      e.flushRoutes();
      return;
    }
  }

  private removeOldest(at: number): void {
    let oldest = this.buckets[at];
    for (let e = oldest; e !== null; e = e.next) if (oldest !== null && e.stamp < oldest.stamp) oldest = e;
    if (oldest !== null) this.delete(oldest.daddr);
  }

  /** Every entry. */
  *all(): Generator<FibNhException> {
    for (const first of this.buckets) for (let e = first; e !== null; e = e.next) yield e;
  }

  flush(): void {
    for (const e of this.all()) e.flushRoutes();
    this.buckets.fill(null);
  }
}
