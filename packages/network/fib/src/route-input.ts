/** The way of a received packet: `ip_route_input_noref` (`net/ipv4/route.c`). */
import {
  DST_OBSOLETE_FORCE_CHK,
  type NetDevice,
  SKB_DROP_REASON_ARP_PVLAN_DISABLE,
  SKB_DROP_REASON_INVALID_PROTO,
  SKB_DROP_REASON_IP_INVALID_DEST,
  SKB_DROP_REASON_IP_INVALID_SOURCE,
  SKB_DROP_REASON_IP_LOCALNET,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_NOT_DROPPED_YET,
  type SkBuff,
} from '@skbuff/core';
import { type Flowi4, IPCB_FLAGS, IPSKB_DOREDIRECT, type InDevice, RTCF_BROADCAST, RTCF_LOCAL, inDevGet, inetAddrOnlink, ipForward, inDevBforward, inDevProxyArpPvlan, inDevRouteLocalnet, inDevSharedMedia, inDevTxRedirects } from '@skbuff/ipv4';
import { EHOSTUNREACH, ETH_P_IP, RTN_BROADCAST, RTN_LOCAL, RTN_UNICAST, RTN_UNREACHABLE } from '@skbuff/uapi';
import { earlyFlowDissect } from './flow-dissect.ts';
import { fibLookupIn, fibLookupTables } from './fib-lookup.ts';
import { fibMultipathHash, fibSelectMultipath } from './fib-multipath.ts';
import { type FibNet, fibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';
import type { FibNhException } from './fib-nh-exception.ts';
import type { FibResult } from './fib-result.ts';
import { FIB_SOURCE_ONLINK, fibValidateSource } from './fib-validate.ts';
import { ipError, ipRtBug } from './route-error.ts';
import { martianDestination, martianSource } from './route-martian.ts';
import { routeInputMc } from './route-input-mc.ts';
import { findException, rtCacheRoute, rtCacheValid, rtAddUncached, rtDstAlloc, rtSetNexthop } from './route.ts';

/** Bits of the TOS byte that are the DSCP. */
const INET_DSCP_MASK = 0xfc;

/**
 * `ip_route_input_noref`: attaches the (borrowed) decision for a received packet. 0, or the drop reason; the sk_buff stays the caller's.
 * `daddr`, `saddr` u32. For a packet to be forwarded over a next hop that was used before it allocates nothing.
 */
export function ipRouteInputNoref(skb: SkBuff, daddr: number, saddr: number, tos: number, dev: NetDevice): number {
  const inDev = inDevGet(dev);
  if (inDev === null) return SKB_DROP_REASON_NOT_SPECIFIED;
  const state = fibNet.of(dev.net);
  tos &= INET_DSCP_MASK;
  // First octets 1..126 and 128..223 need no closer look.
  const s = saddr >>> 24;
  const d = daddr >>> 24;
  if (s === 0 || d === 0 || s === 127 || d === 127 || s > 223 || d > 223) {
    if (d > 223 && d < 240) return routeInputMc(state, skb, daddr, saddr, tos, dev, inDev);
    if (daddr === 0xffffffff || (saddr === 0 && daddr === 0)) {
      return isGroup(saddr) ? martianSource(skb, SKB_DROP_REASON_IP_INVALID_SOURCE, daddr, saddr, dev, inDev) : broadcastInput(state, skb, daddr, saddr, tos, dev, inDev, null);
    }
    const martian = checkMartian(skb, daddr, saddr, dev, inDev);
    if (martian !== 0) return martian;
  }
  const { inFlow: fl4, inRes: res } = state;
  fl4.daddr = daddr;
  fl4.saddr = saddr;
  fl4.iif = dev.ifindex;
  fl4.mark = skb.mark;
  fl4.tos = tos;
  const err = state.rules === null ? fibLookupTables(state, fl4, res, 0) : lookupByRules(state, skb, fl4, res);
  if (err !== 0) return noRoute(state, skb, inDev.cnf.forwarding !== 0 ? err : -EHOSTUNREACH);
  if (res.type === RTN_UNICAST && inDev.cnf.forwarding !== 0) return mkrouteInput(state, skb, daddr, saddr, tos, dev, inDev, res);
  return notForwarded(state, skb, daddr, saddr, tos, dev, inDev, res);
}

function lookupByRules(state: FibNet, skb: SkBuff, fl4: Flowi4, res: FibResult): number {
  earlyFlowDissect(state, skb, fl4);
  return fibLookupIn(state, fl4, res, 0);
}

/** Multicast or limited broadcast: nobody's own address. */
function isGroup(addr: number): boolean {
  return addr >>> 28 === 0xe || addr === 0xffffffff;
}

/** Sources and destinations that no packet on a wire may have. 0 or the drop reason. */
function checkMartian(skb: SkBuff, daddr: number, saddr: number, dev: NetDevice, inDev: InDevice): number {
  if (isGroup(saddr) || saddr === 0) return martianSource(skb, SKB_DROP_REASON_IP_INVALID_SOURCE, daddr, saddr, dev, inDev);
  if (daddr === 0) return martianDestination(skb, SKB_DROP_REASON_IP_INVALID_DEST, daddr, saddr, dev, inDev);
  if (daddr >>> 24 === 127 && !inDevRouteLocalnet(inDev)) return martianDestination(skb, SKB_DROP_REASON_IP_LOCALNET, daddr, saddr, dev, inDev);
  if (daddr >>> 24 !== 127 && saddr >>> 24 === 127 && !inDevRouteLocalnet(inDev)) return martianSource(skb, SKB_DROP_REASON_IP_LOCALNET, daddr, saddr, dev, inDev);
  return 0;
}

/** What is left of `ip_route_input_slow` when the packet is not simply forwarded. */
function notForwarded(state: FibNet, skb: SkBuff, daddr: number, saddr: number, tos: number, dev: NetDevice, inDev: InDevice, res: FibResult): number {
  if (res.type === RTN_LOCAL) {
    const reason = fibValidateSource(state, skb, saddr, daddr, tos, 0, dev, inDev);
    return reason > 0 ? martianSource(skb, reason, daddr, saddr, dev, inDev) : localInput(state, skb, res.nh, RTN_LOCAL, 0);
  }
  return neitherForwardedNorLocal(state, skb, daddr, saddr, tos, dev, inDev, res);
}

function neitherForwardedNorLocal(
  state: FibNet,
  skb: SkBuff,
  daddr: number,
  saddr: number,
  tos: number,
  dev: NetDevice,
  inDev: InDevice,
  res: FibResult,
): number {
  if (res.type === RTN_BROADCAST) {
    if (inDevBforward(inDev)) return mkrouteInput(state, skb, daddr, saddr, tos, dev, inDev, res);
    return broadcastInput(state, skb, daddr, saddr, tos, dev, inDev, inDev.all.bcForwarding !== 0 ? null : res);
  }
  if (inDev.cnf.forwarding === 0) return noRoute(state, skb, -EHOSTUNREACH);
  return martianDestination(skb, SKB_DROP_REASON_IP_INVALID_DEST, daddr, saddr, dev, inDev);
}

/** For everybody on the link. `res` null: there is no route, or its decision may not be kept. */
function broadcastInput(state: FibNet, skb: SkBuff, daddr: number, saddr: number, tos: number, dev: NetDevice, inDev: InDevice, res: FibResult | null): number {
  if (skb.protocol !== ETH_P_IP) return SKB_DROP_REASON_INVALID_PROTO;
  state.itag = 0;
  if (saddr !== 0) {
    const reason = fibValidateSource(state, skb, saddr, 0, tos, 0, dev, inDev);
    if (reason > 0) return martianSource(skb, reason, daddr, saddr, dev, inDev);
  }
  return localInput(state, skb, res === null ? null : res.nh, RTN_BROADCAST, RTCF_BROADCAST);
}

/** To this host. The decision is kept at the route's next hop, if there is one. */
function localInput(state: FibNet, skb: SkBuff, nh: FibNh | null, type: number, flags: number): number {
  const keep = nh !== null && state.itag === 0;
  if (keep) {
    const cached = nh.rthInput;
    if (cached !== null && rtCacheValid(state, cached)) {
      skb.dstSetNoref(cached);
      return SKB_NOT_DROPPED_YET;
    }
  }
  const rt = rtDstAlloc(state, state.net.loopbackDev ?? (skb.dev as NetDevice), type, flags | RTCF_LOCAL, true);
  rt.output = ipRtBug;
  if (keep) rtCacheRoute(state.fib, nh, rt);
  else rtAddUncached(state.fib, rt);
  skb.dstSet(rt);
  return SKB_NOT_DROPPED_YET;
}

/** Nowhere: {@link ipError} will say so to the sender. `err` negative. */
function noRoute(state: FibNet, skb: SkBuff, err: number): number {
  const rt = rtDstAlloc(state, state.net.loopbackDev ?? (skb.dev as NetDevice), RTN_UNREACHABLE, 0, true);
  rt.output = ipRtBug;
  rt.input = ipError;
  rt.error = err;
  rtAddUncached(state.fib, rt);
  skb.dstSet(rt);
  return SKB_NOT_DROPPED_YET;
}

/** `ip_mkroute_input`: to another host. */
function mkrouteInput(state: FibNet, skb: SkBuff, daddr: number, saddr: number, tos: number, dev: NetDevice, inDev: InDevice, res: FibResult): number {
  const { fi } = res;
  if (fi !== null && fi.nhs.length > 1) fibSelectMultipath(res, fibMultipathHash(state, saddr, daddr));
  const nh = res.nh as FibNh;
  const outDev = nh.dev as NetDevice;
  const source = fibValidateSource(state, skb, saddr, daddr, tos, outDev.ifindex, dev, inDev);
  if (source > 0) return martianSource(skb, source, daddr, saddr, dev, inDev);
  if (outDev === dev) {
    if (source === FIB_SOURCE_ONLINK) wantRedirect(skb, saddr, nh, inDev);
    if (skb.protocol !== ETH_P_IP && !inDevProxyArpPvlan(inDev)) return SKB_DROP_REASON_ARP_PVLAN_DISABLE;
  } else if (inDevGet(outDev) === null) return SKB_DROP_REASON_NOT_SPECIFIED;
  if (nh.exceptions !== null || state.itag !== 0) return mkrouteInputSlow(state, skb, daddr, nh, res);
  const cached = nh.rthInput;
  if (cached === null || cached.obsolete !== DST_OBSOLETE_FORCE_CHK || cached.genid !== state.rtGenid) return mkrouteInputSlow(state, skb, daddr, nh, res);
  skb.dstSetNoref(cached);
  return SKB_NOT_DROPPED_YET;
}

/** The packet goes back where it came from: if sender and next hop are on one link, the sender shall be told (RFC 1812 §5.2.7.2). */
function wantRedirect(skb: SkBuff, saddr: number, nh: FibNh, inDev: InDevice): void {
  if (!inDevTxRedirects(inDev) || skb.protocol !== ETH_P_IP) return;
  if (inDevSharedMedia(inDev) || inetAddrOnlink(inDev, saddr, nh.gw)) skb.cb[IPCB_FLAGS] |= IPSKB_DOREDIRECT;
}

/** There is something known about the destination, or no decision is kept yet. */
function mkrouteInputSlow(state: FibNet, skb: SkBuff, daddr: number, nh: FibNh, res: FibResult): number {
  const keep = res.fi !== null && state.itag === 0;
  const fnhe: FibNhException | null = findException(state, nh, daddr);
  const cached = fnhe !== null ? fnhe.rthInput : nh.rthInput;
  if (keep && cached !== null && rtCacheValid(state, cached)) {
    skb.dstSetNoref(cached);
    return SKB_NOT_DROPPED_YET;
  }
  const rt = rtDstAlloc(state, nh.dev as NetDevice, res.type, 0, true);
  rt.input = ipForward;
  rtSetNexthop(state, rt, nh, res.fi, fnhe, keep);
  skb.dstSet(rt);
  return SKB_NOT_DROPPED_YET;
}
