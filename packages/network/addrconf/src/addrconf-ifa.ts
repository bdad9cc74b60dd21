/** Addresses come and go (`ipv6_add_addr`, `ipv6_del_addr`, `ipv6_ifa_notify` in `net/ipv6/addrconf.c`). */
import { type ExtAck, HZ, NETDEV_DOWN, NETDEV_UP, type NetDevice } from '@skbuff/core';
import {
  INET6_IFADDR_STATE_DEAD,
  type Inet6Dev,
  Inet6Ifaddr,
  ipv6DevAcDec,
  ipv6DevAcInc,
  IPV6_ADDR_ANY,
  IPV6_ADDR_LOOPBACK,
  IPV6_ADDR_MULTICAST,
  ipv6AddrSrcScope,
  ipv6AddrType,
  ipv6Net,
} from '@skbuff/ipv6';
import {
  EACCES,
  EADDRNOTAVAIL,
  EEXIST,
  ENODEV,
  IFA_F_MCAUTOJOIN,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IFA_F_TEMPORARY,
  IFA_F_TENTATIVE,
  IFF_LOOPBACK,
  IFF_NOARP,
  RTM_DELADDR,
  RTM_NEWADDR,
} from '@skbuff/uapi';
import { addrconfAddrSolictMult, In6Addr, ipv6AddrPrefix } from '@skbuff/wire';
import { inet6IfaNotify } from './addrconf-fill.ts';
import { addrconfPrefixRoute, prefixRouteCleanup, routingOf } from './addrconf-route.ts';

/** `struct ifa6_config`: an address as somebody wants it. */
export interface Ifa6Config {
  readonly pfx: In6Addr;
  readonly plen: number;
  /** The other end of a point-to-point link, or null. */
  readonly peerPfx: In6Addr | null;
  /** Metric of the prefix route, 0: the default. */
  readonly rtPriority: number;
  /** IFAPROT_* */
  readonly ifaProto: number;
  /** IFA_F_* */
  readonly ifaFlags: number;
  /** Seconds, INFINITY_LIFE_TIME: without end. */
  readonly preferedLft: number;
  readonly validLft: number;
  /** IFA_HOST, IFA_LINK, IFA_SITE, or 0. */
  readonly scope: number;
}

/** Refuses with a message of the kernel's, as user space sees it. */
export function refuse(extack: ExtAck | null, err: number, message: string): number {
  if (extack !== null) extack.message = `ipv6: ${message}`;
  return err;
}

function mayHave(idev: Inet6Dev, { pfx, ifaFlags }: Ifa6Config, extack: ExtAck | null): number {
  const { dev } = idev;
  const type = ipv6AddrType(pfx);
  if (type === IPV6_ADDR_ANY) return refuse(extack, -EADDRNOTAVAIL, 'Invalid address');
  if ((type & IPV6_ADDR_MULTICAST) !== 0 && (ifaFlags & IFA_F_MCAUTOJOIN) === 0) {
    return refuse(extack, -EADDRNOTAVAIL, 'Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag');
  }
  if ((type & IPV6_ADDR_LOOPBACK) !== 0 && (dev.flags & IFF_LOOPBACK) === 0) {
    return refuse(extack, -EADDRNOTAVAIL, 'Cannot assign loopback address on this device');
  }
  if (idev.dead) return refuse(extack, -ENODEV, 'device is going away');
  if (idev.cnf.disableIpv6 !== 0) return refuse(extack, -EACCES, 'IPv6 is disabled on this device');
  for (const other of ipv6Net.of(dev.net).addrs.candidates(pfx)) {
    if (other.idev === idev && other.addr.equals(pfx)) return refuse(extack, -EEXIST, 'address already assigned');
  }
  return 0;
}

/**
 * `ipv6_add_addr`: gives an interface an address, tentative unless it has IFA_F_NODAD, and tells `inet6addr_chain`, but not netlink: start duplicate
 * address detection. Or -EADDRNOTAVAIL (none that a host can have), -EEXIST, -EACCES (disable_ipv6), -ENODEV, or what routing says.
 */
