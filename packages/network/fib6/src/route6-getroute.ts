/** `ip -6 route get`: what would happen to a packet (`inet6_rtm_getroute`). No packet is sent and none of the counters moves. */
import { Flowi6, RT6_LOOKUP_F_HAS_SADDR, RT6_LOOKUP_F_IFACE, type Rt6Info, ip6MakeFlowinfo, ipv6Net } from '@skbuff/ipv6';
import { NlAttrs, type NetlinkExtAck, type NetlinkSkb, type NlMsgHdr, NlMsgBuilder, nlmsgParseDeprecated, nlmsgParseDeprecatedStrict, RtMsg, rtnlUnicast } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { fib6Net } from './fib6-net.ts';
import { Fib6Result } from './fib6-result.ts';
import { rt6FillNode } from './route6-fill.ts';
import { rt6NeedStrict } from './route6-input.ts';
import { ip6PolRoute } from './route6-lookup.ts';
import { ip6RouteOutput } from './route6-output.ts';
import { rtmIpv6Policy } from './route6-rtnl-policy.ts';

const GETROUTE_ATTRS: readonly number[] = [U.RTA_SRC, U.RTA_DST, U.RTA_IIF, U.RTA_OIF, U.RTA_MARK, U.RTA_UID, U.RTA_SPORT, U.RTA_DPORT, U.RTA_IP_PROTO, U.RTA_FLOWLABEL];
const FLOWLABEL_MASK = 0xfffff;
/** Of a packet that came from elsewhere. */
const INVALID_UID = 0xffffffff;

function invalid(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -U.EINVAL;
}

/** `inet6_rtm_valid_getroute_req`. */
function parseRequest(skb: NetlinkSkb, nlh: NlMsgHdr, tb: NlAttrs, rtm: RtMsg, extack: NetlinkExtAck): number {
  if (nlh.dataLen < RtMsg.LEN) return invalid(extack, 'ipv6: Invalid header for get route request');
  rtm.read(nlh.buf, nlh.data);
  if (!skb.port.option(U.NETLINK_GET_STRICT_CHK)) return nlmsgParseDeprecated(nlh, RtMsg.LEN, tb, rtmIpv6Policy, extack);
  const lengths = (rtm.srcLen === 0 || rtm.srcLen === 128) && (rtm.dstLen === 0 || rtm.dstLen === 128);
  if (!lengths || rtm.table !== 0 || rtm.protocol !== 0 || rtm.scope !== 0 || rtm.type !== 0) return invalid(extack, 'ipv6: Invalid values in header for get route request');
  if ((rtm.flags & ~U.RTM_F_FIB_MATCH) !== 0) return invalid(extack, 'ipv6: Invalid flags for get route request');
  const err = nlmsgParseDeprecatedStrict(nlh, RtMsg.LEN, tb, rtmIpv6Policy, extack);
  if (err < 0) return err;
  if ((tb.has(U.RTA_SRC) && rtm.srcLen === 0) || (tb.has(U.RTA_DST) && rtm.dstLen === 0)) {
    return invalid(extack, 'ipv6: rtm_src_len and rtm_dst_len must be 128 for IPv6');
  }
  if ((tb.be32(U.RTA_FLOWLABEL) & ~FLOWLABEL_MASK) !== 0) {
    extack.setErrMsgAttr(tb.at(U.RTA_FLOWLABEL), 'Invalid flow label');
    return -U.EINVAL;
  }
  for (let type = 1; type <= U.RTA_MAX; type++) {
    if (tb.has(type) && !GETROUTE_ATTRS.includes(type)) return invalid(extack, 'ipv6: Unsupported attribute in get route request');
  }
  return 0;
}

