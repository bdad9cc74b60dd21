/** Routing state of one namespace (`net->ipv4.fib_*`), and what all namespaces of a kernel share. */
import { DevSlot, HZ, type Kernel, type Net, type NetDevice, NetSlot, type Random, type Timers } from '@skbuff/core';
import { type MultipathSeed, multipathSeed } from '@skbuff/inet';
import { Flowi4, type Ipv4, type Rtable } from '@skbuff/ipv4';
import type { FibAlias } from './fib-alias.ts';
import type { FibConfig } from './fib-config.ts';
import { FibInfoHash } from './fib-info.ts';
import { FibResult } from './fib-result.ts';
import type { FibNh } from './fib-nh.ts';
import type { FibTable } from './fib-tables.ts';
import type { FibTableFactory } from './fib-table.ts';
import { IfaddrHash } from './ifaddr-hash.ts';

/** Policy rules, once somebody brings them: they decide which tables are searched for a flow. */
export interface RulesProvider {
  /** `__fib_lookup`: 0 with `res` filled in, or a negative errno. */
  readonly lookup: (state: FibNet, fl4: Flowi4, res: FibResult, flags: number) => number;
  /** Rules that look at protocol or ports: a received packet's have to be read before the lookup. */
  readonly fldissectUsers?: number;
}

/** `ip_rt_*`: settings under net.ipv4.route; times in jiffies. */
export class RouteSettings {
  /** Life of a redirect that was followed. */
  gcTimeout: number = 300 * HZ;
  /** ICMP errors of unreachable routes to one source: one costs this much of a credit … */
  errorCost: number = HZ;
  /** … that grows with time up to this. */
  errorBurst: number = 5 * HZ;
  /** Redirects to a host that ignores them: wait this long before the second, double it each time … */
  redirectLoad: number = HZ / 50;
  /** … give up after this many … */
  redirectNumber = 9;
  /** … and begin anew when nothing came for so long. */
  redirectSilence: number = (HZ / 50) << 10;
  /** Shown and set, without effect. */
  gcThresh = -1;
  maxSize = 0x7fffffff;
  gcMinInterval = 0;
  gcMinIntervalMs = 500;
  gcInterval = 60;
  gcElasticity = 8;
}

/** What user space sees of routes: messages and files. */
export interface FibControl {
  readonly rtmsgFib: (state: FibNet, event: number, fa: FibAlias, prefix: number, cfg: FibConfig | null, flags: number) => void;
  /** The files of a namespace; returns how to take them back. */
  readonly netRegister: (state: FibNet) => (() => void)[];
}

/** One kernel's routing. */
export class Fib {
  /** Null in a stack without netlink, sysctl and /proc. */
  readonly control: FibControl | null;
  readonly kernel: Kernel;
  readonly ip: Ipv4;
  /** Makes the longest-prefix store of a new table. */
  readonly factory: FibTableFactory;
  /** Decisions that no next hop holds: they have to let go of a device that leaves. */
  readonly uncached: Set<Rtable> = new Set();
  /** `fib_info` alive, in all namespaces. */
  infos = 0;
  readonly settings: RouteSettings = new RouteSettings();
  readonly random: Random;

  constructor(kernel: Kernel, ip: Ipv4, factory: FibTableFactory, control: FibControl | null) {
    this.control = control;
    this.kernel = kernel;
    this.ip = ip;
    this.factory = factory;
    this.random = kernel.random.fork('fib');
  }
}

export class FibNet {
  readonly net: Net;
  readonly fib: Fib;
  readonly timers: Timers;
  readonly tables: Map<number, FibTable> = new Map();
  /** The tables that every lookup asks. */
  main: FibTable | null = null;
  dflt: FibTable | null = null;
  /** Set by policy routing; null: local, main and default, in this order. */
  rules: RulesProvider | null = null;
  readonly infos: FibInfoHash = new FibInfoHash();
  /** Decisions of an older generation are made again. */
  rtGenid = 1;
  fnheGenid = 1;
  /** Rises when addresses change: preferred sources of next hops are chosen again. */
  devAddrGenid = 0;
  /** Somebody added routes of type local: being an interface's address no longer says it all. */
  hasCustomLocalRoutes = false;
  readonly multipathSeed: MultipathSeed;
  /** Next hops with a realm. */
  tclassidUsers = 0;
  readonly addrs: IfaddrHash = new IfaddrHash();
  /** Realm of the source, as the last source validation found it. */
  itag = 0;
  /** Objects that lookups fill in again and again: of a packet, of its source, of everything else. */
  readonly inFlow: Flowi4 = new Flowi4();
  readonly inRes: FibResult = new FibResult();
  readonly srcFlow: Flowi4 = new Flowi4();
  readonly srcRes: FibResult = new FibResult();
  readonly auxFlow: Flowi4 = new Flowi4();
  readonly auxRes: FibResult = new FibResult();
  readonly outRes: FibResult = new FibResult();
  /** Takes back what the namespace shows under /proc. */
  undo: (() => void)[] = [];

  constructor(net: Net, fib: Fib) {
    this.net = net;
    this.fib = fib;
    this.timers = net.timers;
    this.multipathSeed = multipathSeed(net);
  }

  /** `rt_cache_flush`: every decision made so far is made again when it is next needed. */
  cacheFlush(): void {
    this.rtGenid++;
  }
}

export const fibNet: NetSlot<FibNet> = new NetSlot<FibNet>('fib');

const devNexthops: DevSlot<Set<FibNh>> = new DevSlot<Set<FibNh>>();

/** `fib_info_devhash`: the next hops over a device. */
export function fibDevNexthops(dev: NetDevice): ReadonlySet<FibNh> {
  return devNexthops.get(dev) ?? NONE;
}

const NONE: ReadonlySet<FibNh> = new Set();

export function fibDevAdd(dev: NetDevice, nh: FibNh): void {
  const set = devNexthops.get(dev);
  if (set !== null) set.add(nh);
  else devNexthops.set(dev, new Set([nh]));
}

export function fibDevRemove(dev: NetDevice, nh: FibNh): void {
  devNexthops.get(dev)?.delete(nh);
}
