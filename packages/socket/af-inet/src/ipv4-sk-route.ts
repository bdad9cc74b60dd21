/** What routing learns from ICMP errors about a socket's packets (`net/ipv4/route.c`). */
import type { SkBuff } from '@skbuff/core';
import { Flowi4, ipv4Net } from '@skbuff/ipv4';
import { IP_PMTUDISC_INTERFACE } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, be32 } from '@skbuff/wire';
import { inetSkFlowiFlags, ipRouteOutputFlow, ipSockRtScope } from './datagram.ts';
import type { InetSk } from './inet-sk.ts';

/** `ipv4_sk_update_pmtu`: a packet of `sk`, quoted at `data`, was too long: `mtu` bytes would pass. */
export function ipv4SkUpdatePmtu(skb: SkBuff, sk: InetSk, mtu: number): void {
  const { routing } = ipv4Net.of(sk.net).ip;
  if (routing === null || sk.pmtudisc >= IP_PMTUDISC_INTERFACE) return;
  routing.updatePmtu?.(sk.net, skb, mtu);
  if (sk.dst !== null && sk.dstCheck() === null) routeAgain(sk, skb);
}

/** `ipv4_sk_redirect`: for a packet of `sk`, quoted at `data`, `gateway` is the better way. */
export function ipv4SkRedirect(skb: SkBuff, sk: InetSk, gateway: number): void {
  ipv4Net.of(sk.net).ip.routing?.redirect?.(sk.net, skb, gateway, be32(skb.bytes, skb.networkHeader + IPHDR_SADDR));
}

/** A socket that had a route gets another one at once, so that it knows the new MTU. */
function routeAgain(sk: InetSk, skb: SkBuff): void {
  const { bytes, data: iph } = skb;
  const fl4 = new Flowi4().init(sk.boundDevIf, sk.mark, sk.tos, ipSockRtScope(sk), sk.protocol, inetSkFlowiFlags(sk), be32(bytes, iph + IPHDR_DADDR), be32(bytes, iph + IPHDR_SADDR), 0, 0);
  const rt = ipRouteOutputFlow(sk.net, fl4, sk);
  if (typeof rt !== 'number') sk.dstSet(rt);
}
