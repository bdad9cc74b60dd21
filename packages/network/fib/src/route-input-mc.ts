/** Received multicast: `ip_route_input_mc`. */
import {
  type NetDevice,
  SKB_DROP_REASON_INVALID_PROTO,
  SKB_DROP_REASON_IP_INVALID_SOURCE,
  SKB_DROP_REASON_IP_LOCALNET,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_NOT_DROPPED_YET,
  type SkBuff,
} from '@skbuff/core';
import { type InDevice, RTCF_LOCAL, RTCF_MULTICAST, ipCheckMc, inDevRouteLocalnet } from '@skbuff/ipv4';
import { ETH_P_IP, IPPROTO_IGMP, RTN_MULTICAST } from '@skbuff/uapi';
import { IPHDR_PROTOCOL } from '@skbuff/wire';
import type { FibNet } from './fib-net.ts';
import { fibValidateSource } from './fib-validate.ts';
import { ipRtBug } from './route-error.ts';
import { rtAddUncached, rtDstAlloc } from './route.ts';

/** 224.0.0.0/24: never forwarded. */
export function ipv4IsLocalMulticast(addr: number): boolean {
  return addr >>> 8 === 0xe00000;
}

/** 0 with a decision of the packet's own (it is not kept: every sender would need one), or the drop reason. */
export function routeInputMc(state: FibNet, skb: SkBuff, daddr: number, saddr: number, tos: number, dev: NetDevice, inDev: InDevice): number {
  const ours = ipCheckMc(inDev, daddr, saddr, skb.bytes[skb.networkHeader + IPHDR_PROTOCOL]);
  const { mroute } = state.fib.ip;
  const forward = mroute !== null && !ipv4IsLocalMulticast(daddr) && inDev.cnf.mcForwarding !== 0;
  if (!ours && !forward) return SKB_DROP_REASON_NOT_SPECIFIED;
  const reason = validateSource(state, skb, daddr, saddr, tos, dev, inDev);
  if (reason > 0) return reason;
  const rt = rtDstAlloc(state, state.net.loopbackDev ?? dev, RTN_MULTICAST, ours ? RTCF_MULTICAST | RTCF_LOCAL : RTCF_MULTICAST, true);
  rt.output = ipRtBug;
  if (forward) rt.input = mroute.input;
  rtAddUncached(state.fib, rt);
  skb.dstSet(rt);
  return SKB_NOT_DROPPED_YET;
}

/** `ip_mc_validate_source`. */
function validateSource(state: FibNet, skb: SkBuff, daddr: number, saddr: number, tos: number, dev: NetDevice, inDev: InDevice): number {
  if (saddr >>> 28 === 0xe || saddr === 0xffffffff) return SKB_DROP_REASON_IP_INVALID_SOURCE;
  if (skb.protocol !== ETH_P_IP) return SKB_DROP_REASON_INVALID_PROTO;
  if (saddr >>> 24 === 127 && !inDevRouteLocalnet(inDev)) return SKB_DROP_REASON_IP_LOCALNET;
  if (saddr !== 0) return fibValidateSource(state, skb, saddr, 0, tos, 0, dev, inDev);
  // A host without an address yet may speak on its link, and say what it listens to.
  const igmp = skb.bytes[skb.networkHeader + IPHDR_PROTOCOL] === IPPROTO_IGMP;
  return ipv4IsLocalMulticast(daddr) || igmp ? 0 : SKB_DROP_REASON_IP_INVALID_SOURCE;
}
