/** UDP over IPv6 as a plugin. */
import { inetRegisterProtosw } from '@skbuff/af-inet';
import { INETSW6, inet6DgramOps } from '@skbuff/af-inet6';
import type { Net, Plugin } from '@skbuff/core';
import { IPV6, ipv6Net } from '@skbuff/ipv6';
import { procCreateNet } from '@skbuff/procfs';
import type { Socket } from '@skbuff/sock';
import { IPPROTO_UDP, SOCK_DGRAM } from '@skbuff/uapi';
import { UdpSock, udpPoll } from '@skbuff/udp';
import { udpv6Err } from './udp6-err.ts';
import { Udp6Net, udp6Net } from './udp6-net.ts';
import { udp6Offload } from './udp6-offload.ts';
import { udp6ProcText, udp6SnmpText } from './udp6-proc.ts';
import { udpv6Prot } from './udp6-prot.ts';
import { udpv6Rcv } from './udp6-rcv.ts';

/** `@skbuff/udpv6`: `socket(AF_INET6, SOCK_DGRAM)`. */
export function udpv6(): Plugin {
  return {
    name: '@skbuff/udpv6',
    requires: ['@skbuff/af-inet6', '@skbuff/ipv6', '@skbuff/udp'],
    init(ctx): void {
      ctx.pernetSubsys({ name: 'udp6', init: netInit, exit: netExit });
      const ip = ctx.get(IPV6);
      const undos = [
        ip.addProtocol(IPPROTO_UDP, { handler: udpv6Rcv, errHandler: udpv6Err, final: true, noPolicy: true }),
        ip.addOffload(IPPROTO_UDP, udp6Offload),
      ];
      for (const undo of undos) {
        if (undo === null) throw new Error('next header 17 is registered already');
        ctx.onUnload(undo);
      }
      inetRegisterProtosw(ctx, INETSW6, {
        type: SOCK_DGRAM,
        protocol: IPPROTO_UDP,
        prot: udpv6Prot,
        ops: inet6DgramOps(poll),
        isDefault: true,
        reuse: false,
        icsk: false,
        sock: UdpSock,
      });
    },
  };
}

function poll({ sk }: Socket): number {
  return udpPoll(sk as UdpSock, udp6Net.of((sk as UdpSock).net).stats);
}

function netInit(net: Net): number {
  const state = new Udp6Net();
  const { snmpGroups } = ipv6Net.of(net);
  udp6Net.set(net, state);
  snmpGroups.set('Udp6', () => udp6SnmpText(net));
  state.undos = [procCreateNet(net, 'udp6', () => udp6ProcText(net)), () => snmpGroups.delete('Udp6')];
  return 0;
}

function netExit(net: Net): void {
  for (const undo of udp6Net.of(net).undos) undo();
  udp6Net.set(net, null);
}
