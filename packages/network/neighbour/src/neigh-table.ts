/**
 * `struct neigh_table`: all neighbours of one protocol, of every namespace, by device and address.
 *
 * The hash chains run through the entries. `lookup` is on the way of every packet: one multiplication, one array access and a
 * comparison of a number and a pointer, no reference taken.
 */
import { type ExtAck, HZ, type NetDevice, type Random, type Timers, TimerList } from '@skbuff/core';
import { EINVAL, ENOBUFS, NTF_EXT_LEARNED, NUD_NOARP, NUD_NONE, NUD_PERMANENT } from '@skbuff/uapi';
import type { NeighCore } from './neigh-core.ts';
import { neighForcedGc, neighPeriodicWork } from './neigh-gc.ts';
import { neighCleanupAndRelease } from './neigh-notify.ts';
import { neighBlackhole } from './neigh-output.ts';
import { NEIGH_VARS_DEFAULT, NeighParms, type NeighVars } from './neigh-parms.ts';
import { NeighStatistics } from './neigh-stats.ts';
import { NTF_EXT_VALIDATED, NTF_MANAGED } from './neigh-flags.ts';
import { neighDelTimer, neighPurgeQueue } from './neigh-state.ts';
import { neighTimerHandler } from './neigh-timer.ts';
import { NUD_VALID, Neighbour, type NeighOps } from './neighbour.ts';
import type { NeighProxy, NeighProxyOps } from './pneigh.ts';

/** What a protocol says about its table; every member but the last is present. */
export interface NeighTableOptions {
  /** `arp_cache`. */
  readonly id: string;
  readonly family: number;
  /** Bytes of an address. */
  readonly keyLen: 4 | 16;
  /** EtherType of the packets that go to neighbours. */
  readonly protocol: number;
  /** `ipv4`: where the settings are, below /proc/sys/net. */
  readonly sysctlDir: string;
  /** Used until `construct` chooses. */
  readonly ops: NeighOps;
  /** Gives a new entry its parameters, operations and, if no question is needed, state and address. 0 or a negative errno. */
  readonly construct: (neigh: Neighbour) => number;
  readonly isMulticast: (neigh: Neighbour) => boolean;
  /** Whether the administrator may add entries on the device; says why not. */
  readonly allowAdd: ((dev: NetDevice, extack: ExtAck) => boolean) | null;
  /** Devices with one of these IFF_* flags have a single neighbour (address 0) for all addresses. */
  readonly oneNeighFlags: number;
  /** Where the defaults differ. */
  readonly parms: Partial<NeighVars>;
  /**
   * Somebody has written `retrans_time` or `base_reachable_time`, in whatever unit (`ndisc_ifinfo_sysctl_change`). Where a protocol wants to
   * know, the former is in jiffies.
   */
  readonly ifinfoChange?: (parms: NeighParms) => void;
}

const HASH_SHIFT_MIN = 3;

export class NeighTable {
  readonly core: NeighCore;
  readonly timers: Timers;
  readonly random: Random;
  readonly id: string;
  readonly family: number;
  readonly keyLen: 4 | 16;
  readonly protocol: number;
  readonly options: NeighTableOptions;
  /** The defaults, and every device's parameters. */
  readonly parms: NeighParms;
  readonly parmsList: NeighParms[];
  /** @internal */
  readonly parmsByDev: Map<NetDevice, NeighParms> = new Map();
  readonly stats: NeighStatistics = new NeighStatistics();
  /** Proxied addresses, once there was one: {@link neighProxy}. */
  proxy: NeighProxy | null = null;
  /** What the protocol does about them. Set before there is one. */
  proxyOps: NeighProxyOps | null = null;
  /** Fewer entries than `gcThresh1` are left alone; `gcThresh2` may be exceeded for 5 s; `gcThresh3` is the limit. */
  gcThresh1 = 128;
  gcThresh2 = 512;
  gcThresh3 = 1024;
  /** Jiffies. Shown and set, but the kernel has not used it since Linux 2.6.31: it collects every half `base_reachable_time`. */
  gcInterval: number = 30 * HZ;
  /** Entries alive, and those of them that garbage collection may take. */
  entries = 0;
  gcEntries = 0;
  /** The latter, oldest first. */
  gcFirst: Neighbour | null = null;
  gcLast: Neighbour | null = null;
  /** Jiffies of the last forced collection and of the last drawing of reachable times. */
  lastFlush: number;
  lastRand: number;
  /** Entries that the kernel keeps resolved (NTF_MANAGED). */
  readonly managed: Set<Neighbour> = new Set();
  readonly gcTimer: TimerList;
  /** Null in a stack without netlink, by which alone entries become managed. */
  readonly managedTimer: TimerList | null;
  private readonly oneNeighFlags: number;
  /** The multiplier of the hash, signed. @internal */
  readonly rnd: number;
  /** @internal */
  buckets: (Neighbour | null)[];
  /** The entries of a device (`dev->neighbours`), oldest first: with thousands of devices none of them looks through all entries. */
  private readonly byDev: Map<NetDevice, Set<Neighbour>> = new Map();
  private shift: number;

