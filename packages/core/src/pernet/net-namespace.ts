/**
 * Namespaces and `pernet_operations` (`net/core/net_namespace.c`): every plugin's init runs for every namespace that exists, then
 * for each new one; exits run in reverse. Device operations come after all subsystems on the way up and before them on the way
 * down. A namespace that nobody holds any more is taken down by a worker, together with the others that wait:
 *
 *   unhash → all pre-exits → exits of device operations, the last first → default_device_exit → exit of the first device operations,
 *   which are loopback's → exits of the subsystems → net_ns_ops, which were the first of all
 *
 * The worker waits whenever a device that it unregistered is still referred to, and what dies later waits for the worker.
 */
import { CLONE_NEWNET } from '@skbuff/uapi';
import type { Kernel } from '../module/kernel.ts';
import { defaultDeviceExit } from '../netdevice/dev-netns.ts';
import type { NetDevice } from '../netdevice/netdevice.ts';
import { Net } from './net.ts';
import { peernet2id } from './nsid.ts';
import { ProcInums } from './proc-inum.ts';

/** `struct pernet_operations`. */
export interface PernetOperations {
  /** For messages. */
  readonly name: string;
  /** 0, or a negative errno: the namespace is not made. */
  readonly init?: (net: Net) => number;
  /** Before any exit of this namespace runs. */
  readonly preExit?: (net: Net) => void;
  readonly exit?: (net: Net) => void;
  /** After `exit` of all namespaces that die together. */
  readonly exitBatch?: (nets: readonly Net[]) => void;
}

export class NetNamespaces {
  /** Namespaces alive, the initial one first. */
  readonly list: Net[] = [];
  /** Subsystem operations, then device operations, each in order of registration. */
  private pernetList: PernetOperations[] = [];
  private firstDevice = 0;
  /** Inode numbers of namespaces, of other kinds too. */
  readonly inums: ProcInums = new ProcInums();
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
    // `net_ns_ops`.
    this.registerSubsys({
      name: 'net_ns',
      init: (net) => ((net.inode = this.inums.alloc()), 0),
      exit: (net) => this.inums.free(net.inode),
    });
  }

  /**
   * `copy_net_ns`: the namespace of a new task, with a reference for it: with CLONE_NEWNET in `flags` one of its own, or the errno of what
   * failed; else its parent's.
   */
  copyNetNs(flags: number, old: Net): Net | number {
    return (flags & CLONE_NEWNET) === 0 ? old.get() : this.create();
  }

  /** `setup_net`: a namespace with one reference, or the negative errno of the init that failed; those done are undone. */
  create(): Net | number {
    const net = new Net(this.kernel);
    this.list.push(net);
    const err = this.setup(net);
    if (err === 0) return net;
    this.list.splice(this.list.indexOf(net), 1);
    return err;
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

  /** `netdev_run_todo`: a device is unregistered but referred to, until {@link deviceIsFree}. @internal */
  waitForDevice(dev: NetDevice): void {
    this.waiting.add(dev);
  }

  /** @internal */
  deviceIsFree(dev: NetDevice): void {
    if (this.waiting.delete(dev) && this.steps.length > 0 && !this.mustWait()) this.kernel.scheduleWork(() => this.work());
  }

  /** The kernel goes: all namespaces die, held or not, the initial one after the others. Nothing is waited for. */
  killAll(): void {
    this.finish();
    this.kill(this.list.slice(1).reverse());
    this.finish();
    this.kill([...this.list]);
    this.finish();
  }

  private finish(): void {
    for (let step = this.steps.shift(); step !== undefined; step = this.steps.shift()) step();
    this.waiting.clear();
  }

  /** Takes namespaces out of everybody's sight and plans the end of what they hold; those that are gone already are left out. */
  private kill(nets: readonly Net[]): void {
    const dying = nets.filter((net) => this.list.includes(net));
    if (dying.length === 0) return;
    for (const net of dying) {
      net.alive = false;
      this.list.splice(this.list.indexOf(net), 1);
    }
    for (const net of dying) this.unhashNsid(net);
    this.dying = dying;
    this.steps = this.exitSteps(dying, this.pernetList, this.firstDevice);
    this.steps.push(() => {
      for (const net of dying) net.gen.length = 0;
      this.dying = [];
    });
  }

  /** `unhash_nsid`: no namespace has a number for it any more, nor it for others. */
  private unhashNsid(net: Net): void {
    for (const other of this.list) {
      const id = peernet2id(other, net);
      if (id < 0) continue;
      other.netnsIds.delete(id);
      this.kernel.rtnl.nsidChanged(other, id, true);
    }
    net.netnsIds.clear();
  }

  /** `register_pernet_subsys`. The init's error, after the exits of those already done. */
  registerSubsys(ops: PernetOperations): number {
    return this.registerAt(ops, this.firstDevice, () => this.firstDevice++);
  }

  /** `register_pernet_device`. */
  registerDevice(ops: PernetOperations): number {
    return this.registerAt(ops, this.pernetList.length, () => {});
  }

  /** Runs the exit everywhere. */
  unregister(ops: PernetOperations): void {
    const at = this.pernetList.indexOf(ops);
    if (at < 0) return;
    this.pernetList.splice(at, 1);
    if (at < this.firstDevice) this.firstDevice--;
    runExits([...this.list], [ops]);
  }

  private registerAt(ops: PernetOperations, at: number, count: () => void): number {
    const done: Net[] = [];
    for (const net of this.list) {
      const err = ops.init?.(net) ?? 0;
      if (err !== 0) {
        runExits(done.reverse(), [ops]);
        return err;
      }
      done.push(net);
    }
    this.pernetList.splice(at, 0, ops);
    count();
    return 0;
  }

  private setup(net: Net): number {
    const done: PernetOperations[] = [];
    for (const ops of this.pernetList) {
      const err = ops.init?.(net) ?? 0;
      if (err !== 0) {
        net.alive = false;
        for (const step of this.exitSteps([net], done, Math.min(this.firstDevice, done.length))) step();
        return err;
      }
      done.push(ops);
    }
    return 0;
  }

  /**
   * `ops_undo_list` for namespaces that die: pre-exits, then the exits; all in reverse order of registration. The devices' fate stands
   * behind the first operations at `firstDevice`, which are loopback's: `lo` goes after all others.
   */
  private exitSteps(nets: readonly Net[], list: readonly PernetOperations[], firstDevice: number): (() => void)[] {
    const reverse = [...list].reverse();
    const steps = [() => reverse.forEach((ops) => preExit(nets, ops)), ...reverse.map((ops) => () => exit(nets, ops))];
    const before = Math.max(0, list.length - firstDevice - 1);
    steps.splice(1 + before, 0, () => defaultDeviceExit(nets, this.list[0] ?? null));
    return steps;
  }
}

function preExit(nets: readonly Net[], ops: PernetOperations): void {
  for (const net of nets) ops.preExit?.(net);
}

function exit(nets: readonly Net[], ops: PernetOperations): void {
  for (const net of nets) ops.exit?.(net);
  ops.exitBatch?.(nets);
}

/** Operations leave namespaces that live on. */
function runExits(nets: readonly Net[], list: readonly PernetOperations[]): void {
  const reverse = [...list].reverse();
  for (const ops of reverse) preExit(nets, ops);
  for (const ops of reverse) exit(nets, ops);
}
