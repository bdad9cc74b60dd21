/** Sending (`rawv6_sendmsg`, `rawv6_send_hdrinc` in `net/ipv6/raw.c`). */
import {
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
  ip6DstLookupFlow,
  ipcm6InitSk,
  ipv6AddrNeedsScopeId,
} from '@skbuff/af-inet6';
import { CHECKSUM_NONE, FLOWI_FLAG_KNOWN_NH, llReservedSpace, NET_XMIT_CN, type SkBuff } from '@skbuff/core';
import {
  type Flowi6,
  IP6CB_NHOFF,
  ip6HookOut,
  type Ipcm6Cookie,
  type Rt6Info,
  fl6UpdateDst,
  ip6AppendData,
  ip6FlushPendingFrames,
  ip6IncStats,
  ip6MakeFlowinfo,
  ip6cbInit,
  ipv6AddrType,
  ipv6Net,
} from '@skbuff/ipv6';
import { type Msghdr, msgPayload, skbSetupTxTimestamp, sockMaySend, sockNet } from '@skbuff/sock';
import {
  AF_INET6,
  AF_UNSPEC,
  EAFNOSUPPORT,
  EDESTADDRREQ,
  EFAULT,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  EOPNOTSUPP,
  ETH_P_IPV6,
  IPPROTO_ICMPV6,
  IPPROTO_MH,
  IPPROTO_RAW,
  IPSTATS_MIB_OUTDISCARDS,
  IPSTATS_MIB_OUTREQUESTS,
  IPV6_FLOWINFO_FLOWLABEL,
  MSG_CONFIRM,
  MSG_MORE,
  MSG_OOB,
  MSG_PROBE,
  TCP_ESTABLISHED,
} from '@skbuff/uapi';
import { type In6Addr, IPV6HDR_LEN, IPV6HDR_NEXTHDR, in6addrLoopback } from '@skbuff/wire';
import { rawv6PushPendingFrames } from './raw6-checksum.ts';
import type { Raw6Sock } from './raw6-sock.ts';

/** Bytes that routing could look at: type and code of ICMPv6, the type of a mobility header. */
const ICMPV6_PROBED = 2;
const MH_PROBED = 4;

/**
 * `rawv6_sendmsg`: `len` bytes behind an IPv6 header of the kernel's making, or with IPV6_HDRINCL header and all. Returns `len`, or -EMSGSIZE,
 * -EDESTADDRREQ, -EINVAL, -EAFNOSUPPORT, -EFAULT (ICMPv6 without type and code), -ENETUNREACH, -EAGAIN, the socket's pending error.
 */
