/** The socket layer as a plugin. */
import type { Plugin } from '@skbuff/core';
import { SOCKET_LAYER, SockNet, SocketLayer, sockNet } from './sock-net.ts';

/** `@skbuff/sock`: descriptors, sockets and system calls; families and protocols are plugins of their own. */
export function sock(): Plugin {
  return {
    name: '@skbuff/sock',
    init(ctx): void {
      const layer = new SocketLayer();
      ctx.leakCheck('socket', () => layer.liveSocks);
      ctx.leakCheck('task', () => layer.tasks.size);
      ctx.provide(SOCKET_LAYER, () => layer);
      ctx.pernetSubsys({
        name: 'sock',
        init(net) {
          sockNet.set(net, new SockNet(layer));
          return 0;
        },
        // A namespace that dies while a task is in it is being switched off: the task goes first.
        preExit(net) {
          for (const task of [...layer.tasks]) if (task.net === net) task.exit();
        },
      });
    },
  };
}
