/** `struct ifmcaddr6`: a group that an interface is in, and from whom its sockets want to hear (RFC 3810 §4). */
import type { TimerList } from '@skbuff/core';
import { IPV6_ADDR_SCOPE_LINKLOCAL, ipv6AddrMcScope } from '@skbuff/ipv6';
import { EINVAL, ESRCH, MCAST_EXCLUDE, MCAST_INCLUDE } from '@skbuff/uapi';
import { type In6Addr, in6addrLinklocalAllnodes } from '@skbuff/wire';

/** Bits of {@link Ifmcaddr6.flags}, as /proc/net/igmp6 shows them. */
export const MAF_TIMER_RUNNING = 0x01;
export const MAF_LAST_REPORTER = 0x02;
/** The device's filter has the group. */
export const MAF_LOADED = 0x04;
export const MAF_NOREPORT = 0x08;
/** A query that is to be answered named sources. */
export const MAF_GSQUERY = 0x10;

/** A source that a socket named, with how many want it and how many block it (`struct ip6_sf_list`). */
export interface McSource {
  readonly addr: In6Addr;
  include: number;
  exclude: number;
  /** It is in the source list of the interface (RFC 3810 §4.2), as that was after the last change. */
  listed: boolean;
  /** A query that is to be answered named it. */
  queried: boolean;
  /** Its Source Retransmission Counter (RFC 3810 §6.1): reports that are still to say that it came, or, of one that is gone, that it went. */
  retransmit: number;
}

/** Groups that routers never hear of (RFC 3810 §6): that of all nodes, and those that do not leave the interface. */
export function isNeverReported(group: In6Addr): boolean {
  return group.equals(in6addrLinklocalAllnodes) || ipv6AddrMcScope(group) < IPV6_ADDR_SCOPE_LINKLOCAL;
}

/** One group; modes are MCAST_INCLUDE, MCAST_EXCLUDE. */
export class Ifmcaddr6 {
  readonly addr: In6Addr;
  users = 1;
  flags: number;
  sfmode: number;
  /** Sockets in each mode. */
  include = 0;
  exclude = 0;
  sources: McSource[] = [];
  /** Sources that left the list of the interface, the last first, until all reports have said so. */
  gone: McSource[] = [];
  /** The Filter Mode Retransmission Counter (RFC 3810 §6.1): reports that are still to say that the mode changed. */
  retransmit = 0;
  /** Jiffies. */
  readonly cstamp: number;
  readonly tstamp: number;
  /** Its answer to a query, or its second report of MLDv1. */
  timer: TimerList | null = null;

  constructor(addr: In6Addr, mode: number, jiffies: number) {
    this.addr = addr;
    this.sfmode = mode;
    this.flags = isNeverReported(addr) ? MAF_NOREPORT : 0;
    this.cstamp = jiffies;
    this.tstamp = jiffies;
    this.count(mode, 1);
  }

  private count(mode: number, by: number): void {
    if (mode === MCAST_INCLUDE) this.include += by;
    else this.exclude += by;
  }

  find(addr: In6Addr): McSource | null {
    for (const source of this.sources) if (source.addr.equals(addr)) return source;
    return null;
  }

  private findOrAdd(addr: In6Addr): McSource {
    const known = this.find(addr);
    if (known !== null) return known;
    const source: McSource = { addr: addr.clone(), include: 0, exclude: 0, listed: false, queried: false, retransmit: 0 };
    this.sources.push(source);
    return source;
  }

  /** The list that goes with the mode (RFC 3810 §4.2): whom every socket that blocks any blocks, and none wants; or, if all name whom they want, these. */
  list(): McSource[] {
    return this.sources.filter(({ listed }) => listed);
  }

  private belongs({ include, exclude }: McSource): boolean {
    return this.exclude === 0 ? include !== 0 : include === 0 && exclude === this.exclude;
  }

  /** Whether anybody wants to hear `saddr`. */
  allows(saddr: In6Addr): boolean {
    const source = this.find(saddr);
    return source === null ? this.exclude !== 0 : source.include !== 0 || source.exclude !== this.exclude;
  }

  /** A socket names sources (`delta`: one that is counted already): true if routers have to hear of it, `qrv` times. */
  addSrc(mode: number, addrs: readonly In6Addr[], delta: boolean, qrv: number): boolean {
    if (!delta) this.count(mode, 1);
    for (const addr of addrs) {
      const source = this.findOrAdd(addr);
      if (mode === MCAST_INCLUDE) source.include++;
      else source.exclude++;
    }
    return this.changed(qrv);
  }

  /**
   * A socket takes sources back, and unless `delta` itself. `err`: 0, -EINVAL (no socket is in that mode), or -ESRCH (no socket named one of the
   * sources; the others are taken back). `changed`: routers have to hear of it. `keep`: the protocol can tell them who has left.
   */
  delSrc(mode: number, addrs: readonly In6Addr[], delta: boolean, qrv: number, keep: boolean): { readonly err: number; readonly changed: boolean } {
    if (!delta) {
      if ((mode === MCAST_INCLUDE ? this.include : this.exclude) === 0) return { err: -EINVAL, changed: false };
      this.count(mode, -1);
    }
    const taken = addrs.map((addr) => this.takeBack(addr, mode));
    this.sources = this.sources.filter((source) => !isUnused(source));
    const told = keep && (this.flags & MAF_NOREPORT) === 0;
    const left = taken.filter((source) => source !== null && told && source.listed && isUnused(source)) as McSource[];
    for (const source of left) this.gone.unshift({ ...source, retransmit: qrv });
    return { err: taken.includes(null) ? -ESRCH : 0, changed: this.changed(qrv) || left.length !== 0 };
  }

  /** Null: no socket named it in that mode. */
  private takeBack(addr: In6Addr, mode: number): McSource | null {
    const source = this.find(addr);
    if (source === null || (mode === MCAST_INCLUDE ? source.include : source.exclude) === 0) return null;
    if (mode === MCAST_INCLUDE) source.include--;
    else source.exclude--;
    return source;
  }

  /** Compares the filter of the interface with what it was (RFC 3810 §6.1): a new mode is told with its whole list, else who came and who went. */
  private changed(qrv: number): boolean {
    const mode = this.exclude !== 0 ? MCAST_EXCLUDE : this.include !== 0 ? MCAST_INCLUDE : this.sfmode;
    const others = this.sources.filter((source) => source.listed !== this.belongs(source));
    for (const source of others) source.listed = !source.listed;
    if (mode === this.sfmode) {
      for (const source of others) this.tellSource(source, qrv);
      return others.length !== 0;
    }
    this.sfmode = mode;
    this.retransmit = qrv;
    for (const source of this.sources) source.retransmit = 0;
    return true;
  }

  /** The last that happened to a source is what is told of it. */
  private tellSource(source: McSource, qrv: number): void {
    const before = this.gone.find(({ addr }) => addr.equals(source.addr));
    source.retransmit = source.listed ? qrv : 0;
    if (source.listed) this.gone = this.gone.filter((each) => each !== before);
    else if (before !== undefined) before.retransmit = qrv;
    else this.gone.unshift({ ...source, retransmit: qrv });
  }
}

/** No socket names it any more. */
function isUnused({ include, exclude }: McSource): boolean {
  return include === 0 && exclude === 0;
}
