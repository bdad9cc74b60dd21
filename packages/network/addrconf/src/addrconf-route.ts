/** The routes that come with addresses: to the prefix on the link, to the other end (`net/ipv6/addrconf.c`). */
import { HZ, jiffiesToClockT, type NetDevice } from '@skbuff/core';
import { type Fib6Info, type Inet6Dev, type Inet6Ifaddr, ipv6Net, type Ip6RoutingProvider } from '@skbuff/ipv6';
import {
  ENOENT,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IP6_RT_PRIO_ADDRCONF,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RTF_DEFAULT,
  RTF_UP,
  RTN_MULTICAST,
  RTN_UNICAST,
  RTPROT_KERNEL,
} from '@skbuff/uapi';
import { In6Addr, ipv6PrefixEqual } from '@skbuff/wire';

/** What to do with the prefix route of an address that goes. */
const CLEANUP_PREFIX_RT_NOP = -1;
const CLEANUP_PREFIX_RT_DEL = 0;

/** The routing of a device's namespace, or null. */
export function routingOf(dev: NetDevice): Ip6RoutingProvider | null {
  return ipv6Net.of(dev.net).ip.routing;
}

/** `addrconf_prefix_route`: `expires` jiffies from now on, with RTF_EXPIRES in `flags`. A metric of 0 is that of the kernel's own routes. */
export function addrconfPrefixRoute(pfx: In6Addr, plen: number, metric: number, dev: NetDevice, expires: number, flags: number): void {
  routingOf(dev)?.addRoute(
    dev.net,
    {
      table: RT_TABLE_MAIN,
      metric: metric === 0 ? IP6_RT_PRIO_ADDRCONF : metric,
      dst: pfx,
      dstLen: plen,
      ifindex: dev.ifindex,
      flags: RTF_UP | flags,
      protocol: RTPROT_KERNEL,
      type: RTN_UNICAST,
      expires,
    },
    null,
  );
}

/** `addrconf_add_mroute`: multicast leaves by the device. */
export function addrconfAddMroute(dev: NetDevice): void {
  const dst = new In6Addr(0xff000000);
  routingOf(dev)?.addRoute(
    dev.net,
    { table: RT_TABLE_LOCAL, metric: IP6_RT_PRIO_ADDRCONF, dst, dstLen: 8, ifindex: dev.ifindex, flags: RTF_UP, protocol: RTPROT_KERNEL, type: RTN_MULTICAST },
    null,
  );
}

/** The route without a gateway that the address or its other end brought; null: none. */
function prefixRoute(ifp: Inet6Ifaddr, peer: boolean): Fib6Info | null {
  const { dev } = ifp.idev;
  return routingOf(dev)?.getPrefixRoute(dev.net, dev, peer ? ifp.peerAddr : ifp.addr, ifp.prefixLen, 0, RTF_DEFAULT, true) ?? null;
}

/**
 * `check_cleanup_prefix_route`: jiffies until which the prefix route stays for the sake of other addresses, {@link CLEANUP_PREFIX_RT_NOP}: it
 * belongs to one of them, {@link CLEANUP_PREFIX_RT_DEL}: nobody needs it.
 */
function checkCleanupPrefixRoute({ addrList }: Inet6Dev, ifp: Inet6Ifaddr): number {
  let expires = CLEANUP_PREFIX_RT_DEL;
  for (const ifa of addrList) {
    if (ifa === ifp || ifa.prefixLen !== ifp.prefixLen || !ipv6PrefixEqual(ifa.addr, ifp.addr, ifp.prefixLen)) continue;
    if ((ifa.flags & (IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE)) !== 0) return CLEANUP_PREFIX_RT_NOP;
    expires = Math.max(expires, ifa.tstamp + ifa.validLft * HZ);
  }
  return expires;
}

/** What the address's departure does to its prefix route: to be asked while it is in the list, and done when it is not. */
export function prefixRouteCleanup(ifp: Inet6Ifaddr): () => void {
  const expires = checkCleanupPrefixRoute(ifp.idev, ifp);
  return () => {
    if (expires !== CLEANUP_PREFIX_RT_NOP) cleanupPrefixRoute(ifp, expires, false);
  };
}

/** `cleanup_prefix_route`: deletes it, or lets it end at `expires` jiffies if it has no end yet. `peer`: that of the other end. */
export function cleanupPrefixRoute(ifp: Inet6Ifaddr, expires: number, peer: boolean): void {
  const { dev } = ifp.idev;
  const rt = prefixRoute(ifp, peer);
  if (rt === null) return;
  if (expires === CLEANUP_PREFIX_RT_DEL) routingOf(dev)?.delRt(dev.net, rt);
  else if (rt.expires === 0) routingOf(dev)?.setExpires(dev.net, rt, expires);
}

/**
 * Linux counts jiffies from here on, so that what cannot bear their wrapping shows it soon.
 * Their number is what {@link modifyPrefixRoute} is about; everywhere else it only matters how many have passed.
 */
const INITIAL_JIFFIES: number = 2 ** 32 - 300 * HZ;

/**
 * `modify_prefix_route`: another metric or another end; -ENOENT: there is none. `expires` as of {@link addrconfPrefixRoute}. Linux 6.18 takes the
 * lifetime, in the unit of user space, for the time at which the route ends: that is long over. So where a permanent address gets a lifetime its
 * prefix is no longer on the link, until the address is changed once more.
 */
export function modifyPrefixRoute(ifp: Inet6Ifaddr, expires: number, flags: number, peer: boolean): number {
  const { dev } = ifp.idev;
  const rt = prefixRoute(ifp, peer);
  if (rt === null) return -ENOENT;
  if (rt.metric !== (ifp.rtPriority === 0 ? IP6_RT_PRIO_ADDRCONF : ifp.rtPriority)) {
    routingOf(dev)?.delRt(dev.net, rt);
    addrconfPrefixRoute(peer ? ifp.peerAddr : ifp.addr, ifp.prefixLen, ifp.rtPriority, dev, expires, flags);
  } else routingOf(dev)?.setExpires(dev.net, rt, expires === 0 ? 0 : jiffiesToClockT(expires) - INITIAL_JIFFIES);
  return 0;
}
