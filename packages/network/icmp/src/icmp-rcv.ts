/** Reception (`icmp_rcv`): what every message must be, and who handles which type. */
import {
  NET_RX_DROP,
  NET_RX_SUCCESS,
  type NetDevice,
  SKB_DROP_REASON_ICMP_CSUM,
  SKB_DROP_REASON_INVALID_PROTO,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  type SkBuff,
  skbChecksumSimpleValidate,
} from '@skbuff/core';
import { RTCF_BROADCAST, RTCF_MULTICAST, type Rtable } from '@skbuff/ipv4';
import {
  ICMP_ADDRESS,
  ICMP_ADDRESSREPLY,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_EXT_ECHO,
  ICMP_EXT_ECHOREPLY,
  ICMP_MIB_CSUMERRORS,
  ICMP_MIB_INERRORS,
  ICMP_MIB_INMSGS,
  ICMP_TIMESTAMP,
  NR_ICMP_TYPES,
} from '@skbuff/uapi';
import { ICMPHDR_LEN, ICMPHDR_TYPE } from '@skbuff/wire';
import { type IcmpNet, icmpNet } from './icmp-net.ts';
import { icmpDiscard, icmpEcho, icmpPingRcv } from './icmp-query.ts';
import type { IcmpHandler } from './icmp-service.ts';

/** `icmp_pointers`: handlers of what is no error, by type. */
export function icmpHandlers(): IcmpHandler[] {
  const table = new Array<IcmpHandler>(NR_ICMP_TYPES + 1).fill(icmpDiscard);
  table[ICMP_ECHOREPLY] = icmpPingRcv;
  table[ICMP_ECHO] = icmpEcho;
  return table;
}

/** `icmp_rcv`: takes over the sk_buff, `transportHeader` and `data` at the message. Never negative: no other protocol is tried. */
export function icmpRcv(skb: SkBuff): number {
  const state = icmpNet.of((skb.dev as NetDevice).net);
  state.mib[ICMP_MIB_INMSGS]++;
  if (!skbChecksumSimpleValidate(skb)) {
    state.mib[ICMP_MIB_CSUMERRORS]++;
    return error(state, skb, SKB_DROP_REASON_ICMP_CSUM);
  }
  if (!skb.mayPull(ICMPHDR_LEN)) return error(state, skb, SKB_DROP_REASON_NOT_SPECIFIED);
  skb.pull(ICMPHDR_LEN);
  const type = skb.bytes[skb.transportHeader + ICMPHDR_TYPE];
  state.msgs[type]++;
  if (((skb.dst as Rtable).rtFlags & (RTCF_BROADCAST | RTCF_MULTICAST)) !== 0 && !mayBeForAll(state, type)) {
    return error(state, skb, SKB_DROP_REASON_INVALID_PROTO);
  }
  const handler = handlerOf(state, type);
  if (handler === null) return error(state, skb, SKB_DROP_REASON_UNHANDLED_PROTO);
  const reason = handler(skb);
  if (reason === 0) {
    skb.consume();
    return NET_RX_SUCCESS;
  }
  skb.kfree(reason);
  return NET_RX_DROP;
}

/** Null: a type that nobody knows (RFC 1122 §3.2.2: silently discarded). */
function handlerOf(state: IcmpNet, type: number): IcmpHandler | null {
  if (type <= NR_ICMP_TYPES) return state.icmp.handlers[type];
  if (type === ICMP_EXT_ECHO) return icmpEcho;
  return type === ICMP_EXT_ECHOREPLY ? icmpPingRcv : null;
}

/** RFC 1122 §3.2.2.6, §3.2.2.8: what may be asked of everybody at once. */
function mayBeForAll(state: IcmpNet, type: number): boolean {
  if (type === ICMP_ECHO || type === ICMP_TIMESTAMP) return state.echoIgnoreBroadcasts === 0;
  return type === ICMP_ADDRESS || type === ICMP_ADDRESSREPLY;
}

function error(state: IcmpNet, skb: SkBuff, reason: number): number {
  state.mib[ICMP_MIB_INERRORS]++;
  skb.kfree(reason);
  return NET_RX_DROP;
}
