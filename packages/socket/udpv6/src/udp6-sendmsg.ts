/** Sending over IPv6 (`udpv6_sendmsg` in `net/ipv6/udp.c`). */
import type { SockaddrIn } from '@skbuff/af-inet';
import {
  INADDR_LOOPBACK,
  ipcm6InitSk,
  IPV6_FLOWINFO_MASK,
  type Inet6Pinfo,
  SIN6_LEN_RFC2133,
  SOCKADDR_IN6_LEN,
  type SockaddrIn6,
  fl6MergeOptions,
  fl6SockLookup,
  inet6Np,
  inet6SockOf,
  ip6DatagramSendCtl,
  ip6SkDstLookupFlow,
  ipv6AddrNeedsScopeId,
  sockaddrInOf,
} from '@skbuff/af-inet6';
import type { SkBuff } from '@skbuff/core';
import {
  type Flowi6,
  type Ipcm6Cookie,
  type Rt6Info,
  fl6UpdateDst,
  ip6AppendData,
  ip6FinishSkb,
  ip6FlushPendingFrames,
  ip6MakeFlowinfo,
  ip6MakeSkb,
  ip6SendSkb,
  ip6SkFragSize,
  ipv6AddrType,
} from '@skbuff/ipv6';
import { type Msghdr, msgPayload, skbSetupTxTimestamp, sockNet } from '@skbuff/sock';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  EDESTADDRREQ,
  EINVAL,
  ENETUNREACH,
  ENOBUFS,
  EOPNOTSUPP,
  IPV6_FLOWINFO_FLOWLABEL,
  MSG_CONFIRM,
  MSG_MORE,
  MSG_OOB,
  TCP_ESTABLISHED,
  UDP_MIB_OUTDATAGRAMS,
  UDP_MIB_SNDBUFERRORS,
} from '@skbuff/uapi';
import { type UdpSock, udpCmsgSend, udpFlushPendingFrames, udpMakeGso, udpPushPendingFrames, udpSendFailed, udpSendmsg } from '@skbuff/udp';
import { type In6Addr, UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, UDPHDR_ULEN, in6addrLoopback, setBe16 } from '@skbuff/wire';
import { udp6SetCsum } from './udp6-checksum.ts';
import { udp6Net } from './udp6-net.ts';

/**
 * `udpv6_sendmsg`: one datagram of `len` bytes; to a mapped address over IPv4. Returns `len`, or -EMSGSIZE, -EDESTADDRREQ, -EINVAL,
 * -ENETUNREACH, -EAFNOSUPPORT (IPv6 from a mapped address), -EAGAIN (send buffer full), the socket's pending error.
 */
export function udpv6Sendmsg(sk: UdpSock, msg: Msghdr, len: number): number {
  const np = inet6Np(sk);
  if (msg.name !== null) return sendTo(sk, np, msg, len);
  if (sk.pending !== 0) return appendCorked(sk, np, msg, len);
  if (sk.state !== TCP_ESTABLISHED) return -EDESTADDRREQ;
  return sendToPeer(sk, np, msg, len);
}

/** To whom the socket is connected. */
function sendToPeer(sk: UdpSock, np: Inet6Pinfo, msg: Msghdr, len: number): number {
  if (np.daddr.isV4Mapped()) return send4(sk, np, msg, len, np.daddr.w3 >>> 0, sk.inetDport);
  const ipc = ipcmInit(sk);
  // Only the ordinary way of the connection is remembered.
  if (msg.control.length === 0 && np.opt === null && !np.daddr.isMulticast()) {
    const rt = sk.dstCheck() as Rt6Info | null;
    if (rt !== null && leavesBy(sk.boundDevIf || np.stickyIfindex || np.ucastOif, rt)) {
      const fl6 = np.connFl6;
      fl6.flowlabel = ip6MakeFlowinfo(np.tclass, np.flowLabel);
      rt.hold();
      return sendOn(sk, np, msg, len, ipc, fl6, rt);
    }
  }
  const fl6 = np.fl6.init(sk.protocol);
  fl6.dport = sk.inetDport;
  fl6.flowlabel = np.flowLabel;
  return sendRouted(sk, np, msg, len, ipc, fl6, np.daddr, true);
}

