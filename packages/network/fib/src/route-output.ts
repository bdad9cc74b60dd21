/** The way of what this host sends: `ip_route_output_flow` (`net/ipv4/route.c`). */
import { FLOWI_FLAG_ANYSRC, FLOWI_FLAG_KNOWN_NH, type Net, type NetDevice, type SkbSock } from '@skbuff/core';
import {
  type Flowi4,
  RTCF_BROADCAST,
  RTCF_LOCAL,
  RTCF_MULTICAST,
  type Rtable,
  inDevGet,
  inetSelectAddr,
  ipCheckMc,
  ipMcOutput,
  inDevRouteLocalnet,
} from '@skbuff/ipv4';
import {
  EINVAL,
  ENETUNREACH,
  ENODEV,
  IFF_LOOPBACK,
  IFF_UP,
  INADDR_LOOPBACK,
  IPPROTO_IGMP,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_UNICAST,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
} from '@skbuff/uapi';
import { ipv4IsLbcast, ipv4IsLoopback, ipv4IsMulticast, ipv4IsZeronet } from '@skbuff/wire';
import { fibLookupIn } from './fib-lookup.ts';
import { type FibNet, fibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';
import type { FibResult } from './fib-result.ts';
import { fibSelectPath } from './fib-select.ts';
import { ipDevFind } from './inet-addr-type.ts';
import { ipv4IsLocalMulticast } from './route-input-mc.ts';
import { findException, rtCacheValid, rtDstAlloc, rtSetNexthop } from './route.ts';

const LOOPBACK_IFINDEX = 1;
const INET_DSCP_MASK = 0xfc;

/**
 * `ip_route_output_flow`: a decision (one reference, the caller's), or -ENETUNREACH, -EINVAL (addresses that cannot be), -ENODEV, or the
 * errno of an error route. Fills in `fl4.saddr`, `fl4.daddr` and `fl4.oif`.
 */
export function ipRouteOutputFlow(net: Net, fl4: Flowi4, _sk: SkbSock | null): Rtable | number {
  const state = fibNet.of(net);
  return ipRouteOutputKey(state, fl4, state.outRes);
}

/** `__ip_route_output_key`: as {@link ipRouteOutputFlow}, and `res` keeps what the lookup found. */
export function ipRouteOutputKey(state: FibNet, fl4: Flowi4, res: FibResult): Rtable | number {
  res.clear(0);
  fl4.iif = LOOPBACK_IFINDEX;
  fl4.tos &= INET_DSCP_MASK;
  const origOif = fl4.oif;
  if (fl4.saddr !== 0) {
    const err = checkSource(state, fl4);
    if (err < 0) return err;
    if (err > 0) return mkrouteOutput(state, res, fl4, origOif, state.net.devGetByIndex(fl4.oif) as NetDevice, 0);
  }
  let devOut: NetDevice | null = null;
  if (fl4.oif !== 0) {
    devOut = state.net.devGetByIndex(fl4.oif);
    if (devOut === null) return -ENODEV;
    if ((devOut.flags & IFF_UP) === 0 || inDevGet(devOut) === null) return -ENETUNREACH;
    if (boundToDevice(fl4, devOut)) return mkrouteOutput(state, res, fl4, origOif, devOut, 0);
  }
  if (fl4.daddr === 0) return toMyself(state, fl4, res, origOif);
  return lookup(state, fl4, res, origOif, devOut);
}

/** The source must be an address of this host. 1: with a group as destination it also says the device, and no route is needed. */
function checkSource(state: FibNet, fl4: Flowi4): number {
  const { saddr, daddr } = fl4;
  if (ipv4IsMulticast(saddr) || ipv4IsLbcast(saddr) || ipv4IsZeronet(saddr)) return -EINVAL;
  if (fl4.oif === 0 && (ipv4IsMulticast(daddr) || ipv4IsLbcast(daddr))) {
    const dev = ipDevFind(state, saddr);
    if (dev === null) return -ENETUNREACH;
    fl4.oif = dev.ifindex;
    return 1;
  }
  return (fl4.flags & FLOWI_FLAG_ANYSRC) === 0 && ipDevFind(state, saddr) === null ? -ENETUNREACH : 0;
}

/** The device is given: chooses a source on it. True if the destination is of the link and no route is needed. */
function boundToDevice(fl4: Flowi4, dev: NetDevice): boolean {
  const { daddr } = fl4;
  if (ipv4IsLocalMulticast(daddr) || ipv4IsLbcast(daddr) || fl4.proto === IPPROTO_IGMP) {
    if (fl4.saddr === 0) fl4.saddr = inetSelectAddr(dev, 0, RT_SCOPE_LINK);
    return true;
  }
  if (fl4.saddr === 0 && ipv4IsMulticast(daddr)) fl4.saddr = inetSelectAddr(dev, 0, fl4.scope);
  else if (fl4.saddr === 0 && daddr === 0) fl4.saddr = inetSelectAddr(dev, 0, RT_SCOPE_HOST);
  return false;
}

/** 0.0.0.0 is this host. */
function toMyself(state: FibNet, fl4: Flowi4, res: FibResult, origOif: number): Rtable | number {
  const loopback = state.net.loopbackDev;
  if (loopback === null) return -ENETUNREACH;
  if (fl4.saddr === 0) fl4.saddr = INADDR_LOOPBACK;
  fl4.daddr = fl4.saddr;
  fl4.oif = loopback.ifindex;
  res.type = RTN_LOCAL;
  return mkrouteOutput(state, res, fl4, origOif, loopback, RTCF_LOCAL);
}

function lookup(state: FibNet, fl4: Flowi4, res: FibResult, origOif: number, devOut: NetDevice | null): Rtable | number {
  const err = fibLookupIn(state, fl4, res, 0);
  if (err !== 0) {
    res.clear(RTN_UNICAST);
    if (devOut === null) return err;
    // The tables know nothing, but the user says which link: then the destination is taken to be on it.
    if (fl4.saddr === 0) fl4.saddr = inetSelectAddr(devOut, 0, RT_SCOPE_LINK);
    return mkrouteOutput(state, res, fl4, origOif, devOut, 0);
  }
  if (res.type === RTN_LOCAL) return toLocal(state, fl4, res);
  fibSelectPath(state, res, fl4);
  const dev = (res.nh as FibNh).dev as NetDevice;
  fl4.oif = dev.ifindex;
  return mkrouteOutput(state, res, fl4, origOif, dev, 0);
}

/** An address of this host: over the loopback device, whatever interface it belongs to. */
function toLocal(state: FibNet, fl4: Flowi4, res: FibResult): Rtable | number {
  if (fl4.saddr === 0) fl4.saddr = res.fi !== null && res.fi.prefsrc !== 0 ? res.fi.prefsrc : fl4.daddr;
  const nh = res.nh as FibNh;
  const dev = state.net.loopbackDev ?? (nh.dev as NetDevice);
  fl4.oif = dev.ifindex;
  return mkrouteOutput(state, res, fl4, nh.oif, dev, RTCF_LOCAL);
}

/** `__mkroute_output`. `origOif`: the interface asked for, or that the local address belongs to. */
function mkrouteOutput(state: FibNet, res: FibResult, fl4: Flowi4, origOif: number, dev: NetDevice, flags: number): Rtable | number {
  const inDev = inDevGet(dev);
  if (inDev === null) return -EINVAL;
  const loopback = (dev.flags & IFF_LOOPBACK) !== 0;
  if (ipv4IsLoopback(fl4.saddr) && !loopback && !inDevRouteLocalnet(inDev)) return -EINVAL;
  const type = destinationType(res, fl4.daddr);
  if (type < 0) return type;
  if (loopback) flags |= RTCF_LOCAL;
  if (type === RTN_BROADCAST || type === RTN_MULTICAST) return mkrouteGroup(state, res, fl4, origOif, dev, flags, type);
  const keep = type !== RTN_LOCAL || origOif === 0 || origOif === dev.ifindex;
  return mkroute(state, res, fl4, origOif, dev, flags, type, keep);
}

function destinationType(res: FibResult, daddr: number): number {
  if (ipv4IsLbcast(daddr)) return RTN_BROADCAST;
  if (ipv4IsMulticast(daddr)) return RTN_MULTICAST;
  return ipv4IsZeronet(daddr) ? -EINVAL : res.type;
}

/** To many: this host hears itself if it is one of them. */
function mkrouteGroup(state: FibNet, res: FibResult, fl4: Flowi4, origOif: number, dev: NetDevice, flags: number, type: number): Rtable {
  if (type === RTN_BROADCAST) {
    res.fi = null;
    return mkroute(state, res, fl4, origOif, dev, flags | RTCF_BROADCAST | RTCF_LOCAL, type, false);
  }
  const inDev = inDevGet(dev);
  const member = inDev !== null && ipCheckMc(inDev, fl4.daddr, fl4.saddr, fl4.proto);
  // Without a multicast route the default one says the device, but there is no gateway for groups.
  if (res.prefixlen < 4) res.fi = null;
  flags |= RTCF_MULTICAST;
  return mkroute(state, res, fl4, origOif, dev, member ? flags | RTCF_LOCAL : flags & ~RTCF_LOCAL, type, !member);
}

/** The decision of the next hop, or a new one. */
function mkroute(state: FibNet, res: FibResult, fl4: Flowi4, origOif: number, dev: NetDevice, flags: number, type: number, keep: boolean): Rtable {
  const nh = res.fi === null ? null : (res.nh as FibNh);
  const fnhe = nh === null ? null : findException(state, nh, fl4.daddr);
  keep &&= nh !== null;
  if (nh !== null && fnhe === null && (fl4.flags & FLOWI_FLAG_KNOWN_NH) !== 0 && !(nh.gw !== 0 && nh.scope === RT_SCOPE_LINK)) keep = false;
  const cached = !keep || nh === null ? null : fnhe !== null ? fnhe.rthOutput : nh.rthOutput;
  if (cached !== null && rtCacheValid(state, cached)) {
    cached.hold();
    return cached;
  }
  const rt = rtDstAlloc(state, dev, type, flags, false);
  rt.iif = origOif;
  if ((flags & (RTCF_BROADCAST | RTCF_MULTICAST)) !== 0) groupOutput(state, rt, fl4.daddr, dev, flags, type);
  rtSetNexthop(state, rt, nh, res.fi, fnhe, keep);
  return rt;
}

function groupOutput(state: FibNet, rt: Rtable, daddr: number, dev: NetDevice, flags: number, type: number): void {
  if ((flags & RTCF_LOCAL) !== 0 && (dev.flags & IFF_LOOPBACK) === 0) rt.output = ipMcOutput;
  const { mroute } = state.fib.ip;
  if (type !== RTN_MULTICAST || mroute === null || ipv4IsLocalMulticast(daddr) || inDevGet(dev)?.cnf.mcForwarding !== 1) return;
  rt.input = mroute.input;
  rt.output = ipMcOutput;
}
