/** Bits of `InetSk.cmsgFlags`: what ancillary data received packets come with. */
export const IP_CMSG_PKTINFO: number = 1 << 0;
export const IP_CMSG_TTL: number = 1 << 1;
export const IP_CMSG_TOS: number = 1 << 2;
export const IP_CMSG_RECVOPTS: number = 1 << 3;
export const IP_CMSG_RETOPTS: number = 1 << 4;
export const IP_CMSG_ORIGDSTADDR: number = 1 << 6;
export const IP_CMSG_CHECKSUM: number = 1 << 7;
export const IP_CMSG_RECVFRAGSIZE: number = 1 << 8;
