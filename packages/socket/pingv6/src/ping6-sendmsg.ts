/** Sending (`ping_v6_sendmsg` in `net/ipv6/ping.c`): echo requests only, with the socket's identifier. */
import {
  IPV6_FLOWINFO_MASK,
  type Inet6Pinfo,
  SOCKADDR_IN6_LEN,
  type SockaddrIn6,
  inet6Np,
  inet6SockOf,
  ip6DatagramSendCtl,
  ip6SkDstLookupFlow,
  ipcm6InitSk,
  ipv6AddrNeedsScopeId,
} from '@skbuff/af-inet6';
import { CHECKSUM_NONE, skbChecksum } from '@skbuff/core';
import {
  type Flowi6,
  IPV6_ADDR_MAPPED,
  type Inet6Dev,
  type Ipcm6Cookie,
  type Rt6Info,
  ip6MakeFlowinfo,
  ip6MakeSkb,
  ip6SendSkb,
  ipv6AddrType,
  ipv6Net,
} from '@skbuff/ipv6';
import { type PingSock, pingCommonSendmsg } from '@skbuff/ping';
import { type Msghdr, skbSetupTxTimestamp } from '@skbuff/sock';
import {
  AF_INET6,
  EAFNOSUPPORT,
  EDESTADDRREQ,
  EINVAL,
  ICMP6_MIB_OUTERRORS,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_EXT_ECHO_REQUEST,
  IPPROTO_ICMPV6,
  IPV6_FLOWINFO_FLOWLABEL,
  MSG_DONTWAIT,
  TCP_ESTABLISHED,
} from '@skbuff/uapi';
import {
  ICMP6HDR_CKSUM,
  ICMP6HDR_CODE,
  ICMP6HDR_DATA,
  ICMP6HDR_LEN,
  ICMP6HDR_TYPE,
  type In6Addr,
  IPV6HDR_SADDR,
  be16,
  csumIpv6Magic,
  setBe16,
} from '@skbuff/wire';

/** Bytes from the ICMPv6 header to the number of the message; the identifier is before it. */
const SEQUENCE: number = ICMP6HDR_DATA + 2;

/** `ping_supported` of IPv6: what may be sent, and about which errors may be heard. */
export function pingV6Supported(type: number, code: number): boolean {
  return code === 0 && (type === ICMPV6_ECHO_REQUEST || type === ICMPV6_EXT_ECHO_REQUEST);
}

/**
 * `ping_v6_sendmsg`: an ICMPv6 message, header first; its identifier and checksum are filled in. Returns `len`, or -EMSGSIZE, -EINVAL
 * (shorter than a header, no echo request, an address of a link without interface), -EDESTADDRREQ, -EAFNOSUPPORT, -ENETUNREACH, -EAGAIN.
 */
export function pingV6Sendmsg(sk: PingSock, msg: Msghdr, len: number): number {
  const payload = pingCommonSendmsg(sk, msg, len, pingV6Supported);
  if (typeof payload === 'number') return payload;
  const np = inet6Np(sk);
  const name = msg.name as SockaddrIn6 | null;
  if (name !== null && !(name.length >= SOCKADDR_IN6_LEN)) return -EINVAL;
  if (name !== null && name.family !== AF_INET6) return -EAFNOSUPPORT;
  if (name === null && sk.state !== TCP_ESTABLISHED) return -EDESTADDRREQ;
  const fl6 = np.fl6.init(IPPROTO_ICMPV6);
  const daddr = name === null ? np.daddr : name.addr;
  // It does not wait for room, whatever the caller says.
  msg.flags |= MSG_DONTWAIT;
  const err = way(sk, np, name, daddr, fl6);
  if (err !== 0) return err;
  const ipc = ipcm6InitSk(sk);
  const bad = msg.control.length === 0 ? 0 : ip6DatagramSendCtl(sk, msg.control, fl6, ipc);
  if (bad !== 0) return bad;
  // Linux sends no options with these, be they the socket's or this message's.
  ipc.opt = null;
  const rt = route(sk, np, daddr, fl6, ipc, payload);
  return typeof rt === 'number' ? rt : send(sk, payload, len, ipc, fl6, rt);
}

