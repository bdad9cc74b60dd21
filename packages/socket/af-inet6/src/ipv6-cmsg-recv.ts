/** Ancillary data of SOL_IPV6 that received packets come with (`ip6_datagram_recv_ctl` in `net/ipv6/datagram.c`). */
import { type InetSk, transportDport } from '@skbuff/af-inet';
import type { SkBuff } from '@skbuff/core';
import {
  IP6CB_DST0,
  IP6CB_DST1,
  IP6CB_FLAGS,
  IP6CB_FRAG_MAX_SIZE,
  IP6CB_IIF,
  IP6CB_LASTOPT,
  IP6CB_SRCRT,
  IP6SKB_HOPBYHOP,
  ip6Tclass,
} from '@skbuff/ipv6';
import { IPCB_IIF } from '@skbuff/ipv4';
import { type Cmsg, type Msghdr, int32Bytes, putCmsg } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { In6Addr, IPHDR_DADDR, IPV6HDR_DADDR, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_NEXTHDR, be32, in6Word, setBe32, setLe32 } from '@skbuff/wire';
import { ip6Flowinfo } from './flowinfo.ts';
import { IN6_PKTINFO_LEN } from './ipv4-pktinfo.ts';
import {
  RXOPT_DSTOPTS,
  RXOPT_FLOW,
  RXOPT_FRAGSIZE,
  RXOPT_HLIM,
  RXOPT_HOPOPTS,
  RXOPT_INFO,
  RXOPT_OLD_DSTOPTS,
  RXOPT_OLD_HLIM,
  RXOPT_OLD_HOPOPTS,
  RXOPT_OLD_INFO,
  RXOPT_OLD_SRCRT,
  RXOPT_ORIGDSTADDR,
  RXOPT_SRCRT,
  RXOPT_TCLASS,
  inet6Np,
} from './ipv6-pinfo.ts';
import { ipv6IfaceScopeId } from './scope-id.ts';
import { SockaddrIn6, sockaddrIn6Codec } from './sockaddr-in6.ts';

/** An IPV6_PKTINFO for sendmsg(2): the source to use, ::: any; the interface to leave by, 0: any. */
export function in6PktinfoCmsg(addr: In6Addr, ifindex: number): Cmsg {
  return { level: U.SOL_IPV6, type: U.IPV6_PKTINFO, data: in6Pktinfo(addr, ifindex) };
}

function in6Pktinfo(addr: In6Addr, ifindex: number): Uint8Array {
  const data = new Uint8Array(IN6_PKTINFO_LEN);
  addr.store(data, 0);
  setLe32(data, 16, ifindex);
  return data;
}

/** What an IPV6_PKTINFO says. */
export function in6PktinfoOf(data: Uint8Array): { readonly addr: In6Addr; readonly ifindex: number } {
  return { addr: new In6Addr().load(data, 0), ifindex: in6IndexOf(data) };
}

function in6IndexOf(data: Uint8Array): number {
  return data[16] | (data[17] << 8) | (data[18] << 16) | (data[19] << 24);
}

/** `ip6_datagram_recv_common_ctl`: what is told of packets of both families. */
export function ip6DatagramRecvCommonCtl(msg: Msghdr, sk: InetSk, skb: SkBuff): void {
  if ((inet6Np(sk).rxopt & RXOPT_INFO) === 0) return;
  const addr = new In6Addr();
  const { bytes, networkHeader: nh } = skb;
  if (skb.protocol === U.ETH_P_IPV6) {
    putCmsg(msg, U.SOL_IPV6, U.IPV6_PKTINFO, in6Pktinfo(addr.load(bytes, nh + IPV6HDR_DADDR), skb.cb[IP6CB_IIF]));
    return;
  }
  // Negated if `ipv4PktinfoPrepare` has noted it; else it is the network layer's own.
  const ifindex = Math.abs(skb.cb[IPCB_IIF]);
  putCmsg(msg, U.SOL_IPV6, U.IPV6_PKTINFO, in6Pktinfo(addr.set(0, 0, 0xffff, be32(bytes, nh + IPHDR_DADDR)), ifindex));
}

