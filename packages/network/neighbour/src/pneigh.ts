/** Proxied addresses (`pneigh_*`): what this host answers for on behalf of others, after a random delay. */
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { SKB_DROP_REASON_NOT_SPECIFIED, SkBuffHead, TimerList } from '@skbuff/core';
import { ENOBUFS, ENOENT } from '@skbuff/uapi';
import type { NeighParms } from './neigh-parms.ts';
import type { NeighTable } from './neigh-table.ts';

/** `NEIGH_CB`: lanes of `skb.cb` while a neighbour protocol has the packet. */
export const NEIGH_CB_SCHED_NEXT = 0;
export const NEIGH_CB_FLAGS = 1;
/** The request comes from the proxy queue: its delay is over. */
export const LOCALLY_ENQUEUED = 1;

/** `struct pneigh_entry`. */
export interface PneighEntry {
  readonly net: Net;
  /** Null: on all devices. */
  readonly dev: NetDevice | null;
  /** Words of the address, signed. */
  readonly key: readonly [number, number, number, number];
  /** NTF_* */
  flags: number;
  /** RTPROT_* */
  protocol: number;
  /** Survives a loss of carrier. */
  permanent: boolean;
}

/** What a protocol does about its proxied addresses; every member is present. */
export interface NeighProxyOps {
  /** One is new (anything but 0 refuses it) or gone. */
  readonly pconstruct: ((entry: PneighEntry) => number) | null;
  readonly pdestruct: ((entry: PneighEntry) => void) | null;
  /** A request comes back after its delay; owns the sk_buff. */
  readonly proxyRedo: (skb: SkBuff) => void;
}

/** `phash_buckets`: so many. */
const PHASH_SIZE = 16;

export class NeighProxy {
  readonly queue: SkBuffHead = new SkBuffHead();
  private readonly buckets: PneighEntry[][] = Array.from({ length: PHASH_SIZE }, () => []);
  private readonly timer: TimerList;
  private readonly tbl: NeighTable;
  /** Whose delay queue counter each waiting packet is in. */
  private readonly waiting: Map<SkBuff, { readonly parms: NeighParms; readonly dev: NetDevice }> = new Map();

  constructor(tbl: NeighTable) {
    this.tbl = tbl;
    this.timer = new TimerList(() => this.process());
  }

  /** All entries in the kernel's order: bucket by bucket, the newest of a bucket first. */
  get entries(): readonly PneighEntry[] {
    return this.buckets.flat();
  }

  /** `pneigh_lookup`: the entry that covers the address on `dev`: the device's own, or one for all devices. */
  lookup(net: Net, dev: NetDevice | null, k0: number, k1: number = 0, k2: number = 0, k3: number = 0): PneighEntry | null {
    for (const entry of this.bucket(k0, k3)) {
      if (entry.net === net && (entry.dev === dev || entry.dev === null) && sameKey(entry, k0, k1, k2, k3)) return entry;
    }
    return null;
  }

  /** `pneigh_create`: makes an entry unless one covers the address already. The entry, or -ENOBUFS if `pconstruct` refuses it. */
  create(net: Net, dev: NetDevice | null, k0: number, k1: number = 0, k2: number = 0, k3: number = 0): PneighEntry | number {
    const existing = this.lookup(net, dev, k0, k1, k2, k3);
    if (existing !== null) return existing;
    const entry: PneighEntry = { net, dev, key: [k0 | 0, k1 | 0, k2 | 0, k3 | 0], flags: 0, protocol: 0, permanent: false };
    if ((this.tbl.proxyOps?.pconstruct?.(entry) ?? 0) !== 0) return -ENOBUFS;
    dev?.hold();
    this.bucket(k0, k3).unshift(entry);
    return entry;
  }

  /** `pneigh_delete`: 0, or -ENOENT without that very entry. */
  delete(net: Net, dev: NetDevice | null, k0: number, k1: number = 0, k2: number = 0, k3: number = 0): number {
    const entry = this.bucket(k0, k3).find((e) => e.net === net && e.dev === dev && sameKey(e, k0, k1, k2, k3));
    if (entry === undefined) return -ENOENT;
    this.drop(entry);
    return 0;
  }

