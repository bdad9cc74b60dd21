/** The way of a received packet: `ip6_route_input` (`net/ipv6/route.c`). */
import { DST_OBSOLETE_FORCE_CHK, type NetDevice, type SkBuff, skbFlowDissect } from '@skbuff/core';
import { RT6_LOOKUP_F_HAS_SADDR, RT6_LOOKUP_F_IFACE, type Rt6Info } from '@skbuff/ipv6';
import { RTNH_F_DEAD, RTNH_F_LINKDOWN } from '@skbuff/uapi';
import { type In6Addr, IPV6HDR_DADDR, IPV6HDR_NEXTHDR, IPV6HDR_SADDR, in6Word } from '@skbuff/wire';
import { type Fib6Net, fib6Net } from './fib6-net.ts';
import type { Fib6Node } from './fib6-node.ts';
import { ip6PolRoute } from './route6-lookup.ts';
import { rt6NoteWay } from './route6-ways.ts';

/**
 * Attaches the (borrowed) decision for a received packet. For one that takes the only route of its prefix, which was taken before, it allocates
 * nothing and fills in no flow.
 */
export function ip6RouteInput(skb: SkBuff): void {
  const state = fib6Net.of((skb.dev as NetDevice).net);
  const { bytes } = skb;
  const at = skb.networkHeader + IPV6HDR_DADDR;
  const w0 = in6Word(bytes, at);
  // From fe80:: on, and where :: and ::1 are, the interface counts too.
  if (w0 >>> 22 >= FIRST_LINK_LOCAL || w0 === 0 || state.rules !== null) return routeInputSlow(state, skb);
  const w1 = in6Word(bytes, at + 4);
  const w2 = in6Word(bytes, at + 8);
  const w3 = in6Word(bytes, at + 12);
  const { local, main, ways } = state;
  const own = local.store.backend.lookup(w0, w1, w2, w3, 128);
  let node = local.store.nodes[own] as Fib6Node;
  if (node === local.root && node.leaf === null && node.subtree === null) {
    const { store } = main;
    const index = store.backend.lookup(w0, w1, w2, w3, 128);
    const way = store.ways[index];
    // Hosts ask whether their routers answer.
    if (way !== 0 && state.v6.devconfAll.forwarding !== 0) {
      skb.dstSetNoref(ways[way - 1]);
      return;
    }
    node = store.nodes[index] as Fib6Node;
  }
  const rt = atAGlance(state, node, w0, w1, w2, w3);
  if (rt === null) return routeInputSlow(state, skb);
  skb.dstSetNoref(rt);
  rt6NoteWay(state, node, rt);
}

/** The decision of the only route of a node; null: it takes a closer look. */
function atAGlance(state: Fib6Net, { leaf, subtree, sernum }: Fib6Node, w0: number, w1: number, w2: number, w3: number): Rt6Info | null {
  if (leaf === null || leaf.next !== null || leaf.expires !== 0 || subtree !== null) return null;
  const { nh } = leaf;
  if ((nh.flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) !== 0 || (nh.hasGw && state.v6.devconfAll.forwarding === 0)) return null;
  const { rt } = nh;
  if (rt === null || rt.cookie !== sernum + state.genid || rt.obsolete !== DST_OBSOLETE_FORCE_CHK) return null;
  return nh.exceptions !== null && nh.exceptions.mayKnow(w0, w1, w2, w3) ? null : rt;
}

/** All that {@link ip6RouteInput} did not see at a glance. */
function routeInputSlow(state: Fib6Net, skb: SkBuff): void {
  const { inFlow: fl6, inRes: res } = state;
  const { bytes, networkHeader: iph } = skb;
  const dev = skb.dev as NetDevice;
  fl6.iif = dev.ifindex;
  fl6.oif = 0;
  fl6.mark = skb.mark;
  fl6.flowlabel = in6Word(bytes, iph) & FLOWINFO_MASK;
  fl6.tos = (fl6.flowlabel >>> 20) & 0xff;
  fl6.proto = bytes[iph + IPV6HDR_NEXTHDR];
  fl6.saddr.load(bytes, iph + IPV6HDR_SADDR);
  fl6.daddr.load(bytes, iph + IPV6HDR_DADDR);
  fl6.sport = 0;
  fl6.dport = 0;
  fl6.mpHash = 0;
  if (state.rules !== null && state.rules.fldissectUsers > 0) dissect(skb, fl6);
  const flags = rt6NeedStrict(fl6.daddr) ? RT6_LOOKUP_F_HAS_SADDR | RT6_LOOKUP_F_IFACE : RT6_LOOKUP_F_HAS_SADDR;
  skb.dstSetNoref(ip6PolRoute(state, fl6, dev.ifindex, flags, res, skb));
}

/** `IPV6_FLOWINFO_MASK`: traffic class and flow label. */
const FLOWINFO_MASK = 0x0fffffff;

/** `fib6_rules_early_flow_dissect`. */
function dissect(skb: SkBuff, fl6: Fib6Net['inFlow']): void {
  const { ipProto, source, dest } = skbFlowDissect(skb);
  fl6.proto = ipProto;
  if (source < 0) return;
  fl6.sport = source;
  fl6.dport = dest;
}

/** `rt6_need_strict`: addresses that mean something on one link only. */
export function rt6NeedStrict(a: In6Addr): boolean {
  return a.w0 >>> 24 === 0xff || (a.w0 & 0xffc00000) === LINK_LOCAL || a.isLoopback();
}

const LINK_LOCAL = 0xfe800000 | 0;
/** fe80::/10, its first ten bits. */
const FIRST_LINK_LOCAL: number = 0xfe800000 >>> 22;

