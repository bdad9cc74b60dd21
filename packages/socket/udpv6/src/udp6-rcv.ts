/** Receiving over IPv6 (`__udp6_lib_rcv` in `net/ipv6/udp.c`). */
import { inet6McCheck, inet6Np } from '@skbuff/af-inet6';
import {
  type Net,
  type NetDevice,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_NO_SOCKET,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_UDP_CSUM,
  type SkBuff,
  skbCsumUnnecessary,
} from '@skbuff/core';
import { IP6CB_IIF, ipv6Net } from '@skbuff/ipv6';
import {
  AF_INET6,
  ICMPV6_DEST_UNREACH,
  ICMPV6_PORT_UNREACH,
  IPPROTO_UDP,
  UDP_MIB_IGNOREDMULTI,
  UDP_MIB_INERRORS,
  UDP_MIB_NOPORTS,
  UDP_MIB_RCVBUFERRORS,
} from '@skbuff/uapi';
import {
  type UdpMib,
  type UdpSock,
  type UdpTable,
  udpEnqueueScheduleSkb,
  udpInspect,
  udpLibChecksumComplete,
  udpNet,
  udpRcvDrop,
  udpRcvSegment,
} from '@skbuff/udp';
import { IPV6HDR_DADDR, IPV6HDR_SADDR, UDPHDR_CHECK, UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, UDPHDR_ULEN, be16 } from '@skbuff/wire';
import { udp6CsumInit } from './udp6-checksum.ts';
import { udp6LibLookup } from './udp6-lookup.ts';
import { udp6Net } from './udp6-net.ts';

/** `udpv6_rcv`: the handler of next header 17. Takes over the sk_buff. 0, or the next header that a socket's encapsulation makes of it. */
export function udpv6Rcv(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  const { stats } = udp6Net.of(net);
  if (!skb.mayPull(UDPHDR_LEN)) return udpRcvDrop(skb, stats, SKB_DROP_REASON_PKT_TOO_SMALL);
  const { bytes } = skb;
  const uh = skb.transportHeader;
  // In a jumbogram the length has no room.
  const ulen = be16(bytes, uh + UDPHDR_ULEN) || skb.len;
  if (ulen > skb.len || ulen < UDPHDR_LEN) return udpRcvDrop(skb, stats, SKB_DROP_REASON_PKT_TOO_SMALL);
  skb.trim(ulen);
  if (!skbCsumUnnecessary(skb) && !udp6CsumInit(skb, IPPROTO_UDP)) return udpRcvDrop(skb, stats, SKB_DROP_REASON_UDP_CSUM);
  const nh = skb.networkHeader;
  const { table } = udpNet.of(net);
  if (bytes[nh + IPV6HDR_DADDR] === 0xff) return mcastDeliver(skb, table, stats);
  const sport = be16(bytes, uh + UDPHDR_SOURCE);
  const dport = be16(bytes, uh + UDPHDR_DEST);
  const sk = udp6LibLookup(table, bytes, nh + IPV6HDR_SADDR, sport, nh + IPV6HDR_DADDR, dport, skb.cb[IP6CB_IIF]);
  if (sk === null) return noSocket(skb, net, stats);
  if (be16(bytes, uh + UDPHDR_CHECK) === 0 && !sk.noCheck6Rx) return udpRcvDrop(skb, stats, SKB_DROP_REASON_UDP_CSUM);
  return queueRcvSkb(sk, skb, stats);
}

/** Nobody is there: the sender is told, unless what arrived was damaged or had no checksum (RFC 8200 §8.1). */
function noSocket(skb: SkBuff, net: Net, stats: UdpMib): number {
  if (be16(skb.bytes, skb.transportHeader + UDPHDR_CHECK) === 0) return udpRcvDrop(skb, stats, SKB_DROP_REASON_UDP_CSUM);
  skb.nfReset();
  if (!udpLibChecksumComplete(skb)) return udpRcvDrop(skb, stats, SKB_DROP_REASON_UDP_CSUM);
  stats[UDP_MIB_NOPORTS]++;
  ipv6Net.of(net).ip.icmp?.icmpv6Send(skb, ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, 0);
  skb.kfree(SKB_DROP_REASON_NO_SOCKET);
  return 0;
}

/** `__udp6_lib_mcast_deliver`: a copy for each socket that matches, the original for the first. */
function mcastDeliver(skb: SkBuff, table: UdpTable, stats: UdpMib): number {
  const uh = skb.transportHeader;
  const unsummed = be16(skb.bytes, uh + UDPHDR_CHECK) === 0;
  let first: UdpSock | null = null;
  for (let sk = table.portChain(be16(skb.bytes, uh + UDPHDR_DEST)), next: UdpSock | null; sk !== null; sk = next) {
    next = sk.portNext;
    if (!isMcastSock(sk, skb, uh) || (unsummed && !sk.noCheck6Rx)) continue;
    if (first === null) first = sk;
    else deliverClone(sk, skb, stats);
  }
  if (first === null) {
    stats[UDP_MIB_IGNOREDMULTI]++;
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  } else if (queueRcvSkb(first, skb, stats) > 0) skb.consume();
  return 0;
}

function deliverClone(sk: UdpSock, skb: SkBuff, stats: UdpMib): void {
  const copy = skb.clone();
  if (copy === null) {
    sk.drops++;
    stats[UDP_MIB_RCVBUFERRORS]++;
    stats[UDP_MIB_INERRORS]++;
  } else if (queueRcvSkb(sk, copy, stats) > 0) copy.consume();
}

/** `__udp_v6_is_mcast_sock`. */
function isMcastSock(sk: UdpSock, { bytes, networkHeader: nh, cb }: SkBuff, uh: number): boolean {
  if (sk.family !== AF_INET6 || sk.inetNum !== be16(bytes, uh + UDPHDR_DEST)) return false;
  if (sk.inetDport !== 0 && sk.inetDport !== be16(bytes, uh + UDPHDR_SOURCE)) return false;
  const { daddr, rcvSaddr } = inet6Np(sk);
  if (!daddr.isAny() && !daddr.isAt(bytes, nh + IPV6HDR_SADDR)) return false;
  if (sk.boundDevIf !== 0 && sk.boundDevIf !== cb[IP6CB_IIF]) return false;
  if (!rcvSaddr.isAny() && !rcvSaddr.isAt(bytes, nh + IPV6HDR_DADDR)) return false;
  return inet6McCheck(sk, bytes, nh + IPV6HDR_DADDR, nh + IPV6HDR_SADDR);
}

/** `udpv6_queue_rcv_skb`: 0, or the positive next header to resubmit it as (then it is still the caller's). */
function queueRcvSkb(sk: UdpSock, skb: SkBuff, stats: UdpMib): number {
  if (skb.shinfo.gsoSize !== 0 && !sk.groEnabled) return queueSegments(sk, skb, stats);
  if (skb.nfct !== null) skb.nfReset();
  if (sk.encapRcv !== null || sk.filter !== null) {
    const taken = udpInspect(sk, skb, stats);
    if (taken >= 0) return taken;
  }
  if (skb.dst !== null) skb.dstDrop();
  return udpEnqueueScheduleSkb(sk, skb, stats);
}

/** For a socket that wants datagrams as they were sent: a super-packet is cut. */
function queueSegments(sk: UdpSock, skb: SkBuff, stats: UdpMib): number {
  for (let seg = udpRcvSegment(sk, skb, stats), next: SkBuff | null; seg !== null; seg = next) {
    next = seg.next;
    seg.next = null;
    if (queueRcvSkb(sk, seg, stats) > 0) seg.consume();
  }
  return 0;
}
