/** Sending (`udp_sendmsg` in `net/ipv4/udp.c`). */
import { inetRouteMsg, inetSkFlowiFlags, ipCmsgSend, type SockaddrIn } from '@skbuff/af-inet';
import { CHECKSUM_PARTIAL, SKB_DROP_REASON_NOT_SPECIFIED, SKB_GSO_UDP_L4, type SkBuff } from '@skbuff/core';
import {
  type Flowi4,
  type IpcmCookie,
  type Rtable,
  ipAppendData,
  ipFinishSkb,
  ipFlushPendingFrames,
  ipMakeSkb,
  ipv4ConfirmNeigh,
  ipSendSkb,
  ipSkFragSize,
} from '@skbuff/ipv4';
import { type Msghdr, SOCK_LOCALROUTE, msgPayload, skbSetupTxTimestamp, sockNet } from '@skbuff/sock';
import {
  AF_INET,
  AF_UNSPEC,
  EAFNOSUPPORT,
  EAGAIN,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  EOPNOTSUPP,
  MSG_CONFIRM,
  MSG_DONTROUTE,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_OOB,
  SOL_UDP,
  TCP_ESTABLISHED,
  UDP_SEGMENT,
} from '@skbuff/uapi';
import { UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, UDPHDR_ULEN, ipv4IsMulticast, setBe16 } from '@skbuff/wire';
import { udpSetCsum } from './udp-checksum.ts';
import { UDP_MIB_OUTDATAGRAMS, UDP_MIB_SNDBUFERRORS, udpNet } from './udp-net.ts';
import { UDP_MAX_SEGMENTS, type UdpSock } from './udp-sock.ts';

/** What Linux charges for an sk_buff with room for headers only. */
const SMALL_SKB_TRUESIZE = 832;

/**
 * `udp_sendmsg`: one datagram of `len` bytes. Returns `len`, or -EMSGSIZE, -EDESTADDRREQ, -EINVAL (port 0, wrong ancillary data),
 * -EAFNOSUPPORT, -ENETUNREACH, -EACCES (broadcast not allowed), -EAGAIN (send buffer full), the socket's pending error.
 */
