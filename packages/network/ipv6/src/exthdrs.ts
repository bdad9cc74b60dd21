/** Extension headers of packets that arrive (`net/ipv6/exthdrs.c`; RFC 8200 §4, RFC 2711, RFC 2675). Fragments are in reassembly, transmission in exthdrs-tx. */
import {
  type ModuleContext,
  type NetDevice,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  type SkBuff,
} from '@skbuff/core';
import {
  ICMPV6_HDR_FIELD,
  ICMPV6_UNK_OPTION,
  IPPROTO_DSTOPTS,
  IPPROTO_NONE,
  IPPROTO_ROUTING,
  IPSTATS_MIB_INADDRERRORS,
  IPSTATS_MIB_INHDRERRORS,
  IPV6_SRCRT_TYPE_3,
  IPV6_SRCRT_TYPE_4,
  IPV6_TLV_CALIPSO,
  IPV6_TLV_IOAM,
  IPV6_TLV_JUMBO,
  IPV6_TLV_PAD1,
  IPV6_TLV_PADN,
  IPV6_TLV_ROUTERALERT,
  PACKET_HOST,
} from '@skbuff/uapi';
import { IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_PAYLOAD_LEN, IPV6RT_SEGMENTS_LEFT, IPV6RT_TYPE, be16, be32 } from '@skbuff/wire';
import { ipv6Optlen } from './exthdrs-core.ts';
import { ipv6HopIoam } from './exthdrs-ioam.ts';
import { ipv6RplSrhRcv } from './exthdrs-rpl.ts';
import { ipv6SrhRcv, passRouting } from './exthdrs-srh.ts';
import { in6DevGet } from './if-inet6.ts';
import type { Inet6Protocol } from './interfaces.ts';
import {
  IP6CB_DST1,
  IP6CB_FLAGS,
  IP6CB_LASTOPT,
  IP6CB_NHOFF,
  IP6CB_RA,
  IP6SKB_HOPBYHOP,
  IP6SKB_JUMBOGRAM,
  IP6SKB_ROUTERALERT,
} from './ip6-cb.ts';
import { type Ipv6, ipv6Net } from './ipv6-net.ts';
import { ip6IncStats } from './snmp.ts';

/** What a packet of ordinary length can have behind its header. */
const IPV6_MAXPLEN = 65535;
/** Padding beyond what alignment to 8 bytes needs hides something. */
const MAX_PADDING = 7;

/** What becomes of a packet whose handler is done with it, for `Inet6Protocol.handler`. */
const NEXT_HEADER = 1;
const DROPPED = -1;

/**
 * `ipv6_parse_hopopts`: the hop-by-hop options of a packet whose IPv6 header is at `data` and `networkHeader`, and that of the options at
 * `transportHeader`. Positive: they are good, `transportHeader` is behind them. Negative: the sk_buff was freed, and its sender told where
 * that is due.
 */
export function ipv6ParseHopopts(skb: SkBuff): number {
  const { maxHbhOptsLen, maxHbhOptsCnt } = ipv6Net.of((skb.dev as NetDevice).net);
  const extlen = pullHeader(skb);
  if (extlen < 0 || extlen > maxHbhOptsLen) return dropped(skb);
  skb.cb[IP6CB_FLAGS] |= IP6SKB_HOPBYHOP;
  if (!ip6ParseTlv(true, skb, maxHbhOptsCnt)) return DROPPED;
  skb.transportHeader += extlen;
  skb.cb[IP6CB_NHOFF] = IPV6HDR_LEN;
  return NEXT_HEADER;
}

/** Makes the header at `transportHeader` linear; its length, or -1 if the packet ends before. */
function pullHeader(skb: SkBuff): number {
  const offset = skb.transportHeader - skb.data;
  if (!skb.mayPull(offset + 8)) return -1;
  const len = ipv6Optlen(skb.bytes, skb.transportHeader);
  return skb.mayPull(offset + len) ? len : -1;
}

function dropped(skb: SkBuff): number {
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return DROPPED;
}

