/** Making and checking decisions (`net/ipv6/route.c`): `struct rt6_info`, one for each way that all its packets share. */
import { DST_OBSOLETE_FORCE_CHK, type DstEntry, NETDEV_TX_OK, NetDevice, SKB_DROP_REASON_NOT_SPECIFIED, dstDiscard, dstDiscardOut, netdevOpsDefaults } from '@skbuff/core';
import { Rt6Info, in6DevGet, ip6Forward, ip6Input, ip6McInput, ip6Output } from '@skbuff/ipv6';
import {
  EACCES,
  EINVAL,
  RTF_ANYCAST,
  RTF_CACHE,
  RTF_EXPIRES,
  RTF_GATEWAY,
  RTF_LOCAL,
  RTF_NONEXTHOP,
  RTF_PCPU,
  RTF_REJECT,
  RTN_ANYCAST,
  RTN_BLACKHOLE,
  RTN_LOCAL,
  RTN_PROHIBIT,
} from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6, type Fib6Net, fib6Net } from './fib6-net.ts';
import type { Fib6Node } from './fib6-node.ts';
import { ip6PktDiscard, ip6PktDiscardOut, ip6PktProhibit, ip6PktProhibitOut } from './route6-error.ts';

/** `ip6_dst_alloc`: one reference, the caller's. */
export function ip6DstAlloc(state: Fib6Net, dev: NetDevice): Rt6Info {
  const rt = new Rt6Info(dev, state.fib6.ip.dstOps);
  rt.obsolete = DST_OBSOLETE_FORCE_CHK;
  state.stats.rtAlloc++;
  return rt;
}

/** `rt6_uncached_list_add`: nobody but the caller knows it. */
export function rt6AddUncached(fib6: Fib6, rt: Rt6Info): Rt6Info {
  rt.uncached = fib6.uncached.add(rt);
  return rt;
}

/** `ip6_create_rt_rcu`: a decision for the route `f6i`, which is in a table; one reference, the caller's. */
export function ip6CreateRt(state: Fib6Net, f6i: Fib6Rt): Rt6Info {
  const { nh } = f6i;
  const rt = ip6DstAlloc(state, rt6Dev(state, f6i));
  initWay(rt, f6i);
  rt.rtFlags = f6i.flagsShown & ~RTF_EXPIRES;
  rt.type = f6i.type;
  rt.dstAddr.copy(f6i.dst);
  rt.dstPlen = f6i.plen;
  rt.srcAddr.copy(f6i.src);
  rt.srcPlen = f6i.srcLen;
  rt.gateway.copy(nh.gw);
  rt.prefsrc.copy(f6i.prefsrc);
  rt.metrics = f6i.metrics;
  rt.idev = in6DevGet(nh.dev);
  rt.from = f6i;
  rt.cookie = rt6Cookie(state, f6i.node as Fib6Node);
  return rt;
}

/** `ip6_rt_get_dev_rcu`: addresses of this host are reached over the loopback device. */
function rt6Dev(state: Fib6Net, { flags, nh }: Fib6Rt): NetDevice {
  return (flags & (RTF_LOCAL | RTF_ANYCAST)) !== 0 ? (state.net.loopbackDev ?? nh.dev) : nh.dev;
}

/** `ip6_rt_init_dst`. */
function initWay(rt: Rt6Info, { flags, type, dst, error }: Fib6Rt): void {
  if ((flags & RTF_REJECT) !== 0) return initReject(rt, type, error);
  rt.output = ip6Output;
  rt.input = type === RTN_LOCAL || type === RTN_ANYCAST ? ip6Input : dst.isMulticast() ? ip6McInput : ip6Forward;
}

