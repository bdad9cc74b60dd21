/** `inet_dump_fib`: the routes of all tables or of one, filtered as the request says. */
import type { NetDevice } from '@skbuff/core';
import { type NetlinkCallback, NlAttrs, type NlMsgBuilder, RtMsg, nlmsgParseDeprecatedStrict } from '@skbuff/netlink';
import {
  AF_INET,
  EINVAL,
  EMSGSIZE,
  ENODEV,
  ENOENT,
  NLM_F_DUMP_FILTERED,
  NLM_F_MULTI,
  RTA_MAX,
  RTA_OIF,
  RTA_TABLE,
  RTM_F_CLONED,
  RTM_F_PREFIX,
  RTM_NEWROUTE,
} from '@skbuff/uapi';
import type { FibAlias } from './fib-alias.ts';
import { type FibNet, fibNet } from './fib-net.ts';
import { fibDumpInfo } from './fib-notify.ts';
import { rtmIpv4Policy } from './fib-rtnl-policy.ts';
import { type FibTable, fibTablesInOrder } from './fib-tables.ts';
import { dumpExceptions } from './route-rtnl.ts';

/** `struct fib_dump_filter`; 0 and null: any. */
interface Filter {
  table: number;
  protocol: number;
  type: number;
  dev: NetDevice | null;
  routes: boolean;
  exceptions: boolean;
}

/** A dump under way: the prefixes of the table it is at, as they were when it came there. */
interface Cursor {
  readonly filter: Filter;
  readonly tables: readonly FibTable[];
  table: number;
  /** Prefix and length, alternating. */
  prefixes: Uint32Array | null;
  at: number;
  /** Aliases of the prefix at `at` that are written. */
  aliases: number;
  /** Learned exceptions of it that are written. */
  learned: number;
}

export function inetDumpFib(b: NlMsgBuilder, cb: NetlinkCallback): number {
  const state = fibNet.of(cb.skb.net);
  let cursor = cb.ctx as Cursor | null;
  if (cursor === null) {
    const start = begin(state, cb);
    if (typeof start === 'number') return start;
    cursor = start;
    cb.ctx = cursor;
  }
  for (; cursor.table < cursor.tables.length; cursor.table++, cursor.prefixes = null) {
    const err = dumpTable(b, cb, state, cursor.tables[cursor.table], cursor);
    if (err < 0) return err;
  }
  return 0;
}

/** Judges the request. A cursor, 0 for nothing to tell, or a negative errno. */
function begin(state: FibNet, cb: NetlinkCallback): Cursor | number {
  const filter: Filter = { table: 0, protocol: 0, type: 0, dev: null, routes: true, exceptions: true };
  const rtm = new RtMsg();
  if (cb.nlh.dataLen >= RtMsg.LEN) rtm.read(cb.nlh.buf, cb.nlh.data);
  else if (cb.strictCheck) return invalid(cb, 'Invalid header for FIB dump request');
  if (cb.strictCheck) {
    const err = strictFilter(state, cb, rtm, filter);
    if (err !== 0) return err;
  } else filter.exceptions = (rtm.flags & RTM_F_CLONED) !== 0;
  if (!cb.strictCheck) filter.routes = !filter.exceptions;
  if ((rtm.flags & RTM_F_PREFIX) !== 0) return 0;
  const all = fibTablesInOrder(state);
  const tables = filter.table === 0 ? all : all.filter((table) => table.id === filter.table);
  if (tables.length === 0 && filter.table !== 0) {
    // A request for every family is not the place to complain.
    if (rtm.family !== AF_INET) return 0;
    cb.extack.setErrMsg('ipv4: FIB table does not exist');
    return -ENOENT;
  }
  return { filter, tables, table: 0, prefixes: null, at: 0, aliases: 0, learned: 0 };
}

function invalid(cb: NetlinkCallback, text: string): number {
  cb.extack.setErrMsg(text);
  return -EINVAL;
}

