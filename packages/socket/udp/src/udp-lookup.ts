/** Which socket a datagram is for (`__udp4_lib_lookup`). */
import { TCP_ESTABLISHED } from '@skbuff/uapi';
import type { UdpSock } from './udp-sock.ts';
import type { UdpTable } from './udp-table.ts';

/**
 * The best socket for a datagram from `saddr:sport` to `daddr:dport` that arrived on interface `dif`, or null. Connected beats
 * bound to an address, which beats any address; one that is bound to the device beats one that is not. Of a group that shares the
 * port (SO_REUSEPORT) the flow's hash chooses one, always the same.
 */
export function udp4LibLookup(table: UdpTable, saddr: number, sport: number, daddr: number, dport: number, dif: number): UdpSock | null {
  const exact = lookup2(table, table.addrChain(daddr, dport), daddr, saddr, sport, daddr, dport, dif);
  return exact !== null ? exact : lookup2(table, table.addrChain(0, dport), 0, saddr, sport, daddr, dport, dif);
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
  for (let sk = chain; sk !== null; sk = sk.addrNext) {
    const score = computeScore(sk, own, saddr, sport, dport, dif);
    if (score <= badness) continue;
    badness = score;
    best = sk;
  }
  if (best !== null && best.reuseport && best.state !== TCP_ESTABLISHED) {
    return reuseportSelect(best, chain as UdpSock, table.flowHash(daddr, dport, saddr, sport));
  }
  return best;
}

/** `compute_score`: 0 if the socket does not match. */
function computeScore(sk: UdpSock, own: number, saddr: number, sport: number, dport: number, dif: number): number {
  if (sk.inetNum !== dport || sk.inetRcvSaddr !== own) return 0;
  let score = 2;
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

/** `reuseport_select_sock`: counts the group and takes the member that the hash falls on, in the order in which they bound. */
function reuseportSelect(sk: UdpSock, chain: UdpSock, hash: number): UdpSock {
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
    a.inetNum === b.inetNum &&
    a.inetRcvSaddr === b.inetRcvSaddr &&
    a.boundDevIf === b.boundDevIf &&
    a.uid === b.uid
  );
}
