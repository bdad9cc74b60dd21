/** One running kernel: everything that is global in Linux hangs here, so that a process can hold many that share nothing. */
import { callNetdeviceNotifiers, type NetdevNotifierInfo } from '../netdevice/dev-notify.ts';
import { Transmit } from '../netdevice/dev-tx.ts';
import type { NetDevice } from '../netdevice/netdevice.ts';
import type { Offloads } from '../netdevice/offload.ts';
import { NoqueueQdisc, PfifoFastQdisc, type NetdevQueue, type Qdisc, type QdiscOps } from '../netdevice/qdisc.ts';
import { type RtnlLinkOps, type RtnlNotify, silentRtnl } from '../netdevice/rtnl-link-ops.ts';
import { Softnet } from '../netdevice/softnet.ts';
import { type BlockingNotifierHead, RawNotifierHead } from '../notifier/notifier.ts';
import { NETDEV_UNREGISTER, SYS_POWER_OFF } from '../notifier/netdev-events.ts';
import type { Net } from '../pernet/net.ts';
import { NetNamespaces } from '../pernet/net-namespace.ts';
import { Arena } from '../skbuff/arena.ts';
import { SkbuffCache } from '../skbuff/skbuff-cache.ts';
import { Softirq } from '../softirq/softirq.ts';
import type { Clock, ClockHandle } from '../time/clock.ts';
import { Random } from '../time/random.ts';
import { HZ } from '../time/jiffies.ts';
import { TimerList, Timers } from '../time/timer.ts';
import { VirtualClock } from '../time/virtual-clock.ts';
import { Services } from './services.ts';
import { ModuleContext, ModuleError, type Plugin, sortPlugins } from './plugin.ts';

export interface KernelOptions {
  readonly plugins?: readonly Plugin[];
  /** Default: a virtual clock of its own. */
  readonly clock?: Clock;
  /** Seed of everything random, a whole number; default 1. */
  readonly seed?: number;
  /** Bytes of packet memory, up to 2 GiB; default 64 MiB. The system commits pages when they are first used. */
  readonly memory?: number;
  /** CPUs that receive steering (RPS) and transmit steering (XPS) tell apart, 1 to 32; default 1. There is one thread all the same. */
  readonly cpus?: number;
  /** Overwrites freed packet memory, so that a use after free shows, and logs more. */
  readonly debug?: boolean;
  /** Hears the kernel log as it is written. */
  readonly onLog?: (line: string) => void;
}

/** @internal */
export interface LoadedModule {
  readonly plugin: Plugin;
  readonly ctx: ModuleContext;
  refs: number;
}

const LOG_LINES = 1000;

/** An option that is no number would be found out late and far away. */
function whole(name: string, value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new RangeError(`${name}: ${value} is not whole and in 0..${max}`);
  return value;
}

export class Kernel {
  readonly skbs: SkbuffCache;
  readonly softirq: Softirq;
  readonly softnet: Softnet;
  readonly xmit: Transmit;
  readonly timers: Timers;
  readonly random: Random;
  readonly services: Services = new Services();
  readonly netdevChain: RawNotifierHead<NetdevNotifierInfo> = new RawNotifierHead();
  /** `reboot_notifier_list`, once somebody is on it ({@link registerRebootNotifier}). */
  rebootChain: BlockingNotifierHead<Kernel> | null = null;
  readonly netns: NetNamespaces;
  readonly linkOps: Map<string, RtnlLinkOps> = new Map();
  /** Network protocols that can cut and glue packets, once there is one. */
  offloads: Offloads | null = null;
  readonly qdiscs: Map<string, QdiscOps> = new Map();
  /** net.core.default_qdisc */
  defaultQdisc = 'pfifo_fast';
  /** net.core.netdev_unregister_timeout_secs */
  netdevUnregisterTimeoutSecs = 10;
  /** rtnetlink, once its package is loaded. */
  rtnl: RtnlNotify = silentRtnl;
  readonly leakChecks: Map<string, () => number> = new Map();
  /** Devices allocated and not freed. */
  liveDevices = 0;
  /** The initial namespace. */
  readonly initNet: Net;
  /** The clock's side of this kernel. */
  readonly clock: ClockHandle;
  /** @internal */
  readonly modules: Map<string, LoadedModule> = new Map();
  private work: (() => void)[] = [];
  private readonly logLines: string[] = [];
  private readonly debug: boolean;
  private readonly onLog: ((line: string) => void) | null;

  constructor(options: KernelOptions = {}) {
    this.onLog = options.onLog ?? null;
    this.debug = options.debug ?? false;
    this.random = new Random(whole('seed', options.seed ?? 1, Number.MAX_SAFE_INTEGER));
    this.skbs = new SkbuffCache(new Arena(whole('memory', options.memory ?? 64 << 20, 2 ** 31), this.debug));
    this.skbs.hashRnd = this.random.fork('hashrnd').u32();
    this.clock = (options.clock ?? new VirtualClock()).attach(this);
    this.timers = new Timers((deadline, essential) => this.clock.alarm(deadline, essential), this.clock);
    this.softirq = new Softirq(
      () => this.clock.defer(),
      () => this.clock.yield(),
    );
    this.softnet = new Softnet(this.softirq, () => this.realTime(), options.cpus ?? 1);
    this.xmit = new Transmit(this.softirq, this.softnet, () => this.timers.jiffies);
    this.qdiscs.set('pfifo_fast', { id: 'pfifo_fast', create: (queue) => new PfifoFastQdisc(queue) });
    this.qdiscs.set('noqueue', { id: 'noqueue', create: () => new NoqueueQdisc() });
    this.netns = new NetNamespaces(this);
    this.timers.run(this.clock.now());
    this.initNet = this.netns.list[0] as Net;
    try {
      for (const plugin of sortPlugins(options.plugins ?? [], new Set())) this.load(plugin);
    } catch (error) {
      this.shutdown();
      throw error;
    }
  }

