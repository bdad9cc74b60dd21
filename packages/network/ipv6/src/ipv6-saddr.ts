/** Which of this host's addresses to send from (`ipv6_dev_get_saddr` in `net/ipv6/addrconf.c`; RFC 6724 §5). */
import type { Net, NetDevice } from '@skbuff/core';
import { EADDRNOTAVAIL, IFA_F_DEPRECATED, IFA_F_OPTIMISTIC, IFA_F_TEMPORARY, IFA_F_TENTATIVE, IPV6_PREFER_SRC_PUBLIC, IPV6_PREFER_SRC_TMP } from '@skbuff/uapi';
import { In6Addr, ipv6AddrDiff } from '@skbuff/wire';
import {
  IPV6_ADDR_ANY,
  IPV6_ADDR_COMPATV4,
  IPV6_ADDR_LOOPBACK,
  IPV6_ADDR_MAPPED,
  IPV6_ADDR_MULTICAST,
  IPV6_ADDR_SCOPE_LINKLOCAL,
  ipv6AddrTypeScope,
} from './addrconf-core.ts';
import { ipv6AddrLabel } from './addrlabel.ts';
import { in6DevGet, type Inet6Dev, type Inet6Ifaddr } from './if-inet6.ts';
import { ipv6Net } from './ipv6-net.ts';

/** Number of rules. */
const RULES = 9;

/** What all candidates are judged by. */
class SaddrDst {
  readonly addr: In6Addr = new In6Addr();
  ifindex = 0;
  /** IPV6_ADDR_SCOPE_* */
  scope = 0;
  label = 0;
  /** IPV6_PREFER_SRC_* */
  prefs = 0;
}

/** How one candidate does, rule by rule. */
class SaddrScore {
  ifp: Inet6Ifaddr | null = null;
  /** IPV6_ADDR_* with the scope in the upper half. */
  type = 0;
  /** Of that many rules the points are known. */
  known = 0;
  readonly points: Int32Array = new Int32Array(RULES);

  init(ifp: Inet6Ifaddr, type: number): this {
    this.ifp = ifp;
    this.type = type;
    this.known = 0;
    return this;
  }
}

/** `ipv6_use_optimistic_addr`: an address may be a source while its uniqueness is still being checked. */
export function ipv6UseOptimisticAddr({ dev, cnf }: Inet6Dev): boolean {
  const all = ipv6Net.of(dev.net).devconfAll;
  return (all.optimisticDad !== 0 || cnf.optimisticDad !== 0) && (all.useOptimistic !== 0 || cnf.useOptimistic !== 0);
}

/** `ipv6_addr_orchid`: 2001:10::/28. */
function isOrchid(a: In6Addr): boolean {
  return (a.w0 & 0xfffffff0) === 0x20010010;
}

/** Among addresses of at least the destination's scope the narrowest, else the widest (rule 2). */
function scopeDist(type: number, wanted: number): number {
  const scope = type >>> 16;
  return scope >= wanted ? -scope : scope - 128;
}

/** Rule 3: deprecated addresses, and optimistic ones that may not be used freely, are the last choice. */
function isPreferred(ifp: Inet6Ifaddr, type: number): boolean {
  if ((type & (IPV6_ADDR_MAPPED | IPV6_ADDR_COMPATV4 | IPV6_ADDR_LOOPBACK)) !== 0) return true;
  const avoid = ipv6UseOptimisticAddr(ifp.idev) ? IFA_F_DEPRECATED : IFA_F_DEPRECATED | IFA_F_OPTIMISTIC;
  return (ifp.flags & avoid) === 0;
}

/** Rule 7: temporary addresses are wanted, or they are not: by the socket, else by the interface. */
function suitsPrivacy({ prefs }: SaddrDst, ifp: Inet6Ifaddr): boolean {
  const said = (prefs & (IPV6_PREFER_SRC_PUBLIC | IPV6_PREFER_SRC_TMP)) !== 0;
  const wantsTmp = said ? (prefs & IPV6_PREFER_SRC_TMP) !== 0 : ifp.idev.cnf.useTempaddr >= 2;
  return ((ifp.flags & IFA_F_TEMPORARY) !== 0) === wantsTmp;
}

/**
 * `ipv6_get_saddr_eval`: points by rule number `rule` from 0 on, in the kernel's order; the higher number is better. There is no rule 4: the
 * kernels of distributions are built without mobile IPv6, home addresses are like others.
 */
