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

/*
 * struct ipv6hdr (RFC 8200 §3)
 *  0 version, traffic class, flow label | 4 payload_len | 6 nexthdr | 7 hop_limit | 8 saddr | 24 daddr
 */
export const IPV6HDR_LEN = 40;
/** Four bits of version, eight of traffic class, twenty of flow label. */
export const IPV6HDR_FLOW = 0;
export const IPV6HDR_PAYLOAD_LEN = 4;
export const IPV6HDR_NEXTHDR = 6;
export const IPV6HDR_HOP_LIMIT = 7;
export const IPV6HDR_SADDR = 8;
export const IPV6HDR_DADDR = 24;

/** `struct ipv6_opt_hdr`, with which every extension header but the fragment header begins: the length is in units of 8 bytes, without the first. */
export const IPV6OPT_NEXTHDR = 0;
export const IPV6OPT_HDRLEN = 1;
/** `struct ipv6_rt_hdr`. */
export const IPV6RT_TYPE = 2;
export const IPV6RT_SEGMENTS_LEFT = 3;
/** `struct frag_hdr`: offset in units of 8 bytes in the upper 13 bits, the lowest says that more follow. */
export const FRAGHDR_LEN = 8;
export const FRAGHDR_NEXTHDR = 0;
export const FRAGHDR_FRAG_OFF = 2;
export const FRAGHDR_IDENTIFICATION = 4;

/** `struct icmp6hdr` (RFC 4443 §2.1). */
export const ICMP6HDR_LEN = 8;
export const ICMP6HDR_TYPE = 0;
export const ICMP6HDR_CODE = 1;
export const ICMP6HDR_CKSUM = 2;
export const ICMP6HDR_DATA = 4;
export const ICMP6HDR_IDENTIFIER = 4;
export const ICMP6HDR_SEQUENCE = 6;
/** Neighbour solicitation, advertisement, redirect: target address, then of a redirect the destination, then options. */
export const NDMSG_TARGET = 8;
export const NDMSG_LEN = 24;
export const RDMSG_DEST = 24;
export const RDMSG_LEN = 40;
/** Router advertisement: hop limit, flags, lifetime in s, reachable time and retransmission time in ms. */
export const RAMSG_HOP_LIMIT = 4;
export const RAMSG_FLAGS = 5;
export const RAMSG_RT_LIFETIME = 6;
export const RAMSG_REACHABLE_TIME = 8;
export const RAMSG_RETRANS_TIMER = 12;
export const RAMSG_LEN = 16;
