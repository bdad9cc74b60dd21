/** IPv6 (uapi `linux/ipv6.h`). */

/** No link that carries IPv6 has a smaller MTU. */
export const IPV6_MIN_MTU = 1280;

// Routing headers by type.
export const IPV6_SRCRT_TYPE_0 = 0;
export const IPV6_SRCRT_TYPE_2 = 2;
export const IPV6_SRCRT_TYPE_3 = 3;
export const IPV6_SRCRT_TYPE_4 = 4;

/** Router alert for MLD (RFC 2710). */
export const IPV6_OPT_ROUTERALERT_MLD = 0;

// Fragment header: flag, and mask of the offset in bytes (`include/net/ipv6.h`).
export const IP6_MF = 1;
export const IP6_OFFSET = 0xfff8;

// `linux/if_addrlabel.h`: attributes of `ip addrlabel`.
export const IFAL_ADDRESS = 1;
export const IFAL_LABEL = 2;
export const IFAL_MAX = 2;
