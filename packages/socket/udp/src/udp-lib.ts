/**
 * What UDP sockets do in every family (`udp_lib_*` in `net/ipv4/udp.c`): ports, the table, options, closing. A family hands in the hash
 * of its addresses and what it has corked.
 */
import { inetIsLocalReservedPort, inetRcvSaddrEqual, localPortRange } from '@skbuff/af-inet';
import type { Kernel, Net } from '@skbuff/core';
import { int32Bytes, putOption, sockOrphan } from '@skbuff/sock';
import { EINVAL, ENOPROTOOPT, UDP_CORK, UDP_GRO, UDP_NO_CHECK6_RX, UDP_NO_CHECK6_TX, UDP_SEGMENT } from '@skbuff/uapi';
import { leS32 } from '@skbuff/wire';
import { udpNet } from './udp-net.ts';
import { reuseportDetachSock, udpReuseportAddSock } from './udp-reuseport.ts';
import { UDP_CMSG_GRO, type UdpSock } from './udp-sock.ts';

/**
 * `udp_lib_get_port`: takes a port, 0: any. `addrHash`: hash of the socket's own address with port 0. 0 with the socket in the table,
 * 1 when the port, or every port, is in use.
 */
export function udpLibGetPort(sk: UdpSock, port: number, addrHash: number): number {
  const { table } = udpNet.of(sk.net);
  const chosen = port !== 0 ? (lportInuse(sk, port, true) ? 0 : port) : freePort(sk);
  if (chosen === 0) return 1;
  if (sk.hashed) table.remove(sk);
  sk.inetNum = chosen;
  sk.udpPortaddrHash = addrHash ^ chosen;
  if (sk.reuseport && sk.reuseportGroup === null) udpReuseportAddSock(sk, table.portChain(chosen));
  table.add(sk);
  return 0;
}

/** A free port of the range, from a random one on; 0 if there is none. */
function freePort(sk: UdpSock): number {
  const [low, high] = localPortRange(sk);
  const range = high - low + 1;
  const first = sk.net.kernel.random.below(range);
  for (let i = 0; i < range; i++) {
    const port = low + ((first + i) % range);
    if (!inetIsLocalReservedPort(sk.net, port) && !lportInuse(sk, port, false)) return port;
  }
  return 0;
}

/**
 * `udp_lib_lport_inuse`: whether another socket stands in the way. Of a port that was `named` nobody else is asked once a socket is found that
 * shares it.
 */
function lportInuse(sk: UdpSock, port: number, named: boolean): boolean {
  for (let other = udpNet.of(sk.net).table.portChain(port); other !== null; other = other.portNext) {
    if (other.inetNum !== port || other === sk || !conflict(sk, other)) continue;
    if (!(sk.reuseport && other.reuseport && sk.reuseportGroup === null && sk.uid === other.uid)) return true;
    if (named) return false;
  }
  return false;
}

/** Two sockets on one port get along if their addresses or devices differ, or if both do not mind (SO_REUSEADDR). */
function conflict(sk: UdpSock, other: UdpSock): boolean {
  if (sk.reuse && other.reuse) return false;
  if (sk.boundDevIf !== 0 && other.boundDevIf !== 0 && sk.boundDevIf !== other.boundDevIf) return false;
  return inetRcvSaddrEqual(sk, other, true);
}

/** `udp_lib_unhash`: gives the port up. */
export function udpLibUnhash(sk: UdpSock): void {
  reuseportDetachSock(sk);
  if (sk.hashed) udpNet.of(sk.net).table.remove(sk);
  sk.inetNum = 0;
}

/** `udp_lib_rehash`: the own address changed; `hash` is that of the new one and the port. */
export function udpLibRehash(sk: UdpSock, hash: number): void {
  if (!sk.hashed) return;
  reuseportDetachSock(sk);
  udpNet.of(sk.net).table.rehash(sk, hash);
}

/** `udp_lib_close`, for a socket that has nothing corked. */
export function udpLibClose(sk: UdpSock): void {
  setGro(sk, false);
  sk.encapDestroy?.(sk);
  sk.encapRcv = null;
  udpLibUnhash(sk);
  sockOrphan(sk);
  sk.put();
}

function setGro(sk: UdpSock, on: boolean): void {
  if (sk.groEnabled === on) return;
  sk.groEnabled = on;
  sk.cmsgFlags ^= UDP_CMSG_GRO;
  udpNet.of(sk.net).groSockets += on ? 1 : -1;
}

/** `udp_lib_setsockopt`: options of SOL_UDP. `pushPendingFrames` sends what the socket has corked. 0, -EINVAL or -ENOPROTOOPT. */
export function udpLibSetsockopt<S extends UdpSock>(sk: S, name: number, value: Uint8Array, pushPendingFrames: (sk: S) => number): number {
  if (value.length < 4) return -EINVAL;
  const val = leS32(value, 0);
  const on = val !== 0;
  switch (name) {
    case UDP_CORK:
      sk.corkFlag = on;
      if (!on) pushPendingFrames(sk);
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

/** `udp_lib_getsockopt`: bytes written to `out`, or -ENOPROTOOPT. */
export function udpLibGetsockopt(sk: UdpSock, name: number, out: Uint8Array): number {
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

/** `udp_memory_allocated`: pages that what waits in receive queues takes in all namespaces, each socket's for itself. */
export function udpMemoryAllocated(kernel: Kernel): number {
  return kernel.netns.list.reduce((pages, net) => pages + receivePages(net), 0);
}

function receivePages(net: Net): number {
  let pages = 0;
  for (const sk of udpNet.peek(net)?.table ?? []) pages += Math.ceil(sk.rmemAlloc / 4096);
  return pages;
}
