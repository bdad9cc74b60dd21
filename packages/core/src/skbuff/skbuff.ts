/**
 * `struct sk_buff`: one packet descriptor, shared by all layers, that points into a block of the arena.
 *
 *            head          data            tail           end
 *             |  headroom   |  linear data  |   tailroom   |  shared info (SkbSharedInfo)
 *             +-------------+---------------+--------------+
 *
 * All positions are offsets from the start of the arena. Descriptors are pooled and have one hidden class; nothing is allocated
 * for a packet. Rules of ownership: whoever receives an sk_buff either passes it on or frees it, with `consume()` when it did its
 * work and with `kfree(reason)` when it is dropped.
 */
import { ENOMEM } from '@skbuff/uapi';
import { copyBytes } from '@skbuff/wire';
import type { DstEntry } from '../netdevice/dst.ts';
import type { NetDevice } from '../netdevice/netdevice.ts';
import type { Net } from '../pernet/net.ts';
import type { SkbSharedInfo } from './arena.ts';
import { SKB_CONSUMED, SKB_DROP_REASON_NOT_SPECIFIED } from './drop-reason.ts';
import { SKB_CB_LANES } from './skb-cb.ts';
import type { SkbFrags } from './skb-frags.ts';
import type { SkBuffHead } from './skb-queue.ts';
import type { SkbuffCache } from './skbuff-cache.ts';

/** Nobody checked the checksum yet: software must. */
export const CHECKSUM_NONE = 0;
/** Verified, or needs no verification. */
export const CHECKSUM_UNNECESSARY = 1;
/** The device summed the packet; the sum is in `csum`. */
export const CHECKSUM_COMPLETE = 2;
/** Transmit: the device (or `skbChecksumHelp`) sums from `csumStart` and stores at `csumStart + csumOffset`. */
export const CHECKSUM_PARTIAL = 3;

/**
 * First value of fields that will hold numbers beyond a small integer (31 or 32 bits, depending on the engine). Had they begun as small
 * integers, the first large one would split the hidden class, and all code that touches packets would be compiled anew.
 */
const DOUBLE = 0.5;

/** What the core needs of a socket that owns an sk_buff; `struct sock` itself belongs to the socket layer. */
export interface SkbSock {
  readonly net: Net;
  readonly priority: number;
  readonly mark: number;
  /** The transmit queue of a connected socket's packets (`sk_tx_queue_mapping`), -1 while there is none; absent: never kept. */
  txQueueMapping?: number;
  /** The route that the socket keeps. */
  readonly dst?: DstEntry | null;
  /** `skb_set_owner_w`: charges a packet that is about to be sent to the socket; its destructor gives the charge back. */
  setOwnerW(skb: SkBuff): void;
}

/** A counted object that travels with an sk_buff (connection tracking entry, security path, extension). */
export interface SkbExt {
  get(): void;
  put(): void;
}

export type SkbDestructor = (skb: SkBuff) => void;

