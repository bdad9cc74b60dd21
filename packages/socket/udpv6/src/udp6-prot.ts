/** `udpv6_prot`: the table of UDP over IPv6. */
import { inetProt } from '@skbuff/af-inet';
import { inet6BindSk, inet6Np, ip6DatagramConnect, ipv6Getsockopt, ipv6Setsockopt } from '@skbuff/af-inet6';
import type { Proto, Sock } from '@skbuff/sock';
import { SOL_UDP } from '@skbuff/uapi';
import {
  type UdpSock,
  reuseportHasConnsSet,
  udpIoctl,
  udpLibClose,
  udpLibGetPort,
  udpLibGetsockopt,
  udpLibRehash,
  udpLibSetsockopt,
  udpLibUnhash,
  udpMemoryAllocated,
  udpNet,
} from '@skbuff/udp';
import { udp6Addrform } from './udp6-addrform.ts';
import { ipv6PortaddrHash } from './udp6-lookup.ts';
import { udp6Net } from './udp6-net.ts';
import { udpv6Recvmsg } from './udp6-recvmsg.ts';
import { udpV6FlushPendingFrames, udpV6PushPendingFrames, udpv6Sendmsg } from './udp6-sendmsg.ts';

function addrHash(sk: UdpSock, port: number): number {
  return ipv6PortaddrHash(udpNet.of(sk.net).table.secret, inet6Np(sk).rcvSaddr, port);
}

function close(sk: UdpSock): void {
  udpV6FlushPendingFrames(sk);
  udpLibClose(sk);
}

function setsockopt(sk: UdpSock, level: number, name: number, value: Uint8Array): number {
  if (level === SOL_UDP) return udpLibSetsockopt(sk, name, value, udpV6PushPendingFrames);
  return ipv6Setsockopt(sk, level, name, value, () => udp6Addrform(sk));
}

function getsockopt(sk: UdpSock, level: number, name: number, out: Uint8Array): number {
  return level === SOL_UDP ? udpLibGetsockopt(sk, name, out) : ipv6Getsockopt(sk, level, name, out);
}

export const udpv6Prot: Proto = inetProt({
  name: 'UDPv6',
  owner: '@skbuff/udpv6',
  objSize: 1472,
  memory: 0,
  memoryAllocated: udpMemoryAllocated,
  callbacks: 'yyynyyynyyyynnyyyn',
  close: (sk) => close(sk as UdpSock),
  bind: (sk, addr) => inet6BindSk(sk as UdpSock, addr),
  connect: (sk, addr) => ip6DatagramConnect(sk as UdpSock, addr) || reuseportHasConnsSet(sk as UdpSock),
  setsockopt: (sk, level, name, value) => setsockopt(sk as UdpSock, level, name, value),
  getsockopt: (sk, level, name, out) => getsockopt(sk as UdpSock, level, name, out),
  ioctl: (sk, request, arg) => udpIoctl(sk as UdpSock, request, arg, udp6Net.of(sk.net).stats),
  sendmsg: (sk, msg, len) => udpv6Sendmsg(sk as UdpSock, msg, len),
  recvmsg: (sk, msg, len, flags) => udpv6Recvmsg(sk as UdpSock, msg, len, flags),
  unhash: (sk: Sock) => udpLibUnhash(sk as UdpSock),
  rehash: (sk) => udpLibRehash(sk as UdpSock, addrHash(sk as UdpSock, (sk as UdpSock).inetNum)),
  getPort: (sk, port) => udpLibGetPort(sk as UdpSock, port, addrHash(sk as UdpSock, 0)),
});
