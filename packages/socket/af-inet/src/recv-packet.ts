/** Reading from a socket that has packets rather than a payload: raw and ping sockets. */
import { type Msghdr, skbCopyDatagramMsg, skbRecvDatagram, sockRecvCmsgs } from '@skbuff/sock';
import { AF_INET, EOPNOTSUPP, MSG_ERRQUEUE, MSG_OOB, MSG_TRUNC } from '@skbuff/uapi';
import { IPHDR_SADDR, be32 } from '@skbuff/wire';
import type { InetSk } from './inet-sk.ts';
import { ipCmsgRecv } from './ip-cmsg.ts';
import { ipRecvError } from './ip-error.ts';
import type { SockaddrIn } from './sockaddr-in.ts';

/**
 * What `raw_recvmsg` and `ping_recvmsg` share: the oldest packet from its `data` on, with who sent it and ancillary data. Bytes copied
 * (`tellWhole`: the packet's length instead), or -EOPNOTSUPP (MSG_OOB), -EAGAIN, the socket's pending error.
 */
export function inetRecvPacket(sk: InetSk, msg: Msghdr, len: number, flags: number, tellWhole: boolean): number {
  if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  if ((flags & MSG_ERRQUEUE) !== 0) return ipRecvError(sk, msg, len);
  const skb = skbRecvDatagram(sk, flags);
  if (typeof skb === 'number') return skb;
  const whole = skb.len;
  const copied = Math.min(len, whole);
  if (copied < whole) msg.flags |= MSG_TRUNC;
  const err = skbCopyDatagramMsg(skb, 0, msg, copied);
  if (err === 0) {
    sockRecvCmsgs(msg, sk, skb);
    const name = msg.name as SockaddrIn | null;
    if (name !== null) {
      name.family = AF_INET;
      name.port = 0;
      name.addr = be32(skb.bytes, skb.networkHeader + IPHDR_SADDR);
      msg.nameSet = true;
    }
    if (sk.cmsgFlags !== 0) ipCmsgRecv(msg, sk, skb, 0);
  }
  skb.consume();
  if (err !== 0) return err;
  return tellWhole ? whole : copied;
}
