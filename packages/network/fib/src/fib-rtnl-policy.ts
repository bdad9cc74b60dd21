/** What RTM_NEWROUTE and RTM_DELROUTE may say (`rtm_ipv4_policy`), and how it is read: `rtm_to_fib_config`. */
import {
  NLA_NESTED,
  NLA_U16,
  NLA_U32,
  NLA_U8,
  NLA_UNSPEC,
  NlAttrs,
  type NlMsgHdr,
  type NlaPolicySet,
  NetlinkExtAck,
  RtMsg,
  RtNextHop,
  ipMetricsConvert,
  nlaFind,
  nlaGetBe32,
  nlaGetU16,
  nlaGetU32,
  nlaLen,
  nlaPolicy,
  nlaPolicySet,
  nlmsgParseDeprecated,
} from '@skbuff/netlink';
import {
  AF_INET,
  AF_INET6,
  EAFNOSUPPORT,
  EINVAL,
  EOPNOTSUPP,
  LWTUNNEL_ENCAP_MAX,
  LWTUNNEL_ENCAP_NONE,
  NLA_HDRLEN,
  RTAX_MAX,
  RTA_DPORT,
  RTA_DST,
  RTA_ENCAP,
  RTA_ENCAP_TYPE,
  RTA_FLOW,
  RTA_GATEWAY,
  RTA_IIF,
  RTA_IP_PROTO,
  RTA_MARK,
  RTA_MAX,
  RTA_METRICS,
  RTA_MULTIPATH,
  RTA_NH_ID,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_SPORT,
  RTA_SRC,
  RTA_TABLE,
  RTA_UID,
  RTA_VIA,
  RTM_DELROUTE,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTN_MAX,
  RT_TABLE_MAIN,
} from '@skbuff/uapi';
import { be32, inetMakeMask, le16 } from '@skbuff/wire';
import { checkConfig } from './fib-semantics.ts';
import type { FibConfig, FibNhConfig } from './fib-config.ts';

export const rtmIpv4Policy: NlaPolicySet = nlaPolicySet(
  RTA_MAX,
  {
    [RTA_DST]: nlaPolicy(NLA_U32),
    [RTA_SRC]: nlaPolicy(NLA_U32),
    [RTA_IIF]: nlaPolicy(NLA_U32),
    [RTA_OIF]: nlaPolicy(NLA_U32),
    [RTA_GATEWAY]: nlaPolicy(NLA_U32),
    [RTA_PRIORITY]: nlaPolicy(NLA_U32),
    [RTA_PREFSRC]: nlaPolicy(NLA_U32),
    [RTA_METRICS]: nlaPolicy(NLA_NESTED),
    [RTA_MULTIPATH]: nlaPolicy(NLA_UNSPEC, RtNextHop.LEN),
    [RTA_FLOW]: nlaPolicy(NLA_U32),
    [RTA_ENCAP_TYPE]: nlaPolicy(NLA_U16),
    [RTA_ENCAP]: nlaPolicy(NLA_NESTED),
    [RTA_UID]: nlaPolicy(NLA_U32),
    [RTA_MARK]: nlaPolicy(NLA_U32),
    [RTA_TABLE]: nlaPolicy(NLA_U32),
    [RTA_IP_PROTO]: nlaPolicy(NLA_U8),
    [RTA_SPORT]: nlaPolicy(NLA_U16),
    [RTA_DPORT]: nlaPolicy(NLA_U16),
    [RTA_NH_ID]: nlaPolicy(NLA_U32),
  },
  RTA_DPORT + 1,
);

const INET_DSCP_MASK = 0xfc;

/** Serve request after request. */
const rtm: RtMsg = new RtMsg();
const tb: NlAttrs = new NlAttrs(RTA_MAX);

