/** Taking packets from a receive queue (`net/core/datagram.c`). */
import { SKB_PEEKED } from '@skbuff/core';
import type { SkBuff } from '@skbuff/core';
import {
  EAGAIN,
  EFAULT,
  MSG_PEEK,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLPRI,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  TCP_CLOSE,
  TCP_SYN_SENT,
} from '@skbuff/uapi';
import { busyRecvDatagram } from './busy-poll.ts';
import type { Msghdr } from './msghdr.ts';
import { RCV_SHUTDOWN, SHUTDOWN_MASK, SOCK_NOSPACE, SOCK_SELECT_ERR_QUEUE, type Sock } from './sock.ts';

/**
 * `skb_recv_datagram`, without the waiting: the oldest packet, a pending error of the socket, or -EAGAIN. The packet is the
 * caller's, to be freed with `consume()`; with MSG_PEEK it stays in the queue and the caller has a reference.
 */
export function skbRecvDatagram(sk: Sock, flags: number): SkBuff | number {
  if (sk.err !== 0 || (flags & MSG_PEEK) !== 0) return errorOrPeek(sk);
  return sk.receiveQueue.dequeue() ?? busyRecvDatagram(sk);
}

function errorOrPeek(sk: Sock): SkBuff | number {
  return sk.err !== 0 ? sk.takeError() : peekDatagram(sk);
}

/** With SO_PEEK_OFF packets that were peeked at to the end are passed over. */
function peekDatagram(sk: Sock): SkBuff | number {
  let skip = Math.max(0, sk.peekOff);
  for (let skb = sk.receiveQueue.first; skb !== null; skb = skb.next) {
    if (skip >= skb.len && skb.len > 0 && sk.peekOff >= 0) {
      skip -= skb.len;
      continue;
    }
    skb.bits |= SKB_PEEKED;
    return skb.get();
  }
  return -EAGAIN;
}

/** Where in the packet that {@link skbRecvDatagram} peeked at reading begins. */
export function skPeekOffset(sk: Sock, flags: number, skb: SkBuff): number {
  if ((flags & MSG_PEEK) === 0 || sk.peekOff <= 0) return 0;
  let skip = sk.peekOff;
  for (let at = sk.receiveQueue.first; at !== null && at !== skb; at = at.next) skip -= at.len;
  return Math.max(0, skip);
}

/** `sk_peek_offset_fwd`, `sk_peek_offset_bwd`: after `copied` bytes were read or peeked at. */
export function skPeekOffsetMove(sk: Sock, flags: number, copied: number): void {
  if (sk.peekOff < 0) return;
  sk.peekOff = (flags & MSG_PEEK) !== 0 ? sk.peekOff + copied : Math.max(0, sk.peekOff - copied);
}

/** `skb_copy_datagram_msg`: scatters `n` bytes at `offset` from `skb.data`. 0, or -EFAULT if there are not so many. */
export function skbCopyDatagramMsg(skb: SkBuff, offset: number, msg: Msghdr, n: number): number {
  const { iov } = msg;
  if (iov.length === 1 && n <= (iov[0] as Uint8Array).length) return skb.copyBits(offset, iov[0] as Uint8Array, 0, n) ? 0 : -EFAULT;
  return copyToParts(skb, offset, iov, n);
}

function copyToParts(skb: SkBuff, offset: number, iov: readonly Uint8Array[], n: number): number {
  for (let i = 0; i < iov.length && n > 0; i++) {
    const part = iov[i] as Uint8Array;
    const size = part.length < n ? part.length : n;
    if (!skb.copyBits(offset, part, 0, size)) return -EFAULT;
    offset += size;
    n -= size;
  }
  return n === 0 ? 0 : -EFAULT;
}

/** Sockets that have a connection, where the end of it is news. */
export function connectionBased(sk: Sock): boolean {
  return sk.type === SOCK_SEQPACKET || sk.type === SOCK_STREAM;
}

/** `datagram_poll`: the poll mask of a socket with a receive queue of packets. */
export function datagramPoll(sk: Sock): number {
  let mask = 0;
  if (sk.err !== 0 || sk.errorQueue.first !== null) mask |= POLLERR | (sk.flag(SOCK_SELECT_ERR_QUEUE) ? POLLPRI : 0);
  if ((sk.shutdown & RCV_SHUTDOWN) !== 0) mask |= POLLRDHUP | POLLIN | POLLRDNORM;
  if (sk.shutdown === SHUTDOWN_MASK) mask |= POLLHUP;
  if (sk.receiveQueue.first !== null) mask |= POLLIN | POLLRDNORM;
  if (connectionBased(sk)) {
    if (sk.state === TCP_CLOSE) mask |= POLLHUP;
    if (sk.state === TCP_SYN_SENT) return mask;
  }
  if (sk.writeable()) mask |= POLLOUT | POLLWRNORM | POLLWRBAND;
  else sk.flags |= SOCK_NOSPACE;
  return mask;
}
