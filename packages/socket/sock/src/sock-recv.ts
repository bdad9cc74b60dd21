/** Ancillary data of SOL_SOCKET that comes with a received packet. */
import type { SkBuff } from '@skbuff/core';
import { SOL_SOCKET, SO_MARK, SO_PRIORITY, SO_RXQ_OVFL } from '@skbuff/uapi';
import { type Msghdr, int32Bytes, putCmsg } from './msghdr.ts';
import { sockRecvTimestamp } from './sk-tstamp.ts';
import { SOCK_RCVMARK, SOCK_RCVPRIORITY, SOCK_RXQ_OVFL, SOCK_TIMESTAMP, SOCK_TSTAMPING, type Sock } from './sock.ts';
import { SOCKCB_DROPCOUNT } from './sock-mem.ts';

const WANTS_CMSGS = SOCK_TIMESTAMP | SOCK_TSTAMPING | SOCK_RXQ_OVFL | SOCK_RCVMARK | SOCK_RCVPRIORITY;

/** `sock_recv_cmsgs`: time stamp, losses, mark and priority, as far as the socket asks for them. */
export function sockRecvCmsgs(msg: Msghdr, sk: Sock, skb: SkBuff): void {
  if ((sk.flags & WANTS_CMSGS) !== 0) recvCmsgs(msg, sk, skb);
}

function recvCmsgs(msg: Msghdr, sk: Sock, skb: SkBuff): void {
  sockRecvStamp(msg, sk, skb, false);
  const lost = sk.flag(SOCK_RXQ_OVFL) ? skb.cb[SOCKCB_DROPCOUNT] : 0;
  if (lost !== 0) putCmsg(msg, SOL_SOCKET, SO_RXQ_OVFL, int32Bytes(lost));
  if (sk.flag(SOCK_RCVMARK)) putCmsg(msg, SOL_SOCKET, SO_MARK, int32Bytes(skb.mark));
  if (sk.flag(SOCK_RCVPRIORITY)) putCmsg(msg, SOL_SOCKET, SO_PRIORITY, int32Bytes(skb.priority));
}

/** `sock_recv_timestamp`: what a reader of data or (`isErr`) of the error queue is told of the time. */
export function sockRecvStamp(msg: Msghdr, sk: Sock, skb: SkBuff, isErr: boolean): void {
  if (sk.flag(SOCK_TIMESTAMP)) sk.stamp = skb.tstamp !== 0 ? skb.tstamp : sk.net.kernel.realTime();
  if ((sk.flags & (SOCK_TIMESTAMP | SOCK_TSTAMPING)) !== 0) sockRecvTimestamp(msg, sk, skb, isErr);
}
