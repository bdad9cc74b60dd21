/** Groups that the interfaces of this host are in (`net/ipv4/igmp.c`, as far as receiving goes; nobody is told by IGMP). */
import { devSetRxMode, type NetDevice } from '@skbuff/core';
import { ARPHRD_ETHER, ARPHRD_IEEE802, INADDR_ALLHOSTS_GROUP, IPPROTO_IGMP, MCAST_EXCLUDE } from '@skbuff/uapi';
import type { InDevice } from './inetdevice.ts';
import { IpMcList } from './ip-mc-list.ts';

/** `arp_mc_map`, on Ethernet `ip_eth_mc_map` (RFC 1112 §6.4): 01:00:5e and the low 23 bits of the group. Null on links that have no such addresses. */
export function arpMcMap(group: number, dev: NetDevice): Uint8Array | null {
  if (dev.type !== ARPHRD_ETHER && dev.type !== ARPHRD_IEEE802) return null;
  return Uint8Array.of(0x01, 0x00, 0x5e, (group >>> 16) & 0x7f, group >>> 8, group);
}

/** `ip_mc_inc_group`: one user more of a group, in a filter mode (MCAST_*); the first one makes the device receive it. */
export function ipMcIncGroup(inDev: InDevice, group: number, mode: number = MCAST_EXCLUDE): void {
  const list = inDev.mcList.get(group);
  if (list !== undefined) {
    list.users++;
    list.addSrc(mode, [], false);
    return;
  }
  inDev.mcList.set(group, new IpMcList(group, mode));
  if (!inDev.dead) filterAdd(inDev, group);
}

/** `ip_mc_dec_group`: one user less, whose filter is gone already ({@link ipMcDelSrc}); false if nobody was in the group. */
export function ipMcDecGroup(inDev: InDevice, group: number): boolean {
  const list = inDev.mcList.get(group);
  if (list === undefined) return false;
  if (--list.users === 0) {
    inDev.mcList.delete(group);
    filterDel(inDev, group);
  }
  return true;
}

/** `ip_mc_add_src`: see {@link IpMcList.addSrc}. */
export function ipMcAddSrc(inDev: InDevice, group: number, mode: number, addrs: readonly number[], delta: boolean): void {
  inDev.mcList.get(group)?.addSrc(mode, addrs, delta);
}

/** `ip_mc_del_src`: see {@link IpMcList.delSrc}. */
export function ipMcDelSrc(inDev: InDevice, group: number, mode: number, addrs: readonly number[], delta: boolean): void {
  inDev.mcList.get(group)?.delSrc(mode, addrs, delta);
}

/** `ip_mc_up`: every host is in 224.0.0.1 (RFC 1112 §4). */
export function ipMcUp(inDev: InDevice): void {
  ipMcIncGroup(inDev, INADDR_ALLHOSTS_GROUP);
  for (const group of inDev.mcList.keys()) filterAdd(inDev, group);
}

/** `ip_mc_down`: memberships stay, the device's filter goes. */
export function ipMcDown(inDev: InDevice): void {
  for (const group of inDev.mcLoaded) filterDel(inDev, group);
  ipMcDecGroup(inDev, INADDR_ALLHOSTS_GROUP);
}

/** `ip_mc_destroy_dev`. */
export function ipMcDestroyDev(inDev: InDevice): void {
  ipMcDown(inDev);
  inDev.mcList.clear();
}

/** `ip_check_mc_rcu`: whether the interface is in the group, and somebody there wants to hear `saddr` (0: whoever it is). */
export function ipCheckMc(inDev: InDevice, group: number, saddr = 0, protocol = 0): boolean {
  const list = inDev.mcList.get(group);
  return list !== undefined && (protocol === IPPROTO_IGMP || list.allows(saddr));
}

function filterAdd(inDev: InDevice, group: number): void {
  if (inDev.mcLoaded.has(group)) return;
  inDev.mcLoaded.add(group);
  changeFilter(inDev.dev, group, true);
}

function filterDel(inDev: InDevice, group: number): void {
  if (inDev.mcLoaded.delete(group)) changeFilter(inDev.dev, group, false);
}

function changeFilter(dev: NetDevice, group: number, add: boolean): void {
  const addr = arpMcMap(group, dev);
  if (addr === null) return;
  if (add) dev.mc.add(addr, dev.addrLen, false);
  else dev.mc.del(addr, dev.addrLen, false);
  devSetRxMode(dev);
}
