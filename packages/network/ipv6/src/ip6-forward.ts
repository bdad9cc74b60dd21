/** IPv6 forwarding (`ip6_forward` in `net/ipv6/ip6_output.c`): checks in the order in which Linux makes them. */
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  dstOutput,
  HZ,
  NF_BIT_IPV6_FORWARD,
  NF_HOOK_OK,
  type Net,
  type NetDevice,
  SKB_DROP_REASON_IP_INADDRERRORS,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_PKT_TOO_BIG,
  type SkBuff,
  skbGsoValidateNetworkLen,
  skbWarnIfLro,
} from '@skbuff/core';
import { inetPeerXrlimAllow } from '@skbuff/inet';
import {
  EINVAL,
  EMSGSIZE,
  ETIMEDOUT,
  ICMPV6_ADDR_UNREACH,
  ICMPV6_DEST_UNREACH,
  ICMPV6_EXC_HOPLIMIT,
  ICMPV6_NOT_NEIGHBOUR,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_TIME_EXCEED,
  IPPROTO_ICMPV6,
  IPSTATS_MIB_FRAGFAILS,
  IPSTATS_MIB_INADDRERRORS,
  IPSTATS_MIB_INDISCARDS,
  IPSTATS_MIB_INHDRERRORS,
  IPSTATS_MIB_INTOOBIGERRORS,
  IPSTATS_MIB_OUTDISCARDS,
  IPSTATS_MIB_OUTFORWDATAGRAMS,
  IPV6_MIN_MTU,
  NDISC_REDIRECT,
  NDISC_ROUTER_SOLICITATION,
  NFPROTO_IPV6,
  NF_INET_FORWARD,
  PACKET_HOST,
} from '@skbuff/uapi';
import { ICMP6HDR_TYPE, In6Addr, IPV6HDR_DADDR, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_SADDR } from '@skbuff/wire';
import { IPV6_ADDR_ANY, IPV6_ADDR_LINKLOCAL, IPV6_ADDR_LOOPBACK, IPV6_ADDR_MULTICAST, ipv6AddrType } from './addrconf-core.ts';
import { exthdrWalk, ipv6SkipExthdr } from './exthdrs-core.ts';
import { in6DevGet, type Inet6Dev } from './if-inet6.ts';
import { IP6CB_FLAGS, IP6CB_FRAG_MAX_SIZE, IP6CB_IIF, IP6CB_RA, IP6CB_SRCRT, IP6SKB_ROUTERALERT } from './ip6-cb.ts';
import { inetGetpeerV6 } from './inetpeer.ts';
import { ip6Input } from './ip6-input.ts';
import { type Ipv6Net, ipv6Net } from './ipv6-net.ts';
import { type Rt6Info, ip6DstMtuForward } from './rt6-info.ts';
import { ip6IncStats } from './snmp.ts';

/** Destination and source of the packet that is looked at. */
const daddr: In6Addr = new In6Addr();
const saddr: In6Addr = new In6Addr();

/** `ip6_forward`: for another host. Takes over the sk_buff, whose dst is the way out. 0, or a negative errno. */
export function ip6Forward(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const { net } = dev;
  const state = ipv6Net.of(net);
  const { cb } = skb;
  if (state.devconfAll.forwarding === 0 && !forcedForwarding(skb)) return addrError(skb, net);
  if (skb.pktType !== PACKET_HOST || skb.sk !== null || (skb.dataLen !== 0 && skbWarnIfLro(skb))) return forwardDrop(skb);
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.ipSummed = CHECKSUM_NONE;
  if ((cb[IP6CB_FLAGS] & IP6SKB_ROUTERALERT) !== 0 && state.ip.raw !== null && state.ip.raw.raChain(skb, cb[IP6CB_RA])) return 0;
  if (skb.bytes[skb.networkHeader + IPV6HDR_HOP_LIMIT] <= 1) return tooManyHops(skb, net);
  if (state.devconfAll.proxyNdp !== 0) {
    const proxied = proxiedNeighbour(skb, state);
    if (proxied !== 0) return proxied > 0 ? ip6Input(skb) : proxyRefused(skb, net);
  }
  const rt = skb.dst as Rt6Info;
  if (cb[IP6CB_IIF] === rt.dev.ifindex && cb[IP6CB_SRCRT] === 0 && skb.sp === null) redirect(skb, net, rt);
  else if (!mayLeave(skb)) return badSource(skb, net);
  state.stats[IPSTATS_MIB_OUTFORWDATAGRAMS]++;
  const { idev } = rt;
  if (idev !== null) idev.stats[IPSTATS_MIB_OUTFORWDATAGRAMS]++;
  if (skb.len > IPV6_MIN_MTU) {
    const mtu = ip6DstMtuForward(rt);
    if (skb.len > mtu && exceedsMtu(skb, mtu)) return tooBig(skb, net, mtu);
  }
  const room = rt.dev.hardHeaderLen;
  if ((skb.data - skb.head < room || skb.cloned) && skb.cache.cow(skb, room) !== 0) return noRoom(skb, net, rt);

  skb.bytes[skb.networkHeader + IPV6HDR_HOP_LIMIT]--;
  if (
    (net.nf.mask & NF_BIT_IPV6_FORWARD) !== 0 &&
    net.nf.run(NFPROTO_IPV6, NF_INET_FORWARD, null, skb, dev, rt.dev, dstOutput) !== NF_HOOK_OK
  ) {
    return 0;
  }
  return (skb.dst as Rt6Info).output(net, null, skb);
}

