/** Routing tables: making, inserting, deleting, flushing (`net/ipv4/fib_trie.c` above the trie itself). */
import type { NetlinkExtAck } from '@skbuff/netlink';
import {
  EAGAIN,
  EEXIST,
  EINVAL,
  ENETUNREACH,
  ENOENT,
  ESRCH,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTNH_F_DEAD,
  RT_SCOPE_NOWHERE,
  RT_TABLE_DEFAULT,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
} from '@skbuff/uapi';
import { inetMakeMask } from '@skbuff/wire';
import { FibAlias, FibStore, fibAliasOrder } from './fib-alias.ts';
import type { FibConfig } from './fib-config.ts';
import type { FibInfo } from './fib-info.ts';
import type { FibNet, RulesProvider } from './fib-net.ts';
import { fibTableLookup } from './fib-lookup.ts';
import { fibCreateInfo, fibMetricsMatch, fibNhMatch, fibReleaseInfo } from './fib-semantics.ts';

/** `struct fib_table`. */
export class FibTable {
  readonly id: number;
  /** The prefixes; local and main share one until there are policy rules. */
  store: FibStore;
  /** Default routes in it. */
  numDefault = 0;

  constructor(id: number, store: FibStore) {
    this.id = id;
    this.store = store;
  }
}

/** `fib_get_table`: the table with this number (0: main), or null while nothing was ever put into it. */
export function fibGetTable(state: FibNet, id: number): FibTable | null {
  return state.tables.get(id === 0 ? RT_TABLE_MAIN : id) ?? null;
}

/** `fib_new_table`: as {@link fibGetTable}, made if it does not exist. */
export function fibNewTable(state: FibNet, id: number): FibTable {
  if (id === 0) id = RT_TABLE_MAIN;
  const known = state.tables.get(id);
  if (known !== undefined) return known;
  // The two come together: a lookup asks main, and finds local there.
  const shared = id === RT_TABLE_LOCAL && state.rules === null ? fibNewTable(state, RT_TABLE_MAIN).store : null;
  const table = new FibTable(id, shared ?? new FibStore(state.fib.factory));
  state.tables.set(id, table);
  if (id === RT_TABLE_MAIN) state.main = table;
  if (id === RT_TABLE_DEFAULT) state.dflt = table;
  return table;
}

/** All tables, in the order in which they are dumped: by the low byte of the number, of equal ones the newest first. */
export function fibTablesInOrder(state: FibNet): FibTable[] {
  return [...state.tables.values()].reverse().sort((a, b) => (a.id & 0xff) - (b.id & 0xff));
}

/** `fib_valid_key_len`: 0, or -EINVAL and why. */
function checkPrefix(cfg: FibConfig, extack: NetlinkExtAck | null): number {
  const short = cfg.dstLen <= 32;
  if (short && (cfg.dst & ~inetMakeMask(cfg.dstLen)) === 0) return 0;
  extack?.setErrMsg(short ? 'Invalid prefix for given prefix length' : 'Invalid prefix length');
  return -EINVAL;
}

/**
 * `fib_table_insert`: adds a route, or changes one, as NLM_F_CREATE, EXCL, REPLACE and APPEND in `cfg.nlflags` say. 0, -EEXIST,
 * -ENOENT (nothing to change), -EINVAL, or why the next hop is refused.
 */
export function fibTableInsert(state: FibNet, table: FibTable, cfg: FibConfig, extack: NetlinkExtAck | null): number {
  const bad = checkPrefix(cfg, extack);
  if (bad !== 0) return bad;
  const fi = fibCreateInfo(state, cfg, extack);
  if (typeof fi === 'number') return fi;
  const { store } = table;
  const list = store.aliases(cfg.dst, cfg.dstLen);
  const fa = new FibAlias(fi, cfg.tos, cfg.dstLen);
  const err = list.length === 0 ? checkCreate(cfg) : place(list, fa, cfg);
  if (err <= 0) {
    fibReleaseInfo(fi);
    return err;
  }
  if (list.length === 0) store.addFirst(cfg.dst, cfg.dstLen, fi, cfg.tos);
  else store.setAliases(cfg.dst, cfg.dstLen, list);
  if ((err & NLM_F_REPLACE) === 0 && cfg.dstLen === 0) table.numDefault++;
  state.cacheFlush();
  state.fib.control?.rtmsgFib(state, RTM_NEWROUTE, fa, cfg.dst, cfg, err);
  return 0;
}

