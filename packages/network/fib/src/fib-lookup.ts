/** Finding the route of a flow: `fib_lookup`, `fib_table_lookup`. On the way of every packet. */
import type { Net } from '@skbuff/core';
import { type Flowi4, ipIgnoreLinkdown } from '@skbuff/ipv4';
import { EAGAIN, ENETUNREACH, RTNH_F_DEAD, RTNH_F_LINKDOWN } from '@skbuff/uapi';
import type { FibAlias } from './fib-alias.ts';
import type { FibInfo } from './fib-info.ts';
import { type FibNet, fibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';
import type { FibResult } from './fib-result.ts';
import type { FibTable } from './fib-tables.ts';

/** A link without carrier is as good as any: the lookup is about configuration, not about a packet. */
export const FIB_LOOKUP_IGNORE_LINKSTATE = 2;

/** Bits of the TOS byte that a route's TOS is compared with. */
const LEGACY_TOS_MASK = 0x1c;

/**
 * `fib_lookup`: the route for `fl4` by the tables local, main, default, or by policy rules. 0 with `res` filled in, or a negative
 * errno: -ENETUNREACH where nothing matches, else that of an error route (`res` then keeps no route).
 */
export function fibLookup(net: Net, fl4: Flowi4, res: FibResult, flags: number = 0): number {
  return fibLookupIn(fibNet.of(net), fl4, res, flags);
}

export function fibLookupIn(state: FibNet, fl4: Flowi4, res: FibResult, flags: number): number {
  return state.rules !== null ? state.rules.lookup(state, fl4, res, flags) : fibLookupTables(state, fl4, res, flags);
}

/** {@link fibLookupIn} where there are no rules. */
export function fibLookupTables(state: FibNet, fl4: Flowi4, res: FibResult, flags: number): number {
  let err = -EAGAIN;
  // While there are no rules, main holds the local routes too.
  if (state.main !== null) err = fibTableLookup(state.main, fl4, res, flags);
  if (err === -EAGAIN && state.dflt !== null) err = fibTableLookup(state.dflt, fl4, res, flags);
  return err === -EAGAIN ? -ENETUNREACH : err;
}

/**
 * `fib_table_lookup`: the longest prefix of one table that has a usable route for the flow. 0 with `res` filled in, -EAGAIN if
 * there is none (or a throw route), or the errno of an error route. Allocates nothing.
 */
export function fibTableLookup(table: FibTable, fl4: Flowi4, res: FibResult, flags: number): number {
  const { backend, heads } = table.store;
  const { daddr } = fl4;
  let index = backend.lookup(daddr, 32);
  while (index >= 0) {
    const head = heads[index] as FibAlias;
    let fa: FibAlias | null = head;
    do {
      if ((fa.tos === 0 || fa.tos === (fl4.tos & LEGACY_TOS_MASK)) && fa.scope >= fl4.scope) {
        if (fa.error !== 0) return fa.error;
        const { nh } = fa;
        if (nh === null ? selectNexthop(fa.info, fl4, res, flags) : usable(nh, fl4, flags)) {
          if (nh !== null) {
            res.nhSel = 0;
            res.nh = nh;
          }
          res.prefixlen = fa.plen;
          res.type = fa.type;
          res.scope = fa.scope;
          res.fi = fa.info;
          res.table = table;
          res.fa = fa;
          return 0;
        }
      }
      fa = fa.next;
    } while (fa !== null);
    if (head.plen === 0) break;
    index = backend.lookup(daddr, head.plen - 1);
  }
  return -EAGAIN;
}

/** Of several next hops the first that is usable. */
function selectNexthop(fi: FibInfo, fl4: Flowi4, res: FibResult, flags: number): boolean {
  const { nhs } = fi;
  for (let i = 0; i < nhs.length; i++) {
    if (!usable(nhs[i], fl4, flags)) continue;
    res.nhSel = i;
    res.nh = nhs[i];
    return true;
  }
  return false;
}

/** Alive, and by the wished interface. */
function usable(nh: FibNh, fl4: Flowi4, flags: number): boolean {
  return (nh.flags === 0 || isGood(nh, flags)) && (fl4.oif === 0 || fl4.oif === nh.oif);
}

/** `fib_lookup_good_nhc`, for a next hop with flags. */
function isGood(nh: FibNh, flags: number): boolean {
  if ((nh.flags & RTNH_F_DEAD) !== 0) return false;
  if ((nh.flags & RTNH_F_LINKDOWN) === 0 || (flags & FIB_LOOKUP_IGNORE_LINKSTATE) !== 0) return true;
  return nh.dev === null || !ipIgnoreLinkdown(nh.dev);
}
