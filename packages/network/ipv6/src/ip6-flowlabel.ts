/** Flow labels that nobody chose (`ip6_make_flowlabel` in `include/net/ipv6.h`; RFC 6437, RFC 6438). */
import { type SkBuff, SKB_L4_HASH, SKB_SW_HASH } from '@skbuff/core';
import { IPPROTO_ICMPV6 } from '@skbuff/uapi';
import { in6Hash } from '@skbuff/wire';
import type { Flowi6 } from './flow.ts';
import type { Ipv6Net } from './ipv6-net.ts';
import type { Ipv6Pinfo } from './ipv6-sock.ts';

const IPV6_FLOWLABEL_MASK = 0xfffff;
/** With `flowlabel_state_ranges`, labels of this half belong to no state (RFC 6437 §4). */
const IPV6_FLOWLABEL_STATELESS_FLAG = 0x80000;

/** Values of net.ipv6.auto_flowlabels. */
const IP6_AUTO_FLOW_LABEL_OFF = 0;
const IP6_AUTO_FLOW_LABEL_OPTOUT = 1;
const IP6_AUTO_FLOW_LABEL_FORCED = 3;

/** `ip6_autoflowlabel`: whether packets of a socket get a label of their own; `np` null: of nobody's. */
export function ip6Autoflowlabel({ autoFlowlabels }: Ipv6Net, np: Ipv6Pinfo | null): boolean {
  if (np !== null && np.autoflowlabel >= 0) return np.autoflowlabel !== 0;
  return autoFlowlabels === IP6_AUTO_FLOW_LABEL_OPTOUT || autoFlowlabels === IP6_AUTO_FLOW_LABEL_FORCED;
}

/** `ip6_make_flowlabel`: the label that a packet of the flow `fl6` gets: its own, or one made of the flow, or 0. */
export function ip6MakeFlowlabel(state: Ipv6Net, skb: SkBuff, fl6: Flowi6, autolabel: boolean): number {
  const label = fl6.flowlabel & IPV6_FLOWLABEL_MASK;
  if (label !== 0 || state.autoFlowlabels === IP6_AUTO_FLOW_LABEL_OFF || (!autolabel && state.autoFlowlabels !== IP6_AUTO_FLOW_LABEL_FORCED)) return label;
  // Whoever sees the label shall not know the number by which queues are chosen.
  const hash = skbGetHashFlowi6(skb, fl6);
  const made = ((hash << 16) | (hash >>> 16)) & IPV6_FLOWLABEL_MASK;
  return state.flowlabelStateRanges !== 0 ? made | IPV6_FLOWLABEL_STATELESS_FLAG : made;
}

/** `skb_get_hash_flowi6`: the number of the packet's flow, made of `fl6` if nobody did: the headers are not written yet. */
function skbGetHashFlowi6(skb: SkBuff, fl6: Flowi6): number {
  if ((skb.bits & (SKB_L4_HASH | SKB_SW_HASH)) !== 0) return skb.hash;
  const { saddr, daddr, sport, dport, proto } = fl6;
  const seed = skb.cache.hashRnd | 0;
  // A sum, and ports in order: both directions of a flow have the same number. ICMPv6's type and code have no direction.
  const addrs = in6Hash(saddr.w0, saddr.w1, saddr.w2, saddr.w3, seed) + in6Hash(daddr.w0, daddr.w1, daddr.w2, daddr.w3, seed);
  const ports = proto === IPPROTO_ICMPV6 || sport > dport ? (sport << 16) | dport : (dport << 16) | sport;
  const hash = in6Hash(addrs | 0, ports, proto, 0, seed) >>> 0;
  skb.hash = hash === 0 ? 1 : hash;
  skb.bits |= (sport | dport) !== 0 ? SKB_L4_HASH | SKB_SW_HASH : SKB_SW_HASH;
  return skb.hash;
}