/** `ipv6_destopt_rcv`. */
function ipv6DestoptRcv(skb: SkBuff): number {
  const state = ipv6Net.of((skb.dev as NetDevice).net);
  const idev = in6DevGet(skb.dev as NetDevice);
  const extlen = pullHeader(skb);
  if (extlen < 0) {
    ip6IncStats(state, idev, IPSTATS_MIB_INHDRERRORS);
    return dropped(skb);
  }
  if (extlen > state.maxDstOptsLen) return dropped(skb);
  const nhoff = skb.transportHeader - skb.networkHeader;
  skb.cb[IP6CB_LASTOPT] = nhoff;
  skb.cb[IP6CB_DST1] = nhoff;
  if (!ip6ParseTlv(false, skb, state.maxDstOptsCnt)) {
    ip6IncStats(state, idev, IPSTATS_MIB_INHDRERRORS);
    return DROPPED;
  }
  skb.transportHeader += extlen;
  skb.cb[IP6CB_NHOFF] = nhoff;
  return NEXT_HEADER;
}

/**
 * `ip6_parse_tlv`: the options of the header at `transportHeader`. `maxCount`: options that are allowed beside padding; negative: so many, and
 * none that nobody knows. False: the sk_buff was freed.
 */
function ip6ParseTlv(hopbyhop: boolean, skb: SkBuff, maxCount: number): boolean {
  const limit = Math.abs(maxCount);
  const { bytes } = skb;
  const end = skb.transportHeader + ipv6Optlen(bytes, skb.transportHeader);
  let padding = 0;
  let count = 0;
  for (let at = skb.transportHeader + 2; at < end; ) {
    const type = bytes[at];
    const len = type === IPV6_TLV_PAD1 ? 1 : at + 2 > end ? IPV6_MAXPLEN : bytes[at + 1] + 2;
    if (at + len > end) return badOptions(skb);
    if (type === IPV6_TLV_PAD1 || type === IPV6_TLV_PADN) {
      padding += len;
      if (padding > MAX_PADDING || !isZero(bytes, at + 2, at + len)) return badOptions(skb);
    } else {
      if (++count > limit) return badOptions(skb);
      if (!option(hopbyhop, skb, at, maxCount < 0)) return false;
      padding = 0;
    }
    at += len;
  }
  return true;
}

/** RFC 4942 §2.1.9.5: what pads is zero. */
function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}

function badOptions(skb: SkBuff): false {
  skb.kfree(SKB_DROP_REASON_IP_INHDR);
  return false;
}

function option(hopbyhop: boolean, skb: SkBuff, at: number, knownOnly: boolean): boolean {
  const type = skb.bytes[at];
  if (hopbyhop && type === IPV6_TLV_ROUTERALERT) return ipv6HopRa(skb, at);
  if (hopbyhop && type === IPV6_TLV_JUMBO) return ipv6HopJumbo(skb, at);
  if (hopbyhop && type === IPV6_TLV_IOAM) return ipv6HopIoam(skb, at) || badOptions(skb);
  // A label of a domain of interpretation (RFC 5570): no domain is known here.
  if (hopbyhop && type === IPV6_TLV_CALIPSO) return badOptions(skb);
  return ip6TlvoptUnknown(skb, at, knownOnly);
}

/** `ip6_tlvopt_unknown`: the upper two bits of an option's type say what is to be done by who does not know it (RFC 8200 §4.2). */
function ip6TlvoptUnknown(skb: SkBuff, at: number, knownOnly: boolean): boolean {
  const { bytes, networkHeader: iph } = skb;
  const action = knownOnly ? 1 : bytes[at] >> 6;
  if (action === 0) return true;
  if (action === 2 || (action === 3 && bytes[iph + IPV6HDR_DADDR] !== 0xff)) paramProb(skb, ICMPV6_UNK_OPTION, at, SKB_DROP_REASON_UNHANDLED_PROTO);
  else skb.kfree(SKB_DROP_REASON_UNHANDLED_PROTO);
  return false;
}

/** `ipv6_hop_ra`: routers on the way are to look at the packet (RFC 2711). */
function ipv6HopRa(skb: SkBuff, at: number): boolean {
  const { bytes, cb } = skb;
  if (bytes[at + 1] !== 2) return badOptions(skb);
  cb[IP6CB_FLAGS] |= IP6SKB_ROUTERALERT;
  cb[IP6CB_RA] = be16(bytes, at + 2);
  return true;
}

