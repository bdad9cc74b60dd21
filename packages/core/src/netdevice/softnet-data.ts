/** What each CPU has for reception (`struct softnet_data`). */
import { SkBuffHead } from '../skbuff/skb-queue.ts';
import type { NapiStruct } from './napi.ts';

/** `struct softnet_data` of one CPU. */
export class SoftnetData {
  readonly cpu: number;
  readonly inputPktQueue: SkBuffHead = new SkBuffHead();
  readonly backlog: NapiStruct;
  /** Frames that were taken out of the backlog while steering was on. */
  queueHead = 0;
  /** Frames that went up (again, if an rx handler gave them to another device); lost because the backlog was full; cycles cut short. */
  processed = 0;
  dropped = 0;
  timeSqueeze = 0;
  /** Times another CPU woke this one for its backlog. */
  receivedRps = 0;

  constructor(cpu: number, backlog: (sd: SoftnetData) => NapiStruct) {
    this.cpu = cpu;
    this.backlog = backlog(this);
  }
}

/** Sum of a counter over the CPUs. */
export function softnetTotal(softnet: { readonly data: readonly SoftnetData[] }, counter: 'processed' | 'dropped' | 'timeSqueeze'): number {
  return softnet.data.reduce((all, sd) => all + sd[counter], 0);
}

/** Frames that wait in the backlogs of all CPUs. */
export function softnetBacklogLen(softnet: { readonly data: readonly SoftnetData[] }): number {
  return softnet.data.reduce((all, sd) => all + sd.inputPktQueue.qlen, 0);
}
