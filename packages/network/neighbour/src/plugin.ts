/** The plugin: what protocols with neighbours stand on. */
import { NETDEV_CHANGENAME, NETDEV_UNREGISTER, NOTIFY_DONE, TimerList, type ModuleContext, type Plugin } from '@skbuff/core';
import { rtnlRegister } from '@skbuff/netlink';
import { PF_UNSPEC, RTM_DELNEIGH, RTM_GETNEIGH, RTM_GETNEIGHTBL, RTM_NEWNEIGH, RTM_SETNEIGHTBL } from '@skbuff/uapi';
import { NEIGHBOUR, type NeighControl, NeighCore } from './neigh-core.ts';
import { neighNotify } from './neigh-fill.ts';
import { neighManagedWork } from './neigh-gc.ts';
import { neighDumpInfo, neighGet } from './neigh-get.ts';
import { neighAdd, neighDelete } from './neigh-netlink.ts';
import { neighSysctlRegister, neighSysctlUnregister } from './neigh-sysctl.ts';
import { neightblDumpInfo, neightblSet } from './neightbl-netlink.ts';

/** Loads the neighbouring subsystem. A protocol gets {@link NeighCore} by the token {@link NEIGHBOUR} and makes its table. */
export function neighbour(): Plugin {
  return { name: '@skbuff/neighbour', requires: ['@skbuff/netlink', '@skbuff/sysctl'], init: (ctx) => netlinkRegister(ctx, init(ctx, control)) };
}

/** The same without netlink and sysctl, for stacks that have to be small: a bundler leaves out what only {@link neighbour} needs. */
export function neighbourBare(): Plugin {
  return { name: '@skbuff/neighbour', init: (ctx) => void init(ctx, null) };
}

const control: NeighControl = {
  notify: neighNotify,
  sysctlRegister: neighSysctlRegister,
  sysctlUnregister: neighSysctlUnregister,
  managedTimer: (tbl) => new TimerList(() => neighManagedWork(tbl), true),
};

function netlinkRegister(ctx: ModuleContext, core: NeighCore): void {
  rtnlRegister(ctx, PF_UNSPEC, RTM_NEWNEIGH, (skb, nlh, extack) => neighAdd(core, skb, nlh, extack), null);
  rtnlRegister(ctx, PF_UNSPEC, RTM_DELNEIGH, (skb, nlh, extack) => neighDelete(core, skb, nlh, extack), null);
  rtnlRegister(ctx, PF_UNSPEC, RTM_GETNEIGH, (skb, nlh, extack) => neighGet(core, skb, nlh, extack), (b, cb) => neighDumpInfo(core, b, cb));
  rtnlRegister(ctx, PF_UNSPEC, RTM_GETNEIGHTBL, null, (b, cb) => neightblDumpInfo(core, b, cb));
  rtnlRegister(ctx, PF_UNSPEC, RTM_SETNEIGHTBL, (skb, nlh, extack) => neightblSet(core, skb, nlh, extack), null);
}

function init(ctx: ModuleContext, control: NeighControl | null): NeighCore {
  const core = new NeighCore(ctx.kernel, control);
  ctx.provide(NEIGHBOUR, () => core);
  ctx.leakCheck('neighbour', () => core.live);
  ctx.pernetSubsys({
    name: 'neighbour',
    exit(net) {
      for (const tbl of core.tables) {
        tbl.proxy?.netExit(net);
        for (const parms of tbl.parmsList) if (parms.net === net) control?.sysctlUnregister(parms);
      }
    },
  });
  ctx.netdeviceNotifier({
    // After the protocols, which may still need the parameters of the device.
    priority: -10,
    notifierCall(_nb, event, info) {
      for (const tbl of core.tables) {
        if (event === NETDEV_UNREGISTER) tbl.forgetDevice(info.dev);
        else if (event === NETDEV_CHANGENAME) for (const parms of tbl.parmsList) if (parms.dev === info.dev) control?.sysctlRegister(parms);
      }
      return NOTIFY_DONE;
    },
  });
  return core;
}
