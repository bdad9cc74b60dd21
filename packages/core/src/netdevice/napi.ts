/** NAPI: devices are polled while frames keep coming, and interrupt only for the first of a burst. */
import type { GroNode } from './gro.ts';
import type { NetDevice } from './netdevice.ts';
import type { Softnet } from './softnet.ts';

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
  /** Between `napiEnable` and `napiDisable`. */
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
  const { softnet } = dev.net;
  dev.napiList.push(napi);
  napi.napiId = ++softnet.napiGenId;
  softnet.napiHash.set(napi.napiId, napi);
  softnet.napiFree = napiFree;
  return napi;
}

/** `netif_napi_del`: the instance is disabled. What GRO holds of it is freed. */
export function netifNapiDel(dev: NetDevice, napi: NapiStruct): void {
  napi.gro?.purge();
  dev.net.softnet.napiHash.delete(napi.napiId);
  dev.napiList = dev.napiList.filter((other) => other !== napi);
}

/** `napi_enable`: from now on it can be scheduled. Its counterpart is {@link napiDisable}. */
export function napiEnable(napi: NapiStruct): void {
  napi.enabled = true;
}

/** `napi_disable`: it is not polled any more until it is enabled again and scheduled. */
export function napiDisable(softnet: Softnet, napi: NapiStruct): void {
  napi.enabled = false;
  napi.scheduled = false;
  napi.missed = false;
  napi.gro?.stop();
  const list: NapiStruct[] = [];
  for (let n = softnet.pollFirst; n !== null; n = n.next) if (n !== napi) list.push(n);
  softnet.pollFirst = softnet.pollLast = null;
  for (const n of list) softnet.repoll(n);
}

/**
 * `napi_complete_done`: the driver handled fewer than its budget, `workDone` packets, and leaves the poll list. What GRO holds goes up,
 * but for what `groFlushTimeout` keeps. False: no interrupt yet, it will be polled again by itself (`napiDeferHardIrqs`).
 */
export function napiComplete(softnet: Softnet, napi: NapiStruct, workDone = 0): boolean {
  const done = napi.gro === null || napi.gro.done(workDone);
  softnet.leavePollList(napi);
  return done;
}

/** The driver left them. */
function napiFree(dev: NetDevice): void {
  for (const napi of dev.napiList) {
    napiDisable(dev.net.softnet, napi);
    netifNapiDel(dev, napi);
  }
}
