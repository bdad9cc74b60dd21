/** The way of messages, and connect(2) of datagram and raw sockets (`net/ipv4/datagram.c`): nothing is sent by that. */
import { FLOWI_FLAG_ANYSRC, type Net } from '@skbuff/core';
import { type Flowi4, IPOPT_F_STRICTROUTE, type IpcmCookie, RTCF_BROADCAST, type Rtable, ipv4Net } from '@skbuff/ipv4';
import { SOCK_BINDADDR_LOCK, SOCK_BINDPORT_LOCK, SOCK_BROADCAST, SOCK_LOCALROUTE, type SockAddr, sockAddrErrno } from '@skbuff/sock';
import {
  AF_INET,
  EACCES,
  EINVAL,
  ENETUNREACH,
  IPSTATS_MIB_OUTNOROUTES,
  MSG_DONTROUTE,
  RT_SCOPE_LINK,
  RT_SCOPE_UNIVERSE,
  TCP_CLOSE,
  TCP_ESTABLISHED,
} from '@skbuff/uapi';
import { ipv4IsMulticast } from '@skbuff/wire';
import type { InetSk } from './inet-sk.ts';
import type { SockaddrIn } from './sockaddr-in.ts';

/** `inet_sk_flowi_flags`. */
export function inetSkFlowiFlags(sk: InetSk): number {
  return sk.transparent || sk.hdrincl ? FLOWI_FLAG_ANYSRC : 0;
}

/** `ip_sock_rt_scope`: SO_DONTROUTE keeps to the link. */
export function ipSockRtScope(sk: InetSk): number {
  return (sk.flags & SOCK_LOCALROUTE) !== 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

/** `ip_route_output_flow` for `sk.fl4` or `sk.connFl4`; what has no route is counted. */
export function ipRouteOutputFlow(net: Net, fl4: Flowi4, sk: InetSk): Rtable | number {
  const state = ipv4Net.of(net);
  const rt = state.ip.routing === null ? -ENETUNREACH : state.ip.routing.routeOutput(net, fl4, sk);
  if (rt === -ENETUNREACH) state.stats[IPSTATS_MIB_OUTNOROUTES]++;
  return rt;
}

/**
 * The way of one message to `daddr`:`dport`, by what the socket, the call's MSG_* `flags` and `ipc` say. On entry `ipc.addr` is the
 * source; on return it is where the packet shall end up, which with a source route is not where it goes first. `sk.fl4` is filled in.
 * A reference, or -EINVAL, -ENETUNREACH, -EACCES (a broadcast without SO_BROADCAST) …
 */
export function inetRouteMsg(sk: InetSk, flags: number, ipc: IpcmCookie, daddr: number, dport: number, sport: number, flowFlags: number): Rtable | number {
  let saddr = ipc.addr;
  ipc.addr = daddr;
  const { opt } = ipc;
  if (opt !== null && opt.srr !== 0) {
    if (daddr === 0) return -EINVAL;
    daddr = opt.faddr;
  }
  if (ipv4IsMulticast(daddr)) {
    if (ipc.oif === 0) ipc.oif = sk.mcIndex;
    if (saddr === 0) saddr = sk.mcAddr;
  } else if (ipc.oif === 0) ipc.oif = sk.ucIndex;
  const onLink = (flags & MSG_DONTROUTE) !== 0 || (opt !== null && opt.has(IPOPT_F_STRICTROUTE));
  const scope = onLink ? RT_SCOPE_LINK : ipSockRtScope(sk);
  const tos = ipc.tos >= 0 ? ipc.tos : sk.tos;
  const fl4 = sk.fl4.init(ipc.oif, ipc.mark, tos, scope, sk.protocol, flowFlags, daddr, saddr, dport, sport);
  const rt = ipRouteOutputFlow(sk.net, fl4, sk);
  if (typeof rt === 'number') return rt;
  if ((rt.rtFlags & RTCF_BROADCAST) !== 0 && (sk.flags & SOCK_BROADCAST) === 0) {
    rt.release();
    return -EACCES;
  }
  if (ipc.addr === 0) ipc.addr = fl4.daddr;
  return rt;
}

/** `__ip4_datagram_connect`. */
export function ip4DatagramConnect(sk: InetSk, sockaddr: SockAddr): number {
  const { family, addr, port } = sockaddr as SockaddrIn;
  if (family !== AF_INET) return sockAddrErrno(sockaddr);
  sk.dstSet(null);
  const multicast = ipv4IsMulticast(addr);
  let oif = sk.boundDevIf;
  if (oif === 0) oif = multicast ? sk.mcIndex : sk.ucIndex;
  const saddr = sk.inetSaddr === 0 && multicast ? sk.mcAddr : sk.inetSaddr;
  const fl4 = sk.connFl4.init(oif, sk.mark, sk.tos, ipSockRtScope(sk), sk.protocol, inetSkFlowiFlags(sk), addr, saddr, port, sk.inetSport);
  const rt = ipRouteOutputFlow(sk.net, fl4, sk);
  if (typeof rt === 'number') return rt;
  if ((rt.rtFlags & RTCF_BROADCAST) !== 0 && (sk.flags & SOCK_BROADCAST) === 0) {
    rt.release();
    return -EACCES;
  }
  if (sk.inetSaddr === 0) sk.inetSaddr = fl4.saddr;
  if (sk.inetRcvSaddr === 0) {
    sk.inetRcvSaddr = fl4.saddr;
    sk.prot.rehash(sk);
  }
  sk.inetDaddr = fl4.daddr;
  sk.inetDport = port;
  sk.state = TCP_ESTABLISHED;
  sk.inetId = sk.net.kernel.random.u32() & 0xffff;
  sk.dstSet(rt);
  return 0;
}

/** `inet_reset_saddr`: the own address is given up, of either family. */
export function inetResetSaddr(sk: InetSk): void {
  sk.inetSaddr = 0;
  sk.inetRcvSaddr = 0;
  sk.pinet6?.resetSaddr();
}

/** `__udp_disconnect`: connect(2) with AF_UNSPEC. What bind(2) did not fix is given up too, and the interface, however it was bound to one. */
export function datagramDisconnect(sk: InetSk): number {
  sk.state = TCP_CLOSE;
  sk.inetDaddr = 0;
  sk.inetDport = 0;
  sk.boundDevIf = 0;
  if ((sk.userlocks & SOCK_BINDADDR_LOCK) === 0) {
    inetResetSaddr(sk);
    sk.prot.rehash(sk);
  }
  if ((sk.userlocks & SOCK_BINDPORT_LOCK) === 0) {
    sk.prot.unhash(sk);
    sk.inetSport = 0;
  }
  sk.dstSet(null);
  return 0;
}
