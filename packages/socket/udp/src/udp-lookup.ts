/** Which socket a datagram over IPv4 is for (`__udp4_lib_lookup`). */
import { inetEhashfn } from '@skbuff/af-inet';
import { TCP_ESTABLISHED } from '@skbuff/uapi';
import { reuseportSelectSock } from './udp-reuseport.ts';
import type { UdpSock } from './udp-sock.ts';
import type { UdpTable } from './udp-table.ts';

/** `ipv4_portaddr_hash`: of an own address (0: any) and port, 32 bits. With port 0 it is the hash to which `^ port` adds one. */
export function ipv4PortaddrHash(secret: number, addr: number, port: number): number {
  const h = Math.imul(addr ^ secret, 0x9e3779b1);
  return h ^ (h >>> 15) ^ port;
}

/**
 * The best socket for a datagram from `saddr:sport` to `daddr:dport` that arrived on interface `dif`, or null. Connected beats bound to an
 * address, which beats any address; one that is bound to the device beats one that is not. Of a group that shares the port (SO_REUSEPORT) the
 * flow's hash chooses one, always the same; as long as none of the group was ever connected, only who is connected beats it then.
 */
export function udp4LibLookup(table: UdpTable, saddr: number, sport: number, daddr: number, dport: number, dif: number): UdpSock | null {
  const { secret } = table;
  const exact = lookup2(table, table.addrChain(ipv4PortaddrHash(secret, daddr, dport)), daddr, saddr, sport, daddr, dport, dif);
  return exact !== null ? exact : lookup2(table, table.addrChain(ipv4PortaddrHash(secret, 0, dport)), 0, saddr, sport, daddr, dport, dif);
}

/** The best of a chain among the sockets whose own address is `own`. */
function lookup2(
  table: UdpTable,
  chain: UdpSock | null,
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
    const score = computeScore(sk, own, saddr, sport, dport, dif);
    if (score <= badness) continue;
    badness = score;
    best = sk;
    if (sk.reuseportGroup === null || sk.state === TCP_ESTABLISHED) continue;
    best = reuseportSelectSock(sk.reuseportGroup, inetEhashfn(table.secret, daddr, dport, saddr, sport)) ?? sk;
    settled = !sk.reuseportGroup.hasConns;
  }
  return best;
}

/** A socket of AF_INET6 hears IPv4 too, unless it does not want to, but one that hears nothing else goes first. */
function dualStackScore(sk: UdpSock): number {
  return sk.ipv6only ? 0 : 1;
}

/** `compute_score`: 0 if the socket does not match. */
function computeScore(sk: UdpSock, own: number, saddr: number, sport: number, dport: number, dif: number): number {
  if (sk.inetNum !== dport || sk.inetRcvSaddr !== own) return 0;
  let score = sk.pinet6 === null ? 2 : dualStackScore(sk);
  if (score === 0) return 0;
  if (sk.inetDaddr !== 0) {
    if (sk.inetDaddr !== saddr) return 0;
    score += 4;
  }
  if (sk.inetDport !== 0) {
    if (sk.inetDport !== sport) return 0;
    score += 4;
  }
  if (sk.boundDevIf !== 0) {
    if (sk.boundDevIf !== dif) return 0;
    score += 4;
  }
  return score;
}
