/**
 * `struct inet_skb_parm` in the control buffer: what IPv4 notes on a packet while it owns it. Lanes of `skb.cb` (see `skb-cb.ts` of the
 * core, which has the whole map; the last lane is the socket's):
 *
 *   0 flags | 1 arrival interface | 2 frag_max_size | 3 length of options | 4..10 see ip-options
 */
import { SKB_CB_IIF as IPCB_IIF, type SkBuff } from '@skbuff/core';

export { IPCB_IIF };

export const IPCB_FLAGS = 0;
export const IPCB_FRAG_MAX_SIZE = 2;
export const IPCB_OPTLEN = 3;
/** From here on valid only while {@link IPCB_OPTLEN} is not 0. Offsets of options from the IP header, 0: absent. */
export const IPCB_OPT_SRR = 4;
export const IPCB_OPT_RR = 5;
export const IPCB_OPT_TS = 6;
export const IPCB_OPT_ROUTER_ALERT = 7;
/** IPOPT_F_*, and in the upper half the offset of a CIPSO option. */
export const IPCB_OPT_FLAGS = 8;
/** First hop of a source route (u32 as int32). */
export const IPCB_OPT_FADDR = 9;
export const IPCB_OPT_NEXTHOP = 10;

export const IPSKB_FORWARDED: number = 1 << 0;
export const IPSKB_XFRM_TUNNEL_SIZE: number = 1 << 1;
export const IPSKB_XFRM_TRANSFORMED: number = 1 << 2;
export const IPSKB_FRAG_COMPLETE: number = 1 << 3;
export const IPSKB_REROUTED: number = 1 << 4;
export const IPSKB_DOREDIRECT: number = 1 << 5;
export const IPSKB_FRAG_PMTU: number = 1 << 6;

/** Clears what the lower layer left there. */
export function ipcbInit(skb: SkBuff, iif: number): void {
  const { cb } = skb;
  cb[IPCB_FLAGS] = 0;
  cb[IPCB_IIF] = iif;
  cb[IPCB_FRAG_MAX_SIZE] = 0;
  cb[IPCB_OPTLEN] = 0;
}
