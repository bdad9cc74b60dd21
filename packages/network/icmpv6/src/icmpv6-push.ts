/** What errors and replies have in common: where they go, and the message itself (`icmpv6_push_pending_frames`). */
import { CHECKSUM_NONE, type Net, type NetDevice, type SkBuff, skbChecksum } from '@skbuff/core';
import { in6DevGet, ip6DstLookup, ip6MakeSkb, ip6SendSkb, type Rt6Info } from '@skbuff/ipv6';
import { EINVAL, ICMP6_MIB_OUTERRORS, IFF_LOOPBACK, IPPROTO_ICMPV6, RTF_ANYCAST, RTF_GATEWAY, RTF_NONEXTHOP } from '@skbuff/uapi';
import {
  ICMP6HDR_CKSUM,
  ICMP6HDR_CODE,
  ICMP6HDR_DATA,
  ICMP6HDR_TYPE,
  type In6Addr,
  IPV6HDR_SADDR,
  csumIpv6Magic,
  setBe16,
  setBe32,
} from '@skbuff/wire';
import type { Icmpv6Net } from './icmpv6-net.ts';

/** `IP6_REPLY_MARK`. */
export function ip6ReplyMark({ ipv6 }: Icmpv6Net, mark: number): number {
  return ipv6.fwmarkReflect !== 0 ? mark : 0;
}

/** `icmp6_dev`: where the packet arrived; what this host sends itself arrived on the interface that has the address. */
export function icmp6Dev(skb: SkBuff): NetDevice {
  const dev = skb.dev as NetDevice;
  if ((dev.flags & IFF_LOOPBACK) === 0 || skb.dst === null) return dev;
  return (skb.dst as Rt6Info).idev?.dev ?? dev;
}

/** `icmp6_iif`. */
export function icmp6Iif(skb: SkBuff): number {
  return icmp6Dev(skb).ifindex;
}

/** `ipv6_anycast_destination`: `daddr` is the address of more than one: one that was given as such, or that of the routers of a subnet. */
export function ipv6AnycastDestination(rt: Rt6Info, daddr: In6Addr): boolean {
  if ((rt.rtFlags & RTF_ANYCAST) !== 0) return true;
  return rt.dstPlen < 127 && (rt.rtFlags & (RTF_GATEWAY | RTF_NONEXTHOP)) === 0 && rt.dstAddr.equals(daddr);
}

/** The interface that the socket is to send by, where the flow names none. */
export function icmpv6Oif({ fl6, np }: Icmpv6Net): void {
  if (fl6.oif === 0) fl6.oif = fl6.daddr.isMulticast() ? np.mcastOif : np.ucastOif;
}

/** `icmpv6_route_lookup`: the way of an error by `state.fl6`; or a negative errno: to an anycast address none is sent, unless that is wanted. */
export function icmpv6RouteLookup(net: Net, state: Icmpv6Net): Rt6Info | number {
  const rt = ip6DstLookup(net, state.sk, state.fl6);
  if (typeof rt === 'number' || state.ipv6.icmpv6ErrorAnycastAsUnicast !== 0 || !ipv6AnycastDestination(rt, state.fl6.daddr)) return rt;
  rt.release();
  return -EINVAL;
}

/**
 * Sends type, code and second word, then `length` bytes of `payload` from `from`, by `rt` (whose reference is taken over) with the flow and
 * cookie of `state`. `about`: the packet that is answered. False: there is no memory, or too much of it waits to be sent.
 */
export function icmpv6Push(
  net: Net,
  state: Icmpv6Net,
  about: SkBuff,
  rt: Rt6Info,
  type: number,
  code: number,
  info: number,
  payload: Uint8Array,
  from: number,
  length: number,
): boolean {
  const { payload: data } = state;
  data.bytes = payload;
  data.from = from;
  data.length = length;
  const message = ip6MakeSkb(state.sk, state.fl6, data, state.cookie, rt, 0);
  if (typeof message === 'number') {
    state.count(in6DevGet(about.dev as NetDevice), ICMP6_MIB_OUTERRORS);
    rt.release();
    return false;
  }
  const { bytes, transportHeader: at, networkHeader: iph } = message;
  bytes[at + ICMP6HDR_TYPE] = type;
  bytes[at + ICMP6HDR_CODE] = code;
  setBe16(bytes, at + ICMP6HDR_CKSUM, 0);
  setBe32(bytes, at + ICMP6HDR_DATA, info);
  const offset = at - message.data;
  const len = message.len - offset;
  setBe16(bytes, at + ICMP6HDR_CKSUM, csumIpv6Magic(bytes, iph + IPV6HDR_SADDR, len, IPPROTO_ICMPV6, skbChecksum(message, offset, len, 0)));
  message.ipSummed = CHECKSUM_NONE;
  ip6SendSkb(net, message);
  return true;
}
