/**
 * Receive flow steering, the sockets' side (`sock_rps_record_flow`): who reads or writes a connected socket says on which CPU, and packets of
 * its flow go there. While net.core.rps_sock_flow_entries is 0 nothing of this is on any path: switching it on gives every socket other
 * operations, as Linux patches its code.
 */
import { type Net, rpsSetSockFlowEntries } from '@skbuff/core';
import { IPPROTO_UDP, IPPROTO_UDPLITE, TCP_ESTABLISHED } from '@skbuff/uapi';
import type { ProtoOps } from './proto.ts';
import { SOCK_RXINFO, type Sock } from './sock.ts';
import type { SocketLayer } from './sock-net.ts';
import type { Socket } from './socket.ts';

/** net.core.rps_sock_flow_entries: 0 or a negative errno. */
export function setRpsSockFlowEntries(net: Net, layer: SocketLayer, entries: number): number {
  const { softnet } = net.kernel;
  const err = rpsSetSockFlowEntries(softnet, entries);
  if (err !== 0) return err;
  layer.rfs = softnet.rpsSockFlowTable !== null;
  for (const task of layer.tasks) {
    for (const fd of task.fds.open()) {
      const sock = task.fds.get(fd)?.socket ?? null;
      if (sock !== null) sockRfs(layer, sock);
    }
  }
  return 0;
}

/** Gives a socket the operations that record its flow, or those that do not. */
export function sockRfs(layer: SocketLayer, sock: Socket): void {
  const { ops, sk } = sock;
  if (ops === null || sk === null) return;
  const plain = layer.rfsOps.get(ops) ?? ops;
  sock.ops = layer.rfs ? recording(layer, plain) : plain;
  if (layer.rfs && (sk.protocol === IPPROTO_UDP || sk.protocol === IPPROTO_UDPLITE)) sk.flags |= SOCK_RXINFO;
}

function recording(layer: SocketLayer, plain: ProtoOps): ProtoOps {
  for (const [ops, origin] of layer.rfsOps) if (origin === plain) return ops;
  const ops: ProtoOps = {
    ...plain,
    sendmsg(sock, msg, len) {
      recordFlow(sock);
      return plain.sendmsg(sock, msg, len);
    },
    recvmsg(sock, msg, len, flags) {
      recordFlow(sock);
      return plain.recvmsg(sock, msg, len, flags);
    },
  };
  layer.rfsOps.set(ops, plain);
  return ops;
}

/** `sock_rps_record_flow`: a socket without connection has many flows, and none to follow. */
function recordFlow(sock: Socket): void {
  const sk = sock.sk as Sock;
  const { softnet } = sk.net;
  if (sk.state === TCP_ESTABLISHED) softnet.rpsSockFlowTable?.record(sk.rxhash, softnet.cpu);
}
