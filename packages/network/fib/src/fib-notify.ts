/** Routes as RTM_NEWROUTE and RTM_DELROUTE messages: `fib_dump_info`, `rtmsg_fib`. */
import { ipIgnoreLinkdown } from '@skbuff/ipv4';
import { NlMsgBuilder, RtMsg, RtNextHop, rtnetlinkPutMetrics, rtnlHasListeners, rtnlNotify } from '@skbuff/netlink';
import {
  AF_INET,
  NLM_F_ECHO,
  RTA_DST,
  RTA_FLOW,
  RTA_GATEWAY,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_TABLE,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTNH_F_ONLINK,
  RTNLGRP_IPV4_ROUTE,
  RT_TABLE_COMPAT,
} from '@skbuff/uapi';
import { setLe16 } from '@skbuff/wire';
import type { FibAlias } from './fib-alias.ts';
import type { FibConfig } from './fib-config.ts';
import type { FibInfo } from './fib-info.ts';
import type { FibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';

/** `struct rtmsg` of the message that is being written. */
const rtm: RtMsg = new RtMsg();
const rtnh: RtNextHop = new RtNextHop();

/** `fib_dump_info`: writes the route to `b`. 0 or -EMSGSIZE. */
export function fibDumpInfo(b: NlMsgBuilder, event: number, flags: number, seq: number, portid: number, prefix: number, fa: FibAlias): number {
  const fi = fa.info;
  rtm.family = AF_INET;
  rtm.dstLen = fa.plen;
  rtm.srcLen = 0;
  rtm.tos = fa.tos;
  rtm.table = fa.tbId < 256 ? fa.tbId : RT_TABLE_COMPAT;
  rtm.protocol = fi.protocol;
  rtm.scope = fi.scope;
  rtm.type = fa.type;
  // That the whole route is dead, as without its preferred source, is told only of one with several next hops.
  rtm.flags = fi.nhs.length === 1 ? shownFlags(fi.nhs[0]) : fi.flags;
  const nlh = b.nlmsgPut(event, flags, seq, portid, rtm);
  b.nlaPutU32(RTA_TABLE, fa.tbId);
  if (fa.plen > 0) b.nlaPutInAddr(RTA_DST, prefix);
  if (fi.priority !== 0) b.nlaPutU32(RTA_PRIORITY, fi.priority);
  rtnetlinkPutMetrics(b, fi.metrics);
  if (fi.prefsrc !== 0) b.nlaPutInAddr(RTA_PREFSRC, fi.prefsrc);
  if (fi.nhs.length === 1) putNexthop(b, fi.nhs[0]);
  else putMultipath(b, fi);
  return b.nlmsgEnd(nlh);
}

function putNexthop(b: NlMsgBuilder, nh: FibNh): void {
  if (nh.gw !== 0) b.nlaPutInAddr(RTA_GATEWAY, nh.gw);
  if (nh.oif !== 0) b.nlaPutU32(RTA_OIF, nh.oif);
  if (nh.tclassid !== 0) b.nlaPutU32(RTA_FLOW, nh.tclassid);
}

/** `fib_nexthop_info`: RTNH_F_* as user space sees them. */
function shownFlags(nh: FibNh): number {
  let flags = nh.flags & RTNH_F_ONLINK;
  if ((nh.flags & RTNH_F_DEAD) !== 0) flags |= RTNH_F_DEAD;
  if ((nh.flags & RTNH_F_LINKDOWN) === 0) return flags;
  flags |= RTNH_F_LINKDOWN;
  const ignored = nh.dev !== null && ipIgnoreLinkdown(nh.dev);
  return ignored ? flags | RTNH_F_DEAD : flags;
}

function putMultipath(b: NlMsgBuilder, fi: FibInfo): void {
  const nest = b.nlaNestStartNoflag(RTA_MULTIPATH);
  for (const nh of fi.nhs) {
    rtnh.len = 0;
    rtnh.flags = shownFlags(nh) & 0xff;
    rtnh.hops = nh.weight - 1;
    rtnh.ifindex = nh.oif;
    const at = b.put(RtNextHop.LEN);
    rtnh.write(b.buf, at);
    if (nh.gw !== 0) b.nlaPutInAddr(RTA_GATEWAY, nh.gw);
    if (nh.tclassid !== 0) b.nlaPutU32(RTA_FLOW, nh.tclassid);
    setLe16(b.buf, at, b.len - at);
  }
  b.nlaNestEnd(nest);
}

/** `rtmsg_fib`: tells the listeners of the namespace, and the requester if it asked for an echo. */
export function rtmsgFib(state: FibNet, event: number, fa: FibAlias, prefix: number, cfg: FibConfig | null, flags: number): void {
  const nlh = cfg?.nlh ?? null;
  const echo = nlh !== null && (nlh.flags & NLM_F_ECHO) !== 0;
  if (!echo && !rtnlHasListeners(state.net, RTNLGRP_IPV4_ROUTE)) return;
  const b = new NlMsgBuilder();
  const portid = cfg?.portid ?? 0;
  if (fibDumpInfo(b, event, flags, nlh?.seq ?? 0, portid, prefix, fa) < 0) return;
  rtnlNotify(state.net, b.bytes(), portid, RTNLGRP_IPV4_ROUTE, nlh);
}
