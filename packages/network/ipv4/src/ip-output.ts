/**
 * IPv4 transmission (`net/ipv4/ip_output.c`).
 *
 *   ipLocalOut → [LOCAL_OUT] → dst.output = ipOutput → [POST_ROUTING] → ipFinishOutput → fragment → neighbour → devQueueXmit
 */
import {
  type DstEntry,
  dstOutput,
  llReservedSpace,
  NF_BIT_IPV4_LOCAL_OUT,
  NF_BIT_IPV4_POST_ROUTING,
  NF_HOOK_OK,
  type Net,
  type NetDevice,
  SKB_DROP_REASON_NEIGH_CREATEFAIL,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_PKT_TOO_BIG,
  skbGsoOutput,
  type SkBuff,
  type SkbSock,
  skbGsoValidateNetworkLen,
} from '@skbuff/core';
import { type NeighTable, type Neighbour, neighOutput } from '@skbuff/neighbour';
import {
  EINVAL,
  EMSGSIZE,
  ENOMEM,
  ETH_P_IP,
  ICMP_DEST_UNREACH,
  ICMP_FRAG_NEEDED,
  IPSTATS_MIB_FRAGFAILS,
  IPSTATS_MIB_OUTBCASTOCTETS,
  IPSTATS_MIB_OUTBCASTPKTS,
  IPSTATS_MIB_OUTDISCARDS,
  IPSTATS_MIB_OUTMCASTOCTETS,
  IPSTATS_MIB_OUTMCASTPKTS,
  IPSTATS_MIB_OUTOCTETS,
  IPSTATS_MIB_OUTPKTS,
  IPSTATS_MIB_OUTREQUESTS,
  IP_PMTUDISC_PROBE,
  NFPROTO_IPV4,
  NF_INET_LOCAL_OUT,
  NF_INET_POST_ROUTING,
  RTN_BROADCAST,
  RTN_MULTICAST,
  RTN_UNICAST,
} from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_TOT_LEN, be32, setBe16 } from '@skbuff/wire';
import { IPCB_FLAGS, IPCB_FRAG_MAX_SIZE, IPSKB_FORWARDED, IPSKB_REROUTED } from './ip-cb.ts';
import { ipSendCheck } from './ip-header.ts';
import { inetSk } from './inet-sock.ts';
import { ipv4Net } from './ipv4-net.ts';
import type { Rtable } from './rtable.ts';

/**
 * `ip_local_out`: sends a packet of this host whose dst is set and whose IP header is complete but for length and checksum. Takes
 * over the sk_buff. 0, NET_XMIT_*, or a negative errno (-EPERM: a hook dropped it).
 */
export function ipLocalOut(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  ipv4Net.of(net).stats[IPSTATS_MIB_OUTREQUESTS]++;
  const iph = skb.networkHeader;
  setBe16(skb.bytes, iph + IPHDR_TOT_LEN, skb.len > 0xffff ? 0 : skb.len);
  ipSendCheck(skb.bytes, iph);
  skb.protocol = ETH_P_IP;
  const dst = skb.dst as DstEntry;
  if ((net.nf.mask & NF_BIT_IPV4_LOCAL_OUT) !== 0) {
    const verdict = net.nf.run(NFPROTO_IPV4, NF_INET_LOCAL_OUT, sk, skb, null, dst.dev, dstOutput);
    if (verdict !== NF_HOOK_OK) return verdict;
  }
  // A hook may have rerouted the packet: not `dst`.
  return (skb.dst as DstEntry).output(net, sk, skb);
}

/** `ip_output`: `dst.output` of every unicast route. */
export function ipOutput(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  const dev = (skb.dst as DstEntry).dev;
  const indev = skb.dev;
  skb.dev = dev;
  skb.protocol = ETH_P_IP;
  if ((net.nf.mask & NF_BIT_IPV4_POST_ROUTING) !== 0 && (skb.cb[IPCB_FLAGS] & IPSKB_REROUTED) === 0) {
    const verdict = net.nf.run(NFPROTO_IPV4, NF_INET_POST_ROUTING, sk, skb, indev, dev, ipFinishOutput);
    if (verdict !== NF_HOOK_OK) return verdict;
  }
  return ipFinishOutput(net, sk, skb);
}

/** `ip_finish_output`: fragments what is longer than the way's MTU. */
export function ipFinishOutput(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  const rt = skb.dst as Rtable;
  const mtu = ipSkbDstMtu(net, sk, rt, skb);
  if (skb.len <= mtu && skb.cb[IPCB_FRAG_MAX_SIZE] === 0) return ipFinishOutput2(net, sk, skb);
  return finishOutputLong(net, sk, skb, mtu);
}

