/** Receiving over IPv4 (`__udp4_lib_rcv` in `net/ipv4/udp.c`). */
import { ipMcSfAllow, ipv4PktinfoPrepare } from '@skbuff/af-inet';
import {
  type Net,
  type NetDevice,
  SKB_DROP_REASON_NO_SOCKET,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_UDP_CSUM,
  type SkBuff,
  skbCsumUnnecessary,
} from '@skbuff/core';
import { RTCF_BROADCAST, RTCF_MULTICAST, type Rtable, inetIif, ipProtocolDeliver, ipv4Net } from '@skbuff/ipv4';
import {
  ICMP_DEST_UNREACH,
  ICMP_PORT_UNREACH,
  IPPROTO_UDP,
  UDP_MIB_IGNOREDMULTI,
  UDP_MIB_INERRORS,
  UDP_MIB_NOPORTS,
  UDP_MIB_RCVBUFERRORS,
} from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, UDPHDR_ULEN, be16, be32 } from '@skbuff/wire';
import { udp4CsumInit } from './udp-checksum.ts';
import { udpRcvSegment } from './udp-gso.ts';
import { udp4LibLookup } from './udp-lookup.ts';
import { type UdpMib, type UdpNet, udpNet } from './udp-net.ts';
import { udpEnqueueScheduleSkb, udpInspect, udpLibChecksumComplete, udpRcvDrop } from './udp-queue.ts';
import type { UdpSock } from './udp-sock.ts';

/** `udp_rcv`: the handler of protocol 17. Takes over the sk_buff; negative: resubmit it as protocol −value. */
export function udpRcv(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  const state = udpNet.of(net);
  if (!skb.mayPull(UDPHDR_LEN)) return udpRcvDrop(skb, state.stats, SKB_DROP_REASON_PKT_TOO_SMALL);
  const { bytes } = skb;
  const uh = skb.transportHeader;
  const ulen = be16(bytes, uh + UDPHDR_ULEN);
  if (ulen > skb.len || ulen < UDPHDR_LEN) return udpRcvDrop(skb, state.stats, SKB_DROP_REASON_PKT_TOO_SMALL);
  skb.trim(ulen);
  if (!skbCsumUnnecessary(skb) && !udp4CsumInit(skb, IPPROTO_UDP)) return udpRcvDrop(skb, state.stats, SKB_DROP_REASON_UDP_CSUM);
  const rt = skb.dst as Rtable | null;
  if (rt !== null && (rt.rtFlags & (RTCF_BROADCAST | RTCF_MULTICAST)) !== 0) return mcastDeliver(skb, state);
  const iph = skb.networkHeader;
  const saddr = be32(bytes, iph + IPHDR_SADDR);
  const daddr = be32(bytes, iph + IPHDR_DADDR);
  const sk = udp4LibLookup(state.table, saddr, be16(bytes, uh + UDPHDR_SOURCE), daddr, be16(bytes, uh + UDPHDR_DEST), inetIif(skb));
  return sk === null ? noSocket(skb, net, state) : toIp(queueRcvSkb(sk, skb, state.stats));
}

/** What the socket says as IP understands it: resubmission is negative there. */
function toIp(ret: number): number {
  return ret > 0 ? -ret : 0;
}

/** Nobody is there: the sender is told, unless what arrived was damaged. */
function noSocket(skb: SkBuff, net: Net, state: UdpNet): number {
  skb.nfReset();
  if (!udpLibChecksumComplete(skb)) return udpRcvDrop(skb, state.stats, SKB_DROP_REASON_UDP_CSUM);
  state.stats[UDP_MIB_NOPORTS]++;
  ipv4Net.of(net).ip.icmp?.icmpSend(skb, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
  skb.kfree(SKB_DROP_REASON_NO_SOCKET);
  return 0;
}

/** `__udp4_lib_mcast_deliver`: a copy for each socket that matches, the original for the first. */
function mcastDeliver(skb: SkBuff, state: UdpNet): number {
  const uh = skb.transportHeader;
  const dport = be16(skb.bytes, uh + UDPHDR_DEST);
  const dif = inetIif(skb);
  let first: UdpSock | null = null;
  for (let sk = state.table.portChain(dport), next: UdpSock | null; sk !== null; sk = next) {
    next = sk.portNext;
    if (!isMcastSock(sk, skb, dport, dif)) continue;
    if (first === null) first = sk;
    else deliverClone(sk, skb, state.stats);
  }
  if (first === null) {
    state.stats[UDP_MIB_IGNOREDMULTI]++;
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  } else if (queueRcvSkb(first, skb, state.stats) > 0) skb.consume();
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

/** `__udp_is_mcast_sock`. */
function isMcastSock(sk: UdpSock, skb: SkBuff, dport: number, dif: number): boolean {
  const { bytes } = skb;
  const daddr = be32(bytes, skb.networkHeader + IPHDR_DADDR);
  if (sk.inetNum !== dport || sk.ipv6only) return false;
  if (sk.inetDaddr !== 0 && sk.inetDaddr !== be32(bytes, skb.networkHeader + IPHDR_SADDR)) return false;
  if (sk.inetDport !== 0 && sk.inetDport !== be16(bytes, skb.transportHeader + UDPHDR_SOURCE)) return false;
  if (sk.inetRcvSaddr !== 0 && sk.inetRcvSaddr !== daddr) return false;
  if (sk.boundDevIf !== 0 && sk.boundDevIf !== dif) return false;
  return ipMcSfAllow(sk, daddr, be32(bytes, skb.networkHeader + IPHDR_SADDR), dif);
}

/** `udp_queue_rcv_skb`: 0, or the positive protocol number to resubmit it as (then it is still the caller's). */
function queueRcvSkb(sk: UdpSock, skb: SkBuff, stats: UdpMib): number {
  if (skb.shinfo.gsoSize !== 0 && !sk.groEnabled) return queueSegments(sk, skb, stats);
  if (skb.nfct !== null) skb.nfReset();
  if (sk.encapRcv !== null || sk.filter !== null) {
    const taken = udpInspect(sk, skb, stats);
    if (taken >= 0) return taken;
  }
  ipv4PktinfoPrepare(sk, skb);
  return udpEnqueueScheduleSkb(sk, skb, stats);
}

/** For a socket that wants datagrams as they were sent: a super-packet is cut. */
function queueSegments(sk: UdpSock, skb: SkBuff, stats: UdpMib): number {
  for (let seg = udpRcvSegment(sk, skb, stats); seg !== null; ) {
    const next: SkBuff | null = seg.next;
    seg.next = null;
    const ret = queueRcvSkb(sk, seg, stats);
    if (ret > 0) ipProtocolDeliver(sk.net, seg, ret);
    seg = next;
  }
  return 0;
}
