/** Errors that this host sends (`icmp6_send`; RFC 4443 §2.4). */
import { type Net, type NetDevice, type SkBuff } from '@skbuff/core';
import {
  exthdrWalk,
  IP6CB_IIF,
  IPV6_ADDR_ANY,
  IPV6_ADDR_LINKLOCAL,
  IPV6_ADDR_MULTICAST,
  ip6SkDstHoplimit,
  ipv6AddrType,
  ipv6ChkAcastAddrSrc,
  ipv6ChkAddr,
  ipv6DevGetSaddr,
  ipv6SkipExthdr,
} from '@skbuff/ipv6';
import {
  ICMPV6_INFOMSG_MASK,
  ICMPV6_PARAMPROB,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_UNK_OPTION,
  IPPROTO_ICMPV6,
  IPV6_MIN_MTU,
  PACKET_HOST,
} from '@skbuff/uapi';
import { ICMP6HDR_LEN, In6Addr, IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_SADDR } from '@skbuff/wire';
import { icmp6Iif, icmpv6Oif, icmpv6Push, icmpv6RouteLookup, ip6ReplyMark } from './icmpv6-push.ts';
import { ICMPV6_LIMITED, ICMPV6_REFUSED, icmpv6GlobalAllow, icmpv6XrlimAllow } from './icmpv6-limit.ts';
import { type Icmpv6Net, icmpv6Net } from './icmpv6-net.ts';

/** Addresses of the packet that the error is about. */
const sender: In6Addr = new In6Addr();
const target: In6Addr = new In6Addr();
const oneByte: Uint8Array = new Uint8Array(1);

/**
 * `icmpv6_send`: tells the sender of `skb` what became of it. The sk_buff (network header set, `data` there or behind it) stays the caller's.
 * `info` is the second word: the MTU, or where the fault is.
 */
export function icmpv6Send(skb: SkBuff, type: number, code: number, info: number): void {
  const { dev, networkHeader: iph } = skb;
  if (dev === null || iph < skb.head || iph + IPV6HDR_LEN > skb.tail) return;
  const { net } = dev;
  const state = icmpv6Net.of(net);
  sender.load(skb.bytes, iph + IPV6HDR_SADDR);
  target.load(skb.bytes, iph + IPV6HDR_DADDR);
  const toMany = target.isMulticast() || skb.pktType !== PACKET_HOST;
  if (toMany && !mayAnswerMany(skb, type, code, info)) return;
  const senderType = ipv6AddrType(sender);
  if (senderType === IPV6_ADDR_ANY || (senderType & IPV6_ADDR_MULTICAST) !== 0 || isIneligible(skb) || state.busy) return;
  const allowed = icmpv6GlobalAllow(dev, state, type);
  if (allowed === ICMPV6_REFUSED) return;
  const { softirq } = net.kernel;
  softirq.localBhDisable();
  state.busy = true;
  const own = !toMany && (ipv6ChkAddr(net, target, dev, false) || ipv6ChkAcastAddrSrc(net, dev, target));
  fillFlow(net, state, skb, type, code, (senderType & IPV6_ADDR_LINKLOCAL) !== 0 ? icmp6Iif(skb) : 0, own);
  if (allowed !== ICMPV6_LIMITED || icmpv6XrlimAllow(net, state)) sendError(net, state, skb, type, code, info);
  state.busy = false;
  softirq.localBhEnable();
}

/** `icmpv6_param_prob_reason`: the sender is told that there is a fault at `pos`; frees the sk_buff. */
export function icmpv6ParamProb(skb: SkBuff, code: number, pos: number, reason: number): void {
  icmpv6Send(skb, ICMPV6_PARAMPROB, code, pos);
  skb.kfree(reason);
}

/** RFC 4443 §2.4 e: about what came to many only that it is too big, or has an option that says that it wants this (`opt_unrec`). */
function mayAnswerMany(skb: SkBuff, type: number, code: number, info: number): boolean {
  if (type === ICMPV6_PKT_TOOBIG) return true;
  return type === ICMPV6_PARAMPROB && code === ICMPV6_UNK_OPTION && byteAt(skb, info) && (oneByte[0] & 0xc0) === 0x80;
}

