/** Receiving (`__udp4_lib_rcv` in `net/ipv4/udp.c`). */
import { ipMcSfAllow, ipv4PktinfoPrepare } from '@skbuff/af-inet';
import {
  type Net,
  type NetDevice,
  SKB_DROP_REASON_NO_SOCKET,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_SOCKET_RCVBUFF,
  SKB_DROP_REASON_UDP_CSUM,
  type SkBuff,
} from '@skbuff/core';
import { RTCF_BROADCAST, RTCF_MULTICAST, type Rtable, inetIif, ipProtocolDeliver, ipv4Net } from '@skbuff/ipv4';
import { skFilterTrimCap, sockEnqueue } from '@skbuff/sock';
import { ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, IPPROTO_UDP } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, UDPHDR_ULEN, be16, be32 } from '@skbuff/wire';
import { csumUnnecessary, udp4CsumInit, udpChecksumOk } from './udp-checksum.ts';
import { udp4LibLookup } from './udp-lookup.ts';
import {
  UDP_MIB_CSUMERRORS,
  UDP_MIB_IGNOREDMULTI,
  UDP_MIB_INDATAGRAMS,
  UDP_MIB_INERRORS,
  UDP_MIB_NOPORTS,
  UDP_MIB_RCVBUFERRORS,
  type UdpNet,
  udpNet,
} from './udp-net.ts';
import { udpRcvSegment } from './udp-offload.ts';
import type { UdpSock } from './udp-sock.ts';

/** `udp_rcv`: the handler of protocol 17. Takes over the sk_buff; negative: resubmit it as protocol −value. */
export function udpRcv(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  const state = udpNet.of(net);
  if (!skb.mayPull(UDPHDR_LEN)) return rcvDrop(skb, state, SKB_DROP_REASON_PKT_TOO_SMALL);
  const { bytes } = skb;
  const uh = skb.transportHeader;
  const ulen = be16(bytes, uh + UDPHDR_ULEN);
  if (ulen > skb.len || ulen < UDPHDR_LEN) return rcvDrop(skb, state, SKB_DROP_REASON_PKT_TOO_SMALL);
  skb.trim(ulen);
  if (!csumUnnecessary(skb) && !udp4CsumInit(skb, IPPROTO_UDP)) return csumError(skb, state);
  const rt = skb.dst as Rtable | null;
  if (rt !== null && (rt.flagsRtcf & (RTCF_BROADCAST | RTCF_MULTICAST)) !== 0) return mcastDeliver(skb, state);
  const iph = skb.networkHeader;
  const saddr = be32(bytes, iph + IPHDR_SADDR);
  const daddr = be32(bytes, iph + IPHDR_DADDR);
  const sk = udp4LibLookup(state.table, saddr, be16(bytes, uh + UDPHDR_SOURCE), daddr, be16(bytes, uh + UDPHDR_DEST), inetIif(skb));
  return sk === null ? noSocket(skb, net, state) : toIp(queueRcvSkb(sk, skb, state));
}

/** What the socket says as IP understands it: resubmission is negative there. */
function toIp(ret: number): number {
  return ret > 0 ? -ret : 0;
}

function rcvDrop(skb: SkBuff, state: UdpNet, reason: number): number {
  state.stats[UDP_MIB_INERRORS]++;
  skb.kfree(reason);
  return 0;
}

function csumError(skb: SkBuff, state: UdpNet): number {
  state.stats[UDP_MIB_CSUMERRORS]++;
  return rcvDrop(skb, state, SKB_DROP_REASON_UDP_CSUM);
}

/** Nobody is there: the sender is told, unless what arrived was damaged. */
function noSocket(skb: SkBuff, net: Net, state: UdpNet): number {
  skb.nfReset();
  if (!udpChecksumOk(skb, IPPROTO_UDP)) return csumError(skb, state);
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
    else deliverClone(sk, skb, state);
  }
  if (first === null) {
    state.stats[UDP_MIB_IGNOREDMULTI]++;
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  } else if (queueRcvSkb(first, skb, state) > 0) skb.consume();
  return 0;
}

function deliverClone(sk: UdpSock, skb: SkBuff, state: UdpNet): void {
  const copy = skb.clone();
  if (copy === null) {
    sk.drops++;
    state.stats[UDP_MIB_RCVBUFERRORS]++;
    state.stats[UDP_MIB_INERRORS]++;
  } else if (queueRcvSkb(sk, copy, state) > 0) copy.consume();
}

