/** The way of what this host sends (`ip6_route_output_flags`), and what others ask of the tables (`net/ipv6/route.c`). */
import { FLOWI_FLAG_KNOWN_NH, type Net, type NetDevice, type SkbSock } from '@skbuff/core';
import {
  type Flowi6,
  RT6_LOOKUP_F_HAS_SADDR,
  RT6_LOOKUP_F_IFACE,
  RT6_LOOKUP_F_SRCPREF_COA,
  RT6_LOOKUP_F_SRCPREF_PUBLIC,
  RT6_LOOKUP_F_SRCPREF_TMP,
  type Rt6Info,
  in6DevGet,
  inet6Sk,
  ip6Input,
  ip6Output,
  ipv6ChkAddr,
} from '@skbuff/ipv6';
import { EAGAIN, ENETUNREACH, RTF_CACHE, RTF_GATEWAY, RTNH_F_DEAD } from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6Net, fib6Net } from './fib6-net.ts';
import type { Fib6Node, Fib6Table } from './fib6-node.ts';
import type { Fib6Result } from './fib6-result.ts';
import { ip6DstAlloc, ip6RtCacheAlloc, rt6AddUncached } from './route6-dst.ts';
import { rt6NeedStrict } from './route6-input.ts';
import { fib6Backtrack, fib6NodeLookup, ip6PolRoute, rt6Resolve } from './route6-lookup.ts';
import { fib6SelectPath } from './route6-multipath.ts';

const LOOPBACK_IFINDEX = 1;

/**
 * `ip6_route_output_flags`: a decision (one reference, the caller's); whether it leads anywhere says its `error`. With
 * FLOWI_FLAG_KNOWN_NH packets go to the flow's destination even if their header names another. `flags`: RT6_LOOKUP_F_*.
 */
export function ip6RouteOutput(net: Net, sk: SkbSock | null, fl6: Flowi6, flags: number): Rt6Info {
  const state = fib6Net.of(net);
  const anySource = fl6.saddr.isAny();
  fl6.iif = LOOPBACK_IFINDEX;
  if (isBound(sk) || rt6NeedStrict(fl6.daddr) || (fl6.oif !== 0 && anySource)) flags |= RT6_LOOKUP_F_IFACE;
  if (!anySource) flags |= RT6_LOOKUP_F_HAS_SADDR;
  else flags |= rt6Srcprefs2flags(inet6Sk(sk)?.srcprefs ?? 0);
  const rt = ip6PolRoute(state, fl6, fl6.oif, flags, state.outRes, null);
  if ((fl6.flags & FLOWI_FLAG_KNOWN_NH) !== 0 && rt.from !== null && (rt.rtFlags & (RTF_CACHE | RTF_GATEWAY)) === 0) {
    return rt6AddUncached(state.fib6, ip6RtCacheAlloc(state, rt.from as Fib6Rt, fl6.daddr, null));
  }
  rt.hold();
  return rt;
}

/** SO_BINDTODEVICE. */
function isBound(sk: SkbSock | null): boolean {
  return sk !== null && ((sk as { readonly boundDevIf?: number }).boundDevIf ?? 0) !== 0;
}

/** `rt6_srcprefs2flags`: IPV6_PREFER_SRC_* as the kernel keeps them are the same bits in the same order. */
export function rt6Srcprefs2flags(srcprefs: number): number {
  return (srcprefs << 3) & (RT6_LOOKUP_F_SRCPREF_TMP | RT6_LOOKUP_F_SRCPREF_PUBLIC | RT6_LOOKUP_F_SRCPREF_COA);
}

/** `rt6_lookup`. */
export function rt6Lookup(net: Net, daddr: In6Addr, saddr: In6Addr | null, oif: number, flags: number): Rt6Info | null {
  const state = fib6Net.of(net);
  const { auxFlow: fl6, auxRes: res } = state;
  fl6.init(0);
  fl6.oif = oif;
  fl6.daddr.copy(daddr);
  if (saddr !== null) {
    fl6.saddr.copy(saddr);
    flags |= RT6_LOOKUP_F_HAS_SADDR;
  }
  res.oif = oif;
  if (lookupTables(state, fl6, flags, res) !== 0) return null;
  const f6i = res.f6i as Fib6Rt;
  if (f6i.error !== 0) return null;
  // The interface said which of several ways it is.
  if (oif === 0) fib6SelectPath(state, res, fl6, flags, null);
  const rt = rt6Resolve(state, res.f6i as Fib6Rt, fl6);
  rt.hold();
  return rt;
}

function lookupTables(state: Fib6Net, fl6: Flowi6, flags: number, res: Fib6Result): number {
  if (state.rules !== null) return state.rules.lookup(state, fl6, flags, res);
  if (deviceLookup(state, state.local, fl6, flags, res) === 0) return 0;
  return deviceLookup(state, state.main, fl6, flags, res) === 0 ? 0 : -ENETUNREACH;
}

/** `ip6_pol_route_lookup`: the first route that fits by its device; nobody asks whether its gateway answers. */
function deviceLookup(state: Fib6Net, table: Fib6Table, fl6: Flowi6, flags: number, res: Fib6Result): number {
  let node: Fib6Node | null = fib6NodeLookup(table, fl6.daddr, fl6.saddr);
  for (; node !== null; node = fib6Backtrack(table, node, fl6.daddr, fl6.saddr)) {
    const rt = deviceMatch(state, node, fl6, flags);
    if (rt === null) continue;
    res.node = node;
    res.f6i = rt;
    return rt.error === -EAGAIN ? -EAGAIN : 0;
  }
  return -EAGAIN;
}

/** `rt6_device_match`: by the interface, else by the one that has the source address, else any (unless the interface is insisted on). */
function deviceMatch(state: Fib6Net, node: Fib6Node, { oif, saddr }: Flowi6, flags: number): Fib6Rt | null {
  const first = node.leaf;
  if (first === null) return null;
  const alive = (first.nh.flags & RTNH_F_DEAD) === 0;
  if (oif === 0 && saddr.isAny() && alive) return first;
  for (let rt: Fib6Rt | null = first; rt !== null; rt = rt.next) {
    const { dev, flags: dead } = rt.nh;
    if ((dead & RTNH_F_DEAD) !== 0) continue;
    if (oif !== 0 ? dev.ifindex === oif : ipv6ChkAddr(state.net, saddr, dev, (flags & RT6_LOOKUP_F_IFACE) !== 0)) return rt;
  }
  return alive && (oif === 0 || (flags & RT6_LOOKUP_F_IFACE) === 0) ? first : null;
}

/** `icmp6_dst_alloc`. */
export function icmp6DstAlloc(dev: NetDevice, daddr: In6Addr): Rt6Info {
  const state = fib6Net.of(dev.net);
  const rt = ip6DstAlloc(state, dev);
  rt.input = ip6Input;
  rt.output = ip6Output;
  rt.gateway.copy(daddr);
  rt.dstAddr.copy(daddr);
  rt.dstPlen = 128;
  rt.idev = in6DevGet(dev);
  return rt6AddUncached(state.fib6, rt);
}
