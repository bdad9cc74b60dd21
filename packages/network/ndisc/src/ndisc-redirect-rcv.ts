/** Redirects that this host gets (`ndisc_redirect_rcv`; RFC 4861 §8.1). Whether to follow is for routing to say. */
import { type NetDevice, SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS, SKB_DROP_REASON_NOT_SPECIFIED, SKB_DROP_REASON_PKT_TOO_SMALL, type SkBuff } from '@skbuff/core';
import { ipv6Net } from '@skbuff/ipv6';
import { NEIGH_UPDATE_F_ISROUTER, NEIGH_UPDATE_F_OVERRIDE_ISROUTER, type NeighTable, type Neighbour } from '@skbuff/neighbour';
import { NDISC_REDIRECT, NUD_STALE } from '@skbuff/uapi';
import { RDMSG_LEN } from '@skbuff/wire';
import { BAD_LLADDR, lladdrOf, ndiscUpdate, optionsOf, saddrOf, SAYS_SO, targetOf } from './ndisc-message.ts';
import { ndLookup } from './ndisc-tbl.ts';

/** Bytes of the redirected header option in front of the packet that it quotes. */
export const REDIRECT_HDR_LEN = 8;

/** `ndisc_redirect_rcv`. Returns a drop reason; the sk_buff stays the caller's, its data may be at the quoted packet. */
export function ndiscRedirectRcv(skb: SkBuff): number {
  if (!saddrOf(skb).isLinkLocal()) return SKB_DROP_REASON_NOT_SPECIFIED;
  if (skb.len < RDMSG_LEN) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  const opts = optionsOf(skb, RDMSG_LEN);
  if (opts === null) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  const dev = skb.dev as NetDevice;
  const { routing, icmp } = ipv6Net.of(dev.net).ip;
  if (opts.redirectHdr < 0) {
    routing?.redirectNoHeader(dev.net, skb, dev.ifindex);
    return SKB_DROP_REASON_NOT_SPECIFIED;
  }
  const quoted = opts.redirectHdr + REDIRECT_HDR_LEN - skb.transportHeader;
  if (quoted > skb.len) return SKB_DROP_REASON_PKT_TOO_SMALL;
  skb.pull(quoted);
  return icmp === null ? SKB_DROP_REASON_NOT_SPECIFIED : icmp.notify(skb, NDISC_REDIRECT, 0, 0);
}

/** See the door `NdiscOps`. `data` may be behind the message: its options end where the packet ends. */
export function ndiscRedirectTarget(tbl: NeighTable, skb: SkBuff, onLink: boolean): Neighbour | null {
  const opts = optionsOf(skb, RDMSG_LEN);
  const lladdr = opts === null ? BAD_LLADDR : lladdrOf(skb, opts.tgtLladdr);
  const neigh = lladdr === BAD_LLADDR ? null : ndLookup(tbl, skb.dev as NetDevice, targetOf(skb), true);
  if (neigh !== null) ndiscUpdate(neigh, skb, lladdr, NUD_STALE, onLink ? SAYS_SO : SAYS_SO | NEIGH_UPDATE_F_OVERRIDE_ISROUTER | NEIGH_UPDATE_F_ISROUTER);
  return neigh;
}
