/**
 * Where the fields of the common headers lie, in bytes from the start of the header. A header is an offset into the packet's
 * bytes, read with `be16(bytes, iph + IPHDR_TOT_LEN)`: an offset is a small integer, so nothing is allocated per packet.
 */

/** `struct ethhdr`: h_dest, h_source, h_proto. */
export const ETHHDR_DEST = 0;
export const ETHHDR_SOURCE = 6;
export const ETHHDR_PROTO = 12;

/*
 * struct iphdr (RFC 791 §3.1)
 *  0 version, ihl | 1 tos | 2 tot_len | 4 id | 6 frag_off | 8 ttl | 9 protocol | 10 check | 12 saddr | 16 daddr | 20 options
 */
export const IPHDR_LEN = 20;
export const IPHDR_VERSION_IHL = 0;
export const IPHDR_TOS = 1;
export const IPHDR_TOT_LEN = 2;
export const IPHDR_ID = 4;
export const IPHDR_FRAG_OFF = 6;
export const IPHDR_TTL = 8;
export const IPHDR_PROTOCOL = 9;
export const IPHDR_CHECK = 10;
export const IPHDR_SADDR = 12;
export const IPHDR_DADDR = 16;
export const IPHDR_OPTIONS = 20;

/** Header length in bytes of the IPv4 header at `iph`. */
export function ipHdrlen(b: Uint8Array, iph: number): number {
  return (b[iph] & 0x0f) << 2;
}

/** `struct udphdr` (RFC 768). */
export const UDPHDR_LEN = 8;
export const UDPHDR_SOURCE = 0;
export const UDPHDR_DEST = 2;
export const UDPHDR_ULEN = 4;
export const UDPHDR_CHECK = 6;

/** `struct icmphdr` (RFC 792): the second word depends on the type. */
export const ICMPHDR_LEN = 8;
export const ICMPHDR_TYPE = 0;
export const ICMPHDR_CODE = 1;
export const ICMPHDR_CHECKSUM = 2;
export const ICMPHDR_UN = 4;
export const ICMPHDR_ID = 4;
export const ICMPHDR_SEQUENCE = 6;
export const ICMPHDR_MTU = 6;
export const ICMPHDR_GATEWAY = 4;

/** `struct arphdr` (RFC 826) and, for Ethernet and IPv4, the addresses behind it. */
export const ARPHDR_LEN = 8;
export const ARPHDR_HRD = 0;
export const ARPHDR_PRO = 2;
export const ARPHDR_HLN = 4;
export const ARPHDR_PLN = 5;
export const ARPHDR_OP = 6;
/** Whole length of an ARP packet for Ethernet and IPv4. */
export const ARP_ETH_IP_LEN = 28;
