/** The identification field (`ip_select_ident` in `include/net/ip.h`, `__ip_select_ident` in `net/ipv4/route.c`; RFC 6864). */
import type { Net, SkBuff } from '@skbuff/core';
import { IP_DF } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_ID, IPHDR_PROTOCOL, IPHDR_SADDR, be32, setBe16 } from '@skbuff/wire';
import type { InetSock } from './inet-sock.ts';
import { ipv4Net } from './ipv4-net.ts';

/**
 * `ip_select_ident_segs`: writes the identification of a packet whose header is complete but for it, and reserves `segs` of them. A
 * connected socket counts by itself; a packet that cannot be fragmented needs none and carries 0.
 */
export function ipSelectIdent(net: Net, skb: SkBuff, sk: InetSock | null, segs = 1): void {
  const { bytes } = skb;
  const iph = skb.networkHeader;
  let id = 0;
  if (sk !== null && sk.inetDaddr !== 0) {
    id = nextInetId(sk, segs);
  } else if ((bytes[iph + IPHDR_FRAG_OFF] & (IP_DF >>> 8)) === 0 || skb.ignoreDf) {
    id = reserve(net, identHash(ipv4Net.of(net).ipIdentKey, bytes, iph), segs);
  }
  setBe16(bytes, iph + IPHDR_ID, id);
}

/** The identification of the next packet of a connected socket, which counts by itself. */
export function nextInetId(sk: InetSock, segs: number): number {
  return (sk.inetId = (sk.inetId + segs) & 0xffff);
}

/** `ip_idents_reserve`: jumps ahead by up to as much as time has passed, so that nobody can count the packets in between. */
function reserve(net: Net, hash: number, segs: number): number {
  const { ipIdents, ipIdentStamps } = ipv4Net.of(net).ip;
  const at = hash % ipIdents.length;
  const now = net.timers.jiffies;
  const passed = now - ipIdentStamps[at];
  ipIdentStamps[at] = now;
  const next = ipIdents[at] + segs + (passed > 0 ? net.kernel.random.below(passed) : 0);
  ipIdents[at] = next;
  return (next - segs) & 0xffff;
}

function identHash(key: number, bytes: Uint8Array, iph: number): number {
  let h = Math.imul(key ^ be32(bytes, iph + IPHDR_DADDR), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13) ^ be32(bytes, iph + IPHDR_SADDR), 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15) ^ bytes[iph + IPHDR_PROTOCOL], 0x27d4eb2f);
  return (h ^ (h >>> 16)) >>> 0;
}
