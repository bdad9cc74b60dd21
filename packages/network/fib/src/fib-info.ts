/** `struct fib_info`: how to get somewhere, shared by all routes that get there the same way. */
import { RTAX_MAX } from '@skbuff/uapi';
import type { FibAlias } from './fib-alias.ts';
import { FibNh } from './fib-nh.ts';
import type { FibNet } from './fib-net.ts';

export class FibInfo {
  readonly state: FibNet;
  /** RTPROT_*, RT_SCOPE_*, RTN_* */
  readonly protocol: number;
  readonly scope: number;
  readonly type: number;
  /** Preferred source address; 0: none. */
  readonly prefsrc: number;
  /** `metric` of `ip route`: 0 is tried first. */
  readonly priority: number;
  readonly tbId: number;
  /** RTNH_F_DEAD or LINKDOWN when all next hops are. */
  flags: number;
  /** RTAX_* by index; null: all default. */
  readonly metrics: Uint32Array | null;
  readonly nhs: FibNh[] = [];
  /** Routes that use it. 0: not in service. */
  treeref = 0;
  /** Its preferred source was removed from the host: user space is told that the routes are gone. */
  pfsrcRemoved = false;
  /** Next in the hash chain. */
  next: FibInfo | null = null;
  /** The aliases that stand for whole prefixes, one for each prefix length and TOS in use. */
  readonly aliases: FibAlias[] = [];

  constructor(state: FibNet, protocol: number, scope: number, type: number, prefsrc: number, priority: number, tbId: number, flags: number, metrics: Uint32Array | null) {
    this.state = state;
    this.protocol = protocol;
    this.scope = scope;
    this.type = type;
    this.prefsrc = prefsrc;
    this.priority = priority;
    this.tbId = tbId;
    this.flags = flags;
    this.metrics = metrics;
  }

  /** `fib_info_hashfn`. */
  hash(): number {
    let h = this.scope ^ (this.protocol << 8) ^ (this.tbId << 16) ^ this.nhs.length;
    h = Math.imul(h ^ this.prefsrc, 0x9e3779b1) ^ Math.imul(this.priority, 0x85ebca6b);
    for (const nh of this.nhs) h = Math.imul(h ^ nh.oif ^ Math.imul(nh.gw, 0xc2b2ae35), 0x27d4eb2f);
    return (h ^ (h >>> 15)) >>> 0;
  }

  /** Whether routes of the two may share one: all but what links report is the same. */
  same(other: FibInfo): boolean {
    if (this.protocol !== other.protocol || this.scope !== other.scope || this.type !== other.type || this.tbId !== other.tbId) return false;
    if (this.prefsrc !== other.prefsrc || this.priority !== other.priority || this.nhs.length !== other.nhs.length) return false;
    return sameMetrics(this.metrics, other.metrics) && this.nhs.every((nh, i) => nh.same(other.nhs[i]));
  }
}

export function sameMetrics(a: Uint32Array | null, b: Uint32Array | null): boolean {
  if (a === null || b === null) return a === b;
  for (let i = 0; i <= RTAX_MAX; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `fib_info_hash`: all that are in service in a namespace, found by what they say; and those that name a preferred source. */
export class FibInfoHash {
  /** `fib_info_cnt`. */
  count = 0;
  private buckets: (FibInfo | null)[] = new Array<FibInfo | null>(16).fill(null);
  private readonly byPrefsrc: Map<number, Set<FibInfo>> = new Map();

  /** `fib_find_info`: one in service that says the same, or null. */
  find(fi: FibInfo): FibInfo | null {
    let other = this.buckets[fi.hash() & (this.buckets.length - 1)];
    while (other !== null && !other.same(fi)) other = other.next;
    return other;
  }

  insert(fi: FibInfo): void {
    if (this.count >= this.buckets.length) this.grow();
    this.count++;
    this.push(fi);
    if (fi.prefsrc === 0) return;
    const set = this.byPrefsrc.get(fi.prefsrc);
    if (set === undefined) this.byPrefsrc.set(fi.prefsrc, new Set([fi]));
    else set.add(fi);
  }

  remove(fi: FibInfo): void {
    this.count--;
    const at = fi.hash() & (this.buckets.length - 1);
    let prev: FibInfo | null = null;
    for (let other = this.buckets[at]; other !== fi && other !== null; other = other.next) prev = other;
    if (prev === null) this.buckets[at] = fi.next;
    else prev.next = fi.next;
    fi.next = null;
    const set = this.byPrefsrc.get(fi.prefsrc);
    if (set !== undefined && set.delete(fi) && set.size === 0) this.byPrefsrc.delete(fi.prefsrc);
  }

  /** Those whose preferred source is `addr`. */
  withPrefsrc(addr: number): Iterable<FibInfo> {
    return this.byPrefsrc.get(addr) ?? [];
  }

  /** All of them, in no particular order. */
  *all(): Generator<FibInfo> {
    for (const first of this.buckets) for (let fi = first; fi !== null; fi = fi.next) yield fi;
  }

  private push(fi: FibInfo): void {
    const at = fi.hash() & (this.buckets.length - 1);
    fi.next = this.buckets[at];
    this.buckets[at] = fi;
  }

  private grow(): void {
    const old = [...this.all()];
    this.buckets = new Array<FibInfo | null>(this.buckets.length * 2).fill(null);
    for (const fi of old) this.push(fi);
  }
}
