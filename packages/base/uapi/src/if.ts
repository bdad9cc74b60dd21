/** Network interfaces (uapi `linux/if.h`, `linux/netdevice.h`, `linux/if_link.h`). */

/** Interface name length including the terminating zero: 15 visible characters. */
export const IFNAMSIZ = 16;
/** Alias length limit; an alias of this length or more is refused. */
export const IFALIASZ = 256;
export const ALTIFNAMSIZ = 128;

export const IFF_UP: number = 1 << 0;
export const IFF_BROADCAST: number = 1 << 1;
export const IFF_DEBUG: number = 1 << 2;
export const IFF_LOOPBACK: number = 1 << 3;
export const IFF_POINTOPOINT: number = 1 << 4;
export const IFF_NOTRAILERS: number = 1 << 5;
export const IFF_RUNNING: number = 1 << 6;
export const IFF_NOARP: number = 1 << 7;
export const IFF_PROMISC: number = 1 << 8;
export const IFF_ALLMULTI: number = 1 << 9;
export const IFF_MASTER: number = 1 << 10;
export const IFF_SLAVE: number = 1 << 11;
export const IFF_MULTICAST: number = 1 << 12;
export const IFF_PORTSEL: number = 1 << 13;
export const IFF_AUTOMEDIA: number = 1 << 14;
export const IFF_DYNAMIC: number = 1 << 15;
export const IFF_LOWER_UP: number = 1 << 16;
export const IFF_DORMANT: number = 1 << 17;
export const IFF_ECHO: number = 1 << 18;

/** Flags computed on read; a user cannot set them. */
export const IFF_VOLATILE: number =
  IFF_LOOPBACK | IFF_POINTOPOINT | IFF_BROADCAST | IFF_ECHO | IFF_MASTER | IFF_SLAVE | IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT;

/** RFC 2863 operational states. */
export const IF_OPER_UNKNOWN = 0;
export const IF_OPER_NOTPRESENT = 1;
export const IF_OPER_DOWN = 2;
export const IF_OPER_LOWERLAYERDOWN = 3;
export const IF_OPER_TESTING = 4;
export const IF_OPER_DORMANT = 5;
export const IF_OPER_UP = 6;

export const IF_LINK_MODE_DEFAULT = 0;
export const IF_LINK_MODE_DORMANT = 1;

export const NET_ADDR_PERM = 0;
export const NET_ADDR_RANDOM = 1;
export const NET_ADDR_STOLEN = 2;
export const NET_ADDR_SET = 3;

export const NET_NAME_UNKNOWN = 0;
export const NET_NAME_ENUM = 1;
export const NET_NAME_PREDICTABLE = 2;
export const NET_NAME_USER = 3;
export const NET_NAME_RENAMED = 4;

/** Classes of a received frame, by its destination address (uapi `linux/if_packet.h`). */
export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHERHOST = 3;
export const PACKET_OUTGOING = 4;
export const PACKET_LOOPBACK = 5;
