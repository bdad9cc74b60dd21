/**
 * IPv4 reception (`net/ipv4/ip_input.c`).
 *
 *   ipRcv → [PRE_ROUTING] → ipRcvFinish → route → dst.input: ipLocalDeliver | ipForward | ipError | ipMrInput
 *   ipLocalDeliver → defragment → [LOCAL_IN] → raw sockets → transport
 */
import {
  NF_BIT_IPV4_LOCAL_IN,
  NF_BIT_IPV4_PRE_ROUTING,
  NF_HOOK_OK,
  type Net,
  type NetDevice,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  type PacketType,
  RX_OTHERHOST_DROPPED,
  SKB_DROP_REASON_IP_CSUM,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_IP_NOPROTO,
  SKB_DROP_REASON_IP_RPFILTER,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_OTHERHOST,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST,
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  type SkBuff,
  type SkbSock,
} from '@skbuff/core';
import {
  ICMP_DEST_UNREACH,
  ICMP_PROT_UNREACH,
  IPSTATS_MIB_CSUMERRORS,
  IPSTATS_MIB_INBCASTOCTETS,
  IPSTATS_MIB_INBCASTPKTS,
  IPSTATS_MIB_INDELIVERS,
  IPSTATS_MIB_INDISCARDS,
  IPSTATS_MIB_INHDRERRORS,
  IPSTATS_MIB_INMCASTOCTETS,
  IPSTATS_MIB_INMCASTPKTS,
  IPSTATS_MIB_INOCTETS,
  IPSTATS_MIB_INPKTS,
  IPSTATS_MIB_INTRUNCATEDPKTS,
  IPSTATS_MIB_INUNKNOWNPROTOS,
  IPSTATS_MIB_NOECTPKTS,
  IP_MF,
  IP_OFFSET,
  NFPROTO_IPV4,
  NF_INET_LOCAL_IN,
  NF_INET_PRE_ROUTING,
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
} from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TOS, IPHDR_TOT_LEN, be16, be32, ipFastCsumOk } from '@skbuff/wire';
import { inDevDropUnicastInL2Multicast } from './in-dev-conf.ts';
import { inDevGet } from './inetdevice.ts';
import { IPCB_IIF, ipcbInit } from './ip-cb.ts';
import { IP_DEFRAG_LOCAL_DELIVER, ipDefrag } from './ip-defrag.ts';
import { type Ipv4Net, ipv4Net } from './ipv4-net.ts';
import type { Rtable } from './rtable.ts';
import { LINUX_MIB_IPRPFILTER } from './snmp.ts';

/** `ip_rcv`: the packet type of ETH_P_IP. Takes over the sk_buff, `data` at the IP header. */
export function ipRcv(skb: SkBuff, dev: NetDevice, _pt: PacketType, _origDev: NetDevice): number {
  const { net } = dev;
  const own = ipRcvCore(skb, net, dev);
  if (own === null) return NET_RX_DROP;
  if (
    (net.nf.mask & NF_BIT_IPV4_PRE_ROUTING) !== 0 &&
    net.nf.run(NFPROTO_IPV4, NF_INET_PRE_ROUTING, null, own, dev, null, ipRcvFinish) !== NF_HOOK_OK
  ) {
    return NET_RX_SUCCESS;
  }
  return ipRcvFinish(net, null, own);
}

