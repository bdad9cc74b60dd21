/** Flags of IPv6 routes (uapi `linux/ipv6_route.h`); those below 0x10000 are IPv4's (`linux/route.h`). */

export const RTF_DEFAULT = 0x00010000;
export const RTF_ADDRCONF = 0x00040000;
export const RTF_ALLONLINK = 0x00020000;
export const RTF_PREFIX_RT = 0x00080000;
export const RTF_ANYCAST = 0x00100000;
export const RTF_NONEXTHOP = 0x00200000;
export const RTF_EXPIRES = 0x00400000;
export const RTF_ROUTEINFO = 0x00800000;
export const RTF_CACHE = 0x01000000;
export const RTF_FLOW = 0x02000000;
export const RTF_POLICY = 0x04000000;
export const RTF_PCPU = 0x40000000;
export const RTF_PREF_MASK = 0x18000000;
/** Where the preference (ICMPV6_ROUTER_PREF_*) is. */
export const RTF_PREF_SHIFT = 27;
export const RTF_LOCAL = 0x80000000;

// Metrics of routes that nobody gave one.
export const IP6_RT_PRIO_USER = 1024;
export const IP6_RT_PRIO_ADDRCONF = 256;
