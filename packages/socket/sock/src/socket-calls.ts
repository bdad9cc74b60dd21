/** System calls on sockets that are more than one call of the family. */
import {
  EINVAL,
  ENOENT,
  ENOTTY,
  FIONBIO,
  O_NONBLOCK,
  SIOCGSTAMP,
  SIOCGSTAMPNS,
  SOL_SOCKET,
} from '@skbuff/uapi';
import { devIoctl } from './dev-ioctl.ts';
import type { OpenFile } from './file.ts';
import { leS32 } from '@skbuff/wire';
import type { ProtoOps } from './proto.ts';
import { sockGetsockopt } from './sock-getoptions.ts';
import { sockEnableTimestamp, timeBytes } from './sk-tstamp.ts';
import { sockSetsockopt } from './sock-options.ts';
import { SOCK_TIMESTAMP, type Sock } from './sock.ts';
import type { Socket } from './socket.ts';

/** What a family answers to an ioctl that is not its own; never shown to user space. */
export const ENOIOCTLCMD = 515;

export function socketSetsockopt(sock: Socket, level: number, name: number, value: Uint8Array): number {
  if (level === SOL_SOCKET) return sockSetsockopt(sock, name, value);
  return (sock.ops as ProtoOps).setsockopt(sock, level, name, value);
}

export function socketGetsockopt(sock: Socket, level: number, name: number, out: Uint8Array): number {
  if (level === SOL_SOCKET) return sockGetsockopt(sock.sk as Sock, name, out);
  return (sock.ops as ProtoOps).getsockopt(sock, level, name, out);
}

/** `sock_ioctl`: the family first, then what every socket answers about devices. */
export function socketIoctl(file: OpenFile, request: number, arg: Uint8Array): number {
  if (request === FIONBIO) return setNonblock(file, arg);
  const sock = file.socket;
  if (sock === null) return -ENOTTY;
  const sk = sock.sk as Sock;
  if (request === SIOCGSTAMP) return getStamp(sk, arg, 1000);
  if (request === SIOCGSTAMPNS) return getStamp(sk, arg, 1);
  const rc = (sock.ops as ProtoOps).ioctl(sock, request, arg);
  return rc === -ENOIOCTLCMD ? devIoctl(sk.net, request, arg) : rc;
}

function setNonblock(file: OpenFile, arg: Uint8Array): number {
  if (arg.length < 4) return -EINVAL;
  file.flags = leS32(arg, 0) !== 0 ? file.flags | O_NONBLOCK : file.flags & ~O_NONBLOCK;
  return 0;
}

/** `sock_gettstamp`: when the packet read last arrived; the first call only switches the stamps on. */
function getStamp(sk: Sock, arg: Uint8Array, unit: number): number {
  sockEnableTimestamp(sk, SOCK_TIMESTAMP);
  if (sk.stamp < 0) return -ENOENT;
  if (arg.length < 16) return -EINVAL;
  arg.set(timeBytes(sk.stamp, unit));
  return 0;
}
