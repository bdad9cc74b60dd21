/** Building and sending one message (`icmp_reply`, `icmp_push_reply`). */
import { CHECKSUM_NONE, type Net, type SkBuff, skbChecksum } from '@skbuff/core';
import { type Rtable, fibComputeSpecDst, ipMakeSkb, ipOptionsEcho, ipSendSkb, ipv4Net } from '@skbuff/ipv4';
import { ICMP_ECHOREPLY, IPPROTO_ICMP } from '@skbuff/uapi';
import { ICMPHDR_CHECKSUM, ICMPHDR_CODE, ICMPHDR_LEN, ICMPHDR_TYPE, ICMPHDR_UN, IPHDR_SADDR, IPHDR_TOS, be32, csumFold, setBe16, setBe32 } from '@skbuff/wire';
import { icmpGlobalAllow, icmpHostAllow } from './icmp-limit.ts';
import { type IcmpNet, icmpNet } from './icmp-net.ts';
import { ICMP_MIB_OUTERRORS } from './icmp-snmp.ts';

/** `IP4_REPLY_MARK`. */
export function ip4ReplyMark(net: Net, mark: number): number {
  return ipv4Net.of(net).fwmarkReflect !== 0 ? mark : 0;
}

/**
 * `icmp_push_reply`: sends type, code and second word, then `length` bytes of `payload` from `from`, by `rt` (whose reference is taken
 * over) with the flow, cookie and options of `state`.
 */
export function icmpPushReply(
  net: Net,
  state: IcmpNet,
  rt: Rtable,
  type: number,
  code: number,
  un: number,
  payload: Uint8Array,
  from: number,
  length: number,
): void {
  const reply = ipMakeSkb(net, state.sk, state.fl4, payload, from, length, ICMPHDR_LEN, state.cookie, rt, 0);
  if (typeof reply === 'number') {
    state.mib[ICMP_MIB_OUTERRORS]++;
    rt.release();
    return;
  }
  const { bytes, transportHeader: at } = reply;
  bytes[at + ICMPHDR_TYPE] = type;
  bytes[at + ICMPHDR_CODE] = code;
  setBe16(bytes, at + ICMPHDR_CHECKSUM, 0);
  setBe32(bytes, at + ICMPHDR_UN, un);
  const offset = at - reply.data;
  setBe16(bytes, at + ICMPHDR_CHECKSUM, csumFold(skbChecksum(reply, offset, reply.len - offset, 0)));
  reply.ipSummed = CHECKSUM_NONE;
  ipSendSkb(net, reply);
}

/**
 * `icmp_reply`: answers the request `skb` with `length` bytes of `payload` from `from`. From the address that
 * was asked, or for a broadcast the one that this host has on that way; with the request's TOS, and its options as RFC 1122 §3.2.2.6
 * wants them back.
 */
export function icmpReply(skb: SkBuff, type: number, code: number, un: number, payload: Uint8Array, from: number, length: number): void {
  const rt = skb.dst as Rtable;
  const { net } = rt.dev;
  const state = icmpNet.of(net);
  if (state.busy || ipOptionsEcho(net, state.options, skb) !== 0) return;
  const allowed = icmpGlobalAllow(net, type, code);
  if (allowed === 0) return;
  const { softirq } = net.kernel;
  softirq.localBhDisable();
  state.busy = true;
  // Linux does not tell its socket the type of an answer, so that every answer counts as an echo reply.
  state.countAs = ICMP_ECHOREPLY;
  const route = replyRoute(net, state, skb);
  if (typeof route !== 'number') {
    if (icmpHostAllow(net, route, state.fl4.daddr, allowed === 2)) icmpPushReply(net, state, route, type, code, un, payload, from, length);
    else route.release();
  }
  state.countAs = -1;
  state.busy = false;
  softirq.localBhEnable();
}

function replyRoute(net: Net, state: IcmpNet, skb: SkBuff): Rtable | number {
  const { fl4, cookie, options } = state;
  const iph = skb.networkHeader;
  const tos = skb.bytes[iph + IPHDR_TOS];
  const sender = be32(skb.bytes, iph + IPHDR_SADDR);
  cookie.tos = tos;
  cookie.addr = sender;
  cookie.mark = ip4ReplyMark(net, skb.mark);
  cookie.opt = options.optlen !== 0 ? options : null;
  fl4.init(0, cookie.mark, tos, 0, IPPROTO_ICMP, 0, options.srr !== 0 ? options.faddr : sender, fibComputeSpecDst(net, skb), 0, 0);
  return state.ip.routing?.routeOutput(net, fl4, null) ?? -1;
}
