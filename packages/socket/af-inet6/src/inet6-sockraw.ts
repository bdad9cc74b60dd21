/** What raw and ping sockets of AF_INET6 share: they speak IPv6 only, and have packets rather than a payload. */
import type { InetSk } from '@skbuff/af-inet';
import { IP6CB_IIF, type Ipcm6Cookie } from '@skbuff/ipv6';
import { type Msghdr, type SockAddr, skbCopyDatagramMsg, skbRecvDatagram, sockRecvCmsgs } from '@skbuff/sock';
import { AF_INET6, EAFNOSUPPORT, EOPNOTSUPP, MSG_ERRQUEUE, MSG_OOB, MSG_TRUNC } from '@skbuff/uapi';
import { IPV6HDR_SADDR } from '@skbuff/wire';
import { ip6DatagramConnect } from './datagram6.ts';
import { ip6Flowinfo } from './flowinfo.ts';
import { ip6DatagramRecvCommonCtl, ip6DatagramRecvSpecificCtl } from './ipv6-cmsg-recv.ts';
import { ipv6RecvError } from './ipv6-error.ts';
import { inet6Np } from './ipv6-pinfo.ts';
import { ipv6IfaceScopeId } from './scope-id.ts';
import type { SockaddrIn6 } from './sockaddr-in6.ts';

/** `ip6_datagram_connect_v6_only`. */
export function ip6DatagramConnectV6Only(sk: InetSk, addr: SockAddr): number {
  return addr.family === AF_INET6 ? ip6DatagramConnect(sk, addr) : -EAFNOSUPPORT;
}

/** `ipcm6_init_sk`: what a send begins with before ancillary data is looked at. */
export function ipcm6InitSk(sk: InetSk): Ipcm6Cookie {
  const np = inet6Np(sk);
  const ipc = np.ipc6;
  ipc.hlimit = -1;
  ipc.tclass = np.tclass;
  ipc.dontfrag = -1;
  ipc.opt = np.opt;
  ipc.priority = sk.priority;
  ipc.mark = sk.mark;
  ipc.gsoSize = 0;
  ipc.txFlags = sk.txFlags;
  return ipc;
}

/**
 * What `rawv6_recvmsg` and `ping_recvmsg` share: the oldest packet from its `data` on, with who sent it (`tellFlow`: by which flow label) and
 * ancillary data. Bytes copied (`tellWhole`: the packet's length instead), or -EOPNOTSUPP (MSG_OOB), -EAGAIN, the socket's pending error.
 */
export function inet6RecvPacket(sk: InetSk, msg: Msghdr, len: number, flags: number, tellWhole: boolean, tellFlow: boolean): number {
  if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  if ((flags & MSG_ERRQUEUE) !== 0) return ipv6RecvError(sk, msg, len);
  const skb = skbRecvDatagram(sk, flags);
  if (typeof skb === 'number') return skb;
  const whole = skb.len;
  const copied = Math.min(len, whole);
  if (copied < whole) msg.flags |= MSG_TRUNC;
  const err = skbCopyDatagramMsg(skb, 0, msg, copied);
  if (err === 0) {
    const sin6 = msg.name as SockaddrIn6 | null;
    if (sin6 !== null) {
      sin6.family = AF_INET6;
      sin6.port = 0;
      sin6.flowinfo = tellFlow ? ip6Flowinfo(skb.bytes, skb.networkHeader) : 0;
      sin6.addr.load(skb.bytes, skb.networkHeader + IPV6HDR_SADDR);
      sin6.scopeId = ipv6IfaceScopeId(sin6.addr, skb.cb[IP6CB_IIF]);
      msg.nameSet = true;
    }
    sockRecvCmsgs(msg, sk, skb);
    if (inet6Np(sk).rxopt !== 0) {
      ip6DatagramRecvCommonCtl(msg, sk, skb);
      ip6DatagramRecvSpecificCtl(msg, sk, skb);
    }
  }
  skb.consume();
  if (err !== 0) return err;
  return tellWhole ? whole : copied;
}
