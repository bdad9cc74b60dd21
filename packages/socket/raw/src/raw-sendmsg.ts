/** Sending (`raw_sendmsg`, `raw_send_hdrinc` in `net/ipv4/raw.c`). */
import { inetRouteMsg, inetSkFlowiFlags, ipCmsgSend, type SockaddrIn } from '@skbuff/af-inet';
import {
  CHECKSUM_NONE,
  dstOutput,
  FLOWI_FLAG_KNOWN_NH,
  llReservedSpace,
  NF_BIT_IPV4_LOCAL_OUT,
  NF_HOOK_OK,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
} from '@skbuff/core';
import {
  type Flowi4,
  type IpcmCookie,
  type Rtable,
  ipAppendData,
  ipFlushPendingFrames,
  ipPushPendingFrames,
  ipSelectIdent,
  ipSendCheck,
  ipcbInit,
  ipv4Net,
} from '@skbuff/ipv4';
import { type Msghdr, SOCKADDR_EMPTY, msgPayload, skbSetupTxTimestamp, sockAddrErrno, sockMaySend, sockNet } from '@skbuff/sock';
import {
  AF_INET,
  AF_UNSPEC,
  EDESTADDRREQ,
  EFAULT,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  EOPNOTSUPP,
  ETH_P_IP,
  IPPROTO_ICMP,
  IPSTATS_MIB_OUTDISCARDS,
  MSG_CONFIRM,
  MSG_MORE,
  MSG_OOB,
  MSG_PROBE,
  NFPROTO_IPV4,
  NF_INET_LOCAL_OUT,
  TCP_ESTABLISHED,
} from '@skbuff/uapi';
import { IPHDR_ID, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TOT_LEN, be16, be32, ipHdrlen, setBe16, setBe32 } from '@skbuff/wire';
import type { RawSock } from './raw-sock.ts';

const ICMP_TYPE_AND_CODE = 2;

/**
 * `raw_sendmsg`: `len` bytes behind an IP header of the kernel's making, or with IP_HDRINCL header and all. Returns `len`, or
 * -EMSGSIZE, -EDESTADDRREQ, -EINVAL, -EAFNOSUPPORT, -EFAULT (ICMP without type and code), -ENETUNREACH, -EACCES, -EAGAIN, the socket's pending error.
 */
