/** `ip route get` and `ip route show cache`: decisions as messages (`inet_rtm_getroute`, `rt_fill_info`). */
import { type Net, type SkBuff, jiffiesToClockT } from '@skbuff/core';
import { Flowi4, IPCB_FLAGS, IPSKB_DOREDIRECT, RTCF_DOREDIRECT, RTCF_NOTIFY, type Rtable } from '@skbuff/ipv4';
import {
  NlAttrs,
  NlMsgBuilder,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  type NlMsgHdr,
  RtMsg,
  RtaCacheInfo,
  nlmsgParseDeprecated,
  nlmsgParseDeprecatedStrict,
  rtnetlinkPutMetrics,
  rtnlUnicast,
} from '@skbuff/netlink';
import {
  AF_INET,
  EHOSTUNREACH,
  EINVAL,
  ENOBUFS,
  ENODEV,
  EOPNOTSUPP,
  ETH_P_IP,
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  NETLINK_GET_STRICT_CHK,
  RTAX_LOCK,
  RTAX_MAX,
  RTAX_MTU,
  RTA_CACHEINFO,
  RTA_DPORT,
  RTA_DST,
  RTA_GATEWAY,
  RTA_IIF,
  RTA_IP_PROTO,
  RTA_MARK,
  RTA_MAX,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_SPORT,
  RTA_SRC,
  RTA_TABLE,
  RTA_UID,
  RTM_F_CLONED,
  RTM_F_FIB_MATCH,
  RTM_F_LOOKUP_TABLE,
  RTM_F_NOTIFY,
  RTM_NEWROUTE,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_COMPAT,
  RT_TABLE_MAIN,
} from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TOS, setBe16, setBe32 } from '@skbuff/wire';

/** Room for the ports of a packet that is made up, as a UDP header has it. */
const TRANSPORT_LEN = 8;
import type { FibAlias } from './fib-alias.ts';
import { type FibNet, fibNet } from './fib-net.ts';
import { fibDumpInfo } from './fib-notify.ts';
import type { FibResult } from './fib-result.ts';
import { rtmIpv4Policy } from './fib-rtnl-policy.ts';
import { ipRouteInputNoref } from './route-input.ts';
import { ipRouteOutputKey } from './route-output.ts';

const GETROUTE_ATTRS: readonly number[] = [RTA_IIF, RTA_OIF, RTA_SRC, RTA_DST, RTA_IP_PROTO, RTA_SPORT, RTA_DPORT, RTA_MARK, RTA_UID];

function invalid(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(`ipv4: ${text}`);
  return -EINVAL;
}

/** `inet_rtm_valid_getroute_req`. */
function parseRequest(skb: NetlinkSkb, nlh: NlMsgHdr, tb: NlAttrs, rtm: RtMsg, extack: NetlinkExtAck): number {
  if (nlh.dataLen < RtMsg.LEN) return invalid(extack, 'Invalid header for route get request');
  rtm.read(nlh.buf, nlh.data);
  if (!skb.port.option(NETLINK_GET_STRICT_CHK)) return nlmsgParseDeprecated(nlh, RtMsg.LEN, tb, rtmIpv4Policy, extack);
  const lengths = (rtm.srcLen === 0 || rtm.srcLen === 32) && (rtm.dstLen === 0 || rtm.dstLen === 32);
  if (!lengths || rtm.table !== 0 || rtm.protocol !== 0 || rtm.scope !== 0 || rtm.type !== 0) return invalid(extack, 'Invalid values in header for route get request');
  if ((rtm.flags & ~(RTM_F_NOTIFY | RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH)) !== 0) return invalid(extack, 'Unsupported rtm_flags for route get request');
  const err = nlmsgParseDeprecatedStrict(nlh, RtMsg.LEN, tb, rtmIpv4Policy, extack);
  if (err < 0) return err;
  if ((tb.has(RTA_SRC) && rtm.srcLen === 0) || (tb.has(RTA_DST) && rtm.dstLen === 0)) return invalid(extack, 'rtm_src_len and rtm_dst_len must be 32 for IPv4');
  for (let type = 1; type <= RTA_MAX; type++) {
    if (tb.has(type) && !GETROUTE_ATTRS.includes(type)) return invalid(extack, 'Unsupported attribute in route get request');
  }
  return 0;
}

/** What a request asks about. */
interface Question {
  readonly tb: NlAttrs;
  readonly rtm: RtMsg;
  readonly fl4: Flowi4;
  readonly dst: number;
  readonly src: number;
  readonly iif: number;
  /** Type of service of the route that was found. */
  tos: number;
  /** The packet would make us send a redirect. */
  redirect: boolean;
}

