/** What RTM_NEWROUTE and RTM_DELROUTE of IPv6 may say (`rtm_ipv6_policy`), and how it is read: `rtm_to_fib6_config`. */
import { HZ } from '@skbuff/core';
import { INFINITY_LIFE_TIME } from '@skbuff/ipv6';
import {
  NLA_NESTED,
  NLA_U16,
  NLA_U32,
  NLA_U8,
  NLA_UNSPEC,
  nlaFind,
  nlaGetU16,
  nlaLen,
  nlaPolicy,
  type NlaPolicySet,
  nlaPolicySet,
  NlAttrs,
  type NetlinkExtAck,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  RtMsg,
  RtNextHop,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import type { Fib6RtAttrs, Fib6RtConfig } from './fib6-config.ts';

export const rtmIpv6Policy: NlaPolicySet = nlaPolicySet(
  U.RTA_MAX,
  {
    [U.RTA_GATEWAY]: nlaPolicy(NLA_UNSPEC, 16),
    [U.RTA_PREFSRC]: nlaPolicy(NLA_UNSPEC, 16),
    [U.RTA_OIF]: nlaPolicy(NLA_U32),
    [U.RTA_IIF]: nlaPolicy(NLA_U32),
    [U.RTA_PRIORITY]: nlaPolicy(NLA_U32),
    [U.RTA_METRICS]: nlaPolicy(NLA_NESTED),
    [U.RTA_MULTIPATH]: nlaPolicy(NLA_UNSPEC, RtNextHop.LEN),
    [U.RTA_PREF]: nlaPolicy(NLA_U8),
    [U.RTA_ENCAP_TYPE]: nlaPolicy(NLA_U16),
    [U.RTA_ENCAP]: nlaPolicy(NLA_NESTED),
    [U.RTA_EXPIRES]: nlaPolicy(NLA_U32),
    [U.RTA_UID]: nlaPolicy(NLA_U32),
    [U.RTA_MARK]: nlaPolicy(NLA_U32),
    [U.RTA_TABLE]: nlaPolicy(NLA_U32),
    [U.RTA_IP_PROTO]: nlaPolicy(NLA_U8),
    [U.RTA_SPORT]: nlaPolicy(NLA_U16),
    [U.RTA_DPORT]: nlaPolicy(NLA_U16),
    [U.RTA_NH_ID]: nlaPolicy(NLA_U32),
    [U.RTA_FLOWLABEL]: nlaPolicy(NLA_U32),
  },
  U.RTA_DPORT + 1,
);

/** What a message asks for: one route, or with `nexthops` one for each of them. */
export interface Rt6Request {
  readonly cfg: Fib6RtConfig;
  readonly nexthops: readonly Fib6RtConfig[] | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Serve request after request. */
const rtm: RtMsg = new RtMsg();
const tb: NlAttrs = new NlAttrs(U.RTA_MAX);

function invalid(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -U.EINVAL;
}

/** `rtm_to_fib6_config`: the request, for a new route or (`add` false) to delete one; or a negative errno and why. */
export function rtmToFib6Config(nlh: NlMsgHdr, portid: number, extack: NetlinkExtAck, add: boolean): Rt6Request | number {
  const err = nlmsgParseDeprecated(nlh, RtMsg.LEN, tb, rtmIpv6Policy, extack);
  if (err < 0) return err;
  rtm.read(nlh.buf, nlh.data);
  if (rtm.tos !== 0) return invalid(extack, 'Invalid dsfield (tos): option not available for IPv6');
  if (tb.has(U.RTA_FLOWLABEL)) {
    extack.setErrMsgAttr(tb.at(U.RTA_FLOWLABEL), 'Flow label cannot be specified for this operation');
    return -U.EINVAL;
  }
  const attrs = { metrics: tb.at(U.RTA_METRICS), encap: tb.at(U.RTA_ENCAP), nhId: tb.u32(U.RTA_NH_ID), extack };
  const cfg = { ...readHeader(nlh, portid), attrs };
  const bad = readAttrs(nlh, cfg, extack);
  if (bad !== 0) return bad;
  const nexthops = tb.has(U.RTA_MULTIPATH) ? readNexthops(nlh.buf, tb.at(U.RTA_MULTIPATH), cfg, attrs, add) : null;
  if (typeof nexthops === 'number') return nexthops;
  return readRest(cfg, extack) || { cfg, nexthops };
}

/** RTN_* of nowhere. */
const REJECTS: readonly number[] = [U.RTN_UNREACHABLE, U.RTN_BLACKHOLE, U.RTN_PROHIBIT, U.RTN_THROW];

function readHeader(nlh: NlMsgHdr, portid: number): Mutable<Fib6RtConfig> {
  let flags = U.RTF_UP | (rtm.flags & U.RTNH_F_ONLINK);
  if (REJECTS.includes(rtm.type)) flags |= U.RTF_REJECT;
  if (rtm.type === U.RTN_LOCAL) flags |= U.RTF_LOCAL;
  if ((rtm.flags & U.RTM_F_CLONED) !== 0) flags |= U.RTF_CACHE;
  return {
    table: tb.u32(U.RTA_TABLE, rtm.table),
    dstLen: rtm.dstLen,
    srcLen: rtm.srcLen,
    protocol: rtm.protocol,
    type: rtm.type,
    nlflags: nlh.flags,
    ifindex: tb.u32(U.RTA_OIF),
    metric: tb.u32(U.RTA_PRIORITY),
    flags,
    portid,
    nlh,
  };
}

/** The attributes that need a closer look. */
function readAttrs({ buf }: NlMsgHdr, cfg: Mutable<Fib6RtConfig>, extack: NetlinkExtAck): number {
  if (tb.has(U.RTA_NH_ID) && [U.RTA_GATEWAY, U.RTA_OIF, U.RTA_MULTIPATH, U.RTA_ENCAP].some((type) => tb.has(type))) {
    return invalid(extack, 'Nexthop specification and nexthop id are mutually exclusive');
  }
  if (tb.has(U.RTA_GATEWAY)) {
    cfg.gateway = address(buf, U.RTA_GATEWAY, 16);
    cfg.flags = (cfg.flags ?? 0) | U.RTF_GATEWAY;
  }
  if (tb.has(U.RTA_VIA)) return invalid(extack, 'IPv6 does not support RTA_VIA attribute');
  for (const [attr, bits, field] of [[U.RTA_DST, rtm.dstLen, 'dst'], [U.RTA_SRC, rtm.srcLen, 'src']] as const) {
    if (!tb.has(attr)) continue;
    const bytes = (bits + 7) >> 3;
    if (bytes > nlaLen(buf, tb.at(attr)) || bytes > 16) return -U.EINVAL;
    cfg[field] = address(buf, attr, bytes);
  }
  if (tb.has(U.RTA_PREFSRC)) cfg.prefsrc = address(buf, U.RTA_PREFSRC, 16);
  return 0;
}

/** What comes behind the next hops. */
function readRest(cfg: Mutable<Fib6RtConfig>, extack: NetlinkExtAck): number {
  const pref = tb.u8(U.RTA_PREF);
  if (pref === U.ICMPV6_ROUTER_PREF_LOW || pref === U.ICMPV6_ROUTER_PREF_HIGH) cfg.flags = (cfg.flags ?? 0) | (pref << U.RTF_PREF_SHIFT);
  if (tb.has(U.RTA_ENCAP_TYPE)) return validEncapType(tb.u16(U.RTA_ENCAP_TYPE), extack);
  const lifetime = tb.u32(U.RTA_EXPIRES, INFINITY_LIFE_TIME);
  if (lifetime !== INFINITY_LIFE_TIME) {
    cfg.expires = lifetime * HZ;
    cfg.flags = (cfg.flags ?? 0) | U.RTF_EXPIRES;
  }
  return 0;
}

/** `lwtunnel_valid_encap_type`: no encapsulation is there that a route could have. */
function validEncapType(type: number, extack: NetlinkExtAck): number {
  if (type === U.LWTUNNEL_ENCAP_NONE || type > U.LWTUNNEL_ENCAP_MAX) return invalid(extack, 'Unknown lwt encapsulation type');
  extack.setErrMsg('lwt encapsulation type not supported');
  return -U.EOPNOTSUPP;
}

/** The first `bytes` of an address, the rest 0. */
function address(buf: Uint8Array, attr: number, bytes: number): In6Addr {
  const padded = new Uint8Array(16);
  const from = tb.at(attr) + U.NLA_HDRLEN;
  padded.set(buf.subarray(from, from + bytes));
  return new In6Addr().load(padded, 0);
}

/**
 * `rtm_to_fib6_multipath_config`: a list of `struct rtnexthop`, each with attributes of its own beside those of `cfg`; what is left behind the
 * last whole one does not matter. All are looked at for gateways before any for an encapsulation.
 */
function readNexthops(buf: Uint8Array, attr: number, cfg: Fib6RtConfig, attrs: Fib6RtAttrs, add: boolean): Fib6RtConfig[] | number {
  const { extack } = attrs;
  const list: Fib6RtConfig[] = [];
  const encaps: number[] = [];
  const rtnh = new RtNextHop();
  let at = attr + U.NLA_HDRLEN;
  const end = at + nlaLen(buf, attr);
  while (end - at >= RtNextHop.LEN) {
    const { len, ifindex, hops } = rtnh.read(buf, at);
    if (len < RtNextHop.LEN || len > end - at) break;
    const find = (type: number): number => nlaFind(buf, at + RtNextHop.LEN, len - RtNextHop.LEN, type);
    const gateway = find(U.RTA_GATEWAY);
    if (gateway >= 0 && nlaLen(buf, gateway) < 16) return invalid(extack, 'Invalid IPv6 address in RTA_GATEWAY');
    if (add && gateway < 0 && cfg.gateway === undefined) return invalid(extack, 'Device only routes can not be added for IPv6 using the multipath API.');
    list.push({
      weight: hops + 1,
      flags: (rtnh.flags & U.RTNH_F_ONLINK) | (gateway >= 0 ? U.RTF_GATEWAY : 0),
      attrs: { ...attrs, encap: find(U.RTA_ENCAP) },
      ...(ifindex !== 0 && { ifindex }),
      ...(gateway >= 0 && { gateway: new In6Addr().load(buf, gateway + U.NLA_HDRLEN) }),
    });
    encaps.push(find(U.RTA_ENCAP_TYPE));
    at += (len + 3) & ~3;
  }
  if (list.length === 0) return invalid(extack, 'Invalid nexthop configuration - no valid nexthops');
  // `lwtunnel_valid_encap_type_attr`
  return encaps.some((encap) => encap >= 0 && validEncapType(nlaGetU16(buf, encap), extack) !== 0) ? -U.EOPNOTSUPP : list;
}
