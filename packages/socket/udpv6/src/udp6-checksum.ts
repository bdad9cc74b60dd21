/** UDP checksums over IPv6 (RFC 8200 §8.1: there must be one; RFC 6935: tunnels may do without). */
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff, skbChecksum, skbChecksumValidateComplete } from '@skbuff/core';
import type { Flowi6 } from '@skbuff/ipv6';
import { type In6Addr, UDPHDR_CHECK, be16, csumFold, csumIpv6Nofold, setBe16 } from '@skbuff/wire';

/** Bytes from the header to both addresses. */
const IPV6HDR_ADDRS = 8;

/** `ip6_compute_pseudo`: the sum of the pseudo-header of `len` bytes of `proto`. */
export function ip6ComputePseudo(skb: SkBuff, len: number, proto: number): number {
  return csumIpv6Nofold(skb.bytes, skb.networkHeader + IPV6HDR_ADDRS, len, proto);
}

/** `udp6_csum_init` for one that nobody vouches for: false if the datagram (`data` at its header, cut to its length) is known to be wrong. Whether it may do without, its socket says. */
export function udp6CsumInit(skb: SkBuff, proto: number): boolean {
  if (be16(skb.bytes, skb.transportHeader + UDPHDR_CHECK) !== 0) {
    return skbChecksumValidateComplete(skb, false, ip6ComputePseudo(skb, skb.len, proto));
  }
  skb.ipSummed = CHECKSUM_UNNECESSARY;
  return true;
}

/** The sum of the halves of an address's words. */
function sumOf(a: In6Addr): number {
  return (a.w0 >>> 16) + (a.w0 & 0xffff) + (a.w1 >>> 16) + (a.w1 & 0xffff) + (a.w2 >>> 16) + (a.w2 & 0xffff) + (a.w3 >>> 16) + (a.w3 & 0xffff);
}

/**
 * `udp6_hwcsum_outgoing`, `udp_v6_send_skb`: as `udpSetCsum` of IPv4. Addresses are those of the flow: with a routing header the destination
 * in the packet is only the first stop.
 */
export function udp6SetCsum(skb: SkBuff, fl6: Flowi6, len: number, noCheck: boolean): void {
  const uh = skb.transportHeader;
  const { bytes } = skb;
  if (noCheck) {
    setBe16(bytes, uh + UDPHDR_CHECK, 0);
    skb.ipSummed = CHECKSUM_NONE;
    return;
  }
  const pseudo = sumOf(fl6.saddr) + sumOf(fl6.daddr) + len + fl6.proto;
  if (skb.ipSummed === CHECKSUM_PARTIAL) {
    skb.csumStart = uh;
    skb.csumOffset = UDPHDR_CHECK;
    setBe16(bytes, uh + UDPHDR_CHECK, ~csumFold(pseudo));
    return;
  }
  setBe16(bytes, uh + UDPHDR_CHECK, 0);
  setBe16(bytes, uh + UDPHDR_CHECK, csumFold(skbChecksum(skb, uh - skb.data, len, pseudo)) || 0xffff);
}
