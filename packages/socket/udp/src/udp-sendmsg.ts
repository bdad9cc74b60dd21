/** Sending over IPv4 (`udp_sendmsg` in `net/ipv4/udp.c`). */
import { inetRouteMsg, inetSkFlowiFlags, ipCmsgSend, type SockaddrIn } from '@skbuff/af-inet';
import type { SkBuff } from '@skbuff/core';
import {
  type Flowi4,
  type IpPayload,
  type IpcmCookie,
  type Rtable,
  ipAppendData,
  ipFinishSkb,
  ipFlushPendingFrames,
  ipMakeSkb,
  ipSendSkb,
  ipSkFragSize,
} from '@skbuff/ipv4';
import { type Msghdr, SOCK_LOCALROUTE, msgPayload, skbSetupTxTimestamp, sockAddrErrno, sockNet } from '@skbuff/sock';
import {
  AF_INET,
  AF_UNSPEC,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  EOPNOTSUPP,
  MSG_CONFIRM,
  MSG_DONTROUTE,
  MSG_MORE,
  MSG_OOB,
  TCP_ESTABLISHED,
  UDP_MIB_OUTDATAGRAMS,
  UDP_MIB_SNDBUFERRORS,
} from '@skbuff/uapi';
import { UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, UDPHDR_ULEN, ipv4IsMulticast, setBe16 } from '@skbuff/wire';
import { udpSetCsum } from './udp-checksum.ts';
import { udpMakeGso } from './udp-gso.ts';
import { udpNet } from './udp-net.ts';
import { udpCmsgSend, udpSendFailed } from './udp-send.ts';
import type { UdpSock } from './udp-sock.ts';

/**
 * `udp_sendmsg`: one datagram of `len` bytes. Returns `len`, or -EMSGSIZE, -EDESTADDRREQ, -EINVAL (port 0, wrong ancillary data),
 * -EAFNOSUPPORT, -ENETUNREACH, -EACCES (broadcast not allowed), -EAGAIN (send buffer full), the socket's pending error.
 */
