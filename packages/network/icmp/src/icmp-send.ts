/** Errors that this host sends (`icmp_send`; RFC 792, RFC 1122 §3.2.2, RFC 1812 §4.3.2). */
import { type Net, type NetDevice, type SkBuff } from '@skbuff/core';
import {
  inDevGet,
  inetIif,
  inetSelectAddr,
  IPCB_IIF,
  ipv4Mtu,
  RTCF_BROADCAST,
  RTCF_MULTICAST,
  type Rtable,
} from '@skbuff/ipv4';
import {
  ICMP_DEST_UNREACH,
  ICMP_PARAMETERPROB,
  ICMP_REDIRECT,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  IFF_LOOPBACK,
  IPPROTO_ICMP,
  IP_OFFSET,
  NR_ICMP_TYPES,
  PACKET_HOST,
  RTN_LOCAL,
  RT_SCOPE_LINK,
} from '@skbuff/uapi';
import {
  ICMPHDR_LEN,
  IPHDR_DADDR,
  IPHDR_FRAG_OFF,
  IPHDR_LEN,
  IPHDR_PROTOCOL,
  IPHDR_SADDR,
  IPHDR_TOS,
  be16,
  be32,
  ipHdrlen,
} from '@skbuff/wire';
import { icmpv4GlobalAllow, icmpv4XrlimAllow } from './icmp-limit.ts';
import { type IcmpNet, icmpNet } from './icmp-net.ts';
import { icmpEchoOptions, icmpFirstHop, icmpPushReply, ip4ReplyMark } from './icmp-reply.ts';

/** Longest error, IP header included (RFC 1812 §4.3.2.3). */
const MAX_ERROR_LEN = 576;
/** Precedence "internetwork control" (RFC 1812 §4.3.2.5). */
const IPTOS_PREC_INTERNETCONTROL = 0xc0;
const IPTOS_TOS_MASK = 0x1e;
/** 192.0.0.8 (RFC 7600): the source of one who has no address. */
const INADDR_DUMMY = 0xc0000008;

/** Whether messages of a type report errors (about which no error is sent). */
export function icmpIsError(type: number): boolean {
  return (
    type === ICMP_DEST_UNREACH || type === ICMP_SOURCE_QUENCH || type === ICMP_REDIRECT || type === ICMP_TIME_EXCEEDED || type === ICMP_PARAMETERPROB
  );
}

/**
 * `icmp_send`: tells the sender of `skb` what became of it. The sk_buff (network header set, with a route) stays the caller's. `info` is the
 * second word: the MTU, the pointer in its upper byte, or the gateway.
 */
export function icmpSend(skb: SkBuff, type: number, code: number, info: number): void {
  const rt = skb.dst as Rtable | null;
  if (rt === null || !mayAnswer(skb, rt, type)) return;
  const { net } = rt.dev;
  const state = icmpNet.of(net);
  if (state.busy) return;
  const fromLoopback = skb.dev !== null && (skb.dev.flags & IFF_LOOPBACK) !== 0;
  const allowed = fromLoopback ? 1 : icmpv4GlobalAllow(net, type, code);
  if (allowed === 0 || !icmpEchoOptions(net, state, skb)) return;
  const { softirq } = net.kernel;
  softirq.localBhDisable();
  state.busy = true;
  sendError(net, state, skb, rt, type, code, info, allowed === 2);
  state.busy = false;
  softirq.localBhEnable();
}

/** What must not be answered (RFC 1122 §3.2.2): what came to more than one host, later fragments, errors. */
function mayAnswer(skb: SkBuff, rt: Rtable, type: number): boolean {
  const { bytes, networkHeader: iph } = skb;
  if (iph < skb.head || iph + IPHDR_LEN > skb.tail || skb.pktType !== PACKET_HOST) return false;
  if ((rt.rtFlags & (RTCF_BROADCAST | RTCF_MULTICAST)) !== 0) return false;
  if ((be16(bytes, iph + IPHDR_FRAG_OFF) & IP_OFFSET) !== 0) return false;
  return !icmpIsError(type) || bytes[iph + IPHDR_PROTOCOL] !== IPPROTO_ICMP || isQuery(skb);
}

const oneByte: Uint8Array = new Uint8Array(1);

/** The packet is an ICMP message that is no error; what nobody knows may be one. */
function isQuery(skb: SkBuff): boolean {
  const at = skb.networkHeader - skb.data + ipHdrlen(skb.bytes, skb.networkHeader);
  if (at < 0) oneByte[0] = skb.bytes[skb.data + at];
  else if (!skb.copyBits(at, oneByte, 0, 1)) return false;
  return oneByte[0] <= NR_ICMP_TYPES && !icmpIsError(oneByte[0]);
}

function sendError(net: Net, state: IcmpNet, skb: SkBuff, rt: Rtable, type: number, code: number, info: number, limited: boolean): void {
  const { cookie, fl4 } = state;
  const { bytes, networkHeader: iph } = skb;
  const tos = bytes[iph + IPHDR_TOS];
  const sender = be32(bytes, iph + IPHDR_SADDR);
  cookie.tos = icmpIsError(type) ? (tos & IPTOS_TOS_MASK) | IPTOS_PREC_INTERNETCONTROL : tos;
  cookie.addr = sender;
  cookie.mark = ip4ReplyMark(net, skb.mark);
  fl4.init(0, cookie.mark, cookie.tos, 0, IPPROTO_ICMP, 0, icmpFirstHop(state, sender), sourceOf(net, state, skb, rt), 0, 0);
  const back = state.ip.routing?.routeOutput(net, fl4, null) ?? -1;
  if (typeof back === 'number') return;
  const length = icmpv4XrlimAllow(net, back, fl4.daddr, limited) ? quoteLength(skb, back, cookie.opt?.optlen ?? 0) : 0;
  if (length === 0) {
    back.release();
    return;
  }
  if (fl4.saddr === 0) fl4.saddr = INADDR_DUMMY;
  icmpPushReply(net, state, back, type, code, info, skb.bytes, skb.networkHeader, length);
}

/** The address that was written to, if it is this host's; else that of the interface where the packet came in or the error goes out. */
function sourceOf(net: Net, state: IcmpNet, skb: SkBuff, rt: Rtable): number {
  const { bytes, networkHeader: iph } = skb;
  if (rt.type === RTN_LOCAL) return be32(bytes, iph + IPHDR_DADDR);
  if (!rt.isInput() || state.errorsUseInboundIfaddr === 0) return 0;
  const dev: NetDevice | null = net.devGetByIndex(skb.cb[IPCB_IIF] !== 0 ? skb.cb[IPCB_IIF] : inetIif(skb));
  return dev === null || inDevGet(dev) === null ? 0 : inetSelectAddr(dev, be32(bytes, iph + IPHDR_SADDR), RT_SCOPE_LINK);
}

/** Bytes of the packet that are quoted, its header first; 0: the way is too narrow for as much as a header. */
function quoteLength(skb: SkBuff, back: Rtable, optlen: number): number {
  const mtu = Math.min(ipv4Mtu(back), MAX_ERROR_LEN);
  const room = mtu - IPHDR_LEN - optlen - ICMPHDR_LEN;
  if (room <= IPHDR_LEN) return 0;
  const length = Math.min(skb.len + skb.data - skb.networkHeader, room);
  // The quotation is copied from the linear part.
  const linear = length - (skb.data - skb.networkHeader);
  return linear <= 0 || skb.mayPull(linear) ? length : 0;
}
