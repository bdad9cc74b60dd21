/**
 * `struct dst_entry`: the result of a routing decision, attached to an sk_buff. `input` and `output` say where the packet goes
 * next; a protocol's own route (`Rtable`) extends this class.
 */
import type { Net } from '../pernet/net.ts';
import type { SkBuff, SkbSock } from '../skbuff/skbuff.ts';
import { SKB_DROP_REASON_NOT_SPECIFIED } from '../skbuff/drop-reason.ts';
import type { NetDevice } from './netdevice.ts';

export const DST_NOXFRM = 0x0002;
export const DST_NOPOLICY = 0x0004;
export const DST_NOCOUNT = 0x0008;
export const DST_METADATA = 0x0080;

/** The entry may not be used any more: look the route up again. */
export const DST_OBSOLETE_DEAD = 2;
export const DST_OBSOLETE_NONE = 0;
/** Ask `check` before use. */
export const DST_OBSOLETE_FORCE_CHK = -1;
export const DST_OBSOLETE_KILL = -2;

/** Takes over the sk_buff. Returns 0, a positive NET_XMIT code, or a negative errno. */
export type DstInput = (skb: SkBuff) => number;
export type DstOutput = (net: Net, sk: SkbSock | null, skb: SkBuff) => number;

export class DstEntry {
  dev: NetDevice;
  input: DstInput = dstDiscard;
  output: DstOutput = dstDiscardOut;
  /** Negative errno that a lookup which ended here reports; 0 for a usable route. */
  error = 0;
  obsolete: number = DST_OBSOLETE_NONE;
  flags = 0;
  /** Room the lower layers need in front / behind. */
  headerLen = 0;
  trailerLen = 0;
  /** References: each cache, socket and counted sk_buff holds one. */
  refcnt = 1;
  /** Jiffies of the last use. */
  lastuse = 0;
  /** Entries alive in the kernel, for the leak check. */
  private readonly counter: DstCounter;

  constructor(dev: NetDevice, counter: DstCounter) {
    this.dev = dev;
    this.counter = counter;
    counter.entries++;
    dev.hold();
  }

  hold(): void {
    this.refcnt++;
  }

  /** Drops a reference; at 0 the entry lets its device go. */
  release(): void {
    if (--this.refcnt > 0) return;
    if (this.refcnt < 0) throw new Error('kernel BUG: dst released too often');
    this.counter.entries--;
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

  /** For subclasses: let go of what the entry owns. */
  protected destroy(): void {}
}

/** `dst_ops.entries`: how many entries of a family live. */
export class DstCounter {
  entries = 0;
}

export function dstDiscard(skb: SkBuff): number {
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return 0;
}

export function dstDiscardOut(_net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  return dstDiscard(skb);
}
