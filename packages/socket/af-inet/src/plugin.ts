/** AF_INET as a plugin. */
import type { Net, Plugin } from '@skbuff/core';
import { IPV4, ipv4ConfirmNeigh } from '@skbuff/ipv4';
import { procCreateNet } from '@skbuff/procfs';
import { SOCKET_LAYER } from '@skbuff/sock';
import { AF_INET } from '@skbuff/uapi';
import { inetCreate } from './af-inet.ts';
import { inetOwnIoctl } from './inet-ioctl.ts';
import { INETSW, Inetsw } from './protosw.ts';
import { sockstatText } from './proc-sockstat.ts';
import { sockaddrInCodec } from './sockaddr-in.ts';

/** `@skbuff/af-inet`: IPv4 sockets; each transport is a plugin of its own. */
export function afInet(): Plugin {
  return {
    name: '@skbuff/af-inet',
    requires: ['@skbuff/sock', '@skbuff/ipv4', '@skbuff/procfs'],
    init(ctx): void {
      const inetsw = new Inetsw();
      ctx.provide(INETSW, () => inetsw);
      const layer = ctx.get(SOCKET_LAYER);
      const undo = layer.registerFamily({
        family: AF_INET,
        addr: sockaddrInCodec,
        create: (net, sock, protocol, kern) => inetCreate(inetsw, AF_INET, () => {}, net, sock, protocol, kern),
      });
      if (typeof undo === 'number') throw new Error('AF_INET is registered already');
      ctx.onUnload(undo);
      layer.inetIoctl = inetOwnIoctl;
      const { dstOps } = ctx.get(IPV4);
      dstOps.confirmNeigh = ipv4ConfirmNeigh;
      ctx.onUnload(() => {
        layer.inetIoctl = null;
        dstOps.confirmNeigh = null;
      });
      const files: Map<Net, () => void> = new Map();
      ctx.pernetSubsys({
        name: 'sockstat',
        init: (net) => (files.set(net, procCreateNet(net, 'sockstat', () => sockstatText(net))), 0),
        exit(net) {
          files.get(net)?.();
          files.delete(net);
        },
      });
    },
  };
}
