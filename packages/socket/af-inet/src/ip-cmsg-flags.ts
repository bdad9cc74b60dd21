/** Which ancillary data a socket asks for: bits and options. */
import { IP_CHECKSUM, IP_PKTINFO, IP_RECVFRAGSIZE, IP_RECVOPTS, IP_RECVORIGDSTADDR, IP_RECVTOS, IP_RECVTTL, IP_RETOPTS } from '@skbuff/uapi';

/** Bits of `InetSk.cmsgFlags`: what ancillary data received packets come with. */
export const IP_CMSG_PKTINFO: number = 1 << 0;
export const IP_CMSG_TTL: number = 1 << 1;
export const IP_CMSG_TOS: number = 1 << 2;
export const IP_CMSG_RECVOPTS: number = 1 << 3;
export const IP_CMSG_RETOPTS: number = 1 << 4;
export const IP_CMSG_ORIGDSTADDR: number = 1 << 6;
export const IP_CMSG_CHECKSUM: number = 1 << 7;
export const IP_CMSG_RECVFRAGSIZE: number = 1 << 8;
/** Set by AF_INET6 for IPV6_RECVPKTINFO: what a packet of IPv4 says of itself is noted for it too. */
export const IP_CMSG_RXINFO6: number = 1 << 17;

/** Options that switch a kind of ancillary data. */
const CMSGS: Readonly<Record<number, number>> = {
  [IP_PKTINFO]: IP_CMSG_PKTINFO,
  [IP_RECVTTL]: IP_CMSG_TTL,
  [IP_RECVTOS]: IP_CMSG_TOS,
  [IP_RECVOPTS]: IP_CMSG_RECVOPTS,
  [IP_RETOPTS]: IP_CMSG_RETOPTS,
  [IP_RECVORIGDSTADDR]: IP_CMSG_ORIGDSTADDR,
  [IP_CHECKSUM]: IP_CMSG_CHECKSUM,
  [IP_RECVFRAGSIZE]: IP_CMSG_RECVFRAGSIZE,
};

/** The IP_CMSG_* that an option stands for, or 0. */
export function cmsgOf(name: number): number {
  return CMSGS[name] ?? 0;
}