function evaluate(dst: SaddrDst, ifp: Inet6Ifaddr, type: number, rule: number): number {
  switch (rule) {
    case 0:
      return Number(ifp.addr.equals(dst.addr));
    case 1:
      return scopeDist(type, dst.scope);
    case 2:
      return Number(isPreferred(ifp, type));
    case 3:
      return Number(dst.ifindex === 0 || dst.ifindex === ifp.idev.dev.ifindex);
    case 4:
      return Number(ipv6AddrLabel(ifp.idev.dev.net, ifp.addr, type & 0xffff, ifp.idev.dev.ifindex) === dst.label);
    case 5:
      return Number(suitsPrivacy(dst, ifp));
    case 6:
      // ORCHIDs (RFC 4843) are for each other, whatever their label.
      return Number(isOrchid(ifp.addr) === isOrchid(dst.addr));
    case 7:
      return Math.min(ipv6AddrDiff(ifp.addr, dst.addr), ifp.prefixLen);
    default:
      return Number((ifp.flags & IFA_F_OPTIMISTIC) === 0);
  }
}

function points(dst: SaddrDst, score: SaddrScore, rule: number): number {
  if (rule < score.known) return score.points[rule] as number;
  const value = evaluate(dst, score.ifp as Inet6Ifaddr, score.type, rule);
  score.points[rule] = value;
  score.known = rule + 1;
  return value;
}

/** Whether the challenger is better; of equals the first stays. */
function beats(dst: SaddrDst, challenger: SaddrScore, best: SaddrScore): boolean {
  if (best.ifp === null) return true;
  for (let rule = 0; rule < RULES; rule++) {
    const difference = points(dst, challenger, rule) - points(dst, best, rule);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

// Filled in again for each choice: nothing in here calls back.
const wanted = new SaddrDst();
let best = new SaddrScore();
let other = new SaddrScore();

/** `__ipv6_dev_get_saddr`: the addresses of one interface. */
function candidatesOf(idev: Inet6Dev): void {
  for (const ifp of idev.addrList) {
    if ((ifp.flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) === IFA_F_TENTATIVE) continue;
    const type = ipv6AddrTypeScope(ifp.addr);
    if ((type & 0xffff) === IPV6_ADDR_ANY || (type & IPV6_ADDR_MULTICAST) !== 0) continue;
    if (!beats(wanted, other.init(ifp, type), best)) continue;
    const loser = best;
    best = other;
    other = loser;
  }
}

/**
 * `ipv6_dev_get_saddr`: the address to send to `daddr` from, by `dstDev` (null: not known yet); `prefs` are IPV6_PREFER_SRC_* of a socket.
 * 0 with `saddr` filled in, or -EADDRNOTAVAIL with `saddr` as it was.
 */
export function ipv6DevGetSaddr(net: Net, dstDev: NetDevice | null, daddr: In6Addr, prefs: number, saddr: In6Addr): number {
  const type = ipv6AddrTypeScope(daddr);
  wanted.addr.copy(daddr);
  wanted.ifindex = dstDev === null ? 0 : dstDev.ifindex;
  wanted.scope = type >>> 16;
  wanted.label = ipv6AddrLabel(net, daddr, type & 0xffff, wanted.ifindex);
  wanted.prefs = prefs;
  const idev = dstDev === null ? null : in6DevGet(dstDev);
  if (dstDev !== null && onlyOif(type, idev)) {
    if (idev !== null) candidatesOf(idev);
  } else {
    for (const dev of net.devList) {
      const each = in6DevGet(dev);
      if (each !== null) candidatesOf(each);
    }
  }
  const ifp = chosen();
  if (ifp === null) return -EADDRNOTAVAIL;
  saddr.copy(ifp.addr);
  return 0;
}

/** The winner; what it belongs to is not kept alive from here. */
function chosen(): Inet6Ifaddr | null {
  const { ifp } = best;
  best.ifp = null;
  other.ifp = null;
  return ifp;
}

/** RFC 6724 §4: for groups and what is on the link only addresses of the interface come into question. */
function onlyOif(type: number, idev: Inet6Dev | null): boolean {
  if ((type & IPV6_ADDR_MULTICAST) !== 0 || type >>> 16 <= IPV6_ADDR_SCOPE_LINKLOCAL) return true;
  return idev !== null && idev.cnf.useOifAddrsOnly !== 0;
}
