/** A network of hosts in one kernel: a namespace for each host, veth pairs between them. */
import { type Clock, createKernel, type Kernel, type NetDevice, type Plugin, RealClock, setupNet, VirtualClock } from '@skbuff/core';
import type { Command } from '@skbuff/command';
import type { NetlinkPort } from '@skbuff/netlink';
import { attachCapture, type PcapngSink, PcapngWriter } from '@skbuff/pcapng';
import { check, kernelTask, SysError, type Task } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import { vethCreate } from '@skbuff/veth';
import { Host } from './host.ts';
import { macBytes } from './addresses.ts';
import { hosts } from './plugin.ts';
import type { Process } from './process.ts';

export interface NetOptions {
  /** The stack of every host; `linux()` of the package skbuff is a whole one. */
  readonly plugins: readonly Plugin[];
  /** What hosts can run, by name. */
  readonly commands?: readonly Command[];
  /** Of everything random; default 1. */
  readonly seed?: number;
  /** Time follows the event loop; default: virtual time, which jumps from event to event while something is awaited. */
  readonly realTime?: boolean;
  /** A clock of one's own, instead of `realTime`; several networks may share it. */
  readonly clock?: Clock;
  /** Bytes of packet memory; default 64 MiB. */
  readonly memory?: number;
  /** Overwrites freed packets, logs more. */
  readonly debug?: boolean;
  readonly onLog?: (line: string) => void;
}

export interface LinkEndOptions {
  /** Default: the first free one of eth0, eth1 … */
  readonly name?: string;
  /** `02:00:00:00:00:01`; default: by the seed. */
  readonly mac?: string;
}

export interface LinkOptions {
  /** Bytes; default 1500. */
  readonly mtu?: number;
  readonly a?: LinkEndOptions;
  readonly b?: LinkEndOptions;
}

/** Both ends of a link. */
export interface HostLink {
  readonly a: NetDevice;
  readonly b: NetDevice;
}

/** gc_thresh1 to 3 of one machine. */
const GC_THRESH = [128, 512, 1024] as const;

export class HostNet {
  readonly kernel: Kernel;
  private readonly byName: Map<string, Host> = new Map();
  private readonly stops: (() => void)[] = [];
  private readonly commands: ReadonlyMap<string, Command>;
  private readonly owners: WeakMap<NetlinkPort, Process> = new WeakMap();
  /** Waits for time to pass. */
  private readonly waiter: Task;

  constructor(options: NetOptions) {
    const { seed = 1, realTime = false, clock = realTime ? new RealClock() : new VirtualClock(), memory, debug = false, onLog } = options;
    this.commands = new Map((options.commands ?? []).map((command) => [command.name, command]));
    this.kernel = createKernel({
      plugins: [...options.plugins, hosts(this.owners)],
      clock,
      seed,
      debug,
      ...(memory !== undefined && { memory }),
      ...(onLog !== undefined && { onLog }),
    });
    this.waiter = kernelTask(this.kernel.initNet);
  }

  /** All hosts, in the order in which they were made. */
  get all(): readonly Host[] {
    return [...this.byName.values()];
  }

  /** A new host with `lo` up. Throws if the name is taken. */
  host(name: string): Host {
    if (this.byName.has(name)) throw new TypeError(`there is a host ${name} already`);
    const ns = setupNet(this.kernel);
    if (typeof ns === 'number') throw new SysError('unshare(CLONE_NEWNET)', ns);
    const host = new Host(name, ns, { commands: this.commands, owners: this.owners });
    this.byName.set(name, host);
    host.link.set({ dev: 'lo', up: true });
    this.growNeighbourTable();
    return host;
  }

  /** One table of neighbours serves all namespaces, as on Linux: but hosts are machines, and each brings the room of one. */
  private growNeighbourTable(): void {
    const tree = sysctlOf(this.kernel.initNet);
    // A stack without ARP has no such setting, and needs none.
    GC_THRESH.forEach((room, i) => this.waiter.enter(() => tree.write(`net/ipv4/neigh/default/gc_thresh${i + 1}`, String(room * this.byName.size))));
  }

  /** Several new hosts. */
  hosts<const Names extends readonly string[]>(...names: Names): { [K in keyof Names]: Host } {
    return names.map((name) => this.host(name)) as { [K in keyof Names]: Host };
  }

  /** A host that forwards (net.ipv4.ip_forward = 1). */
  router(name: string): Host {
    const host = this.host(name);
    host.sysctl('net.ipv4.ip_forward', 1);
    return host;
  }

  /** The host of that name, or undefined. */
  get(name: string): Host | undefined {
    return this.byName.get(name);
  }

  /** A cable between two hosts: a veth pair, both ends up. Throws `SysError` (EEXIST, EINVAL, EADDRNOTAVAIL). */
  link(a: Host, b: Host, options: LinkOptions = {}): HostLink {
    const nameOf = (end: LinkEndOptions | undefined): string => end?.name ?? 'eth%d';
    const { mtu } = options;
    const pair = vethCreate(a.ns, nameOf(options.a), b.ns, nameOf(options.b), {
      ...(options.a?.mac !== undefined && { address: macBytes(options.a.mac) }),
      ...(options.b?.mac !== undefined && { peerAddress: macBytes(options.b.mac) }),
      ...(mtu !== undefined && { mtu }),
    });
    if (typeof pair === 'number') throw new SysError(`link ${a.name} ${b.name}`, pair);
    a.link.set({ dev: pair.dev.name, up: true });
    b.link.set({ dev: pair.peer.name, up: true });
    return { a: pair.dev, b: pair.peer };
  }

  /**
   * Writes what devices send and receive as pcapng; without devices those that exist now, of all hosts, but `lo`. `sink` takes the
   * bytes of a file, piece by piece. Returns the end of it; `close` ends it, too.
   */
  capture(sink: PcapngSink, ...devs: readonly NetDevice[]): () => void {
    const some = devs.length > 0 ? devs : this.all.flatMap((host) => host.ns.devList.filter((dev) => dev !== host.ns.loopbackDev));
    const stop = attachCapture(some, new PcapngWriter(sink));
    this.stops.push(stop);
    return stop;
  }

  /** Nanoseconds since the network was made. */
  now(): number {
    return this.kernel.clock.now();
  }

  /** Lets so many milliseconds pass, with all that happens in them. */
  async advance(ms: number): Promise<void> {
    check('nanosleep', await this.waiter.nanosleep(ms * 1e6));
  }

  /** Ends every command, destroys every host and unloads the stack. Returns what is left and should not be: nothing, `{}`. */
  close(): Record<string, number> {
    for (const stop of this.stops) stop();
    for (const host of this.byName.values()) host.close();
    this.waiter.exit();
    this.byName.clear();
    return this.kernel.shutdown();
  }
}

/** A network whose hosts all have the same stack. Throws `ModuleError` if a plugin misses another. */
export function createNet(options: NetOptions): HostNet {
  return new HostNet(options);
}
