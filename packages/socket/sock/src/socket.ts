/** `struct socket` (`net/socket.c`): a socket as its descriptor sees it. */
import type { Net } from '@skbuff/core';
import { AF_INET, AF_PACKET, EAFNOSUPPORT, EINVAL, NPROTO, SOCK_MAX, SOCK_PACKET } from '@skbuff/uapi';
import type { NetProtoFamily, ProtoOps } from './proto.ts';
import { SOCK_DEAD, type Sock } from './sock.ts';
import { skSetBusyPoll } from './busy-poll.ts';
import { sockNet } from './sock-net.ts';
import { sockRfs } from './sock-rfs.ts';

export const SS_UNCONNECTED = 1;
export const SS_CONNECTING = 2;
export const SS_CONNECTED = 3;
export const SS_DISCONNECTING = 4;

export class Socket {
  /** SS_* */
  state: number = SS_UNCONNECTED;
  readonly type: number;
  family: NetProtoFamily;
  ops: ProtoOps | null = null;
  sk: Sock | null = null;

  constructor(type: number, family: NetProtoFamily) {
    this.type = type;
    this.family = family;
  }

  /** `sock_graft`: this descriptor now stands for `sk`. */
  graft(sk: Sock): void {
    this.sk = sk;
    sk.socket = this;
    sk.flags &= ~SOCK_DEAD;
  }

  /** `sock_release`. */
  release(): void {
    const { ops } = this;
    if (ops === null) return;
    ops.release(this);
    this.ops = null;
    this.sk = null;
  }
}

/** `sock_orphan`: the descriptor is gone. */
export function sockOrphan(sk: Sock): void {
  sk.flags |= SOCK_DEAD;
  if (sk.socket !== null) sk.socket.sk = null;
  sk.socket = null;
}

/**
 * `sock_create`: a socket without descriptor, or -EAFNOSUPPORT (no such family), -EINVAL (no such type), -ESOCKTNOSUPPORT,
 * -EPROTONOSUPPORT, -EPERM, -EACCES as the family decides.
 */
export function sockCreate(net: Net, family: number, type: number, protocol: number, kern = false): Socket | number {
  if (family < 0 || family >= NPROTO) return -EAFNOSUPPORT;
  if (type < 0 || type >= SOCK_MAX) return -EINVAL;
  const { layer } = sockNet.of(net);
  let number = family;
  if (family === AF_INET && type === SOCK_PACKET) {
    net.kernel.log('uses obsolete (PF_INET,SOCK_PACKET)');
    number = AF_PACKET;
  }
  const found = layer.families[number];
  if (found === undefined || found === null) return -EAFNOSUPPORT;
  const sock = new Socket(type, found);
  const err = found.create(net, sock, protocol, kern);
  if (err < 0) {
    sock.release();
    return err;
  }
  if (layer.rfs) sockRfs(layer, sock);
  if (layer.busyRead !== 0 && sock.sk !== null) skSetBusyPoll(sock.sk, layer.busyRead);
  return sock;
}