/** The packet that is asked about, in `fl6`. 0, or a negative errno and why. */
function readFlow({ buf }: NlMsgHdr, tb: NlAttrs, rtm: RtMsg, fl6: Flowi6, extack: NetlinkExtAck): number {
  for (const [attr, into] of [[U.RTA_SRC, fl6.saddr], [U.RTA_DST, fl6.daddr]] as const) {
    const err = tb.has(attr) ? readAddress(buf, tb, attr, into) : 0;
    if (err !== 0) return err;
  }
  fl6.flowlabel = ip6MakeFlowinfo(rtm.tos, tb.be32(U.RTA_FLOWLABEL));
  fl6.tos = rtm.tos;
  fl6.mark = tb.u32(U.RTA_MARK);
  fl6.uid = tb.has(U.RTA_IIF) && !tb.has(U.RTA_UID) ? INVALID_UID : tb.u32(U.RTA_UID);
  fl6.sport = tb.be16(U.RTA_SPORT);
  fl6.dport = tb.be16(U.RTA_DPORT);
  if (!tb.has(U.RTA_IP_PROTO)) return 0;
  fl6.proto = tb.u8(U.RTA_IP_PROTO);
  if ([U.IPPROTO_TCP, U.IPPROTO_UDP, U.IPPROTO_ICMPV6].includes(fl6.proto)) return 0;
  extack.setErrMsg('Unsupported ip proto');
  return -U.EOPNOTSUPP;
}

function readAddress(buf: Uint8Array, tb: NlAttrs, attr: number, into: In6Addr): number {
  if (tb.len(attr) < 16) return -U.EINVAL;
  into.load(buf, tb.at(attr) + U.NLA_HDRLEN);
  return 0;
}

/** `inet6_rtm_getroute`. */
export function inet6RtmGetroute(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(U.RTA_MAX);
  const rtm = new RtMsg();
  const fl6 = new Flowi6();
  const err = parseRequest(skb, nlh, tb, rtm, extack) || readFlow(nlh, tb, rtm, fl6, extack);
  if (err < 0) return err;
  const iif = tb.u32(U.RTA_IIF);
  fl6.oif = tb.u32(U.RTA_OIF);
  const found = iif !== 0 ? routeReceived(skb, iif, fl6, tb.has(U.RTA_SRC)) : ip6RouteOutput(skb.net, null, fl6, 0);
  if (typeof found === 'number') return found;
  const ret = answer(skb, nlh, found, fl6, iif, (rtm.flags & U.RTM_F_FIB_MATCH) !== 0);
  found.release();
  return ret;
}

/** As if the packet came by an interface: a decision with a reference of its own, or a negative errno. */
function routeReceived({ net }: NetlinkSkb, iif: number, fl6: Flowi6, hasSource: boolean): Rt6Info | number {
  const dev = net.devGetByIndex(iif);
  if (dev === null) return -U.ENODEV;
  fl6.iif = iif;
  const flags = (hasSource ? RT6_LOOKUP_F_HAS_SADDR : 0) | (rt6NeedStrict(fl6.daddr) ? RT6_LOOKUP_F_IFACE : 0);
  const rt = ip6PolRoute(fib6Net.of(net), fl6, iif, flags, new Fib6Result(), null);
  rt.hold();
  return rt;
}

/** The decision, or with `match` (RTM_F_FIB_MATCH) the route that it was made from. */
function answer({ net, portid }: NetlinkSkb, nlh: NlMsgHdr, rt: Rt6Info, { daddr, saddr }: Flowi6, iif: number, match: boolean): number {
  if (rt.error !== 0) return rt.error;
  const f6i = rt.from as Fib6Rt | null;
  if (f6i === null) return -U.ENETUNREACH;
  // `ip6mr_get_route` is asked for an entry of the prefix, which no group has, by no device, and its failure passes for a full message.
  if (iif !== 0 && f6i.dst.isMulticast() && ipv6Net.of(net).ip.mroute !== null) return -U.EMSGSIZE;
  const b = new NlMsgBuilder();
  const question = match ? null : { rt, dest: daddr, src: saddr, asked: true };
  const err = rt6FillNode(b, net, f6i, question, iif, U.RTM_NEWROUTE, portid, nlh.seq, 0);
  return err < 0 ? err : rtnlUnicast(net, b.bytes().slice(), portid);
}
