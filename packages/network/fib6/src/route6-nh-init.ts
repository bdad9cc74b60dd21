/** Whether a way makes sense (`fib6_nh_init`, `ip6_validate_gw`, `net/ipv6/route.c`). */
import type { ExtAck, NetDevice } from '@skbuff/core';
import { IPV6_ADDR_LINKLOCAL, IPV6_ADDR_LOOPBACK, IPV6_ADDR_MAPPED, IPV6_ADDR_UNICAST, RT6_LOOKUP_F_HAS_SADDR, RT6_LOOKUP_F_IFACE, RT6_LOOKUP_F_IGNORE_LINKSTATE, in6DevGet, ipv6AddrType, ipv6ChkAddrAndFlags } from '@skbuff/ipv6';
import {
  EACCES,
  EHOSTUNREACH,
  EINVAL,
  ENETDOWN,
  ENODEV,
  IFF_LOOPBACK,
  IFF_UP,
  RTF_ANYCAST,
  RTF_GATEWAY,
  RTF_LOCAL,
  RTF_REJECT,
  RTNH_F_LINKDOWN,
  RTNH_F_ONLINK,
  RTN_UNICAST,
  RT_TABLE_MAIN,
} from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import type { Fib6RtConfig } from './fib6-config.ts';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6Net, fib6GetTable } from './fib6-net.ts';
import { Fib6Nh } from './fib6-nh.ts';
import { fib6Lookup, fib6TableLookup } from './route6-lookup.ts';
import { fib6SelectPath } from './route6-multipath.ts';

function fail(extack: ExtAck | null, err: number, text: string): number {
  if (extack !== null) extack.message = text;
  return err;
}

/** `fib6_is_reject`: nowhere; that is also where the loopback device leads, for others than this host's own addresses. */
export function fib6IsReject(flags: number, dev: NetDevice | null, dst: In6Addr): boolean {
  if ((flags & RTF_REJECT) !== 0) return true;
  if (dev === null || (dev.flags & IFF_LOOPBACK) === 0) return false;
  return (ipv6AddrType(dst) & IPV6_ADDR_LOOPBACK) === 0 && (flags & (RTF_ANYCAST | RTF_LOCAL)) === 0;
}

/** `fib6_nh_init`: the way that the request describes, or a negative errno and why. `dst`: what the route is to. */
export function fib6NhInit(state: Fib6Net, cfg: Fib6RtConfig, dst: In6Addr, extack: ExtAck | null): Fib6Nh | number {
  const { net } = state;
  const flags = cfg.flags ?? 0;
  const weight = cfg.weight ?? 1;
  let dev = cfg.ifindex === undefined || cfg.ifindex === 0 ? null : net.devGetByIndex(cfg.ifindex);
  if (dev === null ? (cfg.ifindex ?? 0) !== 0 : in6DevGet(dev) === null) return -ENODEV;
  if ((flags & RTNH_F_ONLINK) !== 0) {
    if (dev === null) return fail(extack, -ENODEV, 'Nexthop device required for onlink');
    if ((dev.flags & IFF_UP) === 0) return fail(extack, -ENETDOWN, 'Nexthop device is not up');
  }
  const gw = (flags & RTF_GATEWAY) !== 0 ? (cfg.gateway ?? null) : null;
  if ((flags & RTF_REJECT) !== 0 || (gw === null && fib6IsReject(flags, dev, dst))) {
    const lo = net.loopbackDev;
    if ((flags & RTF_REJECT) === 0) {
      const err = checkDevice(cfg, dev as NetDevice, extack);
      if (err !== 0) return err;
    }
    return lo === null || in6DevGet(lo) === null ? -ENODEV : new Fib6Nh(lo, null, flags & RTNH_F_ONLINK, weight);
  }
  if (gw !== null) {
    const via = validateGw(state, cfg, gw, dev, extack);
    if (typeof via === 'number') return via;
    dev = via;
  }
  if (dev === null) return -ENODEV;
  const err = checkDevice(cfg, dev, extack);
  if (err !== 0) return err;
  if (cfg.attrs !== undefined && cfg.attrs.encap >= 0) {
    cfg.attrs.extack.setErrMsgAttr(cfg.attrs.encap, 'Unknown LWT encapsulation type');
    return -EINVAL;
  }
  const linkdown = (flags & (RTF_LOCAL | RTF_ANYCAST)) === 0 && !dev.carrierOk() ? RTNH_F_LINKDOWN : 0;
  return new Fib6Nh(dev, gw, (flags & RTNH_F_ONLINK) | linkdown, weight);
}

function checkDevice({ ignoreDevDown }: Fib6RtConfig, dev: NetDevice, extack: ExtAck | null): number {
  if (in6DevGet(dev)?.cnf.disableIpv6 !== 0) return fail(extack, -EACCES, 'IPv6 is disabled on nexthop device');
  return (dev.flags & IFF_UP) === 0 && ignoreDevDown !== true ? fail(extack, -ENETDOWN, 'Nexthop device is not up') : 0;
}

