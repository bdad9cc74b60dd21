/** Interface addresses (`net/ipv4/devinet.c`): IPv4's side of a device comes and goes with it; addresses with their events. */
import {
  NETDEV_CHANGEMTU,
  NETDEV_CHANGENAME,
  NETDEV_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  NETREG_REGISTERED,
  NOTIFY_DONE,
  type NetDevice,
  type NetdevNotifierInfo,
  NetSlot,
  notifierFromErrno,
  type TimerList,
} from '@skbuff/core';
import type { NetlinkExtAck, NlMsgHdr } from '@skbuff/netlink';
import {
  EEXIST,
  EINVAL,
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_NODAD,
  IFA_F_OPTIMISTIC,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
  IFA_F_STABLE_PRIVACY,
  IFA_F_TENTATIVE,
  IFF_LOOPBACK,
  INADDR_LOOPBACK,
  RTM_DELADDR,
  RTM_NEWADDR,
  RT_SCOPE_HOST,
} from '@skbuff/uapi';
import { inetMakeMask } from '@skbuff/wire';
import { InDevice, type InIfaddr, inDevGet, inDevSet, inetIfaMatch } from './inetdevice.ts';
import { IPV4_MIN_MTU } from './ip-append.ts';
import { ipv4Net } from './ipv4-net.ts';
import { inDevPromoteSecondaries } from './in-dev-conf.ts';

/** For ever, in seconds. */
export const INFINITY_LIFE_TIME = 0xffffffff;
/** Flags that mean something to IPv6 only. */
const IPV6ONLY_FLAGS =
  IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_DADFAILED | IFA_F_HOMEADDRESS | IFA_F_TENTATIVE | IFA_F_MANAGETEMPADDR | IFA_F_STABLE_PRIVACY;

/** What devinet keeps for a namespace. */
export class DevinetNet {
  /** Looks after lifetimes; runs only while an address has one. Null in a stack where nobody can give it one. */
  checkTimer: TimerList | null = null;
  /** How to take the sysctls of an interface back. */
  readonly sysctls: Map<NetDevice, () => void> = new Map();
  /** The same for the namespace's own files. */
  undos: (() => void)[] = [];
}

export const devinetNet: NetSlot<DevinetNet> = new NetSlot<DevinetNet>('devinet');

/** What an address is made of; what is left out is 0, without limit, or the device's name. */
export interface IfaddrInit {
  readonly local: number;
  readonly prefixlen: number;
  /** The peer of a point-to-point link; default: `local`. */
  readonly address?: number;
  readonly broadcast?: number;
  readonly scope?: number;
  readonly flags?: number;
  readonly label?: string;
  readonly rtPriority?: number;
  readonly proto?: number;
}

/** `inet_alloc_ifa`. */
export function inetAllocIfa(inDev: InDevice, init: IfaddrInit): InIfaddr {
  return {
    local: init.local,
    address: init.address ?? init.local,
    prefixlen: init.prefixlen,
    mask: inetMakeMask(init.prefixlen),
    broadcast: init.broadcast ?? 0,
    scope: init.scope ?? 0,
    flags: init.flags ?? 0,
    label: init.label ?? inDev.dev.name,
    rtPriority: init.rtPriority ?? 0,
    proto: init.proto ?? 0,
    inDev,
    validLft: INFINITY_LIFE_TIME,
    preferredLft: INFINITY_LIFE_TIME,
    cstamp: 0,
    tstamp: 0,
  };
}

/** `inetdev_event`. */
export function inetdevEvent(event: number, info: NetdevNotifierInfo): number {
  const { dev } = info;
  const inDev = inDevGet(dev);
  if (inDev === null) {
    if (event === NETDEV_REGISTER) return notifierFromErrno(inetdevInit(dev, true));
    if (event === NETDEV_CHANGEMTU && dev.mtu >= IPV4_MIN_MTU && dev.regState === NETREG_REGISTERED) inetdevInit(dev, false);
    return NOTIFY_DONE;
  }
  if (event === NETDEV_UP) inetdevUp(dev, inDev);
  else if (event === NETDEV_DOWN) ipv4Net.of(dev.net).ip.multicast?.down(inDev);
  else if (event === NETDEV_UNREGISTER || (event === NETDEV_CHANGEMTU && dev.mtu < IPV4_MIN_MTU)) inetdevDestroy(inDev);
  else if (event === NETDEV_CHANGENAME) ipv4Net.of(dev.net).ip.control?.changename(dev, inDev);
  return NOTIFY_DONE;
}