/** The very route is in its place already. */
const PLACED_BEFORE = 0;

function checkCreate(cfg: FibConfig): number {
  return (cfg.nlflags & NLM_F_CREATE) === 0 ? -ENOENT : NLM_F_CREATE | NLM_F_EXCL;
}

/**
 * Puts `fa` in its place among the aliases of its prefix. A negative errno, {@link PLACED_BEFORE}, or the flags with which the
 * change is announced: NLM_F_REPLACE alone, or NLM_F_CREATE with EXCL or APPEND.
 */
function place(list: FibAlias[], fa: FibAlias, cfg: FibConfig): number {
  const first = list.findIndex((other) => fibAliasOrder(other, fa) === 0);
  if (first < 0) {
    const created = checkCreate(cfg);
    if (created > 0) insertAt(list, fa);
    return created;
  }
  if ((cfg.nlflags & NLM_F_EXCL) !== 0) return -EEXIST;
  const match = list.findIndex((other) => other.info === fa.info && other.tos === fa.tos);
  if ((cfg.nlflags & NLM_F_REPLACE) !== 0) {
    if (match >= 0) return match === first ? PLACED_BEFORE : -EEXIST;
    const old = list[first];
    list[first] = fa;
    fibReleaseInfo(old.info);
    return NLM_F_REPLACE;
  }
  if (match >= 0) return -EEXIST;
  if ((cfg.nlflags & NLM_F_CREATE) === 0) return -ENOENT;
  const append = (cfg.nlflags & NLM_F_APPEND) !== 0;
  let at = first;
  while (append && at < list.length && fibAliasOrder(list[at], fa) === 0) at++;
  list.splice(at, 0, fa);
  return append ? NLM_F_CREATE | NLM_F_APPEND : NLM_F_CREATE;
}

function insertAt(list: FibAlias[], fa: FibAlias): void {
  const at = list.findIndex((other) => fibAliasOrder(other, fa) > 0);
  list.splice(at < 0 ? list.length : at, 0, fa);
}

/** `fib_table_delete`: removes the first route that the request describes; what it leaves out matches. 0, -EINVAL or -ESRCH. */
export function fibTableDelete(state: FibNet, table: FibTable, cfg: FibConfig, extack: NetlinkExtAck | null): number {
  const bad = checkPrefix(cfg, extack);
  if (bad !== 0) return bad;
  const list = table.store.aliases(cfg.dst, cfg.dstLen);
  const at = list.findIndex((fa) => fa.tbId === table.id && fa.tos === cfg.tos && describes(cfg, fa.info));
  if (at < 0) return -ESRCH;
  const [fa] = list.splice(at, 1);
  state.fib.control?.rtmsgFib(state, RTM_DELROUTE, fa, cfg.dst, cfg, 0);
  removeAlias(table, cfg.dst, cfg.dstLen, list, fa);
  state.cacheFlush();
  return 0;
}

function describes(cfg: FibConfig, fi: FibInfo): boolean {
  if (cfg.type !== 0 && cfg.type !== fi.type) return false;
  if (cfg.scope !== RT_SCOPE_NOWHERE && cfg.scope !== fi.scope) return false;
  if (cfg.prefsrc !== 0 && cfg.prefsrc !== fi.prefsrc) return false;
  if (cfg.protocol !== 0 && cfg.protocol !== fi.protocol) return false;
  return fibNhMatch(cfg, fi) && fibMetricsMatch(cfg, fi);
}

function removeAlias(table: FibTable, prefix: number, plen: number, rest: readonly FibAlias[], gone: FibAlias): void {
  table.store.setAliases(prefix, plen, rest);
  if (plen === 0) table.numDefault--;
  fibReleaseInfo(gone.info);
}

