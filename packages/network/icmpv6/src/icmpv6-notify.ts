/** Errors about packets of this host: passed on to whom they concern (`icmpv6_notify`, `icmpv6_err`). */
import { type NetDevice, SKB_CONSUMED, SKB_DROP_REASON_IPV6_BAD_EXTHDR, SKB_DROP_REASON_NOMEM, SKB_DROP_REASON_NOT_SPECIFIED, SKB_DROP_REASON_PKT_TOO_SMALL, type SkBuff } from '@skbuff/core';
import { exthdrWalk, in6DevGet, ipv6SkipExthdr } from '@skbuff/ipv6';
import { ICMP6_MIB_INERRORS, ICMPV6_ECHO_REQUEST, ICMPV6_INFOMSG_MASK, ICMPV6_PKT_TOOBIG, IPPROTO_RAW, NDISC_REDIRECT } from '@skbuff/uapi';
import { IPV6HDR_LEN, IPV6HDR_NEXTHDR } from '@skbuff/wire';
import { icmpv6Net } from './icmpv6-net.ts';

/**
 * `icmpv6_notify`: `data` at the packet that the message quotes, of which its headers and 8 bytes behind them must be there: the transport and
 * the raw sockets hear of it. Returns a drop reason, SKB_CONSUMED where all is well; the sk_buff stays the caller's.
 */
export function icmpv6Notify(skb: SkBuff, type: number, code: number, info: number): number {
  const dev = skb.dev as NetDevice;
  const state = icmpv6Net.of(dev.net);
  const reason = deliver(skb, type, code, info);
  if (reason !== SKB_CONSUMED) state.count(in6DevGet(dev), ICMP6_MIB_INERRORS);
  return reason;
}

function deliver(skb: SkBuff, type: number, code: number, info: number): number {
  const { ip } = icmpv6Net.of((skb.dev as NetDevice).net);
  const short = pullReason(skb, IPV6HDR_LEN);
  if (short !== 0) return short;
  const offset = ipv6SkipExthdr(skb, IPV6HDR_LEN, skb.bytes[skb.data + IPV6HDR_NEXTHDR]);
  if (offset < 0) return SKB_DROP_REASON_IPV6_BAD_EXTHDR;
  const { nexthdr } = exthdrWalk;
  const cut = pullReason(skb, offset + 8);
  if (cut !== 0) return cut;
  // Raw sockets of this number only send, each packet as another protocol.
  if (nexthdr === IPPROTO_RAW) return SKB_DROP_REASON_NOT_SPECIFIED;
  ip.protos[nexthdr]?.errHandler?.(skb, type, code, offset, info);
  ip.raw?.icmpError(skb, nexthdr, type, code, offset, info);
  return SKB_CONSUMED;
}

/** `pskb_may_pull_reason`. */
function pullReason(skb: SkBuff, n: number): number {
  if (skb.mayPull(n)) return 0;
  return n > skb.len ? SKB_DROP_REASON_PKT_TOO_SMALL : SKB_DROP_REASON_NOMEM;
}

/**
 * `icmpv6_err`: the quoted packet is an ICMPv6 message of this host. Routing learns of longer ways and better first hops, ping sockets hear
 * what became of their questions.
 */
export function icmpv6Err(skb: SkBuff, type: number, code: number, offset: number, info: number): void {
  const { net, ifindex } = skb.dev as NetDevice;
  const { icmpv6, ip } = icmpv6Net.of(net);
  if (type === ICMPV6_PKT_TOOBIG) ip.routing?.updatePmtu(net, skb, info, ifindex, 0);
  else if (type === NDISC_REDIRECT) ip.routing?.redirect(net, skb, ifindex, 0);
  if ((type & ICMPV6_INFOMSG_MASK) === 0 && skb.bytes[skb.data + offset] === ICMPV6_ECHO_REQUEST) icmpv6.ping?.err(skb, type, code, offset, info);
}
