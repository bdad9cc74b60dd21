/**
 * Flow labels that sockets ask for (`net/ipv6/ip6_flowlabel.c`): one is there for a destination, for one socket, process or user or for
 * all, and lingers after its last user has gone.
 */
import type { InetSk } from '@skbuff/af-inet';
import { HZ, type Net, NetSlot, TimerList } from '@skbuff/core';
import { type Ipv6TxOptions, optNflen } from '@skbuff/ipv6';
import { sockNet } from '@skbuff/sock';
import { CAP_NET_ADMIN, ENOBUFS, ENOENT, EPERM, IPV6_FLOWINFO_FLOWLABEL, IPV6_FL_S_EXCL, IPV6_FL_S_PROCESS, IPV6_FL_S_USER } from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import { type Inet6Pinfo, inet6Np } from './ipv6-pinfo.ts';

/** Seconds. */
const FL_MIN_LINGER = 6;
const FL_MAX_LINGER = 150;
/** Labels in all, and of one socket. */
const FL_MAX_SIZE = 4096;
const FL_MAX_PER_SOCK = 32;

/** `struct ip6_flowlabel`. */
export interface Ip6Flowlabel {
  readonly net: Net;
  label: number;
  readonly dst: In6Addr;
  opt: Ipv6TxOptions | null;
  /** IPV6_FL_S_* */
  readonly share: number;
  /** Process or user whose it is, by `share`; else 0. */
  readonly owner: number;
  users: number;
  /** Jiffies; `linger` is how many after its last use it is kept. */
  linger: number;
  lastuse: number;
  expires: number;
}

/** A label as one socket has it (`struct ipv6_fl_socklist`). */
export interface SockFlowlabel {
  readonly fl: Ip6Flowlabel;
}

/** `fl_ht` of one namespace. */
export class FlowlabelNet {
  /** By label. */
  readonly labels: Map<number, Ip6Flowlabel> = new Map();
  /** Once a label was not for everybody, or had options: labels of sends are looked up (`flowlabel_has_excl`). */
  hasExcl = false;
  readonly gcTimer: TimerList;
  private readonly net: Net;

  constructor(net: Net) {
    this.net = net;
    this.gcTimer = new TimerList(() => this.gc());
  }

  /** `fl_lookup`: with one more user, or null: also if it only lingers. */
  lookup(label: number): Ip6Flowlabel | null {
    const fl = this.labels.get(label & IPV6_FLOWINFO_FLOWLABEL);
    if (fl === undefined || fl.users === 0) return null;
    fl.users++;
    return fl;
  }

  /** `fl_intern`: `fl` is there from now on, under `label`, 0: any. Or the one that is there already, with one more user. */
  intern(fl: Ip6Flowlabel, label: number): Ip6Flowlabel | null {
    const other = label === 0 ? undefined : this.labels.get(label);
    if (other !== undefined) {
      other.users++;
      return other;
    }
    let number = label;
    while (number === 0 || (label === 0 && this.labels.has(number))) number = this.net.kernel.random.u32() & IPV6_FLOWINFO_FLOWLABEL;
    fl.label = number;
    fl.lastuse = this.net.timers.jiffies;
    this.labels.set(number, fl);
    return null;
  }

  /** `fl_release`. */
  release(fl: Ip6Flowlabel): void {
    fl.lastuse = this.net.timers.jiffies;
    if (--fl.users > 0) return;
    const end = this.endOf(fl);
    if (!this.gcTimer.pending() || this.gcTimer.expires > end) this.net.timers.modTimer(this.gcTimer, end);
  }

  /** `ip6_fl_gc`. */
  private gc(): void {
    const now = this.net.timers.jiffies;
    let next = 0;
    for (const fl of this.labels.values()) {
      if (fl.users > 0) continue;
      const end = this.endOf(fl);
      if (now >= end) this.labels.delete(fl.label);
      else if (next === 0 || end < next) next = end;
    }
    if (next !== 0) this.net.timers.modTimer(this.gcTimer, next);
  }

  /** When a label that nobody uses goes. */
  private endOf(fl: Ip6Flowlabel): number {
    fl.expires = Math.max(fl.expires, fl.lastuse + fl.linger);
    return fl.expires;
  }
}

export const flowlabelNet: NetSlot<FlowlabelNet> = new NetSlot<FlowlabelNet>('ip6-flowlabel');

