/** Changing a device: MTU, address, name, alias, group (`net/core/dev.c`). All under RTNL; 0 or a negative errno. */
import {
  ALTIFNAMSIZ,
  EADDRNOTAVAIL,
  EBUSY,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOENT,
  EOPNOTSUPP,
  ERANGE,
  IFALIASZ,
  IFF_UP,
  NET_ADDR_SET,
  NET_NAME_RENAMED,
} from '@skbuff/uapi';
import { equalBytes } from '@skbuff/wire';
import {
  NETDEV_CHANGEADDR,
  NETDEV_CHANGEMTU,
  NETDEV_CHANGENAME,
  NETDEV_CHANGE_TX_QUEUE_LEN,
  NETDEV_PRECHANGEMTU,
  NETDEV_PRE_CHANGEADDR,
} from '../notifier/netdev-events.ts';
import { notifierToErrno } from '../notifier/notifier.ts';
import { callNetdeviceNotifiers } from './dev-notify.ts';
import { devGetValidName } from './dev-register.ts';
import { IFF_LIVE_ADDR_CHANGE, type NetDevice } from './netdevice.ts';
import type { ExtAck } from './rtnl-link-ops.ts';

/** What IPv4's total length can hold, and the most that a device takes otherwise. */
const GSO_LEGACY_MAX_SIZE = 65536;
export const GSO_MAX_SIZE: number = 8 * 65535;

/** `dev_set_mtu`, bytes. -EINVAL outside the device's range (with the kernel's words in `extack`); the same value is no change. */
export function devSetMtu(dev: NetDevice, mtu: number, extack: ExtAck | null = null): number {
  if (mtu === dev.mtu) return 0;
  const invalid = devValidateMtu(dev, mtu, extack);
  if (invalid !== 0) return invalid;
  if (!dev.present()) return -ENODEV;
  const vetoed = notifierToErrno(callNetdeviceNotifiers(NETDEV_PRECHANGEMTU, dev));
  if (vetoed !== 0) return vetoed;
  const old = dev.mtu;
  const err = setMtu(dev, mtu);
  if (err !== 0) return err;
  const refused = notifierToErrno(callNetdeviceNotifiers(NETDEV_CHANGEMTU, dev));
  if (refused === 0) return 0;
  // Back, and everybody hears it: whoever had followed the change has to follow again.
  setMtu(dev, old);
  callNetdeviceNotifiers(NETDEV_CHANGEMTU, dev);
  return refused;
}

function setMtu(dev: NetDevice, mtu: number): number {
  const err = dev.ops.ndoChangeMtu?.(dev, mtu) ?? 0;
  if (err === 0) dev.mtu = mtu;
  return err;
}

/** `dev_validate_mtu`. */
export function devValidateMtu(dev: NetDevice, mtu: number, extack: ExtAck | null): number {
  if (mtu < 0 || mtu < dev.minMtu) {
    if (extack !== null) extack.message = 'mtu less than device minimum';
    return -EINVAL;
  }
  if (dev.maxMtu > 0 && mtu > dev.maxMtu) {
    if (extack !== null) extack.message = 'mtu greater than device maximum';
    return -EINVAL;
  }
  return 0;
}

/** `dev_set_mac_address`: `addr` holds `addrLen` bytes. -EOPNOTSUPP without a driver callback, -ENODEV while absent. */
export function devSetMacAddress(dev: NetDevice, addr: Uint8Array): number {
  if (dev.ops.ndoSetMacAddress === null) return -EOPNOTSUPP;
  if (addr.length < dev.addrLen) return -EINVAL;
  if (!dev.present()) return -ENODEV;
  const vetoed = notifierToErrno(callNetdeviceNotifiers(NETDEV_PRE_CHANGEADDR, dev));
  if (vetoed !== 0) return vetoed;
  if (!equalBytes(dev.devAddr, 0, addr, 0, dev.addrLen)) {
    const err = dev.ops.ndoSetMacAddress(dev, addr);
    if (err !== 0) return err;
  }
  dev.addrAssignType = NET_ADDR_SET;
  callNetdeviceNotifiers(NETDEV_CHANGEADDR, dev);
  return 0;
}

/** `eth_mac_addr`: the usual `ndoSetMacAddress`. -EBUSY while up unless the device can do it live, -EADDRNOTAVAIL if not unicast. */
export function ethMacAddr(dev: NetDevice, addr: Uint8Array): number {
  if ((dev.privFlags & IFF_LIVE_ADDR_CHANGE) === 0 && dev.running()) return -EBUSY;
  if (!isValidEtherAddr(addr)) return -EADDRNOTAVAIL;
  dev.devAddr.set(addr.subarray(0, dev.addrLen));
  return 0;
}

/** `is_valid_ether_addr`: neither zero nor multicast (broadcast is multicast). */
export function isValidEtherAddr(addr: Uint8Array): boolean {
  return (addr[0] & 1) === 0 && !isZeroEtherAddr(addr);
}

export function isMulticastEtherAddr(addr: Uint8Array): boolean {
  return (addr[0] & 1) !== 0;
}

export function isBroadcastEtherAddr(addr: Uint8Array): boolean {
  return (addr[0] & addr[1] & addr[2] & addr[3] & addr[4] & addr[5]) === 0xff;
}

