/** Which next hop and which source, where the route leaves a choice (`fib_select_path`). */
import type { Flowi4 } from '@skbuff/ipv4';
import { NUD_VALID } from '@skbuff/neighbour';
import { NUD_REACHABLE, RTN_UNICAST, RT_SCOPE_LINK } from '@skbuff/uapi';
import type { FibAlias } from './fib-alias.ts';
import { fibMultipathHash, fibSelectMultipath } from './fib-multipath.ts';
import type { FibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';
import type { FibResult } from './fib-result.ts';
import { fibNhPrefsrc } from './fib-semantics.ts';
import type { FibTable } from './fib-tables.ts';

/** Chooses among several next hops, or among several default routes, and then the source if the flow has none. */
export function fibSelectPath(state: FibNet, res: FibResult, fl4: Flowi4): void {
  const { fi } = res;
  if (fi === null) return;
  if (fl4.oif === 0) {
    if (fi.nhs.length > 1) fibSelectMultipath(res, fibMultipathHash(fl4.saddr, fl4.daddr));
    else if (res.prefixlen === 0 && (res.table as FibTable).numDefault > 1 && res.type === RTN_UNICAST) fibSelectDefault(state, res, fl4);
  }
  if (fl4.saddr === 0) fl4.saddr = fibNhPrefsrc(res.nh as FibNh);
}

/**
 * `fib_select_default`: of several default routes with the same metric the first whose gateway answers; if none is known to, the one
 * that was used last, or the next in turn (RFC 1122 §3.3.1.5, dead gateway detection).
 */
export function fibSelectDefault(state: FibNet, res: FibResult, fl4: Flowi4): void {
  const first = res.fa as FibAlias;
  let order = -1;
  let last: FibAlias | null = null;
  let lastResort: { fa: FibAlias; index: number } | null = null;
  for (let fa: FibAlias | null = first; fa !== null; fa = fa.next) {
    if (fa.tbId !== first.tbId || fa.tos !== first.tos || fa.info.priority > first.info.priority) break;
    if (fa.info.scope !== res.scope || fa.type !== RTN_UNICAST) continue;
    const nh = fa.info.nhs[0];
    if (nh.gw === 0 || nh.scope !== RT_SCOPE_LINK) continue;
    if (fl4.oif !== 0 && nh.oif !== fl4.oif) continue;
    order++;
    last = fa;
    const state0 = neighState(state, nh);
    if ((state0 & NUD_REACHABLE) !== 0 || ((state0 & NUD_VALID) !== 0 && order !== first.dflt)) return settle(res, first, fa, order);
    if ((state0 & NUD_VALID) !== 0 || (lastResort === null && order > first.dflt)) lastResort = { fa, index: order };
  }
  if (order <= 0 || last === null) {
    first.dflt = -1;
    return;
  }
  if (lastResort !== null) settle(res, first, lastResort.fa, lastResort.index);
  else first.dflt = -1;
}

function neighState(state: FibNet, nh: FibNh): number {
  if (nh.dev === null) return 0;
  return state.fib.ip.arpTbl?.lookup(nh.dev, nh.gw)?.nudState ?? 0;
}

function settle(res: FibResult, first: FibAlias, fa: FibAlias, index: number): void {
  first.dflt = index;
  res.fi = fa.info;
  res.fa = fa;
  res.nh = fa.info.nhs[0];
  res.nhSel = 0;
}
