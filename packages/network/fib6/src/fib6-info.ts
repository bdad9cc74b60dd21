/** `struct fib6_info`: one route. Routes to the same prefix hang at one {@link Fib6Node}, by metric. */
import type { Fib6Info } from '@skbuff/ipv6';
import { EACCES, EAGAIN, EHOSTUNREACH, EINVAL, RTF_ADDRCONF, RTF_EXPIRES, RTN_BLACKHOLE, RTN_NAT, RTN_PROHIBIT, RTN_THROW, RTN_UNREACHABLE, RTN_XRESOLVE } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import type { Fib6Nh } from './fib6-nh.ts';
import type { Fib6Node, Fib6Table } from './fib6-node.ts';

export class Fib6Rt implements Fib6Info {
  readonly dst: In6Addr = new In6Addr();
  plen = 0;
  readonly src: In6Addr = new In6Addr();
  srcLen = 0;
  /** RTA_PREFSRC; :: none. */
  readonly prefsrc: In6Addr = new In6Addr();
  metric = 0;
  /** RTF_*, without RTF_EXPIRES: see {@link expires}. */
  flags = 0;
  /** RTN_*, RTPROT_* */
  readonly type: number;
  readonly protocol: number;
  /** Jiffies after which it counts no more; 0: never. */
  expires = 0;
  /** RTAX_* by index; null: all default. */
  metrics: Uint32Array | null = null;
  readonly nh: Fib6Nh;
  readonly table: Fib6Table;
  /** Negative errno of a route of nowhere (`fib6_prop`), else 0. */
  readonly error: number;
  /** Where it hangs; null: in no table (any more). */
  node: Fib6Node | null = null;
  /** The next one of the node. */
  next: Fib6Rt | null = null;
  /** The routes that share the packets of one prefix and metric, itself among them, in the order in which they came; null: it is alone. */
  siblings: Fib6Rt[] | null = null;
  /** All its siblings are dead too: it goes with the next change of devices. */
  shouldFlush = false;

  constructor(table: Fib6Table, nh: Fib6Nh, type: number, protocol: number) {
    this.table = table;
    this.nh = nh;
    this.type = type;
    this.protocol = protocol;
    this.error = ip6RtTypeToError(type);
  }

  get linked(): boolean {
    return this.node !== null;
  }

  /** `fib6_check_expired`. */
  expired(now: number): boolean {
    return this.expires !== 0 && now > this.expires;
  }

  /** `fib6_set_expires`, `fib6_clean_expires` (0). */
  setExpires(jiffies: number): void {
    this.expires = jiffies;
    this.changed();
  }

  /** The flags as user space sees them. */
  get flagsShown(): number {
    return this.expires !== 0 ? this.flags | RTF_EXPIRES : this.flags;
  }

  /** `rt6_qualify_for_ecmp`: it may share packets with others. */
  get ecmp(): boolean {
    return this.nh.hasGw && (this.flags & RTF_ADDRCONF) === 0;
  }

  /** `fib6_metric_set`: RTAX_* `index` becomes `value`. */
  setMetric(index: number, value: number): void {
    this.metrics ??= new Uint32Array(METRICS);
    this.metrics[index] = value;
    this.changed();
  }

  private changed(): void {
    if (this.node !== null) this.table.store.forgetWay(this.node);
  }
}

/** RTAX_MAX + 1. */
const METRICS = 18;

/** `ip6_rt_type_to_error`: what a lookup that ends at a route of this type reports. */
export function ip6RtTypeToError(type: number): number {
  switch (type) {
    case RTN_BLACKHOLE:
    case RTN_NAT:
    case RTN_XRESOLVE:
      return -EINVAL;
    case RTN_UNREACHABLE:
      return -EHOSTUNREACH;
    case RTN_PROHIBIT:
      return -EACCES;
    case RTN_THROW:
      return -EAGAIN;
    default:
      return 0;
  }
}
