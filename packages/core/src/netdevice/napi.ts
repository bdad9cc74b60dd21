/** NAPI: devices are polled while frames keep coming, and interrupt only for the first of a burst. */
import type { GroNode } from './gro.ts';
import type { NetDevice } from './netdevice.ts';

export const NAPI_POLL_WEIGHT = 64;

/**
 * Handles at most `budget` packets and returns how many. Fewer than `budget`: it must have called `napiComplete`; exactly
 * `budget`: the instance stays on the poll list.
 */
export type NapiPoll = (napi: NapiStruct, budget: number) => number;

export class NapiStruct {
  readonly dev: NetDevice | null;
  readonly poll: NapiPoll;
  readonly weight: number;
  /** By which sockets know it (`SO_INCOMING_NAPI_ID`); 0 for a backlog, and before {@link netifNapiAdd}. */
  napiId = 0;
  /** On the poll list. */
  scheduled = false;
  /** Between `napiEnable` and `Softnet.napiDisable`. */
  enabled = false;
  /** Complete was called while the device asked for another poll. */
  missed = false;
  next: NapiStruct | null = null;
  /** What it holds; null until it first receives through `napiGroReceive`. */
  gro: GroNode | null = null;
  /** Polls that still put the interrupt off (`napi_defer_hard_irqs`). */
  deferHardIrqs = 0;

  constructor(dev: NetDevice | null, poll: NapiPoll, weight: number = NAPI_POLL_WEIGHT) {
    this.dev = dev;
    this.poll = poll;
    this.weight = weight;
  }
}

/** `netif_napi_add`: one more instance of the device; disabled. A weight above {@link NAPI_POLL_WEIGHT} is taken, with a complaint. */
export function netifNapiAdd(dev: NetDevice, poll: NapiPoll, weight: number = NAPI_POLL_WEIGHT): NapiStruct {
  if (weight > NAPI_POLL_WEIGHT) dev.net.kernel.log(`${dev.name}: netif_napi_add() called with weight ${weight}`);
  const napi = new NapiStruct(dev, poll, weight);
  dev.napiList.push(napi);
  dev.net.softnet.napiHashAdd(napi);
  return napi;
}

/** `netif_napi_del`: the instance is disabled. What GRO holds of it is freed. */
export function netifNapiDel(dev: NetDevice, napi: NapiStruct): void {
  napi.gro?.purge();
  dev.net.softnet.napiHashDel(napi);
  dev.napiList = dev.napiList.filter((other) => other !== napi);
}

/** `napi_enable`: from now on it can be scheduled. Its counterpart is `Softnet.napiDisable`. */
export function napiEnable(napi: NapiStruct): void {
  napi.enabled = true;
}
