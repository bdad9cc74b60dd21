/** From a packet with a network header to a frame on its way (`neigh_output` and the functions behind `n->output`). */
import { NET_XMIT_DROP, SKB_DROP_REASON_NEIGH_HH_FILLFAIL, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff } from '@skbuff/core';
import { EINVAL, ENETDOWN } from '@skbuff/uapi';
import { copyBytes } from '@skbuff/wire';
import { neighEventSend } from './neigh-event.ts';
import { HH_LEN, NUD_CONNECTED, type Neighbour } from './neighbour.ts';

/**
 * `neigh_output`: sends an IP packet (data at its network header, `skb.dev` the neighbour's device) to `neigh`. Takes over the
 * sk_buff. 0, a positive NET_XMIT code, or a negative errno. Packets for an unresolved neighbour wait, which counts as 0.
 */
export function neighOutput(neigh: Neighbour, skb: SkBuff): number {
  if ((neigh.nudState & NUD_CONNECTED) !== 0 && neigh.hhLen !== 0) return neighHhOutput(neigh, skb);
  return neigh.outputFn(neigh, skb);
}

/** `neigh_hh_output`: puts the cached header in front. */
function neighHhOutput(neigh: Neighbour, skb: SkBuff): number {
  const len = neigh.hhLen;
  const to = skb.data - len;
  if (to < skb.head) {
    skb.kfree(SKB_DROP_REASON_NEIGH_HH_FILLFAIL);
    return NET_XMIT_DROP;
  }
  const { hh } = neigh;
  const { bytes } = skb;
  copyBytes(bytes, to, hh, HH_LEN - len, len);
  skb.data = to;
  skb.len += len;
  return neigh.dev.net.xmit.devQueueXmit(skb);
}

/** `neigh_blackhole`: the entry is not in use yet, or not any more. */
export function neighBlackhole(_neigh: Neighbour, skb: SkBuff): number {
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return -ENETDOWN;
}

/** `neigh_resolve_output`: finds the address out first; makes the cached header on the way. */
export function neighResolveOutput(neigh: Neighbour, skb: SkBuff): number {
  if (neighEventSend(neigh, skb) !== 0) return 0;
  if (neigh.hhLen === 0) neighHhInit(neigh);
  return neighConnectedOutput(neigh, skb);
}

/** `neigh_connected_output`: the address is good. */
export function neighConnectedOutput(neigh: Neighbour, skb: SkBuff): number {
  const { dev } = neigh;
  if (skb.networkHeader > skb.data) skb.pull(skb.networkHeader - skb.data);
  const create = dev.headerOps?.create ?? null;
  if (create !== null && create(skb, dev, skb.protocol, neigh.ha, null, skb.len) < 0) {
    skb.kfree(SKB_DROP_REASON_NEIGH_HH_FILLFAIL);
    return -EINVAL;
  }
  return dev.net.xmit.devQueueXmit(skb);
}

/** `neigh_direct_output`: the device has no link-layer header. */
export function neighDirectOutput(neigh: Neighbour, skb: SkBuff): number {
  return neigh.dev.net.xmit.devQueueXmit(skb);
}

/** `neigh_hh_init`: caches the header, if the device type can. */
function neighHhInit(neigh: Neighbour): void {
  const { dev } = neigh;
  const cache = dev.headerOps?.cache ?? null;
  if (cache === null || dev.hardHeaderLen > HH_LEN) return;
  if (cache(neigh.hh, dev, neigh.tbl.protocol, neigh.ha) === 0) neigh.hhLen = dev.hardHeaderLen;
}

/** `neigh_update_hhs`: the address changed. */
export function neighUpdateHhs(neigh: Neighbour): void {
  if (neigh.hhLen !== 0) neigh.dev.headerOps?.cacheUpdate?.(neigh.hh, neigh.dev, neigh.ha);
}
