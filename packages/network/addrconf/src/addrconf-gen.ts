/** Addresses that an interface gives itself when its link comes up: ::1, link-local ones (`addrconf_dev_config` and its like). */
import { IFF_NO_ADDRCONF, type Net, type NetDevice } from '@skbuff/core';
import { IFA_HOST, IFA_LINK, in6DevGet, type Inet6Dev, INFINITY_LIFE_TIME, ipv6Net } from '@skbuff/ipv6';
import {
  ARPHRD_6LOWPAN,
  ARPHRD_ARCNET,
  ARPHRD_ETHER,
  ARPHRD_FDDI,
  ARPHRD_IEEE1394,
  ARPHRD_INFINIBAND,
  ARPHRD_LOOPBACK,
  ARPHRD_NONE,
  ARPHRD_RAWIP,
  ARPHRD_TUNNEL,
  ARPHRD_TUNNEL6,
  EINVAL,
  IFA_F_OPTIMISTIC,
  IFA_F_PERMANENT,
  IFA_F_STABLE_PRIVACY,
  IFA_F_TENTATIVE,
  IFAPROT_KERNEL_LL,
  IFAPROT_KERNEL_LO,
  IFF_MULTICAST,
  IFF_UP,
  IN6_ADDR_GEN_MODE_EUI64,
  IN6_ADDR_GEN_MODE_NONE,
  IN6_ADDR_GEN_MODE_RANDOM,
  IN6_ADDR_GEN_MODE_STABLE_PRIVACY,
  RTM_NEWADDR,
} from '@skbuff/uapi';
import { In6Addr, in6addrLoopback } from '@skbuff/wire';
import { addrconfDadStart } from './addrconf-dad-start.ts';
import { addrconfAddDev, ipv6FindIdev } from './addrconf-dev.ts';
import { type Ifa6Config, ipv6AddAddr, ipv6IfaNotify } from './addrconf-ifa.ts';
import { ipv6GenerateEui64, ipv6GenerateStableAddress } from './addrconf-ifid.ts';
import { addrconfNet } from './addrconf-net.ts';
import { addrconfPrefixRoute, routingOf } from './addrconf-route.ts';

/** Kinds of links whose hosts make themselves addresses. */
const AUTOCONF_KINDS: ReadonlySet<number> = new Set([
  ARPHRD_ETHER,
  ARPHRD_FDDI,
  ARPHRD_ARCNET,
  ARPHRD_INFINIBAND,
  ARPHRD_IEEE1394,
  ARPHRD_TUNNEL6,
  ARPHRD_6LOWPAN,
  ARPHRD_TUNNEL,
  ARPHRD_NONE,
  ARPHRD_RAWIP,
]);

/** `addrconf_init_auto_addrs`. */
export function addrconfInitAutoAddrs(dev: NetDevice): void {
  if (dev.type === ARPHRD_LOOPBACK) initLoopback(dev);
  else addrconfDevConfig(dev);
}

/** An address that stays, made by the kernel itself. */
function ownConfig(pfx: In6Addr, plen: number, flags: number, scope: number, ifaProto: number): Ifa6Config {
  const ifaFlags = flags | IFA_F_PERMANENT;
  return { pfx, plen, peerPfx: null, rtPriority: 0, ifaProto, ifaFlags, preferedLft: INFINITY_LIFE_TIME, validLft: INFINITY_LIFE_TIME, scope };
}

/** `init_loopback`: nobody else can have ::1. */
function initLoopback(dev: NetDevice): void {
  const idev = ipv6FindIdev(dev);
  if (typeof idev === 'number') return;
  const ifp = ipv6AddAddr(idev, ownConfig(in6addrLoopback, 128, 0, IFA_HOST, IFAPROT_KERNEL_LO), null);
  if (typeof ifp === 'number') return;
  ifp.flags &= ~IFA_F_TENTATIVE;
  routingOf(dev)?.cacheFlush(dev.net);
  ipv6IfaNotify(RTM_NEWADDR, ifp);
}

/** `addrconf_dev_config`. */
function addrconfDevConfig(dev: NetDevice): void {
  if (!AUTOCONF_KINDS.has(dev.type)) {
    const idev = in6DevGet(dev);
    if (idev !== null && (dev.flags & IFF_UP) !== 0 && (dev.flags & IFF_MULTICAST) !== 0) ipv6Net.of(dev.net).ip.mld?.up(idev);
    return;
  }
  const idev = addrconfAddDev(dev);
  if (typeof idev === 'number') return;
  // This kind has no address to make one of.
  if (dev.type === ARPHRD_NONE && idev.cnf.addrGenMode === IN6_ADDR_GEN_MODE_EUI64) idev.cnf.addrGenMode = IN6_ADDR_GEN_MODE_RANDOM;
  addrconfAddrGen(idev);
}

/** `addrconf_addr_gen`: the link-local address, made in the way that addr_gen_mode says. */
function addrconfAddrGen(idev: Inet6Dev): void {
  const { dev, cnf } = idev;
  if ((dev.privFlags & IFF_NO_ADDRCONF) !== 0) return;
  const addr = new In6Addr(0xfe800000);
  if (cnf.addrGenMode === IN6_ADDR_GEN_MODE_RANDOM) cnf.stableSecret ??= randomSecret(idev);
  if (cnf.addrGenMode === IN6_ADDR_GEN_MODE_EUI64) {
    if (ipv6GenerateEui64(addr, dev)) addrconfAddLinklocal(idev, addr, 0);
  } else if (cnf.addrGenMode !== IN6_ADDR_GEN_MODE_NONE && ipv6GenerateStableAddress(addr, 0, idev)) addrconfAddLinklocal(idev, addr, IFA_F_STABLE_PRIVACY);
}

/** `ipv6_gen_mode_random_init`. */
function randomSecret({ dev }: Inet6Dev): In6Addr {
  const { random } = addrconfNet.of(dev.net);
  return new In6Addr(random.u32(), random.u32(), random.u32(), random.u32());
}

/** `addrconf_add_linklocal`. */
function addrconfAddLinklocal(idev: Inet6Dev, addr: In6Addr, flags: number): void {
  const { devconfAll } = ipv6Net.of(idev.dev.net);
  const optimistic = (devconfAll.optimisticDad !== 0 || idev.cnf.optimisticDad !== 0) && devconfAll.forwarding === 0;
  const ifp = ipv6AddAddr(idev, ownConfig(addr, 64, optimistic ? flags | IFA_F_OPTIMISTIC : flags, IFA_LINK, IFAPROT_KERNEL_LL), null);
  if (typeof ifp === 'number') return;
  addrconfPrefixRoute(ifp.addr, ifp.prefixLen, 0, idev.dev, 0, 0);
  addrconfDadStart(ifp);
}

/** `check_stable_privacy`: -EINVAL for a mode that needs a secret where there is none. `idev` null: of the namespace. */
export function checkStablePrivacy(idev: Inet6Dev | null, net: Net, mode: number): number {
  if (mode !== IN6_ADDR_GEN_MODE_STABLE_PRIVACY) return 0;
  return (idev?.cnf.stableSecret ?? ipv6Net.of(net).devconfDflt.stableSecret) === null ? -EINVAL : 0;
}

/** `addrconf_sysctl_addr_gen_mode` of an interface: from now on its addresses are made so, and missing ones at once. */
export function addrconfSetAddrGenMode(idev: Inet6Dev, mode: number): void {
  if (idev.cnf.addrGenMode === mode) return;
  idev.cnf.addrGenMode = mode;
  addrconfInitAutoAddrs(idev.dev);
}
