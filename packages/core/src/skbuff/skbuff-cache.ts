/** `skbuff_head_cache` and the functions that make sk_buffs: allocation, clone, copy, enlarging, release. */
import { ENOMEM } from '@skbuff/uapi';
import { copyBytes } from '@skbuff/wire';
import type { NetDevice } from '../netdevice/netdevice.ts';
import type { Arena, SkbSharedInfo } from './arena.ts';
import { SKB_DROP_REASON_MAX } from './drop-reason.ts';
import type { FlowDissector } from './flow-dissector.ts';
import type { SkbFrags } from './skb-frags.ts';
import { SKB_CB_LANES } from './skb-cb.ts';
import { CHECKSUM_NONE, SKB_INHERITED_BITS, SKB_NOHDR, SkBuff } from './skbuff.ts';

/** Headroom that receive buffers keep for headers that are pushed later. */
export const NET_SKB_PAD = 64;
/** Room for the link-layer header of any device, on transmit. */
export const LL_MAX_HEADER = 128;
/** Worst-case header room in front of a transport payload (`MAX_TCP_HEADER`). */
export const MAX_TCP_HEADER = 320;

/* Sizes of the kernel's structures on x86-64, for `truesize`: what a socket is charged for. */
const SIZEOF_SK_BUFF = 256;
const SIZEOF_SHINFO = 320;
const SMALL_HEAD = 576;

/** Called for each packet that is lost, with the `SKB_DROP_REASON_*` number; the sk_buff is still whole. */
export type DropMonitor = (skb: SkBuff, reason: number) => void;

export class SkbuffCache {
  /** Seed of flow numbers (`hashrnd`). */
  hashRnd = 0;
  /** Put there by IPv6, while it is loaded. */
  dissectIpv6: FlowDissector | null = null;
  readonly arena: Arena;
  /** Descriptors in use now: 0 when nothing leaked. */
  inUse = 0;
  /** Packets lost, by reason. */
  readonly drops: Float64Array = new Float64Array(SKB_DROP_REASON_MAX + 1);
  /** Subscribers of the `skb:kfree_skb` tracepoint; null while there is none. */
  dropMonitor: DropMonitor | null = null;
  /** So many want new packets numbered (`traceId`); while nobody does, all are 0. */
  tracing = 0;
  private lastTraceId = 0;
  private free: SkBuff | null = null;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /**
   * `alloc_skb`: an empty sk_buff with room for `size` bytes, all of it tailroom. Null when memory is out or `size` exceeds a
   * large block.
   */
  alloc(size: number): SkBuff | null {
    const block = this.arena.allocBlock(size);
    if (block === null) return null;
    const skb = this.descriptor(block);
    skb.head = block.start;
    skb.data = block.start;
    skb.tail = block.start;
    skb.end = block.start + block.size;
    skb.truesize = truesizeOf(size);
    if (this.tracing !== 0) skb.traceId = ++this.lastTraceId;
    clearCb(skb.cb);
    return skb;
  }

  /** `netdev_alloc_skb`: for a received frame of `size` bytes, with {@link NET_SKB_PAD} bytes of headroom and `dev` set. */
  allocRx(dev: NetDevice, size: number): SkBuff | null {
    const skb = this.alloc(size + NET_SKB_PAD);
    if (skb === null) return null;
    skb.reserve(NET_SKB_PAD);
    skb.dev = dev;
    return skb;
  }

  /** `skb_clone`: see {@link SkBuff.clone}. */
  clone(skb: SkBuff): SkBuff {
    const info = skb.shinfo;
    info.dataref++;
    const n = this.descriptor(info);
    this.copyHeader(skb, n);
    n.head = skb.head;
    n.data = skb.data;
    n.tail = skb.tail;
    n.end = skb.end;
    n.len = skb.len;
    n.dataLen = skb.dataLen;
    n.macHeader = skb.macHeader;
    n.networkHeader = skb.networkHeader;
    n.transportHeader = skb.transportHeader;
    n.innerMacHeader = skb.innerMacHeader;
    n.innerNetworkHeader = skb.innerNetworkHeader;
    n.innerTransportHeader = skb.innerTransportHeader;
    n.csumStart = skb.csumStart;
    n.truesize = skb.truesize;
    skb.cloned = true;
    n.cloned = true;
    n.bits &= ~SKB_NOHDR;
    return n;
  }