/** Reads a byte of the packet into `oneByte`, counted from the IPv6 header, which may be behind `data`. */
function byteAt(skb: SkBuff, at: number): boolean {
  const offset = skb.networkHeader - skb.data + at;
  if (offset >= 0) return skb.copyBits(offset, oneByte, 0, 1);
  oneByte[0] = skb.bytes[skb.networkHeader + at];
  return true;
}

/** `is_ineligible`: the packet is an ICMPv6 error, or may be one: the type is cut off. Later fragments of anything are answered. */
function isIneligible(skb: SkBuff): boolean {
  const { networkHeader: iph, data } = skb;
  // What is in front of `data` has been read: it is looked at as well.
  const back = data - iph;
  skb.data = iph;
  skb.len += back;
  const at = ipv6SkipExthdr(skb, IPV6HDR_LEN, skb.bytes[iph + IPV6HDR_NEXTHDR]);
  const ineligible = at >= 0 && exthdrWalk.nexthdr === IPPROTO_ICMPV6 && isErrorAt(skb, at);
  skb.data = data;
  skb.len -= back;
  return ineligible;
}

function isErrorAt(skb: SkBuff, at: number): boolean {
  if (!skb.copyBits(at, oneByte, 0, 1)) return exthdrWalk.fragOff === 0;
  return (oneByte[0] & ICMPV6_INFOMSG_MASK) === 0;
}

/** `own`: the packet was for an address of this host, which answers then. */
function fillFlow(net: Net, state: Icmpv6Net, skb: SkBuff, type: number, code: number, iif: number, own: boolean): void {
  const { fl6 } = state;
  fl6.init(IPPROTO_ICMPV6);
  fl6.daddr.copy(sender);
  if (own) fl6.saddr.copy(target);
  else if (!routeHasPrefsrc(net, state)) selectBySource(net, state, skb);
  fl6.mark = ip6ReplyMark(state, skb.mark);
  fl6.oif = iif;
  fl6.sport = type;
  fl6.dport = code;
}

/** `icmpv6_rt_has_prefsrc`: the route back says from where. */
function routeHasPrefsrc(net: Net, state: Icmpv6Net): boolean {
  const { routing } = state.ip;
  if (routing === null) return false;
  const rt = routing.routeOutput(net, state.sk, state.fl6, 0);
  const has = rt.error === 0 && !rt.prefsrc.isAny();
  rt.release();
  return has;
}

/** An address of the interface where the packet came in says most to who traces the route. */
function selectBySource(net: Net, state: Icmpv6Net, skb: SkBuff): void {
  const dev: NetDevice | null = net.devGetByIndex(skb.cb[IP6CB_IIF]);
  if (dev !== null) ipv6DevGetSaddr(net, dev, state.fl6.daddr, state.np.srcprefs, state.fl6.saddr);
}

function sendError(net: Net, state: Icmpv6Net, skb: SkBuff, type: number, code: number, info: number): void {
  const { fl6, cookie, np } = state;
  icmpv6Oif(state);
  cookie.mark = fl6.mark;
  cookie.tclass = np.tclass;
  fl6.flowlabel |= np.tclass << 20;
  const rt = icmpv6RouteLookup(net, state);
  if (typeof rt === 'number') return;
  cookie.hlimit = ip6SkDstHoplimit(np, fl6, rt);
  const back = skb.data - skb.networkHeader;
  const length = Math.min(skb.len + back, IPV6_MIN_MTU - IPV6HDR_LEN - ICMP6HDR_LEN);
  // The quotation is copied from the linear part.
  if (length > back && !skb.mayPull(length - back)) return rt.release();
  icmpv6Push(net, state, skb, rt, type, code, info, skb.bytes, skb.networkHeader, length);
}