/** `ip_valid_fib_dump_req`. */
function strictFilter(state: FibNet, cb: NetlinkCallback, rtm: RtMsg, filter: Filter): number {
  if (rtm.dstLen !== 0 || rtm.srcLen !== 0 || rtm.tos !== 0 || rtm.scope !== 0) return invalid(cb, 'Invalid values in header for FIB dump request');
  if ((rtm.flags & ~(RTM_F_CLONED | RTM_F_PREFIX)) !== 0) return invalid(cb, 'Invalid flags for FIB dump request');
  filter.exceptions = (rtm.flags & RTM_F_CLONED) !== 0;
  filter.routes = !filter.exceptions;
  filter.table = rtm.table;
  filter.protocol = rtm.protocol;
  filter.type = rtm.type;
  const tb = new NlAttrs(RTA_MAX);
  const err = nlmsgParseDeprecatedStrict(cb.nlh, RtMsg.LEN, tb, rtmIpv4Policy, cb.extack);
  if (err < 0) return err;
  filter.table = tb.u32(RTA_TABLE, filter.table);
  for (let type = 1; type <= RTA_MAX; type++) {
    if (!tb.has(type) || type === RTA_TABLE) continue;
    if (type !== RTA_OIF) return invalid(cb, 'Unsupported attribute in dump request');
    filter.dev = state.net.devGetByIndex(tb.u32(RTA_OIF));
    if (filter.dev === null) return -ENODEV;
  }
  if (rtm.flags !== 0 || filter.protocol !== 0 || filter.type !== 0 || filter.table !== 0 || filter.dev !== null) cb.answerFlags = NLM_F_DUMP_FILTERED;
  return 0;
}

/** `fib_table_dump`. */
function dumpTable(b: NlMsgBuilder, cb: NetlinkCallback, state: FibNet, table: FibTable, cursor: Cursor): number {
  if (cursor.prefixes === null) {
    cursor.prefixes = table.store.prefixes();
    cursor.at = 0;
    cursor.aliases = 0;
    cursor.learned = 0;
  }
  const { prefixes } = cursor;
  for (; cursor.at < prefixes.length; cursor.at += 2, cursor.aliases = 0) {
    const err = dumpPrefix(b, cb, state, table, prefixes[cursor.at], prefixes[cursor.at + 1], cursor);
    if (err < 0) return err;
  }
  return 0;
}

function dumpPrefix(b: NlMsgBuilder, cb: NetlinkCallback, state: FibNet, table: FibTable, prefix: number, plen: number, cursor: Cursor): number {
  let n = 0;
  for (let fa = table.store.head(prefix, plen); fa !== null; fa = fa.next, n++) {
    if (n < cursor.aliases || fa.tbId !== table.id || !wanted(fa, cursor.filter)) continue;
    const err = dumpAlias(b, cb, state, fa, prefix, cursor);
    if (err < 0) return err;
    cursor.aliases = n + 1;
    cursor.learned = 0;
  }
  return 0;
}

function dumpAlias(b: NlMsgBuilder, cb: NetlinkCallback, state: FibNet, fa: FibAlias, prefix: number, cursor: Cursor): number {
  if (cursor.filter.routes) return fibDumpInfo(b, RTM_NEWROUTE, NLM_F_MULTI | cb.answerFlags, cb.nlh.seq, cb.skb.portid, prefix, fa);
  const written = dumpExceptions(b, cb, state, fa, cursor.learned);
  if (written >= 0) return 0;
  cursor.learned += -written - 1;
  return -EMSGSIZE;
}

function wanted(fa: FibAlias, { protocol, type, dev }: Filter): boolean {
  if (type !== 0 && fa.type !== type) return false;
  if (protocol !== 0 && fa.info.protocol !== protocol) return false;
  return dev === null || fa.info.nhs.some((nh) => nh.dev === dev);
}
