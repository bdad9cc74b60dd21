/** IPv4, ICMP and ARP, read where they lie. */
import type { SkBuff } from '@skbuff/core';
import {
  ARPOP_REQUEST, ETH_P_ARP, ETH_P_IP, ICMP_DEST_UNREACH, ICMP_ECHO, ICMP_ECHOREPLY, ICMP_PARAMETERPROB, ICMP_REDIRECT, ICMP_SOURCE_QUENCH, ICMP_TIME_EXCEEDED, IP_DF, IP_MF, IP_OFFSET, IPPROTO_ICMP,
} from '@skbuff/uapi';
import { be16, be32, formatMac, inetNtoa, ipHdrlen, IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TOT_LEN, IPHDR_TTL } from '@skbuff/wire';
import type { Family } from '../family.ts';
import { head, type IpHeader, type PacketRead, type Search } from '../headers.ts';

export function readIpv4(family: Family, skb: SkBuff): PacketRead | null {
  if (skb.protocol === ETH_P_ARP) return { family, title: 'ARP', ip: null, search: arpOf(head(skb)), housekeeping: false };
  return skb.protocol === ETH_P_IP ? { family, title: 'IP', ip: ipOf(family, head(skb)), search: null, housekeeping: false } : null;
}

function ipOf(family: Family, b: Uint8Array): IpHeader | null {
  const hlen = b.length < IPHDR_LEN ? 0 : ipHdrlen(b, 0);
  if (hlen < IPHDR_LEN) return null;
  const frag = be16(b, IPHDR_FRAG_OFF);
  const offset = (frag & IP_OFFSET) * 8;
  const protocol = b[IPHDR_PROTOCOL];
  const there = (bytes: number): boolean => offset === 0 && b.length >= hlen + bytes;
  const icmp = protocol === IPPROTO_ICMP;
  return {
    family,
    saddr: inetNtoa(be32(b, IPHDR_SADDR)),
    daddr: inetNtoa(be32(b, IPHDR_DADDR)),
    protocol,
    ttl: b[IPHDR_TTL],
    length: be16(b, IPHDR_TOT_LEN),
    df: (frag & IP_DF) !== 0,
    more: (frag & IP_MF) !== 0,
    offset,
    a: !there(4) ? -1 : icmp ? b[hlen] : be16(b, hlen),
    b: !there(4) ? -1 : icmp ? b[hlen + 1] : be16(b, hlen + 2),
    c: there(8) ? be16(b, hlen + 4) : -1,
    d: there(8) ? be16(b, hlen + 6) : -1,
  };
}

function arpOf(b: Uint8Array): Search {
  if (b.length < 28) return { asks: null, text: 'truncated' };
  const [spa, tpa] = [inetNtoa(be32(b, 14)), inetNtoa(be32(b, 24))];
  const asks = be16(b, 6) === ARPOP_REQUEST;
  return { asks, text: asks ? `who-has ${tpa} tell ${spa}` : `${spa} is-at ${formatMac(b, 8)}` };
}

export function isIcmpError(type: number): boolean {
  return type === ICMP_DEST_UNREACH || type === ICMP_TIME_EXCEEDED || type === ICMP_PARAMETERPROB || type === ICMP_REDIRECT || type === ICMP_SOURCE_QUENCH;
}

const UNREACH: readonly string[] = ['net unreachable', 'host unreachable', 'protocol unreachable', 'port unreachable', 'fragmentation needed', 'source route failed'];

export function icmpName(type: number, code: number): string {
  if (type === ICMP_ECHO) return 'echo request';
  if (type === ICMP_ECHOREPLY) return 'echo reply';
  if (type === ICMP_DEST_UNREACH) return UNREACH[code] ?? (code === 13 ? 'packet filtered' : `unreachable, code ${code}`);
  if (type === ICMP_TIME_EXCEEDED) return code === 0 ? 'time exceeded' : 'reassembly time exceeded';
  if (type === ICMP_REDIRECT) return 'redirect';
  return type === ICMP_PARAMETERPROB ? 'parameter problem' : `type ${type} code ${code}`;
}
