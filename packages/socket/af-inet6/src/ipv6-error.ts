/** Errors that sockets of AF_INET6 hear of (`net/ipv6/datagram.c`): the error queue of IPV6_RECVERR, and IPV6_RECVPATHMTU. */
import { type InetSk, ipCmsgRecvError, ipCmsgRecvStamp, ipIcmpErrorRfc4884 } from '@skbuff/af-inet';
import { type SkBuff, skbResetTransportHeader } from '@skbuff/core';
import { IP6CB_DST0, IP6CB_DST1, IP6CB_FLAGS, IP6CB_IIF, IP6CB_LASTOPT, IP6CB_SRCRT, IP6SKB_HOPBYHOP } from '@skbuff/ipv6';
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
import * as U from '@skbuff/uapi';
import { FRAGHDR_LEN, ICMP6HDR_DATA, ICMP6HDR_LEN, IPHDR_SADDR, IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_SADDR, be32, setLe32 } from '@skbuff/wire';
import { ip6Flowinfo } from './flowinfo.ts';
import { ip6DatagramRecvCommonCtl, ip6DatagramRecvSpecificCtl } from './ipv6-cmsg-recv.ts';
import { inet6Np } from './ipv6-pinfo.ts';
import { ipv6IfaceScopeId } from './scope-id.ts';
import { SockaddrIn6, sockaddrIn6Codec } from './sockaddr-in6.ts';

/**
 * `ipv6_icmp_error`: queues a copy of the ICMPv6 error `skb` (its IPv6 header at `networkHeader`, the quoted one at `data`) for a socket
 * with IPV6_RECVERR. `payload`: offset of what the user sees, counted from `data`. The sk_buff stays the caller's.
 */
export function ipv6IcmpError(sk: InetSk, skb: SkBuff, type: number, code: number, errno: number, port: number, info: number, payload: number): void {
  const np = inet6Np(sk);
  const own = np.recverr ? skb.clone() : null;
  if (own === null) return;
  const quoted = skb.data - skb.networkHeader;
  own.protocol = U.ETH_P_IPV6;
  if (own.pull(payload) >= 0) {
    const data = np.recverrRfc4884 && mayExtend(type) ? ipIcmpErrorRfc4884(skb, payload, skb.bytes[skb.data - ICMP6HDR_LEN + ICMP6HDR_DATA] * 8) : 0;
    skbResetTransportHeader(own);
    sockExterrSet(own, { errno, origin: U.SO_EE_ORIGIN_ICMP6, type, code, info, data }, quoted + IPV6HDR_DADDR, port);
    if (sockQueueErrSkb(sk, own) === 0) return;
  }
  own.consume();
}

/** Errors that may bear extensions: their first byte of data says how long the quoted packet is. */
function mayExtend(type: number): boolean {
  return type === U.ICMPV6_DEST_UNREACH || type === U.ICMPV6_TIME_EXCEED;
}

/** `ipv6_recv_error`: recvmsg(2) with MSG_ERRQUEUE. The quoted payload's bytes, or -EAGAIN. */
export function ipv6RecvError(sk: InetSk, msg: Msghdr, len: number): number {
  const skb = sockDequeueErrSkb(sk);
  if (skb === null) return -U.EAGAIN;
  const copied = Math.min(len, skb.len);
  if (copied < skb.len) msg.flags |= U.MSG_TRUNC;
  const err = skbCopyDatagramMsg(skb, 0, msg, copied);
  if (err === 0) {
    const ee = sockExterr(skb);
    sockRecvStamp(msg, sk, skb, true);
    const at = sockExterrAddr(skb);
    const port = sockExterrPort(skb);
    if (ee.origin !== U.SO_EE_ORIGIN_TIMESTAMPING) fillName(msg, sk, skb, at, port);
    // The record lay where the network layer noted headers.
    noteHeaders(skb, ee.origin === U.SO_EE_ORIGIN_ICMP6);
    putCmsg(msg, U.SOL_IPV6, U.IPV6_RECVERR, recvErrBytes(ee, msg, sk, skb));
    msg.flags |= U.MSG_ERRQUEUE;
  }
  skb.consume();
  return err < 0 ? err : copied;
}

/** Which extension headers the packet came with, as the handlers of those note it; if it did not come (`received`): none. */
function noteHeaders(skb: SkBuff, received: boolean): void {
  const { bytes, cb, networkHeader: nh } = skb;
  for (const lane of [IP6CB_FLAGS, IP6CB_DST0, IP6CB_SRCRT, IP6CB_DST1, IP6CB_LASTOPT]) cb[lane] = 0;
  let nexthdr = bytes[nh + IPV6HDR_NEXTHDR];
  for (let off = IPV6HDR_LEN; received && (nexthdr === U.IPPROTO_FRAGMENT || noteHeader(cb, nexthdr, off)); ) {
    const len = nexthdr === U.IPPROTO_FRAGMENT ? FRAGHDR_LEN : (bytes[nh + off + 1] + 1) * 8;
    nexthdr = bytes[nh + off];
    off += len;
  }
}