/** `ip_rcv_core`: the checks of RFC 1122 §3.2.1. The sk_buff to go on with, or null when it was dropped. */
export function ipRcvCore(skb: SkBuff, net: Net, dev: NetDevice): SkBuff | null {
  if (skb.pktType === PACKET_OTHERHOST) {
    dev.stats[RX_OTHERHOST_DROPPED]++;
    return drop(skb, SKB_DROP_REASON_OTHERHOST);
  }
  const { stats } = ipv4Net.of(net);
  stats[IPSTATS_MIB_INPKTS]++;
  stats[IPSTATS_MIB_INOCTETS] += skb.len;
  if (skb.users !== 1) {
    const own = skb.shareCheck();
    if (own === null) {
      stats[IPSTATS_MIB_INDISCARDS]++;
      return null;
    }
    skb = own;
  }
  if (!skb.mayPull(IPHDR_LEN)) return headerError(skb, stats, SKB_DROP_REASON_IP_INHDR);
  const { bytes } = skb;
  const iph = skb.data;
  const versionIhl = bytes[iph];
  if (versionIhl < 0x45 || versionIhl > 0x4f) return headerError(skb, stats, SKB_DROP_REASON_IP_INHDR);
  stats[IPSTATS_MIB_NOECTPKTS + (bytes[iph + IPHDR_TOS] & 3)] += skb.shinfo.gsoSegs || 1;
  const hlen = (versionIhl & 0x0f) << 2;
  if (hlen !== IPHDR_LEN && !skb.mayPull(hlen)) return headerError(skb, stats, SKB_DROP_REASON_IP_INHDR);
  return ipRcvTrim(skb, stats, hlen);
}

/** Second half of the checks: checksum, total length; notes where the transport header is. */
function ipRcvTrim(skb: SkBuff, stats: Float64Array, hlen: number): SkBuff | null {
  const iph = skb.data;
  if (!ipFastCsumOk(skb.bytes, iph, hlen >> 2)) {
    stats[IPSTATS_MIB_CSUMERRORS]++;
    return headerError(skb, stats, SKB_DROP_REASON_IP_CSUM);
  }
  const len = be16(skb.bytes, iph + IPHDR_TOT_LEN);
  if (skb.len < len) {
    stats[IPSTATS_MIB_INTRUNCATEDPKTS]++;
    return drop(skb, SKB_DROP_REASON_PKT_TOO_SMALL);
  }
  if (len < hlen) return headerError(skb, stats, SKB_DROP_REASON_IP_INHDR);
  if (skb.len !== len) {
    // What the link padded is not part of the packet, nor of a sum that the device made over it.
    skb.trim(len);
    if (skb.ipSummed === CHECKSUM_COMPLETE) skb.ipSummed = CHECKSUM_NONE;
  }
  skb.networkHeader = iph;
  skb.transportHeader = iph + hlen;
  ipcbInit(skb, skb.skbIif);
  if (skb.sk !== null || skb.destructor !== null) skb.orphan();
  return skb;
}

function headerError(skb: SkBuff, stats: Float64Array, reason: number): null {
  stats[IPSTATS_MIB_INHDRERRORS]++;
  return drop(skb, reason);
}

function drop(skb: SkBuff, reason: number): null {
  skb.kfree(reason);
  return null;
}

/** `ip_rcv_finish`: finds the route and follows it. */
export function ipRcvFinish(net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  const state = ipv4Net.of(net);
  if (skb.dst === null) {
    const reason = ipRcvRoute(skb, state);
    if (reason !== 0) return routeError(skb, state, reason);
  }
  return ipRcvRouted(skb, state) ? (skb.dst as Rtable).input(skb) : NET_RX_DROP;
}

/** Asks the routing for the way of a received packet: 0 with `skb.dst` set, or the drop reason. */
export function ipRcvRoute(skb: SkBuff, state: Ipv4Net): number {
  const { routing } = state.ip;
  if (routing === null) return SKB_DROP_REASON_NOT_SPECIFIED;
  const { bytes, networkHeader: iph } = skb;
  return routing.routeInput(skb, be32(bytes, iph + IPHDR_DADDR), be32(bytes, iph + IPHDR_SADDR), bytes[iph + IPHDR_TOS], skb.dev as NetDevice);
}

/** Options and link type of a packet whose way is known; false: it was dropped. */
export function ipRcvRouted(skb: SkBuff, state: Ipv4Net): boolean {
  const dev = skb.dev as NetDevice;
  if (skb.bytes[skb.networkHeader] !== 0x45 && !readOptions(skb, state, dev)) return false;
  const rt = skb.dst as Rtable;
  if (skb.pktType === PACKET_HOST && rt.type <= RTN_LOCAL) return true;
  return acceptLinkType(skb, state, rt, dev);
}

