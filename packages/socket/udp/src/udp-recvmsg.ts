/** Reading (`udp_recvmsg`), poll and ioctl. */
import { ipCmsgRecv, ipRecvError, type SockaddrIn } from '@skbuff/af-inet';
import { SKB_DROP_REASON_UDP_CSUM, SKB_GSO_UDP_L4, type SkBuff } from '@skbuff/core';
import {
  ENOIOCTLCMD,
  type Msghdr,
  type Socket,
  datagramPoll,
  int32Bytes,
  putCmsg,
  skPeekOffset,
  skPeekOffsetMove,
  skbCopyDatagramMsg,
  skbRecvDatagram,
  sockRecvCmsgs,
} from '@skbuff/sock';
import { AF_INET, EINVAL, MSG_ERRQUEUE, MSG_PEEK, MSG_TRUNC, SIOCINQ, SIOCOUTQ, SOL_UDP, UDP_GRO } from '@skbuff/uapi';
import { IPHDR_SADDR, UDPHDR_LEN, UDPHDR_SOURCE, be16, be32, setLe32 } from '@skbuff/wire';
import { csumUnnecessary, udpChecksumOk } from './udp-checksum.ts';
import { UDP_MIB_CSUMERRORS, UDP_MIB_INDATAGRAMS, UDP_MIB_INERRORS, udpNet } from './udp-net.ts';
import type { UdpSock } from './udp-sock.ts';

/** `udp_recvmsg`: bytes of the oldest datagram (with MSG_TRUNC all that it has), the pending error, or -EAGAIN. */
export function udpRecvmsg(sk: UdpSock, msg: Msghdr, len: number, flags: number): number {
  if ((flags & MSG_ERRQUEUE) !== 0) return ipRecvError(sk, msg, len);
  for (;;) {
    const skb = skbRecvDatagram(sk, flags);
    if (typeof skb === 'number') return skb;
    // Damage that nobody has looked for yet shows now: the datagram is dropped as if it had not come.
    if (!csumUnnecessary(skb) && !udpChecksumOk(skb, sk.protocol)) {
      dropDamaged(sk, skb, (flags & MSG_PEEK) !== 0);
      continue;
    }
    const rc = deliver(sk, skb, msg, len, flags);
    skb.consume();
    return rc;
  }
}

function deliver(sk: UdpSock, skb: SkBuff, msg: Msghdr, len: number, flags: number): number {
  const peeking = (flags & MSG_PEEK) !== 0;
  const offset = sk.peekOff < 0 ? 0 : skPeekOffset(sk, flags, skb);
  const ulen = skb.len - offset;
  let copied = len;
  if (copied > ulen) copied = ulen;
  else if (copied < ulen) msg.flags |= MSG_TRUNC;
  const err = skbCopyDatagramMsg(skb, offset, msg, copied);
  if (err !== 0) return err;
  if (!peeking) udpNet.of(sk.net).stats[UDP_MIB_INDATAGRAMS]++;
  sockRecvCmsgs(msg, sk, skb);
  const name = msg.name as SockaddrIn | null;
  if (name !== null) {
    name.family = AF_INET;
    name.port = be16(skb.bytes, skb.transportHeader + UDPHDR_SOURCE);
    name.addr = be32(skb.bytes, skb.networkHeader + IPHDR_SADDR);
    msg.nameSet = true;
  }
  if (sk.cmsgFlags !== 0) {
    if (sk.groEnabled) udpCmsgRecv(msg, skb);
    ipCmsgRecv(msg, sk, skb, UDPHDR_LEN);
  }
  if (sk.peekOff >= 0) skPeekOffsetMove(sk, flags, copied);
  return (flags & MSG_TRUNC) !== 0 ? ulen : copied;
}

/** `udp_cmsg_recv`: into what pieces the datagrams are glued. */
function udpCmsgRecv(msg: Msghdr, skb: SkBuff): void {
  const { gsoType, gsoSize } = skb.shinfo;
  if ((gsoType & SKB_GSO_UDP_L4) !== 0) putCmsg(msg, SOL_UDP, UDP_GRO, int32Bytes(gsoSize));
}

/** One that was only peeked at is still in the queue. */
function dropDamaged(sk: UdpSock, skb: SkBuff, peeked: boolean): void {
  const { stats } = udpNet.of(sk.net);
  stats[UDP_MIB_CSUMERRORS]++;
  stats[UDP_MIB_INERRORS]++;
  sk.drops++;
  if (peeked) {
    sk.receiveQueue.unlink(skb);
    skb.consume();
  }
  skb.kfree(SKB_DROP_REASON_UDP_CSUM);
}

/** `first_packet_length`: the oldest datagram that is not damaged, or null; damaged ones before it are dropped. */
function firstPacket(sk: UdpSock): SkBuff | null {
  for (;;) {
    const skb = sk.receiveQueue.peek();
    if (skb === null || csumUnnecessary(skb) || udpChecksumOk(skb, sk.protocol)) return skb;
    sk.receiveQueue.unlink(skb);
    dropDamaged(sk, skb, false);
  }
}

/** `udp_poll`: a damaged datagram does not make a socket readable. */
export function udpPoll(sock: Socket): number {
  const sk = sock.sk as UdpSock;
  firstPacket(sk);
  return datagramPoll(sk);
}

/** `udp_ioctl`: SIOCINQ is the size of the next datagram, SIOCOUTQ what is on its way out. */
export function udpIoctl(sk: UdpSock, request: number, arg: Uint8Array): number {
  if (request !== SIOCINQ && request !== SIOCOUTQ) return -ENOIOCTLCMD;
  if (arg.length < 4) return -EINVAL;
  setLe32(arg, 0, request === SIOCOUTQ ? sk.wmemAlloc : (firstPacket(sk)?.len ?? 0));
  return 0;
}
