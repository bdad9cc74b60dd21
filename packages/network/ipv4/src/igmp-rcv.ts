/** What comes in by IGMP (`igmp_rcv`; RFC 1112, RFC 2236, RFC 3376 §4, §9). */
import { NET_RX_SUCCESS, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff, skbChecksumSimpleValidate } from '@skbuff/core';
import type { NetProtocol } from './interfaces.ts';

const IGMP_LEN = 8;
const IGMPV3_QUERY_LEN = 12;

const IGMP_HOST_MEMBERSHIP_QUERY = 0x11;
/** Reports of other hosts in all three versions, what multicast routers say to each other, leaving, tracing: nothing to do for a host. */
const IGMP_OF_OTHERS: readonly number[] = [0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x1e, 0x1f, 0x22];

/** The only group that a host here is in by itself is 224.0.0.1, which is never reported: a well-formed message is heard, and that is all. */
function isKnown(skb: SkBuff): boolean {
  if (!skb.mayPull(IGMP_LEN) || !skbChecksumSimpleValidate(skb)) return false;
  const type = skb.bytes[skb.data] as number;
  if (type !== IGMP_HOST_MEMBERSHIP_QUERY) return IGMP_OF_OTHERS.includes(type);
  return skb.len === IGMP_LEN || skb.len >= IGMPV3_QUERY_LEN;
}

/** `igmp_rcv`: takes over the sk_buff, `data` at the message. Nothing is ever answered with an ICMP error. */
function igmpRcv(skb: SkBuff): number {
  if (isKnown(skb)) skb.consume();
  else skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return NET_RX_SUCCESS;
}

/** `igmp_protocol`. */
export const igmpProtocol: NetProtocol = { handler: igmpRcv, errHandler: null, noPolicy: false };
