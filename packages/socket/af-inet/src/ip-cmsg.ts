/** Ancillary data of SOL_IP (`net/ipv4/ip_sockglue.c`). */
import { CHECKSUM_COMPLETE, type SkBuff, skbCsumUnnecessary } from '@skbuff/core';
import {
  IPCB_FRAG_MAX_SIZE,
  IPCB_IIF,
  IPCB_OPTLEN,
  IPCB_OPT_NEXTHOP,
  IpOptions,
  type IpcmCookie,
  fibComputeSpecDst,
  inetIif,
  ipOptionsEcho,
  ipOptionsGet,
  ipOptionsUndo,
  rtTos2Priority,
} from '@skbuff/ipv4';
import { type Cmsg, type Msghdr, int32Bytes, putCmsg, sockCmsgSend, sockNet } from '@skbuff/sock';
import {
  CAP_NET_RAW,
  EINVAL,
  IP_CHECKSUM,
  IP_ORIGDSTADDR,
  IP_PKTINFO,
  IP_RECVFRAGSIZE,
  IP_RECVOPTS,
  IP_RETOPTS,
  IP_TOS,
  IP_TTL,
  SOL_IP,
  SOL_SOCKET,
} from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_LEN, IPHDR_SADDR, IPHDR_TOS, IPHDR_TTL, be16, be32, csumFold, setBe32, leS32, setLe32 } from '@skbuff/wire';
import {
  IP_CMSG_CHECKSUM,
  IP_CMSG_ORIGDSTADDR,
  IP_CMSG_PKTINFO,
  IP_CMSG_RECVFRAGSIZE,
  IP_CMSG_RECVOPTS,
  IP_CMSG_RETOPTS,
  IP_CMSG_RXINFO6,
  IP_CMSG_TOS,
  IP_CMSG_TTL,
} from './ip-cmsg-flags.ts';
import type { InetSk } from './inet-sk.ts';
import { SockaddrIn, sockaddrInCodec } from './sockaddr-in.ts';

/** `struct in_pktinfo`: addresses u32. */
export interface InPktinfo {
  ifindex: number;
  /** Receiving: the address of this host that an answer should come from. Sending: the source to use, 0: any. */
  specDst: number;
  /** Receiving: the destination in the packet's header. */
  addr: number;
}

const IN_PKTINFO_LEN = 12;
const PORTS_LEN = 4;
/** Folded sum of an ICMP packet that was summed here: it was right, or nobody would hear of it. */
const RIGHT_SUM = 0xffff;

/** An IP_PKTINFO for sendmsg(2). */
export function pktinfoCmsg(info: Partial<InPktinfo>): Cmsg {
  const data = new Uint8Array(IN_PKTINFO_LEN);
  setLe32(data, 0, info.ifindex ?? 0);
  setBe32(data, 4, info.specDst ?? 0);
  setBe32(data, 8, info.addr ?? 0);
  return { level: SOL_IP, type: IP_PKTINFO, data };
}

/** What an IP_PKTINFO says. */
export function pktinfoOf(data: Uint8Array): InPktinfo {
  return { ifindex: leS32(data, 0), specDst: be32(data, 4), addr: be32(data, 8) };
}

/** `ip_cmsg_send`: takes over what ancillary data says about one send. 0 or a negative errno. */
export function ipCmsgSend(sk: InetSk, control: readonly Cmsg[], ipc: IpcmCookie): number {
  for (const cmsg of control) {
    const err = ofLevel(sk, cmsg, ipc);
    if (err !== 0) return err;
  }
  return 0;
}

function ofLevel(sk: InetSk, cmsg: Cmsg, ipc: IpcmCookie): number {
  if (cmsg.level === SOL_SOCKET) return sockCmsgSend(sk, cmsg, ipc);
  return cmsg.level === SOL_IP ? oneIpCmsg(sk, cmsg, ipc) : (sk.pinet6?.cmsgSend4(cmsg, ipc) ?? 0);
}