/** `rtm_to_fib_config`: what the message asks for, in `cfg`. 0, or a negative errno and why. */
export function rtmToFibConfig(nlh: NlMsgHdr, portid: number, cfg: FibConfig, extack: NetlinkExtAck): number {
  const err = nlmsgParseDeprecated(nlh, RtMsg.LEN, tb, rtmIpv4Policy, extack);
  if (err < 0) {
    // A header that is too short is refused without a word.
    if (nlh.dataLen < RtMsg.LEN) extack.reset();
    return err;
  }
  rtm.read(nlh.buf, nlh.data);
  if ((rtm.tos & ~INET_DSCP_MASK) !== 0) return invalid(extack, 'Invalid dsfield (tos): ECN bits must be 0');
  readHeader(nlh, portid, cfg);
  if (cfg.type > RTN_MAX) return invalid(extack, 'Invalid route type');
  const bad = readAttrs(nlh, cfg, extack);
  if (bad !== 0) return bad;
  if (cfg.dstLen > 32) return invalid(extack, 'Invalid prefix length');
  if ((cfg.dst & ~inetMakeMask(cfg.dstLen)) !== 0) return invalid(extack, 'Invalid prefix for given prefix length');
  return nlh.type === RTM_DELROUTE ? readToMatch(nlh, cfg) : readInfo(nlh, cfg, extack);
}

function invalid(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -EINVAL;
}

function readHeader(nlh: NlMsgHdr, portid: number, cfg: FibConfig): void {
  cfg.reset();
  cfg.dstLen = rtm.dstLen;
  cfg.tos = rtm.tos;
  cfg.protocol = rtm.protocol;
  cfg.scope = rtm.scope;
  cfg.type = rtm.type;
  cfg.flags = rtm.flags;
  cfg.nlflags = nlh.flags;
  cfg.portid = portid;
  cfg.nlh = nlh;
  cfg.dst = tb.be32(RTA_DST);
  cfg.oif = tb.u32(RTA_OIF);
  cfg.gw = tb.be32(RTA_GATEWAY);
  cfg.priority = tb.u32(RTA_PRIORITY);
  cfg.prefsrc = tb.be32(RTA_PREFSRC);
  cfg.flow = tb.u32(RTA_FLOW);
  cfg.table = tb.u32(RTA_TABLE, rtm.table) || RT_TABLE_MAIN;
}

/** The attributes that need a closer look. */
function readAttrs(nlh: NlMsgHdr, cfg: FibConfig, extack: NetlinkExtAck): number {
  const { buf } = nlh;
  if (tb.has(RTA_VIA)) {
    const gw = readVia(buf, tb.at(RTA_VIA), extack);
    if (gw < 0) return gw;
    cfg.gw = gw;
  }
  if (tb.has(RTA_ENCAP_TYPE)) return validEncapType(tb.u16(RTA_ENCAP_TYPE), extack);
  if (tb.has(RTA_NH_ID)) {
    const alone = !tb.has(RTA_OIF) && !tb.has(RTA_GATEWAY) && !tb.has(RTA_VIA) && !tb.has(RTA_MULTIPATH);
    return invalid(extack, alone ? 'Nexthop id does not exist' : 'Nexthop specification and nexthop id are mutually exclusive');
  }
  if (tb.has(RTA_GATEWAY) && tb.has(RTA_VIA)) return invalid(extack, 'Nexthop configuration can not contain both GATEWAY and VIA');
  return 0;
}

/** `lwtunnel_valid_encap_type`: no encapsulation is there that a route could have. */
function validEncapType(type: number, extack: NetlinkExtAck): number {
  if (type === LWTUNNEL_ENCAP_NONE || type > LWTUNNEL_ENCAP_MAX) return invalid(extack, 'Unknown lwt encapsulation type');
  extack.setErrMsg('lwt encapsulation type not supported');
  return -EOPNOTSUPP;
}

/** What `fib_create_info` reads of a new route. */
function readInfo({ buf }: NlMsgHdr, cfg: FibConfig, extack: NetlinkExtAck): number {
  const err =
    checkConfig(cfg, extack) ||
    (tb.has(RTA_MULTIPATH) ? readNexthops(buf, tb.at(RTA_MULTIPATH), cfg, extack) : 0) ||
    (tb.has(RTA_METRICS) ? readMetrics(buf, tb.at(RTA_METRICS), cfg, extack) : 0);
  // Nexthops of a list have encapsulations of their own.
  if (err !== 0 || !tb.has(RTA_ENCAP) || tb.has(RTA_MULTIPATH)) return err;
  extack.setErrMsgAttr(tb.at(RTA_ENCAP), 'Unknown LWT encapsulation type');
  return -EINVAL;
}

/** No route has such a nexthop. */
const NO_NEXTHOP: FibNhConfig = { oif: -1, gw: 0, flags: 0, weight: 1, flow: 0 };

