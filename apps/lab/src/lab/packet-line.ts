/** A packet in one line, as tcpdump(8) has it. */
import type { SkBuff } from '@skbuff/core';
import { ETH_P_ARP, ETH_P_IP, ICMP_DEST_UNREACH, ICMP_ECHO, ICMP_ECHOREPLY, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, IPPROTO_ICMP, IPPROTO_UDP } from '@skbuff/uapi';
import { be16, be32, formatMac, inetNtoa, ipHdrlen, IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TTL } from '@skbuff/wire';

const PEEK = 96;

/** What the packet is, judged by its network header. */
export function packetLine(skb: SkBuff): string {
  const at = skb.networkHeader >= 0 ? skb.networkHeader : skb.data;
  const head = skb.bytes.slice(at, Math.max(at, Math.min(skb.tail, at + PEEK)));
  if (skb.protocol === ETH_P_ARP) return arpLine(head);
  if (skb.protocol === ETH_P_IP) return ipLine(head);
  return `ethertype 0x${skb.protocol.toString(16).padStart(4, '0')}, length ${skb.len}`;
}

function arpLine(b: Uint8Array): string {
  if (b.length < 28) return 'ARP, truncated';
  const [spa, tpa] = [inetNtoa(be32(b, 14)), inetNtoa(be32(b, 24))];
  return be16(b, 6) === 1 ? `ARP, Request who-has ${tpa} tell ${spa}` : `ARP, Reply ${spa} is-at ${formatMac(b, 8)}`;
}

function ipLine(b: Uint8Array): string {
  const hlen = b.length < IPHDR_LEN ? 0 : ipHdrlen(b, 0);
  if (hlen < IPHDR_LEN) return 'IP, truncated';
  const ends = `${inetNtoa(be32(b, IPHDR_SADDR))} > ${inetNtoa(be32(b, IPHDR_DADDR))}`;
  const ttl = `ttl ${b[IPHDR_TTL]}`;
  const offset = (be16(b, IPHDR_FRAG_OFF) & 0x1fff) * 8;
  const upper = offset !== 0 ? `fragment at ${offset}` : b.length < hlen + 8 ? 'truncated' : upperLine(b, hlen);
  return `IP ${ends}: ${upper}, ${ttl}`;
}

function upperLine(b: Uint8Array, at: number): string {
  const proto = b[IPHDR_PROTOCOL];
  if (proto === IPPROTO_UDP) return `UDP ${be16(b, at)} > ${be16(b, at + 2)}, length ${be16(b, at + 4) - 8}`;
  return proto === IPPROTO_ICMP ? icmpLine(b, at) : `protocol ${proto}`;
}

const UNREACH: readonly string[] = ['net', 'host', 'protocol', 'port', 'need to frag', 'source route failed'];

function icmpLine(b: Uint8Array, at: number): string {
  const [type, code] = [b[at], b[at + 1]];
  if (type === ICMP_ECHO || type === ICMP_ECHOREPLY) {
    return `ICMP echo ${type === ICMP_ECHO ? 'request' : 'reply'}, id ${be16(b, at + 4)}, seq ${be16(b, at + 6)}`;
  }
  if (type === ICMP_DEST_UNREACH) return `ICMP unreachable (${UNREACH[code] ?? `code ${code}`})`;
  if (type === ICMP_TIME_EXCEEDED) return 'ICMP time exceeded';
  return type === ICMP_REDIRECT ? `ICMP redirect to ${inetNtoa(be32(b, at + 4))}` : `ICMP type ${type} code ${code}`;
}
