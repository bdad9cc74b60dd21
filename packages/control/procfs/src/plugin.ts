/** The files of each namespace; they are there before the per-net init of any plugin that requires this one. */
import { type Net, NetSlot, pernetUndo, type Plugin } from '@skbuff/core';
import { netProcfsCreate } from './net-procfs.ts';
import { ProcNet, type ProcShow } from './proc-net.ts';

const procSlot: NetSlot<ProcNet> = new NetSlot<ProcNet>('proc');

/** /proc/net of a namespace. */
export function procNetOf(net: Net): ProcNet {
  return procSlot.of(net);
}

/** `proc_create_net`: the undo. A path that is taken is a bug of the caller, and throws at load time. */
export function procCreateNet(net: Net, path: string, show: ProcShow): () => void {
  const undo = procNetOf(net).create(path, show);
  if (typeof undo === 'number') throw new Error(`/proc/net/${path} is registered twice`);
  return undo;
}

export function procfs(): Plugin {
  return {
    name: '@skbuff/procfs',
    init(ctx) {
      let left = 0;
      ctx.leakCheck('proc file', () => left);
      ctx.pernetSubsys({
        name: 'proc',
        init(net) {
          procSlot.set(net, new ProcNet());
          return 0;
        },
        exit(net) {
          left += procNetOf(net).size;
          procSlot.set(net, null);
        },
      });
      pernetUndo(ctx, 'proc files', (net) => [netProcfsCreate(net, procNetOf(net))]);
    },
  };
}
