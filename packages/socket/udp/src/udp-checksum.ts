/** UDP checksums over IPv4 (RFC 768). */
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff, skbChecksum, skbChecksumValidateComplete } from '@skbuff/core';
import { inetComputePseudo } from '@skbuff/ipv4';
import { UDPHDR_CHECK, be16, csumTcpudpMagic, setBe16 } from '@skbuff/wire';

/** `udp4_csum_init` for one that nobody vouches for (`skb_csum_unnecessary`): false if the datagram (`data` at its header, cut to its length) is known to be wrong. */
export function udp4CsumInit(skb: SkBuff, proto: number): boolean {
  if (be16(skb.bytes, skb.transportHeader + UDPHDR_CHECK) !== 0) {
    return skbChecksumValidateComplete(skb, false, inetComputePseudo(skb, skb.len, proto));
  }
  skb.ipSummed = CHECKSUM_UNNECESSARY;
  return true;
}

/**
 * `udp4_hwcsum`, `udp_csum`: finishes the header of a datagram of `len` bytes that is about to be sent: leaves the sum to the device if that will do
 * it, or computes it. 0 is sent as 0xffff, because 0 means that there is none.
 */
export function udpSetCsum(skb: SkBuff, saddr: number, daddr: number, len: number, proto: number, noCheck: boolean): void {
  const uh = skb.transportHeader;
  if (skb.ipSummed === CHECKSUM_PARTIAL && !noCheck) {
    skb.csumStart = uh;
    skb.csumOffset = UDPHDR_CHECK;
    setBe16(skb.bytes, uh + UDPHDR_CHECK, ~csumTcpudpMagic(saddr, daddr, len, proto, 0));
  } else {
    setBe16(skb.bytes, uh + UDPHDR_CHECK, 0);
    if (noCheck) skb.ipSummed = CHECKSUM_NONE;
    else setBe16(skb.bytes, uh + UDPHDR_CHECK, csumTcpudpMagic(saddr, daddr, len, proto, skbChecksum(skb, uh - skb.data, len, 0)) || 0xffff);
  }
}
