/**
 * IPv6 transmission (`net/ipv6/ip6_output.c`, `net/ipv6/output_core.c`).
 *
 *   ip6LocalOut → [LOCAL_OUT] → dst.output = ip6Output → [POST_ROUTING] → ip6FinishOutput → fragment → neighbour → devQueueXmit
 */
import {
  devLoopbackXmit,
  type DstEntry,
  dstOutput,
  llReservedSpace,
  NF_BIT_IPV6_LOCAL_OUT,
  NF_BIT_IPV6_POST_ROUTING,
  NF_HOOK_OK,
  type Net,
  type NetDevice,
  SKB_DROP_REASON_IPV6DISABLED,
  SKB_DROP_REASON_NEIGH_CREATEFAIL,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_NOT_SPECIFIED,
  skbGsoOutput,
  type SkBuff,
  type SkbSock,
  skbGsoValidateNetworkLen,
} from '@skbuff/core';
import { type NeighTable, type Neighbour, neighOutput } from '@skbuff/neighbour';
import {
  EINVAL,
  ENOMEM,
  ETH_P_IPV6,
  IFF_LOOPBACK,
  IPSTATS_MIB_OUTDISCARDS,
  IPSTATS_MIB_OUTMCASTOCTETS,
  IPSTATS_MIB_OUTMCASTPKTS,
  IPSTATS_MIB_OUTNOROUTES,
  IPSTATS_MIB_OUTOCTETS,
  IPSTATS_MIB_OUTPKTS,
  NFPROTO_IPV6,
  NF_INET_LOCAL_OUT,
  NF_INET_POST_ROUTING,
  RTF_CACHE,
  RTF_GATEWAY,
} from '@skbuff/uapi';
import { In6Addr, IPV6HDR_DADDR, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_PAYLOAD_LEN, IPV6HDR_SADDR, in6Word, setBe16 } from '@skbuff/wire';
import { IPV6_ADDR_SCOPE_NODELOCAL } from './addrconf-core.ts';
import { type Inet6Dev, in6DevGet } from './if-inet6.ts';
import { IP6CB_FLAGS, IP6CB_FRAG_MAX_SIZE, IP6CB_NHOFF, IP6SKB_FORWARDED, IP6SKB_REROUTED } from './ip6-cb.ts';
import { ip6Fragment } from './ip6-fragment.ts';
import { ip6SkbDstMtu } from './ip6-room.ts';
import { type Ipv6, ipv6Net } from './ipv6-net.ts';
import { inet6Sk } from './ipv6-sock.ts';
import type { Rt6Info } from './rt6-info.ts';
import { ip6AddStats, ip6IncStats } from './snmp.ts';

/** Longest payload whose length the header can say. */
const IPV6_MAXPLEN = 0xffff;

/** Addresses of the packet that is looked at. */
const group: In6Addr = new In6Addr();
const source: In6Addr = new In6Addr();

/**
 * `ip6_local_out`: sends a packet of this host whose dst is set and whose header is complete but for the length. Its maker has counted
 * it (OUTREQUESTS). Takes over the sk_buff. 0, NET_XMIT_*, or a negative errno (-EPERM: a hook dropped it).
 */
export function ip6LocalOut(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  const len = skb.len - IPV6HDR_LEN;
  setBe16(skb.bytes, skb.networkHeader + IPV6HDR_PAYLOAD_LEN, len > IPV6_MAXPLEN ? 0 : len);
  skb.cb[IP6CB_NHOFF] = IPV6HDR_NEXTHDR;
  skb.protocol = ETH_P_IPV6;
  const dst = skb.dst as DstEntry;
  if ((net.nf.mask & NF_BIT_IPV6_LOCAL_OUT) !== 0) {
    const verdict = net.nf.run(NFPROTO_IPV6, NF_INET_LOCAL_OUT, sk, skb, null, dst.dev, dstOutput);
    if (verdict !== NF_HOOK_OK) return verdict;
  }
  // A hook may have rerouted the packet: not `dst`.
  return (skb.dst as DstEntry).output(net, sk, skb);
}

/**
 * What is left of `ip6_local_out` for a packet with its header complete, its length too: LOCAL_OUT, and its route's `output`. Takes over the
 * sk_buff. 0, NET_XMIT_*, or a negative errno.
 */
