/** A packet in one line, as tcpdump(8) has it. */
import type { SkBuff } from '@skbuff/core';
import { type IpHeader, readPacket } from '@skbuff/explain';
import { ICMP_DEST_UNREACH, ICMP_ECHO, ICMP_ECHOREPLY, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST, IPPROTO_ICMP, IPPROTO_UDP } from '@skbuff/uapi';
import { inetNtoa } from '@skbuff/wire';

/** What the packet is, judged by its network header. */
export function packetLine(skb: SkBuff): string {
  const read = readPacket(skb);
  if (read === null) return `ethertype 0x${skb.protocol.toString(16).padStart(4, '0')}, length ${skb.len}`;
  const { title, search, ip } = read;
  if (search !== null) return `${title}, ${search.asks === null ? '' : search.asks ? 'Request ' : 'Reply '}${search.text}`;
  return ip === null ? `${title}, truncated` : `${title} ${ip.saddr} > ${ip.daddr}: ${upperLine(ip)}, ttl ${ip.ttl}`;
}

function upperLine(ip: IpHeader): string {
  if (ip.offset !== 0) return `fragment at ${ip.offset}`;
  if (ip.c < 0) return 'truncated';
  if (ip.protocol === IPPROTO_UDP) return `UDP ${ip.a} > ${ip.b}, length ${ip.c - 8}`;
  if (ip.protocol !== ip.family.icmp.protocol) return `protocol ${ip.protocol}`;
  return ip.protocol === IPPROTO_ICMP ? icmpLine(ip) : icmp6Line(ip);
}

const UNREACH: readonly string[] = ['net', 'host', 'protocol', 'port', 'need to frag', 'source route failed'];

function icmpLine({ a: type, b: code, c, d }: IpHeader): string {
  if (type === ICMP_ECHO || type === ICMP_ECHOREPLY) return `ICMP echo ${type === ICMP_ECHO ? 'request' : 'reply'}, id ${c}, seq ${d}`;
  if (type === ICMP_DEST_UNREACH) return `ICMP unreachable (${UNREACH[code] ?? `code ${code}`})`;
  if (type === ICMP_TIME_EXCEEDED) return 'ICMP time exceeded';
  return type === ICMP_REDIRECT ? `ICMP redirect to ${inetNtoa(((c << 16) | d) >>> 0)}` : `ICMP type ${type} code ${code}`;
}

function icmp6Line({ family, a: type, b: code, c, d }: IpHeader): string {
  if (type === ICMPV6_ECHO_REQUEST || type === ICMPV6_ECHO_REPLY) return `ICMP6 echo ${type === ICMPV6_ECHO_REQUEST ? 'request' : 'reply'}, id ${c}, seq ${d}`;
  return `ICMP6 ${family.icmp.nameOf(type, code)}`;
}
