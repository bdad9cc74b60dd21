/** Router solicitations (`ndisc_recv_rs`): who wants to hear of routers has an address, that is all; a daemon answers. */
import { type NetDevice, SKB_CONSUMED, SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS, SKB_DROP_REASON_NOT_SPECIFIED, SKB_DROP_REASON_PKT_TOO_SMALL, type SkBuff } from '@skbuff/core';
import { in6DevGet } from '@skbuff/ipv6';
import { NEIGH_UPDATE_F_OVERRIDE_ISROUTER, type NeighTable } from '@skbuff/neighbour';
import { NUD_STALE } from '@skbuff/uapi';
import { ICMP6HDR_LEN } from '@skbuff/wire';
import { SAYS_SO, lladdrOf, ndiscUpdate, optionsOf, saddrOf } from './ndisc-message.ts';
import { ndLookup } from './ndisc-tbl.ts';

/** `ndisc_recv_rs`. Returns a drop reason; the sk_buff stays the caller's. */
export function ndiscRecvRs(tbl: NeighTable, skb: SkBuff): number {
  if (skb.len < ICMP6HDR_LEN) return SKB_DROP_REASON_PKT_TOO_SMALL;
  const dev = skb.dev as NetDevice;
  const idev = in6DevGet(dev);
  const saddr = saddrOf(skb);
  if (idev === null || idev.cnf.forwarding === 0 || saddr.isAny()) return SKB_DROP_REASON_NOT_SPECIFIED;
  const opts = optionsOf(skb, ICMP6HDR_LEN);
  if (opts === null) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  const lladdr = lladdrOf(skb, opts.srcLladdr);
  const neigh = lladdr < -1 ? null : ndLookup(tbl, dev, saddr, true);
  if (neigh === null) return SKB_DROP_REASON_NOT_SPECIFIED;
  // Who asks for routers is none.
  ndiscUpdate(neigh, skb, lladdr, NUD_STALE, SAYS_SO | NEIGH_UPDATE_F_OVERRIDE_ISROUTER);
  return SKB_CONSUMED;
}
