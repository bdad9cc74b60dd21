/** `skb_checksum`. */
import { csumPartial } from '@skbuff/wire';
import type { SkbFrags } from './skb-frags.ts';
import type { SkBuff } from './skbuff.ts';

/** Partial checksum of `n` bytes at `offset` from `data`, fragments included (`skb_checksum`). The packet has that many. */
export function skbChecksum(skb: SkBuff, offset: number, n: number, sum: number): number {
  if (offset + n <= skb.len - skb.dataLen) return csumPartial(skb.bytes, skb.data + offset, n, sum);
  return (skb.cache.arena.frags as SkbFrags).checksum(skb, offset, n, sum);
}
