/** `struct inet6_dev` and `struct inet6_ifaddr` (`include/net/if_inet6.h`): IPv6's side of a device, and its addresses. */
import { DevSlot, type NetDevice, type TimerList } from '@skbuff/core';
import type { NeighParms } from '@skbuff/neighbour';
import { ICMP6MSG_MIB_MAX, ICMP6_MIB_MAX, IFA_F_TENTATIVE, IPSTATS_MIB_MAX } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import type { Ipv6Devconf } from './devconf.ts';
import type { Fib6Info } from './interfaces.ts';

/** Bits of {@link Inet6Dev.ifFlags}; those that user space sees in IFLA_INET6_FLAGS. */
export const IF_RA_OTHERCONF = 0x80;
export const IF_RA_MANAGED = 0x40;
export const IF_RA_RCVD = 0x20;
export const IF_RS_SENT = 0x10;
export const IF_READY: number = 0x80000000 | 0;

/** `enum`: where duplicate address detection stands. */
export const INET6_IFADDR_STATE_PREDAD = 0;
export const INET6_IFADDR_STATE_DAD = 1;
export const INET6_IFADDR_STATE_POSTDAD = 2;
export const INET6_IFADDR_STATE_ERRDAD = 3;
export const INET6_IFADDR_STATE_DEAD = 4;

/** Scopes of {@link Inet6Ifaddr.scope}; 0: global. */
export const IFA_HOST = 0x10;
export const IFA_LINK = 0x20;
export const IFA_SITE = 0x40;

/** Lifetime without end, seconds. */
export const INFINITY_LIFE_TIME = 0xffffffff;

/** `struct delayed_work`, as its owner moves it. */
export interface PendingWork {
  /** To `delay` jiffies from now on; 0: soon. */
  readonly mod: (delay: number) => void;
  readonly cancel: () => void;
}

/** One address of an interface. */
export class Inet6Ifaddr {
  readonly idev: Inet6Dev;
  readonly addr: In6Addr;
  /** The other end of a point-to-point address; :: where there is none. */
  readonly peerAddr: In6Addr = new In6Addr();
  prefixLen: number;
  /** Metric of the prefix route, 0: the default. */
  rtPriority = 0;
  /** IFAPROT_* */
  ifaProto = 0;
  /** Seconds from `tstamp`; {@link INFINITY_LIFE_TIME}. */
  validLft: number = INFINITY_LIFE_TIME;
  preferedLft: number = INFINITY_LIFE_TIME;
  /** INET6_IFADDR_STATE_* */
  state: number = INET6_IFADDR_STATE_PREDAD;
  /** IFA_F_* */
  flags: number;
  dadProbes = 0;
  /** Six bytes that make our own solicitations recognisable (RFC 7527): the first two, and the last four as a word; 0, 0: none. */
  dadNonceHi = 0;
  dadNonceLo = 0;
  /** IFA_HOST, IFA_LINK, IFA_SITE or 0: global (`ipv6_addr_scope`). */
  readonly scope: number;
  /** Jiffies of creation and of the last change. */
  cstamp = 0;
  tstamp = 0;
  /** How often a stable-privacy address was made anew because it was taken. */
  stablePrivacyRetry = 0;
  /** Of a temporary address: the public one that it was made for, and how often it was made again. */
  ifpub: Inet6Ifaddr | null = null;
  regenCount = 0;
  tokenized = false;
  /** The route to it. */
  rt: Fib6Info | null = null;
  /** Duplicate address detection's, owned by who runs it. */
  dadWork: PendingWork | null = null;

  constructor(idev: Inet6Dev, addr: In6Addr, prefixLen: number, flags: number, scope: number) {
    this.idev = idev;
    this.addr = addr;
    this.prefixLen = prefixLen;
    this.flags = flags;
    this.scope = scope;
  }

  get dead(): boolean {
    return this.state === INET6_IFADDR_STATE_DEAD;
  }

  /** Not to be used as a source, nor answered for, yet. */
  get tentative(): boolean {
    return (this.flags & IFA_F_TENTATIVE) !== 0;
  }
}

/** An anycast address of an interface (`struct ifacaddr6`). */
export interface Ifacaddr6 {
  readonly addr: In6Addr;
  readonly idev: Inet6Dev;
  rt: Fib6Info | null;
  users: number;
  cstamp: number;
  tstamp: number;
}

/** `struct inet6_dev`. */
export class Inet6Dev {
  readonly dev: NetDevice;
  readonly cnf: Ipv6Devconf;
  /** By scope, the widest first; within a scope the newest first (`ipv6_link_dev_addr`). */
  readonly addrList: Inet6Ifaddr[] = [];
  /** The temporary ones among them, newest first. */
  readonly tempaddrList: Inet6Ifaddr[] = [];
  /** Anycast addresses, newest first. */
  readonly acList: Ifacaddr6[] = [];
  /** Set by neighbour discovery. */
  ndParms: NeighParms | null = null;
  /** IF_* */
  ifFlags = 0;
  dead = false;
  /** Jiffies of the last change that netlink shows (IFLA_INET6_CACHEINFO). */
  tstamp = 0;
  /** Interface identifier that was set, for addresses made from advertised prefixes; ::: none. */
  readonly token: In6Addr = new In6Addr();
  /** Router solicitations: the timer, jiffies of the present interval, how many were sent. */
  rsTimer: TimerList | null = null;
  rsInterval = 0;
  rsProbes = 0;
  /** Seconds by which temporary addresses are preferred for a shorter time, so that not all hosts renew at once; more than any setting: to be drawn. */
  desyncFactor: number = INFINITY_LIFE_TIME;
  /** MTU that routers advertise, 0: none. */
  raMtu = 0;
  /** `Ip6*` of /proc/net/dev_snmp6, and ICMPv6's, of which those by type begin at 0 (received) and 256 (sent). */
  readonly stats: Float64Array = new Float64Array(IPSTATS_MIB_MAX);
  readonly icmpv6Stats: Float64Array = new Float64Array(ICMP6_MIB_MAX);
  readonly icmpv6MsgStats: Float64Array = new Float64Array(ICMP6MSG_MIB_MAX);

  constructor(dev: NetDevice, cnf: Ipv6Devconf) {
    this.dev = dev;
    this.cnf = cnf;
  }
}

const ip6Ptr: DevSlot<Inet6Dev> = new DevSlot<Inet6Dev>();

/** `__in6_dev_get`: IPv6's side of a device, or null while it has none. */
export function in6DevGet(dev: NetDevice): Inet6Dev | null {
  return ip6Ptr.get(dev);
}

/** `ipv6_accept_ra`: whether an interface believes routers; one that forwards only if it was told so twice. */
export function ipv6AcceptRa({ cnf }: Inet6Dev): boolean {
  return cnf.forwarding !== 0 ? cnf.acceptRa === 2 : cnf.acceptRa !== 0;
}

/** @internal Only address configuration sets it. */
export function in6DevSet(dev: NetDevice, idev: Inet6Dev | null): void {
  ip6Ptr.set(dev, idev);
}
