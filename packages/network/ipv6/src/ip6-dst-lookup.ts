/** The way of what this host sends, and its source address (`ip6_dst_lookup` in `net/ipv6/ip6_output.c`). */
import type { Net, SkbSock } from '@skbuff/core';
import { NUD_VALID } from '@skbuff/neighbour';
import { EAFNOSUPPORT, ENETUNREACH, IFA_F_OPTIMISTIC, IPSTATS_MIB_OUTNOROUTES } from '@skbuff/uapi';
import { ipv6GetIfaddr } from './addrconf-addr.ts';
import { Flowi6 } from './flow.ts';
import { type Ip6RoutingProvider, RT6_LOOKUP_F_IFACE } from './interfaces.ts';
import { ipv6Net } from './ipv6-net.ts';
import { ipv6DevGetSaddr } from './ipv6-saddr.ts';
import { inet6Sk } from './ipv6-sock.ts';
import type { Rt6Info } from './rt6-info.ts';

/** The way over a router, while a neighbour must not be asked. */
const gatewayFlow: Flowi6 = new Flowi6();

/**
 * `ip6_dst_lookup`: the route for `fl6` (one reference, the caller's). Where `fl6.saddr` is :: it gets the source: the route's, or one of its
 * interface. Or a negative errno: -ENETUNREACH (counted), -EADDRNOTAVAIL, -EAFNOSUPPORT (IPv6 from a mapped address), what the route says.
 */
export function ip6DstLookup(net: Net, sk: SkbSock | null, fl6: Flowi6): Rt6Info | number {
  const { routing } = ipv6Net.of(net).ip;
  if (routing === null) return noRoute(net, -ENETUNREACH);
  const rt = fl6.saddr.isAny() ? lookupWithSource(net, sk, fl6, routing) : routing.routeOutput(net, sk, fl6, 0);
  if (typeof rt === 'number') return noRoute(net, rt);
  if (rt.error !== 0) return released(net, rt, rt.error);
  return usable(net, sk, fl6, rt, routing);
}

/** The route says which interface, the interface which source; and with a source there may be a route where there was none without. */
function lookupWithSource(net: Net, sk: SkbSock | null, fl6: Flowi6, routing: Ip6RoutingProvider): Rt6Info | number {
  const rt = routing.routeOutput(net, sk, fl6, 0);
  const err = ip6RouteGetSaddr(net, rt, sk, fl6);
  if (err === 0 && rt.error === 0) return rt;
  rt.release();
  return err !== 0 ? err : routing.routeOutput(net, sk, fl6, fl6.oif !== 0 ? RT6_LOOKUP_F_IFACE : 0);
}

/** `ip6_route_get_saddr`: the source of the route, or one that suits: of whatever interface, where there is no route. 0 or -EADDRNOTAVAIL. */
function ip6RouteGetSaddr(net: Net, rt: Rt6Info, sk: SkbSock | null, fl6: Flowi6): number {
  if (rt.error === 0 && !rt.prefsrc.isAny()) {
    fl6.saddr.copy(rt.prefsrc);
    return 0;
  }
  const dev = rt.error === 0 ? (rt.idev?.dev ?? rt.dev) : null;
  return ipv6DevGetSaddr(net, dev, fl6.daddr, inet6Sk(sk)?.srcprefs ?? 0, fl6.saddr);
}

/** Last questions: an optimistic source must not ask for a neighbour (RFC 4429 §3.2), nor a mapped one send IPv6. */
function usable(net: Net, sk: SkbSock | null, fl6: Flowi6, rt: Rt6Info, routing: Ip6RoutingProvider): Rt6Info | number {
  if (asksOptimistically(net, fl6, rt)) {
    rt.release();
    gatewayFlow.copy(fl6).daddr.set(0, 0, 0, 0);
    rt = routing.routeOutput(net, sk, gatewayFlow, 0);
    if (rt.error !== 0) return released(net, rt, rt.error);
  }
  if (fl6.saddr.isV4Mapped() && !fl6.daddr.isV4Mapped() && !fl6.daddr.isAny()) return released(net, rt, -EAFNOSUPPORT);
  return rt;
}

/** It would have to, and is not known to the neighbour yet. */
function asksOptimistically(net: Net, fl6: Flowi6, rt: Rt6Info): boolean {
  const { w0, w1, w2, w3 } = rt.nexthop(fl6.daddr);
  const neigh = ipv6Net.of(net).ip.ndisc?.tbl.lookup(rt.dev, w0, w1, w2, w3) ?? null;
  if (neigh === null || (neigh.nudState & NUD_VALID) !== 0) return false;
  return ((ipv6GetIfaddr(net, fl6.saddr, rt.dev, true)?.flags ?? 0) & IFA_F_OPTIMISTIC) !== 0;
}

function released(net: Net, rt: Rt6Info, err: number): number {
  rt.release();
  return noRoute(net, err);
}

function noRoute(net: Net, err: number): number {
  if (err === -ENETUNREACH) ipv6Net.of(net).stats[IPSTATS_MIB_OUTNOROUTES]++;
  return err;
}
