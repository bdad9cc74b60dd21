/** The timer of a neighbour: what happens when nothing happens (`neigh_timer_handler`). */
import { NUD_DELAY, NUD_FAILED, NUD_INCOMPLETE, NUD_PROBE, NUD_REACHABLE, NUD_STALE } from '@skbuff/uapi';
import { neighProbe } from './neigh-event.ts';
import { NTF_EXT_VALIDATED } from './neigh-flags.ts';
import { neighUpdateNotify } from './neigh-notify.ts';
import { SHORTEST, neighAddTimer, neighConnect, neighInvalidate, neighMaxProbes, neighSuspect, retransTime } from './neigh-state.ts';
import { NUD_IN_TIMER, NUD_VALID, type Neighbour } from './neighbour.ts';

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
