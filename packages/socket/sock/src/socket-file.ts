/** Sockets as files. */
import { skBusyPoll } from './busy-poll.ts';
import type { FileOps, OpenFile } from './file.ts';
import type { ProtoOps } from './proto.ts';
import { sockNet } from './sock-net.ts';
import type { Sock } from './sock.ts';
import type { Socket } from './socket.ts';
import type { WaitQueueHead } from './wait.ts';

export const socketFileOps: FileOps = {
  poll(file: OpenFile): number {
    const sock = file.socket as Socket;
    const sk = sock.sk as Sock;
    if (sk.llUsec !== 0 && sockNet.of(sk.net).layer.busyPoll !== 0) skBusyPoll(sk);
    return (sock.ops as ProtoOps).poll(sock);
  },
  waitQueue(file: OpenFile): WaitQueueHead {
    return ((file.socket as Socket).sk as Sock).wq;
  },
  release(file: OpenFile): void {
    (file.socket as Socket).release();
  },
};
