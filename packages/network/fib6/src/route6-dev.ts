/** Links come and go: which routes go, die and live again (`rt6_sync_up`, `rt6_sync_down_dev`, `rt6_disable_ip`, `rt6_mtu_change`). */
import { NETDEV_CHANGE, NETDEV_DOWN, NETDEV_UNREGISTER, type Net, type NetDevice } from '@skbuff/core';
import { in6DevGet } from '@skbuff/ipv6';
import { RTAX_LOCK, RTAX_MTU, RTF_ANYCAST, RTF_LOCAL, RTNH_F_DEAD, RTNH_F_LINKDOWN } from '@skbuff/uapi';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6, type Fib6Net, fib6Net } from './fib6-net.ts';
import { fib6CleanAll, updateSernum } from './ip6-fib.ts';
import { rt6MultipathRebalance } from './route6-multipath.ts';
import { rt6DropWays } from './route6-ways.ts';

/** `rt6_sync_up`: the device is up (`nhFlags` RTNH_F_DEAD) or has its carrier back (LINKDOWN). */
export function rt6SyncUp(dev: NetDevice, nhFlags: number): void {
  const state = fib6Net.of(dev.net);
  rt6DropWays(state);
  const flags = (nhFlags & RTNH_F_DEAD) !== 0 && dev.carrierOk() ? nhFlags | RTNH_F_LINKDOWN : nhFlags;
  fib6CleanAll(state, (rt) => {
    if (rt.nh.dev !== dev) return false;
    rt.nh.flags &= ~flags;
    updateSernum(state, rt);
    rt6MultipathRebalance(rt);
    return false;
  });
}

/** `rt6_sync_down_dev`: the device lost its carrier (NETDEV_CHANGE), went down (DOWN) or away (UNREGISTER). */
export function rt6SyncDownDev(dev: NetDevice, event: number): void {
  const state = fib6Net.of(dev.net);
  rt6DropWays(state);
  fib6CleanAll(state, (rt) => ifdown(state, rt, dev, event));
}

/** `fib6_ifdown`: true: the route goes. */
function ifdown(state: Fib6Net, rt: Fib6Rt, dev: NetDevice, event: number): boolean {
  const { nh, siblings } = rt;
  if (event === NETDEV_UNREGISTER) return nh.dev === dev;
  if (event === NETDEV_CHANGE) {
    if (nh.dev !== dev || (rt.flags & (RTF_LOCAL | RTF_ANYCAST)) !== 0) return false;
    nh.flags |= RTNH_F_LINKDOWN;
    rt6MultipathRebalance(rt);
    return false;
  }
  if (event !== NETDEV_DOWN) return false;
  if (rt.shouldFlush) return true;
  return siblings === null ? nh.dev === dev : siblingsDown(state, siblings, dev);
}

/** Siblings die one by one and stay, so that they live again with the device; the last takes all with it. */
function siblingsDown(state: Fib6Net, siblings: readonly Fib6Rt[], dev: NetDevice): boolean {
  if (!siblings.some(({ nh }) => nh.dev === dev)) return false;
  if (siblings.every(({ nh }) => nh.dev === dev || (nh.flags & RTNH_F_DEAD) !== 0)) {
    for (const sibling of siblings) sibling.shouldFlush = true;
    return true;
  }
  for (const { nh } of siblings) if (nh.dev === dev) nh.flags |= RTNH_F_DEAD | RTNH_F_LINKDOWN;
  updateSernum(state, siblings[0]);
  rt6MultipathRebalance(siblings[0]);
  return false;
}

/** `rt6_disable_ip`: IPv6 ends on the device; with NETDEV_UNREGISTER for good. */
export function rt6DisableIp(dev: NetDevice, event: number): void {
  rt6SyncDownDev(dev, event);
  const { fib6 } = fib6Net.of(dev.net);
  rt6UncachedListFlushDev(fib6, dev);
  fib6.ip.ndisc?.tbl.ifdown(dev);
}

/** `rt6_uncached_list_flush_dev`: decisions that only packets and sockets hold let go of a device. */
export function rt6UncachedListFlushDev(fib6: Fib6, dev: NetDevice): void {
  for (const rt of fib6.uncached) {
    if (rt.idev?.dev === dev) rt.idev = dev.net.loopbackDev === null ? null : in6DevGet(dev.net.loopbackDev);
    if (rt.dev === dev) rt.devPut();
  }
}

/** The decisions of nowhere go with the device they stand on; those of the next packet stand on another. */
export function rt6SpecialFlushDev(state: Fib6Net, dev: NetDevice): void {
  for (const [err, rt] of state.special) {
    if (rt.dev !== dev) continue;
    state.special.delete(err);
    rt.uncached = state.fib6.uncached.add(rt);
    rt.release();
  }
}

/** Everything of a namespace goes. */
export function rt6FlushNet(state: Fib6Net, net: Net): void {
  rt6DropWays(state);
  fib6CleanAll(state, () => true);
  for (const dev of net.devList) rt6SpecialFlushDev(state, dev);
  for (const [, rt] of state.special) rt.release();
  state.special.clear();
  for (const rt of state.fib6.uncached) if (rt.dev.net === net) rt.devPut();
}

/** `rt6_mtu_change`: the device takes packets of `mtu` bytes now. What was learned about paths behind it may not exceed it, or follows it. */
export function rt6MtuChange(dev: NetDevice, mtu: number): void {
  const idev = in6DevGet(dev);
  if (idev === null) return;
  const old = idev.cnf.mtu6;
  fib6CleanAll(fib6Net.of(dev.net), (rt) => {
    const { metrics, nh } = rt;
    if (nh.dev !== dev || ((metrics?.[RTAX_LOCK] ?? 0) & (1 << RTAX_MTU)) !== 0) return false;
    const own = metrics?.[RTAX_MTU] ?? 0;
    if (own >= mtu || own === old) rt.setMetric(RTAX_MTU, mtu);
    nh.exceptions?.updatePmtu(mtu, old);
    return false;
  });
}
