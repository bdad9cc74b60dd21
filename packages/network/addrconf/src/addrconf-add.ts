/** Addresses that somebody wants, changes and takes away (`inet6_addr_add`, `inet6_addr_modify`, `inet6_addr_del` in `net/ipv6/addrconf.c`). */
import { type ExtAck, HZ, type Net, type NetDevice } from '@skbuff/core';
import { in6DevGet, type Inet6Dev, type Inet6Ifaddr, INFINITY_LIFE_TIME, ipv6AddrScope, ipv6Net } from '@skbuff/ipv6';
import {
  EACCES,
  EADDRNOTAVAIL,
  EINVAL,
  ENODEV,
  ENOENT,
  ENXIO,
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_MCAUTOJOIN,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_OPTIMISTIC,
  IFA_F_PERMANENT,
  IFA_F_TEMPORARY,
  IFA_F_TENTATIVE,
  RTF_EXPIRES,
} from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import { addrconfDadStart } from './addrconf-dad-start.ts';
import { addrconfAddDev } from './addrconf-dev.ts';
import { type Ifa6Config, ipv6AddAddr, ipv6DelAddr, ipv6IfaNotify, refuse } from './addrconf-ifa.ts';
import { addrconfPrefixRoute, cleanupPrefixRoute, modifyPrefixRoute, prefixRouteCleanup } from './addrconf-route.ts';
import { deleteTempaddrs, manageTempaddrs } from './addrconf-temp.ts';
import { addrconfVerifyRtnl } from './addrconf-verify.ts';

/** Flags that a change sets anew. */
const CHANGEABLE = IFA_F_DEPRECATED | IFA_F_PERMANENT | IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE;

/** A configuration whose lifetimes are what is kept of them, and what they mean for the prefix route. */
interface Lifetimes {
  readonly cfg: Ifa6Config;
  /** Jiffies from now on, 0: without end; RTF_EXPIRES or 0. */
  readonly expires: number;
  readonly rtFlags: number;
}

function lifetimes(wanted: Ifa6Config): Lifetimes {
  const { validLft, preferedLft } = wanted;
  const finite = validLft !== INFINITY_LIFE_TIME;
  const ifaFlags = wanted.ifaFlags | (finite ? 0 : IFA_F_PERMANENT) | (preferedLft === 0 ? IFA_F_DEPRECATED : 0);
  return { cfg: { ...wanted, ifaFlags }, expires: finite ? validLft * HZ : 0, rtFlags: finite ? RTF_EXPIRES : 0 };
}

function lifetimeInvalid({ validLft, preferedLft }: Ifa6Config): boolean {
  return validLft === 0 || preferedLft > validLft;
}

/**
 * `inet6_addr_add`: 0; -EINVAL (prefix length, lifetimes), -EACCES (disable_ipv6), -EADDRNOTAVAIL, -EEXIST and so on as of {@link ipv6AddAddr}. The
 * scope is that of the address.
 */
export function inet6AddrAdd(net: Net, dev: NetDevice, cfg: Ifa6Config, extack: ExtAck | null): number {
  if (cfg.plen > 128) return refuse(extack, -EINVAL, 'Invalid prefix length');
  if (lifetimeInvalid(cfg)) return refuse(extack, -EINVAL, 'address lifetime invalid');
  if ((cfg.ifaFlags & IFA_F_MANAGETEMPADDR) !== 0 && cfg.plen !== 64) {
    return refuse(extack, -EINVAL, 'address with "mngtmpaddr" flag must have a prefix length of 64');
  }
  const idev = addrconfAddDev(dev);
  if (idev === -EACCES) return refuse(extack, idev, 'IPv6 is disabled on this device');
  if (typeof idev === 'number') return idev;
  const { mld } = ipv6Net.of(net).ip;
  const join = (cfg.ifaFlags & IFA_F_MCAUTOJOIN) !== 0;
  if (join) {
    const err = cfg.pfx.isMulticast() ? (mld?.mcInc(dev, cfg.pfx) ?? -ENODEV) : -EINVAL;
    if (err < 0) return refuse(extack, err, 'Multicast auto join failed');
  }
  const err = addIfa(idev, cfg, extack);
  if (err !== 0 && join) mld?.mcDec(idev, cfg.pfx);
  return err;
}

function addIfa(idev: Inet6Dev, wanted: Ifa6Config, extack: ExtAck | null): number {
  const { dev } = idev;
  const { cfg, expires, rtFlags } = lifetimes({ ...wanted, scope: ipv6AddrScope(wanted.pfx) });
  const ifp = ipv6AddAddr(idev, cfg, extack);
  if (typeof ifp === 'number') return ifp;
  if ((cfg.ifaFlags & IFA_F_NOPREFIXROUTE) === 0) addrconfPrefixRoute(ifp.addr, ifp.prefixLen, ifp.rtPriority, dev, expires, rtFlags);
  // Others are announced when they can be used.
  if ((ifp.flags & (IFA_F_OPTIMISTIC | IFA_F_NODAD)) === 0) ipv6IfaNotify(0, ifp);
  addrconfDadStart(ifp);
  if ((cfg.ifaFlags & IFA_F_MANAGETEMPADDR) !== 0) manageTempaddrs(ifp, cfg.validLft, cfg.preferedLft, true);
  addrconfVerifyRtnl(dev.net);
  return 0;
}

