/** Ports of sockets: which are there to choose from, and which sockets stand in each other's way on one (`net/ipv4/inet_connection_sock.c`). */
import type { Net } from '@skbuff/core';
import { ipv4Net } from '@skbuff/ipv4';
import type { InetSk } from './inet-sk.ts';

/** `inet_sk_get_local_port_range`: first and last port for automatic binding. */
export function localPortRange(sk: InetSk): readonly [number, number] {
  const [low, high] = ipv4Net.of(sk.net).localPortRange;
  if (sk.portRangeLow === 0 && sk.portRangeHigh === 0) return [low, high];
  const first = sk.portRangeLow === 0 ? low : Math.max(low, sk.portRangeLow);
  const last = sk.portRangeHigh === 0 ? high : Math.min(high, sk.portRangeHigh);
  // A range that lies outside the namespace's does not count.
  return first > last ? [low, high] : [first, last];
}

/** `inet_is_local_reserved_port`: automatic binding does not take it. */
export function inetIsLocalReservedPort(net: Net, port: number): boolean {
  for (const [first, last] of ipv4Net.of(net).localReservedPorts) if (port >= first && port <= last) return true;
  return false;
}

/**
 * `inet_rcv_saddr_equal`: whether two sockets hear the same address. With `matchWildcard` one that hears all addresses meets everybody,
 * without it only its like.
 */
export function inetRcvSaddrEqual(sk: InetSk, other: InetSk, matchWildcard: boolean): boolean {
  if (sk.pinet6 !== null) return sk.pinet6.rcvSaddrEqual(sk, other, matchWildcard);
  return !other.ipv6only && ipv4RcvSaddrEqual(sk, other, matchWildcard);
}

/** `ipv4_rcv_saddr_equal`, of the IPv4 side of two sockets that both have one. */
export function ipv4RcvSaddrEqual(sk: InetSk, other: InetSk, matchWildcard: boolean): boolean {
  if (sk.inetRcvSaddr === other.inetRcvSaddr) return true;
  return matchWildcard && (sk.inetRcvSaddr === 0 || other.inetRcvSaddr === 0);
}
