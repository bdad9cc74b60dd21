/** Errors that sockets hear of (`net/ipv4/ip_sockglue.c`): the error queue of IP_RECVERR. */
import { skbResetTransportHeader } from '@skbuff/core';
import type { SkBuff } from '@skbuff/core';
import { IPCB_IIF, Flowi4, ipv4Net } from '@skbuff/ipv4';
import {
  type Msghdr,
  type SockExtendedErr,
  putCmsg,
  skbCopyDatagramMsg,
  sockDequeueErrSkb,
  sockExterr,
  sockExterrEncode,
  sockExterrSet,
  sockQueueErrSkb,
  sockRecvStamp,
} from '@skbuff/sock';
import {
  AF_INET,
  EAGAIN,
  ECONNREFUSED,
  EHOSTDOWN,
  EHOSTUNREACH,
  EMSGSIZE,
  ENETUNREACH,
  ENONET,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPROTO,
  ICMP_DEST_UNREACH,
  ICMP_FRAG_NEEDED,
  ICMP_PARAMETERPROB,
  ICMP_REDIRECT,
  IP_PMTUDISC_INTERFACE,
  IP_RECVERR,
  MSG_ERRQUEUE,
  MSG_TRUNC,
  SOF_TIMESTAMPING_OPT_CMSG,
  SOL_IP,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_LOCAL,
  SO_EE_ORIGIN_TIMESTAMPING,
} from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_LEN, IPHDR_SADDR, be32, setBe16, setBe32 } from '@skbuff/wire';
import { inetSkFlowiFlags, ipSockRtScope, routeForSock } from './datagram.ts';
import type { InetSk } from './inet-sk.ts';
import { ipCmsgRecvError, ipCmsgRecvStamp } from './ip-cmsg.ts';
import { type SockaddrIn, sockaddrInCodec } from './sockaddr-in.ts';

/** `struct icmp_err`: errno of a destination unreachable, by code, and whether it ends a connection. */
export const icmpErrConvert: readonly (readonly [errno: number, fatal: boolean])[] = [
  [ENETUNREACH, false],
  [EHOSTUNREACH, false],
  [ENOPROTOOPT, true],
  [ECONNREFUSED, true],
  [EMSGSIZE, false],
  [EOPNOTSUPP, false],
  [ENETUNREACH, true],
  [EHOSTDOWN, true],
  [ENONET, true],
  [ENETUNREACH, true],
  [EHOSTUNREACH, true],
  [ENETUNREACH, false],
  [EHOSTUNREACH, false],
  [EHOSTUNREACH, true],
  [EHOSTUNREACH, true],
  [EHOSTUNREACH, true],
];

function extErr(errno: number, origin: number, addr: number, port: number, info: number): SockExtendedErr {
  return { errno, origin, type: 0, code: 0, info, data: 0, addr, port, offender: 0 };
}

/**
 * `ip_icmp_error`: queues a copy of the ICMP error `skb` (outer header at `networkHeader`, quoted one at `data`) for a socket with
 * IP_RECVERR. `payload`: offset of what the user sees, counted from `data`. The sk_buff stays the caller's.
 */
export function ipIcmpError(sk: InetSk, skb: SkBuff, type: number, code: number, errno: number, port: number, info: number, payload: number): void {
  const quoted = skb.data;
  const own = skb.clone();
  if (own === null) return;
  const ee = extErr(errno, SO_EE_ORIGIN_ICMP, be32(skb.bytes, quoted + IPHDR_DADDR), port, info);
  ee.type = type;
  ee.code = code;
  ee.offender = be32(skb.bytes, skb.networkHeader + IPHDR_SADDR);
  if (own.pull(payload) >= 0) {
    skbResetTransportHeader(own);
    sockExterrSet(own, ee);
    if (sockQueueErrSkb(sk, own) === 0) return;
  }
  own.consume();
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
  sockExterrSet(skb, extErr(errno, SO_EE_ORIGIN_LOCAL, daddr, port, info));
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
    if (located) ee.offender = be32(skb.bytes, skb.networkHeader + IPHDR_SADDR);
    if (ee.origin !== SO_EE_ORIGIN_TIMESTAMPING) fillName(msg, ee);
    if (sk.cmsgFlags !== 0 && ee.origin === SO_EE_ORIGIN_ICMP) ipCmsgRecvError(msg, sk, skb);
    else if (located && sk.cmsgFlags !== 0) ipCmsgRecvStamp(msg, sk, skb);
    putCmsg(msg, SOL_IP, IP_RECVERR, recvErrBytes(ee, located || ee.origin === SO_EE_ORIGIN_ICMP));
    msg.flags |= MSG_ERRQUEUE;
  }
  skb.consume();
  return err < 0 ? err : copied;
}