  /** `neigh_table_init`: the table is known to user space and collected from now on, until {@link clear}. */
  constructor(core: NeighCore, options: NeighTableOptions) {
    const { timers, random } = core.kernel;
    this.core = core;
    this.timers = timers;
    this.random = random.fork(options.id);
    this.id = options.id;
    this.family = options.family;
    this.keyLen = options.keyLen;
    this.protocol = options.protocol;
    this.options = options;
    this.oneNeighFlags = options.oneNeighFlags;
    this.rnd = (this.random.u32() | 1) | 0;
    this.shift = 32 - HASH_SHIFT_MIN;
    this.buckets = new Array<Neighbour | null>(1 << HASH_SHIFT_MIN).fill(null);
    this.parms = new NeighParms(this, null, { ...NEIGH_VARS_DEFAULT, ...options.parms });
    this.parmsList = [this.parms];
    core.control?.sysctlRegister(this.parms);
    this.lastFlush = timers.jiffies;
    this.lastRand = timers.jiffies;
    this.gcTimer = new TimerList(() => neighPeriodicWork(this), true);
    this.managedTimer = core.control?.managedTimer(this) ?? null;
    timers.modTimer(this.gcTimer, timers.jiffies + this.parms.reachableTime);
    if (this.managedTimer !== null) timers.modTimer(this.managedTimer, timers.jiffies);
    core.tables.push(this);
  }

  /** `neigh_table_clear`: everything goes; devices let go of their entries. */
  clear(): void {
    this.timers.delTimer(this.gcTimer);
    if (this.managedTimer !== null) this.timers.delTimer(this.managedTimer);
    this.proxy?.clear();
    this.ifdown(null);
    for (const parms of [...this.parmsList]) this.parmsRelease(parms);
    const at = this.core.tables.indexOf(this);
    if (at >= 0) this.core.tables.splice(at, 1);
  }

  /** `__neigh_lookup_noref`: the neighbour with this address on `dev`, or null. The words of the address may be signed or not. */
  lookup(dev: NetDevice, k0: number, k1: number = 0, k2: number = 0, k3: number = 0): Neighbour | null {
    k0 |= 0;
    if ((dev.flags & this.oneNeighFlags) !== 0) k0 = 0;
    let n = this.buckets[this.hash(dev, k0, k1, k2, k3)] as Neighbour | null;
    for (; n !== null; n = n.next) {
      if (n.k0 === k0 && n.dev === dev && n.k3 === (k3 | 0) && n.k2 === (k2 | 0) && n.k1 === (k1 | 0)) return n;
    }
    return null;
  }

  /** `neigh_lookup`: as {@link lookup}, counted. */
  find(dev: NetDevice, k0: number, k1: number = 0, k2: number = 0, k3: number = 0): Neighbour | null {
    this.stats.lookups++;
    const neigh = this.lookup(dev, k0, k1, k2, k3);
    if (neigh !== null) this.stats.hits++;
    return neigh;
  }

  /**
   * `__neigh_create`: the neighbour with this address on `dev`, made if there is none. No reference is taken. -ENOBUFS when the
   * table is full, -EINVAL when the protocol is not at home on the device.
   */
  create(dev: NetDevice, k0: number, k1: number = 0, k2: number = 0, k3: number = 0): Neighbour | number {
    return this.createWith(dev, k0, k1, k2, k3, 0, false);
  }

  /** As {@link create}, with NTF_* flags; an entry that is exempt from garbage collection does not count against its limits. */
  createWith(dev: NetDevice, k0: number, k1: number, k2: number, k3: number, flags: number, exempt: boolean): Neighbour | number {
    const n = this.alloc(dev, flags, exempt);
    if (n === null) return -ENOBUFS;
    const one = (dev.flags & this.oneNeighFlags) !== 0;
    n.k0 = one ? 0 : k0 | 0;
    n.k1 = k1 | 0;
    n.k2 = k2 | 0;
    n.k3 = k3 | 0;
    const err = this.construct(n);
    const existing = err < 0 ? null : this.lookup(dev, k0, k1, k2, k3);
    if (err < 0 || n.parms.dead || existing !== null) {
      if (!exempt) this.gcEntries--;
      n.release();
      return existing ?? (err < 0 ? err : -EINVAL);
    }
    n.confirmed = this.timers.jiffies - 2 * n.parms.baseReachableTime;
    this.insert(n, exempt);
    return n;
  }

