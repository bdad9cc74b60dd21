/**
 * IPv6 reception (`net/ipv6/ip6_input.c`).
 *
 *   ipv6Rcv → [PRE_ROUTING] → ip6RcvFinish → route → dst.input: ip6Input | ip6McInput | ip6Forward | a route of nowhere
 *   ip6Input → [LOCAL_IN] → raw sockets → extension header, and again, … → transport
 */
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  NF_BIT_IPV6_LOCAL_IN,
  NF_BIT_IPV6_PRE_ROUTING,
  NF_HOOK_OK,
  type Net,
  type NetDevice,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  type PacketType,
  RX_OTHERHOST_DROPPED,
  SKB_DROP_REASON_IPV6DISABLED,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_OTHERHOST,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST,
  type SkBuff,
  type SkbSock,
} from '@skbuff/core';
import {
  IFF_LOOPBACK,
  IPPROTO_HOPOPTS,
  IPSTATS_MIB_INDISCARDS,
  IPSTATS_MIB_INHDRERRORS,
  IPSTATS_MIB_INOCTETS,
  IPSTATS_MIB_INPKTS,
  IPSTATS_MIB_INTRUNCATEDPKTS,
  IPSTATS_MIB_NOECTPKTS,
  NFPROTO_IPV6,
  NF_INET_LOCAL_IN,
  NF_INET_PRE_ROUTING,
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_LOOPBACK,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
} from '@skbuff/uapi';
import { IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_PAYLOAD_LEN, IPV6HDR_SADDR, be16, in6Word } from '@skbuff/wire';
import { ipv6ParseHopopts } from './exthdrs.ts';
import { type Inet6Dev, in6DevGet } from './if-inet6.ts';
import { IP6CB_NHOFF, ip6cbInit } from './ip6-cb.ts';
import { ip6ProtocolDeliver } from './ip6-deliver.ts';
import { type Ipv6Net, ipv6Net } from './ipv6-net.ts';
import type { Rt6Info } from './rt6-info.ts';
import { ip6IncStats } from './snmp.ts';

/** `ipv6_rcv`: the packet type of ETH_P_IPV6. Takes over the sk_buff, `data` at the IPv6 header. */
export function ipv6Rcv(skb: SkBuff, dev: NetDevice, _pt: PacketType, _origDev: NetDevice): number {
  const { net } = dev;
  const own = ip6RcvCore(skb, net, dev);
  if (own === null) return NET_RX_DROP;
  if (
    (net.nf.mask & NF_BIT_IPV6_PRE_ROUTING) !== 0 &&
    net.nf.run(NFPROTO_IPV6, NF_INET_PRE_ROUTING, null, own, dev, null, ip6RcvFinish) !== NF_HOOK_OK
  ) {
    return NET_RX_SUCCESS;
  }
  return ip6RcvFinish(net, null, own);
}

/** `ip6_rcv_core`: what can be said of a packet without a route. The sk_buff to go on with, or null when it was dropped. */
export function ip6RcvCore(skb: SkBuff, net: Net, dev: NetDevice): SkBuff | null {
  if (skb.pktType === PACKET_OTHERHOST) {
    dev.stats[RX_OTHERHOST_DROPPED]++;
    return drop(skb, SKB_DROP_REASON_OTHERHOST);
  }
  const state = ipv6Net.of(net);
  const idev = in6DevGet(dev);
  if (idev === null || idev.cnf.disableIpv6 !== 0) return disabled(skb, state, idev);
  const { stats } = state;
  const own = idev.stats;
  stats[IPSTATS_MIB_INPKTS]++;
  own[IPSTATS_MIB_INPKTS]++;
  stats[IPSTATS_MIB_INOCTETS] += skb.len;
  own[IPSTATS_MIB_INOCTETS] += skb.len;
  if (skb.users !== 1) {
    const clone = skb.shareCheck();
    if (clone === null) {
      ip6IncStats(state, idev, IPSTATS_MIB_INDISCARDS);
      return null;
    }
    skb = clone;
  }
  ip6cbInit(skb, skb.dst === null ? dev.ifindex : arrival(skb, dev));
  if (!skb.mayPull(IPV6HDR_LEN)) return headerError(skb, state, idev, SKB_DROP_REASON_IP_INHDR);
  return ip6RcvHeader(skb, state, dev, idev);
}

/** Second part: what the header says but for the length. */
function ip6RcvHeader(skb: SkBuff, state: Ipv6Net, dev: NetDevice, idev: Inet6Dev): SkBuff | null {
  const { bytes, data } = skb;
  if (bytes[data] >>> 4 !== 6) return headerError(skb, state, idev, SKB_DROP_REASON_UNHANDLED_PROTO);
  const ecn = IPSTATS_MIB_NOECTPKTS + ((bytes[data + 1] >>> 4) & 3);
  const segs = skb.shinfo.gsoSegs || 1;
  state.stats[ecn] += segs;
  idev.stats[ecn] += segs;
  skb.networkHeader = data;
  const saddr = in6Word(bytes, data + IPV6HDR_SADDR);
  const daddr = in6Word(bytes, data + IPV6HDR_DADDR);
  if (saddr === 0 || daddr === 0 || saddr >>> 24 === 0xff || daddr >>> 24 === 0xff || skb.pktType !== PACKET_HOST) {
    const reason = oddAddresses(skb, dev, idev);
    if (reason !== 0) return headerError(skb, state, idev, reason);
  }
  return ip6RcvTrim(skb, state, idev);
}