/** One-bit fields of `bits`; some have accessors. */
const DST_NOREF = 1 << 0;
/** Ports took part in `hash`. */
export const SKB_L4_HASH: number = 1 << 1;
/** `hash` was computed in software. */
export const SKB_SW_HASH: number = 1 << 2;
const CLONED = 1 << 3;
/** The owner gave up the header. */
export const SKB_NOHDR: number = 1 << 4;
const IGNORE_DF = 1 << 5;
/** Counted already by a receive with MSG_PEEK. */
export const SKB_PEEKED: number = 1 << 6;
/** The transmit queue may change without reordering the flow. */
export const SKB_OO_OKAY: number = 1 << 7;
/** The inner headers are valid. */
export const SKB_ENCAPSULATION: number = 1 << 8;
/** Every rule hit is logged. */
export const SKB_NF_TRACE: number = 1 << 9;
/** IPVS handled it. */
export const SKB_IPVS_PROPERTY: number = 1 << 10;
/** The data came from the emergency reserve. */
export const SKB_PFMEMALLOC: number = 1 << 11;
/** The last four bytes are the frame check sequence. */
export const SKB_NO_FCS: number = 1 << 12;
/** Came by a redirect action. */
export const SKB_REDIRECTED: number = 1 << 13;
/** The hardware forwarded it already. */
export const SKB_OFFLOAD_FWD_MARK: number = 1 << 14;
const VLAN_PRESENT = 1 << 15;
/** Packets of which a device can do less on the way out: those with a tag beside them, and those in a tunnel. @internal */
export const SKB_OFFLOAD_BITS: number = SKB_ENCAPSULATION | VLAN_PRESENT;
/** The bits that a clone or copy inherits. @internal */
export const SKB_INHERITED_BITS: number =
  SKB_L4_HASH | SKB_SW_HASH | IGNORE_DF | SKB_OO_OKAY | SKB_ENCAPSULATION | SKB_NF_TRACE | SKB_IPVS_PROPERTY | SKB_PFMEMALLOC | SKB_NO_FCS | SKB_REDIRECTED | SKB_OFFLOAD_FWD_MARK | VLAN_PRESENT;

export class SkBuff {
  /** Neighbours in the one queue this sk_buff is on; `next` also chains lists of packets. */
  next: SkBuff | null = null;
  prev: SkBuff | null = null;
  list: SkBuffHead | null = null;

  /** The whole arena; index it with the offsets below. */
  readonly bytes: Uint8Array;
  readonly cache: SkbuffCache;
  shinfo: SkbSharedInfo;
  head = 0;
  data = 0;
  tail = 0;
  end = 0;
  /** Bytes of the packet from `data` on, fragments included. */
  len = 0;
  /** Bytes of them in fragments. */
  dataLen = 0;
  macLen = 0;
  /** Header positions; -1 while not set. */
  macHeader = -1;
  networkHeader = -1;
  transportHeader = -1;
  innerMacHeader = -1;
  innerNetworkHeader = -1;
  innerTransportHeader = -1;

  /** Receive: the device it arrived on. Transmit: the device it leaves by. */
  dev: NetDevice | null = null;
  sk: SkbSock | null = null;
  dst: DstEntry | null = null;
  destructor: SkbDestructor | null = null;
  /** Index of the device it arrived on; survives a change of `dev`. */
  skbIif = 0;
  /** EtherType, host order. */
  protocol = 0;
  pktType = 0;
  ipSummed: number = CHECKSUM_NONE;
  csum: number = DOUBLE;
  csumStart = 0;
  csumOffset = 0;
  priority: number = DOUBLE;
  mark: number = DOUBLE;
  hash: number = DOUBLE;
  nfct: SkbExt | null = null;
  nfctinfo = 0;
  sp: SkbExt | null = null;
  ext: SkbExt | null = null;
  secmark: number = DOUBLE;
  /** The one-bit fields below: a fresh descriptor clears them all at once. @internal */
  bits = 0;
  vlanProto = 0;
  vlanTci = 0;
  queueMapping = 0;
  napiId = 0;
  /** Arrival or departure time, nanoseconds of the kernel's real-time clock; 0 = none. */
  tstamp: number = DOUBLE;
  truesize = 0;
  /** References to this descriptor; 0 while it lies in the pool. */
  users = 0;
  /** Journey number for tracing, given at birth: survives clone, copy, NAT and forwarding. 0 if nobody traced then. */
  traceId = 0;
  /** Private to the layer that owns the packet just now: zeros in a fresh sk_buff, what the last layer left on entry to the next. */
  readonly cb: Int32Array = new Int32Array(SKB_CB_LANES);

  constructor(cache: SkbuffCache, bytes: Uint8Array, shinfo: SkbSharedInfo) {
    this.cache = cache;
    this.bytes = bytes;
    this.shinfo = shinfo;
    this.csum = this.priority = this.mark = this.hash = this.secmark = this.tstamp = 0;
  }

