/** A router says that another way is better (RFC 4861 §8.3; `ip6_redirect`, `rt6_do_redirect`). */
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { IPV6_ADDR_LINKLOCAL, IPV6_ADDR_UNICAST, type Rt6Info, in6DevGet, ipv6AddrType } from '@skbuff/ipv6';
import { RTF_CACHE, RTF_DYNAMIC, RTF_GATEWAY, RTF_REJECT, RTF_UP, RTNH_F_DEAD } from '@skbuff/uapi';
import { In6Addr, IPV6HDR_SADDR } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6Net, fib6Net } from './fib6-net.ts';
import type { Fib6Node, Fib6Table } from './fib6-node.ts';
import { ip6RtCacheAlloc } from './route6-dst.ts';
import { fib6Backtrack, fib6NodeLookup } from './route6-lookup.ts';
import { quotedFlow, rt6InsertException } from './route6-pmtu.ts';

/** Offsets in a redirect message. */
const RD_TARGET = 8;
const RD_DEST = 24;

const target: In6Addr = new In6Addr();
const dest: In6Addr = new In6Addr();
const router: In6Addr = new In6Addr();

/** `ip6_redirect`: the redirect is at `transportHeader` (its own IPv6 header at `networkHeader`), the packet of ours that it quotes at `data`. */
export function ip6Redirect(net: Net, skb: SkBuff, oif: number, mark: number): void {
  const state = fib6Net.of(net);
  follow(state, skb, quotedFlow(state, skb, oif, mark));
}

/** `ip6_redirect_no_header`: only the message itself says what it is about. */
export function ip6RedirectNoHeader(net: Net, skb: SkBuff, oif: number): void {
  const state = fib6Net.of(net);
  const { auxFlow: fl6 } = state;
  fl6.init(0);
  fl6.oif = oif;
  fl6.daddr.load(skb.bytes, skb.transportHeader + RD_DEST);
  follow(state, skb, fl6);
}

/** `ip6_route_redirect`: only the router that the packet went by may say so. */
function follow(state: Fib6Net, skb: SkBuff, fl6: Fib6Net['auxFlow']): void {
  router.load(skb.bytes, skb.networkHeader + IPV6HDR_SADDR);
  const from = currentRoute(state, state.local, fl6) ?? currentRoute(state, state.main, fl6);
  if (from !== null && (from.flags & RTF_REJECT) === 0) rt6DoRedirect(state, from, skb);
}

/** The route for the flow over {@link router}. */
function currentRoute(state: Fib6Net, table: Fib6Table, fl6: Fib6Net['auxFlow']): Fib6Rt | null {
  const now = state.timers.jiffies;
  let node: Fib6Node | null = fib6NodeLookup(table, fl6.daddr, fl6.saddr);
  for (; node !== null; node = fib6Backtrack(table, node, fl6.daddr, fl6.saddr)) {
    for (let rt = node.leaf; rt !== null; rt = rt.next) {
      if (rt.expired(now)) continue;
      if ((rt.flags & RTF_REJECT) !== 0) return null;
      if (isOver(rt, fl6)) return rt;
    }
  }
  return null;
}

/** `ip6_redirect_nh_match`: over that router, or it was sent there by an earlier redirect. */
function isOver({ nh }: Fib6Rt, { oif, daddr, saddr }: Fib6Net['auxFlow']): boolean {
  if ((nh.flags & RTNH_F_DEAD) !== 0 || !nh.hasGw || nh.dev.ifindex !== oif) return false;
  if (nh.gw.equals(router)) return true;
  const cached = nh.exceptions?.find(daddr, saddr) ?? null;
  return cached !== null && cached.gateway.equals(router);
}

/** `rt6_do_redirect`: the destination gets a decision of its own, by the new first hop, or right on the link. */
function rt6DoRedirect(state: Fib6Net, from: Fib6Rt, skb: SkBuff): void {
  const { bytes, transportHeader: rd } = skb;
  const idev = in6DevGet(skb.dev as NetDevice);
  target.load(bytes, rd + RD_TARGET);
  dest.load(bytes, rd + RD_DEST);
  const onLink = target.equals(dest);
  if (dest.isMulticast() || (!onLink && ipv6AddrType(target) !== (IPV6_ADDR_UNICAST | IPV6_ADDR_LINKLOCAL))) return;
  if (idev === null || idev.cnf.forwarding !== 0 || idev.cnf.acceptRedirects === 0) return;
  if ((state.fib6.ip.ndisc?.redirectTarget(skb, onLink) ?? null) === null) return;
  const rt: Rt6Info = ip6RtCacheAlloc(state, from, dest, null);
  rt.rtFlags = RTF_UP | RTF_DYNAMIC | RTF_CACHE | (onLink ? 0 : RTF_GATEWAY);
  rt.gateway.copy(target);
  rt6InsertException(state, from, rt);
}