/** `inet_rtm_getroute`: answers what would happen to a packet; no packet is sent and none of the counters moves. */
export function inetRtmGetroute(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(RTA_MAX);
  const rtm = new RtMsg();
  const err = parseRequest(skb, nlh, tb, rtm, extack);
  if (err < 0) return err;
  const proto = tb.u8(RTA_IP_PROTO, IPPROTO_UDP);
  if (tb.has(RTA_IP_PROTO) && ![IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP].includes(proto)) {
    extack.setErrMsg('Unsupported ip proto');
    return -EOPNOTSUPP;
  }
  const dst = tb.be32(RTA_DST);
  const src = tb.be32(RTA_SRC);
  const fl4 = new Flowi4().init(tb.u32(RTA_OIF), tb.u32(RTA_MARK), rtm.tos & 0xfc, RT_SCOPE_UNIVERSE, tb.has(RTA_IP_PROTO) ? proto : 0, 0, dst, src, tb.be16(RTA_DPORT), tb.be16(RTA_SPORT));
  fl4.uid = tb.u32(RTA_UID);
  return answer(skb, nlh, { tb, rtm, fl4, dst, src, iif: tb.u32(RTA_IIF), tos: 0, redirect: false });
}

function answer(skb: NetlinkSkb, nlh: NlMsgHdr, q: Question): number {
  const state = fibNet.of(skb.net);
  const res = q.iif !== 0 ? state.inRes : state.outRes;
  res.clear(0);
  const found = q.iif !== 0 ? routeReceived(skb.net, q) : ipRouteOutputKey(state, q.fl4, res);
  if (typeof found === 'number') return found;
  const rt = found;
  if (q.fl4.tos !== 0) q.tos = res.fa?.tos ?? 0;
  const b = new NlMsgBuilder();
  if ((q.rtm.flags & RTM_F_NOTIFY) !== 0) rt.rtFlags |= RTCF_NOTIFY;
  const table = (q.rtm.flags & RTM_F_LOOKUP_TABLE) !== 0 && res.table !== null ? res.table.id : RT_TABLE_MAIN;
  const match = (q.rtm.flags & RTM_F_FIB_MATCH) !== 0;
  const err = match ? fillMatch(b, skb, nlh, res, q.fl4.daddr) : rtFillInfo(b, skb.net, q, rt, table, nlh.seq, skb.portid, 0);
  rt.release();
  return err < 0 ? err : rtnlUnicast(skb.net, b.bytes().slice(), skb.portid);
}

/** As if the packet came by an interface: a decision with a reference of its own, or a negative errno. */
function routeReceived(net: Net, q: Question): Rtable | number {
  const dev = net.devGetByIndex(q.iif);
  if (dev === null) return -ENODEV;
  const skb = net.skbs.alloc(128);
  if (skb === null) return -ENOBUFS;
  skb.dev = dev;
  skb.protocol = ETH_P_IP;
  skb.mark = q.fl4.mark;
  writeHeader(skb, q);
  const reason = ipRouteInputNoref(skb, q.dst, q.src, q.fl4.tos, dev);
  const rt = skb.dst as Rtable | null;
  if (reason !== 0 || rt === null) {
    skb.consume();
    return -EINVAL;
  }
  rt.hold();
  q.redirect = (skb.cb[IPCB_FLAGS] & IPSKB_DOREDIRECT) !== 0;
  skb.consume();
  if (rt.error === 0) return rt;
  const { error } = rt;
  rt.release();
  return error;
}

function writeHeader(skb: SkBuff, q: Question): void {
  const iph = skb.putZero(IPHDR_LEN);
  skb.networkHeader = iph;
  skb.cb[IPCB_FLAGS] = 0;
  skb.bytes[iph] = 0x45;
  skb.bytes[iph + IPHDR_TOS] = q.fl4.tos;
  skb.bytes[iph + IPHDR_PROTOCOL] = q.fl4.proto || IPPROTO_UDP;
  setBe32(skb.bytes, iph + IPHDR_SADDR, q.src);
  setBe32(skb.bytes, iph + IPHDR_DADDR, q.dst);
  const ports = skb.putZero(TRANSPORT_LEN);
  setBe16(skb.bytes, ports, q.fl4.sport);
  setBe16(skb.bytes, ports + 2, q.fl4.dport);
}