/** Third part: length, hop-by-hop options; notes where the transport header is. */
function ip6RcvTrim(skb: SkBuff, state: Ipv6Net, idev: Inet6Dev): SkBuff | null {
  const { bytes, data } = skb;
  skb.transportHeader = data + IPV6HDR_LEN;
  skb.cb[IP6CB_NHOFF] = IPV6HDR_NEXTHDR;
  const nexthdr = bytes[data + IPV6HDR_NEXTHDR];
  const payload = be16(bytes, data + IPV6HDR_PAYLOAD_LEN);
  // Of a jumbogram the length is in an option.
  if (payload !== 0 || nexthdr !== IPPROTO_HOPOPTS) {
    const len = payload + IPV6HDR_LEN;
    if (len > skb.len) {
      ip6IncStats(state, idev, IPSTATS_MIB_INTRUNCATEDPKTS);
      return drop(skb, SKB_DROP_REASON_PKT_TOO_SMALL);
    }
    if (skb.len !== len) {
      // What the link padded is not part of the packet, nor of a sum that the device made over it.
      skb.trim(len);
      if (skb.ipSummed === CHECKSUM_COMPLETE) skb.ipSummed = CHECKSUM_NONE;
    }
  }
  if (nexthdr === IPPROTO_HOPOPTS && ipv6ParseHopopts(skb) < 0) {
    ip6IncStats(state, idev, IPSTATS_MIB_INHDRERRORS);
    return null;
  }
  if (skb.sk !== null || skb.destructor !== null) skb.orphan();
  return skb;
}

/** The interface does not speak IPv6. */
function disabled(skb: SkBuff, state: Ipv6Net, idev: Inet6Dev | null): null {
  ip6IncStats(state, idev, IPSTATS_MIB_INPKTS);
  state.stats[IPSTATS_MIB_INOCTETS] += skb.len;
  if (idev !== null) idev.stats[IPSTATS_MIB_INOCTETS] += skb.len;
  ip6IncStats(state, idev, IPSTATS_MIB_INDISCARDS);
  return drop(skb, idev === null ? SKB_DROP_REASON_NOT_SPECIFIED : SKB_DROP_REASON_IPV6DISABLED);
}

/** What this host sends to itself belongs to the interface of the address, not to the loopback device. */
function arrival(skb: SkBuff, dev: NetDevice): number {
  return (skb.dst as Rt6Info).idev?.dev.ifindex ?? dev.ifindex;
}

/**
 * Addresses that do not belong on a wire (RFC 4291 §2.5.3, §2.7), and unicast in a frame to many where that is refused: 0, or the drop
 * reason.
 */
function oddAddresses({ bytes, data, pktType }: SkBuff, dev: NetDevice, idev: Inet6Dev): number {
  const saddr = data + IPV6HDR_SADDR;
  const daddr = data + IPV6HDR_DADDR;
  const loopback = (dev.flags & IFF_LOOPBACK) !== 0;
  if (!loopback && (isLoopbackAt(bytes, saddr) || isLoopbackAt(bytes, daddr))) return SKB_DROP_REASON_IP_INHDR;
  if (bytes[daddr] === 0xff) {
    const scope = bytes[daddr + 1] & 0x0f;
    if (scope === 0 || (scope === 1 && !loopback && pktType !== PACKET_LOOPBACK)) return SKB_DROP_REASON_IP_INHDR;
  } else if ((pktType === PACKET_BROADCAST || pktType === PACKET_MULTICAST) && idev.cnf.dropUnicastInL2Multicast !== 0) {
    return SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST;
  }
  return bytes[saddr] === 0xff ? SKB_DROP_REASON_IP_INHDR : 0;
}

/** Whether the address at `at` is ::1. */
function isLoopbackAt(bytes: Uint8Array, at: number): boolean {
  return (in6Word(bytes, at) | in6Word(bytes, at + 4) | in6Word(bytes, at + 8)) === 0 && in6Word(bytes, at + 12) === 1;
}

function headerError(skb: SkBuff, state: Ipv6Net, idev: Inet6Dev, reason: number): null {
  ip6IncStats(state, idev, IPSTATS_MIB_INHDRERRORS);
  return drop(skb, reason);
}

function drop(skb: SkBuff, reason: number): null {
  skb.kfree(reason);
  return null;
}

/** `ip6_rcv_finish`: finds the route and follows it. */
export function ip6RcvFinish(net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  if (skb.dst === null && !ip6RcvRoute(skb, ipv6Net.of(net))) return NET_RX_DROP;
  return (skb.dst as Rt6Info).input(skb);
}

/** Asks the routing for the way of a received packet, which always knows one; false: there is no routing, and the packet was dropped. */
export function ip6RcvRoute(skb: SkBuff, state: Ipv6Net): boolean {
  const { routing } = state.ip;
  if (routing === null) {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return false;
  }
  routing.routeInput(skb);
  return true;
}

/** `ip6_input`: for this host. Takes over the sk_buff. */
export function ip6Input(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const { net } = dev;
  if (
    (net.nf.mask & NF_BIT_IPV6_LOCAL_IN) !== 0 &&
    net.nf.run(NFPROTO_IPV6, NF_INET_LOCAL_IN, null, skb, dev, null, ip6InputFinish) !== NF_HOOK_OK
  ) {
    return 0;
  }
  return ip6InputFinish(net, null, skb);
}

/** `ip6_input_finish`. */
function ip6InputFinish(net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  ip6ProtocolDeliver(net, skb, 0, false);
  return 0;
}