/** The socket may have come to another interface since the way was found; 0: it does not care. */
function leavesBy(oif: number, { dev }: Rt6Info): boolean {
  return oif === 0 || oif === dev.ifindex;
}

/** What a send begins with: UDP has segments too. */
function ipcmInit(sk: UdpSock): Ipcm6Cookie {
  const ipc = ipcm6InitSk(sk);
  ipc.gsoSize = sk.gsoSize;
  return ipc;
}

/** A destination is named. */
function sendTo(sk: UdpSock, np: Inet6Pinfo, msg: Msghdr, len: number): number {
  const name = msg.name as SockaddrIn6;
  if (name.family === AF_UNSPEC) return sendToNobody(sk, msg, len);
  if (name.family === AF_INET) return sendTo4(sk, np, msg, len);
  if (name.family !== AF_INET6 || !(name.length >= SIN6_LEN_RFC2133)) return -EINVAL;
  const { addr, port } = name;
  if (addr.isV4Mapped()) return send4(sk, np, msg, len, addr.w3 >>> 0, port);
  if (addr.isAny() && np.saddr.isV4Mapped()) return send4(sk, np, msg, len, INADDR_LOOPBACK, port);
  if (sk.pending !== 0) return appendCorked(sk, np, msg, len);
  if (port === 0) return -EINVAL;
  const fl6 = np.fl6.init(sk.protocol);
  fl6.dport = port;
  if (np.sndflow) fl6.flowlabel = name.flowinfo & IPV6_FLOWINFO_MASK;
  if (name.length >= SOCKADDR_IN6_LEN && name.scopeId !== 0 && ipv6AddrNeedsScopeId(ipv6AddrType(addr))) fl6.oif = name.scopeId;
  return sendRouted(sk, np, msg, len, ipcmInit(sk), fl6, addr, false);
}

/** AF_UNSPEC names nobody: as without a name. */
function sendToNobody(sk: UdpSock, msg: Msghdr, len: number): number {
  const { name } = msg;
  msg.name = null;
  const ret = udpv6Sendmsg(sk, msg, len);
  msg.name = name;
  return ret;
}

/** An address of AF_INET. */
function sendTo4(sk: UdpSock, np: Inet6Pinfo, msg: Msghdr, len: number): number {
  if (sk.ipv6only) return -ENETUNREACH;
  const sin = sockaddrInOf(msg.name as SockaddrIn);
  if (sin === null) return (msg.flags & MSG_OOB) !== 0 ? -EOPNOTSUPP : -EINVAL;
  return send4(sk, np, msg, len, sin.addr, sin.port);
}

/** `do_udp_sendmsg`: over IPv4. */
function send4(sk: UdpSock, { sin }: Inet6Pinfo, msg: Msghdr, len: number, addr: number, port: number): number {
  if (sk.ipv6only) return -ENETUNREACH;
  // One datagram does not go over both.
  if (sk.pending === AF_INET6) return -EINVAL;
  const { name } = msg;
  sin.addr = addr;
  sin.port = port;
  msg.name = sin;
  const ret = udpSendmsg(sk, msg, len);
  msg.name = name;
  return ret;
}