/** A stack without {@link ipv4Fragments} treats every packet as one that must not be cut. */
function finishOutputLong(net: Net, sk: SkbSock | null, skb: SkBuff, mtu: number): number {
  const { gsoOutput, fragments } = ipv4Net.of(net).ip;
  if (skb.isGso() && gsoOutput !== null) return gsoOutput(net, sk, skb, mtu);
  return fragments !== null ? fragments.fragment(net, sk, skb, mtu, ipFinishOutput2) : ipFragRefuse(net, skb, mtu);
}

/**
 * `ip_finish_output_gso`: a super-packet goes on whole if its segments fit into the MTU. If not (it is forwarded, and the way out is
 * narrower than the way in) it is cut here and every segment fragmented. 0, -ENOMEM, or the first error of a segment.
 */
export function ipFinishOutputGso(net: Net, sk: SkbSock | null, skb: SkBuff, mtu: number): number {
  if (skbGsoValidateNetworkLen(skb, mtu)) return ipFinishOutput2(net, sk, skb);
  if (ipv4Net.of(net).ip.fragments === null) return ipFragRefuse(net, skb, mtu);
  return skbGsoOutput(net, sk, skb, mtu, finishOutputLong);
}

/** The packet is longer than the way's MTU and must not be cut: its sender is told, and it is freed. -EMSGSIZE. */
export function ipFragRefuse(net: Net, skb: SkBuff, mtu: number): number {
  const { stats, ip } = ipv4Net.of(net);
  stats[IPSTATS_MIB_FRAGFAILS]++;
  ip.icmp?.icmpSend(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu);
  skb.kfree(SKB_DROP_REASON_PKT_TOO_BIG);
  return -EMSGSIZE;
}

/** `ip_skb_dst_mtu`: what this host learned about the path is nothing to a forwarded packet, nor to a socket that probes the path. */
function ipSkbDstMtu(net: Net, sk: SkbSock | null, rt: Rtable, skb: SkBuff): number {
  if (rt.pmtu === 0 && rt.metrics === null) return rt.dev.mtu > 0xffff ? 0xffff : rt.dev.mtu;
  return learnedMtu(net, sk, rt, skb);
}

function learnedMtu(net: Net, sk: SkbSock | null, rt: Rtable, skb: SkBuff): number {
  if (sk !== null && inetSk(sk).pmtudisc >= IP_PMTUDISC_PROBE) return Math.min(rt.dev.mtu, 0xffff);
  const forwarded = (skb.cb[IPCB_FLAGS] & IPSKB_FORWARDED) !== 0;
  const useLearned = !forwarded || ipv4Net.of(net).ipForwardUsePmtu !== 0;
  return rt.forwardMtu(useLearned);
}

/** `ip_finish_output2`: to the neighbour that the packet has to go to. */
function ipFinishOutput2(net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  const rt = skb.dst as Rtable;
  const { dev } = rt;
  const state = ipv4Net.of(net);
  const { stats } = state;
  stats[IPSTATS_MIB_OUTPKTS]++;
  stats[IPSTATS_MIB_OUTOCTETS] += skb.len;
  if (rt.type !== RTN_UNICAST) countToMany(stats, rt.type, skb.len);
  const room = llReservedSpace(dev);
  if (skb.data - skb.head < room && dev.headerOps !== null && skb.cache.cow(skb, room) !== 0) {
    skb.kfree(SKB_DROP_REASON_NOMEM);
    return -ENOMEM;
  }
  const table = state.ip.arpTbl;
  if (table === null) return noNeighbour(skb, -EINVAL);
  const nexthop = rt.gateway !== 0 ? rt.gateway : be32(skb.bytes, skb.networkHeader + IPHDR_DADDR);
  const neigh = table.lookup(dev, nexthop) ?? createNeighbour(table, dev, nexthop);
  return typeof neigh === 'number' ? noNeighbour(skb, neigh) : neighOutput(neigh, skb);
}

function countToMany(stats: Float64Array, type: number, len: number): void {
  if (type === RTN_MULTICAST) {
    stats[IPSTATS_MIB_OUTMCASTPKTS]++;
    stats[IPSTATS_MIB_OUTMCASTOCTETS] += len;
  } else if (type === RTN_BROADCAST) {
    stats[IPSTATS_MIB_OUTBCASTPKTS]++;
    stats[IPSTATS_MIB_OUTBCASTOCTETS] += len;
  }
}

function createNeighbour(table: NeighTable, dev: NetDevice, nexthop: number): Neighbour | number {
  return table.create(dev, nexthop);
}

function noNeighbour(skb: SkBuff, err: number): number {
  const net = (skb.dev as NetDevice).net;
  ipv4Net.of(net).stats[IPSTATS_MIB_OUTDISCARDS]++;
  skb.kfree(SKB_DROP_REASON_NEIGH_CREATEFAIL);
  return err;
}