/**
 * `inetdev_init`: 0, or -EINVAL for a name that no interface of IPv4 can have. Not `isNew`: the device had lost IPv4, and gets it back; then
 * a loopback is like the others, as in Linux.
 */
function inetdevInit(dev: NetDevice, isNew: boolean): number {
  const state = ipv4Net.of(dev.net);
  const inDev = new InDevice(dev, state.devconfDflt.copy(), state.devconfAll);
  if (isNew && (dev.flags & IFF_LOOPBACK) !== 0) {
    // IPV4_DEVCONF_NOXFRM and IPV4_DEVCONF_NOPOLICY, set explicitly: IPsec has no business here.
    inDev.cnf.disableXfrm = 1;
    inDev.cnf.disablePolicy = 1;
    inDev.cnf.state.fill(1, 15, 17);
  }
  const err = inetdevSysctlRegister(dev, inDev);
  if (err !== 0) return err;
  inDevSet(dev, inDev);
  state.ip.inDevices++;
  if (dev.running()) state.ip.multicast?.up(inDev);
  return 0;
}

function inetdevUp(dev: NetDevice, inDev: InDevice): void {
  if (dev.mtu < IPV4_MIN_MTU) return;
  if ((dev.flags & IFF_LOOPBACK) !== 0 && inDev.ifaList.length === 0) {
    const ifa = inetAllocIfa(inDev, { local: INADDR_LOOPBACK, prefixlen: 8, scope: RT_SCOPE_HOST });
    setIfaLifetime(ifa, INFINITY_LIFE_TIME, INFINITY_LIFE_TIME);
    inDev.cnf.setAll();
    inDev.arpParms?.setAll();
    inetInsertIfa(ifa);
  }
  ipv4Net.of(dev.net).ip.multicast?.up(inDev);
}

/** `inetdev_destroy`: addresses, groups and settings of the device go. */
export function inetdevDestroy(inDev: InDevice): void {
  const { dev } = inDev;
  const state = devinetNet.of(dev.net);
  const { ip } = ipv4Net.of(dev.net);
  inDev.dead = true;
  ip.multicast?.destroyDev(inDev);
  for (let ifa = inDev.ifaList[0]; ifa !== undefined; ifa = inDev.ifaList[0]) inetDelIfa(inDev, ifa);
  inDevSet(dev, null);
  ip.inDevices--;
  state.sysctls.get(dev)?.();
  state.sysctls.delete(dev);
}

/** @internal The settings of an interface under its name: 0, or -EINVAL if that cannot be. */
export function inetdevSysctlRegister(dev: NetDevice, inDev: InDevice): number {
  const undo = ipv4Net.of(dev.net).ip.control?.sysctlFiles(dev, inDev.cnf) ?? 0;
  if (typeof undo === 'number') return undo;
  devinetNet.of(dev.net).sysctls.set(dev, undo);
  return 0;
}

/** `rtmsg_ifa`: tells who listens, if anybody can. */
function rtmsgIfa(event: number, ifa: InIfaddr, nlh: NlMsgHdr | null, portid: number): void {
  ipv4Net.of(ifa.inDev.dev.net).ip.control?.rtmsgIfa(event, ifa, nlh, portid);
}

/**
 * `inet_insert_ifa`: gives an interface an address. The first of its subnet there is primary, every later one secondary. 0, or
 * -EEXIST, -EINVAL (another scope than the subnet's primary); for 0.0.0.0 nothing happens.
 */
export function inetInsertIfa(ifa: InIfaddr, nlh: NlMsgHdr | null = null, portid = 0, extack: NetlinkExtAck | null = null): number {
  const { inDev } = ifa;
  if (ifa.local === 0) return 0;
  ifa.flags &= ~(IFA_F_SECONDARY | IPV6ONLY_FLAGS);
  let lastPrimary = 0;
  for (const [i, other] of inDev.ifaList.entries()) {
    if ((other.flags & IFA_F_SECONDARY) === 0 && ifa.scope <= other.scope) lastPrimary = i + 1;
    if (other.mask !== ifa.mask || !inetIfaMatch(other.address, ifa)) continue;
    if (other.local === ifa.local) return refuse(extack, -EEXIST, 'ipv4: Address already assigned');
    if (other.scope !== ifa.scope) return refuse(extack, -EINVAL, 'ipv4: Invalid scope value');
    ifa.flags |= IFA_F_SECONDARY;
  }
  const at = (ifa.flags & IFA_F_SECONDARY) !== 0 ? inDev.ifaList.length : lastPrimary;
  inDev.ifaList = [...inDev.ifaList.slice(0, at), ifa, ...inDev.ifaList.slice(at)];
  const { ip } = ipv4Net.of(inDev.dev.net);
  ip.control?.scheduleLifetimeCheck(inDev.dev.net, 0);
  // The message goes first: who hears of a route knows the address already.
  rtmsgIfa(RTM_NEWADDR, ifa, nlh, portid);
  ip.inetaddrChain.callChain(NETDEV_UP, { ifa });
  return 0;
}

