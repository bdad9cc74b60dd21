/** Routes that lead nowhere: the sender is told, within limits (`ip_error`). */
import {
  type Net,
  type NetDevice,
  SKB_DROP_REASON_IP_INADDRERRORS,
  SKB_DROP_REASON_IP_INNOROUTES,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
  type SkbSock,
} from '@skbuff/core';
import { type Rtable, inDevGet, inetGetpeerV4, ipv4Net } from '@skbuff/ipv4';
import {
  EACCES,
  EHOSTUNREACH,
  ENETUNREACH,
  ICMP_DEST_UNREACH,
  ICMP_HOST_UNREACH,
  ICMP_NET_UNREACH,
  ICMP_PKT_FILTERED,
  IPSTATS_MIB_INADDRERRORS,
  IPSTATS_MIB_INNOROUTES,
} from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, be32, inetNtoa } from '@skbuff/wire';
import { fibNet } from './fib-net.ts';

/**
 * `ip_error`: `dst.input` of a packet that cannot go on. A host counts it; a router answers with Destination Unreachable: code 1 (host)
 * for unreachable, 0 (net) without a route, 13 (filtered) for prohibit, nothing for blackhole. Takes over the sk_buff.
 */
export function ipError(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const inDev = inDevGet(dev);
  if (inDev === null) return drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
  const { stats } = ipv4Net.of(dev.net);
  const { error } = skb.dst as Rtable;
  if (inDev.cnf.forwarding === 0) {
    if (error === -EHOSTUNREACH) stats[IPSTATS_MIB_INADDRERRORS]++;
    else if (error === -ENETUNREACH) stats[IPSTATS_MIB_INNOROUTES]++;
    return drop(skb, hostReason(error));
  }
  switch (error) {
    case -EHOSTUNREACH:
      return unreachable(skb, ICMP_HOST_UNREACH, SKB_DROP_REASON_NOT_SPECIFIED);
    case -ENETUNREACH:
      stats[IPSTATS_MIB_INNOROUTES]++;
      return unreachable(skb, ICMP_NET_UNREACH, SKB_DROP_REASON_IP_INNOROUTES);
    case -EACCES:
      return unreachable(skb, ICMP_PKT_FILTERED, SKB_DROP_REASON_NOT_SPECIFIED);
    default:
      return drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
  }
}

function hostReason(error: number): number {
  if (error === -EHOSTUNREACH) return SKB_DROP_REASON_IP_INADDRERRORS;
  return error === -ENETUNREACH ? SKB_DROP_REASON_IP_INNOROUTES : SKB_DROP_REASON_NOT_SPECIFIED;
}

/** One error costs a second of a credit of five, per sender (`error_cost`, `error_burst`). */
function unreachable(skb: SkBuff, code: number, reason: number): number {
  const { net } = skb.dev as NetDevice;
  const { timers, fib } = fibNet.of(net);
  const { settings } = fib;
  const peer = inetGetpeerV4(net, be32(skb.bytes, skb.networkHeader + IPHDR_SADDR));
  const now = timers.jiffies;
  peer.rateTokens = Math.min(peer.rateTokens + now - peer.rateLast, settings.errorBurst);
  peer.rateLast = now;
  if (peer.rateTokens >= settings.errorCost) {
    peer.rateTokens -= settings.errorCost;
    fib.ip.icmp?.icmpSend(skb, ICMP_DEST_UNREACH, code, 0);
  }
  return drop(skb, reason);
}

function drop(skb: SkBuff, reason: number): number {
  skb.kfree(reason);
  return 0;
}

/** `ip_rt_bug`: a received packet is being sent over the decision that it arrived by. */
export function ipRtBug(net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  const iph = skb.networkHeader;
  const [saddr, daddr] = [be32(skb.bytes, iph + IPHDR_SADDR), be32(skb.bytes, iph + IPHDR_DADDR)];
  net.kernel.log(`IPv4: ip_rt_bug: ${inetNtoa(saddr)} -> ${inetNtoa(daddr)}, ${skb.dev?.name ?? '?'}`);
  return drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
}
