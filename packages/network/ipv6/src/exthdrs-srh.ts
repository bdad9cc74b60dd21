/** Routing headers on their way: those that have led here, and segment routing (`ipv6_srh_rcv` in `net/ipv6/exthdrs.c`; RFC 8754). */
import { CHECKSUM_COMPLETE, CHECKSUM_NONE, type NetDevice, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff, skbScrubPacket } from '@skbuff/core';
import {
  ETH_P_IP,
  ICMPV6_EXC_HOPLIMIT,
  ICMPV6_HDR_FIELD,
  ICMPV6_TIME_EXCEED,
  IFF_LOOPBACK,
  IPPROTO_IPIP,
  IPPROTO_IPV6,
  IPSTATS_MIB_INHDRERRORS,
  IPSTATS_MIB_OUTDISCARDS,
} from '@skbuff/uapi';
import { IPV6HDR_DADDR, IPV6HDR_HOP_LIMIT, IPV6OPT_HDRLEN, IPV6OPT_NEXTHDR, IPV6RT_SEGMENTS_LEFT, copyBytes } from '@skbuff/wire';
import { ipv6Optlen } from './exthdrs-core.ts';
import { type Inet6Dev, in6DevGet } from './if-inet6.ts';
import { IP6CB_DST0, IP6CB_DST1, IP6CB_LASTOPT, IP6CB_NHOFF, IP6CB_SRCRT } from './ip6-cb.ts';
import { type Ipv6Net, ipv6Net } from './ipv6-net.ts';
import type { Rt6Info } from './rt6-info.ts';
import { ip6IncStats } from './snmp.ts';

/** `struct ipv6_sr_hdr`: number of the last entry; flags, of which one says that a sum of the list is behind it; the segments, the last first. */
const SRH_LAST = 4;
const SRH_FLAGS = 5;
const SR6_FLAG1_HMAC = 1 << 3;
const SR6_TLV_HMAC = 5;
const HMAC_LEN = 38;
const SRH_SEGMENTS = 8;

/** Results for `Inet6Protocol.handler`. */
const NEXT_HEADER = 1;
const GONE = -1;

/** Behind a routing header that has led here. `split`: destination options that came before it were for the way. */
export function passRouting(skb: SkBuff, split: boolean): number {
  const { cb, transportHeader: at } = skb;
  const nhoff = at - skb.networkHeader;
  cb[IP6CB_LASTOPT] = nhoff;
  cb[IP6CB_SRCRT] = nhoff;
  if (split) {
    cb[IP6CB_DST0] = cb[IP6CB_DST1];
    cb[IP6CB_DST1] = 0;
  }
  skb.transportHeader = at + ipv6Optlen(skb.bytes, at);
  cb[IP6CB_NHOFF] = nhoff;
  return NEXT_HEADER;
}

/** How a kind of routing header leads over its segments. */
export interface Segments {
  /** Most segments that may be left, by the header at `at`; negative: it makes no sense. */
  readonly most: (bytes: Uint8Array, at: number) => number;
  /** Puts the segment in the header that is the next where `left` are left, and the list in its order then. `data` at the IPv6 header. False: the packet was dropped. */
  readonly advance: (skb: SkBuff, state: Ipv6Net, left: number) => boolean;
  /** IPv4 may be wrapped in it too. */
  readonly ipip: boolean;
}

const SRH: Segments = { most: (bytes, at) => Math.max(0, (bytes[at + IPV6OPT_HDRLEN] >> 1) - 1), advance: srhAdvance, ipip: true };

/**
 * `ipv6_srh_rcv`: a packet that is steered over segments of which this host is one. Interfaces have to allow it (`seg6_enabled`); no key for
 * HMAC is known here, so that one with a sum is believed only where nobody looks at it (`seg6_require_hmac` below 0).
 */
export function ipv6SrhRcv(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const state = ipv6Net.of(dev.net);
  const idev = in6DevGet(dev);
  if (idev === null || Math.min(state.devconfAll.seg6Enabled, idev.cnf.seg6Enabled) === 0 || !hmacValid(skb, idev)) return drop(skb);
  return visitSegments(skb, state, idev, SRH);
}

/** On to the next segment, and to the one behind it as long as that is here too. Result for `Inet6Protocol.handler`. */
export function visitSegments(skb: SkBuff, state: Ipv6Net, idev: Inet6Dev, segments: Segments): number {
  for (;;) {
    const { bytes, transportHeader: at } = skb;
    const left = bytes[at + IPV6RT_SEGMENTS_LEFT];
    if (left === 0) return lastSegment(skb, idev.dev, segments.ipip);
    const most = segments.most(bytes, at);
    if (most < 0) return drop(skb);
    if (left > most) return badSegments(skb, state, idev);
    if (!nextSegment(skb, state, idev, left - 1, segments)) return GONE;
    const { dev: out, error } = skb.dst as Rt6Info;
    if (error !== 0 || (out.flags & IFF_LOOPBACK) === 0) {
      (skb.dst as Rt6Info).input(skb);
      return GONE;
    }
    if (!mayGoOn(skb, state, idev)) return GONE;
  }
}

