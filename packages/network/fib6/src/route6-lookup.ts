/** Finding the route of a flow (`fib6_lookup`, `fib6_table_lookup`, `ip6_pol_route`). */
import { type Flowi6, RT6_LOOKUP_F_REACHABLE, type Rt6Info } from '@skbuff/ipv6';
import { EAGAIN, ENETUNREACH } from '@skbuff/uapi';
import type { SkBuff } from '@skbuff/core';
import { type In6Addr } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import type { Fib6Net } from './fib6-net.ts';
import type { Fib6Node, Fib6Store, Fib6Table } from './fib6-node.ts';
import type { Fib6Result } from './fib6-result.ts';
import { rt6Cookie, rt6SharedRoute, rt6SpecialEntry } from './route6-dst.ts';
import { fib6SelectPath } from './route6-multipath.ts';
import { rt6Select } from './route6-score.ts';

/**
 * `fib6_node_lookup`: the node where the search for a route begins: the longest prefix that covers the destination and, if it has routes for
 * certain sources, has some for this one. The routes of such a prefix for everybody are passed over here.
 */
export function fib6NodeLookup(table: Fib6Table, daddr: In6Addr, saddr: In6Addr): Fib6Node {
  let node = table.store.find(daddr, 128) as Fib6Node;
  while (node.subtree !== null) {
    const source = node.subtree.find(saddr, 128);
    if (source !== null) return source;
    if (node.plen === 0) return node;
    node = table.store.find(daddr, node.plen - 1) as Fib6Node;
  }
  return node;
}

/** `fib6_backtrack`: the next best node after `node`; null: there is none. */
export function fib6Backtrack(table: Fib6Table, node: Fib6Node, daddr: In6Addr, saddr: In6Addr): Fib6Node | null {
  const { owner } = node;
  if (owner !== null) {
    const wider = node.plen === 0 ? null : (owner.subtree as Fib6Store).find(saddr, node.plen - 1);
    if (wider !== null) return wider;
    if (owner.leaf !== null) return owner;
    node = owner;
  }
  while (node.plen > 0) {
    node = table.store.find(daddr, node.plen - 1) as Fib6Node;
    const source = node.subtree?.find(saddr, 128) ?? null;
    if (source !== null) return source;
    if (node.leaf !== null) return node;
  }
  return null;
}

/**
 * `fib6_table_lookup`: the best route of one table into `res` (which knows the interface). 0, or -EAGAIN if there is none or it says to look
 * elsewhere (throw). If no reachable one is found, unreachable ones will do.
 */
export function fib6TableLookup(state: Fib6Net, table: Fib6Table, fl6: Flowi6, flags: number, res: Fib6Result): number {
  const first = fib6NodeLookup(table, fl6.daddr, fl6.saddr);
  let node: Fib6Node | null = first;
  while (!rt6Select(state, node, flags, res)) {
    node = fib6Backtrack(table, node, fl6.daddr, fl6.saddr);
    if (node !== null) continue;
    if ((flags & RT6_LOOKUP_F_REACHABLE) === 0) return -EAGAIN;
    flags &= ~RT6_LOOKUP_F_REACHABLE;
    node = first;
  }
  return (res.f6i as Fib6Rt).error === -EAGAIN ? -EAGAIN : 0;
}

/** `fib6_lookup`, `fib6_rule_lookup`: by the tables local and main, or by policy rules. 0 with `res`, or a negative errno: no route. */
export function fib6Lookup(state: Fib6Net, fl6: Flowi6, flags: number, res: Fib6Result): number {
  return state.rules !== null ? state.rules.lookup(state, fl6, flags, res) : fib6LookupTables(state, fl6, flags, res);
}

/** {@link fib6Lookup} where there are no rules. */
export function fib6LookupTables(state: Fib6Net, fl6: Flowi6, flags: number, res: Fib6Result): number {
  if (fib6TableLookup(state, state.local, fl6, flags, res) === 0) return 0;
  return fib6TableLookup(state, state.main, fl6, flags, res) === 0 ? 0 : -ENETUNREACH;
}

/**
 * `ip6_pol_route`: the decision (borrowed) for a flow, by the interface `oif` if that can be. `skb`: the received packet; null: the host's own.
 * Where routers are not made of hosts, gateways that do not answer come last.
 */
export function ip6PolRoute(state: Fib6Net, fl6: Flowi6, oif: number, flags: number, res: Fib6Result, skb: SkBuff | null): Rt6Info {
  if (state.v6.devconfAll.forwarding === 0) flags |= RT6_LOOKUP_F_REACHABLE;
  res.oif = oif;
  const err = fib6Lookup(state, fl6, flags, res);
  if (err !== 0) return rt6SpecialEntry(state, err);
  fib6SelectPath(state, res, fl6, flags, skb);
  return rt6Resolve(state, res.f6i as Fib6Rt, fl6);
}

/** What is known about the destination, or the decision that all packets of the route share. */
export function rt6Resolve(state: Fib6Net, f6i: Fib6Rt, fl6: Flowi6): Rt6Info {
  const cached = f6i.nh.exceptions?.find(fl6.daddr, fl6.saddr) ?? null;
  if (cached === null) return rt6SharedRoute(state, f6i);
  cached.cookie = rt6Cookie(state, f6i.node as Fib6Node);
  return cached;
}
