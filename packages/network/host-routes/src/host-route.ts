/** What the addresses of an interface mean for routing. */
import type { NetDevice } from '@skbuff/core';
import type { InIfaddr, Rtable } from '@skbuff/ipv4';
import { IFA_F_NOPREFIXROUTE, IFA_F_SECONDARY, IFF_LOOPBACK, RTN_BROADCAST, RTN_LOCAL, RTN_UNICAST, RT_SCOPE_HOST, RT_SCOPE_LINK } from '@skbuff/uapi';
import { inetMakeMask } from '@skbuff/wire';

/** One row of the table. Addresses are u32. */
export interface HostRoute {
  /** RTN_LOCAL, RTN_BROADCAST (both before RTN_UNICAST of the same prefix), RTN_UNICAST */
  readonly type: number;
  readonly prefix: number;
  readonly plen: number;
  readonly mask: number;
  readonly dev: NetDevice;
  /** Source of what is sent by it; 0: any address of the device. */
  readonly src: number;
  /** 0: the destination is on the link. */
  readonly gateway: number;
  readonly scope: number;
  readonly priority: number;
  /** Equal for equal routes. */
  readonly key: string;
  /** The decision that all senders share; null: none made yet. */
  out: Rtable | null;
}

export function hostRoute(type: number, prefix: number, plen: number, dev: NetDevice, src: number, gateway: number, scope: number, priority = 0): HostRoute {
  const key = [type, prefix, plen, dev.ifindex, src, gateway, priority].join();
  return { type, prefix, plen, mask: inetMakeMask(plen), dev, src, gateway, scope, priority, key, out: null };
}

/** Longest prefix first; what is this host's own before what is elsewhere; the oldest first. */
export function routeOrder(a: HostRoute, b: HostRoute): number {
  return b.plen - a.plen || Number(a.type === RTN_UNICAST) - Number(b.type === RTN_UNICAST) || a.priority - b.priority;
}

/**
 * `fib_add_ifaddr`: the routes of an address: first to itself, which needs no device that is up, then to its broadcast addresses and its
 * network. A secondary address brings itself and its broadcast only, with the primary's address as the source.
 */
export function addressRoutes(ifa: InIfaddr): HostRoute[] {
  const { dev, ifaList } = ifa.inDev;
  const { mask, prefixlen, broadcast } = ifa;
  const secondary = (ifa.flags & IFA_F_SECONDARY) !== 0;
  const primary = secondary ? ifaList.find((other) => other.mask === mask && ((other.address ^ ifa.address) & mask) === 0) : ifa;
  if (primary === undefined) return [];
  const src = primary.local;
  const toAll = (addr: number): HostRoute => hostRoute(RTN_BROADCAST, addr, 32, dev, src, 0, RT_SCOPE_LINK);
  const routes = [hostRoute(RTN_LOCAL, ifa.local, 32, dev, src, 0, RT_SCOPE_HOST)];
  if (broadcast !== 0 && broadcast !== 0xffffffff) routes.push(toAll(broadcast));
  const prefix = (ifa.address & mask) >>> 0;
  if (secondary || prefix === 0 || (prefix === ifa.local && prefixlen === 32)) return routes;
  if ((ifa.flags & IFA_F_NOPREFIXROUTE) === 0) {
    const local = (dev.flags & IFF_LOOPBACK) !== 0;
    routes.push(hostRoute(local ? RTN_LOCAL : RTN_UNICAST, prefix, prefixlen, dev, src, 0, local ? RT_SCOPE_HOST : RT_SCOPE_LINK, ifa.rtPriority));
  }
  const last = (ifa.address | ~mask) >>> 0;
  if (prefixlen < 31 && last !== broadcast) routes.push(toAll(last));
  return routes;
}