/** What a route that shall go must have. What no route can have matches none, and is no error (`fib_nh_match`, `fib_metrics_match`). */
function readToMatch({ buf }: NlMsgHdr, cfg: FibConfig): number {
  const unheard = new NetlinkExtAck();
  if (tb.has(RTA_MULTIPATH) && readNexthops(buf, tb.at(RTA_MULTIPATH), cfg, unheard) !== 0) cfg.nexthops = [NO_NEXTHOP];
  if (tb.has(RTA_METRICS) && readMetrics(buf, tb.at(RTA_METRICS), cfg, unheard) !== 0) cfg.metrics?.fill(0xffffffff);
  return 0;
}

/** `fib_gw_from_via`: the IPv4 gateway, or a negative errno. */
function readVia(buf: Uint8Array, attr: number, extack: NetlinkExtAck): number {
  const len = nlaLen(buf, attr);
  if (len < 2) return invalid(extack, 'Invalid attribute length for RTA_VIA');
  const family = le16(buf, attr + NLA_HDRLEN);
  if (family === AF_INET) return len === 6 ? be32(buf, attr + NLA_HDRLEN + 2) : invalid(extack, 'Invalid IPv4 address in RTA_VIA');
  if (family !== AF_INET6) return invalid(extack, 'Unsupported address family in RTA_VIA');
  if (len !== 18) return invalid(extack, 'Invalid IPv6 address in RTA_VIA');
  extack.setErrMsg('IPv6 support not enabled in kernel');
  return -EAFNOSUPPORT;
}

/** `fib_get_nhs`: a list of `struct rtnexthop`, each with attributes of its own. */
function readNexthops(buf: Uint8Array, attr: number, cfg: FibConfig, extack: NetlinkExtAck): number {
  const list: FibNhConfig[] = [];
  const rtnh = new RtNextHop();
  let at = attr + NLA_HDRLEN;
  const end = at + nlaLen(buf, attr);
  const starts: number[] = [];
  while (end - at >= RtNextHop.LEN) {
    const { len } = rtnh.read(buf, at);
    if (len < RtNextHop.LEN || len > end - at) break;
    starts.push(at);
    at += (len + 3) & ~3;
  }
  if (starts.length === 0 || end - at > 0) return invalid(extack, 'Invalid nexthop configuration - extra data after nexthops');
  for (const start of starts) {
    const nh = readNexthop(buf, start, rtnh.read(buf, start), extack);
    if (typeof nh === 'number') return nh;
    list.push(nh);
  }
  cfg.nexthops = list;
  return 0;
}

function readNexthop(buf: Uint8Array, start: number, rtnh: RtNextHop, extack: NetlinkExtAck): FibNhConfig | number {
  if ((rtnh.flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) !== 0) return invalid(extack, 'Invalid flags for nexthop - can not contain DEAD or LINKDOWN');
  const off = start + RtNextHop.LEN;
  const len = rtnh.len - RtNextHop.LEN;
  const gateway = nlaFind(buf, off, len, RTA_GATEWAY);
  const via = nlaFind(buf, off, len, RTA_VIA);
  const flow = nlaFind(buf, off, len, RTA_FLOW);
  if (gateway >= 0 && via >= 0) return invalid(extack, 'Nexthop configuration can not contain both GATEWAY and VIA');
  if (gateway >= 0 && nlaLen(buf, gateway) !== 4) return invalid(extack, 'Invalid IPv4 address in RTA_GATEWAY');
  const gw = gateway >= 0 ? nlaGetBe32(buf, gateway) : via >= 0 ? readVia(buf, via, extack) : 0;
  if (gw < 0) return gw;
  if (flow >= 0 && nlaLen(buf, flow) < 4) return invalid(extack, 'Invalid attribute length for RTA_FLOW');
  const encap = nlaFind(buf, off, len, RTA_ENCAP_TYPE);
  if (encap >= 0) return validEncapType(nlaGetU16(buf, encap), extack);
  if (nlaFind(buf, off, len, RTA_ENCAP) >= 0) return invalid(extack, 'LWT encap type not specified');
  return { oif: rtnh.ifindex, gw, flags: rtnh.flags, weight: rtnh.hops + 1, flow: flow < 0 ? 0 : nlaGetU32(buf, flow) };
}

function readMetrics(buf: Uint8Array, attr: number, cfg: FibConfig, extack: NetlinkExtAck): number {
  cfg.metrics = new Uint32Array(RTAX_MAX + 1);
  return ipMetricsConvert(buf, attr, cfg.metrics, extack);
}
