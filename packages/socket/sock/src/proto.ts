/** The tables through which sockets reach their family and protocol: `net_proto_family`, `proto_ops`, `proto`. */
import type { Kernel, Net } from '@skbuff/core';
import { EOPNOTSUPP } from '@skbuff/uapi';
import type { Msghdr } from './msghdr.ts';
import type { Sock } from './sock.ts';
import type { SockAddr, SockAddrCodec } from './sockaddr.ts';
import type { Socket } from './socket.ts';

/**
 * `struct proto`: a protocol below the family. Calls never wait: where Linux would sleep they return -EAGAIN, and the caller comes
 * again when the socket's wait queue says so.
 */
export interface Proto {
  /** As /proc/net/protocols shows it. */
  readonly name: string;
  /** Name of the plugin, which stays loaded while a socket lives. */
  readonly owner: string;
  /** For /proc/net/protocols: bytes of the kernel's structure, pages that all its sockets use (-1: not counted), and which callbacks it has. */
  readonly objSize: number;
  readonly memory: number;
  /** The same where it is counted: in all namespaces of a kernel. */
  readonly memoryAllocated?: (kernel: Kernel) => number;
  readonly callbacks: string;
  /** Do not bind by itself when something is sent. */
  readonly noAutobind: boolean;
  /** 0, or a negative errno that refuses the socket. */
  init(sk: Sock): number;
  /** The last reference went: let go of what the protocol owns. */
  destroy(sk: Sock): void;
  /** The descriptor was closed: give up the caller's reference, now or when the protocol is done. */
  close(sk: Sock): void;
  bind(sk: Sock, addr: SockAddr): number;
  connect(sk: Sock, addr: SockAddr, flags: number): number;
  disconnect(sk: Sock): number;
  /** The next finished connection, -EAGAIN if there is none. */
  accept(sk: Sock): Sock | number;
  shutdown(sk: Sock, how: number): void;
  /** SO_KEEPALIVE was switched. */
  keepalive(sk: Sock, on: boolean): void;
  setsockopt(sk: Sock, level: number, name: number, value: Uint8Array): number;
  /** Bytes written to `out`, or a negative errno. */
  getsockopt(sk: Sock, level: number, name: number, out: Uint8Array): number;
  ioctl(sk: Sock, request: number, arg: Uint8Array): number;
  /** Bytes taken, -EAGAIN, or another negative errno. `msg` and its buffers are the caller's. */
  sendmsg(sk: Sock, msg: Msghdr, len: number): number;
  /** Bytes received; `msg.flags`, `msg.name` and `msg.control` are filled in. */
  recvmsg(sk: Sock, msg: Msghdr, len: number, flags: number): number;
  /** Enters the table that packets are looked up in, leaves it, moves in it after an address changed. */
  hash(sk: Sock): void;
  unhash(sk: Sock): void;
  rehash(sk: Sock): void;
  /** Takes a port, 0: any free one. 0, or non-zero if it is in use. */
  getPort(sk: Sock, port: number): number;
}

/** `struct proto_ops`: a family's face to the system calls, one table for each kind of socket. The same rule of never waiting holds. */
export interface ProtoOps {
  readonly family: number;
  release(sock: Socket): void;
  bind(sock: Socket, addr: SockAddr): number;
  /** 0, -EINPROGRESS when it is under way, or another negative errno. */
  connect(sock: Socket, addr: SockAddr, flags: number): number;
  socketpair(a: Socket, b: Socket): number;
  accept(sock: Socket): Sock | number;
  /** Fills `addr`: 0, or how long it is where that varies in the family, or a negative errno. */
  getname(sock: Socket, addr: SockAddr, peer: boolean): number;
  poll(sock: Socket): number;
  ioctl(sock: Socket, request: number, arg: Uint8Array): number;
  listen(sock: Socket, backlog: number): number;
  shutdown(sock: Socket, how: number): number;
  setsockopt(sock: Socket, level: number, name: number, value: Uint8Array): number;
  getsockopt(sock: Socket, level: number, name: number, out: Uint8Array): number;
  sendmsg(sock: Socket, msg: Msghdr, len: number): number;
  recvmsg(sock: Socket, msg: Msghdr, len: number, flags: number): number;
  /** SO_RCVLOWAT beyond storing it; 0. */
  setRcvlowat(sk: Sock, value: number): number;
  /** SO_PEEK_OFF: 0, or -EOPNOTSUPP. */
  setPeekOff(sk: Sock, value: number): number;
}

/** `struct net_proto_family`. */
export interface NetProtoFamily {
  readonly family: number;
  readonly addr: SockAddrCodec;
  /** Sets `sock.ops` and `sock.sk`, or returns a negative errno. */
  create(net: Net, sock: Socket, protocol: number, kern: boolean): number;
}

export function sockNoAccept(): number {
  return -EOPNOTSUPP;
}

export function sockNoListen(): number {
  return -EOPNOTSUPP;
}

export function sockNoSocketpair(): number {
  return -EOPNOTSUPP;
}

export function sockNoConnect(): number {
  return -EOPNOTSUPP;
}

export function sockNoShutdown(): number {
  return -EOPNOTSUPP;
}

export function sockNoSetRcvlowat(sk: Sock, value: number): number {
  sk.rcvlowat = value || 1;
  return 0;
}

export function sockNoSetPeekOff(): number {
  return -EOPNOTSUPP;
}

/** `sk_set_peek_off`. */
export function skSetPeekOff(sk: Sock, value: number): number {
  sk.peekOff = value;
  return 0;
}
