/** Small things about the IPv4 header that transmission, forwarding and fragmentation share. */
import type { SkBuff } from '@skbuff/core';
import { IPHDR_CHECK, IPHDR_DADDR, IPHDR_SADDR, be32, csumTcpudpNofold, ipFastCsum, setBe16 } from '@skbuff/wire';

/** `ip_send_check`: computes the header checksum. */
export function ipSendCheck(bytes: Uint8Array, iph: number): void {
  bytes[iph + IPHDR_CHECK] = 0;
  bytes[iph + IPHDR_CHECK + 1] = 0;
  setBe16(bytes, iph + IPHDR_CHECK, ipFastCsum(bytes, iph, bytes[iph] & 0x0f));
}

/** `inet_compute_pseudo`: sum of the pseudo-header of `len` bytes for a transport, by the header at `networkHeader`. */
export function inetComputePseudo(skb: SkBuff, len: number, proto: number): number {
  const { bytes, networkHeader: iph } = skb;
  return csumTcpudpNofold(be32(bytes, iph + IPHDR_SADDR), be32(bytes, iph + IPHDR_DADDR), len, proto);
}