/** RTM_F_FIB_MATCH: the route that was found, rather than the decision. */
function fillMatch(b: NlMsgBuilder, skb: NetlinkSkb, nlh: NlMsgHdr, res: FibResult, daddr: number): number {
  const { fa } = res;
  if (fa === null) return -EHOSTUNREACH;
  const prefix = fa.plen === 0 ? 0 : (daddr & (-1 << (32 - fa.plen))) >>> 0;
  return fibDumpInfo(b, RTM_NEWROUTE, 0, nlh.seq, skb.portid, prefix, fa);
}

/** `rt_fill_info`: 0 or -EMSGSIZE. */
function rtFillInfo(b: NlMsgBuilder, net: Net, q: Question | null, rt: Rtable, table: number, seq: number, portid: number, flags: number, daddr = 0): number {
  const rtm = new RtMsg();
  rtm.family = AF_INET;
  rtm.dstLen = 32;
  rtm.tos = q?.tos ?? 0;
  rtm.srcLen = q !== null && q.src !== 0 ? 32 : 0;
  rtm.table = table < 256 ? table : RT_TABLE_COMPAT;
  rtm.type = rt.type;
  rtm.flags = ((rt.rtFlags & ~0xffff) | (q?.redirect === true ? RTCF_DOREDIRECT : 0) | RTM_F_CLONED | ((rt.rtFlags & RTCF_NOTIFY) !== 0 ? RTM_F_NOTIFY : 0)) >>> 0;
  const nlh = b.nlmsgPut(RTM_NEWROUTE, flags, seq, portid, rtm);
  b.nlaPutU32(RTA_TABLE, table);
  b.nlaPutInAddr(RTA_DST, q === null ? daddr : q.rtm.dstLen === 0 && q.dst === 0 ? q.dst : q.dst);
  if (q !== null && q.src !== 0) b.nlaPutInAddr(RTA_SRC, q.src);
  b.nlaPutU32(RTA_OIF, rt.dev.ifindex);
  if (q !== null && !rt.isInput() && q.fl4.saddr !== q.src) b.nlaPutInAddr(RTA_PREFSRC, q.fl4.saddr);
  if (rt.gateway !== 0) b.nlaPutInAddr(RTA_GATEWAY, rt.gateway);
  const left = rt.expires === 0 ? 0 : Math.max(0, rt.expires - net.timers.jiffies);
  rtnetlinkPutMetrics(b, shownMetrics(rt, left));
  if (q !== null) putFlow(b, q, rt);
  const info = new RtaCacheInfo();
  info.clntref = rt.refcnt;
  info.expires = jiffiesToClockT(left);
  info.error = rt.error;
  b.nlaPutStruct(RTA_CACHEINFO, info);
  return b.nlmsgEnd(nlh);
}

function putFlow(b: NlMsgBuilder, q: Question, rt: Rtable): void {
  if (q.fl4.mark !== 0) b.nlaPutU32(RTA_MARK, q.fl4.mark);
  // Whoever asks is user 0 here; a received packet has no user.
  if (q.iif === 0 || q.tb.has(RTA_UID)) b.nlaPutU32(RTA_UID, q.tb.u32(RTA_UID));
  if (rt.isInput()) b.nlaPutU32(RTA_IIF, q.iif);
}

/** The route's metrics, with what was learned about the path in place of the MTU. */
function shownMetrics(rt: Rtable, left: number): Uint32Array | null {
  if (rt.pmtu === 0 || left === 0) return rt.metrics;
  const metrics = rt.metrics === null ? new Uint32Array(RTAX_MAX + 1) : rt.metrics.slice();
  metrics[RTAX_MTU] = rt.pmtu;
  if (rt.pmtuLocked) metrics[RTAX_LOCK] |= 1 << RTAX_MTU;
  return metrics;
}

/**
 * `fib_dump_info_fnhe`: the decisions made for single destinations behind the next hops of a route, but the first `skip`; `flags`: NLM_F_*. 0, or when the
 * message is full -1 - n: n of them were written.
 */
export function dumpExceptions(b: NlMsgBuilder, cb: NetlinkCallback, state: FibNet, fa: FibAlias, skip: number, flags: number): number {
  const now = state.timers.jiffies;
  let n = 0;
  let written = 0;
  for (const nh of fa.info.nhs) {
    for (const fnhe of nh.exceptions?.all() ?? []) {
      if (fnhe.genid !== state.fnheGenid || (fnhe.expires !== 0 && now > fnhe.expires)) continue;
      const rt = fnhe.rthInput ?? fnhe.rthOutput;
      if (rt === null || n++ < skip) continue;
      if (rtFillInfo(b, state.net, null, rt, fa.tbId, cb.nlh.seq, cb.skb.portid, flags, fnhe.daddr) < 0) return -1 - written;
      written++;
    }
  }
  return 0;
}
