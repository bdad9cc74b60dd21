/** Routes and decisions as messages (`rt6_fill_node`, `inet6_rt_notify` in `net/ipv6/route.c`). */
import { type Net, jiffiesToClockT } from '@skbuff/core';
import { type Rt6Info, ipv6DevGetSaddr } from '@skbuff/ipv6';
import { NlMsgBuilder, RtMsg, RtNextHop, RtaCacheInfo, rtnetlinkPutMetrics, rtnlHasListeners, rtnlNotify } from '@skbuff/netlink';
import { INT_MAX } from '@skbuff/sysctl';
import {
  AF_INET6,
  NLM_F_ECHO,
  RTAX_MAX,
  RTAX_MTU,
  RTA_CACHEINFO,
  RTA_DST,
  RTA_GATEWAY,
  RTA_IIF,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PREF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_SRC,
  RTA_TABLE,
  RTF_CACHE,
  RTF_GATEWAY,
  RTF_PREF_SHIFT,
  RTM_F_CLONED,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTNH_F_ONLINK,
  RTNLGRP_IPV6_ROUTE,
  RT_TABLE_COMPAT,
} from '@skbuff/uapi';
import { In6Addr, setLe16 } from '@skbuff/wire';
import type { Fib6RtConfig } from './fib6-config.ts';
import type { Fib6Rt } from './fib6-info.ts';
import { ipIgnoreLinkdown6 } from './fib6-linkdown.ts';
import type { Fib6Net } from './fib6-net.ts';
import type { Fib6Nh } from './fib6-nh.ts';

/** A decision, and for which packets. */
export interface Rt6Question {
  readonly rt: Rt6Info;
  readonly dest: In6Addr;
  /** Null: from anywhere. */
  readonly src: In6Addr | null;
  /** Somebody asks how to send such a packet, and wants to know from which address. */
  readonly asked: boolean;
}

/** Filled in again for each message. */
const rtm: RtMsg = new RtMsg();
const rtnh: RtNextHop = new RtNextHop();
const saddr: In6Addr = new In6Addr();

/** `rt6_fill_node`: the route as it stands in its table, or a decision made from it. `iif`: index of the interface that the packet came by; 0: this host sends it. 0 or -EMSGSIZE. */
export function rt6FillNode(b: NlMsgBuilder, net: Net, f6i: Fib6Rt, q: Rt6Question | null, iif: number, type: number, portid: number, seq: number, flags: number): number {
  const rt = q?.rt ?? null;
  const rtFlags = rt?.rtFlags ?? f6i.flags;
  const tableId = f6i.table.id;
  // Of what was learned about one destination, that destination is told.
  const cached = rt !== null && (rt.rtFlags & RTF_CACHE) !== 0;
  rtm.family = AF_INET6;
  rtm.dstLen = q !== null ? 128 : f6i.plen;
  rtm.srcLen = q !== null ? (q.src === null ? 0 : 128) : f6i.srcLen;
  rtm.tos = 0;
  rtm.table = tableId < 256 ? tableId : RT_TABLE_COMPAT;
  rtm.type = f6i.type;
  rtm.flags = (cached ? RTM_F_CLONED : 0) | (rt === null && f6i.siblings === null ? shownFlags(f6i.nh) : 0);
  rtm.scope = 0;
  rtm.protocol = f6i.protocol;
  const nlh = b.nlmsgPut(type, flags, seq, portid, rtm);
  b.nlaPutU32(RTA_TABLE, tableId);
  if (q !== null) b.nlaPut(RTA_DST, q.dest.toBytes());
  else if (f6i.plen !== 0) b.nlaPut(RTA_DST, f6i.dst.toBytes());
  if (rtm.srcLen !== 0) b.nlaPut(RTA_SRC, (q?.src ?? f6i.src).toBytes());
  if (iif !== 0) b.nlaPutU32(RTA_IIF, iif);
  else if (q?.asked === true) putOwnAddress(b, net, f6i, q.dest);
  if (!f6i.prefsrc.isAny()) b.nlaPut(RTA_PREFSRC, f6i.prefsrc.toBytes());
  rtnetlinkPutMetrics(b, rt === null ? f6i.metrics : shownMetrics(rt));
  b.nlaPutU32(RTA_PRIORITY, f6i.metric);
  putWay(b, f6i, rt);
  putInfo(b, net, rt === null ? f6i.expires : rt.expires, rt);
  b.nlaPutU8(RTA_PREF, (rtFlags >>> RTF_PREF_SHIFT) & 3);
  return b.nlmsgEnd(nlh);
}

