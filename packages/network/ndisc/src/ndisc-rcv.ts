/** What arrives (`ndisc_rcv`): the checks that every message has to pass, and who reads it. */
import {
  type NetDevice,
  SKB_DROP_REASON_IPV6_NDISC_BAD_CODE,
  SKB_DROP_REASON_IPV6_NDISC_FRAG,
  SKB_DROP_REASON_IPV6_NDISC_HOP_LIMIT,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
} from '@skbuff/core';
import { IP6CB_FLAGS, IP6SKB_FRAGMENTED, in6DevGet } from '@skbuff/ipv6';
import { NEIGH_CB_FLAGS, NEIGH_CB_SCHED_NEXT, type NeighTable } from '@skbuff/neighbour';
import {
  NDISC_NEIGHBOUR_ADVERTISEMENT,
  NDISC_NEIGHBOUR_SOLICITATION,
  NDISC_REDIRECT,
  NDISC_ROUTER_ADVERTISEMENT,
  NDISC_ROUTER_SOLICITATION,
} from '@skbuff/uapi';
import { ICMP6HDR_CODE, ICMP6HDR_TYPE, IPV6HDR_HOP_LIMIT } from '@skbuff/wire';
import { ndiscRecvNa } from './ndisc-na.ts';
import { NDISC_HOPLIMIT } from './ndisc-net.ts';
import { ndiscRecvNs } from './ndisc-ns.ts';
import { ndiscRouterDiscovery } from './ndisc-ra.ts';
import { ndiscRedirectRcv } from './ndisc-redirect-rcv.ts';
import { ndiscRecvRs } from './ndisc-rs.ts';

/** `ndisc_rcv`; see the door `NdiscOps`. The message lies in one piece for those who read it. */
export function ndiscRcv(tbl: NeighTable, skb: SkBuff): number {
  if (suppressFrag(skb)) return SKB_DROP_REASON_IPV6_NDISC_FRAG;
  if (skb.dataLen !== 0 && skb.cache.linearize(skb) !== 0) return SKB_DROP_REASON_NOMEM;
  const { bytes, transportHeader: th } = skb;
  if (skb.data !== th) skb.push(skb.data - th);
  if (bytes[skb.networkHeader + IPV6HDR_HOP_LIMIT] !== NDISC_HOPLIMIT) return SKB_DROP_REASON_IPV6_NDISC_HOP_LIMIT;
  if (bytes[th + ICMP6HDR_CODE] !== 0) return SKB_DROP_REASON_IPV6_NDISC_BAD_CODE;
  switch (bytes[th + ICMP6HDR_TYPE]) {
    case NDISC_NEIGHBOUR_SOLICITATION:
      skb.cb[NEIGH_CB_SCHED_NEXT] = 0;
      skb.cb[NEIGH_CB_FLAGS] = 0;
      return ndiscRecvNs(tbl, skb);
    case NDISC_NEIGHBOUR_ADVERTISEMENT:
      return ndiscRecvNa(tbl, skb);
    case NDISC_ROUTER_SOLICITATION:
      return ndiscRecvRs(tbl, skb);
    case NDISC_ROUTER_ADVERTISEMENT:
      return ndiscRouterDiscovery(tbl, skb);
    case NDISC_REDIRECT:
      return ndiscRedirectRcv(skb);
    default:
      return SKB_DROP_REASON_NOT_SPECIFIED;
  }
}

/** `ndisc_suppress_frag_ndisc` (RFC 6980): a message in fragments cannot be looked at by those who guard the link. */
function suppressFrag(skb: SkBuff): boolean {
  const idev = in6DevGet(skb.dev as NetDevice);
  return idev === null || ((skb.cb[IP6CB_FLAGS] & IP6SKB_FRAGMENTED) !== 0 && idev.cnf.suppressFragNdisc !== 0);
}
