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

/** The rest of the devices', addresses', ARP's and routing's requests. */
export const SIOCRTMSG = 0x890d;
export const SIOCSIFLINK = 0x8911;
export const SIOCSIFDSTADDR = 0x8918;
export const SIOCSIFBRDADDR = 0x891a;
export const SIOCSIFNETMASK = 0x891c;
export const SIOCSIFMETRIC = 0x891e;
export const SIOCGIFMEM = 0x891f;
export const SIOCSIFMEM = 0x8920;
export const SIOCSIFNAME = 0x8923;
export const SIOCSIFHWADDR = 0x8924;
export const SIOCGIFSLAVE = 0x8929;
export const SIOCSIFSLAVE = 0x8930;
export const SIOCADDMULTI = 0x8931;
export const SIOCDELMULTI = 0x8932;
export const SIOCSIFPFLAGS = 0x8934;
export const SIOCGIFPFLAGS = 0x8935;
export const SIOCSIFHWBROADCAST = 0x8937;
export const SIOCSIFTXQLEN = 0x8943;
export const SIOCGMIIPHY = 0x8947;
export const SIOCGMIIREG = 0x8948;
export const SIOCSMIIREG = 0x8949;
export const SIOCDARP = 0x8953;
export const SIOCGARP = 0x8954;
export const SIOCSARP = 0x8955;
export const SIOCSIFMAP = 0x8971;
export const SIOCSHWTSTAMP = 0x89b0;
export const SIOCGHWTSTAMP = 0x89b1;
export const SIOCDEVPRIVATE = 0x89f0;

/** `struct ifconf`: an int of length, a pointer. */
export const IFCONF_LEN = 16;
/** `struct arpreq`: two addresses, flags, mask, name of the device. */
export const ARPREQ_LEN = 68;
/** `struct rtentry`. */
export const RTENTRY_LEN = 120;

/** Takes an address of IPv6 away. */
export const SIOCDIFADDR = 0x8936;