export function ipv6AddAddr(idev: Inet6Dev, cfg: Ifa6Config, extack: ExtAck | null): Inet6Ifaddr | number {
  const { dev } = idev;
  const { ip, addrs } = ipv6Net.of(dev.net);
  const err = mayHave(idev, cfg, extack);
  if (err !== 0) return err;
  const rt = ip.routing?.f6iAlloc(dev.net, idev, cfg.pfx, false) ?? null;
  if (typeof rt === 'number') return rt;
  idev.ndParms?.setAll();
  const ifp = newIfaddr(idev, cfg);
  ifp.rt = rt;
  ip.ifaddrs++;
  addrs.add(ifp);
  linkDevAddr(idev, ifp);
  if ((ifp.flags & IFA_F_TEMPORARY) !== 0) idev.tempaddrList.unshift(ifp);
  ip.inet6addrChain.callChain(NETDEV_UP, { ifp });
  return ifp;
}

function newIfaddr(idev: Inet6Dev, cfg: Ifa6Config): Inet6Ifaddr {
  const { timers } = idev.dev.net;
  const flags = (cfg.ifaFlags & IFA_F_NODAD) === 0 ? cfg.ifaFlags | IFA_F_TENTATIVE : cfg.ifaFlags;
  const ifp = new Inet6Ifaddr(idev, cfg.pfx.clone(), cfg.plen, flags, cfg.scope);
  if (cfg.peerPfx !== null) ifp.peerAddr.copy(cfg.peerPfx);
  ifp.rtPriority = cfg.rtPriority;
  ifp.ifaProto = cfg.ifaProto;
  ifp.validLft = cfg.validLft;
  ifp.preferedLft = cfg.preferedLft;
  ifp.cstamp = ifp.tstamp = timers.jiffies;
  return ifp;
}

/** `ipv6_link_dev_addr`: the widest scope first, within it the newest. */
function linkDevAddr({ addrList }: Inet6Dev, ifp: Inet6Ifaddr): void {
  const scope = ipv6AddrSrcScope(ifp.addr);
  const at = addrList.findIndex((other) => scope >= ipv6AddrSrcScope(other.addr));
  addrList.splice(at < 0 ? addrList.length : at, 0, ifp);
}

function without<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

/** It is on no list of its interface any more. */
export function unlinkIfaddr(ifp: Inet6Ifaddr): void {
  without(ifp.idev.addrList, ifp);
  ipv6Net.of(ifp.idev.dev.net).ip.ifaddrs--;
}

/** A temporary address forgets the public one that it was made for. */
export function forgetPublic(ifp: Inet6Ifaddr): void {
  without(ifp.idev.tempaddrList, ifp);
  ifp.ifpub = null;
}

/** `ipv6_del_addr`: takes an address away, with its routes, and tells everybody. Nothing if it is gone already. */
export function ipv6DelAddr(ifp: Inet6Ifaddr): void {
  const { idev } = ifp;
  if (ifp.dead) return;
  ifp.state = INET6_IFADDR_STATE_DEAD;
  const { ip, addrs } = ipv6Net.of(idev.dev.net);
  addrs.remove(ifp);
  if ((ifp.flags & IFA_F_TEMPORARY) !== 0) forgetPublic(ifp);
  const ownsRoute = (ifp.flags & IFA_F_PERMANENT) !== 0 && (ifp.flags & IFA_F_NOPREFIXROUTE) === 0;
  const cleanup = ownsRoute ? prefixRouteCleanup(ifp) : null;
  unlinkIfaddr(ifp);
  ifp.dadWork?.cancel();
  ipv6IfaNotify(RTM_DELADDR, ifp);
  ip.inet6addrChain.callChain(NETDEV_DOWN, { ifp });
  cleanup?.();
  ip.routing?.removePrefsrc(ifp);
}

/** Jiffies by which lifetimes may be over before their time. */
const ADDRCONF_TIMER_FUZZ_MINUS: number = HZ / 50;