  /** The dst is borrowed: dropping it releases nothing. */
  get dstNoref(): boolean {
    return (this.bits & DST_NOREF) !== 0;
  }

  set dstNoref(on: boolean) {
    this.bits = on ? this.bits | DST_NOREF : this.bits & ~DST_NOREF;
  }

  /** Another descriptor may refer to the same data. */
  get cloned(): boolean {
    return (this.bits & CLONED) !== 0;
  }

  set cloned(on: boolean) {
    this.bits = on ? this.bits | CLONED : this.bits & ~CLONED;
  }

  /** Fragment although DF is set (`local_df`). */
  get ignoreDf(): boolean {
    return (this.bits & IGNORE_DF) !== 0;
  }

  set ignoreDf(on: boolean) {
    this.bits = on ? this.bits | IGNORE_DF : this.bits & ~IGNORE_DF;
  }

  /** `vlanTci` and `vlanProto` are valid. */
  get vlanPresent(): boolean {
    return (this.bits & VLAN_PRESENT) !== 0;
  }

  set vlanPresent(on: boolean) {
    this.bits = on ? this.bits | VLAN_PRESENT : this.bits & ~VLAN_PRESENT;
  }

  /**
   * Extends the data area by `n` bytes at the tail; returns where they begin. Throws (`skb_over_panic`) past `end`, or if fragments
   * follow the linear area.
   */
  put(n: number): number {
    const off = this.tail;
    this.tail += n;
    this.len += n;
    if (this.tail > this.end || this.dataLen !== 0) this.panic('skb_over_panic', n);
    return off;
  }

  /** As {@link put}, with the bytes cleared. */
  putZero(n: number): number {
    const off = this.put(n);
    this.bytes.fill(0, off, off + n);
    return off;
  }

  /** As {@link put}, filled from `src`. */
  putData(src: Uint8Array, from: number, n: number): number {
    const off = this.put(n);
    copyBytes(this.bytes, off, src, from, n);
    return off;
  }

  /** Extends the data area by `n` bytes in front; returns the new `data`. Throws (`skb_under_panic`) before `head`. */
  push(n: number): number {
    this.data -= n;
    this.len += n;
    if (this.data < this.head) this.panic('skb_under_panic', n);
    return this.data;
  }

  /** Moves `data` past `n` linear bytes, which stay in memory; returns the new `data`, or -1 if the packet is shorter. */
  pull(n: number): number {
    if (n > this.len) return -1;
    if (n > this.len - this.dataLen && !this.frags().pullTail(this, n - (this.len - this.dataLen))) return -1;
    this.len -= n;
    this.data += n;
    return this.data;
  }

  /** Makes room in front of an empty sk_buff: `data` and `tail` move by `n`. */
  reserve(n: number): void {
    this.data += n;
    this.tail += n;
  }

  /** Cuts the packet to `n` bytes; longer or equal: nothing happens. 0, or -ENOMEM (only if nonlinear and cloned) and unchanged. */
  trim(n: number): number {
    if (n >= this.len) return 0;
    if (this.dataLen !== 0) return this.frags().trim(this, n) ? 0 : -ENOMEM;
    this.len = n;
    this.tail = this.data + n;
    return 0;
  }

  headroom(): number {
    return this.data - this.head;
  }

  /** Guarantees that the first `n` bytes are linear, pulling from fragments; false if the packet is shorter (`pskb_may_pull`). */
  mayPull(n: number): boolean {
    const linear = this.len - this.dataLen;
    if (n <= linear) return true;
    if (n > this.len) return false;
    return this.frags().pullTail(this, n - linear);
  }

  /** Copies `n` bytes at `offset` from `data`, out of the fragments too, to `to[at…]`. False if the packet is shorter. */
  copyBits(offset: number, to: Uint8Array, at: number, n: number): boolean {
    if (this.dataLen !== 0) return this.frags().copyBits(this, offset, to, at, n);
    if (offset < 0 || offset + n > this.len) return false;
    copyBytes(to, at, this.bytes, this.data + offset, n);
    return true;
  }

