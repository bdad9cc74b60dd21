/**
 * The memory of all packet data of one kernel, and its data blocks.
 *
 * One buffer of fixed size is cut into blocks of two sizes; views over it are made once. A block carries what the kernel keeps in
 * the trailer at `skb_end_pointer`, `struct skb_shared_info`: it is reached from the original and from every clone. The buffer
 * never grows, because growing would detach the views that every sk_buff holds; when it is used up an allocation fails with NULL, as it
 * does in Linux under memory pressure.
 */
import type { SkbFrag, SkbFrags } from './skb-frags.ts';
import type { SkBuff } from './skbuff.ts';

/** Bytes of a small block: a frame of 1500 bytes with room for headers before and behind it. */
export const SMALL_BLOCK = 2048;
/** Bytes of a large block: an IP packet of 64 KiB with its headers. */
export const LARGE_BLOCK: number = 68 * 1024;
/** Page fragments an sk_buff can carry beside its linear area. */
export const MAX_SKB_FRAGS = 17;

/** Bit of `txFlags`: a fragment may be written by others while the packet is under way, so it is copied before it is summed. */
export const SKBTX_SHARED_FRAG: number = 1 << 5;
/** More of them: the sender wants to hear when the packet is given to the device by the driver, and when it reaches the queue. */
export const SKBTX_SW_TSTAMP: number = 1 << 1;
export const SKBTX_SCHED_TSTAMP: number = 1 << 6;
export const SKBTX_ANY_TSTAMP: number = SKBTX_SW_TSTAMP | SKBTX_SCHED_TSTAMP;

/** Bits of `gsoType`: how a super-packet is cut. */
export const SKB_GSO_TCPV4: number = 1 << 0;
/** The numbers come from outside (a guest, a packet socket) and have to be checked. */
export const SKB_GSO_DODGY: number = 1 << 1;
export const SKB_GSO_TCP_ECN: number = 1 << 2;
export const SKB_GSO_TCP_FIXEDID: number = 1 << 3;
export const SKB_GSO_TCPV6: number = 1 << 4;
/** UDP payload into datagrams. (The kernel's bit is 17; ours has to leave room for its feature in the low word, so it takes FCoE's place.) */
export const SKB_GSO_UDP_L4: number = 1 << 5;

/** `struct skb_shared_info` together with the block it trails. */
export class SkbSharedInfo {
  /** First byte of the block in the arena. */
  readonly start: number;
  /** Bytes in the block: {@link SMALL_BLOCK} or {@link LARGE_BLOCK}. */
  readonly size: number;
  nextFree: SkbSharedInfo | null = null;
  /** sk_buffs and fragments that refer to this block; 0 while it lies in the free list. */
  dataref = 0;
  /** The one holder that gave up the header (`skbHeaderRelease`), as long as it still is that. @internal */
  headerless: SkBuff | null = null;
  nrFrags = 0;
  txFlags = 0;
  gsoSize = 0;
  gsoSegs = 0;
  gsoType = 0;
  ip6FragId = 0;
  hwtstamps = 0;
  /** With SKBTX_*_TSTAMP: number of the send that the stamp is for. Else without meaning, and not reset. */
  tskey = 0;
  fragList: SkBuff | null = null;
  destructorArg: unknown = null;
  readonly frags: SkbFrag[] = [];

  constructor(start: number, size: number) {
    this.start = start;
    this.size = size;
  }
}

/** The packet memory of one kernel. */
export class Arena {
  readonly bytes: Uint8Array;
  readonly size: number;
  /** Blocks that are in use now: 0 when nothing leaked. */
  blocksInUse = 0;
  /** Handles fragments and lists, once a packet was given some: only functions of skb-frags.ts do that. */
  frags: SkbFrags | null = null;
  /** Free blocks of each size. @internal */
  freeSmall: SkbSharedInfo | null = null;
  /** @internal */
  freeLarge: SkbSharedInfo | null = null;
  /** Called when there is no block of `size` bytes: puts some at the head of the free list and returns the first, or null. See arena-reclaim.ts. */
  reclaim: ((size: number) => SkbSharedInfo | null) | null = null;
  private smallEnd = 0;
  private largeStart: number;
  private readonly poison: boolean;

  /**
   * @param size bytes of packet memory; the system commits pages only when they are touched
   * @param poison overwrite a freed block, so that a use after free shows in the bytes
   */
  constructor(size: number, poison = false) {
    this.size = size;
    this.bytes = new Uint8Array(new ArrayBuffer(size));
    this.largeStart = size;
    this.poison = poison;
  }

  /** A block of at least `size` bytes with `dataref` 1, or null when the memory is used up or `size` exceeds a large block. */
  allocBlock(size: number): SkbSharedInfo | null {
    if (size > LARGE_BLOCK) return null;
    const small = size <= SMALL_BLOCK;
    const block = (small ? this.freeSmall : this.freeLarge) ?? this.carve(small ? SMALL_BLOCK : LARGE_BLOCK);
    if (block === null) return null;
    // One that was just carved has none behind it.
    if (small) this.freeSmall = block.nextFree;
    else this.freeLarge = block.nextFree;
    block.nextFree = null;
    block.dataref = 1;
    this.blocksInUse++;
    return block;
  }

  /** Drops one reference; the last one frees the fragments, the list and the block. */
  putBlock(block: SkbSharedInfo): void {
    if (--block.dataref > 0) return;
    if (block.nrFrags !== 0 || block.fragList !== null) (this.frags as SkbFrags).release(this, block);
    block.gsoSize = 0;
    block.gsoSegs = 0;
    block.gsoType = 0;
    block.txFlags = 0;
    block.ip6FragId = 0;
    block.hwtstamps = 0;
    if (block.destructorArg !== null) block.destructorArg = null;
    this.blocksInUse--;
    if (this.poison) this.bytes.fill(0x6b, block.start, block.start + block.size);
    if (block.size === SMALL_BLOCK) {
      block.nextFree = this.freeSmall;
      this.freeSmall = block;
    } else {
      block.nextFree = this.freeLarge;
      this.freeLarge = block;
    }
  }

  /** Small blocks grow from the bottom, large ones from the top, until they meet. */
  private carve(size: number): SkbSharedInfo | null {
    if (this.smallEnd + size > this.largeStart) return this.reclaim === null ? null : this.reclaim(size);
    if (size === SMALL_BLOCK) {
      this.smallEnd += size;
      return new SkbSharedInfo(this.smallEnd - size, size);
    }
    this.largeStart -= size;
    return new SkbSharedInfo(this.largeStart, size);
  }
}