/** `check_linger`: jiffies of a number of seconds; 0: longer than the caller may ask for. */
function checkLinger(net: Net, seconds: number): number {
  if (seconds > FL_MAX_LINGER && !sockNet.of(net).layer.capable(CAP_NET_ADMIN)) return 0;
  return Math.max(seconds, FL_MIN_LINGER) * HZ;
}

/** `fl6_renew`: seconds. 0 or -EPERM. */
export function fl6Renew(fl: Ip6Flowlabel, linger: number, expires: number): number {
  const { net } = fl;
  const keep = checkLinger(net, linger);
  const live = checkLinger(net, expires);
  if (keep === 0 || live === 0) return -EPERM;
  fl.lastuse = net.timers.jiffies;
  fl.linger = Math.max(fl.linger, keep);
  fl.expires = Math.max(fl.expires, fl.lastuse + Math.max(live, fl.linger));
  return 0;
}

/** `fl_shared_exclusive` or with options: who sends by it must have asked for it. */
export function flExclusive({ share, opt }: Ip6Flowlabel): boolean {
  return share === IPV6_FL_S_EXCL || share === IPV6_FL_S_PROCESS || share === IPV6_FL_S_USER || opt !== null;
}

/** `mem_check`: whether the socket may have one more: 0 or -ENOBUFS. */
export function flMemCheck(sk: InetSk): number {
  const { labels } = flowlabelNet.of(sk.net);
  const room = FL_MAX_SIZE - labels.size;
  if (room > FL_MAX_SIZE - FL_MAX_PER_SOCK) return 0;
  const count = inet6Np(sk).flList.length;
  const greedy = count >= FL_MAX_PER_SOCK || (count > 0 && room < FL_MAX_SIZE / 2) || room < FL_MAX_SIZE / 4;
  return room <= 0 || (greedy && !sockNet.of(sk.net).layer.capable(CAP_NET_ADMIN)) ? -ENOBUFS : 0;
}

/**
 * `fl6_sock_lookup`: the label that the socket sends by: what it has asked for (with what that says), null if labels are free or there is
 * none, -ENOENT if it must ask first.
 */
export function fl6SockLookup(sk: InetSk, flowinfo: number): Ip6Flowlabel | null | number {
  const label = flowinfo & IPV6_FLOWINFO_FLOWLABEL;
  if (label === 0 || !flowlabelNet.of(sk.net).hasExcl) return null;
  const own = inet6Np(sk).flList.find(({ fl }) => fl.label === label);
  if (own === undefined) return -ENOENT;
  own.fl.lastuse = sk.net.timers.jiffies;
  return own.fl;
}

/** `fl6_free_socklist`: a socket gives all of its labels up. */
export function fl6FreeSocklist({ flList }: Inet6Pinfo): void {
  for (const { fl } of flList.splice(0)) flowlabelNet.of(fl.net).release(fl);
}

/** `fl6_merge_options`: the headers of a packet by label `fl`: the label's before, the sender's `opt` only behind what is fragmented. */
export function fl6MergeOptions({ opt: own }: Ip6Flowlabel, opt: Ipv6TxOptions | null): Ipv6TxOptions | null {
  if (opt === null || opt.dst1opt === null) return own;
  return { hopopt: own?.hopopt ?? null, dst0opt: own?.dst0opt ?? null, srcrt: own?.srcrt ?? null, dst1opt: opt.dst1opt };
}

/** /proc/net/ip6_flowlabel: as the kernel's table of 256 chains has them, the newest of a chain first. */
export function ip6FlowlabelText(net: Net): string {
  let text = 'Label S Owner  Users  Linger Expires  Dst                              Opt\n';
  const now = net.timers.jiffies;
  const seconds = (jiffies: number): string => String(Math.trunc(jiffies / HZ));
  const chained = [...flowlabelNet.of(net).labels.values()].reverse().sort((a, b) => (a.label & 0xff) - (b.label & 0xff));
  for (const fl of chained) {
    const label = fl.label.toString(16).toUpperCase().padStart(5, '0');
    const numbers = `${String(fl.share)} ${String(fl.owner).padEnd(6)} ${String(fl.users).padEnd(6)} ${seconds(fl.linger).padEnd(6)} ${seconds(fl.expires - now).padEnd(8)}`;
    text += `${label} ${numbers} ${fl.dst.toHex()} ${String(optNflen(fl.opt)).padEnd(4)}\n`;
  }
  return text;
}
