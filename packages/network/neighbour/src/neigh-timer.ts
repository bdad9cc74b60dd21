/** The timer of a neighbour: what happens when nothing happens (`neigh_timer_handler`). */
import { HZ, type SkBuff } from '@skbuff/core';
import { NUD_DELAY, NUD_FAILED, NUD_INCOMPLETE, NUD_PROBE, NUD_REACHABLE, NUD_STALE } from '@skbuff/uapi';
import { neighProbe } from './neigh-event.ts';
import { neighUpdateNotify } from './neigh-notify.ts';
import { NTF_EXT_VALIDATED } from './neigh-update.ts';
import { NUD_IN_TIMER, NUD_VALID, type Neighbour } from './neighbour.ts';

/** No timer of a neighbour runs shorter. */
const SHORTEST = HZ / 100;

/** Jiffies between two probes. */
export function retransTime(neigh: Neighbour): number {
  return Math.max(neigh.parms.retransTime, SHORTEST);
}

/** `neigh_add_timer`: a running timer holds a reference. */
export function neighAddTimer(neigh: Neighbour, when: number): void {
  if (!neigh.timer.pending()) neigh.hold();
  neigh.tbl.timers.modTimer(neigh.timer, when);
}

/** `neigh_del_timer`: true if it was running. */
export function neighDelTimer(neigh: Neighbour): boolean {
  if (!neigh.tbl.timers.delTimer(neigh.timer)) return false;
  neigh.release();
  return true;
}

/** `neigh_suspect`: the address is in doubt. */
export function neighSuspect(neigh: Neighbour): void {
  neigh.outputFn = neigh.ops.output;
}

/** `neigh_connect`: the address is good. */
export function neighConnect(neigh: Neighbour): void {
  neigh.outputFn = neigh.ops.connectedOutput;
}

/** `neigh_max_probes`: after so many questions the neighbour counts as gone. */
export function neighMaxProbes(neigh: Neighbour): number {
  const { parms } = neigh;
  const mcast = (neigh.nudState & NUD_PROBE) !== 0 ? parms.mcastReprobes : parms.mcastProbes;
  return parms.ucastProbes + parms.appProbes + mcast;
}

/** `neigh_timer_handler`. The reference of the timer that fired is given up at the end. */
export function neighTimerHandler(neigh: Neighbour): void {
  if ((neigh.nudState & NUD_IN_TIMER) !== 0) onTimer(neigh, neigh.tbl.timers.jiffies);
  neigh.release();
}

function onTimer(neigh: Neighbour, now: number): void {
  let notify = false;
  let next = now + retransTime(neigh);
  if ((neigh.nudState & NUD_REACHABLE) !== 0) {
    next = reachableOver(neigh, now);
    notify = neigh.nudState === NUD_STALE;
  } else if ((neigh.nudState & NUD_DELAY) !== 0) {
    next = delayOver(neigh, now);
    notify = true;
  }
  if ((neigh.nudState & (NUD_INCOMPLETE | NUD_PROBE)) !== 0 && neigh.probes >= neighMaxProbes(neigh)) {
    noAnswer(neigh, now);
    notify = true;
  } else {
    if ((neigh.nudState & NUD_IN_TIMER) !== 0) neighAddTimer(neigh, Math.max(next, now + SHORTEST));
    if ((neigh.nudState & (NUD_INCOMPLETE | NUD_PROBE)) !== 0) neighProbe(neigh);
  }
  if (notify) neighUpdateNotify(neigh, 0);
}

/** All questions were asked in vain. */
function noAnswer(neigh: Neighbour, now: number): void {
  if ((neigh.flags & NTF_EXT_VALIDATED) !== 0 && (neigh.nudState & NUD_VALID) !== 0) {
    neigh.nudState = NUD_STALE;
    neigh.updated = now;
    return;
  }
  neigh.nudState = NUD_FAILED;
  neighInvalidate(neigh);
}

/** REACHABLE: confirmed meanwhile, used lately (then it is to be checked), or idle. Returns when to look again. */
function reachableOver(neigh: Neighbour, now: number): number {
  const { parms } = neigh;
  if (now <= neigh.confirmed + parms.reachableTime) return neigh.confirmed + parms.reachableTime;
  neigh.updated = now;
  neighSuspect(neigh);
  neigh.nudState = now <= neigh.used + parms.delayProbeTime ? NUD_DELAY : NUD_STALE;
  return now + parms.delayProbeTime;
}

/** DELAY: an upper layer confirmed the neighbour, or else it is asked. */
function delayOver(neigh: Neighbour, now: number): number {
  const { parms } = neigh;
  neigh.updated = now;
  if (now <= neigh.confirmed + parms.delayProbeTime) {
    neigh.nudState = NUD_REACHABLE;
    neighConnect(neigh);
    return neigh.confirmed + parms.reachableTime;
  }
  neigh.nudState = NUD_PROBE;
  neigh.probes = 0;
  return now + retransTime(neigh);
}

/** `neigh_invalidate`: reports every waiting packet as undeliverable. */
export function neighInvalidate(neigh: Neighbour): void {
  neigh.tbl.stats.resFailed++;
  neigh.updated = neigh.tbl.timers.jiffies;
  // A report may send a packet that brings the entry back to life: the rest of the queue is then dropped quietly.
  while (neigh.nudState === NUD_FAILED) {
    const skb: SkBuff | null = neigh.arpQueue.dequeue();
    if (skb === null) break;
    neigh.ops.errorReport(neigh, skb);
  }
  neighPurgeQueue(neigh);
}

/** Frees what waits. */
export function neighPurgeQueue(neigh: Neighbour): void {
  neigh.arpQueue.purge();
  neigh.arpQueueLenBytes = 0;
}