export function rawv6Sendmsg(sk: Raw6Sock, msg: Msghdr, len: number): number {
  if ((msg.flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  const np = inet6Np(sk);
  const ipc = ipcm6InitSk(sk);
  const fl6 = np.fl6.init(sk.inetNum);
  const name = msg.name as SockaddrIn6 | null;
  if (name === null && sk.state !== TCP_ESTABLISHED) return -EDESTADDRREQ;
  if (name === null) fl6.flowlabel = np.flowLabel;
  const err = (name === null ? 0 : sendTo(sk, np, name, fl6)) || options(sk, msg, ipc, fl6, name !== null);
  if (err !== 0) return err;
  const payload = msgPayload(sockNet.of(sk.net).layer, msg.iov, len);
  if (!sk.hdrincl && !probed(fl6, payload, len)) return -EFAULT;
  const rt = route(sk, np, ipc, fl6, name === null ? np.daddr : name.addr);
  if (typeof rt === 'number') return rt;
  if ((msg.flags & MSG_CONFIRM) !== 0) rt.ops.confirmNeigh?.(rt, fl6.daddr);
  const sent = sk.hdrincl ? sendHdrinc(sk, np, fl6, payload, len, rt, msg.flags, ipc) : append(sk, np, msg, payload, len, ipc, fl6, rt);
  return sent < 0 ? sent : len;
}

/** A destination is named, and where others have a port perhaps the protocol. 0 or a negative errno. */
function sendTo(sk: Raw6Sock, { sndflow }: Inet6Pinfo, { addr, family, flowinfo, length, port, scopeId }: SockaddrIn6, fl6: Flowi6): number {
  if (!(length >= SIN6_LEN_RFC2133)) return -EINVAL;
  if (family !== AF_INET6 && family !== AF_UNSPEC) return -EAFNOSUPPORT;
  if (port > 255 || (port !== 0 && port !== sk.inetNum && sk.inetNum !== IPPROTO_RAW)) return -EINVAL;
  if (port !== 0) fl6.proto = port;
  if (sndflow) fl6.flowlabel = flowinfo & IPV6_FLOWINFO_MASK;
  if (length >= SOCKADDR_IN6_LEN && scopeId !== 0 && ipv6AddrNeedsScopeId(ipv6AddrType(addr))) fl6.oif = scopeId;
  return 0;
}

/** What ancillary data and flow labels say of this packet. `named`: the label is that of a destination, which must be the socket's to use. */
function options(sk: Raw6Sock, msg: Msghdr, ipc: Ipcm6Cookie, fl6: Flowi6, named: boolean): number {
  fl6.oif ||= sk.boundDevIf;
  let label = named ? fl6SockLookup(sk, fl6.flowlabel) : null;
  if (typeof label === 'number') return -EINVAL;
  if (msg.control.length !== 0) {
    const err = ip6DatagramSendCtl(sk, msg.control, fl6, ipc);
    if (err !== 0) return err;
    label ??= fl6SockLookup(sk, fl6.flowlabel);
    if (typeof label === 'number') return -EINVAL;
  }
  if (label !== null) ipc.opt = fl6MergeOptions(label, ipc.opt);
  return 0;
}

/** `rawv6_probe_proto_opt`: routing may look at type and code. False: they are not there. */
function probed(fl6: Flowi6, payload: Uint8Array, len: number): boolean {
  if (fl6.proto === IPPROTO_MH) return len >= MH_PROBED;
  if (fl6.proto !== IPPROTO_ICMPV6) return true;
  if (len < ICMPV6_PROBED) return false;
  fl6.sport = payload[0] as number;
  fl6.dport = payload[1] as number;
  return true;
}

/** The way to `daddr`, with one reference, or a negative errno. */
function route(sk: Raw6Sock, np: Inet6Pinfo, ipc: Ipcm6Cookie, fl6: Flowi6, daddr: In6Addr): Rt6Info | number {
  fl6.mark = ipc.mark;
  fl6.daddr.copy(daddr.isAny() ? (in6addrLoopback as In6Addr) : daddr);
  if (fl6.saddr.isAny()) fl6.saddr.copy(np.saddr);
  const detour = fl6UpdateDst(fl6, ipc.opt, np.final);
  if (sk.hdrincl) fl6.flags |= FLOWI_FLAG_KNOWN_NH;
  fl6.oif ||= fl6.daddr.isMulticast() ? np.mcastOif : np.ucastOif;
  fl6.tos = ipc.tclass;
  fl6.flowlabel = ip6MakeFlowinfo(ipc.tclass, fl6.flowlabel & IPV6_FLOWINFO_FLOWLABEL);
  return ip6DstLookupFlow(sk, fl6, detour ? np.final : null);
}

/** Takes over the reference on `rt`. */
function append(sk: Raw6Sock, np: Inet6Pinfo, msg: Msghdr, payload: Uint8Array, len: number, ipc: Ipcm6Cookie, fl6: Flowi6, rt: Rt6Info): number {
  const { queue } = np.cork;
  const begins = queue.length === 0;
  const err = ip6AppendData(inet6SockOf(sk), fl6, sk.payload.set(payload, 0, len, 0), ipc, rt, msg.flags);
  // The cork keeps the route of its first piece only.
  if (!begins || err !== 0 || queue.length === 0) rt.release();
  if (err !== 0) {
    if (!begins) ip6FlushPendingFrames(inet6SockOf(sk));
    return err;
  }
  const [head] = queue;
  if (begins && head !== undefined && ipc.txFlags !== 0) skbSetupTxTimestamp(sk, head, ipc.txFlags, ipc.tsKey);
  return (msg.flags & MSG_MORE) !== 0 ? 0 : rawv6PushPendingFrames(sk, fl6);
}

/** `rawv6_send_hdrinc`: takes over the reference on `rt`. Nothing of the program's header is filled in. */
function sendHdrinc(sk: Raw6Sock, np: Inet6Pinfo, fl6: Flowi6, payload: Uint8Array, len: number, rt: Rt6Info, flags: number, ipc: Ipcm6Cookie): number {
  const { net } = sk;
  const skb = hdrincSkb(sk, fl6, payload, len, rt, flags, ipc);
  if (typeof skb === 'number') {
    rt.release();
    return skb === -ENOBUFS && !np.recverr ? 0 : skb;
  }
  const { idev } = rt;
  ip6IncStats(ipv6Net.of(net), idev, IPSTATS_MIB_OUTREQUESTS);
  const err = toErrno(ip6HookOut(net, sk, skb));
  if (err !== 0) ip6IncStats(ipv6Net.of(net), idev, IPSTATS_MIB_OUTDISCARDS);
  return err === -ENOBUFS && !np.recverr ? 0 : err;
}

/** `net_xmit_errno`: a queue that dropped the packet is out of room. */
function toErrno(rc: number): number {
  return rc > 0 ? (rc === NET_XMIT_CN ? 0 : -ENOBUFS) : rc;
}

/** The packet as the program made it, with the route on it; or a negative errno, or 0 with MSG_PROBE. */
function hdrincSkb(sk: Raw6Sock, fl6: Flowi6, payload: Uint8Array, len: number, rt: Rt6Info, flags: number, ipc: Ipcm6Cookie): SkBuff | number {
  const { dev } = rt;
  if (len > dev.mtu) {
    sk.localError6(EMSGSIZE, fl6, dev.mtu);
    return -EMSGSIZE;
  }
  if (len < IPV6HDR_LEN) return -EINVAL;
  if ((flags & MSG_PROBE) !== 0) return 0;
  const refused = sockMaySend(sk);
  const room = llReservedSpace(dev);
  const skb = refused !== 0 ? null : sk.net.skbs.alloc(len + room + dev.neededTailroom + 15);
  if (skb === null) {
    ip6IncStats(ipv6Net.of(sk.net), rt.idev, IPSTATS_MIB_OUTDISCARDS);
    return refused || -ENOBUFS;
  }
  sk.setOwnerW(skb);
  skb.reserve(room);
  skb.protocol = ETH_P_IPV6;
  skb.priority = ipc.priority;
  skb.mark = ipc.mark;
  skb.networkHeader = skb.putData(payload, 0, len);
  skb.transportHeader = skb.networkHeader;
  skb.ipSummed = CHECKSUM_NONE;
  ip6cbInit(skb, 0);
  skb.cb[IP6CB_NHOFF] = IPV6HDR_NEXTHDR;
  if (ipc.txFlags !== 0) skbSetupTxTimestamp(sk, skb, ipc.txFlags, ipc.tsKey);
  skb.dstSet(rt);
  return skb;
}
