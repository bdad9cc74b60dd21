/** The plugin: what protocols with neighbours stand on. */
import { NETDEV_UNREGISTER, NOTIFY_DONE, type ModuleContext, type Plugin } from '@skbuff/core';
import { NEIGHBOUR, NeighCore } from './neigh-core.ts';

/** Loads the neighbouring subsystem. A protocol gets {@link NeighCore} by the token {@link NEIGHBOUR} and makes its table. */
export function neighbour(): Plugin {
  return { name: '@skbuff/neighbour', requires: ['@skbuff/netlink'], init };
}

function init(ctx: ModuleContext): void {
  const core = new NeighCore(ctx.kernel);
  ctx.provide(NEIGHBOUR, () => core);
  ctx.leakCheck('neighbour', () => core.live);
  ctx.pernetSubsys({
    name: 'neighbour',
    exit(net) {
      for (const tbl of core.tables) tbl.proxy.netExit(net);
    },
  });
  ctx.netdeviceNotifier({
    // After the protocols, which may still need the parameters of the device.
    priority: -10,
    notifierCall(_nb, event, info) {
      if (event === NETDEV_UNREGISTER) for (const tbl of core.tables) tbl.forgetDevice(info.dev);
      return NOTIFY_DONE;
    },
  });
}