/** `__udp_is_mcast_sock`. */
function isMcastSock(sk: UdpSock, skb: SkBuff, dport: number, dif: number): boolean {
  const { bytes } = skb;
  const daddr = be32(bytes, skb.networkHeader + IPHDR_DADDR);
  if (sk.inetNum !== dport) return false;
  if (sk.inetDaddr !== 0 && sk.inetDaddr !== be32(bytes, skb.networkHeader + IPHDR_SADDR)) return false;
  if (sk.inetDport !== 0 && sk.inetDport !== be16(bytes, skb.transportHeader + UDPHDR_SOURCE)) return false;
  if (sk.inetRcvSaddr !== 0 && sk.inetRcvSaddr !== daddr) return false;
  if (sk.boundDevIf !== 0 && sk.boundDevIf !== dif) return false;
  return ipMcSfAllow(sk, daddr, be32(bytes, skb.networkHeader + IPHDR_SADDR), dif);
}

/** `udp_queue_rcv_skb`: 0, or the positive protocol number to resubmit it as (then it is still the caller's). */
function queueRcvSkb(sk: UdpSock, skb: SkBuff, state: UdpNet): number {
  return skb.shinfo.gsoSize !== 0 && !sk.groEnabled ? queueSegments(sk, skb, state) : queueRcvOneSkb(sk, skb, state);
}

/** For a socket that wants datagrams as they were sent: a super-packet is cut. */
function queueSegments(sk: UdpSock, skb: SkBuff, state: UdpNet): number {
  const segs = udpRcvSegment(skb);
  if (segs === null) {
    sk.drops += skb.shinfo.gsoSegs;
    state.stats[UDP_MIB_INERRORS] += skb.shinfo.gsoSegs;
  }
  skb.consume();
  for (let seg = segs; seg !== null; ) {
    const next: SkBuff | null = seg.next;
    seg.next = null;
    const ret = queueRcvOneSkb(sk, seg, state);
    if (ret > 0) ipProtocolDeliver(sk.net, seg, ret);
    seg = next;
  }
  return 0;
}

/** `udp_queue_rcv_one_skb`: as {@link queueRcvSkb}. */
function queueRcvOneSkb(sk: UdpSock, skb: SkBuff, state: UdpNet): number {
  if (skb.nfct !== null) skb.nfReset();
  if (sk.encapRcv !== null || sk.filter !== null) {
    const taken = inspect(sk, skb, state);
    if (taken >= 0) return taken;
  }
  // An empty queue takes a datagram however large it is.
  if (sk.rmemAlloc !== 0 && sk.rmemAlloc + skb.truesize > sk.rcvbuf) return sockDrop(sk, skb, state, SKB_DROP_REASON_SOCKET_RCVBUFF);
  skb.pull(UDPHDR_LEN);
  ipv4PktinfoPrepare(sk, skb);
  sockEnqueue(sk, skb);
  return 0;
}

/** What the socket's encapsulation and filter say: -1, the datagram is the socket's; else it is gone, and this is what to return. */
function inspect(sk: UdpSock, skb: SkBuff, state: UdpNet): number {
  if (sk.encapRcv !== null) {
    if (!udpChecksumOk(skb, sk.protocol)) return sockDrop(sk, skb, state, SKB_DROP_REASON_UDP_CSUM);
    const ret = sk.encapRcv(sk, skb);
    if (ret <= 0) {
      state.stats[UDP_MIB_INDATAGRAMS]++;
      return -ret;
    }
  }
  if (sk.filter !== null) {
    if (!udpChecksumOk(skb, sk.protocol)) return sockDrop(sk, skb, state, SKB_DROP_REASON_UDP_CSUM);
    const reason = skFilterTrimCap(sk, skb, UDPHDR_LEN);
    if (reason !== 0) return sockDrop(sk, skb, state, reason);
  }
  return -1;
}

function sockDrop(sk: UdpSock, skb: SkBuff, state: UdpNet, reason: number): number {
  const { stats } = state;
  if (reason === SKB_DROP_REASON_UDP_CSUM) stats[UDP_MIB_CSUMERRORS]++;
  else if (reason === SKB_DROP_REASON_SOCKET_RCVBUFF) stats[UDP_MIB_RCVBUFERRORS]++;
  stats[UDP_MIB_INERRORS]++;
  sk.drops++;
  skb.kfree(reason);
  return 0;
}
