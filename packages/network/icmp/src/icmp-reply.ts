/** Building and sending one message (`icmp_reply`, `icmp_push_reply`). */
import { CHECKSUM_NONE, type Net, type SkBuff, skbChecksum } from '@skbuff/core';
import { IPCB_OPTLEN, type Rtable, fibComputeSpecDst, ipMakeSkb, ipSendSkb, ipv4Net } from '@skbuff/ipv4';
import { ICMP_ECHOREPLY, ICMP_MIB_OUTERRORS, IPPROTO_ICMP } from '@skbuff/uapi';
import { ICMPHDR_CHECKSUM, ICMPHDR_CODE, ICMPHDR_LEN, ICMPHDR_TYPE, ICMPHDR_UN, IPHDR_SADDR, IPHDR_TOS, be32, csumFold, setBe16, setBe32 } from '@skbuff/wire';
import { type IcmpNet, icmpNet } from './icmp-net.ts';

/** `IP4_REPLY_MARK`. */
export function ip4ReplyMark(net: Net, mark: number): number {
  return ipv4Net.of(net).fwmarkReflect !== 0 ? mark : 0;
}

/**
 * Turns the options of `skb` round for the message about it (RFC 1122 §3.2.2.6), into `state.cookie.opt`: null if there are none. False if
 * they leave no room for what has to be in them.
 */
export function icmpEchoOptions(net: Net, state: IcmpNet, skb: SkBuff): boolean {
  state.cookie.opt = null;
  const door = state.ip.options;
  if (skb.cb[IPCB_OPTLEN] === 0 || door === null) return true;
  const options = (state.options ??= door.make());
  if (door.echo(net, options, skb) !== 0) return false;
  if (options.optlen !== 0) state.cookie.opt = options;
  return true;
}

/** Where a message to `sender` goes first: the first hop of a source route, if it has one. */
export function icmpFirstHop(state: IcmpNet, sender: number): number {
  const { opt } = state.cookie;
  return opt !== null && opt.srr !== 0 ? opt.faddr : sender;
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
  const reply = ipMakeSkb(state.sk, state.fl4, state.payload.set(payload, from, length, ICMPHDR_LEN), state.cookie, rt, 0);
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
  if (state.busy || !icmpEchoOptions(net, state, skb)) return;
  const { limits } = state.icmp;
  const allowed = limits === null ? 1 : limits.globalAllow(net, type, code);
  if (allowed === 0) return;
  const { softirq } = net.kernel;
  softirq.localBhDisable();
  state.busy = true;
  // Linux does not tell its socket the type of an answer, so that every answer counts as an echo reply.
  state.countAs = ICMP_ECHOREPLY;
  const route = replyRoute(net, state, skb);
  if (typeof route !== 'number') {
    if (limits === null || limits.xrlimAllow(net, route, state.fl4.daddr, allowed === 2)) icmpPushReply(net, state, route, type, code, un, payload, from, length);
    else route.release();
  }
  state.countAs = -1;
  state.busy = false;
  softirq.localBhEnable();
}

function replyRoute(net: Net, state: IcmpNet, skb: SkBuff): Rtable | number {
  const { fl4, cookie } = state;
  const iph = skb.networkHeader;
  const tos = skb.bytes[iph + IPHDR_TOS];
  const sender = be32(skb.bytes, iph + IPHDR_SADDR);
  cookie.tos = tos;
  cookie.addr = sender;
  cookie.mark = ip4ReplyMark(net, skb.mark);
  fl4.init(0, cookie.mark, tos, 0, IPPROTO_ICMP, 0, icmpFirstHop(state, sender), fibComputeSpecDst(net, skb), 0, 0);
  return state.ip.routing?.routeOutput(net, fl4, null) ?? -1;
}
