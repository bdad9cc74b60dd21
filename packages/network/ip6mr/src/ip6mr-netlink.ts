/** What netlink is told: RTM_NEWROUTE and RTM_DELROUTE of RTNL_FAMILY_IP6MR, and RTM_NEWCACHEREPORT. */
import { jiffiesToClockT, type Net } from '@skbuff/core';
import { NlMsgBuilder, RtMsg, rtnlHasListeners, rtnlNotify } from '@skbuff/netlink';
import {
  MAXMIFS,
  RTA_DST,
  RTA_EXPIRES,
  RTA_IIF,
  RTA_MFC_STATS,
  RTA_MULTIPATH,
  RTA_SRC,
  RTA_TABLE,
  RTM_NEWCACHEREPORT,
  RTNH_F_UNRESOLVED,
  RTNLGRP_IPV6_MROUTE,
  RTNLGRP_IPV6_MROUTE_R,
  RTNL_FAMILY_IP6MR,
  RTN_MULTICAST,
  RTPROT_MROUTED,
  RTPROT_STATIC,
  RT_SCOPE_UNIVERSE,
} from '@skbuff/uapi';
import { setLe16, setLe32, setLe64 } from '@skbuff/wire';
import { MFC_STATIC, type Mfc6Cache, type Mfc6Unres, type Mr6Table, NO_TTL } from './mr6-table.ts';

/** `enum` of RTM_NEWCACHEREPORT. */
const IP6MRA_CREPORT_MSGTYPE = 1;
const IP6MRA_CREPORT_MIF_ID = 2;
const IP6MRA_CREPORT_SRC_ADDR = 3;
const IP6MRA_CREPORT_DST_ADDR = 4;
const IP6MRA_CREPORT_PKT = 5;
const RTNEXTHOP_LEN = 8;

/** `ip6mr_fill_mroute`: begins a message about an entry; what `nlmsgEnd` wants. */
export function fillMroute(b: NlMsgBuilder, mrt: Mr6Table, c: Mfc6Cache | Mfc6Unres, type: number, flags: number, seq: number, portid: number): number {
  const resolved = 'ttls' in c;
  const header = RtMsg.of({
    family: RTNL_FAMILY_IP6MR,
    dstLen: 128,
    srcLen: 128,
    table: mrt.id < 256 ? mrt.id : 0,
    protocol: resolved && (c.flags & MFC_STATIC) !== 0 ? RTPROT_STATIC : RTPROT_MROUTED,
    scope: RT_SCOPE_UNIVERSE,
    type: RTN_MULTICAST,
    flags: resolved ? 0 : RTNH_F_UNRESOLVED,
  });
  const nlh = b.nlmsgPut(type, flags, seq, portid, header);
  b.nlaPutU32(RTA_TABLE, mrt.id);
  b.nlaPutIn6Addr(RTA_SRC, c.origin.toBytes());
  b.nlaPutIn6Addr(RTA_DST, c.group.toBytes());
  if (resolved) fillWays(b, mrt, c);
  return nlh;
}

/** `mr_fill_mroute`. */
function fillWays(b: NlMsgBuilder, mrt: Mr6Table, c: Mfc6Cache): void {
  const from = c.parent < MAXMIFS ? mrt.vifs[c.parent] : null;
  if (from) b.nlaPutU32(RTA_IIF, from.dev.ifindex);
  const ways = b.nlaNestStartNoflag(RTA_MULTIPATH);
  for (let ct = c.minvif; ct < c.maxvif; ct++) {
    const vif = mrt.vifs[ct];
    if (!vif || (c.ttls[ct] as number) >= NO_TTL) continue;
    const at = b.put(RTNEXTHOP_LEN);
    setLe16(b.buf, at, RTNEXTHOP_LEN);
    b.buf[at + 3] = c.ttls[ct] as number;
    setLe32(b.buf, at + 4, vif.dev.ifindex);
  }
  b.nlaNestEnd(ways);
  const stats = b.nlaReserve(RTA_MFC_STATS, 24);
  setLe64(b.buf, stats, c.pkt);
  setLe64(b.buf, stats + 8, c.bytes);
  setLe64(b.buf, stats + 16, c.wrongIf);
  b.nlaPutU64(RTA_EXPIRES, jiffiesToClockT(mrt.net.timers.jiffies - c.lastuse));
}

/** `mr6_netlink_event`: an entry is new or changed (RTM_NEWROUTE), or gone (RTM_DELROUTE). */
export function mr6NetlinkEvent(mrt: Mr6Table, c: Mfc6Cache | Mfc6Unres, event: number): void {
  if (!rtnlHasListeners(mrt.net, RTNLGRP_IPV6_MROUTE)) return;
  const b = new NlMsgBuilder();
  b.nlmsgEnd(fillMroute(b, mrt, c, event, 0, 0, 0));
  rtnlNotify(mrt.net, b.bytes(), 0, RTNLGRP_IPV6_MROUTE, null);
}

/** `mrt6msg_netlink_event`: what the daemon is told, for whoever else wants to know. `pkt`: what is behind the message. */
export function mrt6msgNetlinkEvent(net: Net, type: number, mif: number, src: Uint8Array, dst: Uint8Array, pkt: Uint8Array): void {
  if (!rtnlHasListeners(net, RTNLGRP_IPV6_MROUTE_R)) return;
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(RTM_NEWCACHEREPORT, 0, 0, 0, 1);
  b.buf[nlh + 16] = RTNL_FAMILY_IP6MR;
  b.nlaPutU8(IP6MRA_CREPORT_MSGTYPE, type);
  b.nlaPutU32(IP6MRA_CREPORT_MIF_ID, mif);
  b.nlaPutIn6Addr(IP6MRA_CREPORT_SRC_ADDR, src);
  b.nlaPutIn6Addr(IP6MRA_CREPORT_DST_ADDR, dst);
  b.nlaPut(IP6MRA_CREPORT_PKT, pkt);
  b.nlmsgEnd(nlh);
  rtnlNotify(net, b.bytes(), 0, RTNLGRP_IPV6_MROUTE_R, null);
}
