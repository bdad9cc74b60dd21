/** A packet wants to go to a neighbour (`neigh_event_send`): what that does to the state, the queue and the probes. */
import {
  SKB_DROP_REASON_NEIGH_DEAD,
  SKB_DROP_REASON_NEIGH_FAILED,
  SKB_DROP_REASON_NEIGH_QUEUEFULL,
  type SkBuff,
} from '@skbuff/core';
import { NUD_DELAY, NUD_FAILED, NUD_INCOMPLETE, NUD_PROBE, NUD_STALE } from '@skbuff/uapi';
import { neighAddTimer, neighDelTimer, retransTime } from './neigh-state.ts';
import { NUD_CONNECTED, type Neighbour } from './neighbour.ts';

/**
 * `neigh_event_send`. 0: the address may be used now and `skb` is still the caller's. 1: it may not, and `skb` is queued or dropped.
 * Without a packet it only sets the search going. `immediately`: ask now rather than at the next tick.
 */
export function neighEventSend(neigh: Neighbour, skb: SkBuff | null, immediately: boolean = true): number {
  const now = neigh.tbl.timers.jiffies;
  if (neigh.used !== now) neigh.used = now;
  if ((neigh.nudState & (NUD_CONNECTED | NUD_DELAY | NUD_PROBE)) !== 0) return 0;
  if (neigh.dead) {
    skb?.kfree(SKB_DROP_REASON_NEIGH_DEAD);
    return 1;
  }
  if ((neigh.nudState & NUD_STALE) !== 0) {
    startDelay(neigh, now);
    return 0;
  }
  let probe = false;
  if ((neigh.nudState & NUD_INCOMPLETE) === 0) {
    if (neigh.parms.mcastProbes + neigh.parms.appProbes === 0) return giveUp(neigh, skb, now);
    startIncomplete(neigh, now, immediately);
    probe = immediately;
  }
  if (skb !== null) enqueue(neigh, skb);
  if (probe) neighProbe(neigh);
  return 1;
}

/** A stale address is used, and checked unless somebody confirms it in the next seconds. */
function startDelay(neigh: Neighbour, now: number): void {
  neighDelTimer(neigh);
  neigh.nudState = NUD_DELAY;
  neigh.updated = now;
  neighAddTimer(neigh, now + neigh.parms.delayProbeTime);
}

function startIncomplete(neigh: Neighbour, now: number, immediately: boolean): void {
  neighDelTimer(neigh);
  // Unicast probes make no sense without an address: they count as done.
  neigh.probes = neigh.parms.ucastProbes;
  neigh.nudState = NUD_INCOMPLETE;
  neigh.updated = now;
  neighAddTimer(neigh, immediately ? now + retransTime(neigh) : now + 1);
}

/** Nobody may be asked. */
function giveUp(neigh: Neighbour, skb: SkBuff | null, now: number): number {
  neigh.nudState = NUD_FAILED;
  neigh.updated = now;
  skb?.kfree(SKB_DROP_REASON_NEIGH_FAILED);
  return 1;
}

/** Keeps the newest packets within `unres_qlen_bytes`; always the one that is added. */
function enqueue(neigh: Neighbour, skb: SkBuff): void {
  const limit = neigh.parms.queueLenBytes;
  while (neigh.arpQueueLenBytes + skb.truesize > limit) {
    const oldest = neigh.arpQueue.dequeue();
    if (oldest === null) break;
    neigh.arpQueueLenBytes -= oldest.truesize;
    neigh.tbl.stats.unresDiscards++;
    oldest.kfree(SKB_DROP_REASON_NEIGH_QUEUEFULL);
  }
  skb.dstForce();
  neigh.arpQueue.queueTail(skb);
  neigh.arpQueueLenBytes += skb.truesize;
}

/** `neigh_probe`: asks once, on behalf of the packet that was queued last. */
export function neighProbe(neigh: Neighbour): void {
  const skb = neigh.arpQueue.peekTail()?.clone() ?? null;
  neigh.ops.solicit(neigh, skb);
  neigh.probes++;
  skb?.consume();
}
