/** `struct net`: one network namespace. */
import { NfHooks } from '../hooks/nf-hooks.ts';
import type { Kernel } from '../module/kernel.ts';
import type { NetDevice } from '../netdevice/netdevice.ts';
import type { SkbuffCache } from '../skbuff/skbuff-cache.ts';
import type { Softnet } from '../netdevice/softnet.ts';
import type { Transmit } from '../netdevice/dev-tx.ts';
import type { Timers } from '../time/timer.ts';

export class Net {
  readonly kernel: Kernel;
  /** Short ways to what the packet path uses of the kernel. */
  readonly skbs: SkbuffCache;
  readonly softnet: Softnet;
  readonly xmit: Transmit;
  readonly timers: Timers;
  /** Hook points and the static key of this namespace. */
  readonly nf: NfHooks;
  /** What identifies the namespace to user space (`/proc/PID/ns/net`). */
  inode = 0;
  /** Per-namespace state of the plugins, by slot. */
  readonly gen: unknown[] = [];
  loopbackDev: NetDevice | null = null;
  /** Registered devices, in the order of registration. */
  readonly devList: NetDevice[] = [];
  readonly devByName: Map<string, NetDevice> = new Map();
  readonly devByIndex: Map<number, NetDevice> = new Map();
  /** Rises whenever the device list changes (a dump that spans a change is marked). */
  devBaseSeq = 0;
  /** net.core.rps_default_mask: CPUs that the receive queues of new devices are spread over. */
  rpsDefaultMask: readonly number[] = [];
  /** Last interface index given out. */
  ifindex = 0;
  /** Numbers under which this namespace knows others (`ip netns set`). */
  readonly netnsIds: Map<number, Net> = new Map();
  /** Tasks, sockets, mounted names: at 0 the namespace dies, as soon as a worker comes to it. */
  count = 1;
  /** Somebody holds it (`check_net`); false for good once nobody did. */
  alive = true;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.skbs = kernel.skbs;
    this.softnet = kernel.softnet;
    this.xmit = kernel.xmit;
    this.timers = kernel.timers;
    this.nf = new NfHooks(this);
  }

  /** `get_net`. */
  get(): this {
    this.count++;
    return this;
  }

  /** `put_net`: without the last reference the namespace dies, not now but soon: until then its devices and sockets go on. */
  put(): void {
    if (--this.count === 0) this.kernel.netns.worker?.putLast(this);
  }

  /** `__dev_get_by_name`: no reference is taken. Alternative names count too. */
  devGetByName(name: string): NetDevice | null {
    return this.devByName.get(name) ?? null;
  }

  /** `__dev_get_by_index`. */
  devGetByIndex(ifindex: number): NetDevice | null {
    return this.devByIndex.get(ifindex) ?? null;
  }
}

/** A place for one plugin's state of a namespace (`net_generic`): made once by the package that owns it. Access costs ~1 ns. */
export class NetSlot<T> {
  private static next = 0;
  private readonly id = NetSlot.next++;
  private readonly name: string;

  /** @param name for messages */
  constructor(name: string) {
    this.name = name;
  }

  /** The state; the plugin that owns the slot is loaded. */
  of(net: Net): T {
    return net.gen[this.id] as T;
  }

  /** The state, or null where the owner is not loaded. */
  peek(net: Net): T | null {
    return (net.gen[this.id] as T | null | undefined) ?? null;
  }

  set(net: Net, value: T | null): void {
    if (value !== null && this.peek(net) !== null) throw new Error(`kernel BUG: per-net state ${this.name} set twice`);
    while (net.gen.length <= this.id) net.gen.push(null);
    net.gen[this.id] = value;
  }
}
