/** Copies that share what need not be private (`net/core/skbuff.c`). */
import { copyBytes } from '@skbuff/wire';
import type { SkbSharedInfo } from './arena.ts';
import { moveHeaders, NET_SKB_PAD, shareFrags } from './skbuff-cache.ts';
import type { SkBuff } from './skbuff.ts';

/** `pskb_copy`: a private linear area with the given headroom, fragments shared. Null when memory is out. */
export function pskbCopy(skb: SkBuff, headroom: number): SkBuff | null {
  const linear = skb.headlen();
  const n = skb.cache.alloc(headroom + linear);
  if (n === null) return null;
  n.reserve(headroom);
  n.put(linear);
  const before = Math.min(headroom, skb.headroom());
  copyBytes(n.bytes, n.data - before, skb.bytes, skb.data - before, before + linear);
  shareFrags(skb.shinfo, n.shinfo);
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
  skb.nohdr = true;
  skb.shinfo.headerless = skb;
}

/** `skb_header_cloned`: whether others need the header as it is. */
export function skbHeaderCloned(skb: SkBuff): boolean {
  if (!skb.isCloned()) return false;
  const { dataref, headerless } = skb.shinfo;
  return dataref !== 2 || headerless === null || headerless === skb || !keepsPayloadOf(headerless, skb.shinfo);
}

function keepsPayloadOf(skb: SkBuff, shinfo: SkbSharedInfo): boolean {
  return skb.nohdr && skb.users > 0 && skb.shinfo === shinfo;
}

/** `skb_cow_head`: at least `headroom` bytes in front, and the caller may write the header. 0 or -ENOMEM. */
export function skbCowHead(skb: SkBuff, headroom: number): number {
  const missing = headroom - skb.headroom();
  if (missing <= 0 && !skbHeaderCloned(skb)) return 0;
  return skb.cache.expandHead(skb, missing > 0 ? (missing + NET_SKB_PAD - 1) & -NET_SKB_PAD : 0, 0);
}
