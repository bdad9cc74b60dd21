/** AF_INET as a plugin. */
import type { Plugin } from '@skbuff/core';
import { SOCKET_LAYER } from '@skbuff/sock';
import { AF_INET } from '@skbuff/uapi';
import { inetCreate } from './af-inet.ts';
import { INETSW, Inetsw } from './protosw.ts';
import { sockaddrInCodec } from './sockaddr-in.ts';

/** `@skbuff/af-inet`: IPv4 sockets; each transport is a plugin of its own. */
export function afInet(): Plugin {
  return {
    name: '@skbuff/af-inet',
    requires: ['@skbuff/sock', '@skbuff/ipv4'],
    init(ctx): void {
      const inetsw = new Inetsw();
      ctx.provide(INETSW, () => inetsw);
      const undo = ctx.get(SOCKET_LAYER).registerFamily({
        family: AF_INET,
        addr: sockaddrInCodec,
        create: (net, sock, protocol, kern) => inetCreate(inetsw, net, sock, protocol, kern),
      });
      if (typeof undo === 'number') throw new Error('AF_INET is registered already');
      ctx.onUnload(undo);
    },
  };
}
