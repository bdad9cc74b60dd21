/** `struct in_device` and `struct in_ifaddr` (`include/linux/inetdevice.h`): IPv4's side of a device. */
import { DevSlot, type NetDevice } from '@skbuff/core';
import type { NeighParms } from '@skbuff/neighbour';
import { inetMakeMask } from '@skbuff/wire';
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

  /** `IN_DEV_FORWARD`. */
  forwarding(): boolean {
    return this.cnf.forwarding !== 0;
  }

  /** `IN_DEV_RPFILTER`: the stricter of the two (0 off, 1 strict, 2 loose). */
  rpFilter(): number {
    return Math.max(this.cnf.rpFilter, this.all.rpFilter);
  }

  /** `IN_DEV_SOURCE_ROUTE`: both must agree. */
  sourceRoute(): boolean {
    return this.cnf.acceptSourceRoute !== 0 && this.all.acceptSourceRoute !== 0;
  }

  bootpRelay(): boolean {
    return this.cnf.bootpRelay !== 0 && this.all.bootpRelay !== 0;
  }

  logMartians(): boolean {
    return this.cnf.logMartians !== 0 || this.all.logMartians !== 0;
  }

  proxyArp(): boolean {
    return this.cnf.proxyArp !== 0 || this.all.proxyArp !== 0;
  }

  proxyArpPvlan(): boolean {
    return this.cnf.proxyArpPvlan !== 0 || this.all.proxyArpPvlan !== 0;
  }

  sharedMedia(): boolean {
    return this.cnf.sharedMedia !== 0 || this.all.sharedMedia !== 0;
  }

  txRedirects(): boolean {
    return this.cnf.sendRedirects !== 0 || this.all.sendRedirects !== 0;
  }

  secRedirects(): boolean {
    return this.cnf.secureRedirects !== 0 || this.all.secureRedirects !== 0;
  }

  /** `IN_DEV_RX_REDIRECTS`: a router needs both to agree, a host one of them. */
  rxRedirects(): boolean {
    const own = this.cnf.acceptRedirects !== 0;
    const all = this.all.acceptRedirects !== 0;
    return this.forwarding() ? own && all : own || all;
  }

  acceptLocal(): boolean {
    return this.cnf.acceptLocal !== 0 || this.all.acceptLocal !== 0;
  }

  routeLocalnet(): boolean {
    return this.cnf.routeLocalnet !== 0 || this.all.routeLocalnet !== 0;
  }

  bcForwarding(): boolean {
    return this.cnf.bcForwarding !== 0 && this.all.bcForwarding !== 0;
  }

  promoteSecondaries(): boolean {
    return this.cnf.promoteSecondaries !== 0 || this.all.promoteSecondaries !== 0;
  }

  arpFilter(): boolean {
    return this.cnf.arpFilter !== 0 || this.all.arpFilter !== 0;
  }

  arpAccept(): number {
    return Math.max(this.cnf.arpAccept, this.all.arpAccept);
  }

  arpAnnounce(): number {
    return Math.max(this.cnf.arpAnnounce, this.all.arpAnnounce);
  }

  arpIgnore(): number {
    return Math.max(this.cnf.arpIgnore, this.all.arpIgnore);
  }

  arpNotify(): boolean {
    return this.cnf.arpNotify !== 0 || this.all.arpNotify !== 0;
  }

  arpEvictNocarrier(): boolean {
    return this.cnf.arpEvictNocarrier !== 0 && this.all.arpEvictNocarrier !== 0;
  }

  dropUnicastInL2Multicast(): boolean {
    return this.cnf.dropUnicastInL2Multicast !== 0 || this.all.dropUnicastInL2Multicast !== 0;
  }

  dropGratuitousArp(): boolean {
    return this.cnf.dropGratuitousArp !== 0 || this.all.dropGratuitousArp !== 0;
  }

  ignoreRoutesWithLinkdown(): boolean {
    return this.cnf.ignoreRoutesWithLinkdown !== 0 || this.all.ignoreRoutesWithLinkdown !== 0;
  }

  mediumId(): number {
    return this.cnf.mediumId;
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

/** `ipv4_is_…` for directed broadcast: whether `addr` is the all-ones or zero host of the prefix. */
export function isSubnetBroadcast(addr: number, prefix: number, plen: number): boolean {
  const mask = inetMakeMask(plen);
  return plen < 31 && ((addr & mask) >>> 0) === ((prefix & mask) >>> 0) && ((addr | mask) >>> 0) === 0xffffffff;
}