function refuse(extack: NetlinkExtAck | null, err: number, message: string): number {
  extack?.setErrMsg(message);
  return err;
}

/** Same subnet of the same interface. */
function sameSubnet(ifa: InIfaddr, other: InIfaddr): boolean {
  return ifa.mask === other.mask && inetIfaMatch(other.address, ifa);
}

function isSecondary(ifa: InIfaddr): boolean {
  return (ifa.flags & IFA_F_SECONDARY) !== 0;
}

/**
 * `inet_del_ifa`: takes an address away. With a primary its secondaries go too, unless `promote_secondaries` makes the first of them
 * the new primary.
 */
export function inetDelIfa(inDev: InDevice, ifa: InIfaddr, nlh: NlMsgHdr | null = null, portid = 0): void {
  const { ip } = ipv4Net.of(inDev.dev.net);
  const secondaries = isSecondary(ifa) || inDev.dead ? [] : inDev.ifaList.filter((other) => isSecondary(other) && sameSubnet(ifa, other));
  const promote = inDevPromoteSecondaries(inDev) ? secondaries[0] : undefined;
  if (promote === undefined) for (const other of secondaries) unlinkIfa(inDev, other, nlh, portid);
  // Their routes name the primary that goes: they are made again for the new one.
  else for (const other of secondaries) ip.routing?.ifaddr?.delIfaddr(other, ifa);
  const place = promote === undefined ? 0 : promotedIndex(inDev.ifaList, ifa, promote);
  unlinkIfa(inDev, ifa, nlh, portid);
  if (promote === undefined) return;
  const rest = inDev.ifaList.filter((other) => other !== promote);
  inDev.ifaList = [...rest.slice(0, place), promote, ...rest.slice(place)];
  promote.flags &= ~IFA_F_SECONDARY;
  rtmsgIfa(RTM_NEWADDR, promote, nlh, portid);
  ip.inetaddrChain.callChain(NETDEV_UP, { ifa: promote });
  for (const other of secondaries.slice(1)) ip.routing?.ifaddr?.addIfaddr(other);
}

/** Where a new primary goes once `old` is out of the list: behind the primaries of its scope or a narrower one that followed `old`, else in its place. */
function promotedIndex(list: readonly InIfaddr[], old: InIfaddr, promote: InIfaddr): number {
  let place = list.indexOf(old);
  for (let i = place + 1; list[i] !== promote; i++) {
    const other = list[i] as InIfaddr;
    if (!isSecondary(other) && old.scope <= other.scope) place = i;
  }
  return place;
}

function unlinkIfa(inDev: InDevice, ifa: InIfaddr, nlh: NlMsgHdr | null, portid: number): void {
  inDev.ifaList = inDev.ifaList.filter((other) => other !== ifa);
  rtmsgIfa(RTM_DELADDR, ifa, nlh, portid);
  ipv4Net.of(inDev.dev.net).ip.inetaddrChain.callChain(NETDEV_DOWN, { ifa });
}

/** `set_ifa_lifetime`: seconds from now on, {@link INFINITY_LIFE_TIME}: for ever. */
export function setIfaLifetime(ifa: InIfaddr, valid: number, preferred: number): void {
  ifa.flags &= ~(IFA_F_PERMANENT | IFA_F_DEPRECATED);
  if (valid === INFINITY_LIFE_TIME) ifa.flags |= IFA_F_PERMANENT;
  if (preferred === 0) ifa.flags |= IFA_F_DEPRECATED;
  ifa.validLft = valid;
  ifa.preferredLft = preferred;
  ifa.tstamp = ifa.inDev.dev.net.timers.jiffies;
  if (ifa.cstamp === 0) ifa.cstamp = ifa.tstamp;
}
