/** /proc/net/ipv6_route and /proc/net/rt6_stats. */
import { RTF_GATEWAY, RTF_NONEXTHOP, RTF_REJECT } from '@skbuff/uapi';
import { ipv6AddrDiff } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6Net, fib6TablesInOrder } from './fib6-net.ts';
import type { Fib6Node, Fib6Store, Fib6Table } from './fib6-node.ts';

const hex = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(digits, '0');
const NONE = '0'.repeat(32);
/** Of the table. */
const REFS = 1;

/** `fib6_ref`: of the table, of the decision that packets share, and of those for single destinations. Linux counts nodes between prefixes too, which keep a route at hand. */
function refsOf({ nh: { rt, exceptions } }: Fib6Rt): number {
  return REFS + (rt === null ? 0 : 1) + [...(exceptions?.all() ?? [])].length;
}

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
  const gw = nh.hasGw ? nh.gw.toHex() : NONE;
  return `${dst.toHex()} ${hex(plen, 2)} ${src.toHex()} ${hex(srcLen, 2)} ${gw} ${hex(metric, 8)} ${hex(refsOf(rt), 8)} 00000000 ${hex(flags, 8)} ${nh.dev.name.padStart(8)}\n`;
}

/** `rt6_stats_seq_show`: nodes, nodes with routes, decisions ever made, routes, learned ones, decisions for single destinations, routes that went. */
export function rt6StatsText({ tables, stats }: Fib6Net): string {
  let nodes = 0;
  let routeNodes = 0;
  for (const { store, root } of tables.values()) {
    nodes += countNodes(store);
    const withRoutes = store.inOrder().filter(({ leaf }) => leaf !== null).length;
    // That of ::/0 is always there, and not counted.
    routeNodes += root.leaf === null ? withRoutes : withRoutes - 1;
  }
  const numbers = [nodes, routeNodes, stats.rtAlloc, stats.rtEntries, stats.rtCache, stats.rtCache, stats.discardedRoutes];
  return `${numbers.map((n) => hex(n, 4)).join(' ')}\n`;
}

/**
 * How many nodes Linux's tree of these prefixes has (`fib_nodes`): one for each, and one wherever two of them part that is none of them. The
 * root is counted where it was made for the sources of one destination.
 */
function countNodes({ backend, nodes, owner }: Fib6Store): number {
  let count = owner === null ? 0 : 1;
  /** Lengths of the prefixes that cover the one before, and its own. */
  const path = [0];
  let last: Fib6Node | null = null;
  backend.walk((_w0, _w1, _w2, _w3, plen, index) => {
    const node = nodes[index] as Fib6Node;
    count += node.subtree === null ? 0 : countNodes(node.subtree);
    if (plen === 0) return;
    const parting = last === null ? 0 : Math.min(ipv6AddrDiff(last.addr, node.addr), last.plen);
    while ((path[path.length - 1] as number) > parting) path.pop();
    if (path[path.length - 1] !== parting) count++;
    path.push(parting, plen);
    count++;
    last = node;
  });
  return count;
}