/** Interface and flow label, as the destination has them: 0 or -EINVAL. */
function way(sk: PingSock, np: Inet6Pinfo, name: SockaddrIn6 | null, daddr: In6Addr, fl6: Flowi6): number {
  const type = ipv6AddrType(daddr);
  const scoped = ipv6AddrNeedsScopeId(type);
  if (name === null) fl6.flowlabel = np.flowLabel;
  else if (np.sndflow) fl6.flowlabel = name.flowinfo & IPV6_FLOWINFO_MASK;
  if (name !== null && scoped) fl6.oif = name.scopeId;
  fl6.oif ||= sk.boundDevIf || np.stickyIfindex || (daddr.isMulticast() ? np.mcastOif : np.ucastOif);
  if ((scoped && fl6.oif === 0) || (type & IPV6_ADDR_MAPPED) !== 0) return -EINVAL;
  return fl6.oif !== 0 && sk.boundDevIf !== 0 && fl6.oif !== sk.boundDevIf ? -EINVAL : 0;
}

/** One reference, or a negative errno. The source is the socket's, whatever ancillary data says. */
function route(sk: PingSock, np: Inet6Pinfo, daddr: In6Addr, fl6: Flowi6, ipc: Ipcm6Cookie, payload: Uint8Array): Rt6Info | number {
  fl6.saddr.copy(np.saddr);
  fl6.daddr.copy(daddr);
  fl6.mark = ipc.mark;
  fl6.sport = payload[ICMP6HDR_TYPE];
  fl6.dport = payload[ICMP6HDR_CODE];
  fl6.tos = ipc.tclass;
  fl6.flowlabel = ip6MakeFlowinfo(ipc.tclass, fl6.flowlabel & IPV6_FLOWINFO_FLOWLABEL);
  return ip6SkDstLookupFlow(sk, fl6, daddr, false);
}

/** The reference on `rt` is taken over. Once the message is made, what becomes of it is nobody's error. */
function send(sk: PingSock, payload: Uint8Array, len: number, ipc: Ipcm6Cookie, fl6: Flowi6, rt: Rt6Info): number {
  const { idev } = rt;
  const skb = ip6MakeSkb(inet6SockOf(sk), fl6, sk.payload.set(payload, ICMP6HDR_LEN, len - ICMP6HDR_LEN, ICMP6HDR_LEN), ipc, rt, MSG_DONTWAIT);
  if (typeof skb === 'number') {
    rt.release();
    countError(sk, idev);
    return skb;
  }
  if (ipc.txFlags !== 0) skbSetupTxTimestamp(sk, skb, ipc.txFlags, ipc.tsKey);
  const { bytes, transportHeader: icmph, networkHeader: nh } = skb;
  bytes[icmph + ICMP6HDR_TYPE] = payload[ICMP6HDR_TYPE];
  bytes[icmph + ICMP6HDR_CODE] = payload[ICMP6HDR_CODE];
  setBe16(bytes, icmph + ICMP6HDR_CKSUM, 0);
  setBe16(bytes, icmph + ICMP6HDR_DATA, sk.inetSport);
  setBe16(bytes, icmph + SEQUENCE, be16(payload, SEQUENCE));
  const sum = csumIpv6Magic(bytes, nh + IPV6HDR_SADDR, len, IPPROTO_ICMPV6, skbChecksum(skb, icmph - skb.data, len, 0));
  setBe16(bytes, icmph + ICMP6HDR_CKSUM, sum);
  skb.ipSummed = CHECKSUM_NONE;
  ip6SendSkb(sk.net, skb);
  return len;
}

function countError({ net }: PingSock, idev: Inet6Dev | null): void {
  ipv6Net.of(net).icmpv6Stats[ICMP6_MIB_OUTERRORS]++;
  if (idev !== null) idev.icmpv6Stats[ICMP6_MIB_OUTERRORS]++;
}
