/** A network of hosts in one kernel: a namespace for each host, veth pairs between them. */
import { type Clock, createKernel, type Kernel, type NetDevice, type Plugin, RealClock, setupNet, VirtualClock } from '@skbuff/core';
import type { Command } from '@skbuff/command';
import type { NetlinkPort } from '@skbuff/netlink';
import { attachCapture, type PcapngSink, PcapngWriter } from '@skbuff/pcapng';
import { check, kernelTask, SysError, type Task } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import { vethCreate } from '@skbuff/veth';
import { macBytes } from './addresses.ts';
import { callback, checkArgs, checkCall, checkEach, deviceName, flag, hostName, isClosed, type Kind, type Kinds, like, listed, milliseconds, optional, record, word, whole } from './checks.ts';
import { Host } from './host.ts';
import { INET_FAMILIES } from './inet-family.ts';
import { hosts } from './plugin.ts';
import type { Process } from './process.ts';

export interface NetOptions {
  /** The stack of every host; `linux()` of the package skbuff is a whole one. */
  readonly plugins: readonly Plugin[];
  /** What hosts can run, by name. */
  readonly commands?: readonly Command[];
  /** Of everything random, a whole number; default 1. */
  readonly seed?: number;
  /** Time follows the event loop; default: virtual time, which jumps from event to event while something is awaited. */
  readonly realTime?: boolean;
  /** A clock of one's own, instead of `realTime`; several networks may share it. */
  readonly clock?: Clock;
  /** Bytes of packet memory, 1 MiB to 2 GiB; default 64 MiB. */
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
  /** Bytes, 68 to 65535; default 1500. */
  readonly mtu?: number;
  readonly a?: LinkEndOptions;
  readonly b?: LinkEndOptions;
}

/** Both ends of a link. */
export interface HostLink {
  readonly a: NetDevice;
  readonly b: NetDevice;
}

const CREATE = 'createNet({ plugins: linux(), seed: 1 })';
const NET_OPTIONS: Kinds<NetOptions> = {
  plugins: listed,
  commands: optional(listed),
  seed: optional(whole(0, Number.MAX_SAFE_INTEGER)),
  realTime: optional(flag),
  clock: optional(like({ attach: 'function' }, 'a clock')),
  memory: optional(whole(2 ** 20, 2 ** 31)),
  debug: optional(flag),
  onLog: optional(callback),
};
const PLUGIN = like({ name: 'string', init: 'function' }, 'what a factory makes: arp(), not arp');
const COMMAND = like({ name: 'string', run: 'function' }, 'a name and how to run it');
const LINK_OPTIONS: Kinds<LinkOptions> = { mtu: optional(whole(68, 65535)), a: optional(record), b: optional(record) };
const LINK_END: Kinds<LinkEndOptions> = { name: optional(deviceName), mac: optional(word) };
const DEVICE = like({ ifindex: 'number' }, 'a device, as net.link() gives it');

/** gc_thresh1 to 3 of one machine. */
const GC_THRESH = [128, 512, 1024] as const;
const GC_THRESH_FILE = /^net\/[^/]+\/neigh\/default\/gc_thresh([123])$/;

export class HostNet {
  readonly kernel: Kernel;
  private readonly byName: Map<string, Host> = new Map();
  private readonly stops: (() => void)[] = [];
  private readonly commands: ReadonlyMap<string, Command>;
  private readonly owners: WeakMap<NetlinkPort, Process> = new WeakMap();
  /** gc_thresh1 to 3 of every neighbour table of the kernel: path, and the room that one host brings. */
  private readonly gcThresholds: readonly (readonly [path: string, room: number])[];
  private readonly ours: Kind = (host) => ((host as Partial<Host> | undefined)?.ns?.kernel === this.kernel ? '' : 'a host of this net');
  /** Waits for time to pass. */
  private readonly waiter: Task;

  constructor(options: NetOptions) {
    checkArgs(CREATE, options, NET_OPTIONS);
    checkEach(CREATE, 'plugins', options.plugins, PLUGIN);
    checkEach(CREATE, 'commands', options.commands ?? [], COMMAND);
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
    this.gcThresholds = sysctlOf(this.kernel.initNet)
      .list('net')
      .flatMap((path) => {
        const which = GC_THRESH_FILE.exec(path)?.[1];
        return which === undefined ? [] : [[path, GC_THRESH[Number(which) - 1] as number] as const];
      });
  }

  /** All hosts, in the order in which they were made. */
  get all(): readonly Host[] {
    return [...this.byName.values()];
  }

  /** A new host with `lo` up. Throws if the name is taken. */
  host(name: string): Host {
    checkCall(this.kernel, "net.host('h1')", { name }, { name: hostName });
    if (this.byName.has(name)) throw new TypeError(`there is a host ${name} already`);
    const ns = setupNet(this.kernel);
    if (typeof ns === 'number') throw new SysError('unshare(CLONE_NEWNET)', ns);
    const host = new Host(name, ns, { commands: this.commands, owners: this.owners });
    this.byName.set(name, host);
    host.link.set({ dev: 'lo', up: true });
    this.growNeighbourTables();
    return host;
  }

  /** One table of neighbours serves all namespaces, as on Linux: but hosts are machines, and each brings the room of one. */
  private growNeighbourTables(): void {
    const tree = sysctlOf(this.kernel.initNet);
    for (const [path, room] of this.gcThresholds) this.waiter.enter(() => tree.write(path, String(room * this.byName.size)));
  }

  /** Several new hosts. */
  hosts<const Names extends readonly string[]>(...names: Names): { [K in keyof Names]: Host } {
    return names.map((name) => this.host(name)) as { [K in keyof Names]: Host };
  }

  /** A host that forwards packets of every family it has (net.ipv4.ip_forward = 1, net.ipv6.conf.all.forwarding = 1). */
  router(name: string): Host {
    const host = this.host(name);
    const settings = new Set(sysctlOf(host.ns).list('net'));
    for (const { forwarding } of INET_FAMILIES) if (settings.has(forwarding.replaceAll('.', '/'))) host.sysctl(forwarding, 1);
    return host;
  }

  /** The host of that name, or undefined. */
  get(name: string): Host | undefined {
    return this.byName.get(name);
  }

  /** A cable between two hosts: a veth pair, both ends up. Throws `SysError` (EEXIST, EINVAL, EADDRNOTAVAIL). */
  link(a: Host, b: Host, options: LinkOptions = {}): HostLink {
    const example = "net.link(a, b, { mtu: 9000, a: { name: 'wan0' } })";
    checkCall(this.kernel, example, { a, b }, { a: this.ours, b: this.ours });
    checkArgs(example, options, LINK_OPTIONS);
    for (const end of [options.a, options.b]) checkArgs(example, end ?? {}, LINK_END);
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
    const example = 'net.capture((bytes) => file.write(bytes), dev)';
    checkCall(this.kernel, example, { sink }, { sink: callback });
    checkEach(example, 'devs', devs, DEVICE);
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
    checkCall(this.kernel, 'net.advance(1000)', { ms }, { ms: milliseconds });
    check('nanosleep', await this.waiter.nanosleep(ms * 1e6));
  }

  /**
   * Ends every command, destroys every host and unloads the stack. Returns what is left and should not be: nothing, `{}`. Whoever
   * uses the net or a host of it afterwards is told.
   */
  close(): Record<string, number> {
    if (isClosed(this.kernel)) return this.kernel.leaks();
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
