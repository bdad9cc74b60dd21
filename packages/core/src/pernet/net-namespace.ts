/**
 * Namespaces and `pernet_operations` (`net/core/net_namespace.c`): every plugin's init runs for every namespace that exists, then
 * for each new one (net-create.ts); exits run in reverse. Device operations come after all subsystems on the way up and before them on
 * the way down:
 *
 *   all pre-exits → exits of device operations, the last first → the devices' end → exit of the first device operations, which are
 *   loopback's → exits of the subsystems
 */
import type { Kernel } from '../module/kernel.ts';
import type { NetDevice } from '../netdevice/netdevice.ts';
import { unregisterNetdeviceMany } from '../netdevice/dev-register.ts';
import { Net } from './net.ts';
import type { NetCleanup } from './net-create.ts';
import { PROC_DYNAMIC_FIRST, type ProcInums } from './proc-inum.ts';

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
  readonly list: Net[];
  /** Subsystem operations, then device operations, each in order of registration. @internal */
  readonly pernetList: PernetOperations[] = [];
  /** @internal */
  firstDevice = 0;
  /** Inode numbers of namespaces, once another than the first was needed (`procInums`). @internal */
  inums: ProcInums | null = null;
  /** Ends namespaces, once there was a second one. @internal */
  worker: NetCleanup | null = null;

  constructor(kernel: Kernel) {
    const init = new Net(kernel);
    init.inode = PROC_DYNAMIC_FIRST;
    this.list = [init];
  }

  /** The kernel goes: all namespaces die, held or not, the initial one after the others. Nothing is waited for. */
  killAll(): void {
    this.worker?.killAll();
    const nets = this.list.splice(0);
    for (const net of nets) {
      net.alive = false;
      net.netnsIds.clear();
    }
    for (const step of exitSteps(nets, this.pernetList, this.firstDevice, () => destroyDevices(nets))) step();
    for (const net of nets) net.gen.length = 0;
  }

  /** `register_pernet_subsys`. The init's error, after the exits of those already done. */
  registerSubsys(ops: PernetOperations): number {
    const err = this.registerAt(ops, this.firstDevice);
    if (err === 0) this.firstDevice++;
    return err;
  }

  /** Runs the exit everywhere. */
  unregister(ops: PernetOperations): void {
    const at = this.pernetList.indexOf(ops);
    if (at < 0) return;
    this.pernetList.splice(at, 1);
    if (at < this.firstDevice) this.firstDevice--;
    runExits([...this.list], ops);
  }

  /** @internal */
  registerAt(ops: PernetOperations, at: number): number {
    const done: Net[] = [];
    for (const net of this.list) {
      const err = ops.init?.(net) ?? 0;
      if (err !== 0) {
        runExits(done.reverse(), ops);
        return err;
      }
      done.push(net);
    }
    this.pernetList.splice(at, 0, ops);
    return 0;
  }
}

/**
 * `ops_undo_list` for namespaces that die: pre-exits, then the exits; all in reverse order of registration. The devices' fate stands
 * behind the first operations at `firstDevice`, which are loopback's: `lo` goes after all others. @internal
 */
export function exitSteps(nets: readonly Net[], list: readonly PernetOperations[], firstDevice: number, devices: () => void): (() => void)[] {
  const reverse = [...list].reverse();
  const steps = [() => reverse.forEach((ops) => preExit(nets, ops)), ...reverse.map((ops) => () => exit(nets, ops))];
  const before = Math.max(0, list.length - firstDevice - 1);
  steps.splice(1 + before, 0, devices);
  return steps;
}

/**
 * Namespaces die, and devices with them, all at once; of virtual kinds each in its own way, which takes a veth's peer along. `lo`, which
 * others may need, is left. @internal
 */
export function destroyDevices(nets: readonly Net[]): void {
  const doomed: NetDevice[] = [];
  for (const net of nets) {
    for (const dev of [...net.devList].reverse()) {
      if (dev === net.loopbackDev || doomed.includes(dev)) continue;
      const dellink = dev.rtnlLinkOps?.dellink ?? null;
      if (dellink === null) doomed.push(dev);
      else dellink(dev, doomed);
    }
  }
  unregisterNetdeviceMany(doomed);
}

function preExit(nets: readonly Net[], ops: PernetOperations): void {
  for (const net of nets) ops.preExit?.(net);
}

function exit(nets: readonly Net[], ops: PernetOperations): void {
  for (const net of nets) ops.exit?.(net);
  ops.exitBatch?.(nets);
}

/** Operations leave namespaces that live on. */
function runExits(nets: readonly Net[], ops: PernetOperations): void {
  preExit(nets, ops);
  exit(nets, ops);
}
