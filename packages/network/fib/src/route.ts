/** Making and keeping decisions (`net/ipv4/route.c`): `struct rtable`, one per next hop and direction. */
import { DST_OBSOLETE_FORCE_CHK, type DstEntry, type Net, type NetDevice } from '@skbuff/core';
import { RTCF_LOCAL, Rtable, ipLocalDeliver, ipOutput } from '@skbuff/ipv4';
import { RT_SCOPE_LINK } from '@skbuff/uapi';
import type { FibInfo } from './fib-info.ts';
import { type Fib, type FibNet, fibNet } from './fib-net.ts';
import { type FibNh, dropRoute } from './fib-nh.ts';
import type { FibNhException } from './fib-nh-exception.ts';

/** `rt_dst_alloc`: one reference, the caller's. `flags`: RTCF_* */
export function rtDstAlloc(state: FibNet, dev: NetDevice, type: number, flags: number, forInput: boolean): Rtable {
  const rt = new Rtable(dev, state.fib.ip.dstOps, type, flags, state.rtGenid, forInput);
  rt.obsolete = DST_OBSOLETE_FORCE_CHK;
  rt.output = ipOutput;
  if ((flags & RTCF_LOCAL) !== 0) rt.input = ipLocalDeliver;
  return rt;
}

/** `rt_cache_valid`: whether a cached decision may still be used. */
export function rtCacheValid(state: FibNet, rt: Rtable): boolean {
  return rt.obsolete === DST_OBSOLETE_FORCE_CHK && rt.genid === state.rtGenid;
}

/** `ipv4_dst_check`. */
export function ipv4DstCheck(dst: DstEntry): boolean {
  return dst.obsolete === DST_OBSOLETE_FORCE_CHK && (dst as Rtable).genid === fibNet.of(dst.dev.net).rtGenid;
}

/** `rt_add_uncached_list`. */
export function rtAddUncached(fib: Fib, rt: Rtable): void {
  rt.uncached = fib.uncached;
  fib.uncached.add(rt);
}

/** `rt_cache_route`: the next hop keeps the decision, with a reference of its own, and lets the old one go. */
export function rtCacheRoute(fib: Fib, nh: FibNh, rt: Rtable): void {
  const old = rt.isInput() ? nh.rthInput : nh.rthOutput;
  rt.hold();
  if (rt.isInput()) nh.rthInput = rt;
  else nh.rthOutput = rt;
  if (old === null) return;
  // A socket may hold it for long.
  rtAddUncached(fib, old);
  old.release();
}

/** `find_exception`: what is known about one destination behind a next hop, or null. */
export function findException(state: FibNet, nh: FibNh, daddr: number): FibNhException | null {
  return nh.exceptions === null ? null : nh.exceptions.find(daddr, state.timers.jiffies);
}

/**
 * `rt_set_nexthop`: gives a new decision what the route says (gateway, metrics, preferred source) and what was learned about the
 * destination, and keeps it where the next packet finds it, if it may be kept.
 */
export function rtSetNexthop(state: FibNet, rt: Rtable, nh: FibNh | null, fi: FibInfo | null, fnhe: FibNhException | null, cache: boolean): void {
  if (fi === null || nh === null) return rtAddUncached(state.fib, rt);
  if (nh.gw !== 0 && nh.scope === RT_SCOPE_LINK) rt.gateway = nh.gw;
  rt.metrics = fi.metrics;
  rt.prefsrc = fi.prefsrc;
  if (fnhe !== null) bindException(state, rt, fnhe, cache);
  else if (cache) rtCacheRoute(state.fib, nh, rt);
  if (!cache) rtAddUncached(state.fib, rt);
}

/** `rt_bind_exception`. */
function bindException(state: FibNet, rt: Rtable, fnhe: FibNhException, cache: boolean): void {
  if (fnhe.genid !== state.fnheGenid) fnhe.renew(state.fnheGenid);
  fnhe.fill(rt);
  fnhe.stamp = state.timers.jiffies;
  if (!cache) return;
  rt.hold();
  if (rt.isInput()) {
    dropRoute(fnhe.rthInput);
    fnhe.rthInput = rt;
  } else {
    dropRoute(fnhe.rthOutput);
    fnhe.rthOutput = rt;
  }
}

/** `rt_flush_dev`: a device is leaving; decisions that only packets and sockets hold let go of it. */
export function rtFlushDev(fib: Fib, dev: NetDevice): void {
  for (const rt of fib.uncached) if (rt.dev === dev) rt.devPut();
}

/** The same for a whole namespace. */
export function rtFlushNet(fib: Fib, net: Net): void {
  for (const rt of fib.uncached) if (rt.dev.net === net) rt.devPut();
}
