/** The AF_INET6 family (`net/ipv6/af_inet6.c`): what system calls on its sockets do before the protocol comes in. */
import { type InetFamilyOps, type InetSk, inetCheckAddr, inetOps, inetRelease, inetResetSaddr } from '@skbuff/af-inet';
import { ipv4Net } from '@skbuff/ipv4';
import { IPV6_ADDR_ANY, IPV6_ADDR_MAPPED, IPV6_ADDR_MULTICAST, ipv6AddrType, ipv6ChkAddr, ipv6Net, ipv6SockAcClose } from '@skbuff/ipv6';
import {
  type ProtoOps,
  SOCK_BINDADDR_LOCK,
  SOCK_BINDPORT_LOCK,
  type Sock,
  type SockAddr,
  type Socket,
  datagramPoll,
  skSetPeekOff,
  sockNet,
  sockNoSetPeekOff,
} from '@skbuff/sock';
import {
  AF_INET6,
  CAP_NET_BIND_SERVICE,
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EINVAL,
  ENODEV,
  ENOTCONN,
  SOCK_STREAM,
  TCP_CLOSE,
  TCP_SYN_SENT,
} from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import { fl6FreeSocklist } from './ip6-flowlabel.ts';
import { inet6Ioctl } from './inet6-ioctl.ts';
import { LOOPBACK4_IPV6 } from './inet6-port.ts';
import { Inet6Pinfo, inet6Np } from './ipv6-pinfo.ts';
import { ipv6SockMcClose } from './mcast6.ts';
import { ipv6CanNonlocalBind } from './nonlocal-bind.ts';
import { ipv6AddrNeedsScopeId, ipv6IfaceScopeId } from './scope-id.ts';
import { SIN6_LEN_RFC2133, SOCKADDR_IN6_LEN, type SockaddrIn6 } from './sockaddr-in6.ts';

/** What `inet6_create` adds to a socket. */
export function inet6Setup(sk: InetSk): void {
  const np = new Inet6Pinfo();
  np.fl6.uid = sk.uid;
  np.connFl6.uid = sk.uid;
  sk.pinet6 = np;
  sk.ipv6only = ipv6Net.of(sk.net).bindv6only !== 0;
}

/** `inet6_release`. */
function inet6Release(sock: Socket): void {
  const sk = sock.sk as InetSk | null;
  if (sk === null) return;
  inet6CleanupSock(sk);
  inetRelease(sock);
}

/** `inet6_cleanup_sock` and the groups: what a socket of AF_INET6 must let go of when it ends, or becomes one of AF_INET. */
export function inet6CleanupSock(sk: InetSk): void {
  const np = inet6Np(sk);
  ipv6SockMcClose(sk);
  ipv6SockAcClose(sk.net, np.acList);
  fl6FreeSocklist(np);
  np.opt = null;
  np.rxpmtu = null;
}

/** Whether bind(2) takes an address that is IPv6's alone: 0 or a negative errno. One of a link binds the socket to its interface. */
export function inet6CheckAddr(sk: InetSk, type: number, { addr, length, scopeId }: SockaddrIn6): number {
  if (ipv6AddrNeedsScopeId(type)) {
    if (length >= SOCKADDR_IN6_LEN && scopeId !== 0) sk.boundDevIf = scopeId;
    if (sk.boundDevIf === 0) return -EINVAL;
  }
  const dev = sk.boundDevIf === 0 ? null : sk.net.devGetByIndex(sk.boundDevIf);
  if (sk.boundDevIf !== 0 && dev === null) return -ENODEV;
  if ((type & IPV6_ADDR_MULTICAST) !== 0 || ipv6CanNonlocalBind(sk)) return 0;
  return ipv6ChkAddr(sk.net, addr, dev, false) ? 0 : -EADDRNOTAVAIL;
}