function oneIpCmsg(sk: InetSk, { type, data }: Cmsg, ipc: IpcmCookie): number {
  switch (type) {
    case IP_RETOPTS: {
      const opt = ipOptionsGet(sk.net, data.slice(0, 40), sockNet.of(sk.net).layer.nsCapable(sk.net, CAP_NET_RAW));
      if (typeof opt === 'number') return opt;
      ipc.opt = opt;
      return 0;
    }
    case IP_PKTINFO:
      if (data.length !== IN_PKTINFO_LEN) return -EINVAL;
      if (leS32(data, 0) !== 0) ipc.oif = leS32(data, 0);
      ipc.addr = be32(data, 4);
      return 0;
    case IP_TTL:
      if (data.length !== 4) return -EINVAL;
      ipc.ttl = leS32(data, 0);
      return ipc.ttl < 1 || ipc.ttl > 255 ? -EINVAL : 0;
    case IP_TOS: {
      if (data.length !== 4 && data.length !== 1) return -EINVAL;
      const tos = data.length === 4 ? leS32(data, 0) : data[0];
      if (tos < 0 || tos > 255) return -EINVAL;
      ipc.tos = tos;
      ipc.priority = rtTos2Priority(tos);
      return 0;
    }
    default:
      return -EINVAL;
  }
}

/** `struct in_pktinfo` in `skb.cb`: what IP_PKTINFO will tell of a packet. IPCB_IIF is negated, so that it shows that this was noted. */
export function pktinfoNote(skb: SkBuff, ifindex: number, specDst: number): void {
  skb.cb[IPCB_IIF] = -ifindex;
  skb.cb[IPCB_OPT_NEXTHOP] = specDst;
}

/** `ipv4_pktinfo_prepare`: a packet goes to a receive queue: what IP_PKTINFO will tell, if the socket asks for it, and the route is given back. */
export function ipv4PktinfoPrepare(sk: InetSk, skb: SkBuff): void {
  if ((sk.cmsgFlags & (IP_CMSG_PKTINFO | IP_CMSG_RXINFO6)) !== 0 && skb.dev !== null) pktinfoNote(skb, inetIif(skb), fibComputeSpecDst(sk.net, skb));
  if (skb.dst !== null) skb.dstDrop();
}

/**
 * `ip_cmsg_recv_offset`: the ancillary data that the socket asked for. `skb.networkHeader` is the packet's header; `offset`: bytes
 * between the transport header and `skb.data`.
 */
export function ipCmsgRecv(msg: Msghdr, sk: InetSk, skb: SkBuff, offset: number): void {
  const flags = sk.cmsgFlags;
  if ((flags & IP_CMSG_PKTINFO) !== 0) {
    // Of what came before the option was switched on nothing was noted.
    const iif = skb.cb[IPCB_IIF];
    if (iif < 0) pktinfo(msg, skb, -iif, skb.cb[IPCB_OPT_NEXTHOP] >>> 0);
    else pktinfo(msg, skb, 0, 0);
  }
  headerCmsgs(msg, skb, flags);
  if ((flags & (IP_CMSG_RECVOPTS | IP_CMSG_RETOPTS)) !== 0) optionCmsgs(msg, sk, skb, flags);
  if ((flags & IP_CMSG_ORIGDSTADDR) !== 0) origDstAddr(msg, skb);
  if ((flags & IP_CMSG_CHECKSUM) !== 0 && skb.ipSummed === CHECKSUM_COMPLETE && offset === 0) {
    putCmsg(msg, SOL_IP, IP_CHECKSUM, int32Bytes(~csumFold(skb.csum) & 0xffff));
  }
  if ((flags & IP_CMSG_RECVFRAGSIZE) !== 0 && skb.cb[IPCB_FRAG_MAX_SIZE] !== 0) {
    putCmsg(msg, SOL_IP, IP_RECVFRAGSIZE, int32Bytes(skb.cb[IPCB_FRAG_MAX_SIZE]));
  }
}

/**
 * What goes with the stamp of a packet that was sent, with SOF_TIMESTAMPING_OPT_CMSG: by which interface it left (IPCB_IIF), and from
 * which address.
 */