/** The way is looked up for this datagram, and remembered if `connected` and nothing unusual is asked for. */
function sendRouted(
  sk: UdpSock,
  np: Inet6Pinfo,
  msg: Msghdr,
  len: number,
  ipc: Ipcm6Cookie,
  fl6: Flowi6,
  daddr: In6Addr,
  connected: boolean,
): number {
  fl6.oif ||= sk.boundDevIf || np.stickyIfindex;
  let ordinary = connected;
  let label = fl6SockLookup(sk, fl6.flowlabel);
  if (connected) label = null;
  if (typeof label === 'number') return -EINVAL;
  if (msg.control.length !== 0) {
    const others = udpCmsgSend(msg, ipc);
    const err = others > 0 ? ip6DatagramSendCtl(sk, msg.control, fl6, ipc) : others;
    if (err < 0) return err;
    if (others > 0) ordinary = false;
    label ??= fl6SockLookup(sk, fl6.flowlabel);
    if (typeof label === 'number') return -EINVAL;
  }
  if (label !== null) ipc.opt = fl6MergeOptions(label, ipc.opt);
  fl6.mark = ipc.mark;
  fl6.daddr.copy(daddr.isAny() ? (in6addrLoopback as In6Addr) : daddr);
  if (fl6.saddr.isAny()) fl6.saddr.copy(np.saddr);
  fl6.sport = sk.inetSport;
  const detour = fl6UpdateDst(fl6, ipc.opt, np.final);
  const multicast = fl6.daddr.isMulticast();
  if (detour || (fl6.oif === 0 && multicast)) ordinary = false;
  fl6.oif ||= multicast ? np.mcastOif : np.ucastOif;
  fl6.tos = ipc.tclass;
  fl6.flowlabel = ip6MakeFlowinfo(ipc.tclass, fl6.flowlabel & IPV6_FLOWINFO_FLOWLABEL);
  const rt = ip6SkDstLookupFlow(sk, fl6, detour ? np.final : null, ordinary);
  return typeof rt === 'number' ? rt : sendOn(sk, np, msg, len, ipc, fl6, rt);
}

/** The reference on `rt` is taken over. */
function sendOn(sk: UdpSock, np: Inet6Pinfo, msg: Msghdr, len: number, ipc: Ipcm6Cookie, fl6: Flowi6, rt: Rt6Info): number {
  sk.payload.set(msgPayload(sockNet.of(sk.net).layer, msg.iov, len), 0, len, UDPHDR_LEN);
  if ((msg.flags & MSG_CONFIRM) !== 0) rt.ops.confirmNeigh?.(rt, fl6.daddr);
  if (sk.corkFlag || ((msg.flags & MSG_MORE) | ipc.gsoSize | ipc.txFlags) !== 0) return sendSpecial(sk, np, msg, len, ipc, fl6, rt);
  const skb = ip6MakeSkb(inet6SockOf(sk), fl6, sk.payload, ipc, rt, msg.flags);
  if (typeof skb === 'number') return notMade(sk, msg, len, rt, skb);
  const err = udpV6SendSkb(sk, skb, fl6);
  return err === 0 ? len : sendFailed(sk, msg.flags, err);
}

/** No packet came of it: an error, or a probe. */
function notMade(sk: UdpSock, msg: Msghdr, len: number, rt: Rt6Info, err: number): number {
  rt.release();
  return err === 0 ? len : sendFailed(sk, msg.flags, err);
}

/** What is not sent as one datagram at once: a piece of one, or several; and what is to be stamped. */
function sendSpecial(sk: UdpSock, np: Inet6Pinfo, msg: Msghdr, len: number, ipc: Ipcm6Cookie, fl6: Flowi6, rt: Rt6Info): number {
  if (sk.corkFlag || (msg.flags & MSG_MORE) !== 0) return beginCork(sk, np, msg, len, ipc, fl6, rt);
  const fragsize = ip6SkFragSize(np, rt);
  const skb = ip6MakeSkb(inet6SockOf(sk), fl6, sk.payload, ipc, rt, msg.flags);
  if (typeof skb === 'number') return notMade(sk, msg, len, rt, skb);
  if (ipc.txFlags !== 0) skbSetupTxTimestamp(sk, skb, ipc.txFlags, ipc.tsKey);
  const err = ipc.gsoSize === 0 ? udpV6SendSkb(sk, skb, fl6) : udpV6SendGso(sk, skb, fl6, ipc.gsoSize, fragsize);
  return err === 0 ? len : sendFailed(sk, msg.flags, err);
}

/** `udp_v6_send_skb` of a socket with UDP_SEGMENT. Takes over the sk_buff. */
function udpV6SendGso(sk: UdpSock, skb: SkBuff, fl6: Flowi6, gsoSize: number, fragsize: number): number {
  return udpMakeGso(sk, skb, gsoSize, fragsize, sk.noCheck6Tx) || udpV6SendSkb(sk, skb, fl6);
}

