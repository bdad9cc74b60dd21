/** AF_INET6 as a plugin. */
import { Inetsw, inetCreate } from '@skbuff/af-inet';
import { type Plugin, pernetUndo } from '@skbuff/core';
import { IPV6, ip6FragNet } from '@skbuff/ipv6';
import { procCreateNet } from '@skbuff/procfs';
import { SOCKET_LAYER } from '@skbuff/sock';
import { AF_INET6 } from '@skbuff/uapi';
import { inet6Setup } from './af-inet6.ts';
import { ip6ConfirmNeigh } from './confirm-neigh6.ts';
import { INETSW6 } from './inet6-protosw.ts';
import { FlowlabelNet, flowlabelNet, ip6FlowlabelText } from './ip6-flowlabel.ts';
import { sockstat6Text } from './proc-sockstat6.ts';
import { sockaddrIn6Codec } from './sockaddr-in6.ts';

/** `@skbuff/af-inet6`: IPv6 sockets; each transport is a plugin of its own. */
export function afInet6(): Plugin {
  return {
    name: '@skbuff/af-inet6',
    requires: ['@skbuff/sock', '@skbuff/af-inet', '@skbuff/ipv6', '@skbuff/procfs'],
    init(ctx): void {
      const inetsw = new Inetsw();
      ctx.provide(INETSW6, () => inetsw);
      const undo = ctx.get(SOCKET_LAYER).registerFamily({
        family: AF_INET6,
        addr: sockaddrIn6Codec,
        create: (net, sock, protocol, kern) => inetCreate(inetsw, AF_INET6, inet6Setup, net, sock, protocol, kern),
      });
      if (typeof undo === 'number') throw new Error('AF_INET6 is registered already');
      ctx.onUnload(undo);
      const { dstOps } = ctx.get(IPV6);
      dstOps.confirmNeigh = ip6ConfirmNeigh;
      ctx.onUnload(() => {
        dstOps.confirmNeigh = null;
      });
      ctx.pernetSubsys({
        name: 'af-inet6',
        init: (net) => (flowlabelNet.set(net, new FlowlabelNet(net)), 0),
        exit(net) {
          net.timers.delTimer(flowlabelNet.of(net).gcTimer);
          flowlabelNet.set(net, null);
        },
      });
      pernetUndo(ctx, 'af-inet6 files', (net) => [
        procCreateNet(net, 'sockstat6', () => sockstat6Text(net, ip6FragNet.of(net).fqdir)),
        procCreateNet(net, 'ip6_flowlabel', () => ip6FlowlabelText(net)),
      ]);
    },
  };
}
