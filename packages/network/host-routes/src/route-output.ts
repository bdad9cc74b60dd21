/** The way of what this host sends (`ip_route_output_flow`). */
import { FLOWI_FLAG_ANYSRC, type Net, type NetDevice, type SkbSock } from '@skbuff/core';
import {
  type Flowi4,
  RTCF_BROADCAST,
  RTCF_LOCAL,
  RTCF_MULTICAST,
  type Rtable,
  inDevGet,
  inetSelectAddr,
  ipCheckMc,
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
import { ipv4IsLbcast, ipv4IsLoopback, ipv4IsMulticast } from '@skbuff/wire';
import { type HostNet, hostNet } from './host-net.ts';
import type { HostRoute } from './host-route.ts';

const LOOPBACK_IFINDEX = 1;
const INET_DSCP_MASK = 0xfc;

/**
 * A decision (one reference, the caller's), or -ENETUNREACH, -EINVAL (addresses that cannot be), -ENODEV. Fills in `fl4.saddr`, `fl4.daddr` and
 * `fl4.oif`.
 */
export function hostRouteOutput(net: Net, fl4: Flowi4, _sk: SkbSock | null): Rtable | number {
  const state = hostNet.of(net);
  const asked = fl4.oif;
  fl4.iif = LOOPBACK_IFINDEX;
  fl4.tos &= INET_DSCP_MASK;
  if (fl4.saddr !== 0) {
    const dev = sourceDev(state, fl4);
    if (typeof dev === 'number') return dev;
    if (dev !== null && asked === 0 && isGroup(fl4.daddr)) {
      fl4.oif = dev.ifindex;
      return mkroute(state, fl4, asked, dev, null, RTN_UNICAST);
    }
  }
  const dev = asked === 0 ? null : net.devGetByIndex(asked);
  if (asked !== 0) {
    if (dev === null) return -ENODEV;
    if ((dev.flags & IFF_UP) === 0 || inDevGet(dev) === null) return -ENETUNREACH;
    if (boundToDevice(fl4, dev)) return mkroute(state, fl4, asked, dev, null, RTN_UNICAST);
  }
  return fl4.daddr === 0 ? toMyself(state, fl4, asked) : byTable(state, fl4, asked, dev);
}

/** To many on a link, which no route need say. */
function isGroup(daddr: number): boolean {
  return ipv4IsMulticast(daddr) || ipv4IsLbcast(daddr);
}

/** The source must be an address of this host: the device that it belongs to, null where that does not matter, or a negative errno. */
function sourceDev(state: HostNet, fl4: Flowi4): NetDevice | null | number {
  if (isGroup(fl4.saddr)) return -EINVAL;
  const route = state.lookup(fl4.saddr, 0, 0);
  if (route !== null && route.type === RTN_LOCAL) return route.dev;
  const any = (fl4.flags & FLOWI_FLAG_ANYSRC) !== 0 && (fl4.oif !== 0 || !isGroup(fl4.daddr));
  return any ? null : -ENETUNREACH;
}

/** The device is given: chooses a source on it. True if the destination is of the link and no route is needed. */
function boundToDevice(fl4: Flowi4, dev: NetDevice): boolean {
  const { daddr } = fl4;
  const onLink = daddr >>> 8 === 0xe00000 || ipv4IsLbcast(daddr) || fl4.proto === IPPROTO_IGMP;
  if (fl4.saddr === 0) {
    if (onLink) fl4.saddr = inetSelectAddr(dev, 0, RT_SCOPE_LINK);
    else if (ipv4IsMulticast(daddr)) fl4.saddr = inetSelectAddr(dev, 0, fl4.scope);
    else if (daddr === 0) fl4.saddr = inetSelectAddr(dev, 0, RT_SCOPE_HOST);
  }
  return onLink;
}

/** 0.0.0.0 is this host. */
function toMyself(state: HostNet, fl4: Flowi4, asked: number): Rtable | number {
  const { loopbackDev } = state.net;
  if (loopbackDev === null) return -ENETUNREACH;
  if (fl4.saddr === 0) fl4.saddr = INADDR_LOOPBACK;
  fl4.daddr = fl4.saddr;
  fl4.oif = loopbackDev.ifindex;
  return mkroute(state, fl4, asked, loopbackDev, null, RTN_LOCAL);
}

function byTable(state: HostNet, fl4: Flowi4, asked: number, dev: NetDevice | null): Rtable | number {
  const route = state.lookup(fl4.daddr, asked, fl4.scope);
  if (route === null) {
    if (dev === null) return -ENETUNREACH;
    // The table knows nothing, but the user says which link: then the destination is taken to be on it.
    if (fl4.saddr === 0) fl4.saddr = inetSelectAddr(dev, 0, RT_SCOPE_LINK);
    return mkroute(state, fl4, asked, dev, null, RTN_UNICAST);
  }
  if (fl4.saddr === 0) fl4.saddr = route.src !== 0 ? route.src : inetSelectAddr(route.dev, route.gateway, route.scope);
  // An address of this host is reached over the loopback device, whatever interface it belongs to.
  const local = route.type === RTN_LOCAL;
  const out = (local ? state.net.loopbackDev : null) ?? route.dev;
  fl4.oif = out.ifindex;
  return mkroute(state, fl4, local ? route.dev.ifindex : asked, out, route, route.type);
}

/** `__mkroute_output`. `iif`: the interface asked for, or that the local address belongs to. */
function mkroute(state: HostNet, fl4: Flowi4, iif: number, dev: NetDevice, route: HostRoute | null, type: number): Rtable | number {
  const inDev = inDevGet(dev);
  const loopback = (dev.flags & IFF_LOOPBACK) !== 0;
  if (inDev === null || fl4.daddr === 0 || (ipv4IsLoopback(fl4.saddr) && !loopback && !inDevRouteLocalnet(inDev))) return -EINVAL;
  let flags = loopback || type === RTN_LOCAL ? RTCF_LOCAL : 0;
  if (ipv4IsLbcast(fl4.daddr) || type === RTN_BROADCAST) {
    type = RTN_BROADCAST;
    flags = RTCF_BROADCAST | RTCF_LOCAL;
  } else if (ipv4IsMulticast(fl4.daddr)) {
    type = RTN_MULTICAST;
    flags = ipCheckMc(inDev, fl4.daddr, fl4.saddr, fl4.proto) ? RTCF_MULTICAST | RTCF_LOCAL : RTCF_MULTICAST;
  }
  const shared = route !== null && (type === RTN_UNICAST || (type === RTN_LOCAL && iif === dev.ifindex)) ? route : null;
  if (shared !== null && shared.out !== null) {
    shared.out.hold();
    return shared.out;
  }
  const rt = state.alloc(dev, type, flags, false);
  rt.iif = iif;
  if (type === RTN_UNICAST || type === RTN_LOCAL) {
    rt.gateway = route?.gateway ?? 0;
    rt.prefsrc = route?.src ?? 0;
  } else if ((flags & RTCF_LOCAL) !== 0 && !loopback) rt.output = state.ip.multicast?.output ?? rt.output;
  if (shared !== null) {
    rt.hold();
    shared.out = rt;
  }
  return rt;
}
