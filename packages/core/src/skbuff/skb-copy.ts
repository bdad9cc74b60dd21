/** Copies that share what need not be private (`net/core/skbuff.c`). */
import { ENOMEM } from '@skbuff/uapi';
import { copyBytes } from '@skbuff/wire';
import type { SkbSharedInfo } from './arena.ts';
import { skbHeadlen } from './skb-access.ts';
import { moveHeaders, NET_SKB_PAD } from './skbuff-cache.ts';
import { SKB_NOHDR, type SkBuff } from './skbuff.ts';

/** `skb_copy`: a fully private, linear copy; null when memory is out. */
export function skbCopy(skb: SkBuff): SkBuff | null {
  return skbCopyExpand(skb, skb.headroom(), 0);
}

/** `skb_copy_expand`: a private linear copy with the given headroom and that much tailroom more than the data needs. */
export function skbCopyExpand(skb: SkBuff, headroom: number, tailroom: number): SkBuff | null {
  const n = skb.cache.alloc(headroom + skb.len + tailroom);
  if (n === null) return null;
  n.reserve(headroom);
  n.put(skb.len);
  skb.copyBits(0, n.bytes, n.data, skb.len);
  const before = Math.min(headroom, skb.headroom());
  copyBytes(n.bytes, n.data - before, skb.bytes, skb.data - before, before);
  skb.cache.copyHeader(skb, n);
  moveHeaders(skb, n, n.data - skb.data);
  n.shinfo.gsoSize = skb.shinfo.gsoSize;
  n.shinfo.gsoSegs = skb.shinfo.gsoSegs;
  n.shinfo.gsoType = skb.shinfo.gsoType;
  return n;
}

/** `pskb_copy`: a private linear area with the given headroom, fragments shared. Null when memory is out. */
export function pskbCopy(skb: SkBuff, headroom: number): SkBuff | null {
  const linear = skbHeadlen(skb);
  const n = skb.cache.alloc(headroom + linear);
  if (n === null) return null;
  n.reserve(headroom);
  n.put(linear);
  const before = Math.min(headroom, skb.headroom());
  copyBytes(n.bytes, n.data - before, skb.bytes, skb.data - before, before + linear);
  skb.cache.shareInfo(skb.shinfo, n.shinfo);
  n.dataLen = skb.dataLen;
  n.len = skb.len;
  skb.cache.copyHeader(skb, n);
  moveHeaders(skb, n, n.data - skb.data);
  return n;
}

/** `skb_realloc_headroom`: a private copy of the linear area with at least `headroom` in front; the old one is kept. */
export function skbReallocHeadroom(skb: SkBuff, headroom: number): SkBuff | null {
  return pskbCopy(skb, Math.max(headroom, skb.headroom()));
}

/**
 * `skb_header_release`: the owner keeps the payload only (TCP, for a retransmission) and leaves the header to its clones: the only clone
 * may write the header without a copy.
 */
export function skbHeaderRelease(skb: SkBuff): void {
  skb.bits |= SKB_NOHDR;
  skb.shinfo.headerless = skb;
}

/** `skb_header_cloned`: whether others need the header as it is. */
export function skbHeaderCloned(skb: SkBuff): boolean {
  if (!skb.isCloned()) return false;
  const { dataref, headerless } = skb.shinfo;
  return dataref !== 2 || headerless === null || headerless === skb || !keepsPayloadOf(headerless, skb.shinfo);
}

function keepsPayloadOf(skb: SkBuff, shinfo: SkbSharedInfo): boolean {
  return (skb.bits & SKB_NOHDR) !== 0 && skb.users > 0 && skb.shinfo === shinfo;
}

/** `skb_cow_head`: at least `headroom` bytes in front, and the caller may write the header. 0 or -ENOMEM. */
export function skbCowHead(skb: SkBuff, headroom: number): number {
  const missing = headroom - skb.headroom();
  if (missing <= 0 && !skbHeaderCloned(skb)) return 0;
  return skb.cache.expandHead(skb, missing > 0 ? (missing + NET_SKB_PAD - 1) & -NET_SKB_PAD : 0, 0);
}

/** `skb_ensure_writable`: the first `len` bytes are linear and private. 0 or -ENOMEM. */
export function skbEnsureWritable(skb: SkBuff, len: number): number {
  if (!skb.mayPull(len)) return -ENOMEM;
  return skb.isCloned() ? skb.cache.expandHead(skb, 0, 0) : 0;
}
