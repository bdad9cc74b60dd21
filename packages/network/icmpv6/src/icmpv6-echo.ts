/** Echo (RFC 4443 §4): requests are answered (`icmpv6_echo_reply`), replies are for ping sockets. */
import { type Net, type NetDevice, SKB_CONSUMED, SKB_DROP_REASON_NO_SOCKET, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff } from '@skbuff/core';
import { ip6DstLookup, ip6SkDstHoplimit, type Rt6Info } from '@skbuff/ipv6';
import { ICMPV6_ECHO_REPLY, IPPROTO_ICMPV6, RTF_LOCAL } from '@skbuff/uapi';
import { ICMP6HDR_CODE, ICMP6HDR_DATA, In6Addr, IPV6HDR_DADDR, IPV6HDR_FLOW, IPV6HDR_SADDR, be32 } from '@skbuff/wire';
import { icmp6Iif, icmpv6Oif, icmpv6Push, ip6ReplyMark, ipv6AnycastDestination } from './icmpv6-push.ts';
import { ICMPV6_LIMITED, ICMPV6_REFUSED, icmpv6GlobalAllow, icmpv6XrlimAllow } from './icmpv6-limit.ts';
import { type Icmpv6Net, icmpv6Net } from './icmpv6-net.ts';

/** Bit of net.ipv6.flowlabel_reflect. */
const FLOWLABEL_REFLECT_ICMPV6_ECHO_REPLIES = 4;

const daddr: In6Addr = new In6Addr();

/**
 * `icmpv6_echo_reply`: the same identifier, number and data go back, with the request's traffic class. Returns a drop reason of the
 * request.
 */
export function icmpv6EchoReply(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  const state = icmpv6Net.of(net);
  daddr.load(skb.bytes, skb.networkHeader + IPV6HDR_DADDR);
  const anycast = ipv6AnycastDestination(skb.dst as Rt6Info, daddr);
  if (ignored(state, anycast) || state.busy || skb.cache.linearize(skb) !== 0) return SKB_DROP_REASON_NOT_SPECIFIED;
  const { softirq } = net.kernel;
  softirq.localBhDisable();
  state.busy = true;
  const reason = reply(net, state, skb, anycast);
  state.busy = false;
  softirq.localBhEnable();
  return reason;
}

/** RFC 4443 §4.2 leaves it to a host whether it answers what was sent to many. */
function ignored({ ipv6 }: Icmpv6Net, anycast: boolean): boolean {
  if (ipv6.icmpv6EchoIgnoreAll !== 0) return true;
  return daddr.isMulticast() ? ipv6.icmpv6EchoIgnoreMulticast !== 0 : anycast && ipv6.icmpv6EchoIgnoreAnycast !== 0;
}

function reply(net: Net, state: Icmpv6Net, skb: SkBuff, anycast: boolean): number {
  const { cookie, fl6, np, sk } = state;
  fillFlow(state, skb, anycast);
  icmpv6Oif(state);
  const rt = ip6DstLookup(net, sk, fl6);
  if (typeof rt === 'number') return SKB_DROP_REASON_NOT_SPECIFIED;
  const allowed = icmpv6GlobalAllow(skb.dev as NetDevice, state, ICMPV6_ECHO_REPLY);
  if (allowed === ICMPV6_REFUSED || (allowed === ICMPV6_LIMITED && !icmpv6XrlimAllow(net, state))) {
    rt.release();
    return SKB_DROP_REASON_NOT_SPECIFIED;
  }
  const flow = be32(skb.bytes, skb.networkHeader + IPV6HDR_FLOW);
  cookie.hlimit = ip6SkDstHoplimit(np, fl6, rt);
  cookie.tclass = (flow >>> 20) & 0xff;
  cookie.mark = fl6.mark;
  const { bytes, transportHeader: at } = skb;
  const sent = icmpv6Push(net, state, skb, rt, ICMPV6_ECHO_REPLY, bytes[at + ICMP6HDR_CODE], be32(bytes, at + ICMP6HDR_DATA), bytes, skb.data, skb.len);
  return sent ? SKB_CONSUMED : SKB_DROP_REASON_NOT_SPECIFIED;
}

function fillFlow(state: Icmpv6Net, skb: SkBuff, anycast: boolean): void {
  const { fl6, ipv6 } = state;
  const unicast = ((skb.dst as Rt6Info).rtFlags & RTF_LOCAL) !== 0;
  fl6.init(IPPROTO_ICMPV6);
  if ((ipv6.flowlabelReflect & FLOWLABEL_REFLECT_ICMPV6_ECHO_REPLIES) !== 0) fl6.flowlabel = be32(skb.bytes, skb.networkHeader + IPV6HDR_FLOW) & 0xfffff;
  fl6.daddr.load(skb.bytes, skb.networkHeader + IPV6HDR_SADDR);
  // Who was asked with others answers by an address of its own.
  if (unicast || (anycast && ipv6.anycastSrcEchoReply !== 0)) fl6.saddr.copy(daddr);
  fl6.oif = icmp6Iif(skb);
  fl6.sport = ICMPV6_ECHO_REPLY;
  fl6.mark = ip6ReplyMark(state, skb.mark);
}

/** `ping_rcv`. */
export function icmpv6PingRcv(skb: SkBuff): number {
  return icmpv6Net.of((skb.dev as NetDevice).net).icmpv6.ping?.rcv(skb) ?? SKB_DROP_REASON_NO_SOCKET;
}