export function rawSendmsg(sk: RawSock, msg: Msghdr, len: number): number {
  if (len > 0xffff) return -EMSGSIZE;
  if ((msg.flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  // Unlike others raw sockets do not mind a name without a byte in it.
  const name = msg.name?.family === SOCKADDR_EMPTY ? null : (msg.name as SockaddrIn | null);
  if (name !== null && name.family !== AF_INET && name.family !== AF_UNSPEC) return sockAddrErrno(name);
  if (name === null && sk.state !== TCP_ESTABLISHED) return -EDESTADDRREQ;
  const ipc = sk.ipcmInit();
  const err = msg.control.length === 0 ? 0 : ipCmsgSend(sk, msg.control, ipc);
  if (err !== 0) return err;
  // A program that makes its own header makes its own options.
  if (sk.hdrincl && ipc.opt !== null) return -EINVAL;
  // An ICMP message without type and code has none that routing could look at.
  if (sk.protocol === IPPROTO_ICMP && !sk.hdrincl && len < ICMP_TYPE_AND_CODE) return -EFAULT;
  const flowFlags = inetSkFlowiFlags(sk) | (sk.hdrincl ? FLOWI_FLAG_KNOWN_NH : 0);
  const rt = inetRouteMsg(sk, msg.flags, ipc, name === null ? sk.inetDaddr : name.addr, 0, 0, flowFlags);
  if (typeof rt === 'number') return rt;
  const { fl4 } = sk;
  if ((msg.flags & MSG_CONFIRM) !== 0) rt.ops.confirmNeigh?.(rt, fl4.daddr);
  const payload = msgPayload(sockNet.of(sk.net).layer, msg.iov, len);
  if (sk.hdrincl) return mildly(sk, sendHdrinc(sk, fl4, payload, len, rt, msg.flags, ipc), len);
  return mildly(sk, append(sk, msg, payload, len, ipc, rt), len);
}

/** Lack of room below the socket is no error to one that does not ask for errors. */
function mildly(sk: RawSock, err: number, len: number): number {
  return err === 0 || (err === -ENOBUFS && !sk.recverr) ? len : err;
}

function append(sk: RawSock, msg: Msghdr, payload: Uint8Array, len: number, ipc: IpcmCookie, rt: Rtable): number {
  const begins = sk.cork.queue.length === 0;
  const err = ipAppendData(sk, sk.fl4, sk.payload.set(payload, 0, len, 0), ipc, rt, msg.flags);
  // The cork keeps the route of its first piece only.
  if (!begins || err !== 0 || sk.cork.queue.length === 0) rt.release();
  if (err !== 0) {
    if (!begins) ipFlushPendingFrames(sk);
    return err;
  }
  const [head] = sk.cork.queue;
  if (begins && head !== undefined && ipc.txFlags !== 0) skbSetupTxTimestamp(sk, head, ipc.txFlags, ipc.tsKey);
  return (msg.flags & MSG_MORE) !== 0 ? 0 : ipPushPendingFrames(sk);
}

/** `raw_send_hdrinc`: takes over the reference on `rt`. */
function sendHdrinc(sk: RawSock, fl4: Flowi4, payload: Uint8Array, len: number, rt: Rtable, flags: number, ipc: IpcmCookie): number {
  const skb = hdrincSkb(sk, fl4, payload, len, rt, flags, ipc);
  if (typeof skb === 'number') {
    rt.release();
    return skb;
  }
  const { net } = sk;
  if (ipc.txFlags !== 0) skbSetupTxTimestamp(sk, skb, ipc.txFlags, ipc.tsKey);
  if ((net.nf.mask & NF_BIT_IPV4_LOCAL_OUT) !== 0) {
    const verdict = net.nf.run(NFPROTO_IPV4, NF_INET_LOCAL_OUT, sk, skb, null, rt.dev, dstOutput);
    if (verdict !== NF_HOOK_OK) return toErrno(sk, verdict);
  }
  return toErrno(sk, dstOutput(net, sk, skb));
}

/** `net_xmit_errno`: a queue that dropped the packet is out of room. */
function toErrno(sk: RawSock, rc: number): number {
  const err = rc > 0 ? (rc === 2 ? 0 : -ENOBUFS) : rc;
  if (err !== 0) ipv4Net.of(sk.net).stats[IPSTATS_MIB_OUTDISCARDS]++;
  return err;
}

/** The packet as the program made it, with the route on it; or a negative errno, or 0 with MSG_PROBE. */
function hdrincSkb(sk: RawSock, fl4: Flowi4, payload: Uint8Array, len: number, rt: Rtable, flags: number, ipc: IpcmCookie): SkBuff | number {
  if (len > rt.dev.mtu) {
    sk.localError(EMSGSIZE, fl4.daddr, rt.dev.mtu);
    return -EMSGSIZE;
  }
  if (len < IPHDR_LEN) return -EINVAL;
  if ((flags & MSG_PROBE) !== 0) return 0;
  const refused = sockMaySend(sk);
  if (refused !== 0) return refused;
  const room = llReservedSpace(rt.dev);
  const skb = sk.net.skbs.alloc(len + room + rt.dev.neededTailroom + 15);
  if (skb === null) return -ENOBUFS;
  sk.setOwnerW(skb);
  skb.reserve(room);
  skb.protocol = ETH_P_IP;
  skb.priority = ipc.priority;
  skb.mark = ipc.mark;
  skb.networkHeader = skb.putData(payload, 0, len);
  skb.ipSummed = CHECKSUM_NONE;
  ipcbInit(skb, 0);
  const hlen = ipHdrlen(skb.bytes, skb.networkHeader);
  if (hlen > len || hlen < IPHDR_LEN) {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return -EINVAL;
  }
  skb.transportHeader = skb.networkHeader + hlen;
  skb.dstSet(rt);
  fillHeader(sk, skb, fl4, len);
  return skb;
}

/** What the kernel fills in nevertheless: source and identification where they are 0, length and checksum always. */
function fillHeader(sk: RawSock, skb: SkBuff, fl4: Flowi4, len: number): void {
  const { bytes, networkHeader: iph } = skb;
  if (be32(bytes, iph + IPHDR_SADDR) === 0) setBe32(bytes, iph + IPHDR_SADDR, fl4.saddr);
  setBe16(bytes, iph + IPHDR_TOT_LEN, len);
  if (be16(bytes, iph + IPHDR_ID) === 0) ipSelectIdent(sk.net, skb, null);
  ipSendCheck(bytes, iph);
  if (bytes[iph + IPHDR_PROTOCOL] === IPPROTO_ICMP) ipv4Net.of(sk.net).ip.icmp?.outCount(sk.net, bytes[skb.transportHeader]);
}
