/** `ping_prot`: the table of echo messages over IPv4. */
import { inetAddrType, inetProt, inetRecvPacket, ip4DatagramConnect, ipGetsockopt, ipSetsockopt, type SockaddrIn } from '@skbuff/af-inet';
import { ipv4Net } from '@skbuff/ipv4';
import { type Proto, sockAddrErrno } from '@skbuff/sock';
import { AF_INET, AF_UNSPEC, EADDRNOTAVAIL, INADDR_ANY, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST } from '@skbuff/uapi';
import { type PingAddresses, pingBind, pingClose, pingInitSock, pingUnhash } from './ping.ts';
import { pingV4Sendmsg } from './ping-sendmsg.ts';
import { type PingSock, pingNet } from './ping-sock.ts';

function checkBindAddr(sk: PingSock, sin: SockaddrIn): number {
  const { family, addr } = sin;
  if (family !== AF_INET && (family !== AF_UNSPEC || addr !== INADDR_ANY)) return sockAddrErrno(sin);
  if (addr === INADDR_ANY) return 0;
  const type = inetAddrType(sk, addr);
  if (type === RTN_MULTICAST || type === RTN_BROADCAST) return -EADDRNOTAVAIL;
  const anywhere = ipv4Net.of(sk.net).ipNonlocalBind !== 0 || sk.freebind || sk.transparent;
  return type === RTN_LOCAL || anywhere ? 0 : -EADDRNOTAVAIL;
}

function setSaddr(sk: PingSock, sin: SockaddrIn | null): boolean {
  sk.inetRcvSaddr = sk.inetSaddr = sin === null ? 0 : sin.addr;
  return sk.inetRcvSaddr !== 0;
}

const addresses: PingAddresses<SockaddrIn> = { checkBindAddr, setSaddr };

export const pingProt: Proto = inetProt({
  name: 'PING',
  owner: '@skbuff/ping',
  objSize: 1016,
  callbacks: 'yyynnynnyyyyyynyyn',
  init: (sk) => pingInitSock(sk as PingSock),
  close: (sk) => pingClose(sk as PingSock),
  bind: (sk, addr) => pingBind(sk as PingSock, addr as SockaddrIn, addresses),
  connect: (sk, addr) => ip4DatagramConnect(sk as PingSock, addr),
  setsockopt: (sk, level, name, value) => ipSetsockopt(sk as PingSock, level, name, value),
  getsockopt: (sk, level, name, out) => ipGetsockopt(sk as PingSock, level, name, out),
  sendmsg: (sk, msg, len) => pingV4Sendmsg(sk as PingSock, msg, len),
  // `ping_recvmsg`: the message from its ICMP header on. MSG_TRUNC does not ask for the whole length here.
  recvmsg: (sk, msg, len, flags) => inetRecvPacket(sk as PingSock, msg, len, flags, false),
  unhash: (sk) => pingUnhash(sk as PingSock),
  getPort: (sk, port) => pingNet.of(sk.net).getPort(sk as PingSock, port),
});
