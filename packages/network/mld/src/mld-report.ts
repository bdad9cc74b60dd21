/** What reports say (RFC 3810 §5.2.12, §6). */
import {
  IPV6_MIN_MTU,
  MCAST_EXCLUDE,
  MCAST_INCLUDE,
  MLD2_ALLOW_NEW_SOURCES,
  MLD2_BLOCK_OLD_SOURCES,
  MLD2_CHANGE_TO_EXCLUDE,
  MLD2_CHANGE_TO_INCLUDE,
  MLD2_MODE_IS_EXCLUDE,
  MLD2_MODE_IS_INCLUDE,
} from '@skbuff/uapi';
import { type Ifmcaddr6, MAF_GSQUERY, MAF_NOREPORT, type McSource } from './ifmcaddr6.ts';
import type { McastDev } from './mcast-dev.ts';
import { Mld2Report, MLD2_GREC_LEN } from './mld-packet.ts';

const SOURCE_LEN = 16;

/** Says nothing where it has no sources. */
const isDifference = (type: number): boolean => type === MLD2_ALLOW_NEW_SOURCES || type === MLD2_BLOCK_OLD_SOURCES;
/** Of whom somebody blocks, as many are named as fit: routers forward what they do not know to be blocked (RFC 3810 §5.2.15). */
const mayBeCut = (type: number): boolean => type === MLD2_MODE_IS_EXCLUDE || type === MLD2_CHANGE_TO_EXCLUDE;

/** Records, put into as many reports as they need. */
class Reports {
  private readonly mc: McastDev;
  private report: Mld2Report | null = null;

  constructor(mc: McastDev) {
    this.mc = mc;
  }

  private room(): number {
    return this.report?.room() ?? 0;
  }

  /** What there is so far is sent; false: nothing can be begun. */
  private next(): boolean {
    this.send();
    this.report = Mld2Report.begin(this.mc.idev.dev);
    return this.report !== null;
  }

  send(): void {
    this.report?.send();
    this.report = null;
  }

  /** Puts the record of a group; how many of its sources routers will hear of. */
  put(type: number, group: Ifmcaddr6, sources: readonly McSource[]): number {
    if ((group.flags & MAF_NOREPORT) !== 0 || this.mc.idev.dev.mtu < IPV6_MIN_MTU) return 0;
    if (sources.length === 0 && isDifference(type)) return 0;
    // One that may be cut rather begins a report than is cut in this one.
    const cut = mayBeCut(type);
    if (cut && (this.report?.ngrec ?? 0) !== 0 && this.room() < MLD2_GREC_LEN + group.list().length * SOURCE_LEN) this.next();
    let n = 0;
    do {
      if (!this.head(type, group, sources.length)) break;
      n += this.fill(sources, n);
    } while (n < sources.length && !cut);
    return n;
  }

  /** Begins a record, in the next report if not even one source fits into this one. */
  private head(type: number, group: Ifmcaddr6, sources: number): boolean {
    if (this.room() < MLD2_GREC_LEN + (sources === 0 ? 0 : SOURCE_LEN) && !this.next()) return false;
    this.report?.beginRecord(type, group.addr);
    return true;
  }

  /** Names sources from the `from`th on, as many as fit. */
  private fill(sources: readonly McSource[], from: number): number {
    const fit = sources.slice(from, from + Math.floor(this.room() / SOURCE_LEN));
    for (const { addr } of fit) this.report?.addSource(addr);
    return fit.length;
  }
}

/** `mld_send_report`: the current state of one group, or (null) of all. */
export function mldSendReport(mc: McastDev, only: Ifmcaddr6 | null): void {
  const reports = new Reports(mc);
  for (const group of only === null ? mc.groups : [only]) putCurrentState(reports, group);
  reports.send();
}

