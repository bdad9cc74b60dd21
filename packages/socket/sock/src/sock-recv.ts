/** Ancillary data of SOL_SOCKET that comes with a received packet. */
import type { SkBuff } from '@skbuff/core';
import { SCM_TIMESTAMP, SCM_TIMESTAMPNS, SOL_SOCKET, SO_MARK, SO_PRIORITY, SO_RXQ_OVFL } from '@skbuff/uapi';
import { type Msghdr, int32Bytes, putCmsg, setLe64 } from './msghdr.ts';
import { SOCK_RCVMARK, SOCK_RCVPRIORITY, SOCK_RCVTSTAMP, SOCK_RCVTSTAMPNS, SOCK_RXQ_OVFL, SOCK_TIMESTAMP, type Sock } from './sock.ts';
import { SOCKCB_DROPCOUNT } from './sock-mem.ts';

const WANTS_CMSGS = SOCK_TIMESTAMP | SOCK_RXQ_OVFL | SOCK_RCVMARK | SOCK_RCVPRIORITY;

/** `sock_recv_cmsgs`: time stamp, losses, mark and priority, as far as the socket asks for them. */
export function sockRecvCmsgs(msg: Msghdr, sk: Sock, skb: SkBuff): void {
  if ((sk.flags & WANTS_CMSGS) !== 0) recvCmsgs(msg, sk, skb);
}

function recvCmsgs(msg: Msghdr, sk: Sock, skb: SkBuff): void {
  if (sk.flag(SOCK_TIMESTAMP)) {
    sk.stamp = skb.tstamp !== 0 ? skb.tstamp : sk.net.kernel.realTime();
    if (sk.flag(SOCK_RCVTSTAMP)) putTimestamp(msg, sk);
  }
  const lost = sk.flag(SOCK_RXQ_OVFL) ? skb.cb[SOCKCB_DROPCOUNT] : 0;
  if (lost !== 0) putCmsg(msg, SOL_SOCKET, SO_RXQ_OVFL, int32Bytes(lost));
  if (sk.flag(SOCK_RCVMARK)) putCmsg(msg, SOL_SOCKET, SO_MARK, int32Bytes(skb.mark));
  if (sk.flag(SOCK_RCVPRIORITY)) putCmsg(msg, SOL_SOCKET, SO_PRIORITY, int32Bytes(skb.priority));
}

function putTimestamp(msg: Msghdr, sk: Sock): void {
  if (sk.flag(SOCK_RCVTSTAMPNS)) putCmsg(msg, SOL_SOCKET, SCM_TIMESTAMPNS, timeBytes(sk.stamp, 1));
  else putCmsg(msg, SOL_SOCKET, SCM_TIMESTAMP, timeBytes(sk.stamp, 1000));
}

/** `struct timespec` (`unit` 1) or `struct timeval` (`unit` 1000) of nanoseconds. */
export function timeBytes(ns: number, unit: number): Uint8Array {
  const bytes = new Uint8Array(16);
  setLe64(bytes, 0, Math.floor(ns / 1e9));
  setLe64(bytes, 8, Math.floor((ns % 1e9) / unit));
  return bytes;
}