/** `ip6_datagram_recv_specific_ctl`: what is told of IPv6 packets, whose header is at `networkHeader`. */
export function ip6DatagramRecvSpecificCtl(msg: Msghdr, sk: InetSk, skb: SkBuff): void {
  const { rxopt } = inet6Np(sk);
  const { bytes, networkHeader: nh } = skb;
  if ((rxopt & RXOPT_HLIM) !== 0) putCmsg(msg, U.SOL_IPV6, U.IPV6_HOPLIMIT, int32Bytes(bytes[nh + IPV6HDR_HOP_LIMIT]));
  if ((rxopt & RXOPT_TCLASS) !== 0) putCmsg(msg, U.SOL_IPV6, U.IPV6_TCLASS, int32Bytes(ip6Tclass(in6Word(bytes, nh))));
  if ((rxopt & RXOPT_FLOW) !== 0 && ip6Flowinfo(bytes, nh) !== 0) putCmsg(msg, U.SOL_IPV6, U.IPV6_FLOWINFO, be32Bytes(ip6Flowinfo(bytes, nh)));
  if ((rxopt & RXOPT_HOPOPTS) !== 0 && hasHopopts(skb)) putHeader(msg, U.IPV6_HOPOPTS, skb, IPV6HDR_LEN);
  if (skb.cb[IP6CB_LASTOPT] !== 0 && (rxopt & (RXOPT_DSTOPTS | RXOPT_SRCRT)) !== 0) headersInOrder(msg, skb, rxopt);
  if ((rxopt & (RXOPT_OLD_INFO | RXOPT_OLD_HLIM | RXOPT_OLD_HOPOPTS | RXOPT_OLD_DSTOPTS | RXOPT_OLD_SRCRT)) !== 0) oldCtl(msg, skb, rxopt);
  if ((rxopt & RXOPT_ORIGDSTADDR) !== 0) origDstAddr(msg, skb);
  const { cb } = skb;
  if ((rxopt & RXOPT_FRAGSIZE) !== 0 && cb[IP6CB_FRAG_MAX_SIZE] !== 0) putCmsg(msg, U.SOL_IPV6, U.IPV6_RECVFRAGSIZE, int32Bytes(cb[IP6CB_FRAG_MAX_SIZE]));
}

function be32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  setBe32(bytes, 0, value);
  return bytes;
}

function hasHopopts(skb: SkBuff): boolean {
  return (skb.cb[IP6CB_FLAGS] & IP6SKB_HOPBYHOP) !== 0;
}

/** The extension header `off` bytes from the IPv6 header, as it came. */
function putHeader(msg: Msghdr, type: number, skb: SkBuff, off: number): void {
  const at = skb.networkHeader + off;
  putCmsg(msg, U.SOL_IPV6, type, skb.bytes.slice(at, at + (skb.bytes[at + 1] + 1) * 8));
}

/** Destination options and routing headers may come several times (RFC 3542 §6). */
function headersInOrder(msg: Msghdr, skb: SkBuff, rxopt: number): void {
  const { bytes, networkHeader: nh } = skb;
  const last = skb.cb[IP6CB_LASTOPT];
  let nexthdr = bytes[nh + IPV6HDR_NEXTHDR];
  for (let off = IPV6HDR_LEN; off <= last; ) {
    if (nexthdr === U.IPPROTO_DSTOPTS && (rxopt & RXOPT_DSTOPTS) !== 0) putHeader(msg, U.IPV6_DSTOPTS, skb, off);
    if (nexthdr === U.IPPROTO_ROUTING && (rxopt & RXOPT_SRCRT) !== 0) putHeader(msg, U.IPV6_RTHDR, skb, off);
    const units = bytes[nh + off + 1];
    const len = nexthdr === U.IPPROTO_AH ? (units + 2) * 4 : (units + 1) * 8;
    nexthdr = bytes[nh + off];
    off += len;
  }
}

/** RFC 2292's words. */
function oldCtl(msg: Msghdr, skb: SkBuff, rxopt: number): void {
  const { bytes, networkHeader: nh, cb } = skb;
  if ((rxopt & RXOPT_OLD_INFO) !== 0) putCmsg(msg, U.SOL_IPV6, U.IPV6_2292PKTINFO, in6Pktinfo(new In6Addr().load(bytes, nh + IPV6HDR_DADDR), cb[IP6CB_IIF]));
  if ((rxopt & RXOPT_OLD_HLIM) !== 0) putCmsg(msg, U.SOL_IPV6, U.IPV6_2292HOPLIMIT, int32Bytes(bytes[nh + IPV6HDR_HOP_LIMIT]));
  if ((rxopt & RXOPT_OLD_HOPOPTS) !== 0 && hasHopopts(skb)) putHeader(msg, U.IPV6_2292HOPOPTS, skb, IPV6HDR_LEN);
  if ((rxopt & RXOPT_OLD_DSTOPTS) !== 0 && cb[IP6CB_DST0] !== 0) putHeader(msg, U.IPV6_2292DSTOPTS, skb, cb[IP6CB_DST0]);
  if ((rxopt & RXOPT_OLD_SRCRT) !== 0 && cb[IP6CB_SRCRT] !== 0) putHeader(msg, U.IPV6_2292RTHDR, skb, cb[IP6CB_SRCRT]);
  if ((rxopt & RXOPT_OLD_DSTOPTS) !== 0 && cb[IP6CB_DST1] !== 0) putHeader(msg, U.IPV6_2292DSTOPTS, skb, cb[IP6CB_DST1]);
}

/** IPV6_ORIGDSTADDR: where the packet was going, with the port from the first bytes of the transport header. */
function origDstAddr(msg: Msghdr, skb: SkBuff): void {
  const port = transportDport(skb);
  if (port < 0) return;
  const addr = new In6Addr().load(skb.bytes, skb.networkHeader + IPV6HDR_DADDR);
  const data = new Uint8Array(sockaddrIn6Codec.length);
  sockaddrIn6Codec.encode(new SockaddrIn6(addr, port, ipv6IfaceScopeId(addr, skb.cb[IP6CB_IIF])), data);
  putCmsg(msg, U.SOL_IPV6, U.IPV6_ORIGDSTADDR, data);
}
