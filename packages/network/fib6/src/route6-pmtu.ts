/** Path MTU discovery (RFC 8201): what routers say about the way to one destination (`ip6_update_pmtu`, `__ip6_rt_update_pmtu`). */
import { HZ, type Net, type SkBuff } from '@skbuff/core';
import { type Rt6Info, ip6Mtu } from '@skbuff/ipv6';
import { IPV6_MIN_MTU, RTF_CACHE, RTF_EXPIRES, RTF_MODIFIED } from '@skbuff/uapi';
import { type In6Addr, IPV6HDR_DADDR, IPV6HDR_SADDR, in6Word } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6Net, fib6Net, fib6StartGc } from './fib6-net.ts';
import { updateSernum } from './ip6-fib.ts';
import { ip6RtCacheAlloc } from './route6-dst.ts';
import { Rt6Exceptions } from './route6-exception.ts';
import { ip6RouteOutput } from './route6-output.ts';

const FLOWINFO_MASK = 0x0fffffff;

/** `ip6_update_pmtu`: `skb.data` is at the packet of ours that an error quotes. */
export function ip6UpdatePmtu(net: Net, skb: SkBuff, mtu: number, oif: number, mark: number): void {
  const state = fib6Net.of(net);
  const fl6 = quotedFlow(state, skb, oif, mark);
  const rt = ip6RouteOutput(net, null, fl6, 0);
  if (rt.error === 0) update(state, rt, fl6.daddr, fl6.saddr, mtu);
  rt.release();
}

/** The flow of the packet at `skb.data`, in the namespace's own object. */
export function quotedFlow({ auxFlow: fl6 }: Fib6Net, { bytes, data }: SkBuff, oif: number, mark: number): Fib6Net['auxFlow'] {
  fl6.init(0);
  fl6.oif = oif;
  fl6.mark = mark;
  fl6.daddr.load(bytes, data + IPV6HDR_DADDR);
  fl6.saddr.load(bytes, data + IPV6HDR_SADDR);
  fl6.flowlabel = in6Word(bytes, data) & FLOWINFO_MASK;
  return fl6;
}

/**
 * `__ip6_rt_update_pmtu`. Smaller than any link may be is not believed, larger than known is no news. Nobody may do without discovery: a
 * route's `mtu lock` does not keep it from learning.
 */
function update(state: Fib6Net, rt: Rt6Info, daddr: In6Addr, saddr: In6Addr, mtu: number): void {
  rt.ops.confirmNeigh?.(rt, daddr);
  if (mtu < IPV6_MIN_MTU || mtu >= ip6Mtu(rt)) return;
  const from = rt.from as Fib6Rt | null;
  if ((rt.rtFlags & RTF_CACHE) !== 0) {
    learnMtu(state, rt, mtu);
    from?.nh.exceptions?.touch(rt);
  } else if (from !== null && from.node !== null) {
    const own = ip6RtCacheAlloc(state, from, daddr, saddr);
    learnMtu(state, own, mtu);
    rt6InsertException(state, from, own);
  }
}

/** `rt6_do_update_pmtu`: holds for net.ipv6.route.mtu_expires seconds. */
function learnMtu(state: Fib6Net, rt: Rt6Info, mtu: number): void {
  rt.pmtu = mtu;
  rt.rtFlags |= RTF_MODIFIED;
  const expires = state.timers.jiffies + state.v6.mtuExpires * HZ;
  const from = rt.from as Fib6Rt | null;
  if ((rt.rtFlags & RTF_EXPIRES) === 0) rt.expires = from?.expires ?? 0;
  if (rt.expires === 0 || expires < rt.expires) rt.expires = expires;
  rt.rtFlags |= RTF_EXPIRES;
}

/** `rt6_insert_exception`: takes over the caller's reference. Who decided before decides anew. */
export function rt6InsertException(state: Fib6Net, from: Fib6Rt, rt: Rt6Info): void {
  (from.nh.exceptions ??= new Rt6Exceptions(state, from.srcLen !== 0)).insert(rt, state.fib6.random);
  updateSernum(state, from);
  fib6StartGc(state);
}
