/** The way of a socket's packets (`net/ipv6/ip6_output.c`, `datagram.c`, `route.c`). */
import type { InetSk } from '@skbuff/af-inet';
import { type DstEntry, dstCheck, type SkBuff } from '@skbuff/core';
import { Flowi6, type Ipv6TxOptions, type Rt6Info, fl6UpdateDst, ip6DstLookup, ip6MakeFlowinfo, ipv6Net } from '@skbuff/ipv6';
import { EINVAL, IPV6_PMTUDISC_INTERFACE } from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import { fl6SockLookup } from './ip6-flowlabel.ts';
import { LOOPBACK4_IPV6 } from './inet6-port.ts';
import { inet6Np } from './ipv6-pinfo.ts';

/** `ip6_dst_lookup_flow`: as `ip6DstLookup`, after which the packet shall go to `final`; null: where it goes is where it ends. */
export function ip6DstLookupFlow(sk: InetSk, fl6: Flowi6, final: In6Addr | null): Rt6Info | number {
  const rt = ip6DstLookup(sk.net, sk, fl6);
  if (typeof rt !== 'number' && final !== null) fl6.daddr.copy(final);
  return rt;
}

/** `ip6_datagram_flow_key_init`: the flow of what a connected socket sends; options are looked at later. */
function flowKeyInit(sk: InetSk, fl6: Flowi6): void {
  const np = inet6Np(sk);
  fl6.init(sk.protocol);
  fl6.daddr.copy(np.daddr);
  fl6.saddr.copy(np.saddr);
  fl6.mark = sk.mark;
  fl6.dport = sk.inetDport;
  fl6.sport = sk.inetSport;
  fl6.tos = np.tclass;
  fl6.flowlabel = ip6MakeFlowinfo(np.tclass, np.flowLabel);
  fl6.oif = sk.boundDevIf || np.stickyIfindex || (fl6.daddr.isMulticast() ? np.mcastOif : np.ucastOif);
}

/**
 * `ip6_datagram_dst_update`: looks up the way of a connected socket, and remembers it; with `fixSaddr` what was open of its own address is
 * settled by that. 0 or a negative errno.
 */
export function ip6DatagramDstUpdate(sk: InetSk, fixSaddr: boolean): number {
  const np = inet6Np(sk);
  const label = np.sndflow ? fl6SockLookup(sk, np.flowLabel) : null;
  if (typeof label === 'number') return -EINVAL;
  // That of the connection stays what it is if there is no way.
  const fl6 = new Flowi6();
  fl6.uid = sk.uid;
  flowKeyInit(sk, fl6);
  const opt: Ipv6TxOptions | null = label === null ? np.opt : label.opt;
  const rt = ip6DstLookupFlow(sk, fl6, fl6UpdateDst(fl6, opt, np.final) ? np.final : null);
  if (typeof rt === 'number') return rt;
  np.connFl6.copy(fl6);
  if (fixSaddr) {
    if (np.saddr.isAny()) np.saddr.copy(fl6.saddr);
    if (np.rcvSaddr.isAny()) {
      np.rcvSaddr.copy(fl6.saddr);
      sk.inetRcvSaddr = LOOPBACK4_IPV6;
      sk.prot.rehash(sk);
    }
  }
  sk.dstSet(rt);
  return 0;
}

/** `ip6_sk_accept_pmtu`: the socket believes what is said about the path. */
export function ip6SkAcceptPmtu(sk: InetSk): boolean {
  return inet6Np(sk).pmtudisc < IPV6_PMTUDISC_INTERFACE;
}

/** `ip6_sk_update_pmtu`: a packet of `sk`, quoted at `data`, was too long: `mtu` bytes would pass. */
export function ip6SkUpdatePmtu(skb: SkBuff, sk: InetSk, mtu: number): void {
  ipv6Net.of(sk.net).ip.routing?.updatePmtu(sk.net, skb, mtu, sk.boundDevIf, sk.mark);
  const { dst } = sk;
  if (dst === null || dstCheck(dst) || inet6Np(sk).daddr.isV4Mapped()) return;
  // So that the user hears of the new MTU at once.
  ip6DatagramDstUpdate(sk, false);
}

/** `ip6_sk_redirect`: for a packet of `sk`, quoted at `data`, a better way is named. */
export function ip6SkRedirect(skb: SkBuff, sk: InetSk): void {
  ipv6Net.of(sk.net).ip.routing?.redirect(sk.net, skb, sk.boundDevIf, sk.mark);
}

/**
 * `ip6_sk_dst_lookup_flow`: the way (one reference, the caller's) for one message: that of the connection, if it goes there; else it is looked
 * up, and remembered if `connected`. Or a negative errno.
 */
export function ip6SkDstLookupFlow(sk: InetSk, fl6: Flowi6, final: In6Addr | null, connected: boolean): Rt6Info | number {
  const kept = sk.dstCheck();
  if (kept !== null && ip6SkDstCheck(sk, kept, fl6)) {
    kept.hold();
    return kept as Rt6Info;
  }
  const rt = ip6DstLookupFlow(sk, fl6, final);
  if (typeof rt !== 'number' && connected) {
    rt.hold();
    inet6Np(sk).connFl6.copy(fl6);
    sk.dstSet(rt);
  }
  return rt;
}

/** `ip6_sk_dst_check`: whether the way of the connection, which may be IPv4's, leads where `fl6` goes. */
function ip6SkDstCheck(sk: InetSk, dst: DstEntry, fl6: Flowi6): boolean {
  if (dst.ops !== ipv6Net.of(sk.net).ip.dstOps || !fl6.daddr.equals(inet6Np(sk).connFl6.daddr)) return false;
  if (fl6.oif !== 0 && fl6.oif !== dst.dev.ifindex) return false;
  if (fl6.saddr.isAny()) fl6.saddr.copy(inet6Np(sk).connFl6.saddr);
  return true;
}