  /**
   * `pskb_expand_head`: gives the sk_buff a private linear area with at least `nhead` bytes more in front and `ntail` more behind. All
   * offsets move. Returns 0, or -ENOMEM with the sk_buff unchanged. When only headroom is asked for, tailroom gives way to it: blocks
   * have fixed sizes.
   */
  expandHead(skb: SkBuff, nhead: number, ntail: number): number {
    const used = skb.tail - skb.head;
    const tailroom = nhead > 0 && ntail === 0 ? 0 : skb.end - skb.tail;
    const block = this.arena.allocBlock(nhead + used + tailroom + ntail);
    if (block === null) return -ENOMEM;
    const old = skb.shinfo;
    copyBytes(skb.bytes, block.start + nhead, skb.bytes, skb.head, used);
    this.shareInfo(old, block);
    const move = block.start + nhead - skb.head;
    this.arena.putBlock(old);
    skb.shinfo = block;
    skb.head = block.start;
    skb.end = block.start + block.size;
    skb.data += move;
    skb.tail += move;
    moveHeaders(skb, skb, move);
    skb.cloned = false;
    skb.bits &= ~SKB_NOHDR;
    return 0;
  }

  /** Lets a second block refer to the same fragments and list, and be cut in the same way. @internal */
  shareInfo(from: SkbSharedInfo, to: SkbSharedInfo): void {
    to.gsoSize = from.gsoSize;
    to.gsoSegs = from.gsoSegs;
    to.gsoType = from.gsoType;
    to.txFlags = from.txFlags;
    to.tskey = from.tskey;
    if (from.nrFrags !== 0 || from.fragList !== null) (this.arena.frags as SkbFrags).share(from, to);
  }

  /** `skb_cow`: at least `headroom` bytes in front, and nobody else sees the data. 0 or -ENOMEM. */
  cow(skb: SkBuff, headroom: number): number {
    const missing = headroom - skb.headroom();
    if (missing <= 0 && !skb.isCloned()) return 0;
    return this.expandHead(skb, missing > 0 ? (missing + NET_SKB_PAD - 1) & -NET_SKB_PAD : 0, 0);
  }

  /** `skb_linearize`: no fragments afterwards. 0 or -ENOMEM. */
  linearize(skb: SkBuff): number {
    return skb.dataLen === 0 || skb.mayPull(skb.len) ? 0 : -ENOMEM;
  }

  /** Counts a lost packet and tells the drop monitor. The packet is not freed here. */
  countDrop(skb: SkBuff, reason: number): void {
    this.drops[reason]++;
    if (this.dropMonitor !== null) this.dropMonitor(skb, reason);
  }

  /** Frees a descriptor without holders: destructor, dst, conntrack, data. Only {@link SkBuff.consume} calls this. */
  release(skb: SkBuff): void {
    if (skb.dst !== null) skb.dstDrop();
    if (skb.destructor !== null) skb.orphan();
    if (skb.nfct !== null) skb.nfReset();
    if (skb.sp !== null) {
      skb.sp.put();
      skb.sp = null;
    }
    if (skb.ext !== null) {
      skb.ext.put();
      skb.ext = null;
    }
    skb.sk = null;
    skb.dev = null;
    this.arena.putBlock(skb.shinfo);
    this.inUse--;
    skb.next = this.free;
    this.free = skb;
  }