/** With which address this host would send the packet. */
function putOwnAddress(b: NlMsgBuilder, net: Net, f6i: Fib6Rt, dest: In6Addr): void {
  if (!f6i.prefsrc.isAny()) saddr.copy(f6i.prefsrc);
  else if (ipv6DevGetSaddr(net, f6i.nh.dev, dest, 0, saddr) !== 0) return;
  b.nlaPut(RTA_PREFSRC, saddr.toBytes());
}

function putWay(b: NlMsgBuilder, f6i: Fib6Rt, rt: Rt6Info | null): void {
  if (rt !== null) {
    if ((rt.rtFlags & RTF_GATEWAY) !== 0) b.nlaPut(RTA_GATEWAY, rt.gateway.toBytes());
    b.nlaPutU32(RTA_OIF, rt.dev.ifindex);
  } else if (f6i.siblings !== null) putMultipath(b, fromFirst(f6i.siblings, f6i));
  else putNexthop(b, f6i.nh);
}

/** The siblings in their order, which has neither beginning nor end, from `first` on. */
function fromFirst(siblings: readonly Fib6Rt[], first: Fib6Rt): readonly Fib6Rt[] {
  const at = siblings.indexOf(first);
  return [...siblings.slice(at), ...siblings.slice(0, at)];
}

function putNexthop(b: NlMsgBuilder, nh: Fib6Nh): void {
  if (nh.hasGw) b.nlaPut(RTA_GATEWAY, nh.gw.toBytes());
  b.nlaPutU32(RTA_OIF, nh.dev.ifindex);
}

function putMultipath(b: NlMsgBuilder, routes: readonly Fib6Rt[]): void {
  const nest = b.nlaNestStartNoflag(RTA_MULTIPATH);
  for (const { nh } of routes) {
    rtnh.len = 0;
    rtnh.flags = shownFlags(nh);
    rtnh.hops = nh.weight - 1;
    rtnh.ifindex = nh.dev.ifindex;
    const at = b.put(RtNextHop.LEN);
    rtnh.write(b.buf, at);
    if (nh.hasGw) b.nlaPut(RTA_GATEWAY, nh.gw.toBytes());
    setLe16(b.buf, at, b.len - at);
  }
  b.nlaNestEnd(nest);
}

/** `fib_nexthop_info`: RTNH_F_* as user space sees them. */
function shownFlags({ flags, dev }: Fib6Nh): number {
  const shown = flags & (RTNH_F_ONLINK | RTNH_F_DEAD | RTNH_F_LINKDOWN);
  return (shown & RTNH_F_LINKDOWN) !== 0 && ipIgnoreLinkdown6(dev) ? shown | RTNH_F_DEAD : shown;
}

/** The decision's metrics, with what was learned about the path in place of the MTU. */
function shownMetrics(rt: Rt6Info): Uint32Array | null {
  if (rt.pmtu === 0) return rt.metrics;
  const metrics = rt.metrics === null ? new Uint32Array(RTAX_MAX + 1) : rt.metrics.slice();
  metrics[RTAX_MTU] = rt.pmtu;
  return metrics;
}

/** `expires`: jiffies, 0: never. */
function putInfo(b: NlMsgBuilder, net: Net, expires: number, rt: Rt6Info | null): void {
  const info = new RtaCacheInfo();
  if (expires !== 0) {
    const left = expires - net.timers.jiffies;
    info.expires = Math.sign(left) * Math.min(jiffiesToClockT(Math.abs(left)), INT_MAX);
  }
  if (rt !== null) {
    info.clntref = rt.refcnt;
    info.error = rt.error;
  }
  b.nlaPutStruct(RTA_CACHEINFO, info);
}

/** `inet6_rt_notify`: tells the listeners of the namespace, and the requester if it asked for an echo. `nlflags`: NLM_F_* of the message. */
export function inet6RtNotify(state: Fib6Net, event: number, rt: Fib6Rt, cfg: Fib6RtConfig | null, nlflags: number): void {
  const nlh = cfg?.nlh ?? null;
  const echo = nlh !== null && (nlh.flags & NLM_F_ECHO) !== 0;
  if (!echo && !rtnlHasListeners(state.net, RTNLGRP_IPV6_ROUTE)) return;
  const b = new NlMsgBuilder();
  const portid = cfg?.portid ?? 0;
  if (rt6FillNode(b, state.net, rt, null, 0, event, portid, nlh?.seq ?? 0, nlflags) < 0) return;
  rtnlNotify(state.net, b.bytes(), portid, RTNLGRP_IPV6_ROUTE, nlh);
}
