/** `struct msghdr`: one message on its way between a task and a socket, with ancillary data. */
import { MSG_CTRUNC, SOL_SOCKET } from '@skbuff/uapi';
import { copyBytes, leS32, leS64, setLe32, setLe64 } from '@skbuff/wire';
import type { SockAddr } from './sockaddr.ts';

/** Bytes of `struct cmsghdr` on x86-64: length (8), level (4), type (4). */
export const CMSG_HDR_LEN = 16;

/** One piece of ancillary data. `data` is what the kernel's structure has, little endian as on x86-64. */
export interface Cmsg {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

export class Msghdr {
  /** Sending: where to, null: the connected peer. Receiving: filled in with where from; null: not wanted. */
  name: SockAddr | null = null;
  /** Receiving: whether `name` was filled in. */
  nameSet = false;
  /** What is gathered or scattered. */
  iov: Uint8Array[] = [];
  /** Ancillary data to send, or received. */
  control: Cmsg[] = [];
  /** Receiving: bytes of room for ancillary data; what does not fit is cut and MSG_CTRUNC set. */
  controlRoom = 0;
  /** MSG_*: of the call when sending, of the result when receiving. */
  flags = 0;
}

/** `CMSG_SPACE`: bytes that a piece of `n` bytes takes up, header and padding included. */
export function cmsgSpace(n: number): number {
  return CMSG_HDR_LEN + ((n + 7) & -8);
}

/** `put_cmsg`: hands ancillary data to the receiver, as much as it has room for. */
export function putCmsg(msg: Msghdr, level: number, type: number, data: Uint8Array): void {
  if (msg.controlRoom < CMSG_HDR_LEN) {
    msg.flags |= MSG_CTRUNC;
    return;
  }
  const room = msg.controlRoom - CMSG_HDR_LEN;
  const cut = data.length > room;
  if (cut) msg.flags |= MSG_CTRUNC;
  msg.control.push({ level, type, data: cut ? data.slice(0, room) : data });
  msg.controlRoom = Math.max(0, msg.controlRoom - cmsgSpace(data.length));
}

/** A piece of ancillary data that is one `int`. */
export function cmsgInt(level: number, type: number, value: number): Cmsg {
  return { level, type, data: int32Bytes(value) };
}

/** `int` as an option value or ancillary data. */
export function int32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  setLe32(bytes, 0, value);
  return bytes;
}

/** What ancillary data ends with whose next header is wrong: no protocol knows it, so who looks at it says -EINVAL, who does not says nothing. */
const MALFORMED: Cmsg = { level: SOL_SOCKET, type: -1, data: new Uint8Array(0) };

/** The control buffer of sendmsg(2), taken apart. Behind a header that claims more than there is nothing is read. */
export function cmsgDecode(bytes: Uint8Array): Cmsg[] {
  const list: Cmsg[] = [];
  for (let at = 0; at + CMSG_HDR_LEN <= bytes.length; ) {
    const len = leS64(bytes, at);
    if (len < CMSG_HDR_LEN || at + len > bytes.length) return [...list, MALFORMED];
    list.push({ level: leS32(bytes, at + 8), type: leS32(bytes, at + 12), data: bytes.slice(at + CMSG_HDR_LEN, at + len) });
    at += (len + 7) & -8;
  }
  return list;
}

/** Writes ancillary data as recvmsg(2) leaves it; returns the bytes used. What does not fit was cut before. */
export function cmsgEncode(list: readonly Cmsg[], out: Uint8Array): number {
  let at = 0;
  for (const { level, type, data } of list) {
    setLe64(out, at, CMSG_HDR_LEN + data.length);
    setLe32(out, at + 8, level);
    setLe32(out, at + 12, type);
    out.set(data, at + CMSG_HDR_LEN);
    at = Math.min(out.length, at + cmsgSpace(data.length));
  }
  return at;
}

/** Bytes of a message's parts together. */
export function iovLength(iov: readonly Uint8Array[]): number {
  let n = 0;
  for (let i = 0; i < iov.length; i++) n += (iov[i] as Uint8Array).length;
  return n;
}

/** Copies the parts one behind the other to `out`, which has room for them. */
export function iovGather(iov: readonly Uint8Array[], out: Uint8Array): void {
  let at = 0;
  for (const part of iov) {
    copyBytes(out, at, part, 0, part.length);
    at += part.length;
  }
}
