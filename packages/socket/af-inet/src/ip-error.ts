/** Errors that sockets hear of (`net/ipv4/ip_sockglue.c`): the error queue of IP_RECVERR. */
import { SKB_CB_IIF, type SkBuff, skbResetTransportHeader } from '@skbuff/core';
import {
  type Msghdr,
  SOCK_EXTENDED_ERR_LEN,
  type SockExtendedErr,
  putCmsg,
  skbCopyDatagramMsg,
  sockDequeueErrSkb,
  sockExterr,
  sockExterrAddr,
  sockExterrEncode,
  sockExterrPort,
  sockExterrSet,
  sockQueueErrSkb,
  sockRecvStamp,
} from '@skbuff/sock';
import {
  AF_INET,
  EAGAIN,
  ICMP_DEST_UNREACH,
  ICMP_PARAMETERPROB,
  ICMP_TIME_EXCEEDED,
  IP_RECVERR,
  MSG_ERRQUEUE,
  MSG_TRUNC,
  SOF_TIMESTAMPING_OPT_CMSG,
  SOL_IP,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_LOCAL,
  SO_EE_ORIGIN_TIMESTAMPING,
} from '@skbuff/uapi';
import { ICMPHDR_LEN, IPHDR_DADDR, IPHDR_LEN, IPHDR_SADDR, be32, setBe32 } from '@skbuff/wire';
import { ipIcmpErrorRfc4884 } from './icmp-rfc4884.ts';
import type { InetSk } from './inet-sk.ts';
import { ipCmsgRecvError, ipCmsgRecvStamp } from './ip-cmsg.ts';
import { SockaddrIn, sockaddrInCodec } from './sockaddr-in.ts';

/** Where that is in the ICMP header, in words of 4 bytes. */
const QUOTED_LEN: number = ICMPHDR_LEN - 3;

/**
 * `ip_icmp_error`: queues a copy of the ICMP error `skb` (outer header at `networkHeader`, quoted one at `data`) for a socket with
 * IP_RECVERR. `payload`: offset of what the user sees, counted from `data`. The sk_buff stays the caller's.
 */
export function ipIcmpError(sk: InetSk, skb: SkBuff, type: number, code: number, errno: number, port: number, info: number, payload: number): void {
  const own = skb.clone();
  if (own === null) return;
  const quoted = skb.data - skb.networkHeader;
  if (own.pull(payload) >= 0) {
    skbResetTransportHeader(own);
    const data = sk.recverrRfc4884 && mayExtend(type) ? ipIcmpErrorRfc4884(skb, payload, skb.bytes[skb.data - ICMPHDR_LEN + QUOTED_LEN] * 4) : 0;
    sockExterrSet(own, { errno, origin: SO_EE_ORIGIN_ICMP, type, code, info, data }, quoted + IPHDR_DADDR, port);
    if (sockQueueErrSkb(sk, own) === 0) return;
  }
  own.consume();
}

/** Errors that may bear extensions: the second byte of what is theirs in the header says how long the quoted packet is. */
function mayExtend(type: number): boolean {
  return type === ICMP_DEST_UNREACH || type === ICMP_TIME_EXCEEDED || type === ICMP_PARAMETERPROB;
}

/** `ip_local_error`: an error that this host found itself; nothing without IP_RECVERR. */
export function ipLocalError(sk: InetSk, errno: number, daddr: number, port: number, info: number): void {
  if (!sk.recverr) return;
  const skb = sk.net.skbs.alloc(IPHDR_LEN);
  if (skb === null) return;
  // The record points into an IP header that is all zeros but for the destination.
  skb.putZero(IPHDR_LEN);
  skb.resetNetworkHeader();
  setBe32(skb.bytes, skb.data + IPHDR_DADDR, daddr);
  skb.pull(IPHDR_LEN);
  skbResetTransportHeader(skb);
  sockExterrSet(skb, { errno, origin: SO_EE_ORIGIN_LOCAL, type: 0, code: 0, info, data: 0 }, IPHDR_DADDR, port);
  if (sockQueueErrSkb(sk, skb) !== 0) skb.consume();
}

/** `ip_recv_error`: recvmsg(2) with MSG_ERRQUEUE. The quoted payload's bytes, or -EAGAIN. */
export function ipRecvError(sk: InetSk, msg: Msghdr, len: number): number {
  const skb = sockDequeueErrSkb(sk);
  if (skb === null) return -EAGAIN;
  const copied = Math.min(len, skb.len);
  if (copied < skb.len) msg.flags |= MSG_TRUNC;
  const err = skbCopyDatagramMsg(skb, 0, msg, copied);
  if (err === 0) {
    const ee = sockExterr(skb);
    sockRecvStamp(msg, sk, skb, true);
    const located = ee.origin === SO_EE_ORIGIN_TIMESTAMPING && stampLocated(sk, skb);
    if (ee.origin !== SO_EE_ORIGIN_TIMESTAMPING) fillName(msg, skb);
    if (sk.cmsgFlags !== 0 && ee.origin === SO_EE_ORIGIN_ICMP) ipCmsgRecvError(msg, sk, skb);
    else if (located && sk.cmsgFlags !== 0) ipCmsgRecvStamp(msg, sk, skb);
    putCmsg(msg, SOL_IP, IP_RECVERR, recvErrBytes(ee, skb, located || ee.origin === SO_EE_ORIGIN_ICMP));
    msg.flags |= MSG_ERRQUEUE;
  }
  skb.consume();
  return err < 0 ? err : copied;
}

/** Whether a stamp also tells of the packet: the socket asked for it, and the packet is there. */
function stampLocated(sk: InetSk, skb: SkBuff): boolean {
  return (sk.tsflags & SOF_TIMESTAMPING_OPT_CMSG) !== 0 && skb.cb[SKB_CB_IIF] !== 0;
}

/** Where the packet that failed was going. */
function fillName(msg: Msghdr, skb: SkBuff): void {
  const sin = msg.name as SockaddrIn | null;
  if (sin === null) return;
  sin.family = AF_INET;
  sin.port = sockExterrPort(skb);
  sin.addr = be32(skb.bytes, sockExterrAddr(skb));
  msg.nameSet = true;
}

/** `struct sock_extended_err` and, behind it, the `struct sockaddr_in` of who sent the packet, if that is `located`. */
function recvErrBytes(ee: SockExtendedErr, skb: SkBuff, located: boolean): Uint8Array {
  const bytes = new Uint8Array(SOCK_EXTENDED_ERR_LEN + sockaddrInCodec.length);
  sockExterrEncode(ee, bytes);
  if (located) sockaddrInCodec.encode(new SockaddrIn(be32(skb.bytes, skb.networkHeader + IPHDR_SADDR)), bytes.subarray(SOCK_EXTENDED_ERR_LEN));
  return bytes;
}
