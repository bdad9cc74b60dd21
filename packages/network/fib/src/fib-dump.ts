/** `inet_dump_fib`: the routes of all tables or of one, filtered as the request says. */
import { FibDumpFilter } from '@skbuff/inet';
import { type NetlinkCallback, type NlMsgBuilder, RtMsg } from '@skbuff/netlink';
import { AF_INET, EMSGSIZE, ENOENT, RTM_NEWROUTE } from '@skbuff/uapi';
import type { FibAlias } from './fib-alias.ts';
import { type FibNet, fibNet } from './fib-net.ts';
import { fibDumpInfo } from './fib-notify.ts';
import { rtmIpv4Policy } from './fib-rtnl-policy.ts';
import { type FibTable, fibTablesInOrder } from './fib-tables.ts';
import { dumpExceptions } from './route-rtnl.ts';

/** A dump under way: the prefixes of the table it is at, as they were when it came there. */
interface Cursor {
  readonly filter: FibDumpFilter;
  readonly tables: readonly FibTable[];
  table: number;
  /** Prefix and length, alternating. */
  prefixes: Uint32Array | null;
  at: number;
  /** Aliases of the prefix at `at` that are written. */
  aliases: number;
  /** Learned exceptions of the next one that are written; -1: it is not written itself. */
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
  const filter = new FibDumpFilter();
  const rtm = new RtMsg();
  const err = filter.read(state.net, cb, rtm, rtmIpv4Policy);
  if (err !== 0 || filter.prefixOnly) return err;
  const all = fibTablesInOrder(state);
  const tables = filter.table === 0 ? all : all.filter((table) => table.id === filter.table);
  if (tables.length === 0 && filter.table !== 0) {
    // A request for every family is not the place to complain.
    if (rtm.family !== AF_INET) return 0;
    cb.extack.setErrMsg('ipv4: FIB table does not exist');
    return -ENOENT;
  }
  return { filter, tables, table: 0, prefixes: null, at: 0, aliases: 0, learned: -1 };
}

/** `fib_table_dump`. */
function dumpTable(b: NlMsgBuilder, cb: NetlinkCallback, state: FibNet, table: FibTable, cursor: Cursor): number {
  if (cursor.prefixes === null) {
    cursor.prefixes = table.store.prefixes();
    cursor.at = 0;
    cursor.aliases = 0;
    cursor.learned = -1;
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
    cursor.learned = -1;
  }
  return 0;
}

function dumpAlias(b: NlMsgBuilder, cb: NetlinkCallback, state: FibNet, fa: FibAlias, prefix: number, cursor: Cursor): number {
  const { routes, exceptions, messageFlags } = cursor.filter;
  if (routes && cursor.learned < 0) {
    const err = fibDumpInfo(b, RTM_NEWROUTE, messageFlags, cb.nlh.seq, cb.skb.portid, prefix, fa);
    if (err < 0 || !exceptions) return err;
  }
  if (cursor.learned < 0) cursor.learned = 0;
  const written = dumpExceptions(b, cb, state, fa, cursor.learned, messageFlags);
  if (written >= 0) return 0;
  cursor.learned += -written - 1;
  return -EMSGSIZE;
}

function wanted(fa: FibAlias, { protocol, type, dev }: FibDumpFilter): boolean {
  if (type !== 0 && fa.type !== type) return false;
  if (protocol !== 0 && fa.info.protocol !== protocol) return false;
  return dev === null || fa.info.nhs.some((nh) => nh.dev === dev);
}
