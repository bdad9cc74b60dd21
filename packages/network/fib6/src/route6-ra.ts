/** What routers advertise (RFC 4861 §6.3.4, RFC 4191): default routers and routes of theirs (`net/ipv6/route.c`, `ndisc_router_discovery`). */
import { HZ, type Net, type NetDevice } from '@skbuff/core';
import { type Inet6Ifaddr, RA_ROUTER_FAILED, RA_ROUTER_NEW, RA_ROUTER_OLD, type RaRouter, in6DevGet } from '@skbuff/ipv6';
import { IP6_RT_PRIO_USER, NLM_F_CREATE, NLM_F_REPLACE, RTAX_HOPLIMIT, RTAX_MTU, RTF_ADDRCONF, RTF_DEFAULT, RTF_EXPIRES, RTF_GATEWAY, RTF_PREF_MASK, RTF_PREF_SHIFT, RTF_ROUTEINFO, RTF_UP, RTM_NEWROUTE, RTN_UNICAST, RTPROT_RA, RT_TABLE_MAIN } from '@skbuff/uapi';
import { type In6Addr, in6addrAny } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6Net, fib6Net, fib6StartGc } from './fib6-net.ts';
import { fib6CleanAll, fib6Del, fib6Locate } from './ip6-fib.ts';
import { ip6RouteAdd } from './route6-add.ts';
import { inet6RtNotify } from './route6-fill.ts';

/** Seconds without end, in router advertisements. */
const INFINITY = 0xffffffff;

/** A route to `prefix` on `dev` by `gateway` whose flags have all of `flags`. */
function find(state: Fib6Net, dev: NetDevice, gateway: In6Addr, prefix: In6Addr, plen: number, flags: number): Fib6Rt | null {
  const node = fib6Locate(state.main, prefix, plen, in6addrAny as In6Addr, 0);
  for (let rt = node?.leaf ?? null; rt !== null; rt = rt.next) {
    if (rt.nh.dev === dev && (rt.flags & flags) === flags && rt.nh.gw.equals(gateway)) return rt;
  }
  return null;
}

/** `rt6_get_dflt_router`. */
function dfltRouter(state: Fib6Net, dev: NetDevice, gateway: In6Addr): Fib6Rt | null {
  return find(state, dev, gateway, in6addrAny as In6Addr, 0, RTF_ADDRCONF | RTF_DEFAULT);
}

function setPref(rt: Fib6Rt, pref: number): void {
  rt.flags = (rt.flags & ~RTF_PREF_MASK) | (pref << RTF_PREF_SHIFT);
}

/** Who watches routes hears of another preference, but not of another lifetime or hop limit. */
function changePref(state: Fib6Net, rt: Fib6Rt, pref: number): void {
  const before = rt.flags;
  setPref(rt, pref);
  if (rt.flags !== before) inet6RtNotify(state, RTM_NEWROUTE, rt, null, NLM_F_REPLACE);
}

/** The default route by a router that advertised itself: see {@link Ip6RoutingProvider.raRouter}. */
export function rt6RaRouter(dev: NetDevice, gateway: In6Addr, ra: RaRouter): number {
  const state = fib6Net.of(dev.net);
  let rt = dfltRouter(state, dev, gateway);
  if (rt !== null && (ra.lifetime === 0 || rt.metric !== ra.metric)) {
    fib6Del(state, rt, null);
    rt = null;
  }
  const isNew = rt === null;
  if (rt === null) {
    if (ra.lifetime === 0) return RA_ROUTER_OLD;
    rt = addDfltRouter(state, dev, gateway, ra);
    if (rt === null) return RA_ROUTER_FAILED;
  } else changePref(state, rt, ra.pref);
  expireIn(state, rt, ra.lifetime);
  if (ra.hopLimit !== 0) rt.setMetric(RTAX_HOPLIMIT, ra.hopLimit);
  if (ra.mtu !== 0) rt.setMetric(RTAX_MTU, ra.mtu);
  return isNew ? RA_ROUTER_NEW : RA_ROUTER_OLD;
}

