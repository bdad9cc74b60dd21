/**
 * `struct dst_entry`: the result of a routing decision, attached to an sk_buff. `input` and `output` say where the packet goes
 * next; a protocol's own route (`Rtable`) extends this class.
 */
import { RTAX_LOCK } from '@skbuff/uapi';
import type { Net } from '../pernet/net.ts';
import type { SkBuff, SkbSock } from '../skbuff/skbuff.ts';
import { SKB_DROP_REASON_NOT_SPECIFIED } from '../skbuff/drop-reason.ts';
import type { NetDevice } from './netdevice.ts';

/** The entry may not be used any more: look the route up again. */
export const DST_OBSOLETE_DEAD = 2;
export const DST_OBSOLETE_NONE = 0;
/** Ask `check` before use. */
export const DST_OBSOLETE_FORCE_CHK = -1;
export const DST_OBSOLETE_KILL = -2;

/** Takes over the sk_buff. Returns 0, a positive NET_XMIT code, or a negative errno. */
export type DstInput = (skb: SkBuff) => number;
export type DstOutput = (net: Net, sk: SkbSock | null, skb: SkBuff) => number;

/**
 * `struct dst_ops`: what only the family of an entry can say of it, for those who hold one without knowing whose it is: the route of a
 * socket need not be of the socket's family. One object for each kernel and family.
 */
export interface DstOps {
  /** Entries alive, for the leak check. */
  entries: number;
  /** Whether an entry whose `obsolete` is not 0 may still be used; callers take {@link dstCheck}. */
  check: (dst: DstEntry) => boolean;
  /** Bytes of a packet of the family, header included, that fit on the way. */
  readonly mtu: (dst: DstEntry) => number;
  /** MSG_CONFIRM: the neighbour through which packets for `daddr` (as the family's flows have it) leave has just answered. Null: there is nobody who would say so. */
  confirmNeigh: ((dst: DstEntry, daddr: unknown) => void) | null;
}

export class DstEntry {
  dev: NetDevice;
  readonly ops: DstOps;
  input: DstInput = dstDiscard;
  output: DstOutput = dstDiscardOut;
  /** Negative errno that a lookup which ended here reports; 0 for a usable route. */
  error = 0;
  obsolete: number = DST_OBSOLETE_NONE;
  /** Room the lower layers need in front / behind. */
  headerLen = 0;
  trailerLen = 0;
  /** References: each cache, socket and counted sk_buff holds one. */
  refcnt = 1;
  /** RTAX_* metrics of the route, by index; null: all default. */
  metrics: Uint32Array | null = null;
  /** Jiffies after which what was learned about the destination counts no more; 0: never. */
  expires = 0;

  constructor(dev: NetDevice, ops: DstOps) {
    this.dev = dev;
    this.ops = ops;
    ops.entries++;
    dev.hold();
  }

  hold(): void {
    this.refcnt++;
  }

  /** Drops a reference; at 0 the entry lets its device go. */
  release(): void {
    if (--this.refcnt > 0) return;
    if (this.refcnt < 0) throw new Error('kernel BUG: dst released too often');
    this.ops.entries--;
    this.dev.put();
    this.destroy();
  }

  /** The device goes away: route no packet any more and hold the loopback device instead (`dst_dev_put`). */
  devPut(): void {
    this.obsolete = DST_OBSOLETE_DEAD;
    this.input = dstDiscard;
    this.output = dstDiscardOut;
    const old = this.dev;
    const loopback = old.net.loopbackDev;
    if (loopback === null || loopback === old) return;
    loopback.hold();
    this.dev = loopback;
    old.put();
  }

  /** `dst_metric_raw`: RTAX_*, or 0. */
  metric(index: number): number {
    return this.metrics === null ? 0 : this.metrics[index];
  }

  /** `dst_metric_locked`: what is learned about the destination does not change this RTAX_*. */
  metricLocked(index: number): boolean {
    return (this.metric(RTAX_LOCK) & (1 << index)) !== 0;
  }

  /** For subclasses: let go of what the entry owns. */
  protected destroy(): void {}
}

/** `dst_check`: whether an entry that was kept may still be used. */
export function dstCheck(dst: DstEntry): boolean {
  return dst.obsolete === DST_OBSOLETE_NONE || dst.ops.check(dst);
}

export function dstDiscard(skb: SkBuff): number {
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return 0;
}

export function dstDiscardOut(_net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  return dstDiscard(skb);
}

/** `dst_output`: sends a packet by its route. Takes over the sk_buff. 0, NET_XMIT_*, or a negative errno. */
export function dstOutput(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  return (skb.dst as DstEntry).output(net, sk, skb);
}
