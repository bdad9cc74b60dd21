/** Reading from a socket of AF_INET6 (`udpv6_recvmsg`): what came over IPv4 has mapped addresses. */
import { ipCmsgRecv } from '@skbuff/af-inet';
import {
  type Inet6Pinfo,
  type SockaddrIn6,
  inet6Np,
  ip6DatagramRecvCommonCtl,
  ip6DatagramRecvSpecificCtl,
  ipv6IfaceScopeId,
  ipv6RecvError,
  ipv6RecvRxpmtu,
} from '@skbuff/af-inet6';
import { type SkBuff, skbCsumUnnecessary } from '@skbuff/core';
import { IP6CB_IIF } from '@skbuff/ipv6';
import { type Msghdr, skbRecvDatagram } from '@skbuff/sock';
import { AF_INET6, ETH_P_IP, MSG_ERRQUEUE } from '@skbuff/uapi';
import { type UdpSock, udpCmsgRecv, udpCopyDatagram, udpNet, udpRecvIntact } from '@skbuff/udp';
import { IPHDR_SADDR, IPV6HDR_SADDR, UDPHDR_LEN, UDPHDR_SOURCE, be16, in6Word } from '@skbuff/wire';
import { udp6Net } from './udp6-net.ts';

/** `udpv6_recvmsg`: bytes of the oldest datagram (with MSG_TRUNC all that it has), the pending error, or -EAGAIN. */
export function udpv6Recvmsg(sk: UdpSock, msg: Msghdr, len: number, flags: number): number {
  if ((flags & MSG_ERRQUEUE) !== 0) return ipv6RecvError(sk, msg, len);
  const np = inet6Np(sk);
  if (np.rxpmtu !== null) return ipv6RecvRxpmtu(sk, msg);
  let skb = skbRecvDatagram(sk, flags);
  if (typeof skb !== 'number' && !skbCsumUnnecessary(skb)) skb = udpRecvIntact(sk, skb, flags, statsOf(sk, skb));
  if (typeof skb === 'number') return skb;
  const rc = udpCopyDatagram(sk, skb, msg, len, flags, statsOf(sk, skb));
  if (rc >= 0) {
    if (msg.name !== null) fillName(msg, msg.name as SockaddrIn6, skb);
    if ((sk.cmsgFlags | np.rxopt) !== 0) tell(sk, np, msg, skb);
  }
  skb.consume();
  return rc;
}

/** A datagram counts where it came by. */
function statsOf(sk: UdpSock, { protocol }: SkBuff): Float64Array {
  return protocol === ETH_P_IP ? udpNet.of(sk.net).stats : udp6Net.of(sk.net).stats;
}

function fillName(msg: Msghdr, sin6: SockaddrIn6, skb: SkBuff): void {
  const { bytes, networkHeader: nh } = skb;
  sin6.family = AF_INET6;
  sin6.port = be16(bytes, skb.transportHeader + UDPHDR_SOURCE);
  sin6.flowinfo = 0;
  if (skb.protocol === ETH_P_IP) {
    sin6.addr.set(0, 0, 0xffff, in6Word(bytes, nh + IPHDR_SADDR));
    sin6.scopeId = 0;
  } else {
    sin6.addr.load(bytes, nh + IPV6HDR_SADDR);
    sin6.scopeId = ipv6IfaceScopeId(sin6.addr, skb.cb[IP6CB_IIF]);
  }
  msg.nameSet = true;
}

/** The ancillary data that the socket asked for. */
function tell(sk: UdpSock, np: Inet6Pinfo, msg: Msghdr, skb: SkBuff): void {
  if (sk.groEnabled) udpCmsgRecv(msg, skb);
  if (np.rxopt !== 0) ip6DatagramRecvCommonCtl(msg, sk, skb);
  if (skb.protocol !== ETH_P_IP) ip6DatagramRecvSpecificCtl(msg, sk, skb);
  else if (sk.cmsgFlags !== 0) ipCmsgRecv(msg, sk, skb, UDPHDR_LEN);
}
