/** Groups that sockets join (`net/ipv4/igmp.c`, the part that sockets see). */
import type { Net, NetDevice } from '@skbuff/core';
import { Flowi4, type InDevice, inDevGet, ipMcDecGroup, ipMcDelSrc, ipMcIncGroup, ipv4Net } from '@skbuff/ipv4';
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENOBUFS, ENODEV, MCAST_INCLUDE } from '@skbuff/uapi';
import { ipv4IsMulticast } from '@skbuff/wire';
import type { InetSk, McSocklist } from './inet-sk.ts';

/** `struct ip_mreqn`: a group on an interface, named by index, by address (u32), or (both 0) by the route to the group. */
export interface Mreqn {
  readonly group: number;
  readonly addr: number;
  readonly ifindex: number;
}

/** `ip_dev_find`: the device that has `addr`. */
export function ipDevFind(net: Net, addr: number): NetDevice | null {
  return net.devList.find((dev) => inDevGet(dev)?.ifaList.some((ifa) => ifa.local === addr) === true) ?? null;
}

/** `ip_mc_find_dev`: the interface that is meant: by index, by address, or the one that the route to the group takes. */
export function ipMcFindDev(sk: InetSk, { group, addr, ifindex }: Mreqn): InDevice | null {
  const { net } = sk;
  if (ifindex !== 0) return devOf(net.devGetByIndex(ifindex));
  if (addr !== 0) return devOf(ipDevFind(net, addr));
  const fl4 = new Flowi4();
  fl4.daddr = group;
  const rt = ipv4Net.of(net).ip.routing?.routeOutput(net, fl4, null) ?? -ENODEV;
  if (typeof rt === 'number') return null;
  const { dev } = rt;
  rt.release();
  return devOf(dev);
}

function devOf(dev: NetDevice | null): InDevice | null {
  return dev === null ? null : inDevGet(dev);
}

/** `ip_mc_join_group` in a filter mode: 0, -EINVAL, -ENODEV, -EADDRINUSE (a member already), -ENOBUFS (too many). */
export function ipMcJoinGroup(sk: InetSk, req: Mreqn, mode: number): number {
  if (!ipv4IsMulticast(req.group)) return -EINVAL;
  const inDev = ipMcFindDev(sk, req);
  if (inDev === null) return -ENODEV;
  const { ifindex } = inDev.dev;
  if (ipMcSocklist(sk, req.group, ifindex) !== null) return -EADDRINUSE;
  if (sk.mcList.length >= ipv4Net.of(sk.net).igmpMaxMemberships) return -ENOBUFS;
  sk.mcList.unshift({ group: req.group, addr: req.addr, ifindex, sfmode: mode, sources: null });
  ipMcIncGroup(inDev, req.group, mode);
  return 0;
}

/** The socket's entry for a group on an interface, or null. */
export function ipMcSocklist(sk: InetSk, group: number, ifindex: number): McSocklist | null {
  return sk.mcList.find((mc) => mc.group === group && mc.ifindex === ifindex) ?? null;
}

/** `ip_mc_leave_group`: 0, -ENODEV, or -EADDRNOTAVAIL (not a member). An interface that went away is still left. */
export function ipMcLeaveGroup(sk: InetSk, req: Mreqn): number {
  const inDev = ipMcFindDev(sk, req);
  if (inDev === null && req.ifindex === 0 && req.addr === 0) return -ENODEV;
  const ifindex = inDev?.dev.ifindex ?? req.ifindex;
  const at = sk.mcList.findIndex((mc) => mc.group === req.group && (ifindex !== 0 ? mc.ifindex === ifindex : mc.addr === req.addr));
  if (at < 0) return -EADDRNOTAVAIL;
  const [mc] = sk.mcList.splice(at, 1) as [McSocklist];
  leave(mc, inDev);
  return 0;
}

/** `ip_mc_leave_src` and out of the interface's group. */
function leave({ group, sfmode, sources }: McSocklist, inDev: InDevice | null): void {
  if (inDev === null) return;
  ipMcDelSrc(inDev, group, sfmode, sources ?? [], false);
  ipMcDecGroup(inDev, group);
}

/** `ip_mc_drop_socket`: a closed socket leaves all its groups. */
export function ipMcDropSocket(sk: InetSk): void {
  for (const mc of sk.mcList) leave(mc, devOf(sk.net.devGetByIndex(mc.ifindex)));
  sk.mcList = [];
}

/**
 * `ip_mc_sf_allow`: whether a socket hears packets from `saddr` to `group` that arrived on interface `dif`. One that is no member hears
 * what others made the host receive, unless it has switched that off (IP_MULTICAST_ALL).
 */
export function ipMcSfAllow(sk: InetSk, group: number, saddr: number, dif: number): boolean {
  if (!ipv4IsMulticast(group)) return true;
  for (const { group: own, ifindex, sfmode, sources } of sk.mcList) {
    if (own !== group || ifindex !== dif) continue;
    const named = sources !== null && sources.includes(saddr);
    return sfmode === MCAST_INCLUDE ? named : !named;
  }
  return sk.mcAll;
}
