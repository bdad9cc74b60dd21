/** The socket layer as a plugin. */
import { arenaReclaim, type Plugin, TxStamp } from '@skbuff/core';
import { namespacesOf } from '@skbuff/namespaces';
import { procCreateNet } from '@skbuff/procfs';
import { protocolsText } from './proc-protocols.ts';
import { skbTstampTx } from './sk-tstamp.ts';
import { SOCKET_LAYER, SockNet, SocketLayer, sockNet } from './sock-net.ts';
import { sockSysctlRegister } from './sysctl-net-core.ts';

/** `@skbuff/sock`: descriptors, sockets and system calls; families and protocols are plugins of their own. */
export function sock(): Plugin {
  return {
    name: '@skbuff/sock',
    requires: ['@skbuff/sysctl', '@skbuff/procfs', '@skbuff/namespaces'],
    init(ctx): void {
      const layer = new SocketLayer();
      ctx.kernel.softnet.txStamp = new TxStamp(skbTstampTx);
      ctx.onUnload(() => {
        ctx.kernel.softnet.txStamp = null;
      });
      ctx.onUnload(arenaReclaim(ctx.kernel));
      ctx.leakCheck('socket', () => layer.liveSocks);
      ctx.leakCheck('task', () => layer.tasks.size);
      ctx.provide(SOCKET_LAYER, () => layer);
      const all = namespacesOf(ctx.kernel.initNet);
      all.current = () => layer.entered;
      ctx.onUnload(() => {
        all.current = () => null;
      });
      ctx.pernetSubsys({
        name: 'sock',
        init(net) {
          const state = new SockNet(layer);
          sockNet.set(net, state);
          state.undos = [sockSysctlRegister(net), procCreateNet(net, 'protocols', () => protocolsText(net))];
          return 0;
        },
        exit(net) {
          for (const undo of sockNet.of(net).undos) undo();
          sockNet.set(net, null);
        },
        // A namespace that dies while a task is in it is being switched off: the task goes first.
        preExit(net) {
          for (const task of [...layer.tasks]) if (task.net === net) task.exit();
        },
      });
    },
  };
}
