/** `udp_prot`: the protocol's table. */
import { datagramDisconnect, inetBindSk, ip4DatagramConnect, ipGetsockopt, ipSetsockopt } from '@skbuff/af-inet';
import type { Net } from '@skbuff/core';
import { type Proto, type Sock, int32Bytes, putOption, sockNoAccept, sockOrphan } from '@skbuff/sock';
import { EINVAL, ENOPROTOOPT, SOL_UDP, UDP_CORK, UDP_GRO, UDP_NO_CHECK6_RX, UDP_NO_CHECK6_TX, UDP_SEGMENT } from '@skbuff/uapi';
import { leS32 } from '@skbuff/wire';
import { udpNet } from './udp-net.ts';
import { udpGetPort } from './udp-port.ts';
import { udpIoctl, udpRecvmsg } from './udp-recvmsg.ts';
import { udpFlushPendingFrames, udpPushPendingFrames, udpSendmsg } from './udp-sendmsg.ts';
import { UDP_CMSG_GRO, type UdpSock } from './udp-sock.ts';

function unhash(sk: Sock): void {
  const udp = sk as UdpSock;
  if (udp.hashed) udpNet.of(sk.net).table.remove(udp);
  udp.inetNum = 0;
}

/** Pages that what waits in receive queues takes, each socket's for itself. */
function receivePages(net: Net): number {
  let pages = 0;
  for (const sk of udpNet.peek(net)?.table ?? []) pages += Math.ceil(sk.rmemAlloc / 4096);
  return pages;
}

/** `udp_lib_close`. */
function close(sk: UdpSock): void {
  udpFlushPendingFrames(sk);
  setGro(sk, false);
  sk.encapDestroy?.(sk);
  sk.encapRcv = null;
  unhash(sk);
  sockOrphan(sk);
  sk.put();
}

function setGro(sk: UdpSock, on: boolean): void {
  if (sk.groEnabled === on) return;
  sk.groEnabled = on;
  sk.cmsgFlags ^= UDP_CMSG_GRO;
  udpNet.of(sk.net).groSockets += on ? 1 : -1;
}

function setsockopt(sk: UdpSock, level: number, name: number, value: Uint8Array): number {
  if (level !== SOL_UDP) return ipSetsockopt(sk, level, name, value);
  if (value.length < 4) return -EINVAL;
  const val = leS32(value, 0);
  const on = val !== 0;
  switch (name) {
    case UDP_CORK:
      sk.corkFlag = on;
      if (!on) udpPushPendingFrames(sk);
      return 0;
    case UDP_NO_CHECK6_TX:
      sk.noCheck6Tx = on;
      return 0;
    case UDP_NO_CHECK6_RX:
      sk.noCheck6Rx = on;
      return 0;
    case UDP_SEGMENT:
      if (val < 0 || val > 0xffff) return -EINVAL;
      sk.gsoSize = val;
      return 0;
    case UDP_GRO:
      setGro(sk, on);
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

function getsockopt(sk: UdpSock, level: number, name: number, out: Uint8Array): number {
  if (level !== SOL_UDP) return ipGetsockopt(sk, level, name, out);
  switch (name) {
    case UDP_CORK:
      return putOption(out, int32Bytes(Number(sk.corkFlag)));
    case UDP_NO_CHECK6_TX:
      return putOption(out, int32Bytes(Number(sk.noCheck6Tx)));
    case UDP_NO_CHECK6_RX:
      return putOption(out, int32Bytes(Number(sk.noCheck6Rx)));
    case UDP_SEGMENT:
      return putOption(out, int32Bytes(sk.gsoSize));
    case UDP_GRO:
      return putOption(out, int32Bytes(Number(sk.groEnabled)));
    default:
      return -ENOPROTOOPT;
  }
}

function nothing(): void {}

export const udpProt: Proto = {
  name: 'UDP',
  owner: '@skbuff/udp',
  objSize: 1344,
  memory: 0,
  memoryAllocated: (kernel) => kernel.netns.list.reduce((pages, net) => pages + receivePages(net), 0),
  callbacks: 'yyynyyynyyyynnyyyn',
  noAutobind: false,
  init: () => 0,
  destroy: nothing,
  close: (sk) => close(sk as UdpSock),
  bind: (sk, addr) => inetBindSk(sk as UdpSock, addr),
  connect: (sk, addr) => ip4DatagramConnect(sk as UdpSock, addr),
  disconnect: (sk) => datagramDisconnect(sk as UdpSock),
  accept: sockNoAccept,
  shutdown: nothing,
  keepalive: nothing,
  setsockopt: (sk, level, name, value) => setsockopt(sk as UdpSock, level, name, value),
  getsockopt: (sk, level, name, out) => getsockopt(sk as UdpSock, level, name, out),
  ioctl: (sk, request, arg) => udpIoctl(sk as UdpSock, request, arg),
  sendmsg: (sk, msg, len) => udpSendmsg(sk as UdpSock, msg, len),
  recvmsg: (sk, msg, len, flags) => udpRecvmsg(sk as UdpSock, msg, len, flags),
  hash: nothing,
  unhash,
  rehash: (sk) => udpNet.of(sk.net).table.rehash(sk as UdpSock),
  getPort: (sk, port) => udpGetPort(sk as UdpSock, port),
};