/** `rt6_add_dflt_router`. */
function addDfltRouter(state: Fib6Net, dev: NetDevice, gateway: In6Addr, { pref, metric, lifetime }: RaRouter): Fib6Rt | null {
  const flags = RTF_GATEWAY | RTF_ADDRCONF | RTF_DEFAULT | RTF_UP | RTF_EXPIRES | (pref << RTF_PREF_SHIFT);
  const cfg = { table: RT_TABLE_MAIN, metric, ifindex: dev.ifindex, flags, protocol: RTPROT_RA, type: RTN_UNICAST, gateway, expires: lifetime * HZ, nlflags: NLM_F_CREATE };
  if (ip6RouteAdd(state.net, cfg, null) === 0) state.main.hasDfltRouter = true;
  return dfltRouter(state, dev, gateway);
}

function expireIn(state: Fib6Net, rt: Fib6Rt, seconds: number): void {
  rt.setExpires(state.timers.jiffies + seconds * HZ);
  fib6StartGc(state);
}

/** `rt6_route_rcv`: a route information option. `lifetime` seconds; of an unknown preference it is as if nothing had been said. */
export function rt6RouteRcv(dev: NetDevice, gateway: In6Addr, prefix: In6Addr, plen: number, pref: number, lifetime: number): void {
  const state = fib6Net.of(dev.net);
  if (pref === PREF_INVALID) return;
  const known = (): Fib6Rt | null => (plen === 0 ? dfltRouter(state, dev, gateway) : find(state, dev, gateway, prefix, plen, RTF_ROUTEINFO | RTF_GATEWAY));
  let rt = known();
  if (rt !== null && lifetime === 0) {
    fib6Del(state, rt, null);
    return;
  }
  if (rt !== null) {
    setPref(rt, pref);
    rt.flags |= RTF_ROUTEINFO;
  } else if (lifetime !== 0) {
    addRouteInfo(state, dev, gateway, prefix, plen, pref);
    rt = known();
  }
  if (rt === null) return;
  if (lifetime === INFINITY) rt.setExpires(0);
  else expireIn(state, rt, lifetime);
}

const PREF_INVALID = 2;

/** `rt6_add_route_info`. */
function addRouteInfo(state: Fib6Net, dev: NetDevice, gateway: In6Addr, dst: In6Addr, dstLen: number, pref: number): void {
  const flags = RTF_GATEWAY | RTF_ADDRCONF | RTF_ROUTEINFO | RTF_UP | (pref << RTF_PREF_SHIFT) | (dstLen === 0 ? RTF_DEFAULT : 0);
  ip6RouteAdd(state.net, { table: RT_TABLE_MAIN, metric: IP6_RT_PRIO_USER, ifindex: dev.ifindex, dst, dstLen, flags, protocol: RTPROT_RA, type: RTN_UNICAST, gateway, nlflags: NLM_F_CREATE }, null);
}

/** `rt6_purge_dflt_routers`: a router believes no other, unless `accept_ra` 2 says so. */
export function rt6PurgeDfltRouters(net: Net): void {
  const state = fib6Net.of(net);
  for (const table of state.tables.values()) {
    if (!table.hasDfltRouter) continue;
    for (let rt = table.root.leaf; rt !== null; ) {
      const { next } = rt;
      if ((rt.flags & (RTF_DEFAULT | RTF_ADDRCONF)) !== 0 && in6DevGet(rt.nh.dev)?.cnf.acceptRa !== 2) fib6Del(state, rt, null);
      rt = next;
    }
    table.hasDfltRouter = false;
  }
}

const RTF_RA_ROUTER: number = RTF_ADDRCONF | RTF_DEFAULT | RTF_GATEWAY;

/** `rt6_clean_tohost`. */
export function rt6CleanTohost(net: Net, gateway: In6Addr): void {
  fib6CleanAll(fib6Net.of(net), (rt) => {
    if ((rt.flags & RTF_RA_ROUTER) === RTF_RA_ROUTER && rt.nh.hasGw && rt.nh.gw.equals(gateway)) return true;
    rt.nh.exceptions?.cleanTohost(gateway);
    return false;
  });
}

/** `rt6_remove_prefsrc`: routes that preferred the address as source go on without. */
export function rt6RemovePrefsrc({ addr, idev: { dev } }: Inet6Ifaddr): void {
  fib6CleanAll(fib6Net.of(dev.net), (rt) => {
    if (rt.nh.dev !== dev || addr.isAny() || !rt.prefsrc.equals(addr)) return false;
    rt.prefsrc.set(0, 0, 0, 0);
    rt.nh.rt?.prefsrc.set(0, 0, 0, 0);
    rt.nh.exceptions?.removePrefsrc();
    return false;
  });
}
