/** `pingv6_prot`: the table of echo messages over IPv6. */
import { inetProt } from '@skbuff/af-inet';
import {
  SOCKADDR_IN6_LEN,
  type SockaddrIn6,
  inet6Np,
  inet6RecvPacket,
  ip6DatagramConnectV6Only,
  ipv6AddrNeedsScopeId,
  ipv6CanNonlocalBind,
  ipv6Getsockopt,
  ipv6Setsockopt,
} from '@skbuff/af-inet6';
import { IPV6_ADDR_ANY, IPV6_ADDR_UNICAST, ipv6AddrType, ipv6ChkAddr } from '@skbuff/ipv6';
import { type PingAddresses, type PingSock, pingBind, pingClose, pingInitSock, pingNet, pingUnhash } from '@skbuff/ping';
import type { Proto } from '@skbuff/sock';
import { AF_INET6, EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL, ENODEV } from '@skbuff/uapi';
import { pingV6Sendmsg } from './ping6-sendmsg.ts';

/** `ping_check_bind_addr`: an address of a link binds the socket to its interface. */
function checkBindAddr(sk: PingSock, { addr, family, length, scopeId }: SockaddrIn6): number {
  if (!(length >= SOCKADDR_IN6_LEN)) return -EINVAL;
  if (family !== AF_INET6) return -EAFNOSUPPORT;
  const type = ipv6AddrType(addr);
  const scoped = ipv6AddrNeedsScopeId(type);
  if ((type !== IPV6_ADDR_ANY && (type & IPV6_ADDR_UNICAST) === 0) || (scoped && scopeId === 0)) return -EINVAL;
  const ifindex = scopeId || sk.boundDevIf;
  const dev = ifindex === 0 ? null : sk.net.devGetByIndex(ifindex);
  if (ifindex !== 0 && dev === null) return -ENODEV;
  if (type !== IPV6_ADDR_ANY && !ipv6CanNonlocalBind(sk) && !ipv6ChkAddr(sk.net, addr, dev, scoped)) return -EADDRNOTAVAIL;
  if (scoped) sk.boundDevIf = scopeId;
  return 0;
}

function setSaddr(sk: PingSock, sin6: SockaddrIn6 | null): boolean {
  const { rcvSaddr, saddr } = inet6Np(sk);
  if (sin6 === null) rcvSaddr.set(0, 0, 0, 0);
  else rcvSaddr.copy(sin6.addr);
  saddr.copy(rcvSaddr);
  return !rcvSaddr.isAny();
}

const addresses: PingAddresses<SockaddrIn6> = { checkBindAddr, setSaddr };

/** `ping_init_sock`: mapped addresses are not for it. */
function init(sk: PingSock): number {
  sk.ipv6only = true;
  return pingInitSock(sk);
}

export const pingv6Prot: Proto = inetProt({
  name: 'PINGv6',
  owner: '@skbuff/pingv6',
  objSize: 1344,
  callbacks: 'yyynnynnyyyyyynyyn',
  init: (sk) => init(sk as PingSock),
  close: (sk) => pingClose(sk as PingSock),
  bind: (sk, addr) => pingBind(sk as PingSock, addr as SockaddrIn6, addresses),
  connect: (sk, addr) => ip6DatagramConnectV6Only(sk as PingSock, addr),
  setsockopt: (sk, level, name, value) => ipv6Setsockopt(sk as PingSock, level, name, value),
  getsockopt: (sk, level, name, out) => ipv6Getsockopt(sk as PingSock, level, name, out),
  sendmsg: (sk, msg, len) => pingV6Sendmsg(sk as PingSock, msg, len),
  // `ping_recvmsg`: the message from its ICMPv6 header on. MSG_TRUNC does not ask for the whole length here.
  recvmsg: (sk, msg, len, flags) => inet6RecvPacket(sk as PingSock, msg, len, flags, false, inet6Np(sk as PingSock).sndflow),
  unhash: (sk) => pingUnhash(sk as PingSock),
  getPort: (sk, port) => pingNet.of(sk.net).getPort(sk as PingSock, port),
});
