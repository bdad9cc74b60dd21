/** `struct in_device` and `struct in_ifaddr` (`include/linux/inetdevice.h`): IPv4's side of a device. */
import { DevSlot, type NetDevice } from '@skbuff/core';
import type { NeighParms } from '@skbuff/neighbour';
import type { Ipv4Devconf } from './devconf.ts';
import type { IpMcList } from './ip-mc-list.ts';

/** One address of an interface. Addresses and masks are u32 in host order. */
export interface InIfaddr {
  /** The host's own address; differs from `address` on point-to-point links. */
  readonly local: number;
  /** The prefix, or the peer of a point-to-point link. */
  readonly address: number;
  readonly prefixlen: number;
  readonly mask: number;
  broadcast: number;
  readonly scope: number;
  /** IFA_F_* */
  flags: number;
  label: string;
  rtPriority: number;
  proto: number;
  readonly inDev: InDevice;
  /** Seconds, 0xffffffff: for ever; counted from `tstamp`. */
  validLft: number;
  preferredLft: number;
  /** Jiffies of creation and of the last change. */
  cstamp: number;
  tstamp: number;
}

export class InDevice {
  readonly dev: NetDevice;
  readonly cnf: Ipv4Devconf;
  /** The same for all interfaces of the namespace. */
  readonly all: Ipv4Devconf;
  /** Primary addresses first, in the order of addition within a scope. */
  ifaList: readonly InIfaddr[] = [];
  /** Multicast groups joined on this interface, by address. */
  readonly mcList: Map<number, IpMcList> = new Map();
  /** Those of them that are in the device's filter. */
  readonly mcLoaded: Set<number> = new Set();
  arpParms: NeighParms | null = null;
  dead = false;

  constructor(dev: NetDevice, cnf: Ipv4Devconf, all: Ipv4Devconf) {
    this.dev = dev;
    this.cnf = cnf;
    this.all = all;
  }
}

const ipPtr: DevSlot<InDevice> = new DevSlot<InDevice>();

/** `__in_dev_get_rcu`: IPv4's side of a device, or null while it has none. */
export function inDevGet(dev: NetDevice): InDevice | null {
  return ipPtr.get(dev);
}

/** @internal Only devinet sets it. */
export function inDevSet(dev: NetDevice, inDev: InDevice | null): void {
  ipPtr.set(dev, inDev);
}

/** `inet_ifa_match`: whether `addr` lies in the address's prefix. */
export function inetIfaMatch(addr: number, ifa: InIfaddr): boolean {
  return ((addr ^ ifa.address) & ifa.mask) === 0;
}

/** `bad_mask`: whether `addr` has bits beyond the mask, or the mask is not contiguous. */
export function badMask(mask: number, addr: number): boolean {
  if ((addr & ~mask) !== 0) return true;
  const host = ~mask >>> 0;
  return (host & (host + 1)) !== 0;
}