  /** Nanoseconds since 1970. */
  realTime(): number {
    return this.clock.epoch + this.clock.now();
  }

  /** The plugins as they were given, in the order of loading: another kernel can be made of them. */
  plugins(): readonly Plugin[] {
    return [...this.modules.values()].map(({ plugin }) => plugin);
  }

  /** Runs `fn` soon, outside the present call chain and before time moves (`schedule_work`). */
  scheduleWork(fn: () => void): void {
    this.work.push(fn);
    this.clock.defer();
  }

  /** The clock says that time moved or that deferred work is due. */
  onClock(): void {
    this.softirq.localBhDisable();
    this.timers.run(this.clock.now());
    this.softirq.localBhEnable();
    const work = this.work;
    if (work.length > 0) {
      this.work = [];
      for (const fn of work) fn();
    }
    this.timers.rearm();
  }

  /** One line of the kernel log, with the time since boot. */
  log(text: string): void {
    const line = `[${(this.clock.now() / 1e9).toFixed(6).padStart(12)}] ${text}`;
    this.logLines.push(line);
    if (this.logLines.length > LOG_LINES) this.logLines.shift();
    this.onLog?.(line);
  }

  /** A line that Linux writes only with dynamic debugging on; here with the option `debug`. */
  logDebug(text: string): void {
    if (this.debug) this.log(text);
  }

  /** The kernel log, oldest line first. */
  dmesg(): readonly string[] {
    return this.logLines;
  }

  createDefaultQdisc(queue: NetdevQueue): Qdisc {
    const ops = this.qdiscs.get(this.defaultQdisc) ?? (this.qdiscs.get('pfifo_fast') as QdiscOps);
    return ops.create(queue);
  }

  /**
   * `netdev_wait_allrefs_any`: calls `done` when nothing refers to the device any more. Meanwhile everybody hears NETDEV_UNREGISTER again
   * every second, and the log every `netdevUnregisterTimeoutSecs` seconds who keeps the worker waiting.
   */
  waitForDevice(dev: NetDevice, done: () => void): void {
    let warned = this.timers.jiffies;
    const again = new TimerList(() => {
      callNetdeviceNotifiers(NETDEV_UNREGISTER, dev);
      if (dev.onLastRef === null) return;
      if (this.timers.jiffies - warned >= this.netdevUnregisterTimeoutSecs * HZ) {
        warned = this.timers.jiffies;
        this.log(`unregister_netdevice: waiting for ${dev.name} to become free. Usage count = ${dev.refcount() + 1}`);
      }
      this.timers.modTimer(again, this.timers.jiffies + HZ);
    }, true);
    this.timers.modTimer(again, this.timers.jiffies + HZ);
    this.netns.worker?.waitForDevice(dev);
    dev.onLastRef = () => {
      dev.onLastRef = null;
      this.timers.delTimer(again);
      done();
      this.netns.worker?.deviceIsFree(dev);
    };
  }

  /** What is alive that should not be, by name; empty after {@link shutdown}. */
  leaks(): Record<string, number> {
    // A list, since a minifier may shorten the names of properties.
    const counts: [what: string, count: number][] = [
      ['sk_buff', this.skbs.inUse],
      ['data block', this.skbs.arena.blocksInUse],
      ['net_device', this.liveDevices],
      ['timer', this.timers.pendingCount],
      ['notifier', this.netdevChain.blocks().length],
      ['packet type', this.softnet.packetTypes().length],
      ['net', this.netns.list.length],
      ['module', this.modules.size],
    ];
    for (const [what, count] of this.leakChecks) counts.push([what, count()]);
    return Object.fromEntries(counts.filter(([, count]) => count !== 0));
  }

  /** Destroys every namespace, the initial one last, and unloads every plugin in reverse. Returns {@link leaks}. */
  shutdown(): Record<string, number> {
    this.rebootChain?.callChain(SYS_POWER_OFF, this);
    this.netns.killAll();
    this.onClock();
    const checks = [...this.leakChecks];
    for (const { ctx } of [...this.modules.values()].reverse()) ctx.unwind();
    this.modules.clear();
    this.onClock();
    this.clock.detach();
    // The plugins are gone and took their checks along, but what they left behind still counts.
    for (const [what, count] of checks) this.leakChecks.set(what, count);
    return this.leaks();
  }

  /** @internal */
  load(plugin: Plugin): void {
    const ctx = new ModuleContext(this, plugin.name);
    try {
      plugin.init(ctx);
    } catch (error) {
      ctx.unwind();
      throw error instanceof ModuleError ? error : new ModuleError('EINIT', plugin.name, `${plugin.name}: ${error}`, { cause: error });
    }
    this.modules.set(plugin.name, { plugin, ctx, refs: 0 });
  }
}

/** Boots a kernel. Throws {@link ModuleError} if a plugin is missing what it requires. */
export function createKernel(options: KernelOptions = {}): Kernel {
  return new Kernel(options);
}
