/** Raw sockets as a plugin. */
import { INETSW, PROC_RAW_HEADER, inetRegisterProtosw, inetSockrawOps, procSockLine } from '@skbuff/af-inet';
import type { Net, Plugin } from '@skbuff/core';
import { IPV4, type RawDelivery } from '@skbuff/ipv4';
import { procCreateNet } from '@skbuff/procfs';
import { IPPROTO_IP, SOCK_RAW } from '@skbuff/uapi';
import { rawProt } from './raw-prot.ts';
import { rawIcmpError, rawLocalDeliver } from './raw-rcv.ts';
import { RawNet, RawSock, rawNet } from './raw-sock.ts';

const delivery: RawDelivery = { localDeliver: rawLocalDeliver, icmpError: rawIcmpError };

/** `@skbuff/raw`: `socket(AF_INET, SOCK_RAW, protocol)`, for tasks with CAP_NET_RAW. */
export function raw(): Plugin {
  return {
    name: '@skbuff/raw',
    requires: ['@skbuff/af-inet', '@skbuff/ipv4'],
    init(ctx): void {
      const ip = ctx.get(IPV4);
      ctx.pernetSubsys({ name: 'raw', init: netInit, exit: netExit });
      inetRegisterProtosw(ctx, INETSW, {
        type: SOCK_RAW,
        protocol: IPPROTO_IP,
        prot: rawProt,
        ops: inetSockrawOps,
        isDefault: false,
        reuse: true,
        icsk: false,
        sock: RawSock,
      });
      ip.raw = delivery;
      ctx.onUnload(() => {
        ip.raw = null;
      });
    },
  };
}

function netInit(net: Net): number {
  const state = new RawNet();
  rawNet.set(net, state);
  state.undo = procCreateNet(net, 'raw', () => rawProcText(net));
  return 0;
}

function netExit(net: Net): void {
  rawNet.of(net).undo();
  rawNet.set(net, null);
}

/** The text of /proc/net/raw. */
export function rawProcText(net: Net): string {
  let text = PROC_RAW_HEADER;
  for (const sk of rawNet.of(net).hashinfo) text += `${procSockLine(sk, String(sk.inetNum).padStart(4), sk.inetNum)}\n`;
  return text;
}