/** `ip6_rt_init_dst_reject`. */
function initReject(rt: Rt6Info, type: number, error: number): void {
  rt.error = error;
  if (type === RTN_BLACKHOLE) {
    rt.input = dstDiscard;
    rt.output = dstDiscardOut;
  } else {
    const prohibit = type === RTN_PROHIBIT;
    rt.input = prohibit ? ip6PktProhibit : ip6PktDiscard;
    rt.output = prohibit ? ip6PktProhibitOut : ip6PktDiscardOut;
  }
}

/** `fib6_get_cookie`: changes when packets for a node may have to take another way. */
export function rt6Cookie(state: Fib6Net, node: Fib6Node): number {
  return node.sernum + state.genid;
}

/** `rt6_get_pcpu_route`, `rt6_make_pcpu_route`: the decision (borrowed) that all packets of a route share. */
export function rt6SharedRoute(state: Fib6Net, f6i: Fib6Rt): Rt6Info {
  const { nh } = f6i;
  const known = nh.rt;
  if (known !== null && known.obsolete === DST_OBSOLETE_FORCE_CHK && known.cookie === rt6Cookie(state, f6i.node as Fib6Node)) return known;
  nh.dropRt(state.fib6.uncached);
  const rt = ip6CreateRt(state, f6i);
  rt.rtFlags |= RTF_PCPU;
  nh.rt = rt;
  return rt;
}

/** `ip6_rt_cache_alloc`: a decision for one destination (and source, where the route is for certain sources); one reference, the caller's. */
export function ip6RtCacheAlloc(state: Fib6Net, f6i: Fib6Rt, daddr: In6Addr, saddr: In6Addr | null): Rt6Info {
  const rt = ip6CreateRt(state, f6i);
  rt.rtFlags |= RTF_CACHE;
  rt.dstAddr.copy(daddr);
  rt.dstPlen = 128;
  if (!f6i.nh.hasGw) rt.gateway.copy(daddr);
  if (f6i.nh.hasGw || (f6i.flags & (RTF_GATEWAY | RTF_NONEXTHOP)) !== 0) return rt;
  if (f6i.plen !== 128 && f6i.dst.equals(daddr)) rt.rtFlags |= RTF_ANYCAST;
  if (rt.srcPlen !== 0 && saddr !== null) {
    rt.srcAddr.copy(saddr);
    rt.srcPlen = 128;
  }
  return rt;
}

/** `ip6_dst_check`. */
export function ip6DstCheck(dst: DstEntry): boolean {
  const rt = dst as Rt6Info;
  const from = rt.from as Fib6Rt | null;
  if (from === null || rt.obsolete !== DST_OBSOLETE_FORCE_CHK || from.node === null) return false;
  const state = fib6Net.of(rt.dev.net);
  if (rt.cookie !== rt6Cookie(state, from.node)) return false;
  const now = state.timers.jiffies;
  return (rt.rtFlags & RTF_EXPIRES) !== 0 ? now <= rt.expires : !from.expired(now);
}

/** The decision (borrowed) of a packet that no route takes, by the errno: -ENETUNREACH, -EACCES (forbidden), -EINVAL (silence). */
export function rt6SpecialEntry(state: Fib6Net, err: number): Rt6Info {
  const known = state.special.get(err);
  if (known !== undefined) return known;
  const { net } = state;
  const rt = ip6DstAlloc(state, net.loopbackDev ?? net.devList[0] ?? blackholeNetdev(state));
  rt.idev = in6DevGet(rt.dev);
  rt.rtFlags = RTF_REJECT | RTF_NONEXTHOP;
  initReject(rt, err === -EINVAL ? RTN_BLACKHOLE : err === -EACCES ? RTN_PROHIBIT : 0, err);
  state.special.set(err, rt);
  return rt;
}

/** `blackhole_netdev`: a decision needs a device, even in a namespace without any. */
function blackholeNetdev({ net }: Fib6Net): NetDevice {
  return new NetDevice(net, { ...netdevOpsDefaults, ndoStartXmit: (skb) => (skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED), NETDEV_TX_OK) });
}
