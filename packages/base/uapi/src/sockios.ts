/** Requests of ioctl(2) on sockets (uapi `linux/sockios.h`, `asm-generic/ioctls.h`) and `struct ifreq`. */
export const FIONREAD = 0x541b;
export const FIONBIO = 0x5421;
export const SIOCINQ: number = FIONREAD;
export const SIOCOUTQ = 0x5411;
export const SIOCGSTAMP = 0x8906;
export const SIOCGSTAMPNS = 0x8907;
export const SIOCADDRT = 0x890b;
export const SIOCDELRT = 0x890c;
export const SIOCGIFNAME = 0x8910;
export const SIOCGIFCONF = 0x8912;
export const SIOCGIFFLAGS = 0x8913;
export const SIOCSIFFLAGS = 0x8914;
export const SIOCGIFADDR = 0x8915;
export const SIOCSIFADDR = 0x8916;
export const SIOCGIFDSTADDR = 0x8917;
export const SIOCGIFBRDADDR = 0x8919;
export const SIOCGIFNETMASK = 0x891b;
export const SIOCGIFMETRIC = 0x891d;
export const SIOCGIFMTU = 0x8921;
export const SIOCSIFMTU = 0x8922;
export const SIOCGIFHWADDR = 0x8927;
export const SIOCGIFINDEX = 0x8933;
export const SIOCGIFTXQLEN = 0x8942;
export const SIOCGIFMAP = 0x8970;

/** `struct ifreq`: 16 bytes of name, then a union of 24. */
export const IFREQ_LEN = 40;
export const IFREQ_UNION = 16;
