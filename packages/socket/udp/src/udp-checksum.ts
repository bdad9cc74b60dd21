/** UDP checksums over IPv4 (RFC 768). */
import { CHECKSUM_COMPLETE, CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff, skbChecksum } from '@skbuff/core';
import { IPHDR_DADDR, IPHDR_SADDR, UDPHDR_CHECK, be16, be32, csumFold, csumPartial, csumTcpudpMagic, csumTcpudpNofold, setBe16 } from '@skbuff/wire';

/** Datagrams up to this length are verified on arrival; longer ones when they are read, while the bytes pass through the cache anyway. */
const CHECKSUM_BREAK = 76;

/** Whether somebody vouches for the bytes: the sender's checksum was never computed, or a device has verified it. */
export function csumUnnecessary(skb: SkBuff): boolean {
  return skb.ipSummed === CHECKSUM_PARTIAL || skb.ipSummed === CHECKSUM_UNNECESSARY;
}

/** `udp4_csum_init` for one that nobody vouches for ({@link csumUnnecessary}): false if the datagram (`data` at its header, cut to its length) is known to be wrong. */
export function udp4CsumInit(skb: SkBuff, proto: number): boolean {
  const { bytes } = skb;
  const uh = skb.transportHeader;
  if (be16(bytes, uh + UDPHDR_CHECK) === 0) {
    skb.ipSummed = CHECKSUM_UNNECESSARY;
    return true;
  }
  if (skb.ipSummed === CHECKSUM_COMPLETE) {
    if (csumFold(skb.csum + pseudo(skb, proto, skb.len)) === 0) skb.ipSummed = CHECKSUM_UNNECESSARY;
    else skb.ipSummed = CHECKSUM_NONE;
    if (skb.ipSummed === CHECKSUM_UNNECESSARY) return true;
  }
  return skb.len > CHECKSUM_BREAK || verify(skb, proto, skbChecksum(skb, 0, skb.len, 0), skb.len);
}

/** `udp_lib_checksum_complete`: true if the datagram is right; `data` is behind the header or at it. */
export function udpChecksumOk(skb: SkBuff, proto: number): boolean {
  if (csumUnnecessary(skb)) return true;
  const header = skb.data - skb.transportHeader;
  const sum = csumPartial(skb.bytes, skb.transportHeader, header, 0);
  return verify(skb, proto, skbChecksum(skb, 0, skb.len, sum), skb.len + header);
}

function verify(skb: SkBuff, proto: number, sum: number, len: number): boolean {
  if (csumFold(sum + pseudo(skb, proto, len)) !== 0) return false;
  skb.ipSummed = CHECKSUM_UNNECESSARY;
  return true;
}

function pseudo(skb: SkBuff, proto: number, len: number): number {
  const iph = skb.networkHeader;
  return csumTcpudpNofold(be32(skb.bytes, iph + IPHDR_SADDR), be32(skb.bytes, iph + IPHDR_DADDR), len, proto);
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

