/** Groups of sockets that share a port (SO_REUSEPORT; `net/core/sock_reuseport.c`). */
import { inetRcvSaddrEqual } from '@skbuff/af-inet';
import { TCP_ESTABLISHED } from '@skbuff/uapi';
import type { UdpSock } from './udp-sock.ts';

/** `reuseport_select_sock`: of the group of `sk` the member in its chain that `hash` (u32) falls on, in the order in which they bound. */
export function reuseportSelectSock(sk: UdpSock, chain: UdpSock, hash: number): UdpSock {
  let members = 0;
  for (let other: UdpSock | null = chain; other !== null; other = other.addrNext) if (sameGroup(sk, other)) members++;
  // The chain runs from the last to the first.
  let skip = members - 1 - Math.floor((hash / 0x100000000) * members);
  for (let other: UdpSock | null = chain; other !== null; other = other.addrNext) {
    if (sameGroup(sk, other) && skip-- === 0) return other;
  }
  return sk;
}

function sameGroup(a: UdpSock, b: UdpSock): boolean {
  return (
    b.reuseport &&
    b.state !== TCP_ESTABLISHED &&
    a.family === b.family &&
    a.inetNum === b.inetNum &&
    inetRcvSaddrEqual(a, b, false) &&
    a.boundDevIf === b.boundDevIf &&
    a.uid === b.uid
  );
}