/** `inet6_addr_modify`: lifetimes, flags, metric, protocol and other end of an address become those of `wanted`. 0 or -EINVAL. */
export function inet6AddrModify(net: Net, ifp: Inet6Ifaddr, wanted: Ifa6Config): number {
  if (lifetimeInvalid(wanted)) return -EINVAL;
  if ((wanted.ifaFlags & IFA_F_MANAGETEMPADDR) !== 0 && ((ifp.flags & IFA_F_TEMPORARY) !== 0 || ifp.prefixLen !== 64)) return -EINVAL;
  const late = (ifp.flags & IFA_F_TENTATIVE) === 0 || (ifp.flags & IFA_F_DADFAILED) !== 0;
  const life = lifetimes(late ? { ...wanted, ifaFlags: wanted.ifaFlags & ~IFA_F_OPTIMISTIC } : wanted);
  const { cfg } = life;
  const hadTemporary = (ifp.flags & IFA_F_MANAGETEMPADDR) !== 0;
  const hadRoute = (ifp.flags & IFA_F_PERMANENT) !== 0 && (ifp.flags & IFA_F_NOPREFIXROUTE) === 0;
  const newPeer = cfg.peerPfx !== null && !ifp.peerAddr.equals(cfg.peerPfx);
  if (newPeer && hadRoute && !ifp.peerAddr.isAny()) cleanupPrefixRoute(ifp, 0, true);
  apply(ifp, cfg);
  if (!ifp.tentative) ipv6IfaNotify(0, ifp);
  if ((cfg.ifaFlags & IFA_F_NOPREFIXROUTE) === 0) renewRoutes(ifp, life, hadRoute);
  else if (hadRoute) prefixRouteCleanup(ifp)();
  const hasTemporary = (ifp.flags & IFA_F_MANAGETEMPADDR) !== 0;
  if (hadTemporary && !hasTemporary) deleteTempaddrs(ifp);
  else if (hasTemporary) manageTempaddrs(ifp, cfg.validLft, cfg.preferedLft, !hadTemporary);
  addrconfVerifyRtnl(net);
  return 0;
}

function apply(ifp: Inet6Ifaddr, cfg: Ifa6Config): void {
  ifp.flags = (ifp.flags & ~CHANGEABLE) | cfg.ifaFlags;
  ifp.tstamp = ifp.idev.dev.net.timers.jiffies;
  ifp.validLft = cfg.validLft;
  ifp.preferedLft = cfg.preferedLft;
  ifp.ifaProto = cfg.ifaProto;
  if (cfg.rtPriority !== 0) ifp.rtPriority = cfg.rtPriority;
  if (cfg.peerPfx !== null) ifp.peerAddr.copy(cfg.peerPfx);
}

/** The prefix routes follow; one that was deleted meanwhile is back. */
function renewRoutes(ifp: Inet6Ifaddr, { expires, rtFlags }: Lifetimes, hadRoute: boolean): void {
  const { dev } = ifp.idev;
  const renew = (peer: boolean): void => {
    const err = hadRoute ? modifyPrefixRoute(ifp, expires, rtFlags, peer) : -ENOENT;
    if (err === -ENOENT) addrconfPrefixRoute(peer ? ifp.peerAddr : ifp.addr, ifp.prefixLen, ifp.rtPriority, dev, expires, rtFlags);
  };
  renew(false);
  if (!ifp.peerAddr.isAny()) renew(true);
}

/** `inet6_addr_del`: 0, -EINVAL (prefix length), -ENODEV, -ENXIO (a device without IPv6), -EADDRNOTAVAIL. `ifaFlags` of the request do not matter. */
export function inet6AddrDel(net: Net, dev: NetDevice | null, pfx: In6Addr, plen: number, extack: ExtAck | null): number {
  if (plen > 128) return refuse(extack, -EINVAL, 'Invalid prefix length');
  if (dev === null) return refuse(extack, -ENODEV, 'Unable to find the interface');
  const idev = in6DevGet(dev);
  if (idev === null) return refuse(extack, -ENXIO, 'IPv6 is disabled on this device');
  const ifp = idev.addrList.find((other) => other.prefixLen === plen && other.addr.equals(pfx));
  if (ifp === undefined) return refuse(extack, -EADDRNOTAVAIL, 'address not found');
  if ((ifp.flags & (IFA_F_TEMPORARY | IFA_F_MANAGETEMPADDR)) === IFA_F_MANAGETEMPADDR) deleteTempaddrs(ifp);
  ipv6DelAddr(ifp);
  addrconfVerifyRtnl(net);
  if ((ifp.flags & IFA_F_MCAUTOJOIN) !== 0 && pfx.isMulticast()) ipv6Net.of(net).ip.mld?.mcDec(idev, pfx);
  return 0;
}
