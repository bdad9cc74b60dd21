/** NAPI: devices are polled while frames keep coming, and interrupt only for the first of a burst. */
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
  /** On the poll list. */
  scheduled = false;
  /** Between `napiEnable` and `napiDisable`. */
  enabled = false;
  /** Complete was called while the device asked for another poll. */
  missed = false;
  next: NapiStruct | null = null;

  constructor(dev: NetDevice | null, poll: NapiPoll, weight: number = NAPI_POLL_WEIGHT) {
    this.dev = dev;
    this.poll = poll;
    this.weight = weight;
  }
}