function sendFailed(sk: UdpSock, flags: number, err: number): number {
  return udpSendFailed(udp6Net.of(sk.net).stats, flags, err);
}

/** `udp_v6_send_skb`: completes the header and sends. Takes over the sk_buff. */
function udpV6SendSkb(sk: UdpSock, skb: SkBuff, fl6: Flowi6): number {
  const { bytes, transportHeader: uh } = skb;
  const { stats } = udp6Net.of(sk.net);
  setBe16(bytes, uh + UDPHDR_SOURCE, sk.inetSport);
  setBe16(bytes, uh + UDPHDR_DEST, fl6.dport);
  const len = skb.len - (uh - skb.data);
  setBe16(bytes, uh + UDPHDR_ULEN, len);
  udp6SetCsum(skb, fl6, len, sk.noCheck6Tx);
  const err = ip6SendSkb(sk.net, skb);
  if (err === 0) stats[UDP_MIB_OUTDATAGRAMS]++;
  else if (err === -ENOBUFS && !inet6Np(sk).recverr) {
    stats[UDP_MIB_SNDBUFERRORS]++;
    return 0;
  }
  return err;
}

/** The first piece of a datagram that is sent later. */
function beginCork(sk: UdpSock, np: Inet6Pinfo, msg: Msghdr, len: number, ipc: Ipcm6Cookie, fl6: Flowi6, rt: Rt6Info): number {
  const err = ip6AppendData(inet6SockOf(sk), fl6, sk.payload, ipc, rt, msg.flags | MSG_MORE);
  if (err !== 0) {
    rt.release();
    return sendFailed(sk, msg.flags, err);
  }
  const [head] = np.cork.queue;
  if (head !== undefined && ipc.txFlags !== 0) skbSetupTxTimestamp(sk, head, ipc.txFlags, ipc.tsKey);
  if (head === undefined) rt.release();
  else sk.pending = AF_INET6;
  return len;
}

/** One more piece; without MSG_MORE the datagram is sent. */
function appendCorked(sk: UdpSock, np: Inet6Pinfo, msg: Msghdr, len: number): number {
  if (sk.pending === AF_INET) return udpSendmsg(sk, msg, len);
  const more = sk.corkFlag || (msg.flags & MSG_MORE) !== 0;
  sk.payload.set(msgPayload(sockNet.of(sk.net).layer, msg.iov, len), 0, len, 0);
  const { cork } = np;
  const err = ip6AppendData(inet6SockOf(sk), cork.fl6, sk.payload, np.ipc6, cork.dst as Rt6Info, more ? msg.flags | MSG_MORE : msg.flags);
  if (err !== 0) {
    udpV6FlushPendingFrames(sk);
    return sendFailed(sk, msg.flags, err);
  }
  const sent = more ? 0 : udpV6PushPendingFrames(sk);
  return sent === 0 ? len : sendFailed(sk, msg.flags, sent);
}

/** `udp_v6_push_pending_frames`: sends what was collected, be it for IPv4. */
export function udpV6PushPendingFrames(sk: UdpSock): number {
  if (sk.pending === AF_INET) return udpPushPendingFrames(sk);
  const { fl6, gsoSize, fragsize } = inet6Np(sk).cork;
  const skb = ip6FinishSkb(inet6SockOf(sk));
  sk.pending = 0;
  if (skb === null) return 0;
  return gsoSize === 0 ? udpV6SendSkb(sk, skb, fl6) : udpV6SendGso(sk, skb, fl6, gsoSize, fragsize);
}

/** `udp_v6_flush_pending_frames`: throws it away. */
export function udpV6FlushPendingFrames(sk: UdpSock): void {
  if (sk.pending === AF_INET) udpFlushPendingFrames(sk);
  else if (sk.pending !== 0) {
    sk.pending = 0;
    ip6FlushPendingFrames(inet6SockOf(sk));
  }
}