export function ipCmsgRecvStamp(msg: Msghdr, sk: InetSk, skb: SkBuff): void {
  const flags = sk.cmsgFlags;
  if ((flags & IP_CMSG_PKTINFO) !== 0) pktinfo(msg, skb, skb.cb[IPCB_IIF], be32(skb.bytes, skb.networkHeader + IPHDR_SADDR));
  headerCmsgs(msg, skb, flags);
}

/** What goes with an ICMP error: it is the ICMP packet's header that is told about. */
export function ipCmsgRecvError(msg: Msghdr, sk: InetSk, skb: SkBuff): void {
  const flags = sk.cmsgFlags;
  // Where this packet goes is not what the socket asks about: nothing was delivered to it.
  if ((flags & IP_CMSG_PKTINFO) !== 0) pktinfo(msg, skb, skb.cb[IPCB_IIF], 0);
  headerCmsgs(msg, skb, flags);
  if ((flags & IP_CMSG_ORIGDSTADDR) !== 0) origDstAddr(msg, skb);
  if ((flags & IP_CMSG_CHECKSUM) !== 0 && !skbCsumUnnecessary(skb)) putCmsg(msg, SOL_IP, IP_CHECKSUM, int32Bytes(RIGHT_SUM));
}

function pktinfo(msg: Msghdr, skb: SkBuff, ifindex: number, specDst: number): void {
  putCmsg(msg, SOL_IP, IP_PKTINFO, pktinfoCmsg({ ifindex, specDst, addr: be32(skb.bytes, skb.networkHeader + IPHDR_DADDR) }).data);
}

function headerCmsgs(msg: Msghdr, skb: SkBuff, flags: number): void {
  const { bytes, networkHeader: iph } = skb;
  if ((flags & IP_CMSG_TTL) !== 0) putCmsg(msg, SOL_IP, IP_TTL, int32Bytes(bytes[iph + IPHDR_TTL]));
  if ((flags & IP_CMSG_TOS) !== 0) putCmsg(msg, SOL_IP, IP_TOS, Uint8Array.of(bytes[iph + IPHDR_TOS]));
}

/** IP_RECVOPTS: as they are now; IP_RETOPTS: turned round, for sending back. */
function optionCmsgs(msg: Msghdr, sk: InetSk, skb: SkBuff, flags: number): void {
  const optlen = skb.cb[IPCB_OPTLEN];
  if (optlen === 0) return;
  if ((flags & IP_CMSG_RECVOPTS) !== 0) {
    const at = skb.networkHeader + IPHDR_LEN;
    putCmsg(msg, SOL_IP, IP_RECVOPTS, skb.bytes.slice(at, at + optlen));
  }
  if ((flags & IP_CMSG_RETOPTS) === 0) return;
  const echo = new IpOptions();
  if (ipOptionsEcho(sk.net, echo, skb) !== 0) return;
  ipOptionsUndo(echo);
  putCmsg(msg, SOL_IP, IP_RETOPTS, echo.data.slice(0, echo.optlen));
}

/** What the first four bytes of the transport header have for a destination port, be there ports or not; -1: there are fewer bytes. */
export function transportDport(skb: SkBuff): number {
  const { bytes, tail, transportHeader: th } = skb;
  if (th < 0) return -1;
  if (th + PORTS_LEN <= tail) return be16(bytes, th + 2);
  const ports = new Uint8Array(PORTS_LEN);
  return skb.copyBits(th - skb.data, ports, 0, PORTS_LEN) ? be16(ports, 2) : -1;
}

/** IP_ORIGDSTADDR: where the packet was going, with the port from the first bytes of the transport header. */
function origDstAddr(msg: Msghdr, skb: SkBuff): void {
  const port = transportDport(skb);
  if (port < 0) return;
  const data = new Uint8Array(sockaddrInCodec.length);
  sockaddrInCodec.encode(new SockaddrIn(be32(skb.bytes, skb.networkHeader + IPHDR_DADDR), port), data);
  putCmsg(msg, SOL_IP, IP_ORIGDSTADDR, data);
}
