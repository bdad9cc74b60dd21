/** What a packet says of itself, whichever family it is of, and how that is told. */
import type { SkBuff } from '@skbuff/core';
import { IPPROTO_TCP, IPPROTO_UDP } from '@skbuff/uapi';
import type { Family } from './family.ts';

export interface IpHeader {
  readonly family: Family;
  /** As text, always the same for the same address. */
  readonly saddr: string;
  readonly daddr: string;
  readonly protocol: number;
  /** The hop limit, as IPv6 calls it. */
  readonly ttl: number;
  /** Bytes, header included, as the header says. */
  readonly length: number;
  /** Never of IPv6, whose routers cut nothing anyway. */
  readonly df: boolean;
  readonly more: boolean;
  /** Bytes. */
  readonly offset: number;
  /** Ports; of ICMP type and code. -1 where they are not in this fragment. */
  readonly a: number;
  readonly b: number;
  /** The 32 bits behind them, in halves: of UDP length and checksum, of an echo id and number. -1 where they are not in this fragment. */
  readonly c: number;
  readonly d: number;
}

/** A message of the search for a neighbour. */
export interface Search {
  /** It is a question; null: too short to tell. */
  readonly asks: boolean | null;
  /** `who-has 10.0.1.1 tell 10.0.1.2`, `10.0.1.1 is-at 02:…`, `truncated` */
  readonly text: string;
}

export interface PacketRead {
  readonly family: Family;
  /** As tcpdump(8) calls it: `IP`, `ARP`, `IP6`, `ICMP6`. */
  readonly title: string;
  /** Null: none, or one that cannot be read. */
  readonly ip: IpHeader | null;
  readonly search: Search | null;
  /** A message that a kernel sends by itself, whatever packet is asked about: to routers, of groups, whether an address is free. */
  readonly housekeeping: boolean;
}

const PEEK = 60 + 8;

/** The bytes from the network header on, at most `room`. */
export function head(skb: SkBuff, room: number = PEEK): Uint8Array {
  const at = skb.networkHeader >= 0 ? skb.networkHeader : skb.data;
  return skb.bytes.slice(at, Math.max(at, Math.min(skb.tail, at + room)));
}

/** `10.0.1.2:1000`, `[2001:db8::1]:1000` */
export function endName(addr: string, port: number): string {
  return addr.includes(':') ? `[${addr}]:${port}` : `${addr}:${port}`;
}

const NAMES: Readonly<{ [key: number]: string }> = { [IPPROTO_UDP]: 'UDP', [IPPROTO_TCP]: 'TCP' };

/** `UDP 10.0.1.2:1000 > 10.0.2.2:53, 28 bytes, ttl 64, DF` */
export function ipLine(ip: IpHeader): string {
  const ports = (ip.protocol === IPPROTO_UDP || ip.protocol === IPPROTO_TCP) && ip.a >= 0;
  const ends = ports ? `${endName(ip.saddr, ip.a)} > ${endName(ip.daddr, ip.b)}` : `${ip.saddr} > ${ip.daddr}`;
  const fragment = ip.offset > 0 || ip.more ? `, fragment at ${ip.offset}${ip.more ? '+' : ''}` : '';
  return `${protocolName(ip)} ${ends}, ${ip.length} bytes, ${ip.family.hopLimit.short} ${ip.ttl}${ip.df ? ', DF' : ''}${fragment}`;
}

function protocolName({ family, protocol, a, b }: IpHeader): string {
  if (protocol === family.icmp.protocol) return a >= 0 ? `${family.icmp.name} ${family.icmp.nameOf(a, b)}` : family.icmp.name;
  return NAMES[protocol] ?? `protocol ${protocol}`;
}