  /** `pneigh_ifdown`: entries of a device (null: all entries) and the requests that wait in its namespace. */
  ifdown(dev: NetDevice | null, skipPermanent: boolean = false): void {
    for (const entry of this.entries.filter((e) => dev === null || e.dev === dev)) {
      if (!(skipPermanent && entry.permanent)) this.drop(entry);
    }
    this.purge(dev === null ? null : dev.net);
  }

  /** Entries of a namespace that goes. */
  netExit(net: Net): void {
    for (const entry of this.entries.filter((e) => e.net === net)) this.drop(entry);
    this.purge(net);
  }

  /** `pneigh_enqueue`: a request waits a random time up to `proxy_delay`, unless too many do. Takes over the sk_buff. */
  enqueue(parms: NeighParms, skb: SkBuff): void {
    const { timers, random } = this.tbl;
    if (parms.qlen > parms.proxyQlen) {
      skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
      return;
    }
    const dev = skb.dev as NetDevice;
    let next = timers.jiffies + random.below(parms.proxyDelay);
    skb.cb[NEIGH_CB_SCHED_NEXT] = next | 0;
    skb.cb[NEIGH_CB_FLAGS] |= LOCALLY_ENQUEUED;
    if (timers.delTimer(this.timer) && this.timer.expires < next) next = this.timer.expires;
    skb.dstDrop();
    dev.hold();
    this.waiting.set(skb, { parms, dev });
    this.queue.queueTail(skb);
    parms.qlen++;
    timers.modTimer(this.timer, next);
  }

  /** Everything goes. */
  clear(): void {
    for (const entry of this.entries) this.drop(entry);
    this.purge(null);
  }

  /** `neigh_proxy_process`: what is due is handled again, as if it came in now. */
  private process(): void {
    const { timers, proxyOps } = this.tbl;
    let next = Number.POSITIVE_INFINITY;
    for (let skb = this.queue.peek(); skb !== null; ) {
      const after: SkBuff | null = skb.next;
      const left = (skb.cb[NEIGH_CB_SCHED_NEXT] - timers.jiffies) | 0;
      if (left > 0) next = Math.min(next, left);
      else {
        const dev = this.take(skb);
        if (proxyOps !== null && dev.running()) proxyOps.proxyRedo(skb);
        else skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
        dev.put();
      }
      skb = after;
    }
    if (next !== Number.POSITIVE_INFINITY) timers.modTimer(this.timer, timers.jiffies + next);
  }

  /** `pneigh_queue_purge`: requests that wait in a namespace; null: in all. */
  private purge(net: Net | null): void {
    for (let skb = this.queue.peek(); skb !== null; ) {
      const after: SkBuff | null = skb.next;
      if (net === null || (skb.dev as NetDevice).net === net) {
        const dev = this.take(skb);
        skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
        dev.put();
      }
      skb = after;
    }
    if (this.queue.isEmpty()) this.tbl.timers.delTimer(this.timer);
  }

  private take(skb: SkBuff): NetDevice {
    const owner = this.waiting.get(skb) as { readonly parms: NeighParms; readonly dev: NetDevice };
    this.waiting.delete(skb);
    this.queue.unlink(skb);
    owner.parms.qlen--;
    return owner.dev;
  }

  private bucket(k0: number, k3: number): PneighEntry[] {
    return this.buckets[pneighHash(this.tbl.keyLen === 4 ? k0 : k3)] as PneighEntry[];
  }

  private drop(entry: PneighEntry): void {
    const bucket = this.bucket(entry.key[0], entry.key[3]);
    bucket.splice(bucket.indexOf(entry), 1);
    this.tbl.proxyOps?.pdestruct?.(entry);
    entry.dev?.put();
  }
}

/** The proxied addresses of a table, which has none before it is first asked so. */
export function neighProxy(tbl: NeighTable): NeighProxy {
  return (tbl.proxy ??= new NeighProxy(tbl));
}

/** `pneigh_hash`: the exclusive or of the eight hexadecimal digits of the last word of the address. */
function pneighHash(word: number): number {
  let hash = word ^ (word >>> 16);
  hash ^= hash >>> 8;
  return (hash ^ (hash >>> 4)) & (PHASH_SIZE - 1);
}

function sameKey(entry: PneighEntry, k0: number, k1: number, k2: number, k3: number): boolean {
  const { key } = entry;
  return key[0] === (k0 | 0) && key[1] === (k1 | 0) && key[2] === (k2 | 0) && key[3] === (k3 | 0);
}
