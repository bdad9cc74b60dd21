/**
 * Decisions that all forwarded packets with one next hop share, whatever route takes them there. A router with 200,000 routes has few next
 * hops; a decision for each route would be 200,000 places of memory of which no cache has any when it is needed. (Routes with a nexthop
 * object share theirs in Linux, too.)
 */
import { in6DevGet, ip6Forward, ip6Output, type Rt6Info } from '@skbuff/ipv6';
import { RTF_GATEWAY, RTF_UP } from '@skbuff/uapi';
import type { Fib6Nh } from './fib6-nh.ts';
import type { Fib6Net } from './fib6-net.ts';
import type { Fib6Node } from './fib6-node.ts';
import { ip6DstAlloc } from './route6-dst.ts';

/** With more next hops than that each route has a decision of its own. */
const MAX_WAYS = 256;

/**
 * The packets of `node` were taken by its only route, by the decision `rt`: from now on the number of its next hop is noted with the prefix.
 * What is peculiar to a route (metrics, an end) is for its own decision.
 */
export function rt6NoteWay(state: Fib6Net, node: Fib6Node, rt: Rt6Info): void {
  const { leaf } = node;
  if (leaf === null || node.owner !== null || rt.input !== ip6Forward || rt.metrics !== null || leaf.nh.exceptions !== null) return;
  const way = wayOf(state, leaf.nh);
  if (way !== 0) leaf.table.store.ways[node.index] = way;
}

/** Its number, from 1; 0: there are too many. */
function wayOf(state: Fib6Net, nh: Fib6Nh): number {
  const { ways } = state;
  const known = ways.findIndex(({ dev, gateway, rtFlags }) => dev === nh.dev && gateway.equals(nh.gw) && ((rtFlags & RTF_GATEWAY) !== 0) === nh.hasGw);
  if (known >= 0) return known + 1;
  if (ways.length === MAX_WAYS) return 0;
  const rt = ip6DstAlloc(state, nh.dev);
  rt.input = ip6Forward;
  rt.output = ip6Output;
  rt.rtFlags = nh.hasGw ? RTF_UP | RTF_GATEWAY : RTF_UP;
  rt.gateway.copy(nh.gw);
  rt.idev = in6DevGet(nh.dev);
  return ways.push(rt);
}

/** A device has changed, or the namespace ends: every next hop is found out anew. */
export function rt6DropWays(state: Fib6Net): void {
  const { ways, fib6 } = state;
  if (ways.length === 0) return;
  for (const { store } of state.tables.values()) store.ways.fill(0);
  for (const rt of ways) {
    // Packets under way may hold it: it has to be found when its device leaves.
    rt.uncached = fib6.uncached.add(rt);
    rt.release();
  }
  ways.length = 0;
}
