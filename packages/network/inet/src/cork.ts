/** The pieces of a packet that a socket is still writing: the first has everything before the payload, each has room for its network header. */
import { SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff, skbSetFragList } from '@skbuff/core';

/**
 * What `__ip_make_skb` and `__ip6_make_skb` begin with: one sk_buff, the later pieces without their header room in its list. The queue,
 * which was not empty, is.
 */
export function inetJoinPieces(queue: SkBuff[]): SkBuff {
  const skb = queue[0] as SkBuff;
  let last: SkBuff | null = null;
  for (let i = 1; i < queue.length; i++) {
    const piece = queue[i] as SkBuff;
    piece.pull(piece.transportHeader - piece.networkHeader);
    // The first piece pays for all.
    piece.destructor = null;
    piece.sk = null;
    skb.len += piece.len;
    skb.dataLen += piece.len;
    skb.truesize += piece.truesize;
    if (last === null) skbSetFragList(skb, piece);
    else last.next = piece;
    last = piece;
  }
  queue.length = 0;
  return skb;
}

/** Throws them away. */
export function inetFreePieces(queue: SkBuff[]): void {
  for (let skb = queue.pop(); skb !== undefined; skb = queue.pop()) skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
}
