/**
 * Namespaces and `pernet_operations` (`net/core/net_namespace.c`): every plugin's init runs for every namespace that exists, then
 * for each new one; exits run in reverse. Device operations come after all subsystems on the way up and before them on the way
 * down.
 */
import { NSID_NOT_ASSIGNED } from './nsid.ts';
import type { Kernel } from '../module/kernel.ts';
import { defaultDeviceExit } from '../netdevice/dev-netns.ts';
import { Net } from './net.ts';

/** `struct pernet_operations`. */
export interface PernetOperations {
  /** For messages. */
  readonly name: string;
  /** 0, or a negative errno: the namespace is not made. */
  readonly init?: (net: Net) => number;
  /** Before any exit of this namespace runs. */
  readonly preExit?: (net: Net) => void;
  readonly exit?: (net: Net) => void;
}

/** First inode number of a namespace, as on Linux (`PROC_NET_INIT_INO`). */
const FIRST_INODE = 4026531840;

export class NetNamespaces {
  /** Namespaces alive, the initial one first. */
  readonly list: Net[] = [];
  /** Subsystem operations, then device operations, each in order of registration. */
  private pernetList: PernetOperations[] = [];
  private firstDevice = 0;
  private nextInode = FIRST_INODE;
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** `setup_net`: a namespace with one reference, or the negative errno of the init that failed; those done are undone. */
  create(): Net | number {
    const net = new Net(this.kernel, this.nextInode++);
    this.list.push(net);
    const err = this.setup(net);
    if (err !== 0) this.list.splice(this.list.indexOf(net), 1);
    return err !== 0 ? err : net;
  }

  /** `cleanup_net`: the namespace dies; what it holds is destroyed. */
  cleanup(net: Net): void {
    if (!net.alive) return;
    net.alive = false;
    const at = this.list.indexOf(net);
    if (at >= 0) this.list.splice(at, 1);
    for (const other of this.list) for (const [id, peer] of other.netnsIds) if (peer === net) other.netnsIds.delete(id);
    this.runExits(net, this.pernetList);
    net.gen.length = 0;
    this.kernel.services.forget(net);
  }

  /** The number under which `net` knows `peer`, or -1. */
  peernet2id(net: Net, peer: Net): number {
    for (const [id, other] of net.netnsIds) if (other === peer) return id;
    return NSID_NOT_ASSIGNED;
  }

  /** As {@link peernet2id}, giving out a number if there is none yet. */
  peernet2idAlloc(net: Net, peer: Net): number {
    const known = this.peernet2id(net, peer);
    if (known >= 0) return known;
    let id = 0;
    while (net.netnsIds.has(id)) id++;
    net.netnsIds.set(id, peer);
    return id;
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
    for (const net of [...this.list]) this.runExits(net, [ops]);
  }

  private registerAt(ops: PernetOperations, at: number, count: () => void): number {
    const done: Net[] = [];
    for (const net of this.list) {
      const err = ops.init?.(net) ?? 0;
      if (err !== 0) {
        for (const other of done.reverse()) this.runExits(other, [ops]);
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
        this.runExits(net, done);
        return err;
      }
      done.push(ops);
    }
    return 0;
  }

  /** Pre-exits, the devices' fate, then the exits, all in reverse order of registration. */
  private runExits(net: Net, list: readonly PernetOperations[]): void {
    const reverse = [...list].reverse();
    for (const ops of reverse) ops.preExit?.(net);
    if (!net.alive) defaultDeviceExit(net, this.list[0] ?? null);
    for (const ops of reverse) ops.exit?.(net);
  }
}