function drop(skb: SkBuff): number {
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return GONE;
}

/** `seg6_hmac_validate_skb`: a sum is no good, for no key is known; whether one has to be there is the interface's to say. */
function hmacValid({ bytes, transportHeader: at }: SkBuff, { cnf }: Inet6Dev): boolean {
  return cnf.seg6RequireHmac < 0 || (cnf.seg6RequireHmac === 0 && !hasHmac(bytes, at));
}

/** `seg6_get_tlv_hmac`: the flag, room for it behind the last segment, and there it is. */
function hasHmac(bytes: Uint8Array, at: number): boolean {
  const words = (bytes[at + SRH_LAST] + 1) * 2;
  if (bytes[at + IPV6OPT_HDRLEN] < words + 5 || (bytes[at + SRH_FLAGS] & SR6_FLAG1_HMAC) === 0) return false;
  const tlv = at + SRH_SEGMENTS + words * 8;
  return bytes[tlv] === SR6_TLV_HMAC && bytes[tlv + 1] === HMAC_LEN;
}

function badSegments(skb: SkBuff, state: Ipv6Net, idev: Inet6Dev): number {
  ip6IncStats(state, idev, IPSTATS_MIB_INHDRERRORS);
  const { icmp } = state.ip;
  if (icmp === null) return drop(skb);
  icmp.paramProb(skb, ICMPV6_HDR_FIELD, skb.transportHeader + IPV6RT_SEGMENTS_LEFT - skb.networkHeader, SKB_DROP_REASON_NOT_SPECIFIED);
  return GONE;
}

/** Makes the packet one that goes to the next segment: finds the way there, `data` back at the IPv6 header. False: it was dropped. */
function nextSegment(skb: SkBuff, state: Ipv6Net, idev: Inet6Dev, left: number, segments: Segments): boolean {
  const { routing } = state.ip;
  if (routing === null || (skb.isCloned() && skb.cache.expandHead(skb, 0, 0) !== 0)) {
    ip6IncStats(state, idev, IPSTATS_MIB_OUTDISCARDS);
    drop(skb);
    return false;
  }
  // The device's sum was over other addresses.
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.ipSummed = CHECKSUM_NONE;
  skb.push(skb.data - skb.networkHeader);
  if (!segments.advance(skb, state, left)) return false;
  skb.dstDrop();
  routing.routeInput(skb);
  return true;
}

function srhAdvance(skb: SkBuff, _state: Ipv6Net, left: number): boolean {
  const { bytes, transportHeader: at, networkHeader: iph } = skb;
  bytes[at + IPV6RT_SEGMENTS_LEFT] = left;
  copyBytes(bytes, iph + IPV6HDR_DADDR, bytes, at + SRH_SEGMENTS + left * 16, 16);
  return true;
}

/** A segment on the same host costs a hop like any other. False: there was none left, and the packet was dropped. */
function mayGoOn(skb: SkBuff, state: Ipv6Net, idev: Inet6Dev): boolean {
  const { bytes, networkHeader: iph } = skb;
  if (bytes[iph + IPV6HDR_HOP_LIMIT] <= 1) {
    ip6IncStats(state, idev, IPSTATS_MIB_INHDRERRORS);
    state.ip.icmp?.icmpv6Send(skb, ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
    drop(skb);
    return false;
  }
  bytes[iph + IPV6HDR_HOP_LIMIT]--;
  skb.pull(skb.transportHeader - skb.data);
  return true;
}

/** What is wrapped in another packet of IP comes out here; anything else is for this host. */
function lastSegment(skb: SkBuff, dev: NetDevice, ipip: boolean): number {
  const { bytes, transportHeader: at } = skb;
  const nexthdr = bytes[at + IPV6OPT_NEXTHDR];
  if (nexthdr !== IPPROTO_IPV6 && (nexthdr !== IPPROTO_IPIP || !ipip)) return passRouting(skb, false);
  skb.pull(ipv6Optlen(bytes, at));
  skb.networkHeader = skb.data;
  skb.transportHeader = skb.data;
  if (nexthdr === IPPROTO_IPIP) skb.protocol = ETH_P_IP;
  skbScrubPacket(skb, false);
  dev.net.kernel.softnet.netifRx(skb);
  return GONE;
}