/** IS_IN (A) or IS_EX (A); to a query that names sources B, IS_IN (A∩B) (RFC 3810 §6.3). */
function putCurrentState(reports: Reports, group: Ifmcaddr6): void {
  const list = group.list();
  const answer = (group.flags & MAF_GSQUERY) === 0 ? list : list.filter(({ queried }) => queried);
  reports.put(group.exclude !== 0 ? MLD2_MODE_IS_EXCLUDE : MLD2_MODE_IS_INCLUDE, group, answer);
  for (const source of answer) source.queried = false;
  group.flags &= ~MAF_GSQUERY;
}

/** `mld_send_initial_cr`: all groups as if they were joined just now, with every source that a socket named. */
export function mldSendInitialCr(mc: McastDev): void {
  if (mc.inV1Mode()) return;
  const reports = new Reports(mc);
  for (const group of mc.groups) {
    if (group.exclude !== 0) reports.put(MLD2_CHANGE_TO_EXCLUDE, group, group.sources);
    else putDifference(reports, MLD2_ALLOW_NEW_SOURCES, group, group.sources);
  }
  reports.send();
}

/** `mld_send_cr`: what has changed and was not reported often enough (RFC 3810 §6.1); groups that were left first. */
export function mldSendCr(mc: McastDev): void {
  const reports = new Reports(mc);
  for (const group of mc.tomb) putLeft(reports, group);
  mc.tomb = mc.tomb.filter(({ retransmit, sources, gone }) => retransmit !== 0 || sources.length !== 0 || gone.length !== 0);
  for (const group of mc.groups) putChanges(reports, group);
  reports.send();
}

const isDue = ({ retransmit }: McSource): boolean => retransmit !== 0;

/** They were told once more. */
function count(sources: readonly McSource[]): void {
  for (const source of sources) if (source.retransmit !== 0) source.retransmit--;
}

/** Who leaves a group listens to nobody: TO_IN () of EXCLUDE (A), BLOCK (A) of INCLUDE (A). */
function putLeft(reports: Reports, group: Ifmcaddr6): void {
  if (group.sfmode === MCAST_INCLUDE) {
    for (const sources of [group.sources, group.gone]) count(sources.slice(0, reports.put(MLD2_BLOCK_OLD_SOURCES, group, sources)));
    group.sources = group.sources.filter(isDue);
    group.gone = group.gone.filter(isDue);
  } else if (group.retransmit !== 0) reports.put(MLD2_CHANGE_TO_INCLUDE, group, []);
  if (group.retransmit !== 0) group.retransmit--;
}

/** Of INCLUDE (A): ALLOW (who came), BLOCK (who went); of EXCLUDE (A) the other way round; of a new mode TO_IN (A) or TO_EX (A). */
function putChanges(reports: Reports, group: Ifmcaddr6): void {
  const excludes = group.exclude !== 0;
  putDifference(reports, excludes ? MLD2_BLOCK_OLD_SOURCES : MLD2_ALLOW_NEW_SOURCES, group, group.sources.filter(isDue));
  putDifference(reports, excludes ? MLD2_ALLOW_NEW_SOURCES : MLD2_BLOCK_OLD_SOURCES, group, group.gone);
  group.gone = group.gone.filter(isDue);
  if (group.retransmit === 0) return;
  reports.put(group.sfmode === MCAST_EXCLUDE ? MLD2_CHANGE_TO_EXCLUDE : MLD2_CHANGE_TO_INCLUDE, group, group.list());
  group.retransmit--;
}

/** While the mode is told, which says it all, what changed before is not, but it counts as told (RFC 3810 §6.1). */
function putDifference(reports: Reports, type: number, group: Ifmcaddr6, sources: readonly McSource[]): void {
  const hidden = group.retransmit === 0 ? [] : sources.filter(isDue);
  const shown = group.retransmit === 0 ? sources : sources.filter((source) => !isDue(source));
  count(hidden);
  count(shown.slice(0, reports.put(type, group, shown)));
}
