/** Choosing a port (`udp_lib_get_port`). */
import { localPortRange } from '@skbuff/af-inet';
import { ipv4Net } from '@skbuff/ipv4';
import { udpNet } from './udp-net.ts';
import type { UdpSock } from './udp-sock.ts';

/** 0 with the socket in the table, 1 when the port, or every port, is in use. */
export function udpGetPort(sk: UdpSock, port: number): number {
  const { table } = udpNet.of(sk.net);
  const chosen = port !== 0 ? (inUse(sk, port) ? 0 : port) : freePort(sk);
  if (chosen === 0) return 1;
  if (sk.hashed) table.remove(sk);
  sk.inetNum = chosen;
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
    if (!isReserved(sk, port) && !inUse(sk, port)) return port;
  }
  return 0;
}

/** `inet_is_local_reserved_port`. */
function isReserved(sk: UdpSock, port: number): boolean {
  for (const [first, last] of ipv4Net.of(sk.net).localReservedPorts) if (port >= first && port <= last) return true;
  return false;
}

/** `udp_lib_lport_inuse`: whether another socket stands in the way. */
function inUse(sk: UdpSock, port: number): boolean {
  for (let other = udpNet.of(sk.net).table.portChain(port); other !== null; other = other.portNext) {
    if (other.inetNum === port && other !== sk && conflict(sk, other)) return true;
  }
  return false;
}

/** Two sockets on one port get along if their addresses or devices differ, or if both say that they share it. */
function conflict(sk: UdpSock, other: UdpSock): boolean {
  if (sk.reuse && other.reuse) return false;
  if (sk.boundDevIf !== 0 && other.boundDevIf !== 0 && sk.boundDevIf !== other.boundDevIf) return false;
  if (sk.inetRcvSaddr !== 0 && other.inetRcvSaddr !== 0 && sk.inetRcvSaddr !== other.inetRcvSaddr) return false;
  return !(sk.reuseport && other.reuseport && sk.uid === other.uid);
}
