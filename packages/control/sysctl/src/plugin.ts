/** The tree of each namespace; it is there before the per-net init of any plugin that requires this one. */
import { type Net, NetSlot, type Plugin } from '@skbuff/core';
import { type SysctlTable, SysctlTree } from './sysctl.ts';

const sysctlSlot: NetSlot<SysctlTree> = new NetSlot<SysctlTree>('sysctl');

/** The tree of a namespace. */
export function sysctlOf(net: Net): SysctlTree {
  return sysctlSlot.of(net);
}

/** `register_net_sysctl`: the undo. A path that is taken is a bug of the caller, and throws at load time. */
export function registerNetSysctl<T>(net: Net, dir: string, table: SysctlTable<T>, owner: T): () => void {
  return register(sysctlOf(net), dir, table, owner);
}

/** `sysctl_dev_name_is_allowed`: the directories of a subsystem's own settings have these names, so that no device's can. */
export function sysctlDevNameIsAllowed(name: string): boolean {
  return name !== 'default' && name !== 'all';
}

/** `register_sysctl`: files that every namespace shows; what they tell is the business of `read`. The undo. */
export function registerSysctl<T>(net: Net, dir: string, table: SysctlTable<T>, owner: T): () => void {
  return register(sysctlOf(net).root as SysctlTree, dir, table, owner);
}

function register<T>(tree: SysctlTree, dir: string, table: SysctlTable<T>, owner: T): () => void {
  const undo = tree.register(dir, table, owner);
  if (typeof undo === 'number') throw new Error(`sysctl registered twice: one of ${Object.keys(table).join(' ')} in ${dir}`);
  return undo;
}

export function sysctl(): Plugin {
  return {
    name: '@skbuff/sysctl',
    init(ctx) {
      let left = 0;
      const root = new SysctlTree();
      ctx.leakCheck('sysctl', () => left + root.size);
      ctx.pernetSubsys({
        name: 'sysctl',
        init: (net) => (sysctlSlot.set(net, new SysctlTree(root)), 0),
        exit(net) {
          left += sysctlOf(net).size;
          sysctlSlot.set(net, null);
        },
      });
    },
  };
}