/** Whole seconds since the address's lifetimes began, as they are compared. */
export function ifaAge(ifp: Inet6Ifaddr, now: number): number {
  return Math.floor((now - ifp.tstamp + ADDRCONF_TIMER_FUZZ_MINUS) / HZ);
}

/** `ipv6_ifa_notify`: RTM_NEWADDR: the address can be used, RTM_DELADDR: it goes; 0: its flags or lifetimes changed. Nothing for a device that goes. */
export function ipv6IfaNotify(event: number, ifp: Inet6Ifaddr): void {
  if (!ifp.idev.dead) ipv6IfaNotifyAlways(event, ifp);
}

/** `__ipv6_ifa_notify`. */
export function ipv6IfaNotifyAlways(event: number, ifp: Inet6Ifaddr): void {
  inet6IfaNotify(event === 0 ? RTM_NEWADDR : event, ifp);
  if (event === RTM_NEWADDR) routesUp(ifp);
  else if (event === RTM_DELADDR) routesDown(ifp);
}

function routesUp(ifp: Inet6Ifaddr): void {
  const { dev, cnf } = ifp.idev;
  // That of an optimistic address is there since detection began; one that the device lost meanwhile stays away.
  if (ifp.rt !== null && !ifp.rt.linked) routingOf(dev)?.insRt(dev.net, ifp.rt);
  if (cnf.forwarding !== 0) addrconfJoinAnycast(ifp);
  if (!ifp.peerAddr.isAny()) addrconfPrefixRoute(ifp.peerAddr, 128, ifp.rtPriority, dev, 0, 0);
}

function routesDown(ifp: Inet6Ifaddr): void {
  const { idev, peerAddr } = ifp;
  const { dev } = idev;
  const routing = routingOf(dev);
  if (idev.cnf.forwarding !== 0) addrconfLeaveAnycast(ifp);
  addrconfLeaveSolict(idev, ifp.addr);
  if (!peerAddr.isAny()) {
    const rt = routing?.getPrefixRoute(dev.net, dev, peerAddr, 128, 0, 0, false) ?? null;
    if (rt !== null) routing?.delRt(dev.net, rt);
  }
  if (ifp.rt !== null) {
    routing?.delRt(dev.net, ifp.rt);
    ifp.rt = null;
  }
  routing?.cacheFlush(dev.net);
}

const group: In6Addr = new In6Addr();

/** `addrconf_join_solict`: into the group to which a neighbour's question for `addr` goes; not where nobody asks. */
export function addrconfJoinSolict(dev: NetDevice, addr: In6Addr): void {
  if ((dev.flags & (IFF_LOOPBACK | IFF_NOARP)) !== 0) return;
  ipv6Net.of(dev.net).ip.mld?.mcInc(dev, addrconfAddrSolictMult(group, addr));
}

/** `addrconf_leave_solict`. */
export function addrconfLeaveSolict(idev: Inet6Dev, addr: In6Addr): void {
  if ((idev.dev.flags & (IFF_LOOPBACK | IFF_NOARP)) !== 0) return;
  ipv6Net.of(idev.dev.net).ip.mld?.mcDec(idev, addrconfAddrSolictMult(group, addr));
}

const subnet: In6Addr = new In6Addr();

/** Fills in the subnet-router anycast address (RFC 4291 §2.6.1) of the address's prefix; false: it has none. */
function subnetRouter({ addr, prefixLen }: Inet6Ifaddr): boolean {
  return prefixLen < 127 && !ipv6AddrPrefix(subnet, addr, prefixLen).isAny();
}

/** `addrconf_join_anycast`: a router answers for its subnets (RFC 6164: not for those of two hosts). */
export function addrconfJoinAnycast(ifp: Inet6Ifaddr): void {
  if (subnetRouter(ifp)) ipv6DevAcInc(ifp.idev, subnet);
}

/** `addrconf_leave_anycast`. */
export function addrconfLeaveAnycast(ifp: Inet6Ifaddr): void {
  if (subnetRouter(ifp)) ipv6DevAcDec(ifp.idev, subnet);
}