export function udpSendmsg(sk: UdpSock, msg: Msghdr, len: number): number {
  if (len > 0xffff) return -EMSGSIZE;
  if ((msg.flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  if (sk.pending !== 0) return appendCorked(sk, msg, len);
  let daddr = sk.inetDaddr;
  let dport = sk.inetDport;
  let connected = false;
  const name = msg.name as SockaddrIn | null;
  if (name !== null) {
    if (name.family !== AF_INET && name.family !== AF_UNSPEC) return sockAddrErrno(name);
    daddr = name.addr;
    dport = name.port;
    if (dport === 0) return -EINVAL;
  } else {
    if (sk.state !== TCP_ESTABLISHED) return -EDESTADDRREQ;
    connected = true;
  }
  const ipc = sk.ipcmInit();
  ipc.gsoSize = sk.gsoSize;
  if (msg.control.length !== 0) {
    const others = udpCmsgSend(msg, ipc);
    const err = others > 0 ? ipCmsgSend(sk, msg.control, ipc) : others;
    if (err < 0) return err;
    if (others > 0) connected = false;
  }
  // Only the ordinary way of the connection is remembered.
  if (!connected || ipc.opt !== null || (msg.flags & MSG_DONTROUTE) !== 0 || (sk.flags & SOCK_LOCALROUTE) !== 0 || ipv4IsMulticast(daddr)) {
    return sendRouted(sk, msg, len, ipc, daddr, dport, false);
  }
  const rt = sk.dstCheck() as Rtable | null;
  if (rt === null) return sendRouted(sk, msg, len, ipc, daddr, dport, true);
  ipc.addr = daddr;
  rt.hold();
  return sendOn(sk, msg, len, ipc, sk.connFl4, rt);
}

/** The way is looked up for this datagram, and remembered if `connected`. */
function sendRouted(sk: UdpSock, msg: Msghdr, len: number, ipc: IpcmCookie, daddr: number, dport: number, connected: boolean): number {
  const rt = inetRouteMsg(sk, msg.flags, ipc, daddr, dport, sk.inetSport, inetSkFlowiFlags(sk));
  if (typeof rt === 'number') return rt;
  if (connected) {
    rt.hold();
    sk.dstSet(rt);
  }
  return sendOn(sk, msg, len, ipc, sk.fl4, rt);
}

/** The reference on `rt` is taken over. */
function sendOn(sk: UdpSock, msg: Msghdr, len: number, ipc: IpcmCookie, fl4: Flowi4, rt: Rtable): number {
  const payload = sk.payload.set(msgPayload(sockNet.of(sk.net).layer, msg.iov, len), 0, len, UDPHDR_LEN);
  if ((msg.flags & MSG_CONFIRM) !== 0) rt.ops.confirmNeigh?.(rt, fl4.daddr);
  if (sk.corkFlag || ((msg.flags & MSG_MORE) | ipc.gsoSize | ipc.txFlags) !== 0) return sendSpecial(sk, msg, len, ipc, fl4, rt, payload);
  const skb = ipMakeSkb(sk, fl4, payload, ipc, rt, msg.flags);
  if (typeof skb === 'number') {
    rt.release();
    return skb === 0 ? len : sendFailed(sk, msg.flags, skb);
  }
  const err = udpSendSkb(sk, skb, fl4);
  return err === 0 ? len : sendFailed(sk, msg.flags, err);
}

/** What is not sent as one datagram at once: a piece of one, or several; and what is to be stamped. */
function sendSpecial(sk: UdpSock, msg: Msghdr, len: number, ipc: IpcmCookie, fl4: Flowi4, rt: Rtable, payload: IpPayload): number {
  if (sk.corkFlag || (msg.flags & MSG_MORE) !== 0) return beginCork(sk, msg, len, ipc, fl4, rt, payload);
  const skb = ipMakeSkb(sk, fl4, payload, ipc, rt, msg.flags);
  if (typeof skb === 'number') {
    rt.release();
    return skb === 0 ? len : sendFailed(sk, msg.flags, skb);
  }
  if (ipc.txFlags !== 0) skbSetupTxTimestamp(sk, skb, ipc.txFlags, ipc.tsKey);
  const err = ipc.gsoSize === 0 ? udpSendSkb(sk, skb, fl4) : udpSendGso(sk, skb, fl4, ipc.gsoSize, ipSkFragSize(sk, rt));
  return err === 0 ? len : sendFailed(sk, msg.flags, err);
}

/** `udp_send_skb` of a socket with UDP_SEGMENT. Takes over the sk_buff. */
function udpSendGso(sk: UdpSock, skb: SkBuff, fl4: Flowi4, gsoSize: number, fragsize: number): number {
  return udpMakeGso(sk, skb, gsoSize, fragsize, sk.noCheckTx) || udpSendSkb(sk, skb, fl4);
}

function sendFailed(sk: UdpSock, flags: number, err: number): number {
  return udpSendFailed(udpNet.of(sk.net).stats, flags, err);
}

/** `udp_send_skb`: completes the header and sends. Takes over the sk_buff. */
function udpSendSkb(sk: UdpSock, skb: SkBuff, fl4: Flowi4): number {
  const { bytes, transportHeader: uh } = skb;
  const { stats } = udpNet.of(sk.net);
  setBe16(bytes, uh + UDPHDR_SOURCE, sk.inetSport);
  setBe16(bytes, uh + UDPHDR_DEST, fl4.dport);
  const len = skb.len - (uh - skb.data);
  setBe16(bytes, uh + UDPHDR_ULEN, len);
  udpSetCsum(skb, fl4.saddr, fl4.daddr, len, sk.protocol, sk.noCheckTx);
  const err = ipSendSkb(sk.net, skb);
  if (err === 0) stats[UDP_MIB_OUTDATAGRAMS]++;
  else if (err === -ENOBUFS && !sk.recverr) {
    stats[UDP_MIB_SNDBUFERRORS]++;
    return 0;
  }
  return err;
}

/** The first piece of a datagram that is sent later. */
function beginCork(sk: UdpSock, msg: Msghdr, len: number, ipc: IpcmCookie, fl4: Flowi4, rt: Rtable, payload: IpPayload): number {
  const err = ipAppendData(sk, fl4, payload, ipc, rt, msg.flags | MSG_MORE);
  if (err !== 0) {
    rt.release();
    return sendFailed(sk, msg.flags, err);
  }
  const [head] = sk.cork.queue;
  if (head !== undefined && ipc.txFlags !== 0) skbSetupTxTimestamp(sk, head, ipc.txFlags, ipc.tsKey);
  if (head === undefined) rt.release();
  else sk.pending = AF_INET;
  return len;
}

/** One more piece; without MSG_MORE the datagram is sent. */
function appendCorked(sk: UdpSock, msg: Msghdr, len: number): number {
  const more = sk.corkFlag || (msg.flags & MSG_MORE) !== 0;
  const payload = sk.payload.set(msgPayload(sockNet.of(sk.net).layer, msg.iov, len), 0, len, 0);
  const { cork } = sk;
  const err = ipAppendData(sk, cork.fl4, payload, sk.ipc, cork.dst as Rtable, msg.flags);
  if (err !== 0) {
    udpFlushPendingFrames(sk);
    return sendFailed(sk, msg.flags, err);
  }
  const sent = more ? 0 : udpPushPendingFrames(sk);
  return sent === 0 ? len : sendFailed(sk, msg.flags, sent);
}

/** `udp_push_pending_frames`: sends what was collected. */
export function udpPushPendingFrames(sk: UdpSock): number {
  const { fl4, gsoSize, fragsize } = sk.cork;
  const skb = ipFinishSkb(sk);
  sk.pending = 0;
  if (skb === null) return 0;
  return gsoSize === 0 ? udpSendSkb(sk, skb, fl4) : udpSendGso(sk, skb, fl4, gsoSize, fragsize);
}

/** `udp_flush_pending_frames`: throws it away. */
export function udpFlushPendingFrames(sk: UdpSock): void {
  if (sk.pending === 0) return;
  sk.pending = 0;
  ipFlushPendingFrames(sk);
}
