/**
 * `struct inet6_skb_parm` in the control buffer: what IPv6 notes on a packet while it owns it. Lanes of `skb.cb` (`skb-cb.ts` of the core
 * has the whole map; the last lane is the socket's). Offsets of headers are counted from the IPv6 header, 0: not there.
 */
import { SKB_CB_IIF as IP6CB_IIF, type SkBuff } from '@skbuff/core';

export { IP6CB_IIF };

export const IP6CB_FLAGS = 0;
/** Value of a router alert option, where {@link IP6SKB_ROUTERALERT} is set. */
export const IP6CB_RA = 2;
export const IP6CB_DST0 = 3;
export const IP6CB_SRCRT = 4;
export const IP6CB_DST1 = 5;
export const IP6CB_LASTOPT = 6;
/** Where the byte is that says what the header at `data` is. */
export const IP6CB_NHOFF = 7;
export const IP6CB_FRAG_MAX_SIZE = 8;

export const IP6SKB_FORWARDED = 2;
export const IP6SKB_REROUTED = 4;
export const IP6SKB_ROUTERALERT = 8;
export const IP6SKB_FRAGMENTED = 16;
export const IP6SKB_HOPBYHOP = 32;
export const IP6SKB_JUMBOGRAM = 128;
export const IP6SKB_MULTIPATH = 1024;

/** Clears what the lower layer left there. */
export function ip6cbInit(skb: SkBuff, iif: number): void {
  const { cb } = skb;
  cb[IP6CB_FLAGS] = 0;
  cb[IP6CB_IIF] = iif;
  cb[IP6CB_RA] = 0;
  cb[IP6CB_DST0] = 0;
  cb[IP6CB_SRCRT] = 0;
  cb[IP6CB_DST1] = 0;
  cb[IP6CB_LASTOPT] = 0;
  cb[IP6CB_NHOFF] = 0;
  cb[IP6CB_FRAG_MAX_SIZE] = 0;
}