export function ip6HookOut(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  if ((net.nf.mask & NF_BIT_IPV6_LOCAL_OUT) !== 0) {
    const verdict = net.nf.run(NFPROTO_IPV6, NF_INET_LOCAL_OUT, sk, skb, null, (skb.dst as DstEntry).dev, dstOutput);
    if (verdict !== NF_HOOK_OK) return verdict;
  }
  // A hook may have rerouted the packet.
  return dstOutput(net, sk, skb);
}

/** `ip6_output`: `dst.output` of every route, to one or to many. */
export function ip6Output(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  const { dev, idev } = skb.dst as Rt6Info;
  const indev = skb.dev;
  skb.protocol = ETH_P_IPV6;
  skb.dev = dev;
  if (idev === null || idev.cnf.disableIpv6 !== 0) return outputDisabled(net, skb, idev);
  if ((net.nf.mask & NF_BIT_IPV6_POST_ROUTING) !== 0 && (skb.cb[IP6CB_FLAGS] & IP6SKB_REROUTED) === 0) {
    const verdict = net.nf.run(NFPROTO_IPV6, NF_INET_POST_ROUTING, sk, skb, indev, dev, ip6FinishOutput);
    if (verdict !== NF_HOOK_OK) return verdict;
  }
  return ip6FinishOutput(net, sk, skb);
}

function outputDisabled(net: Net, skb: SkBuff, idev: Inet6Dev | null): number {
  ip6IncStats(ipv6Net.of(net), idev, IPSTATS_MIB_OUTDISCARDS);
  skb.kfree(SKB_DROP_REASON_IPV6DISABLED);
  return 0;
}

/** `ip6_finish_output`: what is longer than the way's MTU is cut. */
export function ip6FinishOutput(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  const rt = skb.dst as Rt6Info;
  const link = rt.pmtu === 0 && rt.metrics === null ? in6DevGet(rt.dev) : null;
  const mtu = link !== null ? link.cnf.mtu6 : ip6SkbDstMtu(skb);
  if (skb.len <= mtu && skb.cb[IP6CB_FRAG_MAX_SIZE] === 0) return ip6FinishOutput2(net, sk, skb);
  return finishOutputLong(net, sk, skb);
}

function finishOutputLong(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  const mtu = ip6SkbDstMtu(skb);
  if (skb.isGso()) return ip6FinishOutputGso(net, sk, skb, mtu);
  const maxSize = skb.cb[IP6CB_FRAG_MAX_SIZE];
  if (skb.len > mtu || (maxSize !== 0 && skb.len > maxSize)) return ip6Fragment(net, sk, skb, ip6FinishOutput2);
  return ip6FinishOutput2(net, sk, skb);
}

/**
 * `ip6_finish_output_gso`: a super-packet goes on whole if its segments fit into the MTU. If not (it is forwarded, and the way out is
 * narrower than the way in) it is cut here, and fragmented what is too long still. 0, -ENOMEM, or the first error of a segment.
 */
function ip6FinishOutputGso(net: Net, sk: SkbSock | null, skb: SkBuff, mtu: number): number {
  if (skbGsoValidateNetworkLen(skb, mtu)) return ip6FinishOutput2(net, sk, skb);
  return skbGsoOutput(net, sk, skb, mtu, outputSegment);
}

function outputSegment(net: Net, sk: SkbSock | null, seg: SkBuff, mtu: number): number {
  return seg.len > mtu ? ip6Fragment(net, sk, seg, ip6FinishOutput2) : ip6FinishOutput2(net, sk, seg);
}

/** `ip6_finish_output2`: to the neighbour that the packet has to go to. */
function ip6FinishOutput2(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  const rt = skb.dst as Rt6Info;
  const { dev } = rt;
  const room = llReservedSpace(dev);
  if (skb.data - skb.head < room && dev.headerOps !== null && skb.cache.cow(skb, room) !== 0) return noRoom(net, skb, rt);
  const { bytes } = skb;
  const daddr = skb.networkHeader + IPV6HDR_DADDR;
  if (bytes[daddr] === 0xff && !toMany(net, sk, skb, rt)) return 0;
  const { stats, ip } = ipv6Net.of(net);
  const own = (rt.idev as Inet6Dev).stats;
  stats[IPSTATS_MIB_OUTPKTS]++;
  own[IPSTATS_MIB_OUTPKTS]++;
  stats[IPSTATS_MIB_OUTOCTETS] += skb.len;
  own[IPSTATS_MIB_OUTOCTETS] += skb.len;
  if (ip.ndisc === null) return noNeighbour(net, skb, rt);
  const { tbl } = ip.ndisc;
  const via = rt.gateway;
  const neigh =
    (rt.rtFlags & (RTF_CACHE | RTF_GATEWAY)) !== 0
      ? tbl.lookup(dev, via.w0, via.w1, via.w2, via.w3)
      : tbl.lookup(dev, in6Word(bytes, daddr), in6Word(bytes, daddr + 4), in6Word(bytes, daddr + 8), in6Word(bytes, daddr + 12));
  return neigh !== null ? neighOutput(neigh, skb) : newNeighbour(net, skb, rt, tbl);
}