/** The interface that the packet came in by: errors are counted there. */
function inputDev({ cb }: SkBuff, net: Net): Inet6Dev | null {
  const dev = net.devGetByIndex(cb[IP6CB_IIF]);
  return dev === null ? null : in6DevGet(dev);
}

/** `force_forwarding`: what comes in by this interface is forwarded although the host is no router. */
function forcedForwarding(skb: SkBuff): boolean {
  return (inputDev(skb, (skb.dev as NetDevice).net)?.cnf.forceForwarding ?? 0) !== 0;
}

function tooManyHops(skb: SkBuff, net: Net): number {
  const state = ipv6Net.of(net);
  state.ip.icmp?.icmpv6Send(skb, ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
  ip6IncStats(state, inputDev(skb, net), IPSTATS_MIB_INHDRERRORS);
  skb.kfree(SKB_DROP_REASON_IP_INHDR);
  return -ETIMEDOUT;
}

/**
 * `ip6_forward_proxy_check`, for an address that this host answers for: positive: the packet is for the host itself, negative: it can go
 * nowhere, 0: it is forwarded.
 */
function proxiedNeighbour(skb: SkBuff, { ip }: Ipv6Net): number {
  const dev = skb.dev as NetDevice;
  daddr.load(skb.bytes, skb.networkHeader + IPV6HDR_DADDR);
  if (ip.ndisc === null || !ip.ndisc.isProxied(dev.net, daddr, dev)) return 0;
  const start = skb.networkHeader - skb.data + IPV6HDR_LEN;
  const offset = ipv6SkipExthdr(skb, start, skb.bytes[skb.networkHeader + IPV6HDR_NEXTHDR]);
  if (offset < 0) return 0;
  if (exthdrWalk.nexthdr === IPPROTO_ICMPV6) {
    if (!skb.mayPull(offset + 1)) return 0;
    const type = skb.bytes[skb.data + offset + ICMP6HDR_TYPE];
    if (type >= NDISC_ROUTER_SOLICITATION && type <= NDISC_REDIRECT) return 1;
  }
  // Link-local traffic does not leave the link, not by a proxy either (RFC 6275 §10.4.1).
  if (!daddr.isLinkLocal()) return 0;
  ip.icmp?.icmpv6Send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
  return -1;
}

function proxyRefused(skb: SkBuff, net: Net): number {
  ip6IncStats(ipv6Net.of(net), inputDev(skb, net), IPSTATS_MIB_INDISCARDS);
  return forwardDrop(skb);
}

/** The packet leaves as it came: its sender might have reached the next hop by itself. Once a second for each destination. */
function redirect(skb: SkBuff, net: Net, rt: Rt6Info): void {
  const { ndisc } = ipv6Net.of(net).ip;
  if (ndisc === null) return;
  daddr.load(skb.bytes, skb.networkHeader + IPV6HDR_DADDR);
  if (inetPeerXrlimAllow(inetGetpeerV6(net, daddr), net.timers.jiffies, HZ)) ndisc.sendRedirect(skb, rt.nexthop(daddr));
}

/** Whether the source is one that counts beyond its link. */
function mayLeave({ bytes, networkHeader }: SkBuff): boolean {
  const first = bytes[networkHeader + IPV6HDR_SADDR];
  if (first !== 0 && first !== 0xfe && first !== 0xff) return true;
  const type = ipv6AddrType(saddr.load(bytes, networkHeader + IPV6HDR_SADDR));
  return type !== IPV6_ADDR_ANY && (type & (IPV6_ADDR_MULTICAST | IPV6_ADDR_LOOPBACK | IPV6_ADDR_LINKLOCAL)) === 0;
}

/** A host with a link-local source is told that the destination is beyond its scope. */
function badSource(skb: SkBuff, net: Net): number {
  if (saddr.isLinkLocal()) ipv6Net.of(net).ip.icmp?.icmpv6Send(skb, ICMPV6_DEST_UNREACH, ICMPV6_NOT_NEIGHBOUR, 0);
  return addrError(skb, net);
}

function addrError(skb: SkBuff, net: Net): number {
  ip6IncStats(ipv6Net.of(net), inputDev(skb, net), IPSTATS_MIB_INADDRERRORS);
  skb.kfree(SKB_DROP_REASON_IP_INADDRERRORS);
  return -EINVAL;
}

/** `ip6_pkt_too_big`, for a packet known to be longer: a router does not cut it (RFC 8200 §5). */
function exceedsMtu(skb: SkBuff, mtu: number): boolean {
  // It came in fragments that were longer already.
  if (skb.cb[IP6CB_FRAG_MAX_SIZE] > mtu) return true;
  return !skb.ignoreDf && !(skb.isGso() && skbGsoValidateNetworkLen(skb, mtu));
}

function tooBig(skb: SkBuff, net: Net, mtu: number): number {
  const state = ipv6Net.of(net);
  const rt = skb.dst as Rt6Info;
  const idev = inputDev(skb, net);
  // The address that speaks is one of the way out.
  skb.dev = rt.dev;
  state.ip.icmp?.icmpv6Send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
  ip6IncStats(state, idev, IPSTATS_MIB_INTOOBIGERRORS);
  ip6IncStats(state, rt.idev, IPSTATS_MIB_FRAGFAILS);
  skb.kfree(SKB_DROP_REASON_PKT_TOO_BIG);
  return -EMSGSIZE;
}

function noRoom(skb: SkBuff, net: Net, rt: Rt6Info): number {
  ip6IncStats(ipv6Net.of(net), rt.idev, IPSTATS_MIB_OUTDISCARDS);
  return forwardDrop(skb);
}

function forwardDrop(skb: SkBuff): number {
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return -EINVAL;
}
