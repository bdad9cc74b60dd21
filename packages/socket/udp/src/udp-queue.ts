/** From a found socket to its receive queue, in every family: what the socket has to say first, and what is lost on the way. */
import {
  SKB_DROP_REASON_SOCKET_RCVBUFF,
  SKB_DROP_REASON_UDP_CSUM,
  type SkBuff,
  skbChecksumComplete,
  skbCsumUnnecessary,
} from '@skbuff/core';
import { skFilterTrimCap, sockEnqueue } from '@skbuff/sock';
import { UDP_MIB_CSUMERRORS, UDP_MIB_INDATAGRAMS, UDP_MIB_INERRORS, UDP_MIB_RCVBUFERRORS } from '@skbuff/uapi';
import { UDPHDR_LEN } from '@skbuff/wire';
import type { UdpMib } from './udp-net.ts';
import type { UdpSock } from './udp-sock.ts';

/** `udp_lib_checksum_complete`: true if the datagram is right. */
export function udpLibChecksumComplete(skb: SkBuff): boolean {
  return skbCsumUnnecessary(skb) || skbChecksumComplete(skb);
}

/** Ends a datagram before a socket was found for it. Always 0. */
export function udpRcvDrop(skb: SkBuff, stats: UdpMib, reason: number): number {
  if (reason === SKB_DROP_REASON_UDP_CSUM) stats[UDP_MIB_CSUMERRORS]++;
  stats[UDP_MIB_INERRORS]++;
  skb.kfree(reason);
  return 0;
}

/** Ends a datagram that a socket lost. Always 0. */
export function udpSockDrop(sk: UdpSock, skb: SkBuff, stats: UdpMib, reason: number): number {
  if (reason === SKB_DROP_REASON_SOCKET_RCVBUFF) stats[UDP_MIB_RCVBUFERRORS]++;
  sk.drops++;
  return udpRcvDrop(skb, stats, reason);
}

/**
 * What the socket's encapsulation and filter say of a datagram, `data` at its header: -1, it is the socket's; else it is gone, or with a
 * positive number to be resubmitted as that protocol, and this is what `udp_queue_rcv_one_skb` returns.
 */
export function udpInspect(sk: UdpSock, skb: SkBuff, stats: UdpMib): number {
  if (sk.encapRcv !== null) {
    if (!udpLibChecksumComplete(skb)) return udpSockDrop(sk, skb, stats, SKB_DROP_REASON_UDP_CSUM);
    const ret = sk.encapRcv(sk, skb);
    if (ret <= 0) {
      stats[UDP_MIB_INDATAGRAMS]++;
      return -ret;
    }
  }
  if (sk.filter !== null) {
    if (!udpLibChecksumComplete(skb)) return udpSockDrop(sk, skb, stats, SKB_DROP_REASON_UDP_CSUM);
    const reason = skFilterTrimCap(sk, skb, UDPHDR_LEN);
    if (reason !== 0) return udpSockDrop(sk, skb, stats, reason);
  }
  return -1;
}

/** `__udp_enqueue_schedule_skb`: queues a datagram, `data` at its header, if there is room; takes it over. Always 0. */
export function udpEnqueueScheduleSkb(sk: UdpSock, skb: SkBuff, stats: UdpMib): number {
  // An empty queue takes a datagram however large it is.
  if (sk.rmemAlloc !== 0 && sk.rmemAlloc + skb.truesize > sk.rcvbuf) return udpSockDrop(sk, skb, stats, SKB_DROP_REASON_SOCKET_RCVBUFF);
  skb.pull(UDPHDR_LEN);
  sockEnqueue(sk, skb);
  return 0;
}
