/** What a socket is charged for packets (`net/core/sock.c`), and its receive queue. */
import {
  SKB_CB_SOCK as SOCKCB_DROPCOUNT,
  SKB_DROP_REASON_SOCKET_FILTER,
  SKB_DROP_REASON_SOCKET_RCVBUFF,
  SKB_NOT_DROPPED_YET,
  type SkBuff,
} from '@skbuff/core';
import { EAGAIN, EPIPE, TCP_ESTABLISHED } from '@skbuff/uapi';
import { SEND_SHUTDOWN, SOCK_DEAD, SOCK_NOSPACE, SOCK_RXINFO, SOCK_RXQ_OVFL, type Sock } from './sock.ts';

/** Lane of `skb.cb` that holds, while the packet is in a receive queue, how many packets had been lost before it. */
export { SOCKCB_DROPCOUNT };

/** `skb_set_owner_r`: charges a packet to the receive queue. */
export function skbSetOwnerR(skb: SkBuff, sk: Sock): void {
  if (skb.destructor !== null) skb.orphan();
  skb.sk = sk;
  skb.destructor = sockRfree;
  sk.rmemAlloc += skb.truesize;
}

/** `sock_rfree`: destructor of {@link skbSetOwnerR}. */
export function sockRfree(skb: SkBuff): void {
  (skb.sk as Sock).rmemAlloc -= skb.truesize;
}

/** Filters a packet: 0, or the drop reason. What the filter cuts off is gone; at least `cap` bytes stay (`sk_filter_trim_cap`). */
export function skFilterTrimCap(sk: Sock, skb: SkBuff, cap: number): number {
  if (sk.filter === null) return SKB_NOT_DROPPED_YET;
  const keep = sk.filter(skb);
  if (keep === 0) return SKB_DROP_REASON_SOCKET_FILTER;
  skb.trim(Math.max(cap, keep));
  return SKB_NOT_DROPPED_YET;
}

/**
 * `sock_queue_rcv_skb_reason`: filters, charges and queues a received packet and wakes the reader. 0: the queue owns it. Otherwise
 * the drop reason, and the packet is still the caller's; a full queue is counted in `drops`.
 */
export function sockQueueRcvSkb(sk: Sock, skb: SkBuff): number {
  if (sk.filter !== null) {
    const reason = skFilterTrimCap(sk, skb, 1);
    if (reason !== 0) return reason;
  }
  if (sk.rmemAlloc >= sk.rcvbuf) {
    sk.drops++;
    return SKB_DROP_REASON_SOCKET_RCVBUFF;
  }
  skb.dstForce();
  sockEnqueue(sk, skb);
  return SKB_NOT_DROPPED_YET;
}

/** The part of queueing that every protocol shares: no limits are looked at. */
export function sockEnqueue(sk: Sock, skb: SkBuff): void {
  // A queued packet must not keep its device.
  skb.dev = null;
  skbSetOwnerR(skb, sk);
  if ((sk.flags & (SOCK_RXQ_OVFL | SOCK_RXINFO)) !== 0) note(sk, skb);
  sk.receiveQueue.queueTail(skb);
  if ((sk.flags & SOCK_DEAD) === 0) sk.dataReady(sk);
}

/** What a few sockets want to know of a packet. */
function note(sk: Sock, skb: SkBuff): void {
  if ((sk.flags & SOCK_RXQ_OVFL) !== 0) skb.cb[SOCKCB_DROPCOUNT] = sk.drops;
  if ((sk.flags & SOCK_RXINFO) === 0) return;
  sk.napiId = skb.napiId;
  if (sk.state === TCP_ESTABLISHED) sk.rxhash = skb.hash;
}

/**
 * `sock_alloc_send_pskb`, without the waiting: whether the socket may send another packet. 0; the pending error; -EPIPE after
 * shutdown; -EAGAIN while the send buffer is full (then the socket tells `writeSpace` when it is not).
 */
export function sockMaySend(sk: Sock): number {
  if (sk.err !== 0) return sk.takeError();
  if ((sk.shutdown & SEND_SHUTDOWN) !== 0) return -EPIPE;
  if (sk.wmemAlloc < sk.sndbuf) return 0;
  sk.flags |= SOCK_NOSPACE;
  return -EAGAIN;
}
