/** Groups that sockets join (`net/ipv4/igmp.c`, the part that sockets see). */
import type { Net, NetDevice } from '@skbuff/core';
import { Flowi4, type InDevice, inDevGet, ipMcDecGroup, ipMcIncGroup, ipv4Net } from '@skbuff/ipv4';
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENOBUFS, ENODEV, EPROTO } from '@skbuff/uapi';
import { be32, ipv4IsMulticast } from '@skbuff/wire';
import { le32 } from '@skbuff/sock';
import type { InetSk } from './inet-sk.ts';

/** `struct ip_mreqn`. */
interface Mreqn {
  readonly group: number;
  readonly addr: number;
  readonly ifindex: number;
}

/** `struct ip_mreq` (8 bytes) or `ip_mreqn` (12 bytes); null if shorter. */
function mreqn(value: Uint8Array): Mreqn | null {
  if (value.length < 8) return null;
  return { group: be32(value, 0), addr: be32(value, 4), ifindex: value.length >= 12 ? le32(value, 8) : 0 };
}

/** `ip_dev_find`: the device that has `addr`. */
export function ipDevFind(net: Net, addr: number): NetDevice | null {
  return net.devList.find((dev) => inDevGet(dev)?.ifaList.some((ifa) => ifa.local === addr) === true) ?? null;
}

/** `ip_mc_find_dev`: the interface that is meant: by index, by address, or the one that the route to the group takes. */
function findDev(sk: InetSk, { group, addr, ifindex }: Mreqn): InDevice | null {
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

/** IP_ADD_MEMBERSHIP: 0, -EINVAL, -ENODEV, -EADDRINUSE (a member already), -ENOBUFS (too many). */
export function ipMcJoinGroup(sk: InetSk, value: Uint8Array): number {
  if (sk.isIcsk) return -EPROTO;
  const req = mreqn(value);
  if (req === null || !ipv4IsMulticast(req.group)) return -EINVAL;
  const inDev = findDev(sk, req);
  if (inDev === null) return -ENODEV;
  const { ifindex } = inDev.dev;
  if (sk.mcList.some((mc) => mc.group === req.group && mc.ifindex === ifindex)) return -EADDRINUSE;
  if (sk.mcList.length >= ipv4Net.of(sk.net).igmpMaxMemberships) return -ENOBUFS;
  sk.mcList.unshift({ group: req.group, ifindex });
  ipMcIncGroup(inDev, req.group);
  return 0;
}

/** IP_DROP_MEMBERSHIP: 0, -ENODEV, or -EADDRNOTAVAIL (not a member). */
export function ipMcLeaveGroup(sk: InetSk, value: Uint8Array): number {
  if (sk.isIcsk) return -EPROTO;
  const req = mreqn(value);
  if (req === null) return -EINVAL;
  const inDev = findDev(sk, req);
  if (inDev === null && req.ifindex === 0 && req.addr === 0) return -ENODEV;
  const ifindex = req.ifindex !== 0 ? req.ifindex : (inDev?.dev.ifindex ?? 0);
  const at = sk.mcList.findIndex((mc) => mc.group === req.group && mc.ifindex === ifindex);
  if (at < 0) return -EADDRNOTAVAIL;
  sk.mcList.splice(at, 1);
  if (inDev !== null) ipMcDecGroup(inDev, req.group);
  return 0;
}

/** `ip_mc_drop_socket`: a closed socket leaves all its groups. */
export function ipMcDropSocket(sk: InetSk): void {
  for (const { group, ifindex } of sk.mcList) {
    const inDev = devOf(sk.net.devGetByIndex(ifindex));
    if (inDev !== null) ipMcDecGroup(inDev, group);
  }
  sk.mcList = [];
}

/** `ip_mc_sf_allow`: whether a socket hears packets to `group` that arrived on interface `dif`. */
export function ipMcSfAllow(sk: InetSk, group: number, dif: number): boolean {
  if (!ipv4IsMulticast(group)) return true;
  return sk.mcAll || sk.mcList.some((mc) => mc.group === group && mc.ifindex === dif);
}
