/** IPv4 forwarding (`net/ipv4/ip_forward.c`): checks in the order of RFC 1812 as Linux makes them. */
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  llReservedSpace,
  NF_BIT_IPV4_FORWARD,
  NF_HOOK_OK,
  type Net,
  type NetDevice,
  NET_RX_DROP,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_PKT_TOO_BIG,
  type SkBuff,
  type SkbSock,
  skbGsoValidateNetworkLen,
  skbWarnIfLro,
} from '@skbuff/core';
import {
  ICMP_DEST_UNREACH,
  ICMP_EXC_TTL,
  ICMP_FRAG_NEEDED,
  ICMP_SR_FAILED,
  ICMP_TIME_EXCEEDED,
  IPSTATS_MIB_FRAGFAILS,
  IPSTATS_MIB_INHDRERRORS,
  IPSTATS_MIB_OUTFORWDATAGRAMS,
  IP_DF,
  NFPROTO_IPV4,
  NF_INET_FORWARD,
  PACKET_HOST,
} from '@skbuff/uapi';
import { IPHDR_CHECK, IPHDR_FRAG_OFF, IPHDR_TOS, IPHDR_TTL } from '@skbuff/wire';
import { IPCB_FLAGS, IPCB_FRAG_MAX_SIZE, IPCB_OPTLEN, IPCB_OPT_FLAGS, IPCB_OPT_ROUTER_ALERT, IPCB_OPT_SRR, IPSKB_DOREDIRECT, IPSKB_FORWARDED } from './ip-cb.ts';
import { IPOPT_F_STRICTROUTE } from './ip-options.ts';
import { rtTos2Priority } from './tos.ts';
import { type Ipv4Net, ipv4Net } from './ipv4-net.ts';
import { type Rtable, ipMtuLocked } from './rtable.ts';

/** `ip_forward`: for another host. Takes over the sk_buff, whose dst is the way out. */
export function ipForward(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const { net } = dev;
  const state = ipv4Net.of(net);
  if (skb.pktType !== PACKET_HOST || skb.sk !== null || (skb.dataLen !== 0 && skbWarnIfLro(skb))) return forwardDrop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
  const { cb } = skb;
  if (cb[IPCB_OPTLEN] !== 0 && cb[IPCB_OPT_ROUTER_ALERT] !== 0 && state.routerAlert !== null && state.routerAlert(skb)) return 0;
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.ipSummed = CHECKSUM_NONE;
  const rt = skb.dst as Rtable;
  if (skb.bytes[skb.networkHeader + IPHDR_TTL] <= 1) return tooManyHops(skb, state);
  if (cb[IPCB_OPTLEN] !== 0 && (cb[IPCB_OPT_FLAGS] & IPOPT_F_STRICTROUTE) !== 0 && rt.gateway !== 0) return strictRouteFailed(skb, state);
  state.stats[IPSTATS_MIB_OUTFORWDATAGRAMS]++;
  cb[IPCB_FLAGS] |= IPSKB_FORWARDED;
  const mtu = forwardMtu(rt, state);
  if (skb.len > mtu && exceedsMtu(skb, mtu)) return tooBig(skb, state, mtu);
  const room = llReservedSpace(rt.dev) + rt.headerLen;
  if ((skb.data - skb.head < room || skb.cloned) && skb.cache.cow(skb, room) !== 0) return forwardDrop(skb, SKB_DROP_REASON_NOMEM);

  ipDecreaseTtl(skb.bytes, skb.networkHeader);
  if ((cb[IPCB_FLAGS] & IPSKB_DOREDIRECT) !== 0 && (cb[IPCB_OPTLEN] === 0 || cb[IPCB_OPT_SRR] === 0) && skb.sp === null) state.ip.routing?.sendRedirect?.(skb);
  if (state.ipForwardUpdatePriority !== 0) skb.priority = rtTos2Priority(skb.bytes[skb.networkHeader + IPHDR_TOS]);
  if (
    (net.nf.mask & NF_BIT_IPV4_FORWARD) !== 0 &&
    net.nf.run(NFPROTO_IPV4, NF_INET_FORWARD, null, skb, dev, rt.dev, ipForwardFinish) !== NF_HOOK_OK
  ) {
    return 0;
  }
  return ipForwardFinish(net, null, skb);
}

/** `ip_forward_finish`. */
function ipForwardFinish(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  if (skb.cb[IPCB_OPTLEN] !== 0) ipv4Net.of(net).ip.options?.forward(skb);
  const dst = skb.dst as Rtable;
  return dst.output(net, sk, skb);
}

/** `ip_decrease_ttl`: one hop less, the checksum corrected for it (RFC 1141: the TTL is the upper byte of its word). */
function ipDecreaseTtl(bytes: Uint8Array, iph: number): void {
  const check = ((bytes[iph + IPHDR_CHECK] << 8) | bytes[iph + IPHDR_CHECK + 1]) + 0x0100;
  const folded = check + (check >= 0xffff ? 1 : 0);
  bytes[iph + IPHDR_CHECK] = folded >>> 8;
  bytes[iph + IPHDR_CHECK + 1] = folded;
  bytes[iph + IPHDR_TTL]--;
}

/** `ip_dst_mtu_maybe_forward`: what routers learned from ICMP counts only if `ip_forward_use_pmtu` says so, or the metric is locked. */
function forwardMtu(rt: Rtable, state: Ipv4Net): number {
  if (rt.pmtu === 0 && rt.metrics === null) return rt.dev.mtu > 0xffff ? 0xffff : rt.dev.mtu;
  return rt.forwardMtu(state.ipForwardUsePmtu !== 0 || ipMtuLocked(rt));
}

/** `ip_exceeds_mtu`, for a packet known to be longer: whether it may not be fragmented. */
function exceedsMtu(skb: SkBuff, mtu: number): boolean {
  if ((skb.bytes[skb.networkHeader + IPHDR_FRAG_OFF] & (IP_DF >>> 8)) === 0) return false;
  // It came in fragments that were longer already.
  if (skb.cb[IPCB_FRAG_MAX_SIZE] > mtu) return true;
  return !skb.ignoreDf && !(skb.isGso() && skbGsoValidateNetworkLen(skb, mtu));
}

function tooManyHops(skb: SkBuff, state: Ipv4Net): number {
  state.stats[IPSTATS_MIB_INHDRERRORS]++;
  state.ip.icmp?.icmpSend(skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
  return forwardDrop(skb, SKB_DROP_REASON_IP_INHDR);
}

function tooBig(skb: SkBuff, state: Ipv4Net, mtu: number): number {
  state.stats[IPSTATS_MIB_FRAGFAILS]++;
  state.ip.icmp?.icmpSend(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu);
  return forwardDrop(skb, SKB_DROP_REASON_PKT_TOO_BIG);
}

function strictRouteFailed(skb: SkBuff, state: Ipv4Net): number {
  state.ip.icmp?.icmpSend(skb, ICMP_DEST_UNREACH, ICMP_SR_FAILED, 0);
  return forwardDrop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
}

function forwardDrop(skb: SkBuff, reason: number): number {
  skb.kfree(reason);
  return NET_RX_DROP;
}
