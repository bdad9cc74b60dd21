/** Busy polling: who waits for packets asks the driver himself (`net/core/dev.c`). */
import { NET_RX_SOFTIRQ } from '../softirq/softirq.ts';
import type { Softnet } from './softnet.ts';

/** Packets that a busy-polling socket takes at once (`BUSY_POLL_BUDGET`). */
export const BUSY_POLL_BUDGET = 8;

/**
 * One turn of `napi_busy_loop`: whoever waits for packets of an instance polls it himself, without an interrupt. Packets that the
 * driver had, at most `budget`; what it has beyond that is left to the softirq. 0 for one that is disabled, or scheduled anyway.
 */
export function napiBusyPoll(softnet: Softnet, napiId: number, budget: number = BUSY_POLL_BUDGET): number {
  const napi = softnet.napiHash.get(napiId);
  if (napi === undefined || !napi.enabled || napi.scheduled) return 0;
  const { softirq } = softnet;
  softirq.localBhDisable();
  napi.scheduled = true;
  const work = napi.poll(napi, budget);
  napi.gro?.normalList();
  if (napi.scheduled && !softnet.onPollList(napi)) {
    softnet.repoll(napi);
    softirq.raise(NET_RX_SOFTIRQ);
  }
  if (!napi.enabled) napi.gro?.purge();
  softirq.localBhEnable();
  return work;
}
