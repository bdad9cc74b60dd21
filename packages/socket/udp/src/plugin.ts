/** UDP as a plugin. */
import { INETSW, inetDgramOps, inetRegisterProtosw } from '@skbuff/af-inet';
import { type Net, type Plugin, xmitOffload } from '@skbuff/core';
import { IPV4, ipv4Net } from '@skbuff/ipv4';
import { procCreateNet } from '@skbuff/procfs';
import type { Socket } from '@skbuff/sock';
import { registerNetSysctl, type SysctlTable, sysctlField } from '@skbuff/sysctl';
import { IPPROTO_UDP, SOCK_DGRAM } from '@skbuff/uapi';
import { udpPoll } from './udp-datagram.ts';
import { udpErr } from './udp-err.ts';
import { UdpNet, udpNet } from './udp-net.ts';
import { udpOffload } from './udp-offload.ts';
import { udpProcText, udpSnmpText } from './udp-proc.ts';
import { udpProt } from './udp-prot.ts';
import { udpRcv } from './udp-rcv.ts';
import { UdpSock } from './udp-sock.ts';

/** `@skbuff/udp`: `socket(AF_INET, SOCK_DGRAM)`. */
export function udp(): Plugin {
  return {
    name: '@skbuff/udp',
    requires: ['@skbuff/af-inet', '@skbuff/ipv4'],
    init(ctx): void {
      xmitOffload(ctx.kernel);
      ctx.pernetSubsys({ name: 'udp', init: netInit, exit: netExit });
      const ip = ctx.get(IPV4);
      const undos = [ip.addProtocol(IPPROTO_UDP, { handler: udpRcv, errHandler: udpErr, noPolicy: true }), ip.addOffload(IPPROTO_UDP, udpOffload)];
      for (const undo of undos) {
        if (typeof undo !== 'function') throw new Error('protocol 17 is registered already');
        ctx.onUnload(undo);
      }
      inetRegisterProtosw(ctx, INETSW, {
        type: SOCK_DGRAM,
        protocol: IPPROTO_UDP,
        prot: udpProt,
        ops: inetDgramOps(poll),
        isDefault: true,
        reuse: false,
        icsk: false,
        sock: UdpSock,
      });
    },
  };
}

function poll({ sk }: Socket): number {
  return udpPoll(sk as UdpSock, udpNet.of((sk as UdpSock).net).stats);
}

const UDP_TABLE: SysctlTable<UdpNet> = {
  udp_rmem_min: sysctlField('rmemMin', { min: 1 }),
  udp_wmem_min: sysctlField('wmemMin', { min: 1 }),
};

function netInit(net: Net): number {
  const state = new UdpNet(net);
  const { snmpGroups } = ipv4Net.of(net);
  udpNet.set(net, state);
  snmpGroups.set('Udp', () => udpSnmpText(net));
  state.undos = [
    procCreateNet(net, 'udp', () => udpProcText(net)),
    registerNetSysctl(net, 'net/ipv4', UDP_TABLE, state),
    () => snmpGroups.delete('Udp'),
  ];
  return 0;
}

function netExit(net: Net): void {
  for (const undo of udpNet.of(net).undos) undo();
  udpNet.set(net, null);
}