/** `inet6_bind_sk`: what `Proto.bind` is for protocols with ports. */
export function inet6BindSk(sk: InetSk, sockaddr: SockAddr): number {
  const sin6 = sockaddr as SockaddrIn6;
  if (!(sin6.length >= SIN6_LEN_RFC2133)) return -EINVAL;
  if (sin6.family !== AF_INET6) return -EAFNOSUPPORT;
  const { addr, port } = sin6;
  const type = ipv6AddrType(addr);
  if ((type & IPV6_ADDR_MULTICAST) !== 0 && sk.type === SOCK_STREAM) return -EINVAL;
  const { ipUnprivilegedPortStart } = ipv4Net.of(sk.net);
  if (port !== 0 && port < ipUnprivilegedPortStart && !sockNet.of(sk.net).layer.nsCapable(sk.net, CAP_NET_BIND_SERVICE)) return -EACCES;
  if (sk.state !== TCP_CLOSE || sk.inetNum !== 0) return -EINVAL;
  let v4addr = 0;
  if (type === IPV6_ADDR_MAPPED) {
    if (sk.ipv6only) return -EINVAL;
    v4addr = addr.w3 >>> 0;
    const known = inetCheckAddr(sk, v4addr);
    if (known < 0) return known;
  } else if (type !== IPV6_ADDR_ANY) {
    const err = inet6CheckAddr(sk, type, sin6);
    if (err !== 0) return err;
    v4addr = LOOPBACK4_IPV6;
  }
  return bindTo(sk, addr, type, v4addr, port);
}

function bindTo(sk: InetSk, addr: In6Addr, type: number, v4addr: number, port: number): number {
  const np = inet6Np(sk);
  sk.inetRcvSaddr = v4addr;
  sk.inetSaddr = v4addr;
  np.rcvSaddr.copy(addr);
  if ((type & IPV6_ADDR_MULTICAST) === 0) np.saddr.copy(addr);
  const { ipv6only } = sk;
  if (type !== IPV6_ADDR_ANY && type !== IPV6_ADDR_MAPPED) sk.ipv6only = true;
  if ((port !== 0 || !sk.bindAddressNoPort) && sk.prot.getPort(sk, port) !== 0) {
    sk.ipv6only = ipv6only;
    inetResetSaddr(sk);
    return -EADDRINUSE;
  }
  if (type !== IPV6_ADDR_ANY) sk.userlocks |= SOCK_BINDADDR_LOCK;
  if (port !== 0) sk.userlocks |= SOCK_BINDPORT_LOCK;
  sk.inetSport = sk.inetNum;
  sk.inetDport = 0;
  sk.inetDaddr = 0;
  return 0;
}

/** `inet6_getname`. */
function inet6Getname(sock: Socket, addr: SockAddr, peer: boolean): number {
  const sk = sock.sk as InetSk;
  const np = inet6Np(sk);
  const sin6 = addr as SockaddrIn6;
  if (peer && (sk.inetDport === 0 || sk.state === TCP_CLOSE || sk.state === TCP_SYN_SENT)) return -ENOTCONN;
  sin6.family = AF_INET6;
  sin6.flowinfo = peer && np.sndflow ? np.flowLabel : 0;
  sin6.port = peer ? sk.inetDport : sk.inetSport;
  if (peer) sin6.addr.copy(np.daddr);
  else sin6.addr.copy(np.rcvSaddr.isAny() ? np.saddr : np.rcvSaddr);
  sin6.scopeId = ipv6IfaceScopeId(sin6.addr, sk.boundDevIf);
  return 0;
}

const AF_INET6_OPS: InetFamilyOps = {
  family: AF_INET6,
  release: inet6Release,
  bind: (sock, addr) => (sock.sk as Sock).prot.bind(sock.sk as Sock, addr),
  getname: inet6Getname,
  ioctl: inet6Ioctl,
};

/** `inet6_dgram_ops`, with the poll of the protocol. */
export function inet6DgramOps(poll: (sock: Socket) => number): ProtoOps {
  return inetOps(AF_INET6_OPS, poll, skSetPeekOff);
}

/** `inet6_sockraw_ops`: raw and ping sockets. */
export const inet6SockrawOps: ProtoOps = inetOps(AF_INET6_OPS, (sock) => datagramPoll(sock.sk as Sock), sockNoSetPeekOff);
