/** connect(2) of datagram and raw sockets of AF_INET6 (`net/ipv6/datagram.c`): nothing is sent by that. */
import { type InetSk, SockaddrIn, ip4DatagramConnect } from '@skbuff/af-inet';
import { IPV6_ADDR_MAPPED, IPV6_ADDR_MULTICAST, ipv6AddrType } from '@skbuff/ipv6';
import type { SockAddr } from '@skbuff/sock';
import { AF_INET, AF_INET6, EAFNOSUPPORT, EINVAL, ENETUNREACH, TCP_ESTABLISHED } from '@skbuff/uapi';
import { In6Addr, in6addrLoopback } from '@skbuff/wire';
import { IPV6_FLOWINFO_MASK } from './flowinfo.ts';
import { ip6DatagramDstUpdate } from './ip6-sk-route.ts';
import { inet6Np } from './ipv6-pinfo.ts';
import { ipv6AddrNeedsScopeId } from './scope-id.ts';
import { SIN6_LEN_RFC2133, SOCKADDR_IN6_LEN, type SockaddrIn6, sockaddrInOf } from './sockaddr-in6.ts';

/** 127.0.0.1 */
export const INADDR_LOOPBACK = 0x7f000001;

/** `::ffff:a.b.c.d` */
export function ipv6AddrSetV4mapped(into: In6Addr, addr: number): In6Addr {
  return into.set(0, 0, 0xffff, addr);
}

/** `ipv6_mapped_addr_any`: ::ffff:0.0.0.0. */
function isMappedAny(a: In6Addr): boolean {
  return a.isV4Mapped() && a.w3 === 0;
}

/** `ip6_datagram_connect`. */
export function ip6DatagramConnect(sk: InetSk, addr: SockAddr): number {
  if (addr.family === AF_INET) return sk.ipv6only ? -EAFNOSUPPORT : connect4(sk, sockaddrInOf(addr));
  const sin6 = addr as SockaddrIn6;
  if (!(sin6.length >= SIN6_LEN_RFC2133)) return -EINVAL;
  if (sin6.family !== AF_INET6) return -EAFNOSUPPORT;
  const np = inet6Np(sk);
  const daddr = sin6.addr.clone();
  if (daddr.isAny()) {
    // To itself.
    if (np.rcvSaddr.isV4Mapped()) ipv6AddrSetV4mapped(daddr, INADDR_LOOPBACK);
    else daddr.copy(in6addrLoopback);
  }
  const type = ipv6AddrType(daddr);
  if ((type & IPV6_ADDR_MAPPED) !== 0) return sk.ipv6only ? -ENETUNREACH : connect4(sk, new SockaddrIn(daddr.w3 >>> 0, sin6.port));
  if (ipv6AddrNeedsScopeId(type)) {
    const err = bindToScope(sk, sin6, type);
    if (err !== 0) return err;
  }
  return connect6(sk, daddr, sin6);
}

/** By IPv4, as which it is then known. */
function connect4(sk: InetSk, sin: SockaddrIn | null): number {
  const err = sin === null ? -EINVAL : ip4DatagramConnect(sk, sin);
  if (err !== 0) return err;
  const np = inet6Np(sk);
  ipv6AddrSetV4mapped(np.daddr, sk.inetDaddr);
  if (np.saddr.isAny() || isMappedAny(np.saddr)) ipv6AddrSetV4mapped(np.saddr, sk.inetSaddr);
  if (np.rcvSaddr.isAny() || isMappedAny(np.rcvSaddr)) {
    ipv6AddrSetV4mapped(np.rcvSaddr, sk.inetRcvSaddr);
    sk.prot.rehash(sk);
  }
  return 0;
}

/** An address of a link binds the socket to an interface. */
function bindToScope(sk: InetSk, { length, scopeId }: SockaddrIn6, type: number): number {
  if (length >= SOCKADDR_IN6_LEN && scopeId !== 0) {
    if (sk.boundDevIf !== 0 && sk.boundDevIf !== scopeId) return -EINVAL;
    sk.boundDevIf = scopeId;
  }
  if (sk.boundDevIf === 0 && (type & IPV6_ADDR_MULTICAST) !== 0) sk.boundDevIf = inet6Np(sk).mcastOif;
  return sk.boundDevIf === 0 ? -EINVAL : 0;
}

/** If there is no way the socket stays connected as it was. */
function connect6(sk: InetSk, daddr: In6Addr, { port, flowinfo }: SockaddrIn6): number {
  const np = inet6Np(sk);
  const { inetDport } = sk;
  const { flowLabel } = np;
  const old = np.daddr.clone();
  np.daddr.copy(daddr);
  np.flowLabel = np.sndflow ? flowinfo & IPV6_FLOWINFO_MASK : 0;
  sk.inetDport = port;
  const err = ip6DatagramDstUpdate(sk, true);
  if (err !== 0) {
    np.daddr.copy(old);
    np.flowLabel = flowLabel;
    sk.inetDport = inetDport;
    return err;
  }
  sk.state = TCP_ESTABLISHED;
  return 0;
}
