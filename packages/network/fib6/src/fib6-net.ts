/** Routing state of one namespace (`net->ipv6.fib6_*`), and what all namespaces of a kernel share. */
import { HZ, type Kernel, type Net, NetSlot, type Random, TimerList, type Timers } from '@skbuff/core';
import { type MultipathSeed, multipathSeed } from '@skbuff/inet';
import { Flowi6, type Ipv6, type Ipv6Net, type Rt6Info, ipv6Net } from '@skbuff/ipv6';
import { INT_MAX } from '@skbuff/sysctl';
import { RT_TABLE_LOCAL, RT_TABLE_MAIN } from '@skbuff/uapi';
import type { Fib6RtConfig } from './fib6-config.ts';
import type { Fib6Rt } from './fib6-info.ts';
import { Fib6Table } from './fib6-node.ts';
import { Fib6Result } from './fib6-result.ts';
import type { Fib6TableFactory } from './fib6-table.ts';

/** Policy rules, once somebody brings them: they decide which tables are searched for a flow. */
export interface Rules6Provider {
  /** `fib6_rule_lookup`: as {@link fib6Lookup}. */
  readonly lookup: (state: Fib6Net, fl6: Flowi6, flags: number, res: Fib6Result) => number;
  /** Rules that look at protocol or ports: a received packet's have to be read before the lookup. */
  readonly fldissectUsers: number;
}

/** What user space hears of routes. */
export interface Fib6Control {
  /** `inet6_rt_notify`: `event` RTM_*, `nlflags` NLM_F_* of the message; `cfg` is the request, null: there was none. */
  readonly rtNotify: (state: Fib6Net, event: number, rt: Fib6Rt, cfg: Fib6RtConfig | null, nlflags: number) => void;
  /** The files and settings of a namespace; returns how to take them back. */
  readonly netRegister: (state: Fib6Net) => (() => void)[];
}

/** One kernel's routing. */
export class Fib6 {
  /** Null in a stack without netlink, sysctl and /proc. */
  readonly control: Fib6Control | null;
  readonly kernel: Kernel;
  readonly ip: Ipv6;
  /** Makes the longest-prefix store of a new table. */
  readonly factory: Fib6TableFactory;
  /** Decisions that no route holds: they have to let go of a device that leaves. */
  readonly uncached: Set<Rt6Info> = new Set();
  /** `fib6_info` in tables, of all namespaces. */
  infos = 0;
  readonly random: Random;

  constructor(kernel: Kernel, ip: Ipv6, factory: Fib6TableFactory, control: Fib6Control | null) {
    this.control = control;
    this.kernel = kernel;
    this.ip = ip;
    this.factory = factory;
    this.random = kernel.random.fork('fib6');
  }
}

/** `struct rt6_statistics`: /proc/net/rt6_stats. */
export interface Rt6Statistics {
  rtAlloc: number;
  rtEntries: number;
  rtCache: number;
  discardedRoutes: number;
}

export class Fib6Net {
  readonly net: Net;
  readonly fib6: Fib6;
  readonly v6: Ipv6Net;
  readonly timers: Timers;
  readonly tables: Map<number, Fib6Table> = new Map();
  readonly local: Fib6Table;
  readonly main: Fib6Table;
  /** Set by policy routing; null: local, then main. */
  rules: Rules6Provider | null = null;
  /** `fib6_sernum`: the last number a node got. */
  sernum = 0;
  /** `rt_genid_ipv6`: decisions of an older generation are made again. */
  genid = 1;
  /** Routes for certain sources only (`fib6_routes_require_src`). */
  srcRoutes = 0;
  /** Decisions of forwarded packets by the number of their next hop, less one: see `route6-ways.ts`. */
  readonly ways: Rt6Info[] = [];
  /** By error: the decisions of those whom no route takes (`ip6_null_entry` -ENETUNREACH, `ip6_prohibit_entry` -EACCES, `ip6_blk_hole_entry` -EINVAL). */
  readonly special: Map<number, Rt6Info> = new Map();
  readonly stats: Rt6Statistics = { rtAlloc: 0, rtEntries: 0, rtCache: 0, discardedRoutes: 0 };
  /** net.ipv6.route.*, jiffies: how long a redirect is followed, how often is looked for what is over. */
  gcTimeout: number = 60 * HZ;
  gcInterval: number = 30 * HZ;
  /** Jiffies. What the collector of old kernels went by: shown and set. */
  gcMinInterval: number = HZ / 2;
  gcThresh = 1024;
  gcElasticity = 9;
  maxSize: number = INT_MAX;
  /** net.ipv6.route.skip_notify_on_dev_down: nobody is told of routes that go with their device. */
  skipNotifyOnDevDown = 0;
  readonly multipathSeed: MultipathSeed;
  /** Objects that lookups fill in again and again: of a received packet, of everything else. */
  readonly inFlow: Flowi6 = new Flowi6();
  readonly inRes: Fib6Result = new Fib6Result();
  readonly auxFlow: Flowi6 = new Flowi6();
  readonly auxRes: Fib6Result = new Fib6Result();
  readonly outRes: Fib6Result = new Fib6Result();
  /** `ip6_fib_timer`. */
  readonly gcTimer: TimerList;
  /** Takes back what the namespace shows. */
  undo: (() => void)[] = [];

  constructor(net: Net, fib6: Fib6, onGc: (state: Fib6Net) => void) {
    this.net = net;
    this.fib6 = fib6;
    this.v6 = ipv6Net.of(net);
    this.timers = net.timers;
    this.multipathSeed = multipathSeed(net);
    this.gcTimer = new TimerList(() => onGc(this), true);
    this.main = fib6NewTable(this, RT_TABLE_MAIN);
    this.local = fib6NewTable(this, RT_TABLE_LOCAL);
  }
}

export const fib6Net: NetSlot<Fib6Net> = new NetSlot<Fib6Net>('fib6');

/** `fib6_get_table`: the table with this number (0: main), or null while nothing was ever put into it. */
export function fib6GetTable(state: Fib6Net, id: number): Fib6Table | null {
  return state.tables.get(id === 0 ? RT_TABLE_MAIN : id) ?? null;
}

/** `fib6_new_table`: as {@link fib6GetTable}, made if it does not exist. */
export function fib6NewTable(state: Fib6Net, id: number): Fib6Table {
  const known = fib6GetTable(state, id);
  if (known !== null) return known;
  const table = new Fib6Table(id === 0 ? RT_TABLE_MAIN : id, state.fib6.factory);
  state.tables.set(table.id, table);
  return table;
}

/** All tables in the order in which they are dumped: by the low byte of the number, of equal ones the newest first. */
export function fib6TablesInOrder(state: Fib6Net): Fib6Table[] {
  return [...state.tables.values()].reverse().sort((a, b) => (a.id & 0xff) - (b.id & 0xff));
}

/** `fib6_start_gc`: something has an end now. */
export function fib6StartGc(state: Fib6Net): void {
  if (!state.gcTimer.pending()) state.timers.modTimer(state.gcTimer, state.timers.jiffies + state.gcInterval);
}
