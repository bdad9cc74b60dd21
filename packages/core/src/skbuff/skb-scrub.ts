/** What a packet forgets when it changes hands (`net/core/skbuff.c`). */
import { PACKET_HOST } from '@skbuff/uapi';
import { SKB_IPVS_PROPERTY, SKB_NF_TRACE, SKB_OFFLOAD_FWD_MARK, type SkBuff } from './skbuff.ts';

/**
 * `skb_scrub_packet`: a packet forgets what the sender's side knew about it: route, conntrack, extensions; and mark, time stamp and
 * IPVS when it changes namespace (`xnet`). The socket keeps paying for it until somebody receives it.
 */
export function skbScrubPacket(skb: SkBuff, xnet: boolean): void {
  skb.pktType = PACKET_HOST;
  skb.skbIif = 0;
  skb.ignoreDf = false;
  skb.bits &= xnet ? ~(SKB_OFFLOAD_FWD_MARK | SKB_IPVS_PROPERTY) : ~SKB_OFFLOAD_FWD_MARK;
  if (skb.dst !== null) skb.dstDrop();
  if (skb.sp !== null || skb.ext !== null) skbExtReset(skb);
  if (skb.nfct !== null || (skb.bits & SKB_NF_TRACE) !== 0 || skb.nfctinfo !== 0) skb.nfReset();
  if (!xnet) return;
  skb.mark = 0;
  skb.tstamp = 0;
}

/** `skb_ext_reset`: the references on extensions go. */
function skbExtReset(skb: SkBuff): void {
  if (skb.sp !== null) {
    skb.sp.put();
    skb.sp = null;
  }
  if (skb.ext !== null) {
    skb.ext.put();
    skb.ext = null;
  }
}
