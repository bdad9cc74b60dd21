/** The way of a received packet (`ip_route_input_noref`): to this host, or nowhere. */
import {
  type NetDevice,
  SKB_DROP_REASON_INVALID_PROTO,
  SKB_DROP_REASON_IP_INADDRERRORS,
  SKB_DROP_REASON_IP_INVALID_DEST,
  SKB_DROP_REASON_IP_INVALID_SOURCE,
  SKB_DROP_REASON_IP_LOCALNET,
  SKB_DROP_REASON_IP_LOCAL_SOURCE,
  SKB_DROP_REASON_IP_RPFILTER,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_NOT_DROPPED_YET,
  type SkBuff,
} from '@skbuff/core';
import {
  type InDevice,
  RTCF_BROADCAST,
  RTCF_LOCAL,
  RTCF_MULTICAST,
  inDevGet,
  ipCheckMc,
  ipv4Net,
  inDevAcceptLocal,
  inDevRouteLocalnet,
  inDevRpfilter,
} from '@skbuff/ipv4';
import {
  EHOSTUNREACH,
  ETH_P_IP,
  IPPROTO_IGMP,
  IPSTATS_MIB_INADDRERRORS,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_UNICAST,
  RTN_UNREACHABLE,
} from '@skbuff/uapi';
import { IPHDR_PROTOCOL, ipv4IsLbcast, ipv4IsLoopback, ipv4IsMulticast } from '@skbuff/wire';
import { type HostNet, hostNet } from './host-net.ts';

/**
 * Attaches the (borrowed) decision for a received packet. 0, or the drop reason; the sk_buff stays the caller's. `daddr`, `saddr` u32.
 * Allocates nothing but the first of each kind after a change of addresses.
 */
export function hostRouteInput(skb: SkBuff, daddr: number, saddr: number, _tos: number, dev: NetDevice): number {
  const inDev = inDevGet(dev);
  if (inDev === null) return SKB_DROP_REASON_NOT_SPECIFIED;
  const state = hostNet.of(dev.net);
  if (ipv4IsMulticast(daddr)) return multicast(state, skb, daddr, saddr, dev, inDev);
  if (ipv4IsMulticast(saddr) || ipv4IsLbcast(saddr)) return SKB_DROP_REASON_IP_INVALID_SOURCE;
  if (ipv4IsLbcast(daddr) || (saddr === 0 && daddr === 0)) return broadcast(state, skb, saddr, dev, inDev);
  const martian = checkMartian(daddr, saddr, inDev);
  if (martian !== 0) return martian;
  const route = state.lookup(daddr, 0, 0);
  if (route === null || route.type === RTN_UNICAST) return notHere(state, skb, dev);
  if (route.type === RTN_BROADCAST) return broadcast(state, skb, saddr, dev, inDev);
  const reason = validateSource(state, skb, saddr, dev, inDev);
  if (reason === 0) skb.dstSetNoref(state.input(dev, RTN_LOCAL, RTCF_LOCAL));
  return reason;
}

/** Sources and destinations that no packet on a wire may have. 0 or the drop reason. */
function checkMartian(daddr: number, saddr: number, inDev: InDevice): number {
  if (saddr === 0) return SKB_DROP_REASON_IP_INVALID_SOURCE;
  if (daddr === 0) return SKB_DROP_REASON_IP_INVALID_DEST;
  return (ipv4IsLoopback(daddr) || ipv4IsLoopback(saddr)) && !inDevRouteLocalnet(inDev) ? SKB_DROP_REASON_IP_LOCALNET : 0;
}

/** For another host, to which this one does not forward. */
function notHere(state: HostNet, skb: SkBuff, dev: NetDevice): number {
  const rt = state.input(dev, RTN_UNREACHABLE, 0);
  rt.input = hostError;
  rt.error = -EHOSTUNREACH;
  skb.dstSetNoref(rt);
  return SKB_NOT_DROPPED_YET;
}

/** `ip_error`, for a host: the packet is counted and freed, and nobody is told. */
function hostError(skb: SkBuff): number {
  ipv4Net.of((skb.dev as NetDevice).net).stats[IPSTATS_MIB_INADDRERRORS]++;
  skb.kfree(SKB_DROP_REASON_IP_INADDRERRORS);
  return 0;
}

/** For everybody on the link. */
function broadcast(state: HostNet, skb: SkBuff, saddr: number, dev: NetDevice, inDev: InDevice): number {
  if (skb.protocol !== ETH_P_IP) return SKB_DROP_REASON_INVALID_PROTO;
  const reason = saddr === 0 ? 0 : validateSource(state, skb, saddr, dev, inDev);
  if (reason === 0) skb.dstSetNoref(state.input(dev, RTN_BROADCAST, RTCF_BROADCAST | RTCF_LOCAL));
  return reason;
}

/** `ip_route_input_mc`: for a group, if the interface is in it. */
function multicast(state: HostNet, skb: SkBuff, daddr: number, saddr: number, dev: NetDevice, inDev: InDevice): number {
  const protocol = skb.bytes[skb.networkHeader + IPHDR_PROTOCOL];
  if (!ipCheckMc(inDev, daddr, saddr, protocol)) return SKB_DROP_REASON_NOT_SPECIFIED;
  if (ipv4IsMulticast(saddr) || ipv4IsLbcast(saddr)) return SKB_DROP_REASON_IP_INVALID_SOURCE;
  if (skb.protocol !== ETH_P_IP) return SKB_DROP_REASON_INVALID_PROTO;
  if (ipv4IsLoopback(saddr) && !inDevRouteLocalnet(inDev)) return SKB_DROP_REASON_IP_LOCALNET;
  // A host without an address yet may speak on its link, and say what it listens to.
  const mayBeNobody = daddr >>> 8 === 0xe00000 || protocol === IPPROTO_IGMP;
  const reason = saddr !== 0 ? validateSource(state, skb, saddr, dev, inDev) : mayBeNobody ? 0 : SKB_DROP_REASON_IP_INVALID_SOURCE;
  if (reason === 0) skb.dstSetNoref(state.input(dev, RTN_MULTICAST, RTCF_MULTICAST | RTCF_LOCAL));
  return reason;
}

/** `fib_validate_source`: nobody else has an address of this host; with `rp_filter` the way back must be the way that the packet came (RFC 3704). */
function validateSource(state: HostNet, skb: SkBuff, saddr: number, dev: NetDevice, inDev: InDevice): number {
  const rpf = skb.sp !== null ? 0 : inDevRpfilter(inDev);
  if (rpf === 0) return state.isOurs(saddr) && !inDevAcceptLocal(inDev) ? SKB_DROP_REASON_IP_LOCAL_SOURCE : 0;
  const back = state.lookup(saddr, 0, 0);
  if (back === null) return SKB_DROP_REASON_IP_RPFILTER;
  if (back.type === RTN_BROADCAST) return SKB_DROP_REASON_IP_INVALID_SOURCE;
  const local = back.type === RTN_LOCAL;
  if (local && !inDevAcceptLocal(inDev)) return SKB_DROP_REASON_IP_LOCAL_SOURCE;
  if (back.dev === dev || (local && dev === state.net.loopbackDev)) return 0;
  return rpf === 1 || inDev.ifaList.length === 0 ? SKB_DROP_REASON_IP_RPFILTER : 0;
}
