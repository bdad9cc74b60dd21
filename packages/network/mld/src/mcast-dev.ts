/** Multicast of one interface (`net/ipv6/mcast.c`): its groups, how the link speaks MLD, and what is still to be reported. */
import { DevSlot, type Net, type NetDevice, TimerList } from '@skbuff/core';
import { type Inet6Dev, type Ipv6, ipv6Net } from '@skbuff/ipv6';
import type { In6Addr } from '@skbuff/wire';
import type { Ifmcaddr6 } from './ifmcaddr6.ts';

/** Seconds between general queries, and jiffies in which they are answered, until a querier says otherwise (RFC 3810 §9.2, §9.3). */
const MLD_QI_DEFAULT = 125_000;
const MLD_QRI_DEFAULT = 10_000;
/** How often a report is sent (RFC 3810 §9.1). */
export const MLD_QRV_DEFAULT = 2;

/** Settings of the whole kernel: net.ipv6.mld_max_msf, net.ipv6.mld_qrv. */
export class Mld {
  readonly ip: Ipv6;
  maxMsf = 64;
  qrv: number = MLD_QRV_DEFAULT;

  constructor(ip: Ipv6) {
    this.ip = ip;
  }
}

/** What happens when the timers of an interface fire. */
export interface MldWork {
  readonly ifc: (mc: McastDev) => void;
  readonly gq: (mc: McastDev) => void;
  readonly dad: (mc: McastDev) => void;
}

/** The part of `struct inet6_dev` that is about groups. Times are jiffies. */
export class McastDev {
  readonly mld: Mld;
  readonly idev: Inet6Dev;
  /** `mc_list`, the group joined last first. */
  readonly groups: Ifmcaddr6[] = [];
  /** `mc_tomb`: groups left, the last first, until all reports have said so. */
  tomb: Ifmcaddr6[] = [];
  /** Robustness, query interval and response interval, as the querier has them. */
  qrv: number;
  qi: number = MLD_QI_DEFAULT;
  qri: number = MLD_QRI_DEFAULT;
  /** Until then there is a router that knows only MLDv1; 0: none. */
  v1Seen = 0;
  /** How long an answer to a general query may take. */
  maxdelay = 0;
  /** Reports of changes, and of groups joined before the first address could be used, that are still to be sent. */
  ifcCount = 0;
  dadCount = 0;
  readonly ifcTimer: TimerList;
  readonly gqTimer: TimerList;
  readonly dadTimer: TimerList;

  constructor(mld: Mld, idev: Inet6Dev, work: MldWork) {
    this.mld = mld;
    this.idev = idev;
    this.qrv = mld.qrv;
    this.ifcTimer = new TimerList(() => work.ifc(this));
    this.gqTimer = new TimerList(() => work.gq(this));
    this.dadTimer = new TimerList(() => work.dad(this));
  }

  get net(): Net {
    return this.idev.dev.net;
  }

  /** `mld_dev_reset`: nothing is known of the routers yet. */
  reset(): void {
    this.qrv = this.mld.qrv;
    this.qi = MLD_QI_DEFAULT;
    this.qri = MLD_QRI_DEFAULT;
    this.v1Seen = 0;
    this.maxdelay = this.unsolicitedReportInterval();
  }

  /** The version that is spoken whatever routers speak; 0: theirs. */
  private get forceVersion(): number {
    return ipv6Net.of(this.net).devconfAll.forceMldVersion || this.idev.cnf.forceMldVersion;
  }

  /** `mld_in_v1_mode` (RFC 3810 §8.2.1). */
  inV1Mode(): boolean {
    const force = this.forceVersion;
    if (force !== 0) return force === 1;
    return this.v1Seen !== 0 && this.net.timers.jiffies < this.v1Seen;
  }

  /** `mld_in_v2_mode_only`: queries of MLDv1 do not count. */
  inV2ModeOnly(): boolean {
    return this.forceVersion === 2;
  }

  /** `unsolicited_report_interval`: between two reports that nobody asked for. */
  unsolicitedReportInterval(): number {
    const { cnf } = this.idev;
    const interval = this.inV1Mode() ? cnf.mldv1UnsolicitedReportInterval : cnf.mldv2UnsolicitedReportInterval;
    return Math.max(interval, 1);
  }

  /** Starts a timer at a moment picked by chance among `delay` of them, the first two jiffies from now. */
  startRandom(timer: TimerList, delay: number): void {
    const { kernel, timers } = this.net;
    timers.modTimer(timer, timers.jiffies + kernel.random.below(delay) + 2);
  }

  /** `mld_ifc_event`: something changed that routers have to hear of. */
  ifcEvent(): void {
    if (this.inV1Mode()) return;
    this.ifcCount = this.qrv;
    this.startRandom(this.ifcTimer, 1);
  }

  find(group: In6Addr): Ifmcaddr6 | null {
    for (const each of this.groups) if (each.addr.equals(group)) return each;
    return null;
  }

  /** `mld_clear_delrec`: what was left and is not reported yet never will be. */
  clearDelrec(): void {
    this.tomb = [];
    for (const group of this.groups) group.gone = [];
  }

  stopTimers(): void {
    const { timers } = this.net;
    for (const timer of [this.ifcTimer, this.gqTimer, this.dadTimer]) timers.delTimer(timer);
    this.ifcCount = 0;
    this.dadCount = 0;
  }
}

/** Where the device has it. */
export const mcastPtr: DevSlot<McastDev> = new DevSlot<McastDev>();

/** The state of an interface, or null while it has none. */
export function mcastOf(dev: NetDevice): McastDev | null {
  return mcastPtr.get(dev);
}
