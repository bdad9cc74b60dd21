/** IPv6's side of a device comes and goes (`ipv6_add_dev`, `addrconf_ifdown` in `net/ipv6/addrconf.c`). */
import { NETDEV_DOWN, NETDEV_UNREGISTER, type NetDevice, type NetdevQueue, noopQdisc } from '@skbuff/core';
import {
  IF_RA_RCVD,
  IF_READY,
  IF_RS_SENT,
  in6DevGet,
  in6DevSet,
  INET6_IFADDR_STATE_DEAD,
  INET6_IFADDR_STATE_PREDAD,
  Inet6Dev,
  type Inet6Ifaddr,
  IPV6_ADDR_LINKLOCAL,
  IPV6_ADDR_LOOPBACK,
  ipv6AcDestroyDev,
  ipv6AddrType,
  ipv6Net,
} from '@skbuff/ipv6';
import {
  ARPHRD_NONE,
  ARPHRD_SIT,
  ARPHRD_TUNNEL,
  ARPHRD_TUNNEL6,
  EACCES,
  EINVAL,
  ENODEV,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IFA_F_TENTATIVE,
  IFF_LOOPBACK,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_UP,
  IN6_ADDR_GEN_MODE_STABLE_PRIVACY,
  IPV6_MIN_MTU,
  RTM_DELADDR,
} from '@skbuff/uapi';
import { in6addrInterfacelocalAllnodes, in6addrLinklocalAllnodes, in6addrLinklocalAllrouters } from '@skbuff/wire';
import { addrconfDadStart } from './addrconf-dad-start.ts';
import { addrconfLeaveAnycast, addrconfLeaveSolict, forgetPublic, ipv6DelAddr, ipv6IfaNotifyAlways, unlinkIfaddr } from './addrconf-ifa.ts';
import { addrconfNet } from './addrconf-net.ts';
import { addrconfAddMroute, addrconfPrefixRoute, routingOf } from './addrconf-route.ts';
import { addrconfDelRsTimer, addrconfRsTimer } from './addrconf-rs.ts';

/** `addrconf_link_ready`: the link carries packets. */
export function addrconfLinkReady(dev: NetDevice): boolean {
  return dev.operUp() && dev.tx.every((queue: NetdevQueue) => queue.qdisc !== noopQdisc);
}

/** `ipv6_add_dev`: the device takes part in IPv6. Or -EINVAL: its MTU is too small for that, or its name is none for files. */
export function ipv6AddDev(dev: NetDevice): Inet6Dev | number {
  const { ip, devconfDflt } = ipv6Net.of(dev.net);
  if (dev.mtu < IPV6_MIN_MTU) return -EINVAL;
  const idev = new Inet6Dev(dev, devconfDflt.copy());
  const { cnf } = idev;
  if (cnf.stableSecret !== null) cnf.addrGenMode = IN6_ADDR_GEN_MODE_STABLE_PRIVACY;
  cnf.mtu6 = dev.mtu;
  idev.ndParms = ip.ndisc?.tbl.parmsOf(dev) ?? null;
  if ((dev.flags & (IFF_NOARP | IFF_LOOPBACK)) !== 0) cnf.acceptDad = -1;
  if (cnf.acceptDad < 0 || LONE_KINDS.has(dev.type)) cnf.useTempaddr = -1;
  if (dev.running() && addrconfLinkReady(dev)) idev.ifFlags |= IF_READY;
  idev.tstamp = dev.net.timers.jiffies;
  idev.rsTimer = addrconfRsTimer(idev);
  const err = addrconfNet.of(dev.net).filesRegister(idev);
  if (err !== 0) return err;
  ip.mld?.initDev(idev);
  in6DevSet(dev, idev);
  ip.inet6Devs++;
  joinAllNodes(idev);
  return idev;
}

/** Links on which nobody could follow a host by its identifier. */
const LONE_KINDS: ReadonlySet<number> = new Set([ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT, ARPHRD_NONE]);

function joinAllNodes({ dev, cnf }: Inet6Dev): void {
  const { mld } = ipv6Net.of(dev.net).ip;
  mld?.mcInc(dev, in6addrInterfacelocalAllnodes);
  mld?.mcInc(dev, in6addrLinklocalAllnodes);
  if (cnf.forwarding !== 0 && (dev.flags & IFF_MULTICAST) !== 0) mld?.mcInc(dev, in6addrLinklocalAllrouters);
}

/** `ipv6_find_idev`: as {@link ipv6AddDev} if the device has none yet. */
export function ipv6FindIdev(dev: NetDevice): Inet6Dev | number {
  const idev = in6DevGet(dev) ?? ipv6AddDev(dev);
  if (typeof idev !== 'number' && (dev.flags & IFF_UP) !== 0) ipv6Net.of(dev.net).ip.mld?.up(idev);
  return idev;
}

/** `addrconf_add_dev`: as {@link ipv6FindIdev}, and multicast leaves by the device; -EACCES where IPv6 is disabled. */
export function addrconfAddDev(dev: NetDevice): Inet6Dev | number {
  const idev = ipv6FindIdev(dev);
  if (typeof idev === 'number') return idev;
  if (idev.cnf.disableIpv6 !== 0) return -EACCES;
  if ((dev.flags & IFF_LOOPBACK) === 0) addrconfAddMroute(dev);
  return idev;
}

