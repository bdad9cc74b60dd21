/**
 * Cutting a super-packet (`skb_segment`): every segment is a packet of its own with a copy of all headers.
 *
 *     mac header   network   transport |           payload of `len` bytes            |
 *     macHeader                        data   gsoSize   |   gsoSize   |   gsoSize   | rest
 */
import { EINVAL, ENOMEM } from '@skbuff/uapi';
import { copyBytes } from '@skbuff/wire';
import { SKBTX_SHARED_FRAG } from './arena.ts';
import { copyBits, freeList } from './skb-frags.ts';
import { LL_MAX_HEADER } from './skbuff-cache.ts';
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, type SkBuff } from './skbuff.ts';

/**
 * Cuts what lies from `data` on into pieces of `gsoSize` bytes, ceil(len / gsoSize) of them, each behind a copy of the bytes between
 * `macHeader` and `data`. The first of a chain (linked by `next`); -EINVAL if there is nothing to cut, or no size to cut it to; or
 * -ENOMEM. `skb` stays the caller's and as it was. Header fields are as in the original: whoever owns a header puts right what
 * differs.
 *
 * @param partial the checksum of a segment is left to the device if that of the super-packet was; else it is CHECKSUM_NONE, with
 *   `csumStart` and `csumOffset` telling the transport what to finish
 */
export function skbSegment(skb: SkBuff, partial: boolean): SkBuff | number {
  const { gsoSize: mss, fragList } = skb.shinfo;
  const hlen = skb.data - skb.macHeader;
  const { len } = skb;
  if (mss <= 0 || len === 0) return -EINVAL;
  let first: SkBuff | null = null;
  let last: SkBuff | null = null;
  // The list member that the next segment begins in, and where that begins.
  let sub = fragList;
  let base = len;
  for (let piece = fragList; piece !== null; piece = piece.next) base -= piece.len;
  for (let at = 0; at < len; at += mss) {
    const n = Math.min(mss, len - at);
    const seg = newSegment(skb, hlen, n, partial);
    if (seg === null) {
      freeList(first);
      return -ENOMEM;
    }
    const to = seg.put(n);
    while (sub !== null && at >= base + sub.len) {
      base += sub.len;
      sub = sub.next;
    }
    if (sub !== null && at >= base) copyChain(sub, at - base, seg.bytes, to, n);
    else copyBits(skb, at, seg.bytes, to, n);
    if (last === null) first = seg;
    else last.next = seg;
    last = seg;
  }
  return first ?? -EINVAL;
}

/** Copies from `offset` in `sub` on, into the following members of the list where it ends. */
function copyChain(sub: SkBuff | null, offset: number, to: Uint8Array, at: number, n: number): void {
  for (; sub !== null && n > 0; sub = sub.next) {
    const part = Math.min(n, sub.len - offset);
    sub.copyBits(offset, to, at, part);
    at += part;
    n -= part;
    offset = 0;
  }
}

/** An sk_buff with the headers of `skb`, and room for `n` bytes behind them. It inherits all but the owner. */
function newSegment(skb: SkBuff, hlen: number, n: number, partial: boolean): SkBuff | null {
  const headroom = Math.min(skb.macHeader - skb.head, LL_MAX_HEADER);
  const seg = skb.cache.alloc(headroom + hlen + n);
  if (seg === null) return null;
  seg.reserve(headroom);
  const mac = seg.put(hlen);
  copyBytes(seg.bytes, mac, skb.bytes, skb.macHeader, hlen);
  skb.cache.copyHeader(skb, seg);
  seg.macHeader = mac;
  const move = mac - skb.macHeader;
  seg.networkHeader = moved(skb.networkHeader, move);
  seg.transportHeader = moved(skb.transportHeader, move);
  seg.innerMacHeader = moved(skb.innerMacHeader, move);
  seg.innerNetworkHeader = moved(skb.innerNetworkHeader, move);
  seg.innerTransportHeader = moved(skb.innerTransportHeader, move);
  seg.csumStart = skb.csumStart + move;
  // Of a packet that is cut, the protocol says which segment is stamped.
  seg.shinfo.txFlags = skb.shinfo.txFlags & SKBTX_SHARED_FRAG;
  if (!partial && seg.ipSummed === CHECKSUM_PARTIAL) seg.ipSummed = CHECKSUM_NONE;
  return seg;
}

function moved(position: number, move: number): number {
  return position < 0 ? -1 : position + move;
}
