import type { NetDevice } from '@skbuff/core';
import { in6DevGet } from '@skbuff/ipv6';

/** `ip6_ignore_linkdown`: routes over a device without a carrier do not count, by net.ipv6.conf.IFACE.ignore_routes_with_linkdown. */
export function ipIgnoreLinkdown6(dev: NetDevice): boolean {
  const idev = in6DevGet(dev);
  return idev !== null && idev.cnf.ignoreRoutesWithLinkdown !== 0;
}
