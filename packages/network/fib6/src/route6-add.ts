/** Routes as user space and the kernel itself want them: `ip6_route_add`, `ip6_route_del` (`net/ipv6/route.c`). */
import type { ExtAck, Net, NetDevice } from '@skbuff/core';
import { type Fib6Info, type Inet6Dev, ipv6ChkAddr } from '@skbuff/ipv6';
import {
  EEXIST,
  EINVAL,
  ENOENT,
  ESRCH,
  IP6_RT_PRIO_USER,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTAX_MAX,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTF_ANYCAST,
  RTF_CACHE,
  RTF_EXPIRES,
  RTF_GATEWAY,
  RTF_LOCAL,
  RTF_NONEXTHOP,
  RTF_PCPU,
  RTF_REJECT,
  RTF_UP,
  RTN_ANYCAST,
  RTN_LOCAL,
  RTN_MAX,
  RTN_UNICAST,
  RTPROT_BOOT,
  RTPROT_KERNEL,
  RT_TABLE_LOCAL,
} from '@skbuff/uapi';
import { ipMetricsConvert } from '@skbuff/netlink';
import { In6Addr, in6addrAny, ipv6AddrPrefix } from '@skbuff/wire';
import type { Fib6RtConfig } from './fib6-config.ts';
import { Fib6Rt } from './fib6-info.ts';
import type { Fib6Table } from './fib6-node.ts';
import { type Fib6Net, fib6GetTable, fib6Net, fib6NewTable } from './fib6-net.ts';
import { fib6Add, fib6Del, fib6Locate, isDuplicate } from './ip6-fib.ts';
import { fib6IsReject, fib6NhInit } from './route6-nh-init.ts';

function invalid(extack: ExtAck | null, text: string): number {
  if (extack !== null) extack.message = text;
  return -EINVAL;
}

/** `ip6_route_info_create`: the route that the request describes, not in a table yet; or a negative errno and why. */
export function ip6RouteInfoCreate(state: Fib6Net, cfg: Fib6RtConfig, extack: ExtAck | null): Fib6Rt | number {
  const flags = cfg.flags ?? 0;
  if ((flags & RTF_PCPU) !== 0) return invalid(extack, 'Userspace can not set RTF_PCPU');
  if ((flags & RTF_CACHE) !== 0) return invalid(extack, 'Userspace can not set RTF_CACHE');
  if ((cfg.type ?? 0) > RTN_MAX) return invalid(extack, 'Invalid route type');
  if ((cfg.dstLen ?? 0) > 128) return invalid(extack, 'Invalid prefix length');
  if ((cfg.srcLen ?? 0) > 128) return invalid(extack, 'Invalid source address length');
  const dst = ipv6AddrPrefix(new In6Addr(), cfg.dst ?? in6addrAny, cfg.dstLen ?? 0);
  // It stays, whatever becomes of the route.
  const table = fib6NewTable(state, cfg.table ?? 0);
  const metrics = metricsOf(cfg);
  if (typeof metrics === 'number') return metrics;
  if ((cfg.attrs?.nhId ?? 0) !== 0) return invalid(extack, 'Nexthop id does not exist');
  const nh = fib6NhInit(state, cfg, cfg.dst ?? in6addrAny, extack);
  if (typeof nh === 'number') return nh;
  const { prefsrc } = cfg;
  if (prefsrc !== undefined && !prefsrc.isAny() && !ipv6ChkAddr(state.net, prefsrc, nh.dev, false)) return invalid(extack, 'Invalid source address');
  const rt = new Fib6Rt(table, nh, cfg.type || RTN_UNICAST, cfg.protocol || RTPROT_BOOT);
  rt.dst.copy(dst);
  rt.plen = cfg.dstLen ?? 0;
  ipv6AddrPrefix(rt.src, cfg.src ?? in6addrAny, cfg.srcLen ?? 0);
  rt.srcLen = cfg.srcLen ?? 0;
  if (prefsrc !== undefined) rt.prefsrc.copy(prefsrc);
  rt.metric = cfg.metric ?? 0;
  rt.flags = fib6IsReject(flags, nh.dev, cfg.dst ?? in6addrAny) ? RTF_REJECT | RTF_NONEXTHOP : flags & ~RTF_EXPIRES;
  rt.metrics = metrics;
  if ((flags & RTF_EXPIRES) !== 0 && (rt.flags & RTF_REJECT) === 0) rt.setExpires(state.timers.jiffies + (cfg.expires ?? 0));
  return rt;
}

/** `ip_fib_metrics_init`. */
function metricsOf({ metrics, attrs, nlh }: Fib6RtConfig): Uint32Array | null | number {
  if (attrs === undefined || nlh === undefined || attrs.metrics < 0) return metrics ?? null;
  const read = new Uint32Array(RTAX_MAX + 1);
  return ipMetricsConvert(nlh.buf, attrs.metrics, read, attrs.extack) || read;
}

