/** Answers on behalf of others: for addresses behind this host, and for those that it was told of (`arp_process`, its proxy part). */
import type { NetDevice, SkBuff } from '@skbuff/core';
import { type InDevice, type Rtable, inDevGet, inDevMediumId, inDevProxyArp, inDevProxyArpPvlan } from '@skbuff/ipv4';
import { LOCALLY_ENQUEUED, NEIGH_CB_FLAGS, type NeighTable, neighEventNs, neighProxy } from '@skbuff/neighbour';
import { PACKET_HOST } from '@skbuff/uapi';
import type { ArpPacket } from './arp-packet.ts';
import { arpParms } from './arp-parms.ts';
import { arpProcess } from './arp-rcv.ts';
import { ARP_DONE, ARP_GO_ON, ARP_QUEUED } from './arp-result.ts';
import { arpReply } from './arp-send.ts';
import type { ArpPart } from './arp-tbl.ts';

/** Proxy ARP. Without it requests for others' addresses are not answered, whatever proxy_arp and the table of proxied addresses say. */
export const arpProxy: ArpPart = (tbl) => {
  tbl.answerByProxy = answerByProxy;
  tbl.proxyOps = { pconstruct: null, pdestruct: null, proxyRedo: (skb) => void arpProcess((skb.dev as NetDevice).net, null, skb) };
};

function isProxied(tbl: NeighTable, inDev: InDevice, rt: Rtable, arp: ArpPacket): boolean {
  const { dev } = inDev;
  if (arpFwdProxy(inDev, dev, rt) || arpFwdPvlan(inDev, dev, rt, arp.sip, arp.tip)) return true;
  return rt.dev !== dev && tbl.proxy !== null && tbl.proxy.lookup(dev.net, dev, arp.tip) !== null;
}

/** At once if the request was sent to us alone, or has waited already; else after a random delay, as others may answer too. */
function answerByProxy(tbl: NeighTable, inDev: InDevice, rt: Rtable, arp: ArpPacket, skb: SkBuff): number {
  if (!isProxied(tbl, inDev, rt, arp)) return ARP_GO_ON;
  const parms = arpParms(tbl, inDev);
  neighEventNs(tbl, inDev.dev, arp.sha, arp.sip);
  if ((skb.cb[NEIGH_CB_FLAGS] & LOCALLY_ENQUEUED) !== 0 || skb.pktType === PACKET_HOST || parms.proxyDelay === 0) {
    arpReply(inDev.dev, arp);
    return ARP_DONE;
  }
  neighProxy(tbl).enqueue(parms, skb);
  return ARP_QUEUED;
}

/** `arp_fwd_proxy`: proxy_arp is on, and the way leads to another medium than the one that the request came from. */
export function arpFwdProxy(inDev: InDevice, dev: NetDevice, rt: Rtable): boolean {
  if (rt.dev === dev || !inDevProxyArp(inDev)) return false;
  const medium = inDevMediumId(inDev);
  if (medium === 0) return true;
  if (medium === -1) return false;
  const other = inDevGet(rt.dev)?.cnf.mediumId ?? -1;
  return other !== medium && other !== -1;
}

/** `arp_fwd_pvlan`: the stations of this link cannot talk to each other directly (RFC 3069): answer for them. */
export function arpFwdPvlan(inDev: InDevice, dev: NetDevice, rt: Rtable, sip: number, tip: number): boolean {
  return rt.dev === dev && sip !== tip && inDevProxyArpPvlan(inDev);
}
