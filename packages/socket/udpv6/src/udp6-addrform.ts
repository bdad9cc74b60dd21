/** IPV6_ADDRFORM: a socket that is connected over IPv4 becomes one of AF_INET (`net/ipv6/ipv6_sockglue.c`). */
import { INETSW, type InetProtosw } from '@skbuff/af-inet';
import { inet6CleanupSock, inet6Np } from '@skbuff/af-inet6';
import { type NetProtoFamily, SOCKET_LAYER, sockNet } from '@skbuff/sock';
import { AF_INET, AF_INET6, EADDRNOTAVAIL, EBUSY, ENOTCONN, IPPROTO_UDP, SOCK_DGRAM, TCP_ESTABLISHED } from '@skbuff/uapi';
import type { UdpSock } from '@skbuff/udp';

/** 0, -EBUSY (something is corked), -ENOTCONN, -EADDRNOTAVAIL (connected over IPv6, or IPv6 only). */
export function udp6Addrform(sk: UdpSock): number {
  if (sk.pending === AF_INET6) return -EBUSY;
  if (sk.state !== TCP_ESTABLISHED) return -ENOTCONN;
  if (sk.ipv6only || !inet6Np(sk).daddr.isV4Mapped()) return -EADDRNOTAVAIL;
  const { services } = sk.net.kernel;
  const entry = services.get(INETSW).lookup(SOCK_DGRAM, IPPROTO_UDP) as InetProtosw;
  inet6CleanupSock(sk);
  // What counts sockets by protocol counts it anew.
  if (sk.hashed) {
    const state = sockNet.of(sk.net);
    state.inuseAdd(sk.prot, -1);
    state.inuseAdd(entry.prot, 1);
  }
  sk.become(AF_INET, entry.prot);
  sk.pinet6 = null;
  if (sk.socket !== null) {
    sk.socket.ops = entry.ops;
    sk.socket.family = services.get(SOCKET_LAYER).families[AF_INET] as NetProtoFamily;
  }
  return 0;
}