/** Whether a stamp also tells of the packet: the socket asked for it, and the packet is there. */
function stampLocated(sk: InetSk, skb: SkBuff): boolean {
  return (sk.tsflags & SOF_TIMESTAMPING_OPT_CMSG) !== 0 && skb.cb[IPCB_IIF] !== 0;
}

function fillName(msg: Msghdr, ee: SockExtendedErr): void {
  const sin = msg.name as SockaddrIn | null;
  if (sin === null) return;
  sin.family = AF_INET;
  sin.port = ee.port;
  sin.addr = ee.addr;
  msg.nameSet = true;
}

/** `struct sock_extended_err` and, behind it, the offender's `struct sockaddr_in`. */
function recvErrBytes(ee: SockExtendedErr, located: boolean): Uint8Array {
  const bytes = new Uint8Array(16 + sockaddrInCodec.length);
  sockExterrEncode(ee, bytes);
  if (!located) return bytes;
  bytes[16] = AF_INET;
  setBe16(bytes, 18, 0);
  setBe32(bytes, 20, ee.offender);
  return bytes;
}

/**
 * `ipv4_sk_update_pmtu`, `ipv4_sk_redirect`: what an ICMP error (quoted header at `data`) about a packet of `sk` teaches routing.
 * `info` is the MTU or the new gateway.
 */
export function ipv4SkTeachRouting(sk: InetSk, skb: SkBuff, type: number, code: number, info: number): void {
  const { routing } = ipv4Net.of(sk.net).ip;
  if (routing === null) return;
  if (type === ICMP_REDIRECT) routing.redirect(sk.net, skb, info, be32(skb.bytes, skb.networkHeader + IPHDR_SADDR));
  else if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED && sk.pmtudisc < IP_PMTUDISC_INTERFACE) {
    routing.updatePmtu(sk.net, skb, info);
    if (sk.dst !== null && sk.dstCheck() === null) routeAgain(sk, skb);
  }
}

/** A socket that had a route gets another one at once, so that it knows the new MTU. */
function routeAgain(sk: InetSk, skb: SkBuff): void {
  const { bytes, data: iph } = skb;
  const fl4 = new Flowi4().init(sk.boundDevIf, sk.mark, sk.tos, ipSockRtScope(sk), sk.protocol, inetSkFlowiFlags(sk), be32(bytes, iph + IPHDR_DADDR), be32(bytes, iph + IPHDR_SADDR), 0, 0);
  const rt = routeForSock(sk, fl4);
  if (typeof rt !== 'number') sk.dstSet(rt);
}

/** What an ICMP error means to a socket. */
export interface IcmpVerdict {
  errno: number;
  /** A connected socket reports it even without IP_RECVERR. */
  hard: boolean;
}

const verdict: IcmpVerdict = { errno: 0, hard: false };

/**
 * The errno of an ICMP error and whether it is hard; `fragNeededIsHard`: the socket does path MTU discovery. One object, filled in
 * again with each call.
 */
export function icmpErrVerdict(type: number, code: number, fragNeededIsHard: boolean): IcmpVerdict {
  verdict.errno = EHOSTUNREACH;
  verdict.hard = false;
  if (type === ICMP_PARAMETERPROB) {
    verdict.errno = EPROTO;
    verdict.hard = true;
  } else if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED) {
    verdict.errno = EMSGSIZE;
    verdict.hard = fragNeededIsHard;
  } else if (type === ICMP_DEST_UNREACH && code < icmpErrConvert.length) {
    const [errno, fatal] = icmpErrConvert[code] as readonly [number, boolean];
    verdict.errno = errno;
    verdict.hard = fatal;
  }
  return verdict;
}