  /** A descriptor with every field of a fresh sk_buff, holding the reference on `info` that the caller has. */
  private descriptor(info: SkbSharedInfo): SkBuff {
    let skb = this.free;
    this.inUse++;
    if (skb === null) {
      skb = new SkBuff(this, this.arena.bytes, info);
      skb.users = 1;
      return skb;
    }
    this.free = skb.next;
    skb.next = null;
    skb.prev = null;
    skb.list = null;
    skb.shinfo = info;
    skb.users = 1;
    skb.len = 0;
    skb.dataLen = 0;
    skb.macLen = 0;
    skb.macHeader = -1;
    skb.networkHeader = -1;
    skb.transportHeader = -1;
    skb.innerMacHeader = -1;
    skb.innerNetworkHeader = -1;
    skb.innerTransportHeader = -1;
    skb.skbIif = 0;
    skb.protocol = 0;
    skb.pktType = 0;
    skb.ipSummed = CHECKSUM_NONE;
    skb.csum = 0;
    skb.csumStart = 0;
    skb.csumOffset = 0;
    skb.priority = 0;
    skb.mark = 0;
    skb.hash = 0;
    skb.nfctinfo = 0;
    skb.secmark = 0;
    skb.bits = 0;
    skb.vlanProto = 0;
    skb.vlanTci = 0;
    skb.queueMapping = 0;
    skb.napiId = 0;
    skb.tstamp = 0;
    skb.traceId = 0;
    return skb;
  }

  /** `copy_skb_header`: what a clone, copy or segment inherits beside the data. The new one has no owner. @internal */
  copyHeader(from: SkBuff, to: SkBuff): void {
    to.dev = from.dev;
    if (from.dst !== null) {
      to.dst = from.dst;
      to.dstNoref = from.dstNoref;
      if (!from.dstNoref) from.dst.hold();
    }
    if (from.nfct !== null) {
      from.nfct.get();
      to.nfct = from.nfct;
    }
    if (from.sp !== null) {
      from.sp.get();
      to.sp = from.sp;
    }
    if (from.ext !== null) {
      from.ext.get();
      to.ext = from.ext;
    }
    to.nfctinfo = from.nfctinfo;
    to.macLen = from.macLen;
    to.skbIif = from.skbIif;
    to.protocol = from.protocol;
    to.pktType = from.pktType;
    to.ipSummed = from.ipSummed;
    to.csum = from.csum;
    to.csumOffset = from.csumOffset;
    to.priority = from.priority;
    to.mark = from.mark;
    to.hash = from.hash;
    to.napiId = from.napiId;
    to.bits |= from.bits & SKB_INHERITED_BITS;
    to.secmark = from.secmark;
    to.vlanProto = from.vlanProto;
    to.vlanTci = from.vlanTci;
    to.queueMapping = from.queueMapping;
    to.tstamp = from.tstamp;
    to.traceId = from.traceId;
    for (let i = 0; i < SKB_CB_LANES; i++) to.cb[i] = from.cb[i];
  }
}

/** Moves the header positions with the data they point into. What lies before the new headroom was not copied: not set. @internal */
export function moveHeaders(from: SkBuff, to: SkBuff, move: number): void {
  const first = to.head - move;
  to.macHeader = moved(from.macHeader, first, move);
  to.networkHeader = moved(from.networkHeader, first, move);
  to.transportHeader = moved(from.transportHeader, first, move);
  to.innerMacHeader = moved(from.innerMacHeader, first, move);
  to.innerNetworkHeader = moved(from.innerNetworkHeader, first, move);
  to.innerTransportHeader = moved(from.innerTransportHeader, first, move);
  to.csumStart = from.csumStart + move;
}

function moved(position: number, first: number, move: number): number {
  return position < 0 || position < first ? -1 : position + move;
}

/** Memory charged for an sk_buff made with room for `size` bytes, as the kernel's allocator rounds it (SKB-35). */
function truesizeOf(size: number): number {
  const need = ((size + 63) & -64) + SIZEOF_SHINFO;
  if (need <= SMALL_HEAD) return SMALL_HEAD + SIZEOF_SK_BUFF;
  return (1 << (32 - Math.clz32(need - 1))) + SIZEOF_SK_BUFF;
}

/** One store a lane: a loop costs three times as much. */
function clearCb(cb: Int32Array): void {
  cb[0] = 0;
  cb[1] = 0;
  cb[2] = 0;
  cb[3] = 0;
  cb[4] = 0;
  cb[5] = 0;
  cb[6] = 0;
  cb[7] = 0;
  cb[8] = 0;
  cb[9] = 0;
  cb[10] = 0;
  cb[11] = 0;
}