/** Nobody has sent there yet. */
function newNeighbour(net: Net, skb: SkBuff, rt: Rt6Info, tbl: NeighTable): number {
  const { w0, w1, w2, w3 } = rt.nexthop(group.load(skb.bytes, skb.networkHeader + IPV6HDR_DADDR));
  const neigh: Neighbour | number = tbl.create(rt.dev, w0, w1, w2, w3);
  return typeof neigh === 'number' ? noNeighbour(net, skb, rt) : neighOutput(neigh, skb);
}

function noNeighbour(net: Net, skb: SkBuff, rt: Rt6Info): number {
  ip6IncStats(ipv6Net.of(net), rt.idev, IPSTATS_MIB_OUTNOROUTES);
  skb.kfree(SKB_DROP_REASON_NEIGH_CREATEFAIL);
  return -EINVAL;
}

function noRoom(net: Net, skb: SkBuff, rt: Rt6Info): number {
  ip6IncStats(ipv6Net.of(net), rt.idev, IPSTATS_MIB_OUTDISCARDS);
  skb.kfree(SKB_DROP_REASON_NOMEM);
  return -ENOMEM;
}

/** To a group: this host hears it too if it listens, and what is of interface-local scope nobody else. False: it goes no further and was freed. */
function toMany(net: Net, sk: SkbSock | null, skb: SkBuff, rt: Rt6Info): boolean {
  const state = ipv6Net.of(net);
  const { bytes, networkHeader: iph } = skb;
  const { dev, idev } = rt;
  const loopback = (dev.flags & IFF_LOOPBACK) !== 0;
  group.load(bytes, iph + IPV6HDR_DADDR);
  source.load(bytes, iph + IPV6HDR_SADDR);
  if (!loopback && mcLoop(sk) && isHeardHere(net, skb, dev, state.ip)) {
    loopBack(net, sk, skb);
    if (bytes[iph + IPV6HDR_HOP_LIMIT] === 0) {
      ip6IncStats(state, idev, IPSTATS_MIB_OUTDISCARDS);
      return freed(skb);
    }
  }
  ip6IncStats(state, idev, IPSTATS_MIB_OUTMCASTPKTS);
  ip6AddStats(state, idev, IPSTATS_MIB_OUTMCASTOCTETS, skb.len);
  return loopback || (bytes[iph + IPV6HDR_DADDR + 1] & 0x0f) > IPV6_ADDR_SCOPE_NODELOCAL || freed(skb);
}

/** By who is in the group; and what the daemon of the multicast routing sends comes back to it although nobody joined. */
function isHeardHere(net: Net, skb: SkBuff, dev: NetDevice, { mld, mroute }: Ipv6): boolean {
  if (mroute !== null && (skb.cb[IP6CB_FLAGS] & IP6SKB_FORWARDED) === 0 && mroute.isSocket(net, skb)) return true;
  return mld !== null && mld.chkMcastAddr(dev, group, source);
}

function freed(skb: SkBuff): false {
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return false;
}

/** `sk_mc_loop`: whether the sender wants its host to hear it; what nobody sends, because it is forwarded, is heard. */
function mcLoop(sk: SkbSock | null): boolean {
  return inet6Sk(sk)?.mcLoop ?? true;
}

/** A copy for this host, through POST_ROUTING as the original. */
function loopBack(net: Net, sk: SkbSock | null, skb: SkBuff): void {
  const copy = skb.clone();
  if (copy === null) return;
  if ((net.nf.mask & NF_BIT_IPV6_POST_ROUTING) !== 0) {
    if (net.nf.run(NFPROTO_IPV6, NF_INET_POST_ROUTING, sk, copy, null, copy.dev, devLoopbackXmit) !== NF_HOOK_OK) return;
  }
  devLoopbackXmit(net, sk, copy);
}
