/** Interface addresses (`net/ipv4/devinet.c`): IPv4's side of a device comes and goes with it; addresses with their events. */
import {
  HZ,
  NETDEV_CHANGEMTU,
  NETDEV_CHANGENAME,
  NETDEV_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  NETREG_REGISTERED,
  NOTIFY_DONE,
  type Net,
  type NetDevice,
  type NetdevNotifierInfo,
  NetSlot,
  TimerList,
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
import { ipMcDestroyDev, ipMcDown, ipMcUp } from './igmp.ts';
import { InDevice, type InIfaddr, inDevGet, inDevSet, inetIfaMatch } from './inetdevice.ts';
import { IPV4_MIN_MTU } from './ip-append.ts';
import { ipv4Net } from './ipv4-net.ts';

/** For ever, in seconds. */
export const INFINITY_LIFE_TIME = 0xffffffff;
/** Flags that mean something to IPv6 only. */
const IPV6ONLY_FLAGS =
  IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_DADFAILED | IFA_F_HOMEADDRESS | IFA_F_TENTATIVE | IFA_F_MANAGETEMPADDR | IFA_F_STABLE_PRIVACY;
/** Jiffies: how exactly lifetimes are kept, and how often they are looked at at least. */
const ADDRCONF_TIMER_FUZZ_MINUS: number = HZ / 50;
const ADDRCONF_TIMER_FUZZ: number = HZ / 4;
const ADDRCONF_TIMER_FUZZ_MAX: number = HZ;
const ADDR_CHECK_FREQUENCY: number = 120 * HZ;

/** What devinet keeps for a namespace. */
export class DevinetNet {
  /** Looks after lifetimes; runs only while an address has one. */
  readonly checkTimer: TimerList;
  /** How to take the sysctls of an interface back. */
  readonly sysctls: Map<NetDevice, () => void> = new Map();
  /** The same for the namespace's own files. */
  undos: (() => void)[] = [];

  constructor(net: Net) {
    this.checkTimer = new TimerList(() => checkLifetime(net), true);
  }
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
    if (event === NETDEV_REGISTER) inetdevInit(dev);
    else if (event === NETDEV_CHANGEMTU && dev.mtu >= IPV4_MIN_MTU && dev.regState === NETREG_REGISTERED) inetdevInit(dev);
    return NOTIFY_DONE;
  }
  if (event === NETDEV_UP) inetdevUp(dev, inDev);
  else if (event === NETDEV_DOWN) ipMcDown(inDev);
  else if (event === NETDEV_UNREGISTER || (event === NETDEV_CHANGEMTU && dev.mtu < IPV4_MIN_MTU)) inetdevDestroy(inDev);
  else if (event === NETDEV_CHANGENAME) inetdevChangename(dev, inDev);
  return NOTIFY_DONE;
}

/** `inetdev_init`. */
function inetdevInit(dev: NetDevice): void {
  const state = ipv4Net.of(dev.net);
  const inDev = new InDevice(dev, state.devconfDflt.copy(), state.devconfAll);
  if ((dev.flags & IFF_LOOPBACK) !== 0) {
    inDev.cnf.disableXfrm = 1;
    inDev.cnf.disablePolicy = 1;
  }
  inDevSet(dev, inDev);
  state.ip.inDevices++;
  sysctlRegister(dev, inDev);
  if (dev.running()) ipMcUp(inDev);
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
  ipMcUp(inDev);
}

/** `inetdev_destroy`: addresses, groups and settings of the device go. */
export function inetdevDestroy(inDev: InDevice): void {
  const { dev } = inDev;
  const state = devinetNet.of(dev.net);
  inDev.dead = true;
  ipMcDestroyDev(inDev);
  for (let ifa = inDev.ifaList[0]; ifa !== undefined; ifa = inDev.ifaList[0]) inetDelIfa(inDev, ifa);
  inDevSet(dev, null);
  ipv4Net.of(dev.net).ip.inDevices--;
  state.sysctls.get(dev)?.();
  state.sysctls.delete(dev);
}

/** `inetdev_changename`: labels and settings follow the device's name. */
function inetdevChangename(dev: NetDevice, inDev: InDevice): void {
  let named = 0;
  for (const ifa of inDev.ifaList) {
    const alias = /:.*$/.exec(ifa.label)?.[0] ?? `:${named + 1}`;
    const label = named++ === 0 ? dev.name : (dev.name + alias).length < 16 ? dev.name + alias : dev.name.slice(0, 15 - alias.length) + alias;
    ifa.label = label;
    rtmsgIfa(RTM_NEWADDR, ifa, null, 0);
  }
  devinetNet.of(dev.net).sysctls.get(dev)?.();
  sysctlRegister(dev, inDev);
}

