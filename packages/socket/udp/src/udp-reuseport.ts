/** Groups of sockets that share a port (SO_REUSEPORT; `net/core/sock_reuseport.c`, `udp_reuseport_add_sock`). */
import { inetRcvSaddrEqual } from '@skbuff/af-inet';
import { TCP_ESTABLISHED } from '@skbuff/uapi';
import type { UdpSock } from './udp-sock.ts';

/** `struct sock_reuseport`. */
export interface ReuseportGroup {
  /** In the order in which they bound; whoever leaves is replaced by the last. */
  readonly socks: UdpSock[];
  /** A member was connected: from then on a better socket than the group may exist (`has_conns`). */
  hasConns: boolean;
}

/** `udp_reuseport_add_sock`: `sk`, which is about to be bound, joins the group of its like among the sockets of its port, or is the first of one. */
export function udpReuseportAddSock(sk: UdpSock, chain: UdpSock | null): void {
  let other = chain;
  while (other !== null && !(other !== sk && sameGroup(sk, other))) other = other.portNext;
  sk.reuseportGroup = other === null ? { socks: [], hasConns: false } : (other.reuseportGroup ??= { socks: [other], hasConns: false });
  sk.reuseportGroup.socks.push(sk);
}

function sameGroup(a: UdpSock, b: UdpSock): boolean {
  return (
    b.reuseport &&
    a.family === b.family &&
    a.ipv6only === b.ipv6only &&
    a.inetNum === b.inetNum &&
    a.boundDevIf === b.boundDevIf &&
    a.uid === b.uid &&
    inetRcvSaddrEqual(a, b, false)
  );
}

/** `reuseport_detach_sock`: the socket is in no group any longer. */
export function reuseportDetachSock(sk: UdpSock): void {
  const group = sk.reuseportGroup;
  if (group === null) return;
  sk.reuseportGroup = null;
  const { socks } = group;
  const last = socks.pop() as UdpSock;
  if (last !== sk) socks[socks.indexOf(sk)] = last;
}

/** `reuseport_has_conns_set`: the socket was connected. 0 */
export function reuseportHasConnsSet({ reuseportGroup }: UdpSock): number {
  if (reuseportGroup !== null) reuseportGroup.hasConns = true;
  return 0;
}

/** `reuseport_select_sock`: the member that `hash` (u32) falls on, or the next that is not connected; null: there is none. */
export function reuseportSelectSock({ socks }: ReuseportGroup, hash: number): UdpSock | null {
  const first = Math.floor(((hash >>> 0) / 0x100000000) * socks.length);
  for (let i = first, left = socks.length; left > 0; i = (i + 1) % socks.length, left--) {
    if ((socks[i] as UdpSock).state !== TCP_ESTABLISHED) return socks[i] as UdpSock;
  }
  return null;
}
