/**
 * What was learned about one destination behind a route (`rt6_exception`): a smaller path MTU (RFC 8201), a better first hop (RFC 4861 §8).
 * Each is a decision of its own (RTF_CACHE), kept with the way in 1024 chains, for a limited time.
 */
import type { Random } from '@skbuff/core';
import type { Rt6Info } from '@skbuff/ipv6';
import { NTF_ROUTER, RTF_EXPIRES, RTF_GATEWAY } from '@skbuff/uapi';
import { type In6Addr, in6Hash } from '@skbuff/wire';
import type { Fib6Net } from './fib6-net.ts';

const BUCKETS = 1024;
/** A chain may grow to this length and, at random, up to twice as long, before its oldest member gives way. */
const FIB6_MAX_DEPTH = 5;

export interface Rt6Exception {
  readonly rt: Rt6Info;
  /** Jiffies at which it was learned or confirmed. */
  stamp: number;
  next: Rt6Exception | null;
}

export class Rt6Exceptions {
  private readonly buckets: (Rt6Exception | null)[] = new Array<Rt6Exception | null>(BUCKETS).fill(null);
  private readonly state: Fib6Net;
  /** Random: destinations that share a chain cannot be guessed. */
  private readonly seed: number;
  /** The route is for certain sources: what is learned holds for one source. */
  private readonly bySource: boolean;

  constructor(state: Fib6Net, bySource: boolean) {
    this.state = state;
    this.seed = state.fib6.random.u32() | 0;
    this.bySource = bySource;
  }

  private bucketOf(w0: number, w1: number, w2: number, w3: number): number {
    return in6Hash(w0, w1, w2, w3, this.seed) & (BUCKETS - 1);
  }

  /** `rt6_find_cached_rt`: what is known about a destination and still holds, or null. */
  find(daddr: In6Addr, saddr: In6Addr): Rt6Info | null {
    const e = this.get(daddr.w0, daddr.w1, daddr.w2, daddr.w3, saddr);
    return e === null || expired(e.rt, this.state.timers.jiffies) ? null : e.rt;
  }

  /** Whether there may be something, holding or not: cheap, for the way of every packet. */
  mayKnow(w0: number, w1: number, w2: number, w3: number): boolean {
    return this.buckets[this.bucketOf(w0, w1, w2, w3)] !== null;
  }

  private get(w0: number, w1: number, w2: number, w3: number, saddr: In6Addr): Rt6Exception | null {
    for (let e = this.buckets[this.bucketOf(w0, w1, w2, w3)]; e !== null; e = e.next) {
      const { dstAddr, srcAddr } = e.rt;
      const same = dstAddr.w3 === w3 && dstAddr.w2 === w2 && dstAddr.w1 === w1 && dstAddr.w0 === w0;
      if (same && (!this.bySource || srcAddr.equals(saddr))) return e;
    }
    return null;
  }

  /** `rt6_insert_exception`: takes over the caller's reference. What was known before about the destination goes. */
  insert(rt: Rt6Info, random: Random): void {
    const { dstAddr: d } = rt;
    const known = this.get(d.w0, d.w1, d.w2, d.w3, rt.srcAddr);
    if (known !== null) this.remove(known.rt);
    const at = this.bucketOf(d.w0, d.w1, d.w2, d.w3);
    this.buckets[at] = { rt, stamp: this.state.timers.jiffies, next: this.buckets[at] };
    this.state.stats.rtCache++;
    let depth = 0;
    for (let e: Rt6Exception | null = this.buckets[at]; e !== null; e = e.next) depth++;
    for (const most = FIB6_MAX_DEPTH + random.below(FIB6_MAX_DEPTH); depth > most; depth--) this.removeOldest(at);
  }

  /** `rt6_remove_exception_rt`: true if it was one of these. */
  remove(rt: Rt6Info): boolean {
    const at = this.bucketOf(rt.dstAddr.w0, rt.dstAddr.w1, rt.dstAddr.w2, rt.dstAddr.w3);
    let prev: Rt6Exception | null = null;
    for (let e = this.buckets[at]; e !== null; prev = e, e = e.next) {
      if (e.rt !== rt) continue;
      if (prev === null) this.buckets[at] = e.next;
      else prev.next = e.next;
      this.drop(rt);
      return true;
    }
    return false;
  }

  /** `rt6_update_exception_stamp_rt`: it was confirmed just now. */
  touch(rt: Rt6Info): void {
    const { w0, w1, w2, w3 } = rt.dstAddr;
    for (let e = this.buckets[this.bucketOf(w0, w1, w2, w3)]; e !== null; e = e.next) if (e.rt === rt) e.stamp = this.state.timers.jiffies;
  }

  private removeOldest(at: number): void {
    let oldest = this.buckets[at];
    for (let e = oldest; e !== null; e = e.next) if (oldest !== null && e.stamp < oldest.stamp) oldest = e;
    if (oldest !== null) this.remove(oldest.rt);
  }

  private drop(rt: Rt6Info): void {
    this.state.stats.rtCache--;
    rt.from = null;
    // Sockets may hold it for long: it has to be found when its device leaves.
    rt.uncached = this.state.fib6.uncached.add(rt);
    rt.release();
  }

  /** Every entry. */
  *all(): Generator<Rt6Exception> {
    for (const first of this.buckets) for (let e: Rt6Exception | null = first; e !== null; e = e.next) yield e;
  }

  /** `rt6_flush_exceptions`. */
  flush(): void {
    for (const { rt } of this.all()) this.drop(rt);
    this.buckets.fill(null);
  }

  /** `rt6_age_exceptions`: those that are over go. How many are left. */
  age(state: Fib6Net, now: number): number {
    let left = 0;
    for (const e of [...this.all()]) {
      if (this.isOver(state, e, now)) this.remove(e.rt);
      else left++;
    }
    return left;
  }

  /** A redirect that nobody confirmed for long, an MTU whose time has passed, or a gateway that no longer calls itself a router. */
  private isOver({ gcTimeout, fib6 }: Fib6Net, { rt, stamp }: Rt6Exception, now: number): boolean {
    if ((rt.rtFlags & RTF_EXPIRES) === 0) {
      if (now >= stamp + gcTimeout) return true;
    } else if (expired(rt, now)) return true;
    if ((rt.rtFlags & RTF_GATEWAY) === 0) return false;
    const { w0, w1, w2, w3 } = rt.gateway;
    const neigh = fib6.ip.ndisc?.tbl.lookup(rt.dev, w0, w1, w2, w3) ?? null;
    return neigh === null || (neigh.flags & NTF_ROUTER) === 0;
  }

  /** `rt6_exceptions_update_pmtu`: the link takes packets of `mtu` bytes now; `old`: what IPv6 took until now. */
  updatePmtu(mtu: number, old: number): void {
    for (const { rt } of this.all()) if (rt.pmtu !== 0 && (rt.pmtu >= mtu || rt.pmtu === old)) rt.pmtu = mtu;
  }

  /** `rt6_exceptions_clean_tohost`: `gateway` is no router any more. */
  cleanTohost(gateway: In6Addr): void {
    for (const { rt } of [...this.all()]) if ((rt.rtFlags & RTF_GATEWAY) !== 0 && rt.gateway.equals(gateway)) this.remove(rt);
  }

  /** `rt6_exceptions_remove_prefsrc`: the route's preferred source went. */
  removePrefsrc(): void {
    for (const { rt } of this.all()) rt.prefsrc.set(0, 0, 0, 0);
  }
}

function expired(rt: Rt6Info, now: number): boolean {
  return (rt.rtFlags & RTF_EXPIRES) !== 0 && now > rt.expires;
}