function sysctlRegister(dev: NetDevice, inDev: InDevice): void {
  const undo = ipv4Net.of(dev.net).ip.control?.devinetSysctlRegister(dev.net, dev.name, dev.ifindex, inDev.cnf);
  if (undo !== undefined) devinetNet.of(dev.net).sysctls.set(dev, undo);
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
  scheduleLifetimeCheck(inDev.dev.net, 0);
  // The message goes first: who hears of a route knows the address already.
  rtmsgIfa(RTM_NEWADDR, ifa, nlh, portid);
  ipv4Net.of(inDev.dev.net).ip.inetaddrChain.callChain(NETDEV_UP, { ifa });
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
  const promote = inDev.promoteSecondaries() ? secondaries[0] : undefined;
  if (promote === undefined) for (const other of secondaries) unlinkIfa(inDev, other, nlh, portid);
  // Their routes name the primary that goes: they are made again for the new one.
  else for (const other of secondaries) ip.ifaddrRoutes?.delIfaddr(other, ifa);
  const place = promote === undefined ? 0 : promotedIndex(inDev.ifaList, ifa, promote);
  unlinkIfa(inDev, ifa, nlh, portid);
  if (promote === undefined) return;
  const rest = inDev.ifaList.filter((other) => other !== promote);
  inDev.ifaList = [...rest.slice(0, place), promote, ...rest.slice(place)];
  promote.flags &= ~IFA_F_SECONDARY;
  rtmsgIfa(RTM_NEWADDR, promote, nlh, portid);
  ip.inetaddrChain.callChain(NETDEV_UP, { ifa: promote });
  for (const other of secondaries.slice(1)) ip.ifaddrRoutes?.addIfaddr(other);
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

/** Has the lifetimes looked at in `delay` jiffies, if any address has one. */
export function scheduleLifetimeCheck(net: Net, delay: number): void {
  const { timers } = net;
  const { checkTimer } = devinetNet.of(net);
  if (net.devList.some((dev) => inDevGet(dev)?.ifaList.some((ifa) => (ifa.flags & IFA_F_PERMANENT) === 0))) {
    timers.modTimer(checkTimer, timers.jiffies + delay);
  } else timers.delTimer(checkTimer);
}

/** `check_lifetime`: what is no longer valid goes, what is no longer preferred is marked. */
function checkLifetime(net: Net): void {
  const now = net.timers.jiffies;
  let next = now + ADDR_CHECK_FREQUENCY;
  for (const dev of [...net.devList]) {
    const inDev = inDevGet(dev);
    for (const ifa of inDev?.ifaList ?? []) {
      if ((ifa.flags & IFA_F_PERMANENT) !== 0) continue;
      // A secondary may be gone with its primary.
      if (inDev?.ifaList.includes(ifa) === true) next = Math.min(next, checkIfa(inDev, ifa, now));
    }
  }
  const second = Math.ceil(next / HZ) * HZ;
  const at = second < next + ADDRCONF_TIMER_FUZZ ? second : next;
  scheduleLifetimeCheck(net, Math.max(at - now, ADDRCONF_TIMER_FUZZ_MAX));
}

/** Jiffies at which this address changes next. */
function checkIfa(inDev: InDevice, ifa: InIfaddr, now: number): number {
  const age = Math.floor((now - ifa.tstamp + ADDRCONF_TIMER_FUZZ_MINUS) / HZ);
  if (age >= ifa.validLft) {
    inetDelIfa(inDev, ifa);
    return Number.POSITIVE_INFINITY;
  }
  const end = ifa.tstamp + ifa.validLft * HZ;
  if (ifa.preferredLft === INFINITY_LIFE_TIME) return end;
  if (age < ifa.preferredLft) return Math.min(end, ifa.tstamp + ifa.preferredLft * HZ);
  if ((ifa.flags & IFA_F_DEPRECATED) === 0) {
    ifa.flags |= IFA_F_DEPRECATED;
    rtmsgIfa(RTM_NEWADDR, ifa, null, 0);
  }
  return end;
}
