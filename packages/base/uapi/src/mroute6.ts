/** IPv6 multicast routing (uapi `linux/mroute6.h`). */

// Options of the socket of the daemon.
export const MRT6_INIT = 200;
export const MRT6_DONE = 201;
export const MRT6_ADD_MIF = 202;
export const MRT6_DEL_MIF = 203;
export const MRT6_ADD_MFC = 204;
export const MRT6_DEL_MFC = 205;
export const MRT6_VERSION = 206;
export const MRT6_ASSERT = 207;
export const MRT6_PIM = 208;
export const MRT6_TABLE = 209;
export const MRT6_ADD_MFC_PROXY = 210;
export const MRT6_DEL_MFC_PROXY = 211;
export const MRT6_FLUSH = 212;

// MRT6_FLUSH.
export const MRT6_FLUSH_MFC = 1;
export const MRT6_FLUSH_MFC_STATIC = 2;
export const MRT6_FLUSH_MIFS = 4;
export const MRT6_FLUSH_MIFS_STATIC = 8;

// ioctl(2).
export const SIOCGETMIFCNT_IN6 = 0x89e0;
export const SIOCGETSGCNT_IN6 = 0x89e1;
export const SIOCGETRPF = 0x89e2;

export const MAXMIFS = 32;
export const MIFF_REGISTER = 1;

// What the kernel tells the daemon (`struct mrt6msg`).
export const MRT6MSG_NOCACHE = 1;
export const MRT6MSG_WRONGMIF = 2;
export const MRT6MSG_WHOLEPKT = 3;
export const MRT6MSG_WRMIFWHOLE = 4;