/** `ip6_validate_gw`: the device that leads to the gateway, or a negative errno and why. */
function validateGw(state: Fib6Net, cfg: Fib6RtConfig, gw: In6Addr, dev: NetDevice | null, extack: ExtAck | null): NetDevice | number {
  const type = ipv6AddrType(gw);
  const isOwn = (on: NetDevice): boolean => ipv6ChkAddrAndFlags(state.net, gw, (type & IPV6_ADDR_LINKLOCAL) !== 0 ? on : null, false, 0);
  if (dev !== null && isOwn(dev)) return fail(extack, -EINVAL, 'Gateway can not be a local address');
  let via = dev;
  // A link-local address is on its link, there is nothing to ask.
  if (type !== (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_UNICAST)) {
    if ((type & (IPV6_ADDR_UNICAST | IPV6_ADDR_MAPPED)) === 0) return fail(extack, -EINVAL, 'Invalid gateway address');
    const found = ((cfg.flags ?? 0) & RTNH_F_ONLINK) !== 0 ? checkNhOnlink(state, cfg, gw, dev as NetDevice, extack) : checkNh(state, cfg, gw, dev);
    if (typeof found === 'number') return found;
    via = found;
  }
  if (via === null) return fail(extack, -EINVAL, 'Egress device not specified');
  if ((via.flags & IFF_LOOPBACK) !== 0) return fail(extack, -EINVAL, 'Egress device can not be loopback device for this route');
  if (dev === null && isOwn(via)) return fail(extack, -EINVAL, 'Gateway can not be a local address');
  return via;
}

/** `ip6_nh_lookup_table`: as one lookup of the gateway in the route's own table; a negative errno: it knows nothing. */
function lookupTable(state: Fib6Net, cfg: Fib6RtConfig, gw: In6Addr, id: number, flags: number): number {
  const table = fib6GetTable(state, id);
  if (table === null) return -EINVAL;
  const { auxFlow: fl6, auxRes: res } = state;
  fl6.init(0);
  fl6.oif = cfg.ifindex ?? 0;
  fl6.daddr.copy(gw);
  if (cfg.prefsrc !== undefined && !cfg.prefsrc.isAny()) {
    fl6.saddr.copy(cfg.prefsrc);
    flags |= RT6_LOOKUP_F_HAS_SADDR;
  }
  res.oif = fl6.oif;
  flags |= RT6_LOOKUP_F_IGNORE_LINKSTATE;
  const err = fib6TableLookup(state, table, fl6, flags, res);
  if (err === 0 && fl6.oif === 0) fib6SelectPath(state, res, fl6, flags, null);
  return err;
}

/** What was found is no way to a gateway: it leads nowhere, over another gateway, or by another device. */
function isNoWay({ flags, nh }: Fib6Rt, dev: NetDevice | null): boolean {
  return (flags & RTF_REJECT) !== 0 || nh.hasGw || (dev !== null && dev !== nh.dev);
}

/** `ip6_route_check_nh`: the gateway must be on a link, by the route's own table or by any. */
function checkNh(state: Fib6Net, cfg: Fib6RtConfig, gw: In6Addr, dev: NetDevice | null): NetDevice | number {
  const { auxFlow: fl6, auxRes: res } = state;
  const table = cfg.table ?? 0;
  if (table !== 0 && lookupTable(state, cfg, gw, table, RT6_LOOKUP_F_IFACE | RT6_LOOKUP_F_IGNORE_LINKSTATE) === 0) {
    const found = res.f6i as Fib6Rt;
    if (!isNoWay(found, dev)) return found.nh.dev;
  }
  fl6.init(0);
  fl6.daddr.copy(gw);
  res.oif = dev?.ifindex ?? 0;
  fl6.oif = res.oif;
  if (fib6Lookup(state, fl6, RT6_LOOKUP_F_IFACE, res) !== 0) return -EHOSTUNREACH;
  const found = res.f6i as Fib6Rt;
  return isNoWay(found, dev) ? -EHOSTUNREACH : found.nh.dev;
}

/** `ip6_route_check_nh_onlink`: nothing but a default route, or one of nowhere, may say that the gateway is elsewhere. */
function checkNhOnlink(state: Fib6Net, cfg: Fib6RtConfig, gw: In6Addr, dev: NetDevice, extack: ExtAck | null): NetDevice | number {
  const err = lookupTable(state, cfg, gw, RT_TABLE_MAIN, 0);
  const found = state.auxRes.f6i;
  if (err !== 0 || found === null || (found.flags & RTF_REJECT) !== 0 || found.dst.isAny()) return dev;
  if (found.type === RTN_UNICAST && dev === found.nh.dev) return dev;
  return fail(extack, -EINVAL, 'Nexthop has invalid gateway or device mismatch');
}
