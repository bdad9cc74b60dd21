/** /proc/net/ipv6_route and /proc/net/rt6_stats, to the byte but for counts of references. */
import { RTF_GATEWAY, RTF_NONEXTHOP, RTF_REJECT } from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6Net, fib6TablesInOrder } from './fib6-net.ts';
import type { Fib6Table } from './fib6-node.ts';

const hex = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(digits, '0');
const words = (a: In6Addr): string => hex(a.w0, 8) + hex(a.w1, 8) + hex(a.w2, 8) + hex(a.w3, 8);
const NONE = '0'.repeat(32);
/** The table itself, the lookup and whoever looks: what of it this stack does not count, it shows as one. */
const REFS = 1;

/** `ipv6_route_seq_show`. */
export function ipv6RouteText(state: Fib6Net): string {
  return fib6TablesInOrder(state).map(tableText).join('');
}

/** At the end of a table is the entry of those whom no route takes (`ip6_null_entry`), in the place of a route for all. */
function tableText(table: Fib6Table): string {
  const null6 = `${NONE} 00 ${NONE} 00 ${NONE} ffffffff ${hex(REFS, 8)} 00000000 ${hex(RTF_REJECT | RTF_NONEXTHOP, 8)} ${'lo'.padStart(8)}\n`;
  return table.routes().map(routeText).join('') + (table.root.leaf === null ? null6 : '');
}

function routeText(rt: Fib6Rt): string {
  const { dst, plen, src, srcLen, nh, metric } = rt;
  const flags = nh.hasGw ? rt.flagsShown | RTF_GATEWAY : rt.flagsShown;
  const gw = nh.hasGw ? words(nh.gw) : NONE;
  return `${words(dst)} ${hex(plen, 2)} ${words(src)} ${hex(srcLen, 2)} ${gw} ${hex(metric, 8)} ${hex(REFS, 8)} 00000000 ${hex(flags, 8)} ${nh.dev.name.padStart(8)}\n`;
}

/** `rt6_stats_seq_show`: nodes, nodes with routes, routes that were allocated, routes, learned ones, decisions, discarded ones. */
export function rt6StatsText({ tables, stats, fib6 }: Fib6Net): string {
  let nodes = 0;
  let routeNodes = 0;
  for (const { store, root } of tables.values()) {
    nodes += store.backend.size;
    routeNodes += root.leaf === null ? store.backend.size - 1 : store.backend.size;
  }
  const numbers = [nodes, routeNodes, stats.rtAlloc, stats.rtEntries, stats.rtCache, fib6.ip.dstOps.entries, stats.discardedRoutes];
  return `${numbers.map((n) => hex(n, 4)).join(' ')}\n`;
}