/** False: it is none of which anybody wants to know. */
function noteHeader(cb: Int32Array, nexthdr: number, off: number): boolean {
  if (nexthdr === U.IPPROTO_HOPOPTS) cb[IP6CB_FLAGS] = IP6SKB_HOPBYHOP;
  else if (nexthdr === U.IPPROTO_DSTOPTS) cb[IP6CB_LASTOPT] = cb[IP6CB_DST1] = off;
  else if (nexthdr === U.IPPROTO_ROUTING) {
    cb[IP6CB_LASTOPT] = cb[IP6CB_SRCRT] = off;
    cb[IP6CB_DST0] = cb[IP6CB_DST1];
    cb[IP6CB_DST1] = 0;
  } else return false;
  return true;
}

/** Where the packet that failed was going: the address is at `at`. */
function fillName(msg: Msghdr, sk: InetSk, skb: SkBuff, at: number, port: number): void {
  const sin6 = msg.name as SockaddrIn6 | null;
  if (sin6 === null) return;
  sin6.family = U.AF_INET6;
  sin6.flowinfo = 0;
  sin6.port = port;
  sin6.scopeId = 0;
  if (skb.protocol === U.ETH_P_IPV6) {
    sin6.addr.load(skb.bytes, at);
    if (inet6Np(sk).sndflow) sin6.flowinfo = ip6Flowinfo(skb.bytes, at - IPV6HDR_DADDR);
    sin6.scopeId = ipv6IfaceScopeId(sin6.addr, skb.cb[IP6CB_IIF]);
  } else sin6.addr.set(0, 0, 0xffff, be32(skb.bytes, at));
  msg.nameSet = true;
}

/** `ip6_datagram_support_cmsg`: it is known who sent it: an error, or a packet of ours that comes back whole with its time stamp. */
function located({ origin }: SockExtendedErr, skb: SkBuff): boolean {
  if (origin === U.SO_EE_ORIGIN_TIMESTAMPING) return skb.cb[IP6CB_IIF] !== 0;
  return origin === U.SO_EE_ORIGIN_ICMP6 || origin === U.SO_EE_ORIGIN_ICMP;
}

/**
 * `struct sock_extended_err` and, behind it, the `struct sockaddr_in6` of who sent the error; what else the socket wants to know of that
 * packet goes before.
 */
function recvErrBytes(ee: SockExtendedErr, msg: Msghdr, sk: InetSk, skb: SkBuff): Uint8Array {
  const bytes = new Uint8Array(SOCK_EXTENDED_ERR_LEN + sockaddrIn6Codec.length);
  sockExterrEncode(ee, bytes);
  if (!located(ee, skb)) return bytes;
  const { rxopt } = inet6Np(sk);
  const offender = new SockaddrIn6();
  if (rxopt !== 0) ip6DatagramRecvCommonCtl(msg, sk, skb);
  if (skb.protocol === U.ETH_P_IPV6) {
    offender.addr.load(skb.bytes, skb.networkHeader + IPV6HDR_SADDR);
    if (rxopt !== 0) ip6DatagramRecvSpecificCtl(msg, sk, skb);
    offender.scopeId = ipv6IfaceScopeId(offender.addr, skb.cb[IP6CB_IIF]);
  } else {
    offender.addr.set(0, 0, 0xffff, be32(skb.bytes, skb.networkHeader + IPHDR_SADDR));
    if (sk.cmsgFlags !== 0 && ee.origin === U.SO_EE_ORIGIN_ICMP) ipCmsgRecvError(msg, sk, skb);
    else if (sk.cmsgFlags !== 0) ipCmsgRecvStamp(msg, sk, skb);
  }
  sockaddrIn6Codec.encode(offender, bytes.subarray(SOCK_EXTENDED_ERR_LEN));
  return bytes;
}

/** Bytes of `struct ip6_mtuinfo`: an address and the MTU. */
export const IP6_MTUINFO_LEN: number = sockaddrIn6Codec.length + 4;

/** `struct ip6_mtuinfo`. */
export function ip6MtuinfoBytes(sin6: SockaddrIn6, mtu: number): Uint8Array {
  const bytes = new Uint8Array(IP6_MTUINFO_LEN);
  sockaddrIn6Codec.encode(sin6, bytes);
  setLe32(bytes, sockaddrIn6Codec.length, mtu);
  return bytes;
}

/** `ipv6_recv_rxpmtu`: hands out the path MTU that nobody has read yet, in a message of no bytes. 0 or -EAGAIN. */
export function ipv6RecvRxpmtu(sk: InetSk, msg: Msghdr): number {
  const np = inet6Np(sk);
  const info = np.rxpmtu;
  if (info === null) return -U.EAGAIN;
  np.rxpmtu = null;
  const name = msg.name as SockaddrIn6 | null;
  if (name !== null) {
    name.family = U.AF_INET6;
    name.port = 0;
    name.flowinfo = 0;
    name.scopeId = info.oif;
    name.addr.copy(info.addr);
    msg.nameSet = true;
  }
  putCmsg(msg, U.SOL_IPV6, U.IPV6_PATHMTU, ip6MtuinfoBytes(new SockaddrIn6(info.addr, 0, info.oif), info.mtu));
  return 0;
}