/** `ip6_route_add`: 0 or a negative errno, and `extack` says why. Without a metric it is {@link IP6_RT_PRIO_USER}. */
export function ip6RouteAdd(net: Net, cfg: Fib6RtConfig, extack: ExtAck | null): number {
  const state = fib6Net.of(net);
  const rt = ip6RouteInfoCreate(state, withMetric(cfg), extack);
  return typeof rt === 'number' ? rt : fib6Add(state, rt, cfg, extack);
}

function withMetric(cfg: Fib6RtConfig): Fib6RtConfig {
  return (cfg.metric ?? 0) === 0 ? { ...cfg, metric: IP6_RT_PRIO_USER } : cfg;
}

/** What `nexthop` says beside what all next hops have. */
export function withNexthop(cfg: Fib6RtConfig, nexthop: Fib6RtConfig): Fib6RtConfig {
  return { ...cfg, ...nexthop, flags: (cfg.flags ?? 0) | (nexthop.flags ?? 0) };
}

/**
 * `ip6_route_multipath_add`: one route for each of `nexthops`, which become siblings. All or none: 0, or the errno of the one that is
 * refused.
 */
export function ip6RouteMultipathAdd(net: Net, cfg: Fib6RtConfig, nexthops: readonly Fib6RtConfig[], extack: ExtAck | null): number {
  const state = fib6Net.of(net);
  const routes: Fib6Rt[] = [];
  for (const nexthop of nexthops) {
    const rt = ip6RouteInfoCreate(state, withMetric(withNexthop(cfg, nexthop)), extack);
    if (typeof rt === 'number') return rt;
    if (routes.some((other) => isDuplicate(other, rt))) return -EEXIST;
    routes.push(rt);
  }
  return addAll(state, cfg, routes, extack);
}

function addAll(state: Fib6Net, cfg: Fib6RtConfig, routes: readonly Fib6Rt[], extack: ExtAck | null): number {
  let nlflags = cfg.nlflags ?? NLM_F_CREATE;
  for (const [i, rt] of routes.entries()) {
    const err = fib6Add(state, rt, { ...cfg, nlflags, skipNotify: true }, extack);
    if (err !== 0) {
      // Who listens hears of them, so that it makes sense when they go.
      if (i > 0) notifyAll(state, cfg, routes);
      for (const added of routes.slice(0, i)) fib6Del(state, added, cfg);
      return err;
    }
    // The first one has made the place, the others come beside it.
    nlflags = (nlflags & ~(NLM_F_EXCL | NLM_F_REPLACE)) | NLM_F_CREATE;
    if (cfg.nlh !== undefined) cfg.nlh.flags = nlflags;
  }
  notifyAll(state, cfg, routes);
  return 0;
}

/** `ip6_route_mpath_notify`: one message tells of all; what was appended is shown with those that were there. */
function notifyAll(state: Fib6Net, cfg: Fib6RtConfig, routes: readonly Fib6Rt[]): void {
  const flags = cfg.nlflags ?? NLM_F_CREATE;
  const shown = ((flags & NLM_F_REPLACE) !== 0 ? NLM_F_REPLACE : NLM_F_CREATE) | (flags & NLM_F_APPEND);
  const [first] = (flags & NLM_F_APPEND) !== 0 ? (routes[0].siblings ?? routes) : routes;
  state.fib6.control?.rtNotify(state, RTM_NEWROUTE, first, cfg, shown);
}

/**
 * `ip6_route_del`: the first route to just this destination and source that fits what the request says (device, gateway, metric, protocol; the
 * type does not count). With `deleteAllNh` and without a gateway all its siblings go too. 0, -ESRCH, or -ENOENT of a
 * default route that is not there.
 */
export function ip6RouteDel(net: Net, cfg: Fib6RtConfig, extack: ExtAck | null): number {
  const state = fib6Net.of(net);
  const table = fib6GetTable(state, cfg.table ?? 0);
  if (table === null) {
    if (extack !== null) extack.message = 'FIB table does not exist';
    return -ESRCH;
  }
  if (((cfg.flags ?? 0) & RTF_CACHE) !== 0) return delCached(table, cfg);
  const node = fib6Locate(table, cfg.dst ?? in6addrAny, cfg.dstLen ?? 0, cfg.src ?? in6addrAny, cfg.srcLen ?? 0);
  for (let rt = node?.leaf ?? null; rt !== null; rt = rt.next) {
    if (!isMeant(rt, cfg)) continue;
    return ((cfg.flags ?? 0) & RTF_GATEWAY) !== 0 ? fib6Del(state, rt, cfg) : delSiblings(state, rt, cfg);
  }
  return node === table.root && node.leaf === null && isNullEntryMeant(cfg) ? -ENOENT : -ESRCH;
}

