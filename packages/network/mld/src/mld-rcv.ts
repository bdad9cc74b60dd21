/**
 * What comes in (`igmp6_event_query`, `igmp6_event_report`; RFC 2710 §4, RFC 3810 §5.1, §6.2, §8). ICMPv6 has verified the message, which
 * is at `transportHeader`:
 *
 *   query  130, code, checksum | delay, 0 | group | of MLDv2: 4 bits, S, robustness; interval; sources, and these
 */
import { SKB_CONSUMED, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff, type TimerList } from '@skbuff/core';
import { IP6CB_FLAGS, IP6CB_RA, IP6SKB_ROUTERALERT } from '@skbuff/ipv6';
import { MCAST_EXCLUDE, PACKET_BROADCAST, PACKET_LOOPBACK, PACKET_MULTICAST } from '@skbuff/uapi';
import { be16, In6Addr, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_PAYLOAD_LEN, IPV6HDR_SADDR } from '@skbuff/wire';
import { type Ifmcaddr6, isNeverReported, MAF_GSQUERY, MAF_LAST_REPORTER, MAF_TIMER_RUNNING } from './ifmcaddr6.ts';
import { type McastDev, mcastOf, MLD_QRV_DEFAULT } from './mcast-dev.ts';
import { stopGroupTimer } from './mcast.ts';

const MLD_V1_QUERY_LEN = 24;
const MLD_V2_QUERY_LEN = 28;
const MLD_GROUP = 8;
const MLD2_QRV = 24;
const MLD2_QQIC = 25;
const MLD2_NSRCS = 26;
/** Value of the router alert option that says MLD (RFC 2711). */
const IPV6_OPT_ROUTERALERT_MLD = 0;
/** The longest delay of MLDv1 as MLDv2 writes it, milliseconds. */
const MLDV1_MRD_MAX_COMPAT = 0x7fff;

const saddr = new In6Addr();
const asked = new In6Addr();

/** `igmp6_event_query`: takes over the sk_buff. */
export function igmp6EventQuery(skb: SkBuff): void {
  const mc = skb.dev === null ? null : mcastOf(skb.dev);
  finish(skb, mc !== null && !mc.idev.dead && query(mc, skb));
}

/** `igmp6_event_report`: takes over the sk_buff. */
export function igmp6EventReport(skb: SkBuff): void {
  const mc = skb.dev === null ? null : mcastOf(skb.dev);
  finish(skb, mc !== null && !mc.idev.dead && report(mc, skb));
}

function finish(skb: SkBuff, good: boolean): void {
  skb.kfree(good ? SKB_CONSUMED : SKB_DROP_REASON_NOT_SPECIFIED);
}

/** The first `n` bytes of the message can be read. */
function mayPull(skb: SkBuff, n: number): boolean {
  return skb.mayPull(skb.transportHeader + n - skb.data);
}

/** `__mld_query_work`: false if it is not what a querier of this link sends. */
function query(mc: McastDev, skb: SkBuff): boolean {
  if (!mayPull(skb, MLD_V1_QUERY_LEN)) return false;
  const len = IPV6HDR_LEN + be16(skb.bytes, skb.networkHeader + IPV6HDR_PAYLOAD_LEN) - (skb.transportHeader - skb.networkHeader);
  if (!isFromLink(skb)) return false;
  asked.load(skb.bytes, skb.transportHeader + MLD_GROUP);
  const general = asked.isAny();
  if ((!general && !asked.isMulticast()) || len < MLD_V1_QUERY_LEN) return false;
  if (len === MLD_V1_QUERY_LEN || mc.inV1Mode()) {
    const delay = processV1(mc, skb, len === MLD_V1_QUERY_LEN);
    if (delay === 0) return false;
    askGroups(mc, general, delay, skb, 0);
    return true;
  }
  if (len < MLD_V2_QUERY_LEN || !mayPull(skb, MLD_V2_QUERY_LEN)) return false;
  const delay = processV2(mc, skb);
  const nsrcs = be16(skb.bytes, skb.transportHeader + MLD2_NSRCS);
  if (general) {
    if (nsrcs !== 0) return false;
    startGq(mc);
    return true;
  }
  if (nsrcs !== 0 && !mayPull(skb, MLD_V2_QUERY_LEN + nsrcs * 16)) return false;
  askGroups(mc, general, delay, skb, nsrcs);
  return true;
}

/** RFC 3810 §6.2: from a link-local address, one hop, with the router alert. */
function isFromLink(skb: SkBuff): boolean {
  const { bytes, networkHeader, cb } = skb;
  return (
    saddr.load(bytes, networkHeader + IPV6HDR_SADDR).isLinkLocal() &&
    bytes[networkHeader + IPV6HDR_HOP_LIMIT] === 1 &&
    ((cb[IP6CB_FLAGS] as number) & IP6SKB_ROUTERALERT) !== 0 &&
    cb[IP6CB_RA] === IPV6_OPT_ROUTERALERT_MLD
  );
}

