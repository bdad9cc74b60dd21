/** Reading from a socket of IPv4 (`udp_recvmsg`). */
import { ipCmsgRecv, ipRecvError, type SockaddrIn } from '@skbuff/af-inet';
import { skbCsumUnnecessary } from '@skbuff/core';
import { type Msghdr, skbRecvDatagram } from '@skbuff/sock';
import { AF_INET, MSG_ERRQUEUE } from '@skbuff/uapi';
import { IPHDR_SADDR, UDPHDR_LEN, UDPHDR_SOURCE, be16, be32 } from '@skbuff/wire';
import { udpCmsgRecv, udpCopyDatagram, udpRecvIntact } from './udp-datagram.ts';
import { udpNet } from './udp-net.ts';
import type { UdpSock } from './udp-sock.ts';

/** `udp_recvmsg`: bytes of the oldest datagram (with MSG_TRUNC all that it has), the pending error, or -EAGAIN. */
export function udpRecvmsg(sk: UdpSock, msg: Msghdr, len: number, flags: number): number {
  if ((flags & MSG_ERRQUEUE) !== 0) return ipRecvError(sk, msg, len);
  const { stats } = udpNet.of(sk.net);
  let skb = skbRecvDatagram(sk, flags);
  if (typeof skb !== 'number' && !skbCsumUnnecessary(skb)) skb = udpRecvIntact(sk, skb, flags, stats);
  if (typeof skb === 'number') return skb;
  const rc = udpCopyDatagram(sk, skb, msg, len, flags, stats);
  const name = msg.name as SockaddrIn | null;
  if (name !== null && rc >= 0) {
    name.family = AF_INET;
    name.port = be16(skb.bytes, skb.transportHeader + UDPHDR_SOURCE);
    name.addr = be32(skb.bytes, skb.networkHeader + IPHDR_SADDR);
    msg.nameSet = true;
  }
  if (sk.cmsgFlags !== 0 && rc >= 0) {
    if (sk.groEnabled) udpCmsgRecv(msg, skb);
    ipCmsgRecv(msg, sk, skb, UDPHDR_LEN);
  }
  skb.consume();
  return rc;
}
