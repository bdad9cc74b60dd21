/** Is the source of a received packet believable (`fib_validate_source`; RFC 3704)? */
import {
  type NetDevice,
  SKB_DROP_REASON_IP_INVALID_SOURCE,
  SKB_DROP_REASON_IP_LOCAL_SOURCE,
  SKB_DROP_REASON_IP_RPFILTER,
  type SkBuff,
} from '@skbuff/core';
import type { InDevice } from '@skbuff/ipv4';
import { RTN_LOCAL, RTN_UNICAST, RT_SCOPE_HOST } from '@skbuff/uapi';
import type { Flowi4 } from '@skbuff/ipv4';
import { earlyFlowDissect } from './flow-dissect.ts';
import { FIB_LOOKUP_IGNORE_LINKSTATE, fibLookupIn } from './fib-lookup.ts';
import type { FibInfo } from './fib-info.ts';
import type { FibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';
import type { FibResult } from './fib-result.ts';
import { inDevAcceptLocal, inDevRpfilter, inDevTxRedirects } from '@skbuff/ipv4';

/** The source is directly connected: on the link that the packet came by. */
export const FIB_SOURCE_ONLINK = -1;

/** Index of the loopback device in every namespace. */
const LOOPBACK_IFINDEX = 1;

/**
 * 0: fine; {@link FIB_SOURCE_ONLINK}: fine, and the sender is a neighbour; else SKB_DROP_REASON_*. Sets `state.itag`. `oif`: where the
 * packet would leave, 0 if it stays.
 *
 * Without reverse path filtering and realms only this host's own addresses are looked up: no route is needed for that.
 */
export function fibValidateSource(state: FibNet, skb: SkBuff, src: number, dst: number, tos: number, oif: number, dev: NetDevice, idev: InDevice): number {
  const rpf = skb.sp !== null ? 0 : inDevRpfilter(idev);
  if (rpf === 0 && state.tclassidUsers === 0 && (dev.ifindex !== oif || !inDevTxRedirects(idev))) {
    const accept = inDevAcceptLocal(idev);
    if (accept || (!state.hasCustomLocalRoutes && state.rules === null)) {
      state.itag = 0;
      return !accept && state.addrs.has(src) ? SKB_DROP_REASON_IP_LOCAL_SOURCE : 0;
    }
  }
  return fullCheck(state, skb, src, dst, tos, oif, dev, rpf, idev);
}

/** `__fib_validate_source`: what would the way back to the source be? */
function fullCheck(state: FibNet, skb: SkBuff, src: number, dst: number, tos: number, oif: number, dev: NetDevice, rpf: number, idev: InDevice): number {
  const { srcFlow: fl4, srcRes: res } = state;
  fl4.init(0, idev.cnf.srcValidMark !== 0 || idev.all.srcValidMark !== 0 ? skb.mark : 0, tos, 0, 0, 0, src, dst, 0, 0);
  fl4.iif = oif !== 0 ? oif : LOOPBACK_IFINDEX;
  state.itag = 0;
  if (state.rules !== null) dissectBackwards(state, skb, fl4);
  if (fibLookupIn(state, fl4, res, 0) !== 0) return lastResort(rpf);
  if (res.type !== RTN_UNICAST && (res.type !== RTN_LOCAL || !inDevAcceptLocal(idev))) {
    return res.type === RTN_LOCAL ? SKB_DROP_REASON_IP_LOCAL_SOURCE : SKB_DROP_REASON_IP_INVALID_SOURCE;
  }
  state.itag = (res.nh as FibNh).tclassid * 0x10000 + res.tclassid;
  if (usesDev(res, dev) || (res.type === RTN_LOCAL && dev === state.net.loopbackDev)) return onlink(res);
  if (idev.ifaList.length === 0) return lastResort(rpf);
  if (rpf === 1) return SKB_DROP_REASON_IP_RPFILTER;
  fl4.oif = dev.ifindex;
  return fibLookupIn(state, fl4, res, FIB_LOOKUP_IGNORE_LINKSTATE) === 0 && res.type === RTN_UNICAST ? onlink(res) : 0;
}

/** A packet of the way back has the ports exchanged. */
function dissectBackwards(state: FibNet, skb: SkBuff, fl4: Flowi4): void {
  earlyFlowDissect(state, skb, fl4);
  const { sport } = fl4;
  fl4.sport = fl4.dport;
  fl4.dport = sport;
}

function lastResort(rpf: number): number {
  return rpf !== 0 ? SKB_DROP_REASON_IP_RPFILTER : 0;
}

function onlink(res: FibResult): number {
  return (res.nh as FibNh).scope >= RT_SCOPE_HOST ? FIB_SOURCE_ONLINK : 0;
}

/** `fib_info_nh_uses_dev`: whether one of the ways back is the interface that the packet came by. */
function usesDev(res: FibResult, dev: NetDevice): boolean {
  return (res.fi as FibInfo).nhs.some((nh) => nh.dev === dev);
}