export function isZeroEtherAddr(addr: Uint8Array): boolean {
  return (addr[0] | addr[1] | addr[2] | addr[3] | addr[4] | addr[5]) === 0;
}

/** `dev_change_name`, up or down; a pattern such as `eth%d` is resolved. -EINVAL, -EEXIST, or a notifier's veto. */
export function devChangeName(dev: NetDevice, newname: string): number {
  if (newname === dev.name) return 0;
  const name = devGetValidName(dev.net, newname);
  if (typeof name === 'number') return name;
  const old = dev.name;
  const oldAssign = dev.nameAssignType;
  setName(dev, name, NET_NAME_RENAMED);
  dev.net.kernel.log(`${name}: renamed from ${old}${(dev.flags & IFF_UP) !== 0 ? ' (while UP)' : ''}`);
  const vetoed = notifierToErrno(callNetdeviceNotifiers(NETDEV_CHANGENAME, dev));
  if (vetoed === 0) return 0;
  setName(dev, old, oldAssign);
  callNetdeviceNotifiers(NETDEV_CHANGENAME, dev);
  return vetoed;
}

function setName(dev: NetDevice, name: string, assignType: number): void {
  dev.net.devByName.delete(dev.name);
  dev.name = name;
  dev.net.devByName.set(name, dev);
  dev.nameAssignType = assignType;
}

/** `dev_set_alias`: -EINVAL from {@link IFALIASZ} bytes on; an empty alias removes it. */
export function devSetAlias(dev: NetDevice, alias: string): number {
  if (alias.length >= IFALIASZ) return -EINVAL;
  dev.ifalias = alias;
  return 0;
}

export function devSetGroup(dev: NetDevice, group: number): void {
  dev.group = group;
}

/** `dev_change_tx_queue_len`: -ERANGE for a value that is no 32-bit number. */
export function devChangeTxQueueLen(dev: NetDevice, len: number): number {
  if (len < 0 || len > 0xffffffff) return -ERANGE;
  if (len === dev.txQueueLen) return 0;
  const old = dev.txQueueLen;
  dev.txQueueLen = len;
  const vetoed = notifierToErrno(callNetdeviceNotifiers(NETDEV_CHANGE_TX_QUEUE_LEN, dev));
  if (vetoed !== 0) dev.txQueueLen = old;
  return vetoed;
}

/** `dev_change_carrier`: -EOPNOTSUPP for a device whose carrier is no user's to set, -ENODEV for an absent one. */
export function devChangeCarrier(dev: NetDevice, on: boolean): number {
  if (dev.ops.ndoChangeCarrier === null) return -EOPNOTSUPP;
  return dev.present() ? dev.ops.ndoChangeCarrier(dev, on) : -ENODEV;
}

/** `netif_set_gso_max_size`: bytes; over IPv4 as far as IPv4 can. */
export function netifSetGsoMaxSize(dev: NetDevice, size: number): void {
  dev.gsoMaxSize = size;
  if (size <= GSO_LEGACY_MAX_SIZE) dev.gsoIpv4MaxSize = size;
}

/** `netif_set_gro_max_size`: bytes; over IPv4 as far as IPv4 can. */
export function netifSetGroMaxSize(dev: NetDevice, size: number): void {
  dev.groMaxSize = size;
  if (size <= GSO_LEGACY_MAX_SIZE) dev.groIpv4MaxSize = size;
}

/** `netif_set_tso_max_size`: what the hardware takes, bytes, at most {@link GSO_MAX_SIZE}; nothing longer is given to it. */
export function netifSetTsoMaxSize(dev: NetDevice, size: number): void {
  dev.tsoMaxSize = Math.min(GSO_MAX_SIZE, size);
  if (size < dev.gsoMaxSize) netifSetGsoMaxSize(dev, size);
  dev.gsoIpv4MaxSize = Math.min(dev.gsoIpv4MaxSize, size);
}

/** `netif_set_tso_max_segs`. */
export function netifSetTsoMaxSegs(dev: NetDevice, segs: number): void {
  dev.tsoMaxSegs = segs;
  dev.gsoMaxSegs = Math.min(dev.gsoMaxSegs, segs);
}

/**
 * `netdev_name_node_alt_create`: one more name for the device; -EEXIST if any device of the namespace has it. It may be any text, the empty
 * one too: rules of names are for first names.
 */
export function devAddAltname(dev: NetDevice, name: string): number {
  if (name.length >= ALTIFNAMSIZ) return -EINVAL;
  if (dev.net.devByName.has(name)) return -EEXIST;
  dev.altnames.push(name);
  dev.net.devByName.set(name, dev);
  return 0;
}

/** `netdev_name_node_alt_destroy`: -ENOENT if no device has it, -EINVAL for a device's first name or another's. */
export function devDelAltname(dev: NetDevice, name: string): number {
  const owner = dev.net.devByName.get(name);
  if (owner === undefined) return -ENOENT;
  const at = dev.altnames.indexOf(name);
  if (owner !== dev || at < 0) return -EINVAL;
  dev.altnames.splice(at, 1);
  dev.net.devByName.delete(name);
  return 0;
}