  /** What the protocol, the device and the owner of the settings say to a new entry: 0, or a negative errno, which refuses it. */
  private construct(n: Neighbour): number {
    const err = this.options.construct(n);
    if (err < 0) return err;
    const refused = n.dev.ops.ndoNeighConstruct?.(n.dev, n) ?? 0;
    return refused < 0 ? refused : (n.parms.neighSetup?.(n) ?? 0);
  }

  private insert(n: Neighbour, exempt: boolean): void {
    if (this.entries > this.buckets.length) this.grow();
    const at = this.hash(n.dev, n.k0, n.k1, n.k2, n.k3);
    n.next = this.buckets[at] as Neighbour | null;
    this.buckets[at] = n;
    const siblings = this.byDev.get(n.dev);
    if (siblings === undefined) this.byDev.set(n.dev, new Set([n]));
    else siblings.add(n);
    n.dead = false;
    if (!exempt) this.gcLink(n);
    if ((n.flags & NTF_MANAGED) !== 0) this.managed.add(n);
  }

  /** `neigh_alloc`: null when the table is full and nothing can be collected. */
  private alloc(dev: NetDevice, flags: number, exempt: boolean): Neighbour | null {
    const now = this.timers.jiffies;
    if (!exempt) {
      const entries = this.gcEntries++;
      const collect = entries >= this.gcThresh3 || (entries >= this.gcThresh2 && now > this.lastFlush + 5 * HZ);
      if (collect && neighForcedGc(this) === 0 && entries >= this.gcThresh3) {
        this.core.kernel.log(`neighbour: ${this.id}: neighbor table overflow!`);
        this.stats.tableFulls++;
        this.gcEntries--;
        return null;
      }
    }
    const n = new Neighbour(this, dev, this.parms, this.options.ops, neighBlackhole, neighTimerHandler);
    this.parms.refcnt++;
    n.updated = now;
    n.used = now;
    n.nudState = NUD_NONE;
    n.flags = flags;
    dev.hold();
    n.serial = this.stats.allocs++;
    this.entries++;
    this.core.live++;
    return n;
  }

  /** `neigh_parms_clone` into an entry: from now on it follows these parameters. */
  bindParms(neigh: Neighbour, parms: NeighParms): void {
    parms.refcnt++;
    neigh.parms.refcnt--;
    neigh.parms = parms;
  }

  /** `neigh_destroy`: called for the last reference only. */
  destroy(neigh: Neighbour): void {
    this.stats.destroys++;
    if (!neigh.dead) {
      this.core.kernel.log(`neighbour: Destroying alive neighbour on ${neigh.dev.name}`);
      return;
    }
    neighPurgeQueue(neigh);
    neigh.dev.ops.ndoNeighDestroy?.(neigh.dev, neigh);
    neigh.dev.put();
    neigh.parms.refcnt--;
    this.entries--;
    this.core.live--;
  }

  /** `neigh_remove_one`: takes an entry that nobody else holds out of the table. False if somebody does, or it is out already. */
  remove(neigh: Neighbour): boolean {
    if (neigh.refcnt !== 1 || neigh.dead || !this.unlink(neigh)) return false;
    neighCleanupAndRelease(neigh);
    return true;
  }

  /** Every entry, bucket by bucket. */
  *all(): Generator<Neighbour> {
    for (const first of this.buckets) for (let n = first; n !== null; n = n.next) yield n;
  }

  /** `neigh_ifdown`: the device (null: every device) loses all its entries and proxied addresses. */
  ifdown(dev: NetDevice | null): void {
    this.flushDev(dev, false);
    this.proxy?.ifdown(dev);
  }

  /** `neigh_carrier_down`: as {@link ifdown}, but what the administrator fixed stays. */
  carrierDown(dev: NetDevice): void {
    this.flushDev(dev, true);
    this.proxy?.ifdown(dev, true);
  }

  /** `neigh_changeaddr`: the device has another address; what its neighbours know is void, and so are our entries. */
  changeaddr(dev: NetDevice): void {
    this.flushDev(dev, false);
  }

  /** `neigh_flush_dev`, the newest first. An entry that somebody still holds stays as a shell that sends nothing. */
  private flushDev(dev: NetDevice | null, skipPermanent: boolean): void {
    const some = dev === null ? [...this.all()] : [...(this.byDev.get(dev) ?? [])].filter((n) => !(skipPermanent && isFixed(n)));
    for (const n of some.sort((a, b) => b.serial - a.serial)) {
      if (!this.unlink(n)) continue;
      neighDelTimer(n);
      if (n.refcnt !== 1) {
        neighPurgeQueue(n);
        n.outputFn = neighBlackhole;
        n.nudState = (n.nudState & NUD_VALID) !== 0 ? NUD_NOARP : NUD_NONE;
        n.hhLen = 0;
      }
      neighCleanupAndRelease(n);
    }
  }

