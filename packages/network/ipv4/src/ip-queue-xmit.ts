/** Transmission for transports that cut their data themselves (`ip_queue_xmit`, `ip_build_and_send_pkt`). */
import { type DstEntry, type Net, NET_XMIT_CN, SKB_DROP_REASON_IP_OUTNOROUTES, type SkBuff } from '@skbuff/core';
import { EHOSTUNREACH, ENOBUFS, IPSTATS_MIB_OUTNOROUTES, IP_DF } from '@skbuff/uapi';
import {
  IPHDR_DADDR,
  IPHDR_FRAG_OFF,
  IPHDR_LEN,
  IPHDR_PROTOCOL,
  IPHDR_SADDR,
  IPHDR_TOS,
  IPHDR_TTL,
  setBe16,
  setBe32,
} from '@skbuff/wire';
import type { Flowi4 } from './flow.ts';
import type { InetSock } from './inet-sock.ts';
import { ipDontFragment, ipSelectTtl } from './ip-append.ts';
import { ipSelectIdent } from './ip-ident.ts';
import { IPOPT_F_STRICTROUTE, type IpOptions } from './ip-options.ts';
import { ipLocalOut } from './ip-output.ts';
import { ipv4Net } from './ipv4-net.ts';
import type { Rtable } from './rtable.ts';

/** A connected socket that keeps its route. */
export interface RoutedSock extends InetSock {
  /** `sk_dst_check`: the route if it may still be used, without a reference for the caller; null: look it up. */
  dstCheck(): DstEntry | null;
  /** `sk_setup_caps`: takes over the reference; null forgets the route. */
  dstSet(dst: DstEntry | null): void;
}

/**
 * `ip_queue_xmit`: sends `skb` (data at the transport header, owned by `sk`, headroom for all headers) to the peer that `fl4` names; `fl4`
 * has addresses, ports and protocol. The route is the socket's as long as it holds. Takes over the sk_buff. 0, or a negative errno:
 * -EHOSTUNREACH without a way (the transport tries again later), -ENOBUFS for a packet that a queue dropped.
 */
export function ipQueueXmit(net: Net, sk: RoutedSock, skb: SkBuff, fl4: Flowi4): number {
  const rt = skb.dst === null ? routeOf(net, sk, fl4) : (skb.dst as Rtable);
  const opt = sk.inetOpt;
  if (rt === null || (opt !== null && opt.has(IPOPT_F_STRICTROUTE) && rt.gateway !== 0)) {
    ipv4Net.of(net).stats[IPSTATS_MIB_OUTNOROUTES]++;
    skb.kfree(SKB_DROP_REASON_IP_OUTNOROUTES);
    return -EHOSTUNREACH;
  }
  if (skb.dst === null) skb.dstSetNoref(rt);
  const df = ipDontFragment(sk, rt) && !skb.ignoreDf;
  pushHeader(net, sk, skb, rt, opt, fl4.saddr, fl4.daddr, sk.inetDaddr, fl4.proto, sk.tos, df);
  return send(net, sk, skb);
}

/** The route that the socket has, or a new one, for the first hop of its source route if it has one. */
function routeOf(net: Net, sk: RoutedSock, fl4: Flowi4): Rtable | null {
  const { routing } = ipv4Net.of(net).ip;
  const cached = sk.dstCheck() as Rtable | null;
  if (cached !== null) return cached;
  const opt = sk.inetOpt;
  fl4.daddr = opt !== null && opt.srr !== 0 ? opt.faddr : sk.inetDaddr;
  const rt = routing === null ? -EHOSTUNREACH : routing.routeOutput(net, fl4, sk);
  if (typeof rt === 'number') return null;
  sk.dstSet(rt);
  return rt;
}

/** `ip_build_and_send_pkt`: sends a packet of a socket that is not connected yet, over the route that `skb` has: TCP's SYN-ACK. */
export function ipBuildAndSendPkt(net: Net, sk: InetSock, skb: SkBuff, saddr: number, daddr: number, proto: number, opt: IpOptions | null, tos: number): number {
  const rt = skb.dst as Rtable;
  const firstHop = opt !== null && opt.srr !== 0 ? opt.faddr : daddr;
  pushHeader(net, sk, skb, rt, opt, saddr, firstHop, daddr, proto, tos, ipDontFragment(sk, rt));
  return send(net, sk, skb);
}

function pushHeader(
  net: Net,
  sk: InetSock,
  skb: SkBuff,
  rt: Rtable,
  opt: IpOptions | null,
  saddr: number,
  daddr: number,
  end: number,
  proto: number,
  tos: number,
  df: boolean,
): void {
  const { bytes } = skb;
  skb.transportHeader = skb.data;
  const iph = skb.push(IPHDR_LEN + (opt?.optlen ?? 0));
  skb.networkHeader = iph;
  bytes[iph] = 0x45 + ((opt?.optlen ?? 0) >> 2);
  bytes[iph + IPHDR_TOS] = tos;
  setBe16(bytes, iph + IPHDR_FRAG_OFF, df ? IP_DF : 0);
  bytes[iph + IPHDR_TTL] = ipSelectTtl(sk, rt);
  bytes[iph + IPHDR_PROTOCOL] = proto;
  setBe32(bytes, iph + IPHDR_SADDR, saddr);
  setBe32(bytes, iph + IPHDR_DADDR, daddr);
  if (opt !== null && opt.optlen !== 0) ipv4Net.of(net).ip.options?.build(net, skb, opt, end, rt);
  ipSelectIdent(net, skb, sk, skb.shinfo.gsoSegs || 1);
}

function send(net: Net, sk: InetSock, skb: SkBuff): number {
  skb.priority = sk.priority;
  skb.mark = sk.mark;
  const err = ipLocalOut(net, sk, skb);
  return err <= 0 ? err : err === NET_XMIT_CN ? 0 : -ENOBUFS;
}
