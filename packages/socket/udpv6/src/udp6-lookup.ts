/** Which socket a datagram over IPv6 is for (`__udp6_lib_lookup`). Addresses of the datagram are offsets in `bytes`. */
import { inetEhashfn } from '@skbuff/af-inet';
import type { Inet6Pinfo } from '@skbuff/af-inet6';
import { AF_INET6, TCP_ESTABLISHED } from '@skbuff/uapi';
import { type UdpSock, type UdpTable, ipv4PortaddrHash, reuseportSelectSock } from '@skbuff/udp';
import { type In6Addr, in6Hash, in6Word } from '@skbuff/wire';

/** `ipv6_portaddr_hash`: addresses that IPv4 has too are where it looks for them. With port 0 it is the hash to which `^ port` adds one. */
export function ipv6PortaddrHash(secret: number, a: In6Addr, port: number): number {
  if (a.isAny() || a.isV4Mapped()) return ipv4PortaddrHash(secret, a.w3 >>> 0, port);
  return in6Hash(a.w0, a.w1, a.w2, a.w3, secret) ^ port;
}

/** The hash of the address at `off`, which none of IPv4 is. */
function hashAt(bytes: Uint8Array, off: number, secret: number): number {
  return in6Hash(in6Word(bytes, off), in6Word(bytes, off + 4), in6Word(bytes, off + 8), in6Word(bytes, off + 12), secret);
}

/**
 * The best socket for a datagram from `saddr`, `sport` to `daddr`, `dport` that arrived on interface `dif`, or null. See `udp4LibLookup`.
 */
export function udp6LibLookup(table: UdpTable, bytes: Uint8Array, saddr: number, sport: number, daddr: number, dport: number, dif: number): UdpSock | null {
  const { secret } = table;
  const exact = lookup2(table, table.addrChain(hashAt(bytes, daddr, secret) ^ dport), bytes, daddr, saddr, sport, daddr, dport, dif);
  return exact !== null ? exact : lookup2(table, table.addrChain(ipv4PortaddrHash(secret, 0, dport)), bytes, -1, saddr, sport, daddr, dport, dif);
}

/** The best of a chain among the sockets whose own address is that at `own`; -1: any. */
function lookup2(
  table: UdpTable,
  chain: UdpSock | null,
  bytes: Uint8Array,
  own: number,
  saddr: number,
  sport: number,
  daddr: number,
  dport: number,
  dif: number,
): UdpSock | null {
  let best: UdpSock | null = null;
  let badness = 0;
  let settled = false;
  for (let sk = chain; sk !== null; sk = sk.addrNext) {
    if (settled && sk.state !== TCP_ESTABLISHED) continue;
    const score = computeScore(sk, bytes, own, saddr, sport, dport, dif);
    if (score <= badness) continue;
    badness = score;
    best = sk;
    if (sk.reuseportGroup === null || sk.state === TCP_ESTABLISHED) continue;
    best = reuseportSelectSock(sk.reuseportGroup, flowHash(table.secret, bytes, daddr, dport, saddr, sport)) ?? sk;
    settled = !sk.reuseportGroup.hasConns;
  }
  return best;
}

/** `udp6_ehashfn` */
function flowHash(secret: number, bytes: Uint8Array, daddr: number, dport: number, saddr: number, sport: number): number {
  return inetEhashfn(secret, hashAt(bytes, daddr, secret), dport, hashAt(bytes, saddr, secret), sport);
}

/** `compute_score`: 0 if the socket does not match. */
function computeScore(sk: UdpSock, bytes: Uint8Array, own: number, saddr: number, sport: number, dport: number, dif: number): number {
  if (sk.inetNum !== dport || sk.family !== AF_INET6) return 0;
  const { rcvSaddr, daddr } = sk.pinet6 as Inet6Pinfo;
  if (own < 0 ? !rcvSaddr.isAny() : !rcvSaddr.isAt(bytes, own)) return 0;
  let score = 1;
  if (sk.inetDport !== 0) {
    if (sk.inetDport !== sport) return 0;
    score++;
  }
  if (!daddr.isAny()) {
    if (!daddr.isAt(bytes, saddr)) return 0;
    score++;
  }
  if (sk.boundDevIf !== 0) {
    if (sk.boundDevIf !== dif) return 0;
    score++;
  }
  return score;
}