  /** `neigh_update_gc_list`, `neigh_update_managed_list`: an entry's state or flags changed. */
  updateLists(neigh: Neighbour): void {
    if (neigh.dead) return;
    const exempt = (neigh.nudState & NUD_PERMANENT) !== 0 || (neigh.flags & (NTF_EXT_LEARNED | NTF_EXT_VALIDATED)) !== 0;
    if (exempt === neigh.onGcList) {
      if (exempt) this.gcUnlink(neigh);
      else this.gcLink(neigh);
      this.gcEntries += exempt ? -1 : 1;
    }
    if ((neigh.flags & NTF_MANAGED) !== 0) this.managed.add(neigh);
    else this.managed.delete(neigh);
  }

  /** `neigh_parms_alloc`: a device's parameters, copied from the defaults when first asked for. */
  parmsOf(dev: NetDevice): NeighParms {
    const known = this.parmsByDev.get(dev);
    if (known !== undefined) return known;
    const parms = new NeighParms(this, dev, this.parms);
    // The defaults first, then the newest.
    this.parmsList.splice(1, 0, parms);
    this.parmsByDev.set(dev, parms);
    this.core.control?.sysctlRegister(parms);
    return parms;
  }

  /** `neigh_parms_release`: the device goes; entries that still refer to the parameters are dying. */
  parmsRelease(parms: NeighParms): void {
    const at = this.parmsList.indexOf(parms);
    if (at < 0) return;
    this.parmsList.splice(at, 1);
    if (parms.dev !== null) this.parmsByDev.delete(parms.dev);
    this.core.control?.sysctlUnregister(parms);
    parms.dead = true;
    parms.refcnt--;
  }

  /** The device is being unregistered. */
  forgetDevice(dev: NetDevice): void {
    const parms = this.parmsByDev.get(dev);
    if (parms !== undefined) this.parmsRelease(parms);
  }

  /** Out of the hash and the lists; false if it was not there. */
  private unlink(neigh: Neighbour): boolean {
    const at = this.hash(neigh.dev, neigh.k0, neigh.k1, neigh.k2, neigh.k3);
    let prev: Neighbour | null = null;
    let n = this.buckets[at] as Neighbour | null;
    while (n !== null && n !== neigh) {
      prev = n;
      n = n.next;
    }
    if (n === null) return false;
    if (prev === null) this.buckets[at] = neigh.next;
    else prev.next = neigh.next;
    const siblings = this.byDev.get(neigh.dev) as Set<Neighbour>;
    siblings.delete(neigh);
    if (siblings.size === 0) this.byDev.delete(neigh.dev);
    neigh.dead = true;
    if (neigh.onGcList) {
      this.gcUnlink(neigh);
      this.gcEntries--;
    }
    this.managed.delete(neigh);
    return true;
  }

  private gcLink(neigh: Neighbour): void {
    neigh.gcPrev = this.gcLast;
    neigh.gcNext = null;
    if (this.gcLast === null) this.gcFirst = neigh;
    else this.gcLast.gcNext = neigh;
    this.gcLast = neigh;
    neigh.onGcList = true;
  }

  private gcUnlink(neigh: Neighbour): void {
    const { gcNext, gcPrev } = neigh;
    if (gcPrev === null) this.gcFirst = gcNext;
    else gcPrev.gcNext = gcNext;
    if (gcNext === null) this.gcLast = gcPrev;
    else gcNext.gcPrev = gcPrev;
    neigh.gcNext = null;
    neigh.gcPrev = null;
    neigh.onGcList = false;
  }

  /** `neigh_hash_grow`: twice as many buckets. */
  private grow(): void {
    const old = this.buckets;
    this.shift--;
    this.buckets = new Array<Neighbour | null>(old.length * 2).fill(null);
    this.stats.hashGrows++;
    for (const first of old) {
      for (let n = first; n !== null; ) {
        const next: Neighbour | null = n.next;
        const at = this.hash(n.dev, n.k0, n.k1, n.k2, n.k3);
        n.next = this.buckets[at] as Neighbour | null;
        this.buckets[at] = n;
        n = next;
      }
    }
  }

  private hash(dev: NetDevice, k0: number, k1: number, k2: number, k3: number): number {
    const { rnd } = this;
    // Who does not know the random number cannot choose keys that share a bucket: each word has a factor of its own.
    return Math.imul(k0 ^ dev.ifindex ^ Math.imul(k1, rnd) ^ Math.imul(k2, rnd >>> 5) ^ Math.imul(k3, rnd >>> 9), rnd) >>> this.shift;
  }
}

/** Stays when the carrier is lost. */
function isFixed(neigh: Neighbour): boolean {
  return (neigh.nudState & NUD_PERMANENT) !== 0 || (neigh.flags & NTF_EXT_VALIDATED) !== 0;
}