  /** There are some, and with them what handles them. */
  private frags(): SkbFrags {
    return this.cache.arena.frags as SkbFrags;
  }

  resetNetworkHeader(): void {
    this.networkHeader = this.data;
  }

  /** A super-packet that is cut into segments of `gsoSize` bytes of payload before it reaches a wire (`skb_is_gso`). */
  isGso(): boolean {
    return this.shinfo.gsoSize !== 0;
  }

  /** Takes a reference. */
  get(): this {
    this.users++;
    return this;
  }

  /** More than one holder. */
  shared(): boolean {
    return this.users !== 1;
  }

  /** A clone of the caller's own when others hold the sk_buff too (the old one loses a reference); null when memory is out. */
  shareCheck(): SkBuff | null {
    if (this.users === 1) return this;
    const own = this.clone();
    if (own === null) this.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    else this.consume();
    return own;
  }

  /** Others see the same data: it must not be written. */
  isCloned(): boolean {
    return this.cloned && this.shinfo.dataref !== 1;
  }

  /** A second descriptor of the same data, on no list and without owner; null when memory is out. */
  clone(): SkBuff | null {
    return this.cache.clone(this);
  }

  /** Replaces the borrowed or counted dst by a borrowed one. */
  dstSetNoref(dst: DstEntry): void {
    if (this.dst !== null) this.dstDrop();
    this.dst = dst;
    this.bits |= DST_NOREF;
  }

  /** Hands a reference on the dst over to the sk_buff. */
  dstSet(dst: DstEntry): void {
    if (this.dst !== null) this.dstDrop();
    this.dst = dst;
    this.bits &= ~DST_NOREF;
  }

  dstDrop(): void {
    const dst = this.dst;
    if (dst === null) return;
    this.dst = null;
    if ((this.bits & DST_NOREF) === 0) dst.release();
    else this.bits &= ~DST_NOREF;
  }

  /** Turns a borrowed dst into a counted one, for an sk_buff that is about to be queued. */
  dstForce(): void {
    const { dst } = this;
    if (dst === null || !this.dstNoref) return;
    // A route that lost its last holder meanwhile cannot be brought back to life (`dst_hold_safe`).
    if (dst.refcnt > 0) dst.hold();
    else this.dst = null;
    this.dstNoref = false;
  }

  /** Runs the destructor and leaves the owner. */
  orphan(): void {
    const destructor = this.destructor;
    if (destructor !== null) {
      this.destructor = null;
      destructor(this);
    }
    this.sk = null;
  }

  /** Forgets conntrack and tracing: what a packet loses when it changes namespace. */
  nfReset(): void {
    if (this.nfct !== null) {
      this.nfct.put();
      this.nfct = null;
    }
    this.nfctinfo = 0;
    this.nfResetTrace();
  }

  /** `nf_reset_trace`: rules log nothing more about it. */
  nfResetTrace(): void {
    this.bits &= ~SKB_NF_TRACE;
  }

  /** Drops a reference; the last one frees everything. Not a loss: the packet was used. */
  consume(): void {
    if (--this.users === 0) this.cache.release(this);
    else if (this.users < 0) this.panic('refcount underflow', 0);
  }

  /** Drops a reference; the last one counts as a packet lost for `reason` (`SKB_DROP_REASON_*`) and frees everything. */
  kfree(reason: number): void {
    if (this.users > 1) {
      this.users--;
      return;
    }
    if (reason !== SKB_CONSUMED) this.cache.countDrop(this, reason);
    this.consume();
  }

  private panic(what: string, n: number): never {
    throw new RangeError(
      `${what}: n=${n} len=${this.len} head=${this.head} data=${this.data} tail=${this.tail} end=${this.end} users=${this.users} dev=${this.dev?.name ?? '<NULL>'}`,
    );
  }
}