/** A stack without {@link ipv4Options} does not know any, and goes on as if there were none (RFC 1122 §3.2.1.8). */
function readOptions(skb: SkBuff, state: Ipv4Net, dev: NetDevice): boolean {
  const { options } = state.ip;
  return options === null || options.rcv(skb, dev);
}

export function routeError(skb: SkBuff, state: Ipv4Net, reason: number): number {
  if (reason === SKB_DROP_REASON_IP_RPFILTER) state.linuxMib[LINUX_MIB_IPRPFILTER]++;
  skb.kfree(reason);
  return NET_RX_DROP;
}

/** Counts multicast and broadcast; a unicast packet in a multicast frame is refused where that is set. */
function acceptLinkType(skb: SkBuff, state: Ipv4Net, rt: Rtable, dev: NetDevice): boolean {
  const { stats } = state;
  if (rt.type === RTN_MULTICAST) {
    stats[IPSTATS_MIB_INMCASTPKTS]++;
    stats[IPSTATS_MIB_INMCASTOCTETS] += skb.len;
  } else if (rt.type === RTN_BROADCAST) {
    stats[IPSTATS_MIB_INBCASTPKTS]++;
    stats[IPSTATS_MIB_INBCASTOCTETS] += skb.len;
  } else if (skb.pktType === PACKET_BROADCAST || skb.pktType === PACKET_MULTICAST) {
    const inDev = inDevGet(dev);
    if (inDev !== null && inDevDropUnicastInL2Multicast(inDev)) {
      skb.kfree(SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST);
      return false;
    }
  }
  return true;
}

/** `ip_local_deliver`: for this host. Takes over the sk_buff. */
export function ipLocalDeliver(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const { net } = dev;
  if ((be16(skb.bytes, skb.networkHeader + IPHDR_FRAG_OFF) & (IP_MF | IP_OFFSET)) !== 0) {
    const whole = ipDefrag(net, skb, IP_DEFRAG_LOCAL_DELIVER);
    if (whole === null) return 0;
    skb = whole;
  }
  if (
    (net.nf.mask & NF_BIT_IPV4_LOCAL_IN) !== 0 &&
    net.nf.run(NFPROTO_IPV4, NF_INET_LOCAL_IN, null, skb, dev, null, ipLocalDeliverFinish) !== NF_HOOK_OK
  ) {
    return 0;
  }
  return ipLocalDeliverFinish(net, null, skb);
}

/** `ip_local_deliver_finish`. */
function ipLocalDeliverFinish(net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  skb.pull(skb.transportHeader - skb.data);
  ipProtocolDeliver(net, skb, skb.bytes[skb.networkHeader + IPHDR_PROTOCOL]);
  return 0;
}

/** `ip_protocol_deliver_rcu`: raw sockets first, then the transport, or ICMP protocol unreachable. Takes over the sk_buff. */
export function ipProtocolDeliver(net: Net, skb: SkBuff, protocol: number): void {
  const { stats, ip } = ipv4Net.of(net);
  for (;;) {
    const raw = ip.raw !== null && ip.raw.localDeliver(skb, protocol);
    const proto = ip.protos[protocol];
    if (proto !== null && proto !== undefined) {
      const ret = proto.handler(skb);
      if (ret < 0) {
        protocol = -ret;
        continue;
      }
      stats[IPSTATS_MIB_INDELIVERS]++;
    } else if (raw) {
      stats[IPSTATS_MIB_INDELIVERS]++;
      skb.consume();
    } else {
      stats[IPSTATS_MIB_INUNKNOWNPROTOS]++;
      ip.icmp?.icmpSend(skb, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
      skb.kfree(SKB_DROP_REASON_IP_NOPROTO);
    }
    return;
  }
}

/** `inet_iif`: the interface that a packet in a transport's hands arrived on. */
export function inetIif(skb: SkBuff): number {
  const rt = skb.dst as Rtable | null;
  return rt !== null && rt.iif !== 0 ? rt.iif : skb.cb[IPCB_IIF] !== 0 ? skb.cb[IPCB_IIF] : skb.skbIif;
}
