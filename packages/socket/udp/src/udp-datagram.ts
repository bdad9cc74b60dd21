/** Reading from UDP sockets of every family, poll and ioctl. What is told of a datagram beside its bytes is the family's. */
import { SKB_DROP_REASON_UDP_CSUM, SKB_GSO_UDP_L4, type SkBuff } from '@skbuff/core';
import {
  ENOIOCTLCMD,
  type Msghdr,
  datagramPoll,
  int32Bytes,
  putCmsg,
  skPeekOffset,
  skPeekOffsetMove,
  skbCopyDatagramMsg,
  skbRecvDatagram,
  sockRecvCmsgs,
} from '@skbuff/sock';
import { EINVAL, MSG_PEEK, MSG_TRUNC, SIOCINQ, SIOCOUTQ, SOL_UDP, UDP_GRO, UDP_MIB_CSUMERRORS, UDP_MIB_INDATAGRAMS, UDP_MIB_INERRORS } from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import type { UdpMib } from './udp-net.ts';
import { udpLibChecksumComplete } from './udp-queue.ts';
import type { UdpSock } from './udp-sock.ts';

/**
 * For a datagram that `skb_recv_datagram` gave and nobody vouches for: the same if it is right, else the first one after it that is.
 * Damage that nobody has looked for yet shows now: such a datagram is dropped as if it had not come. Or a negative errno.
 */
export function udpRecvIntact(sk: UdpSock, skb: SkBuff | number, flags: number, stats: UdpMib): SkBuff | number {
  while (typeof skb !== 'number' && !udpLibChecksumComplete(skb)) {
    dropDamaged(sk, skb, (flags & MSG_PEEK) !== 0, stats);
    skb = skbRecvDatagram(sk, flags);
  }
  return skb;
}

/** One that was only peeked at is still in the queue. */
function dropDamaged(sk: UdpSock, skb: SkBuff, peeked: boolean, stats: UdpMib): void {
  stats[UDP_MIB_CSUMERRORS]++;
  stats[UDP_MIB_INERRORS]++;
  sk.drops++;
  if (peeked) {
    sk.receiveQueue.unlink(skb);
    skb.consume();
  }
  skb.kfree(SKB_DROP_REASON_UDP_CSUM);
}

/** Copies up to `len` bytes of a datagram to the reader, and what SOL_SOCKET tells of it. What recvmsg(2) returns, or -EFAULT. */
export function udpCopyDatagram(sk: UdpSock, skb: SkBuff, msg: Msghdr, len: number, flags: number, stats: UdpMib): number {
  const offset = sk.peekOff < 0 ? 0 : skPeekOffset(sk, flags, skb);
  const ulen = skb.len - offset;
  let copied = len;
  if (copied > ulen) copied = ulen;
  else if (copied < ulen) msg.flags |= MSG_TRUNC;
  const err = skbCopyDatagramMsg(skb, offset, msg, copied);
  if (err !== 0) return err;
  if ((flags & MSG_PEEK) === 0) stats[UDP_MIB_INDATAGRAMS]++;
  sockRecvCmsgs(msg, sk, skb);
  if (sk.peekOff >= 0) skPeekOffsetMove(sk, flags, copied);
  return (flags & MSG_TRUNC) !== 0 ? ulen : copied;
}

/** `udp_cmsg_recv`: into what pieces the datagrams are glued. */
export function udpCmsgRecv(msg: Msghdr, skb: SkBuff): void {
  const { gsoType, gsoSize } = skb.shinfo;
  if ((gsoType & SKB_GSO_UDP_L4) !== 0) putCmsg(msg, SOL_UDP, UDP_GRO, int32Bytes(gsoSize));
}

/** The oldest datagram that is not damaged, or null; damaged ones before it are dropped (`first_packet_length`). */
function firstPacket(sk: UdpSock, stats: UdpMib): SkBuff | null {
  for (;;) {
    const skb = sk.receiveQueue.peek();
    if (skb === null || udpLibChecksumComplete(skb)) return skb;
    sk.receiveQueue.unlink(skb);
    dropDamaged(sk, skb, false, stats);
  }
}

/** `udp_poll`: a damaged datagram does not make a socket readable. */
export function udpPoll(sk: UdpSock, stats: UdpMib): number {
  firstPacket(sk, stats);
  return datagramPoll(sk);
}

/** `udp_ioctl`: SIOCINQ is the size of the next datagram, SIOCOUTQ what is on its way out. */
export function udpIoctl(sk: UdpSock, request: number, arg: Uint8Array, stats: UdpMib): number {
  if (request !== SIOCINQ && request !== SIOCOUTQ) return -ENOIOCTLCMD;
  if (arg.length < 4) return -EINVAL;
  setLe32(arg, 0, request === SIOCOUTQ ? sk.wmemAlloc : (firstPacket(sk, stats)?.len ?? 0));
  return 0;
}
