/** `struct user_msghdr`: what sendmsg(2) and recvmsg(2) are handed, and its way to and from a {@link Msghdr}. */
import { EINVAL, ENOBUFS } from '@skbuff/uapi';
import { type Cmsg, Msghdr, cmsgDecode, cmsgEncode, cmsgSpace } from './msghdr.ts';
import { type SockAddr, sockAddrDecode, sockAddrDecodeMsg, sockAddrEncode } from './sockaddr.ts';
import { sockNet } from './sock-net.ts';
import type { Sock } from './sock.ts';
import type { Socket } from './socket.ts';

/** Addresses and ancillary data as bytes or typed, as the caller likes. What the kernel fills in on receiving says so. */
export interface UserMsghdr {
  /** Sending: destination. Receiving: filled in with the source; as bytes it is cut to the array's length. */
  name?: SockAddr | Uint8Array | null;
  /** Receiving: bytes of the source's address, 0 if there is none. Filled in. */
  namelen?: number;
  iov: Uint8Array[];
  /** Sending: ancillary data. Receiving: an array that is filled in with the pieces, or bytes. */
  control?: Cmsg[] | Uint8Array | null;
  /** Receiving, bytes: how many were used. Filled in. */
  controllen?: number;
  /** Receiving: MSG_TRUNC, MSG_CTRUNC, MSG_ERRQUEUE … of this message. Filled in. */
  flags?: number;
}

/** The typed twin of a destination, or a negative errno. */
export function nameIn(sock: Socket, name: SockAddr | Uint8Array): SockAddr | number {
  return name instanceof Uint8Array ? sockAddrDecode(sock.family.addr, name) : name;
}

/** A {@link Msghdr} for sending, or a negative errno. */
export function msgForSend(sock: Socket, user: UserMsghdr): Msghdr | number {
  const msg = new Msghdr();
  msg.iov = user.iov;
  const name = user.name ?? null;
  msg.name = name instanceof Uint8Array ? sockAddrDecodeMsg(sock.family.addr, name) : name;
  const control = user.control ?? null;
  if (control === null) return msg;
  const list = control instanceof Uint8Array ? cmsgDecode(control) : control;
  const size = list.reduce((sum, { data }) => sum + cmsgSpace(data.length), 0);
  if (size > sockNet.of((sock.sk as Sock).net).optmemMax) return -ENOBUFS;
  msg.control = list;
  return msg;
}

/** A {@link Msghdr} for receiving. */
export function msgForRecv(sock: Socket, user: UserMsghdr): Msghdr {
  const msg = new Msghdr();
  msg.iov = user.iov;
  const name = user.name ?? null;
  if (name !== null) msg.name = name instanceof Uint8Array ? sock.family.addr.create() : name;
  const control = user.control ?? null;
  if (control !== null) msg.controlRoom = control instanceof Uint8Array ? control.length : Number.POSITIVE_INFINITY;
  return msg;
}

/** Hands a received message to the caller. */
export function msgToUser(sock: Socket, msg: Msghdr, user: UserMsghdr): void {
  const { control } = user;
  user.flags = msg.flags;
  user.namelen = msg.nameSet ? sock.family.addr.length : 0;
  if (msg.nameSet && msg.name !== null && user.name instanceof Uint8Array) sockAddrEncode(sock.family.addr, msg.name, user.name);
  if (control instanceof Uint8Array) user.controllen = cmsgEncode(msg.control, control);
  else if (control !== undefined && control !== null) control.splice(0, control.length, ...msg.control);
}

/** getsockname(2) and accept(2): writes an address the way the caller wants it. Its whole length, or a negative errno. */
export function nameOut(sock: Socket, addr: SockAddr | Uint8Array, peer: boolean): number {
  if (sock.ops === null) return -EINVAL;
  const typed = addr instanceof Uint8Array ? sock.family.addr.create() : addr;
  const len = sock.ops.getname(sock, typed, peer);
  if (len < 0) return len;
  const whole = addr instanceof Uint8Array ? sockAddrEncode(sock.family.addr, typed, addr) : sock.family.addr.length;
  return len > 0 ? len : whole;
}

