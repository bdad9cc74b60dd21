/** Groups that sockets of AF_INET6 join (`net/ipv6/mcast.c`, the part that sockets see). */
import type { InetSk } from '@skbuff/af-inet';
import type { NetDevice } from '@skbuff/core';
import { type Inet6Dev, in6DevGet, ipv6Net, type MldOps } from '@skbuff/ipv6';
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENOBUFS, ENODEV, MCAST_EXCLUDE, MCAST_INCLUDE } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import { type Ipv6McSocklist, inet6Np } from './ipv6-pinfo.ts';

function mldOf(sk: InetSk): MldOps | null {
  return ipv6Net.of(sk.net).ip.mld;
}

/** The interface that is meant: by index, 0: the one that the route to the group takes. */
function mcDev(sk: InetSk, ifindex: number, group: In6Addr): NetDevice | null {
  if (ifindex !== 0) return sk.net.devGetByIndex(ifindex);
  const rt = ipv6Net.of(sk.net).ip.routing?.lookup(sk.net, group, null, 0, 0) ?? null;
  if (rt === null) return null;
  const { dev } = rt;
  rt.release();
  return dev;
}

function idevOf(dev: NetDevice | null): Inet6Dev | null {
  return dev === null ? null : in6DevGet(dev);
}

/** The socket's entry for a group on an interface (0: any), or null. */
export function ipv6McSocklist(sk: InetSk, ifindex: number, group: In6Addr): Ipv6McSocklist | null {
  return inet6Np(sk).mcList.find((mc) => (ifindex === 0 || mc.ifindex === ifindex) && mc.addr.equals(group)) ?? null;
}

/** `ipv6_sock_mc_join` in a filter mode: 0, -EINVAL, -ENODEV, -EADDRINUSE (a member already). */
export function ipv6SockMcJoin(sk: InetSk, ifindex: number, group: In6Addr, mode: number): number {
  if (!group.isMulticast()) return -EINVAL;
  if (ipv6McSocklist(sk, ifindex, group) !== null) return -EADDRINUSE;
  const dev = mcDev(sk, ifindex, group);
  if (dev === null) return -ENODEV;
  const err = mldOf(sk)?.mcInc(dev, group, mode) ?? -EINVAL;
  if (err === 0) inet6Np(sk).mcList.unshift({ addr: group.clone(), ifindex: dev.ifindex, sfmode: mode, sources: null });
  return err;
}

/** `ipv6_sock_mc_drop`: 0, -EINVAL or -EADDRNOTAVAIL (not a member). */
export function ipv6SockMcDrop(sk: InetSk, ifindex: number, group: In6Addr): number {
  if (!group.isMulticast()) return -EINVAL;
  const mc = ipv6McSocklist(sk, ifindex, group);
  if (mc === null) return -EADDRNOTAVAIL;
  const { mcList } = inet6Np(sk);
  mcList.splice(mcList.indexOf(mc), 1);
  leave(sk, mc);
  return 0;
}

/** `ip6_mc_leave_src` and out of the interface's group. */
function leave(sk: InetSk, { addr, ifindex, sfmode, sources }: Ipv6McSocklist): void {
  const idev = idevOf(sk.net.devGetByIndex(ifindex));
  const mld = mldOf(sk);
  if (idev === null || mld === null) return;
  mld.mcDelSrc(idev, addr, sfmode, sources ?? [], false);
  mld.mcDec(idev, addr);
}

/** `ipv6_sock_mc_close`: a closed socket leaves all its groups. */
export function ipv6SockMcClose(sk: InetSk): void {
  for (const mc of inet6Np(sk).mcList.splice(0)) leave(sk, mc);
}

/**
 * `ip6_mc_source`: adds or deletes one source of a group in a mode. 0, -EINVAL (not a member, or the group has sources in the other mode),
 * -ENODEV, -EADDRNOTAVAIL (the source is there already, or is not there), -ENOBUFS (too many).
 */