/** `fib6_nh_del_cached_rt`: forgets what was learned about this destination behind the longest prefix that has it. -ESRCH: that is another way. */
function delCached(table: Fib6Table, cfg: Fib6RtConfig): number {
  const { dst = in6addrAny, src = in6addrAny, srcLen = 0, ifindex = 0, flags = 0 } = cfg;
  let first: Fib6Rt | null = null;
  for (let plen = cfg.dstLen ?? 0; plen >= 0 && first === null; plen--) first = fib6Locate(table, dst, plen, src, srcLen)?.leaf ?? null;
  for (let rt = first; rt !== null; rt = rt.next) {
    const { exceptions } = rt.nh;
    const cached = exceptions?.find(dst, src) ?? null;
    if (cached === null) return 0;
    if (ifindex !== 0 && cached.dev.ifindex !== ifindex) continue;
    if ((flags & RTF_GATEWAY) === 0 || cached.gateway.equals(cfg.gateway ?? in6addrAny)) return exceptions?.remove(cached) === true ? 0 : -ESRCH;
  }
  return first === null ? 0 : -ESRCH;
}

/** Linux keeps an entry of nowhere at ::/0 while there is no other, which no request can delete. */
function isNullEntryMeant({ ifindex = 0, flags = 0, metric = 0, protocol = 0 }: Fib6RtConfig): boolean {
  return ifindex === 0 && (flags & RTF_GATEWAY) === 0 && metric === 0 && (protocol === 0 || protocol === RTPROT_KERNEL);
}

function isMeant({ nh, metric, protocol }: Fib6Rt, cfg: Fib6RtConfig): boolean {
  if ((cfg.ifindex ?? 0) !== 0 && nh.dev.ifindex !== cfg.ifindex) return false;
  if (((cfg.flags ?? 0) & RTF_GATEWAY) !== 0 && !nh.gw.equals(cfg.gateway ?? in6addrAny)) return false;
  if ((cfg.metric ?? 0) !== 0 && metric !== cfg.metric) return false;
  return (cfg.protocol ?? 0) === 0 || protocol === cfg.protocol;
}

/** `__ip6_del_rt_siblings`: one message tells of all. */
function delSiblings(state: Fib6Net, rt: Fib6Rt, cfg: Fib6RtConfig): number {
  if (rt.siblings === null || cfg.deleteAllNh !== true) return fib6Del(state, rt, cfg);
  state.fib6.control?.rtNotify(state, RTM_DELROUTE, rt, cfg, 0);
  for (const sibling of [...rt.siblings]) fib6Del(state, sibling, { skipNotify: true });
  return 0;
}

/** `addrconf_f6i_alloc`: the local or anycast route to an own address; or a negative errno. */
export function addrconfF6iAlloc(net: Net, idev: Inet6Dev, addr: In6Addr, anycast: boolean): Fib6Info | number {
  const cfg: Fib6RtConfig = {
    table: RT_TABLE_LOCAL,
    ifindex: idev.dev.ifindex,
    flags: (RTF_UP | RTF_NONEXTHOP | (anycast ? RTF_ANYCAST : RTF_LOCAL)) >>> 0,
    dst: addr,
    dstLen: 128,
    protocol: RTPROT_KERNEL,
    type: anycast ? RTN_ANYCAST : RTN_LOCAL,
    ignoreDevDown: true,
  };
  return ip6RouteInfoCreate(fib6Net.of(net), cfg, null);
}

/** `ip6_ins_rt`. */
export function ip6InsRt(net: Net, rt: Fib6Info): number {
  return fib6Add(fib6Net.of(net), rt as Fib6Rt, null, null);
}

/** `ip6_del_rt`: 0, or -ENOENT of a route that is in no table. */
export function ip6DelRt(net: Net, rt: Fib6Info): number {
  return fib6Del(fib6Net.of(net), rt as Fib6Rt, null);
}

/** `addrconf_get_prefix_route`. */
export function addrconfGetPrefixRoute(net: Net, dev: NetDevice, prefix: In6Addr, plen: number, flags: number, noflags: number, noGw: boolean): Fib6Info | null {
  const node = fib6Locate(fib6Net.of(net).main, prefix, plen, in6addrAny as In6Addr, 0);
  for (let rt = node?.leaf ?? null; rt !== null; rt = rt.next) {
    const { flagsShown: has, nh } = rt;
    if (nh.dev === dev && !(noGw && nh.hasGw) && ((has & flags) ^ flags) === 0 && (has & noflags) === 0) return rt;
  }
  return null;
}
