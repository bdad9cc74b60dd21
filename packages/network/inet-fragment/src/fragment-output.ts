/** Cutting packets, as far as it is the same in every family (`ip_do_fragment`, `ip6_fragment`): lists of pieces, and pieces anew. */
import { SKB_DROP_REASON_NOT_SPECIFIED, skbHeadlen, type SkBuff } from '@skbuff/core';
import { copyBytes } from '@skbuff/wire';

/**
 * Whether the packet is a list of pieces that can be sent as they are: `room` bytes of payload fit into one, behind `hlen` bytes of header that
 * the packet has and `extra` that it gets, and `reserved` of the device.
 */
export function fragListFits(skb: SkBuff, room: number, hlen: number, extra: number, reserved: number): boolean {
  let piece = skb.shinfo.fragList;
  if (piece === null || skb.isCloned()) return false;
  let first = skbHeadlen(skb) - hlen;
  for (let i = 0; i < skb.shinfo.nrFrags; i++) first += skb.shinfo.frags[i].size;
  if (first > room || (first & 7) !== 0 || skb.headroom() < reserved + extra) return false;
  for (; piece !== null; piece = piece.next) {
    if (piece.len > room || ((piece.len & 7) !== 0 && piece.next !== null)) return false;
    if (piece.headroom() < hlen + extra + reserved || piece.shared() || piece.isCloned()) return false;
  }
  return true;
}

/** Takes the list of pieces off the packet, whose first piece stays in it; each pays for itself from now on. */
export function fragListTake(skb: SkBuff): SkBuff | null {
  const first = skb.shinfo.fragList;
  skb.shinfo.fragList = null;
  for (let piece = first; piece !== null; piece = piece.next) {
    skb.len -= piece.len;
    skb.dataLen -= piece.len;
    if (skb.sk === null) continue;
    skb.truesize -= piece.truesize;
    piece.sk = skb.sk;
    piece.destructor = skb.destructor;
  }
  return first;
}

/** Frees a list of pieces, none of which goes out any more; returns `err`. */
export function fragListFree(skb: SkBuff | null, err: number): number {
  while (skb !== null) {
    const next: SkBuff | null = skb.next;
    skb.next = null;
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    skb = next;
  }
  return err;
}

/**
 * A piece of `len` bytes at `at` of the packet, with its `hlen` bytes of header and `extra` bytes between them that are not written;
 * `transportHeader` at the payload. Null without memory.
 */
export function fragMakePiece(skb: SkBuff, at: number, len: number, hlen: number, extra: number, reserved: number): SkBuff | null {
  const piece = skb.cache.alloc(reserved + hlen + extra + len);
  if (piece === null) return null;
  piece.reserve(reserved);
  piece.networkHeader = piece.put(hlen + extra + len);
  piece.transportHeader = piece.networkHeader + hlen + extra;
  fragCopyMetadata(piece, skb);
  if (skb.sk !== null) skb.sk.setOwnerW(piece);
  copyBytes(piece.bytes, piece.networkHeader, skb.bytes, skb.networkHeader, hlen);
  skb.copyBits(at, piece.bytes, piece.transportHeader, len);
  return piece;
}

/** `ip_copy_metadata`, `ip6_copy_metadata`: what each piece has in common with the packet. The control block is the family's. */
export function fragCopyMetadata(to: SkBuff, from: SkBuff): void {
  to.pktType = from.pktType;
  to.priority = from.priority;
  to.protocol = from.protocol;
  to.skbIif = from.skbIif;
  to.dstDrop();
  to.dst = from.dst;
  to.dstNoref = from.dstNoref;
  if (from.dst !== null && !from.dstNoref) from.dst.hold();
  to.dev = from.dev;
  to.mark = from.mark;
  to.hash = from.hash;
  to.secmark = from.secmark;
  to.traceId = from.traceId;
  if (from.nfct === null) return;
  from.nfct.get();
  to.nfReset();
  to.nfct = from.nfct;
  to.nfctinfo = from.nfctinfo;
}
