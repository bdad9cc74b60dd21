/** What a packet says of itself, read where it lies. */
import type { SkBuff } from '@skbuff/core';
import { ETH_P_ARP, ETH_P_IP, ICMP_DEST_UNREACH, ICMP_ECHO, ICMP_ECHOREPLY, ICMP_PARAMETERPROB, ICMP_REDIRECT, ICMP_SOURCE_QUENCH, ICMP_TIME_EXCEEDED, IP_DF, IP_MF, IP_OFFSET, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '@skbuff/uapi';
import { be16, be32, formatMac, inetNtoa, ipHdrlen, IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TOT_LEN, IPHDR_TTL } from '@skbuff/wire';

export interface IpHeader {
  readonly saddr: number;
  readonly daddr: number;
  readonly protocol: number;
  readonly ttl: number;
  /** Bytes, header included, as the header says. */
  readonly length: number;
  readonly df: boolean;
  readonly more: boolean;
  /** Bytes. */
  readonly offset: number;
  /** Ports; of ICMP type and code. -1 where they are not in this fragment. */
  readonly a: number;
  readonly b: number;
}

const PEEK = 60 + 8;

/** The bytes from the network header on. */
function head(skb: SkBuff): Uint8Array {
  const at = skb.networkHeader >= 0 ? skb.networkHeader : skb.data;
  return skb.bytes.slice(at, Math.max(at, Math.min(skb.tail, at + PEEK)));
}

export function isArp(skb: SkBuff): boolean {
  return skb.protocol === ETH_P_ARP;
}

/** Null: no IPv4 packet. */
export function ipHeaderOf(skb: SkBuff): IpHeader | null {
  if (skb.protocol !== ETH_P_IP) return null;
  const b = head(skb);
  const hlen = b.length < IPHDR_LEN ? 0 : ipHdrlen(b, 0);
  if (hlen < IPHDR_LEN) return null;
  const frag = be16(b, IPHDR_FRAG_OFF);
  const offset = (frag & IP_OFFSET) * 8;
  const protocol = b[IPHDR_PROTOCOL];
  const there = offset === 0 && b.length >= hlen + 4;
  const icmp = protocol === IPPROTO_ICMP;
  return {
    saddr: be32(b, IPHDR_SADDR),
    daddr: be32(b, IPHDR_DADDR),
    protocol,
    ttl: b[IPHDR_TTL],
    length: be16(b, IPHDR_TOT_LEN),
    df: (frag & IP_DF) !== 0,
    more: (frag & IP_MF) !== 0,
    offset,
    a: !there ? -1 : icmp ? b[hlen] : be16(b, hlen),
    b: !there ? -1 : icmp ? b[hlen + 1] : be16(b, hlen + 2),
  };
}

export function isIcmpError({ protocol, a }: IpHeader): boolean {
  return protocol === IPPROTO_ICMP && (a === ICMP_DEST_UNREACH || a === ICMP_TIME_EXCEEDED || a === ICMP_PARAMETERPROB || a === ICMP_REDIRECT || a === ICMP_SOURCE_QUENCH);
}

/** `who-has 10.0.1.1 tell 10.0.1.2`, `10.0.1.1 is-at 02:…`. */
export function arpLine(skb: SkBuff): string {
  const b = head(skb);
  if (b.length < 28) return 'truncated';
  const [spa, tpa] = [inetNtoa(be32(b, 14)), inetNtoa(be32(b, 24))];
  return be16(b, 6) === 1 ? `who-has ${tpa} tell ${spa}` : `${spa} is-at ${formatMac(b, 8)}`;
}

const UNREACH: readonly string[] = ['net unreachable', 'host unreachable', 'protocol unreachable', 'port unreachable', 'fragmentation needed', 'source route failed'];

/** `time exceeded`: an ICMP message by its name. */
export function icmpName(type: number, code: number): string {
  if (type === ICMP_ECHO) return 'echo request';
  if (type === ICMP_ECHOREPLY) return 'echo reply';
  if (type === ICMP_DEST_UNREACH) return UNREACH[code] ?? (code === 13 ? 'packet filtered' : `unreachable, code ${code}`);
  if (type === ICMP_TIME_EXCEEDED) return code === 0 ? 'time exceeded' : 'reassembly time exceeded';
  if (type === ICMP_REDIRECT) return 'redirect';
  return type === ICMP_PARAMETERPROB ? 'parameter problem' : `type ${type} code ${code}`;
}

const NAMES: Readonly<{ [key: number]: string }> = { [IPPROTO_UDP]: 'UDP', [IPPROTO_TCP]: 'TCP', [IPPROTO_ICMP]: 'ICMP' };

/** `UDP 10.0.1.2:1000 > 10.0.2.2:53, 28 bytes, ttl 64, DF` */
export function ipLine(ip: IpHeader): string {
  const ports = (ip.protocol === IPPROTO_UDP || ip.protocol === IPPROTO_TCP) && ip.a >= 0;
  const name = ip.protocol === IPPROTO_ICMP && ip.a >= 0 ? `ICMP ${icmpName(ip.a, ip.b)}` : (NAMES[ip.protocol] ?? `protocol ${ip.protocol}`);
  const [from, to] = [ip.saddr, ip.daddr].map(inetNtoa);
  const ends = ports ? `${from}:${ip.a} > ${to}:${ip.b}` : `${from} > ${to}`;
  const fragment = ip.offset > 0 || ip.more ? `, fragment at ${ip.offset}${ip.more ? '+' : ''}` : '';
  return `${name} ${ends}, ${ip.length} bytes, ttl ${ip.ttl}${ip.df ? ', DF' : ''}${fragment}`;
}