export function udpSendmsg(sk: UdpSock, msg: Msghdr, len: number): number {
  if (len > 0xffff) return -EMSGSIZE;
  if ((msg.flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  if (sk.pending) return appendCorked(sk, msg, len);
  let daddr = sk.inetDaddr;
  let dport = sk.inetDport;
  let connected = false;
  const name = msg.name as SockaddrIn | null;
  if (name !== null) {
    if (name.family !== AF_INET && name.family !== AF_UNSPEC) return -EAFNOSUPPORT;
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
    const err = udpCmsgSend(sk, msg, ipc);
    if (err < 0) return err;
    if (err > 0) connected = false;
  }
  // Only the ordinary way of the connection is remembered.
  if (!connected || ipc.opt !== null || (msg.flags & MSG_DONTROUTE) !== 0 || (sk.flags & SOCK_LOCALROUTE) !== 0 || ipv4IsMulticast(daddr)) {
    return sendRouted(sk, msg, len, ipc, daddr, dport, false);
  }
  const rt = sk.dstCheck();
  if (rt === null) return sendRouted(sk, msg, len, ipc, daddr, dport, true);
  ipc.addr = daddr;
  rt.hold();
  return sendOn(sk, msg, len, ipc, sk.connFl4, rt);
}

/** `udp_cmsg_send`: UDP knows UDP_SEGMENT, the rest is IP's. 1 if there was any of that, 0 or a negative errno. */
function udpCmsgSend(sk: UdpSock, msg: Msghdr, ipc: IpcmCookie): number {
  let others = 0;
  for (const { level, type, data } of msg.control) {
    if (level !== SOL_UDP) others = 1;
    else if (type !== UDP_SEGMENT || data.length !== 2) return -EINVAL;
    else ipc.gsoSize = (data[0] as number) | ((data[1] as number) << 8);
  }
  return others === 0 ? 0 : ipCmsgSend(sk, msg.control, ipc) || others;
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
  const { net } = sk;
  const payload = msgPayload(sockNet.of(net).layer, msg.iov, len);
  if ((msg.flags & MSG_CONFIRM) !== 0) ipv4ConfirmNeigh(rt, fl4.daddr);
  if (sk.corkFlag || ((msg.flags & MSG_MORE) | ipc.gsoSize | ipc.txFlags) !== 0) return sendSpecial(sk, msg, len, ipc, fl4, rt, payload);
  const skb = ipMakeSkb(net, sk, fl4, payload, 0, len, UDPHDR_LEN, ipc, rt, msg.flags);
  if (typeof skb === 'number') {
    rt.release();
    return skb === 0 ? len : sendFailed(sk, msg.flags, skb);
  }
  const err = udpSendSkb(sk, skb, fl4);
  return err === 0 ? len : sendFailed(sk, msg.flags, err);
}

/** What is not sent as one datagram at once: a piece of one, or several; and what is to be stamped. */
function sendSpecial(sk: UdpSock, msg: Msghdr, len: number, ipc: IpcmCookie, fl4: Flowi4, rt: Rtable, payload: Uint8Array): number {
  if (sk.corkFlag || (msg.flags & MSG_MORE) !== 0) return beginCork(sk, msg, len, ipc, fl4, rt, payload);
  const skb = ipMakeSkb(sk.net, sk, fl4, payload, 0, len, UDPHDR_LEN, ipc, rt, msg.flags);
  if (typeof skb === 'number') {
    rt.release();
    return skb === 0 ? len : sendFailed(sk, msg.flags, skb);
  }
  if (ipc.txFlags !== 0) skbSetupTxTimestamp(sk, skb, ipc.txFlags, ipc.tsKey);
  const err = ipc.gsoSize === 0 ? udpSendSkb(sk, skb, fl4) : udpSendGso(sk, skb, fl4, ipc.gsoSize, ipSkFragSize(sk.net, sk, rt));
  return err === 0 ? len : sendFailed(sk, msg.flags, err);
}

/**
 * `udp_send_skb` of a socket with UDP_SEGMENT: `skb` becomes a super-packet, if it has more than `gsoSize` bytes of payload. Takes it
 * over. -EMSGSIZE: a segment is longer than `fragsize`, so that it would be cut again; -EINVAL: there are too many, or the socket
 * sends no checksums.
 */
function udpSendGso(sk: UdpSock, skb: SkBuff, fl4: Flowi4, gsoSize: number, fragsize: number): number {
  const { transportHeader: uh, shinfo } = skb;
  const datalen = skb.len - (uh - skb.data) - UDPHDR_LEN;
  const hlen = uh - skb.networkHeader + UDPHDR_LEN;
  const tooLong = hlen + Math.min(datalen, gsoSize) > fragsize;
  if (tooLong || datalen > gsoSize * UDP_MAX_SEGMENTS || sk.noCheckTx) {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return tooLong ? -EMSGSIZE : -EINVAL;
  }
  if (datalen > gsoSize) {
    shinfo.gsoSize = gsoSize;
    shinfo.gsoSegs = Math.ceil(datalen / gsoSize);
    shinfo.gsoType = SKB_GSO_UDP_L4;
    skb.ipSummed = CHECKSUM_PARTIAL;
    // Linux keeps the payload in pages, and a socket is charged for what is used of them.
    skb.orphan();
    skb.truesize = SMALL_SKB_TRUESIZE + datalen;
    sk.setOwnerW(skb);
  }
  return udpSendSkb(sk, skb, fl4);
}

/** Counts what is lost for lack of room. A call that may wait comes again, so it has not failed. */
function sendFailed(sk: UdpSock, flags: number, err: number): number {
  if (err === -ENOBUFS || (err === -EAGAIN && (flags & MSG_DONTWAIT) !== 0)) udpNet.of(sk.net).stats[UDP_MIB_SNDBUFERRORS]++;
  return err;
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
function beginCork(sk: UdpSock, msg: Msghdr, len: number, ipc: IpcmCookie, fl4: Flowi4, rt: Rtable, payload: Uint8Array): number {
  const err = ipAppendData(sk.net, sk, fl4, payload, 0, len, UDPHDR_LEN, ipc, rt, msg.flags | MSG_MORE);
  if (err !== 0) {
    rt.release();
    return sendFailed(sk, msg.flags, err);
  }
  const [head] = sk.cork.queue;
  if (head !== undefined && ipc.txFlags !== 0) skbSetupTxTimestamp(sk, head, ipc.txFlags, ipc.tsKey);
  sk.pending = head !== undefined;
  sk.pendingLen = len + UDPHDR_LEN;
  if (!sk.pending) rt.release();
  return len;
}

/** One more piece; without MSG_MORE the datagram is sent. */
function appendCorked(sk: UdpSock, msg: Msghdr, len: number): number {
  const more = sk.corkFlag || (msg.flags & MSG_MORE) !== 0;
  const payload = msgPayload(sockNet.of(sk.net).layer, msg.iov, len);
  const { cork } = sk;
  const err = ipAppendData(sk.net, sk, cork.fl4, payload, 0, len, UDPHDR_LEN, sk.ipc, cork.rt as Rtable, msg.flags);
  if (err !== 0) {
    udpFlushPendingFrames(sk);
    return sendFailed(sk, msg.flags, err);
  }
  sk.pendingLen += len;
  const sent = more ? 0 : udpPushPendingFrames(sk);
  return sent === 0 ? len : sendFailed(sk, msg.flags, sent);
}

/** `udp_push_pending_frames`: sends what was collected. */
export function udpPushPendingFrames(sk: UdpSock): number {
  const { fl4, gsoSize, fragsize } = sk.cork;
  const skb = ipFinishSkb(sk.net, sk);
  sk.pending = false;
  sk.pendingLen = 0;
  if (skb === null) return 0;
  return gsoSize === 0 ? udpSendSkb(sk, skb, fl4) : udpSendGso(sk, skb, fl4, gsoSize, fragsize);
}

/** `udp_flush_pending_frames`: throws it away. */
export function udpFlushPendingFrames(sk: UdpSock): void {
  if (!sk.pending) return;
  sk.pending = false;
  sk.pendingLen = 0;
  ipFlushPendingFrames(sk);
}
