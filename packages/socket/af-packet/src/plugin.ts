/** Packet sockets as a plugin. */
import { xmitOffload } from '@skbuff/core';
import type { Net, Plugin } from '@skbuff/core';
import { procCreateNet } from '@skbuff/procfs';
import { SOCKET_LAYER } from '@skbuff/sock';
import { AF_PACKET } from '@skbuff/uapi';
import { packetCreate, packetProto } from './af-packet.ts';
import { packetNotifier } from './packet-bind.ts';
import { packetProcText } from './packet-proc.ts';
import { PacketNet, packetNet } from './packet-sock.ts';
import { sockaddrLlCodec } from './sockaddr-ll.ts';

/** `@skbuff/af-packet`: `socket(AF_PACKET, SOCK_RAW | SOCK_DGRAM, …)`, for tasks with CAP_NET_RAW. */
export function afPacket(): Plugin {
  return {
    name: '@skbuff/af-packet',
    requires: ['@skbuff/sock', '@skbuff/procfs'],
    init(ctx): void {
      xmitOffload(ctx.kernel);
      const layer = ctx.get(SOCKET_LAYER);
      ctx.pernetSubsys({ name: 'packet', init: netInit, exit: netExit });
      ctx.netdeviceNotifier({ notifierCall: (_nb, event, info) => (packetNotifier(event, info.dev), 0) });
      for (const undo of [
        layer.registerProto(packetProto),
        layer.registerFamily({ family: AF_PACKET, addr: sockaddrLlCodec, create: packetCreate }),
      ]) {
        if (typeof undo === 'number') throw new Error('AF_PACKET is registered already');
        ctx.onUnload(undo);
      }
    },
  };
}

function netInit(net: Net): number {
  const state = new PacketNet();
  packetNet.set(net, state);
  state.undo = procCreateNet(net, 'packet', () => packetProcText(net));
  return 0;
}

function netExit(net: Net): void {
  packetNet.of(net).undo();
  packetNet.set(net, null);
}
