/** Small steps between the states of a neighbour that the timer, a packet and an update share. */
import { HZ, type SkBuff } from '@skbuff/core';
import { NUD_FAILED, NUD_INCOMPLETE, NUD_PROBE } from '@skbuff/uapi';
import type { Neighbour } from './neighbour.ts';

/** No timer of a neighbour runs shorter. */
export const SHORTEST: number = HZ / 100;

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

/** `__neigh_set_probe_once`: somebody asks, once, a neighbour that did not answer, whether it is there again. */
export function neighSetProbeOnce(neigh: Neighbour): void {
  const now = neigh.tbl.timers.jiffies;
  neigh.updated = now;
  if ((neigh.nudState & NUD_FAILED) === 0) return;
  neigh.nudState = NUD_INCOMPLETE;
  neigh.probes = neighMaxProbes(neigh);
  neighAddTimer(neigh, now + retransTime(neigh));
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
