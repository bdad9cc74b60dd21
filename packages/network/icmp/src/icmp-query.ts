/** Questions to this host, and answers to its own: echo, time stamp (RFC 792). */
import { type NetDevice, SKB_DROP_REASON_NO_SOCKET, SKB_DROP_REASON_PKT_TOO_SMALL, type SkBuff } from '@skbuff/core';
import { inetCurrentTimestamp } from '@skbuff/ipv4';
import { ICMP_ECHO, ICMP_ECHOREPLY, ICMP_MIB_INERRORS, ICMP_TIMESTAMPREPLY } from '@skbuff/uapi';
import { ICMPHDR_CODE, ICMPHDR_TYPE, ICMPHDR_UN, be32, setBe32 } from '@skbuff/wire';
import { icmpNet } from './icmp-net.ts';
import { icmpReply } from './icmp-reply.ts';

/** `icmp_echo`: the same id, sequence number and data go back. Extended echo requests (RFC 8335) are not answered. */
export function icmpEcho(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  const icmph = skb.transportHeader;
  if (icmpNet.of(net).echoIgnoreAll !== 0 || skb.bytes[icmph + ICMPHDR_TYPE] !== ICMP_ECHO) return 0;
  if (skb.cache.linearize(skb) !== 0) return 0;
  const at = skb.transportHeader;
  icmpReply(skb, ICMP_ECHOREPLY, skb.bytes[at + ICMPHDR_CODE], be32(skb.bytes, at + ICMPHDR_UN), skb.bytes, skb.data, skb.len);
  return 0;
}

/** Where the three time stamps of an answer are put together. */
const stamps: Uint8Array = new Uint8Array(12);

/** `icmp_timestamp`: milliseconds since midnight, universal time, of the arrival and of the answer. */
export function icmpTimestamp(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  if (skb.len < 4) {
    icmpNet.of(net).mib[ICMP_MIB_INERRORS]++;
    return SKB_DROP_REASON_PKT_TOO_SMALL;
  }
  skb.copyBits(0, stamps, 0, 4);
  const now = inetCurrentTimestamp(net);
  setBe32(stamps, 4, now);
  setBe32(stamps, 8, now);
  icmpReply(skb, ICMP_TIMESTAMPREPLY, 0, be32(skb.bytes, skb.transportHeader + ICMPHDR_UN), stamps, 0, stamps.length);
  return 0;
}

/** `ping_rcv`: answers to this host's own questions are for ping sockets. */
export function icmpPingRcv(skb: SkBuff): number {
  return icmpNet.of((skb.dev as NetDevice).net).icmp.ping?.rcv(skb) ?? SKB_DROP_REASON_NO_SOCKET;
}

/** `icmp_discard`: types that nobody here makes use of. */
export function icmpDiscard(_skb: SkBuff): number {
  return 0;
}
