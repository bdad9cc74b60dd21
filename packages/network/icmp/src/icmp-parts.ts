/** The parts of ICMP that a small stack may be built without: `icmpBare(icmpErrors)` has one of them, `icmpBare()` none, `icmp()` all. */
import { ICMP_DEST_UNREACH, ICMP_PARAMETERPROB, ICMP_REDIRECT, ICMP_SOURCE_QUENCH, ICMP_TIMESTAMP, ICMP_TIME_EXCEEDED } from '@skbuff/uapi';
import { icmpErr, icmpRedirect, icmpUnreach } from './icmp-error.ts';
import { icmpv4GlobalAllow, icmpv4XrlimAllow } from './icmp-limit.ts';
import { icmpTimestamp } from './icmp-query.ts';
import { icmpSend } from './icmp-send.ts';
import type { Icmp } from './icmp-service.ts';

/** A part, for `icmpBare()`. */
export type IcmpPart = (icmp: Icmp) => void;

/**
 * Errors: those that this host sends, as many as the limits allow, and those that it hears of. Without it none is sent, and one that arrives is
 * counted and told to nobody; questions are answered as ever, which Linux does not limit either unless it is told to.
 */
export const icmpErrors: IcmpPart = (icmp) => {
  icmp.send = icmpSend;
  icmp.err = icmpErr;
  icmp.limits = { globalAllow: icmpv4GlobalAllow, xrlimAllow: icmpv4XrlimAllow };
  icmp.handlers[ICMP_REDIRECT] = icmpRedirect;
  for (const type of [ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB]) icmp.handlers[type] = icmpUnreach;
};

/** Answers to those who ask for the time of day (RFC 792). Without it the question is read, counted and dropped without a word. */
export const icmpTimestamps: IcmpPart = (icmp) => {
  icmp.handlers[ICMP_TIMESTAMP] = icmpTimestamp;
};
