/**
 * Sums of packets (`net/core/skbuff.c`, `net/core/datagram.c`). A transport that sums a pseudo-header makes that part of the sum itself
 * and hands it in when the packet arrives; from then on everybody can finish the sum, who knows neither family nor protocol.
 */
import { csumFold, csumPartial } from '@skbuff/wire';
import type { SkbFrags } from './skb-frags.ts';
import { CHECKSUM_COMPLETE, CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff } from './skbuff.ts';

/** Packets up to this length are verified on arrival; longer ones when they are read, while the bytes pass through the cache anyway. */
const CHECKSUM_BREAK = 76;

/** Partial checksum of `n` bytes at `offset` from `data`, fragments included (`skb_checksum`). The packet has that many. */
export function skbChecksum(skb: SkBuff, offset: number, n: number, sum: number): number {
  if (offset + n <= skb.len - skb.dataLen) return csumPartial(skb.bytes, skb.data + offset, n, sum);
  return (skb.cache.arena.frags as SkbFrags).checksum(skb, offset, n, sum);
}

/** `skb_csum_unnecessary`: somebody vouches for the bytes: the sender's checksum was never computed, or a device has verified it. */
export function skbCsumUnnecessary(skb: SkBuff): boolean {
  return skb.ipSummed === CHECKSUM_PARTIAL || skb.ipSummed === CHECKSUM_UNNECESSARY;
}

/**
 * `__skb_checksum_validate_complete`: looks at the checksum of a packet that nobody vouches for ({@link skbCsumUnnecessary}), `data` at
 * the transport's header and nothing behind its end. `psum`: sum of the pseudo-header, 0 if the protocol has none. With `complete`
 * it is verified at once; without, a long one waits for {@link skbChecksumComplete}. False: it is damaged.
 */
export function skbChecksumValidateComplete(skb: SkBuff, complete: boolean, psum: number): boolean {
  if (skb.ipSummed === CHECKSUM_COMPLETE && csumFold(psum + skb.csum) === 0) return true;
  skb.ipSummed = CHECKSUM_NONE;
  skb.csum = psum;
  return (!complete && skb.len > CHECKSUM_BREAK) || skbChecksumComplete(skb);
}

/**
 * `__skb_checksum_complete`: verifies what {@link skbChecksumValidateComplete} has left, from the transport's header on, wherever
 * `data` is by now. What is right is not looked at again.
 */
export function skbChecksumComplete(skb: SkBuff): boolean {
  // The device's sum would not be there any more had it not been right.
  if (skb.ipSummed === CHECKSUM_COMPLETE) return true;
  const sum = csumPartial(skb.bytes, skb.transportHeader, skb.data - skb.transportHeader, skb.csum);
  if (csumFold(skbChecksum(skb, 0, skb.len, sum)) !== 0) return false;
  skb.ipSummed = CHECKSUM_UNNECESSARY;
  return true;
}

/** `skb_checksum_simple_validate`: verifies a packet whose checksum covers no pseudo-header, `data` at its transport header. */
export function skbChecksumSimpleValidate(skb: SkBuff): boolean {
  if (skbCsumUnnecessary(skb) || (skb.ipSummed === CHECKSUM_COMPLETE && csumFold(skb.csum) === 0)) return true;
  return csumFold(skbChecksum(skb, 0, skb.len, 0)) === 0;
}
