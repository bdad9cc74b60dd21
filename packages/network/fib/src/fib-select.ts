/** Which next hop and which source, where the route leaves a choice (`fib_select_path`). */
import type { Flowi4 } from '@skbuff/ipv4';
import { NUD_VALID } from '@skbuff/neighbour';
import { NUD_INCOMPLETE, NUD_REACHABLE, RTNH_F_DEAD, RTN_UNICAST, RT_SCOPE_LINK } from '@skbuff/uapi';
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
    if (fi.nhs.length > 1) fibSelectMultipath(res, fibMultipathHash(state, fl4.saddr, fl4.daddr));
    else if (res.prefixlen === 0 && (res.table as FibTable).numDefault > 1 && res.type === RTN_UNICAST) fibSelectDefault(state, res, fl4);
  }
  if (fl4.saddr === 0) fl4.saddr = fibNhPrefsrc(res.nh as FibNh);
}

/**
 * `fib_select_default`: of several default routes with the same metric the first whose gateway is believed to answer (RFC 1122
 * §3.3.1.5, dead gateway detection): a gateway that nobody asked yet, or that is REACHABLE, or whose address is known and that was
 * not the last choice.
 */
export function fibSelectDefault(state: FibNet, res: FibResult, fl4: Flowi4): void {
  const first = res.fa as FibAlias;
  const list = candidates(first, res, fl4);
  if (list.length < 2 || list[0].info !== res.fi) {
    first.dflt = -1;
    return;
  }
  let last = -1;
  for (let order = 0; order < list.length; order++) {
    const nud = gatewayState(state, list[order].info.nhs[0]);
    if (nud < 0 || nud === NUD_REACHABLE || ((nud & NUD_VALID) !== 0 && order !== first.dflt)) {
      first.dflt = order;
      take(res, list[order]);
      return;
    }
    if ((nud & NUD_VALID) !== 0 || (last < 0 && order > first.dflt && nud !== NUD_INCOMPLETE)) last = order;
  }
  first.dflt = last;
  if (last >= 0) take(res, list[last]);
}

/** The default routes that are as good as the one found. */
function candidates(first: FibAlias, res: FibResult, fl4: Flowi4): FibAlias[] {
  const list: FibAlias[] = [];
  for (let fa: FibAlias | null = first; fa !== null; fa = fa.next) {
    const { info } = fa;
    if (fa.tbId !== first.tbId || fa.tos !== first.tos || info.priority > first.info.priority) break;
    if ((info.flags & RTNH_F_DEAD) !== 0 || info.scope !== res.scope || fa.type !== RTN_UNICAST) continue;
    const nh = info.nhs[0];
    if (nh.gw !== 0 && nh.scope === RT_SCOPE_LINK && (fl4.oif === 0 || fl4.oif === nh.oif)) list.push(fa);
  }
  return list;
}

/** NUD_* of the gateway as a neighbour; -1: nobody asked for it yet. */
function gatewayState(state: FibNet, nh: FibNh): number {
  return (nh.dev === null ? null : state.fib.ip.arpTbl?.lookup(nh.dev, nh.gw))?.nudState ?? -1;
}

function take(res: FibResult, fa: FibAlias): void {
  res.fi = fa.info;
  res.fa = fa;
  res.nh = fa.info.nhs[0];
  res.nhSel = 0;
}
