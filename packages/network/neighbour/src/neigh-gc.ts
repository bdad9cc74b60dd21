/** Garbage collection: `neigh_forced_gc` when the table is full, `neigh_periodic_work` now and then; and the managed entries. */
import { HZ, type TimerList } from '@skbuff/core';
import { NTF_EXT_LEARNED, NUD_FAILED, NUD_NOARP, NUD_PERMANENT } from '@skbuff/uapi';
import { neighEventSend } from './neigh-event.ts';
import type { NeighTable } from './neigh-table.ts';
import { NTF_EXT_VALIDATED } from './neigh-flags.ts';
import { NUD_IN_TIMER, type Neighbour } from './neighbour.ts';

/** A forced collection spares what changed so lately, jiffies. */
const FORCED_SPARES = 5 * HZ;
/** Reachable times are drawn anew this often, jiffies. */
const RAND_INTERVAL = 300 * HZ;

/** `neigh_forced_gc`: takes unused entries, oldest first, until the table is down to `gc_thresh2`. How many were taken. */
export function neighForcedGc(tbl: NeighTable): number {
  const { timers } = tbl;
  const wanted = tbl.gcEntries - tbl.gcThresh2;
  let shrunk = 0;
  tbl.stats.forcedGcRuns++;
  for (let n = tbl.gcFirst; n !== null; ) {
    const next: Neighbour | null = n.gcNext;
    if (n.refcnt === 1) {
      if (mayForce(tbl, n, timers.jiffies) && tbl.remove(n)) shrunk++;
      if (shrunk >= wanted) break;
    }
    n = next;
  }
  tbl.lastFlush = timers.jiffies;
  return shrunk;
}

function mayForce(tbl: NeighTable, n: Neighbour, now: number): boolean {
  return (n.nudState & (NUD_FAILED | NUD_NOARP)) !== 0 || tbl.options.isMulticast(n) || n.updated < now - FORCED_SPARES;
}

/** `neigh_periodic_work`. */
export function neighPeriodicWork(tbl: NeighTable): void {
  const { timers } = tbl;
  const now = timers.jiffies;
  tbl.stats.periodicGcRuns++;
  if (now > tbl.lastRand + RAND_INTERVAL) {
    tbl.lastRand = now;
    for (const parms of tbl.parmsList) parms.drawReachableTime();
  }
  if (tbl.entries >= tbl.gcThresh1) for (const n of [...tbl.all()]) if (isStale(n, now)) tbl.remove(n);
  timers.modTimer(tbl.gcTimer, now + Math.max(1, tbl.parms.baseReachableTime >> 1));
}

/** Neither fixed nor in use, and failed or unused for `gc_stale_time`. */
function isStale(n: Neighbour, now: number): boolean {
  if ((n.nudState & (NUD_PERMANENT | NUD_IN_TIMER)) !== 0 || (n.flags & (NTF_EXT_LEARNED | NTF_EXT_VALIDATED)) !== 0) return false;
  if (n.used < n.confirmed && n.confirmed <= now) n.used = n.confirmed;
  return n.refcnt === 1 && ((n.nudState & NUD_FAILED) !== 0 || now >= n.used + n.parms.gcStaletime);
}

/** `neigh_managed_work`: looks after the managed entries, every `interval_probe_time_ms`. */
export function neighManagedWork(tbl: NeighTable): void {
  const { timers, parms } = tbl;
  for (const n of [...tbl.managed]) neighEventSend(n, null, false);
  timers.modTimer(tbl.managedTimer as TimerList, timers.jiffies + Math.max(1, parms.intervalProbeTime));
}
