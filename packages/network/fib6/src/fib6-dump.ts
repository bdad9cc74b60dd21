/** `inet6_dump_fib`: the routes of all tables or of one, filtered as the request says. */
import { FibDumpFilter } from '@skbuff/inet';
import { type NetlinkCallback, type NlMsgBuilder, RtMsg } from '@skbuff/netlink';
import { AF_INET6, ENOENT, RTF_PREFIX_RT, RTM_NEWROUTE } from '@skbuff/uapi';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6Net, fib6Net, fib6TablesInOrder } from './fib6-net.ts';
import { type Rt6Question, rt6FillNode } from './route6-fill.ts';
import { rtmIpv6Policy } from './route6-rtnl-policy.ts';

/** A dump under way: the routes as they were when it began; who is gone by then has no node. */
interface Cursor {
  readonly filter: FibDumpFilter;
  readonly routes: readonly Fib6Rt[];
  at: number;
  /** Messages about the route at `at` that are written: of itself, and of what was learned behind it. */
  written: number;
}

export function inet6DumpFib(b: NlMsgBuilder, cb: NetlinkCallback): number {
  const state = fib6Net.of(cb.skb.net);
  if (cb.ctx === null) {
    const start = begin(state, cb);
    if (typeof start === 'number') return start;
    cb.ctx = start;
  }
  const cursor = cb.ctx as Cursor;
  for (; cursor.at < cursor.routes.length; cursor.at++, cursor.written = 0) {
    const err = dumpRoute(b, cb, state, cursor.routes[cursor.at], cursor);
    if (err < 0) return err;
  }
  return 0;
}

/** Judges the request. A cursor, 0 for nothing to tell, or a negative errno. */
function begin(state: Fib6Net, cb: NetlinkCallback): Cursor | number {
  const filter = new FibDumpFilter();
  const rtm = new RtMsg();
  const err = filter.read(state.net, cb, rtm, rtmIpv6Policy);
  if (err !== 0) return err;
  const all = fib6TablesInOrder(state);
  const tables = filter.table === 0 ? all : all.filter((table) => table.id === filter.table);
  if (tables.length === 0) {
    // A request for every family is not the place to complain.
    if (rtm.family !== AF_INET6) return 0;
    cb.extack.setErrMsg('ipv6: FIB table does not exist');
    return -ENOENT;
  }
  return { filter, routes: tables.flatMap((table) => fib6Shown(table.routes())), at: 0, written: 0 };
}

/** Siblings are one route, told of at the first of them; Linux goes on behind the last, so that what stands between them is not seen. */
export function fib6Shown(routes: readonly Fib6Rt[]): Fib6Rt[] {
  let last: Fib6Rt | null = null;
  return routes.filter((rt) => {
    const passed = last !== null;
    if (!passed) last = rt.siblings?.at(-1) ?? null;
    if (rt === last) last = null;
    return !passed;
  });
}

/** `rt6_dump_route`. */
function dumpRoute(b: NlMsgBuilder, cb: NetlinkCallback, state: Fib6Net, rt: Fib6Rt, cursor: Cursor): number {
  const { filter } = cursor;
  if (rt.node === null || !isWanted(rt, filter)) return 0;
  let n = 0;
  const write = (question: Rt6Question | null): number => {
    if (n++ < cursor.written) return 0;
    const err = rt6FillNode(b, state.net, rt, question, 0, RTM_NEWROUTE, cb.skb.portid, cb.nlh.seq, filter.messageFlags);
    if (err >= 0) cursor.written = n;
    return err;
  };
  const err = filter.routes ? write(null) : 0;
  return err < 0 || !filter.exceptions ? err : dumpExceptions(state, rt, write);
}

function isWanted({ flags, type, protocol, nh, siblings }: Fib6Rt, filter: FibDumpFilter): boolean {
  if (filter.prefixOnly && (flags & RTF_PREFIX_RT) === 0) return false;
  if ((filter.type !== 0 && filter.type !== type) || (filter.protocol !== 0 && filter.protocol !== protocol)) return false;
  return filter.dev === null || nh.dev === filter.dev || (siblings?.some((other) => other.nh.dev === filter.dev) ?? false);
}

/** `rt6_nh_dump_exceptions`: what was learned about destinations behind a route. Of siblings Linux tells what is behind the first one. */
function dumpExceptions(state: Fib6Net, { nh, srcLen }: Fib6Rt, write: (question: Rt6Question) => number): number {
  for (const { rt } of nh.exceptions?.all() ?? []) {
    if (rt.expires !== 0 && state.timers.jiffies > rt.expires) continue;
    const err = write({ rt, dest: rt.dstAddr, src: srcLen === 0 ? null : rt.srcAddr, asked: false });
    if (err < 0) return err;
  }
  return 0;
}