/** `fib_flush`: removes the routes whose next hops are all dead. Returns how many. */
export function fibFlush(state: FibNet): number {
  let flushed = 0;
  for (const table of fibTablesInOrder(state)) flushed += fibTableFlush(state, table);
  if (flushed > 0) state.cacheFlush();
  return flushed;
}

/**
 * `fib_table_flush`: as {@link fibFlush} for one table. User space is told only of routes whose preferred source went away: of dead
 * links it learns from the link.
 */
function fibTableFlush(state: FibNet, table: FibTable): number {
  const { store } = table;
  const dead: [prefix: number, plen: number][] = [];
  store.backend.walk((prefix, plen, index) => {
    for (let fa = store.heads[index]; fa !== null; fa = fa.next) {
      if (fa.tbId !== table.id || !isDead(fa)) continue;
      dead.push([prefix, plen]);
      return;
    }
  });
  let flushed = 0;
  for (const [prefix, plen] of dead) flushed += flushPrefix(state, table, prefix, plen);
  return flushed;
}

function isDead(fa: FibAlias): boolean {
  return (fa.info.flags & RTNH_F_DEAD) !== 0;
}

function flushPrefix(state: FibNet, table: FibTable, prefix: number, plen: number): number {
  const list = table.store.aliases(prefix, plen);
  const gone = list.filter((fa) => fa.tbId === table.id && isDead(fa));
  for (const fa of gone) if (fa.info.pfsrcRemoved) state.fib.control?.rtmsgFib(state, RTM_DELROUTE, fa, prefix, null, 0);
  table.store.setAliases(prefix, plen, list.filter((fa) => !gone.includes(fa)));
  for (const fa of gone) {
    if (plen === 0) table.numDefault--;
    fibReleaseInfo(fa.info);
  }
  return gone.length;
}

/** The namespace dies: no table is left, nobody is told, and it costs no more than the ways out. */
export function fibFlushAll(state: FibNet): void {
  for (const fi of [...state.infos.all()]) {
    fi.treeref = 1;
    fibReleaseInfo(fi);
  }
  state.tables.clear();
  state.main = null;
  state.dflt = null;
}

/** The rules that every namespace begins with (0, 32766, 32767), for tables that have been separated. */
const DEFAULT_RULES: RulesProvider = {
  lookup(state, fl4, res, flags): number {
    for (const id of DEFAULT_ORDER) {
      const table = state.tables.get(id);
      const err = table === undefined ? -EAGAIN : fibTableLookup(table, fl4, res, flags);
      if (err !== -EAGAIN) return err;
    }
    return -ENETUNREACH;
  },
};
const DEFAULT_ORDER: readonly number[] = [RT_TABLE_LOCAL, RT_TABLE_MAIN, RT_TABLE_DEFAULT];

/**
 * Policy rules take over (null: back to the default ones). From the first time on the local and the main table have stores of their
 * own (`fib_unmerge`): each can be asked alone, and an address in local wins over a longer prefix in main.
 */
export function fibSetRules(state: FibNet, rules: RulesProvider | null): void {
  if (rules === null && state.rules === null) return;
  state.rules = rules ?? DEFAULT_RULES;
  state.cacheFlush();
  const local = state.tables.get(RT_TABLE_LOCAL);
  const { main } = state;
  if (local === undefined || main === null || local.store !== main.store) return;
  local.store = new FibStore(state.fib.factory);
  const prefixes = main.store.prefixes();
  const moved: [prefix: number, plen: number, own: readonly FibAlias[]][] = [];
  for (let i = 0; i < prefixes.length; i += 2) {
    const all = main.store.aliases(prefixes[i], prefixes[i + 1]);
    const own = all.filter((fa) => fa.tbId === local.id);
    if (own.length === 0) continue;
    main.store.setAliases(prefixes[i], prefixes[i + 1], all.filter((fa) => fa.tbId !== local.id));
    moved.push([prefixes[i], prefixes[i + 1], own]);
  }
  // Only now: while one prefix in the old store shares an alias, another one would be given the alias's number there.
  for (const [prefix, plen, own] of moved) local.store.setAliases(prefix, plen, own);
}