/** `ipv6_hop_jumbo`: more than 65,535 bytes follow (RFC 2675 §2, §3). */
function ipv6HopJumbo(skb: SkBuff, at: number): boolean {
  const { bytes, networkHeader: iph, cb } = skb;
  if (bytes[at + 1] !== 4 || ((at - iph) & 3) !== 2) return badOptions(skb);
  const len = be32(bytes, at + 2);
  if (len <= IPV6_MAXPLEN) return paramProb(skb, ICMPV6_HDR_FIELD, at + 2, SKB_DROP_REASON_IP_INHDR);
  if (be16(bytes, iph + IPV6HDR_PAYLOAD_LEN) !== 0) return paramProb(skb, ICMPV6_HDR_FIELD, at, SKB_DROP_REASON_IP_INHDR);
  if (len > skb.len - IPV6HDR_LEN) {
    skb.kfree(SKB_DROP_REASON_PKT_TOO_SMALL);
    return false;
  }
  if (skb.trim(len + IPV6HDR_LEN) !== 0) {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return false;
  }
  cb[IP6CB_FLAGS] |= IP6SKB_JUMBOGRAM;
  return true;
}

/** Tells the sender that something is wrong at `at`, and frees the sk_buff. */
function paramProb(skb: SkBuff, code: number, at: number, reason: number): false {
  const { icmp } = ipv6Net.of((skb.dev as NetDevice).net).ip;
  if (icmp === null) skb.kfree(reason);
  else icmp.paramProb(skb, code, at - skb.networkHeader, reason);
  return false;
}

/**
 * `ipv6_rthdr_rcv`: a routing header that is done with its way is passed over. Type 0 is refused (RFC 5095) as is everything nobody knows;
 * segment routing (type 4) and RPL (type 3) have to be allowed.
 */
function ipv6RthdrRcv(skb: SkBuff): number {
  const state = ipv6Net.of((skb.dev as NetDevice).net);
  const idev = in6DevGet(skb.dev as NetDevice);
  if (pullHeader(skb) < 0) {
    ip6IncStats(state, idev, IPSTATS_MIB_INHDRERRORS);
    return dropped(skb);
  }
  const { bytes, networkHeader: iph, transportHeader: at } = skb;
  if (bytes[iph + IPV6HDR_DADDR] === 0xff || skb.pktType !== PACKET_HOST) {
    ip6IncStats(state, idev, IPSTATS_MIB_INADDRERRORS);
    return dropped(skb);
  }
  const type = bytes[at + IPV6RT_TYPE];
  if (type === IPV6_SRCRT_TYPE_4) return ipv6SrhRcv(skb);
  if (type === IPV6_SRCRT_TYPE_3) return ipv6RplSrhRcv(skb);
  if (bytes[at + IPV6RT_SEGMENTS_LEFT] === 0) return passRouting(skb, true);
  ip6IncStats(state, idev, IPSTATS_MIB_INHDRERRORS);
  paramProb(skb, ICMPV6_HDR_FIELD, at + IPV6RT_TYPE, SKB_DROP_REASON_NOT_SPECIFIED);
  return DROPPED;
}

/** `dst_discard` as a handler: nothing follows. */
function ipv6NodataRcv(skb: SkBuff): number {
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return 0;
}

const header = (handler: Inet6Protocol['handler']): Inet6Protocol => ({ handler, errHandler: null, final: false, noPolicy: true });

/** `ipv6_exthdrs_init`: the handlers of extension headers but hop-by-hop options, which only the first header can be. */
export function exthdrsInit(ctx: ModuleContext, ip: Ipv6): void {
  for (const [nexthdr, handler] of [
    [IPPROTO_ROUTING, ipv6RthdrRcv],
    [IPPROTO_DSTOPTS, ipv6DestoptRcv],
    [IPPROTO_NONE, ipv6NodataRcv],
  ] as const) {
    const remove = ip.addProtocol(nexthdr, header(handler));
    if (remove === null) throw new Error(`next header ${nexthdr} has a handler already`);
    ctx.onUnload(remove);
  }
}
