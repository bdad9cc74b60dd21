/** `udp_prot`: the table of UDP over IPv4. */
import { inetBindSk, inetProt, ip4DatagramConnect, ipGetsockopt, ipSetsockopt } from '@skbuff/af-inet';
import type { Proto, Sock } from '@skbuff/sock';
import { SOL_UDP } from '@skbuff/uapi';
import { udpIoctl } from './udp-datagram.ts';
import { udpLibClose, udpLibGetPort, udpLibGetsockopt, udpLibRehash, udpLibSetsockopt, udpLibUnhash, udpMemoryAllocated } from './udp-lib.ts';
import { ipv4PortaddrHash } from './udp-lookup.ts';
import { udpNet } from './udp-net.ts';
import { udpRecvmsg } from './udp-recvmsg.ts';
import { reuseportHasConnsSet } from './udp-reuseport.ts';
import { udpFlushPendingFrames, udpPushPendingFrames, udpSendmsg } from './udp-sendmsg.ts';
import type { UdpSock } from './udp-sock.ts';

function addrHash(sk: UdpSock, port: number): number {
  return ipv4PortaddrHash(udpNet.of(sk.net).table.secret, sk.inetRcvSaddr, port);
}

function close(sk: UdpSock): void {
  udpFlushPendingFrames(sk);
  udpLibClose(sk);
}

function setsockopt(sk: UdpSock, level: number, name: number, value: Uint8Array): number {
  return level === SOL_UDP ? udpLibSetsockopt(sk, name, value, udpPushPendingFrames) : ipSetsockopt(sk, level, name, value);
}

function getsockopt(sk: UdpSock, level: number, name: number, out: Uint8Array): number {
  return level === SOL_UDP ? udpLibGetsockopt(sk, name, out) : ipGetsockopt(sk, level, name, out);
}

export const udpProt: Proto = inetProt({
  name: 'UDP',
  owner: '@skbuff/udp',
  objSize: 1344,
  memory: 0,
  memoryAllocated: udpMemoryAllocated,
  callbacks: 'yyynyyynyyyynnyyyn',
  close: (sk) => close(sk as UdpSock),
  bind: (sk, addr) => inetBindSk(sk as UdpSock, addr),
  connect: (sk, addr) => ip4DatagramConnect(sk as UdpSock, addr) || reuseportHasConnsSet(sk as UdpSock),
  setsockopt: (sk, level, name, value) => setsockopt(sk as UdpSock, level, name, value),
  getsockopt: (sk, level, name, out) => getsockopt(sk as UdpSock, level, name, out),
  ioctl: (sk, request, arg) => udpIoctl(sk as UdpSock, request, arg, udpNet.of(sk.net).stats),
  sendmsg: (sk, msg, len) => udpSendmsg(sk as UdpSock, msg, len),
  recvmsg: (sk, msg, len, flags) => udpRecvmsg(sk as UdpSock, msg, len, flags),
  unhash: (sk: Sock) => udpLibUnhash(sk as UdpSock),
  rehash: (sk) => udpLibRehash(sk as UdpSock, addrHash(sk as UdpSock, (sk as UdpSock).inetNum)),
  getPort: (sk, port) => udpLibGetPort(sk as UdpSock, port, addrHash(sk as UdpSock, 0)),
});