export function ip6McSource(sk: InetSk, add: boolean, mode: number, ifindex: number, group: In6Addr, source: In6Addr): number {
  if (!group.isMulticast()) return -EINVAL;
  const idev = idevOf(mcDev(sk, ifindex, group));
  const mld = mldOf(sk);
  if (idev === null || mld === null) return -ENODEV;
  const mc = ipv6McSocklist(sk, ifindex, group);
  if (mc === null || (mc.sources !== null && mc.sfmode !== mode)) return -EINVAL;
  if (mc.sfmode !== mode) {
    // While no source is named the mode may change.
    mld.mcAddSrc(idev, group, mode, [], false);
    mld.mcDelSrc(idev, group, mc.sfmode, [], false);
    mc.sfmode = mode;
  }
  const sources = mc.sources ?? [];
  const at = sources.findIndex((each) => each.equals(source));
  if (add) {
    if (sources.length >= mld.maxMsf()) return -ENOBUFS;
    if (at >= 0) return -EADDRNOTAVAIL;
    mc.sources = [...sources, source];
    mld.mcAddSrc(idev, group, mode, [source], true);
    return 0;
  }
  if (at < 0) return -EADDRNOTAVAIL;
  // Nobody left to listen to is the same as leaving.
  if (sources.length === 1 && mode === MCAST_INCLUDE) return ipv6SockMcDrop(sk, ifindex, group);
  mld.mcDelSrc(idev, group, mode, [source], true);
  sources.splice(at, 1);
  return 0;
}

/** `ip6_mc_msfilter`: a new mode with all its sources in one call. 0, -EINVAL, -ENODEV; including nobody is leaving. */
export function ip6McMsfilter(sk: InetSk, ifindex: number, group: In6Addr, mode: number, sources: readonly In6Addr[]): number {
  if (!group.isMulticast() || (mode !== MCAST_INCLUDE && mode !== MCAST_EXCLUDE)) return -EINVAL;
  const idev = idevOf(mcDev(sk, ifindex, group));
  const mld = mldOf(sk);
  if (idev === null || mld === null) return -ENODEV;
  if (mode === MCAST_INCLUDE && sources.length === 0) return ipv6SockMcDrop(sk, ifindex, group);
  const mc = memberOn(sk, ifindex, group);
  if (mc === null) return -EINVAL;
  mld.mcAddSrc(idev, group, mode, sources, false);
  mld.mcDelSrc(idev, group, mc.sfmode, mc.sources ?? [], false);
  mc.sfmode = mode;
  mc.sources = sources.length === 0 ? null : [...sources];
  return 0;
}

/** The socket's entry for a group on just this interface, or null. */
export function memberOn(sk: InetSk, ifindex: number, group: In6Addr): Ipv6McSocklist | null {
  return inet6Np(sk).mcList.find((mc) => mc.ifindex === ifindex && mc.addr.equals(group)) ?? null;
}

const source = new In6Addr();

/**
 * `inet6_mc_check`: whether a socket hears packets from the address at `saddrAt` in `bytes` to the group at `groupAt`. One that is no member
 * hears what others made the host receive, unless it has switched that off (IPV6_MULTICAST_ALL).
 */
export function inet6McCheck(sk: InetSk, bytes: Uint8Array, groupAt: number, saddrAt: number): boolean {
  const { mcList, mcAll } = inet6Np(sk);
  for (let i = 0; i < mcList.length; i++) {
    const { addr, sfmode, sources } = mcList[i] as Ipv6McSocklist;
    if (!addr.isAt(bytes, groupAt)) continue;
    const named = sources !== null && includes(sources, source.load(bytes, saddrAt));
    return sfmode === MCAST_INCLUDE ? named : !named;
  }
  return mcAll;
}

function includes(sources: readonly In6Addr[], addr: In6Addr): boolean {
  for (let i = 0; i < sources.length; i++) if ((sources[i] as In6Addr).equals(addr)) return true;
  return false;
}