/** Addresses that an interface loses with its link even where others are kept. */
function isLocal({ addr }: Inet6Ifaddr): boolean {
  return (ipv6AddrType(addr) & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_LOOPBACK)) !== 0;
}

/** `addrconf_ifdown`: the device went down, or (`unregister`) leaves IPv6 altogether. -ENODEV: it took no part. */
export function addrconfIfdown(dev: NetDevice, unregister: boolean): number {
  const { ip, addrs } = ipv6Net.of(dev.net);
  routingOf(dev)?.disableIp(dev, unregister ? NETDEV_UNREGISTER : NETDEV_DOWN);
  const idev = in6DevGet(dev);
  if (idev === null) return -ENODEV;
  if (unregister) {
    idev.dead = true;
    in6DevSet(dev, null);
  }
  const kept = unregister ? [] : idev.addrList.filter((ifp) => isKept(idev, ifp));
  for (const ifp of idev.addrList) if (!kept.includes(ifp)) addrs.remove(ifp);
  addrconfDelRsTimer(idev);
  const wasReady = (idev.ifFlags & IF_READY) !== 0;
  if (!unregister) idev.ifFlags &= ~(IF_RS_SENT | IF_RA_RCVD | IF_READY);
  for (const ifp of [...idev.tempaddrList]) forgetPublic(ifp);
  for (const ifp of [...idev.addrList]) ifaDown(ifp, kept.includes(ifp));
  if (unregister) {
    ipv6AcDestroyDev(idev);
    ip.mld?.destroyDev(idev);
  } else if (wasReady) ip.mld?.down(idev);
  idev.tstamp = dev.net.timers.jiffies;
  idev.raMtu = 0;
  if (unregister) forgetDev(idev);
  return 0;
}

/** `keep_addr_on_down`: for one of both, of the namespace and of the interface, that is positive; those of disabled interfaces go all the same. */
function isKept({ dev, cnf }: Inet6Dev, ifp: Inet6Ifaddr): boolean {
  const all = ipv6Net.of(dev.net).devconfAll.keepAddrOnDown;
  const keep = cnf.disableIpv6 === 0 && (all !== 0 ? all : cnf.keepAddrOnDown) > 0;
  return keep && (ifp.flags & IFA_F_PERMANENT) !== 0 && !isLocal(ifp);
}

function forgetDev(idev: Inet6Dev): void {
  const { ip } = ipv6Net.of(idev.dev.net);
  addrconfNet.of(idev.dev.net).filesUnregister(idev);
  ip.ndisc?.tbl.forgetDevice(idev.dev);
  ip.ndisc?.tbl.ifdown(idev.dev);
  idev.ndParms = null;
  ip.inet6Devs--;
}

/** One address of a device that went down: `keep`: it waits, tentative again, for the device to come back. */
function ifaDown(ifp: Inet6Ifaddr, keep: boolean): void {
  const { idev } = ifp;
  const { ip } = ipv6Net.of(idev.dev.net);
  ifp.dadWork?.cancel();
  ifp.state = keep ? INET6_IFADDR_STATE_PREDAD : INET6_IFADDR_STATE_DEAD;
  if (keep) {
    if ((ifp.flags & IFA_F_NODAD) === 0) ifp.flags |= IFA_F_TENTATIVE;
    if (ifp.rt !== null) ip.routing?.delRt(idev.dev.net, ifp.rt);
    ifp.rt = null;
    if (idev.cnf.forwarding !== 0) addrconfLeaveAnycast(ifp);
    addrconfLeaveSolict(idev, ifp.addr);
  } else {
    ipv6IfaNotifyAlways(RTM_DELADDR, ifp);
    ip.inet6addrChain.callChain(NETDEV_DOWN, { ifp });
    unlinkIfaddr(ifp);
  }
}

/** `addrconf_permanent_addr`: addresses that outlasted the device's going down get their routes back, and are tried again. */
export function addrconfPermanentAddr(idev: Inet6Dev): void {
  const { dev } = idev;
  for (const ifp of [...idev.addrList]) {
    if ((ifp.flags & IFA_F_PERMANENT) === 0 || fixupPermanentAddr(ifp) === 0) continue;
    ipv6DelAddr(ifp);
    dev.net.kernel.log(`IPv6: ${dev.name}: Failed to add prefix route for address ${ifp.addr.toString()}; dropping`);
  }
}

/** `fixup_permanent_addr`: 0, or what routing says. */
function fixupPermanentAddr(ifp: Inet6Ifaddr): number {
  const { idev } = ifp;
  const { dev } = idev;
  // The route may have been taken out, with the loopback device for example.
  if (ifp.rt === null || !ifp.rt.linked) {
    const rt = routingOf(dev)?.f6iAlloc(dev.net, idev, ifp.addr, false) ?? null;
    if (typeof rt === 'number') return rt;
    ifp.rt = rt;
  }
  if ((ifp.flags & IFA_F_NOPREFIXROUTE) === 0) addrconfPrefixRoute(ifp.addr, ifp.prefixLen, ifp.rtPriority, dev, 0, 0);
  if (ifp.state === INET6_IFADDR_STATE_PREDAD) addrconfDadStart(ifp);
  return 0;
}
