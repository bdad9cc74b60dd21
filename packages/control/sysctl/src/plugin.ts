/** The tree of each namespace; it is there before the per-net init of any plugin that requires this one. */
import { type Net, NetSlot, type Plugin } from '@skbuff/core';
import { type SysctlEntry, SysctlTree } from './sysctl.ts';

const sysctlSlot: NetSlot<SysctlTree> = new NetSlot<SysctlTree>('sysctl');

/** The tree of a namespace. */
export function sysctlOf(net: Net): SysctlTree {
  return sysctlSlot.of(net);
}

/** `register_net_sysctl`: the undo. A path that is taken is a bug of the caller, and throws at load time. */
export function registerNetSysctl(net: Net, entries: readonly SysctlEntry[]): () => void {
  const undo = sysctlOf(net).register(entries);
  if (typeof undo === 'number') throw new Error(`sysctl registered twice: one of ${entries.map(({ path }) => path).join(' ')}`);
  return undo;
}

/** `sysctl_dev_name_is_allowed`: the directories of a subsystem's own settings have these names, so that no device's can. */
export function sysctlDevNameIsAllowed(name: string): boolean {
  return name !== 'default' && name !== 'all';
}

/** `register_sysctl`: files that every namespace shows; what they tell is the business of `read`. The undo. */
export function registerSysctl(net: Net, entries: readonly SysctlEntry[]): () => void {
  const undo = (sysctlOf(net).root as SysctlTree).register(entries);
  if (typeof undo === 'number') throw new Error(`sysctl registered twice: one of ${entries.map(({ path }) => path).join(' ')}`);
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
