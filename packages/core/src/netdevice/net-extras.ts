/** What some packets need beside their way: counted by who wants it, a bit while anybody does. */
import type { Softnet } from './softnet.ts';

/** Bits of `Softnet.rxExtras`. */
export const RX_STAMP: number = 1 << 0;
export const RX_RPS: number = 1 << 1;
/** Bits of `Softnet.txExtras`. */
export const TX_TAP: number = 1 << 0;
export const TX_STAMP: number = 1 << 1;

/** `net_enable_timestamp`: frames are stamped when they arrive, until {@link netDisableTimestamp} was called as often. */
export function netEnableTimestamp(softnet: Softnet): void {
  softnet.netstampNeeded++;
  setRxExtra(softnet, RX_STAMP, true);
}

/** `net_disable_timestamp`. */
export function netDisableTimestamp(softnet: Softnet): void {
  softnet.netstampNeeded--;
  setRxExtra(softnet, RX_STAMP, softnet.netstampNeeded > 0);
}

/** The way to the drivers looks out for packets whose sender wants to know when they left; `by`: sockets that began (1) or ended (-1) to ask. */
export function netTxTimestamp(softnet: Softnet, by: 1 | -1): void {
  softnet.txStampNeeded += by;
  softnet.txExtras = softnet.txStampNeeded > 0 ? softnet.txExtras | TX_STAMP : softnet.txExtras & ~TX_STAMP;
}

/** @internal */
export function setRxExtra(softnet: Softnet, bit: number, on: boolean): void {
  softnet.rxExtras = on ? softnet.rxExtras | bit : softnet.rxExtras & ~bit;
  softnet.backlogLimit = softnet.rxExtras === 0 ? softnet.backlogMax : -1;
}
