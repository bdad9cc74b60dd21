/** Addresses that mean something only together with an interface (`include/net/ipv6.h`). */
import { IPV6_ADDR_LINKLOCAL, IPV6_ADDR_LOOPBACK, IPV6_ADDR_MULTICAST, ipv6AddrType } from '@skbuff/ipv6';
import type { In6Addr } from '@skbuff/wire';

/** `__ipv6_addr_needs_scope_id` of IPV6_ADDR_*: link-local addresses, groups of a link or of the host itself. */
export function ipv6AddrNeedsScopeId(type: number): boolean {
  return (type & IPV6_ADDR_LINKLOCAL) !== 0 || ((type & IPV6_ADDR_MULTICAST) !== 0 && (type & (IPV6_ADDR_LOOPBACK | IPV6_ADDR_LINKLOCAL)) !== 0);
}

/** `ipv6_iface_scope_id`: what user space is told with `addr` that came by interface `iface`. */
export function ipv6IfaceScopeId(addr: In6Addr, iface: number): number {
  return addr.w0 >>> 24 >= 0xfe && ipv6AddrNeedsScopeId(ipv6AddrType(addr)) ? iface : 0;
}