/** `mld_process_v1` (RFC 3810 §8.3.2): jiffies that answers may take; 0: it does not count. */
function processV1(mc: McastDev, skb: SkBuff, v1: boolean): number {
  if (mc.inV2ModeOnly()) return 0;
  const md = be16(skb.bytes, skb.transportHeader + 4);
  const { timers } = mc.net;
  if (v1) mc.v1Seen = timers.jiffies + mc.qrv * mc.qi + mc.qri;
  timers.delTimer(mc.gqTimer);
  timers.delTimer(mc.ifcTimer);
  mc.ifcCount = 0;
  mc.clearDelrec();
  return Math.max(v1 ? md : Math.min(md, MLDV1_MRD_MAX_COMPAT), 1);
}

/** `mld_process_v2`: takes over what the querier says of itself; jiffies that answers may take. */
function processV2(mc: McastDev, skb: SkBuff): number {
  const { bytes, transportHeader } = skb;
  const mrc = be16(bytes, transportHeader + 4);
  const md = mrc < 0x8000 ? mrc : floating(mrc, 12);
  const qqic = bytes[transportHeader + MLD2_QQIC] as number;
  // 0 is no number (RFC 3810 §5.1.8).
  mc.qrv = Math.max((bytes[transportHeader + MLD2_QRV] as number) & 7 || mc.qrv, Math.min(MLD_QRV_DEFAULT, mc.mld.qrv));
  mc.qi = (qqic < 0x80 ? qqic : floating(qqic, 4)) * 1000;
  mc.qri = md;
  mc.maxdelay = Math.max(md, 1);
  return mc.maxdelay;
}

/** The codes of long times (RFC 3810 §5.1.3, §5.1.9): three bits of exponent over `bits` of mantissa, whose highest is not written. */
function floating(code: number, bits: number): number {
  const exp = (code >>> bits) & 7;
  return ((code & ((1 << bits) - 1)) | (1 << bits)) << (exp + 3);
}

/** `mld_gq_start_work`: an answer that comes sooner stands. */
function startGq(mc: McastDev): void {
  const { kernel, timers } = mc.net;
  const at = timers.jiffies + kernel.random.below(mc.maxdelay) + 2;
  if (mc.gqTimer.pending() && at >= mc.gqTimer.expires) return;
  timers.modTimer(mc.gqTimer, at);
}

/** Each group that is asked for answers by itself. */
function askGroups(mc: McastDev, general: boolean, delay: number, skb: SkBuff, nsrcs: number): void {
  if (general) {
    for (const group of mc.groups) groupQueried(mc, group, delay);
    return;
  }
  const group = mc.find(asked);
  if (group === null) return;
  // An answer about everything that is under way is an answer about some sources too.
  if (nsrcs === 0) group.flags &= ~MAF_GSQUERY;
  else if ((group.flags & MAF_TIMER_RUNNING) === 0) group.flags |= MAF_GSQUERY;
  if ((group.flags & MAF_GSQUERY) === 0 || markSources(group, skb, nsrcs)) groupQueried(mc, group, delay);
}

/** `mld_marksources`: whether the group has anything to say of the sources that a query names. */
function markSources(group: Ifmcaddr6, skb: SkBuff, nsrcs: number): boolean {
  let found = 0;
  const excludes = group.sfmode === MCAST_EXCLUDE;
  for (const source of group.sources) {
    if (found === nsrcs) break;
    if (!isNamed(source.addr, skb, nsrcs) || (excludes && !source.listed)) continue;
    found++;
    if (!excludes) source.queried = true;
  }
  if (!excludes && found !== 0) return true;
  group.flags &= ~MAF_GSQUERY;
  // Only if all of them are blocked is there nothing to say.
  return excludes && found !== nsrcs;
}

function isNamed(addr: In6Addr, skb: SkBuff, nsrcs: number): boolean {
  const first = skb.transportHeader + MLD_V2_QUERY_LEN;
  for (let i = 0; i < nsrcs; i++) if (addr.isAt(skb.bytes, first + i * 16)) return true;
  return false;
}

/** `igmp6_group_queried`: the group answers within `delay` jiffies, sooner if it was to report sooner. */
function groupQueried(mc: McastDev, group: Ifmcaddr6, delay: number): void {
  if (isNeverReported(group.addr)) return;
  const { kernel, timers } = mc.net;
  const timer = group.timer as TimerList;
  const left = timer.pending() ? timer.expires - timers.jiffies : delay;
  timers.modTimer(timer, timers.jiffies + (left < delay ? left : kernel.random.below(delay)));
  group.flags |= MAF_TIMER_RUNNING;
}

/** `__mld_report_work` (RFC 2710 §4): somebody else has told the routers, so that we need not. */
function report(mc: McastDev, skb: SkBuff): boolean {
  const { pktType } = skb;
  // Our own; and one that the router may not have heard.
  if (pktType === PACKET_LOOPBACK || (pktType !== PACKET_MULTICAST && pktType !== PACKET_BROADCAST)) return true;
  if (!mayPull(skb, MLD_V1_QUERY_LEN)) return false;
  saddr.load(skb.bytes, skb.networkHeader + IPV6HDR_SADDR);
  if (!saddr.isAny() && !saddr.isLinkLocal()) return false;
  const group = mc.find(asked.load(skb.bytes, skb.transportHeader + MLD_GROUP));
  if (group === null) return true;
  stopGroupTimer(mc, group);
  group.flags &= ~(MAF_LAST_REPORTER | MAF_TIMER_RUNNING);
  return true;
}
