/** Decisions that lead nowhere: the sender hears of it (`ip6_pkt_drop`, `net/ipv6/route.c`). */
import { type Net, type NetDevice, SKB_DROP_REASON_IP_INNOROUTES, SKB_DROP_REASON_IP_OUTNOROUTES, type SkBuff, type SkbSock } from '@skbuff/core';
import { IP6CB_IIF, type Rt6Info, in6DevGet, ip6IncStats, ipv6Net } from '@skbuff/ipv6';
import { ICMPV6_ADM_PROHIBITED, ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE, IPSTATS_MIB_INADDRERRORS, IPSTATS_MIB_INNOROUTES, IPSTATS_MIB_OUTNOROUTES, RTF_CACHE, RTF_DEFAULT } from '@skbuff/uapi';
import { IPV6HDR_DADDR, in6Word } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { fib6Net } from './fib6-net.ts';

/** `ip6_pkt_discard`: received, and there is no way. Takes over the sk_buff. */
export function ip6PktDiscard(skb: SkBuff): number {
  return drop(skb, ICMPV6_NOROUTE, IPSTATS_MIB_INNOROUTES);
}

/** `ip6_pkt_discard_out`: this host's own. Takes over the sk_buff. */
export function ip6PktDiscardOut(_net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  skb.dev = (skb.dst as Rt6Info).dev;
  return drop(skb, ICMPV6_NOROUTE, IPSTATS_MIB_OUTNOROUTES);
}

/** `ip6_pkt_prohibit`. */
export function ip6PktProhibit(skb: SkBuff): number {
  return drop(skb, ICMPV6_ADM_PROHIBITED, IPSTATS_MIB_INNOROUTES);
}

/** `ip6_pkt_prohibit_out`. */
export function ip6PktProhibitOut(_net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  skb.dev = (skb.dst as Rt6Info).dev;
  return drop(skb, ICMPV6_ADM_PROHIBITED, IPSTATS_MIB_OUTNOROUTES);
}

/** `ip6_pkt_drop`. A packet to :: counts as one with a bad address. */
function drop(skb: SkBuff, code: number, mib: number): number {
  const dst = skb.dst as Rt6Info;
  const { net } = dst.dev;
  const state = ipv6Net.of(net);
  // Routes of nowhere are the loopback device's: what counts is where the packet came from.
  const dev: NetDevice | null = dst.dev === net.loopbackDev ? net.devGetByIndex(skb.cb[IP6CB_IIF]) : null;
  const idev = dst.dev === net.loopbackDev ? (dev === null ? null : in6DevGet(dev)) : dst.idev;
  const input = mib === IPSTATS_MIB_INNOROUTES;
  ip6IncStats(state, idev, input && toNobody(skb) ? IPSTATS_MIB_INADDRERRORS : mib);
  state.ip.icmp?.icmpv6Send(skb, ICMPV6_DEST_UNREACH, code, 0);
  skb.kfree(input ? SKB_DROP_REASON_IP_INNOROUTES : SKB_DROP_REASON_IP_OUTNOROUTES);
  return 0;
}

function toNobody({ bytes, networkHeader }: SkBuff): boolean {
  const daddr = networkHeader + IPV6HDR_DADDR;
  return (in6Word(bytes, daddr) | in6Word(bytes, daddr + 4) | in6Word(bytes, daddr + 8) | in6Word(bytes, daddr + 12)) === 0;
}

/**
 * Routing's part of `ip6_link_failure`: a decision for one destination (a redirect, a path MTU) goes, so that its packets take the way of the route
 * again; those who keep one by a default router look whether there is another.
 */
export function ip6LinkFailure(rt: Rt6Info): void {
  const from = rt.from as Fib6Rt | null;
  const node = from?.node ?? null;
  if (from === null || node === null) return;
  if ((rt.rtFlags & RTF_CACHE) !== 0) from.nh.exceptions?.remove(rt);
  else if ((rt.rtFlags & RTF_DEFAULT) !== 0) node.sernum = ++fib6Net.of(rt.dev.net).sernum;
}
