/** ICMP datagram sockets as a plugin. */
import { INETSW, PROC_RAW_HEADER, inetRegisterProtosw, inetSockrawOps, procSockLinePadded } from '@skbuff/af-inet';
import type { Net, Plugin } from '@skbuff/core';
import { ICMP } from '@skbuff/icmp';
import { procCreateNet } from '@skbuff/procfs';
import { registerNetSysctl, type SysctlTable, sysctlIntVec } from '@skbuff/sysctl';
import { AF_INET, IPPROTO_ICMP, SOCK_DGRAM } from '@skbuff/uapi';
import { pingProt } from './ping-prot.ts';
import { pingReceiver } from './ping-rcv.ts';
import { PingNet, PingSock, pingNet } from './ping-sock.ts';

/** Largest group of net.ipv4.ping_group_range. */
const GID_T_MAX = 4294967294;

/** `@skbuff/ping`: `socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)`, for tasks in net.ipv4.ping_group_range. */
export function ping(): Plugin {
  return {
    name: '@skbuff/ping',
    requires: ['@skbuff/af-inet', '@skbuff/icmp'],
    init(ctx): void {
      const icmp = ctx.get(ICMP);
      ctx.pernetSubsys({ name: 'ping', init: netInit, exit: netExit });
      inetRegisterProtosw(ctx, INETSW, {
        type: SOCK_DGRAM,
        protocol: IPPROTO_ICMP,
        prot: pingProt,
        ops: inetSockrawOps,
        isDefault: false,
        reuse: true,
        icsk: false,
        sock: PingSock,
      });
      icmp.ping = pingReceiver;
      ctx.onUnload(() => {
        icmp.ping = null;
      });
    },
  };
}

const PING_TABLE: SysctlTable<PingNet> = {
  ping_group_range: sysctlIntVec((state) => [state.groupLow, state.groupHigh], setGroupRange, { min: 0, max: GID_T_MAX }),
};

/** Whatever is empty is shown as 1 0. */
function setGroupRange(state: PingNet, [low = 1, high = 0]: readonly number[]): number {
  state.groupLow = high < low ? 1 : low;
  state.groupHigh = high < low ? 0 : high;
  return 0;
}

function netInit(net: Net): number {
  const state = new PingNet(net);
  pingNet.set(net, state);
  state.undos = [procCreateNet(net, 'icmp', () => pingProcText(net)), registerNetSysctl(net, 'net/ipv4', PING_TABLE, state)];
  return 0;
}

function netExit(net: Net): void {
  for (const undo of pingNet.of(net).undos) undo();
  pingNet.set(net, null);
}

/** The text of /proc/net/icmp: the table's sockets of this family. */
export function pingProcText(net: Net): string {
  const state = pingNet.of(net);
  let text = `${PROC_RAW_HEADER.trimEnd().padEnd(127)}\n`;
  for (const sk of state) if (sk.family === AF_INET) text += procSockLinePadded(sk, state.bucket(sk.inetNum), sk.inetSport);
  return text;
}
