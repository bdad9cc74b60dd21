/** Hardware types and ARP (uapi `linux/if_arp.h`). */
export const ARPHRD_NETROM = 0;
export const ARPHRD_ETHER = 1;
export const ARPHRD_IEEE802 = 6;
export const ARPHRD_INFINIBAND = 32;
export const ARPHRD_PPP = 512;
export const ARPHRD_TUNNEL = 768;
export const ARPHRD_TUNNEL6 = 769;
export const ARPHRD_LOOPBACK = 772;
export const ARPHRD_SIT = 776;
export const ARPHRD_IPGRE = 778;
export const ARPHRD_PIMREG = 779;
export const ARPHRD_VOID = 0xffff;
export const ARPHRD_NONE = 0xfffe;

export const ARPOP_REQUEST = 1;
export const ARPOP_REPLY = 2;
export const ARPOP_RREQUEST = 3;
export const ARPOP_RREPLY = 4;
export const ARPOP_InREQUEST = 8;
export const ARPOP_InREPLY = 9;
export const ARPOP_NAK = 10;

/** Flags of an entry in /proc/net/arp. */
export const ATF_COM = 0x02;
export const ATF_PERM = 0x04;
export const ATF_PUBL = 0x08;
export const ATF_USETRAILERS = 0x10;
export const ATF_NETMASK = 0x20;
export const ATF_DONTPUB = 0x40;
export const ARPHRD_IP6GRE = 823;
export const ARPHRD_ARCNET = 7;
export const ARPHRD_IEEE1394 = 24;
export const ARPHRD_RAWIP = 519;
export const ARPHRD_FDDI = 774;
export const ARPHRD_6LOWPAN = 825;
