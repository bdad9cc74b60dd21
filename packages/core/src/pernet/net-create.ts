/**
 * Namespaces beside the initial one, and their end (`net/core/net_namespace.c`). A namespace that nobody holds any more is taken down by a
 * worker, together with the others that wait: it is unhashed, then what it holds goes in the order that net-namespace.ts tells. The worker
 * waits whenever a device that it unregistered is still referred to, and what dies later waits for the worker.
 */
import { CLONE_NEWNET } from '@skbuff/uapi';
import type { Kernel } from '../module/kernel.ts';
import { defaultDeviceExit } from '../netdevice/dev-netns.ts';
import type { NetDevice } from '../netdevice/netdevice.ts';
import { exitSteps, type NetNamespaces, type PernetOperations } from './net-namespace.ts';
import { Net } from './net.ts';
import { peernet2id } from './nsid.ts';
import { procInums } from './proc-inum.ts';

/**
 * `copy_net_ns`: the namespace of a new task, with a reference for it: with CLONE_NEWNET in `flags` one of its own, or the errno of what
 * failed; else its parent's.
 */
export function copyNetNs(flags: number, old: Net): Net | number {
  return (flags & CLONE_NEWNET) === 0 ? old.get() : setupNet(old.kernel);
}

/** `setup_net`: a namespace with one reference, or the negative errno of the init that failed; those done are undone. */
export function setupNet(kernel: Kernel): Net | number {
  const { netns } = kernel;
  netns.worker ??= new NetCleanup(kernel);
  const net = new Net(kernel);
  net.inode = procInums(netns).alloc();
  netns.list.push(net);
  const err = setup(netns, net);
  if (err === 0) return net;
  procInums(netns).free(net.inode);
  netns.list.splice(netns.list.indexOf(net), 1);
  return err;
}

function setup(netns: NetNamespaces, net: Net): number {
  const done: PernetOperations[] = [];
  for (const ops of netns.pernetList) {
    const err = ops.init?.(net) ?? 0;
    if (err !== 0) {
      net.alive = false;
      const home = netns.list[0] ?? null;
      for (const step of exitSteps([net], done, Math.min(netns.firstDevice, done.length), () => defaultDeviceExit([net], home))) step();
      return err;
    }
    done.push(ops);
  }
  return 0;
}

/** The worker that ends namespaces. @internal */
export class NetCleanup {
  /** Namespaces without a reference, which the worker has not come to yet (`cleanup_list`). */
  private doomed: Net[] = [];
  /** What the worker has yet to do for the namespaces that it is busy with; empty while it has nothing to do. */
  private steps: (() => void)[] = [];
  /** Namespaces that the worker is busy with. */
  private dying: readonly Net[] = [];
  /** Unregistered devices with references; the worker waits for those of its namespaces. */
  private readonly waiting: Set<NetDevice> = new Set();
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** `__put_net`: nobody holds the namespace any more; those for which this is so when the worker runs die together. */
  putLast(net: Net): void {
    if (!net.alive) return;
    net.alive = false;
    this.doomed.push(net);
    // A worker that is busy looks again when it is done.
    if (this.doomed.length === 1 && this.steps.length === 0) this.kernel.scheduleWork(() => this.cleanupNet());
  }

  /** `cleanup_net`: what waits for its end, the last one first. What an exit lets go of waits for the next turn of the worker. */
  private cleanupNet(): void {
    const nets = this.doomed.reverse();
    this.doomed = [];
    this.kill(nets);
    this.work();
  }

  /** Goes on until there is something to wait for. */
  private work(): void {
    while (this.steps.length > 0 && !this.mustWait()) (this.steps.shift() as () => void)();
    if (this.steps.length === 0 && this.doomed.length > 0) this.kernel.scheduleWork(() => this.cleanupNet());
  }

  /** `rtnl_lock_unregistering`: also for devices that were unregistered before their namespace died. */
  private mustWait(): boolean {
    for (const dev of this.waiting) if (this.dying.includes(dev.net)) return true;
    return false;
  }

  /** `netdev_run_todo`: a device is unregistered but referred to, until {@link deviceIsFree}. */
  waitForDevice(dev: NetDevice): void {
    this.waiting.add(dev);
  }

  /** The last reference on it is gone. */
  deviceIsFree(dev: NetDevice): void {
    if (this.waiting.delete(dev) && this.steps.length > 0 && !this.mustWait()) this.kernel.scheduleWork(() => this.work());
  }

  /** The kernel goes: all namespaces but the initial one die, held or not. Nothing is waited for. */
  killAll(): void {
    this.finish();
    this.kill(this.kernel.netns.list.slice(1).reverse());
    this.finish();
  }

  private finish(): void {
    for (let step = this.steps.shift(); step !== undefined; step = this.steps.shift()) step();
    this.waiting.clear();
  }

  /** Takes namespaces out of everybody's sight and plans the end of what they hold; those that are gone already are left out. */
  private kill(nets: readonly Net[]): void {
    const { netns } = this.kernel;
    const dying = nets.filter((net) => netns.list.includes(net));
    if (dying.length === 0) return;
    for (const net of dying) {
      net.alive = false;
      netns.list.splice(netns.list.indexOf(net), 1);
    }
    for (const net of dying) this.unhashNsid(net);
    this.dying = dying;
    this.steps = exitSteps(dying, netns.pernetList, netns.firstDevice, () => defaultDeviceExit(dying, netns.list[0] ?? null));
    this.steps.push(() => {
      for (const net of dying) {
        procInums(netns).free(net.inode);
        net.gen.length = 0;
      }
      this.dying = [];
    });
  }

  /** `unhash_nsid`: no namespace has a number for it any more, nor it for others. */
  private unhashNsid(net: Net): void {
    for (const other of this.kernel.netns.list) {
      const id = peernet2id(other, net);
      if (id < 0) continue;
      other.netnsIds.delete(id);
      this.kernel.rtnl.nsidChanged(other, id, true);
    }
    net.netnsIds.clear();
  }
}
