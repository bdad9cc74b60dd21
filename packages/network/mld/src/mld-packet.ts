/**
 * Messages as they go out (RFC 2710 §3, RFC 3810 §5.2): from a link-local address, or :: while there is none, hop limit 1, behind a router
 * alert.
 *
 *   MLDv1  type, 0, checksum | 0, 0 | group
 *   MLDv2  143, 0, checksum | 0, records | each: type, 0, sources | group | sources
 */
import { LL_MAX_HEADER, type Net, NetSlot, type NetDevice, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff } from '@skbuff/core';
import { CtlSock6, in6DevGet, ip6HookOut, ip6IncStats, ipv6GetLladdr, ipv6Net } from '@skbuff/ipv6';
import {
  ETH_P_IPV6,
  ICMPV6_MGM_REDUCTION,
  ICMPV6_MLD2_REPORT,
  IFA_F_TENTATIVE,
  IPPROTO_HOPOPTS,
  IPPROTO_ICMPV6,
  IPSTATS_MIB_OUTDISCARDS,
  IPSTATS_MIB_OUTREQUESTS,
  IPV6_TLV_PADN,
  IPV6_TLV_ROUTERALERT,
} from '@skbuff/uapi';
import {
  csumIpv6Magic,
  csumPartial,
  ICMP6HDR_CKSUM,
  In6Addr,
  in6addrLinklocalAllrouters,
  IPV6HDR_DADDR,
  IPV6HDR_HOP_LIMIT,
  IPV6HDR_LEN,
  IPV6HDR_NEXTHDR,
  IPV6HDR_PAYLOAD_LEN,
  IPV6HDR_SADDR,
  setBe16,
} from '@skbuff/wire';

/** The hop-by-hop header: a router alert that says MLD (RFC 2711), padded to eight bytes. */
const ROUTER_ALERT = Uint8Array.of(IPPROTO_ICMPV6, 0, IPV6_TLV_ROUTERALERT, 2, 0, 0, IPV6_TLV_PADN, 0);
/** Headers before the message. */
const HEADERS: number = IPV6HDR_LEN + ROUTER_ALERT.length;
/** A message of MLDv1. */
export const MLD_LEN = 24;
/** What comes before the records of a report, and a record before its sources. */
export const MLD2_REPORT_LEN = 8;
export const MLD2_GREC_LEN = 20;
const TC_PRIO_CONTROL = 7;
/** net.core.wmem_default. */
const SNDBUF = 212_992;

/** ff02::16, all routers that speak MLDv2. */
const MLD2_ALL_MCR: Readonly<In6Addr> = new In6Addr(0xff020000, 0, 0, 0x16);

/** `igmp_sk`: the socket that a namespace sends by. */
export const igmpSk: NetSlot<CtlSock6> = new NetSlot<CtlSock6>('igmp6');

/** `igmp6_net_init`'s socket. */
export function igmpSkNew(net: Net): CtlSock6 {
  return new CtlSock6(net, SNDBUF);
}

const saddr = new In6Addr();

/**
 * `mld_newpack`: a packet for `daddr` with room for `room` bytes behind its headers, `transportHeader` at the tail. Null: the socket has too
 * much under way, or memory is out.
 */
function newpack(dev: NetDevice, daddr: In6Addr, room: number): SkBuff | null {
  const sk = igmpSk.of(dev.net);
  const skb = sk.mayAlloc() === 0 ? dev.net.skbs.alloc(LL_MAX_HEADER + HEADERS + room) : null;
  if (skb === null) return null;
  sk.setOwnerW(skb);
  skb.reserve(LL_MAX_HEADER);
  skb.dev = dev;
  skb.protocol = ETH_P_IPV6;
  skb.priority = TC_PRIO_CONTROL;
  if (!ipv6GetLladdr(dev, saddr, IFA_F_TENTATIVE)) saddr.set(0, 0, 0, 0);
  skb.resetNetworkHeader();
  const at = skb.putZero(IPV6HDR_LEN);
  const b = skb.bytes;
  b[at] = 0x60;
  b[at + IPV6HDR_NEXTHDR] = IPPROTO_HOPOPTS;
  b[at + IPV6HDR_HOP_LIMIT] = 1;
  saddr.store(b, at + IPV6HDR_SADDR);
  daddr.store(b, at + IPV6HDR_DADDR);
  skb.putData(ROUTER_ALERT, 0, ROUTER_ALERT.length);
  skb.transportHeader = skb.tail;
  return skb;
}

/** Lengths, checksum, route, and off it goes. Takes over the sk_buff. */
function sendpack(skb: SkBuff, type: number): void {
  const dev = skb.dev as NetDevice;
  const { net } = dev;
  const state = ipv6Net.of(net);
  const { ip } = state;
  const idev = in6DevGet(dev);
  const daddr = new In6Addr().load(skb.bytes, skb.networkHeader + IPV6HDR_DADDR);
  finish(skb);
  ip6IncStats(state, idev, IPSTATS_MIB_OUTREQUESTS);
  const dst = ip.routing?.icmp6DstAlloc(dev, daddr) ?? null;
  if (dst === null) {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return;
  }
  skb.dstSet(dst);
  const err = ip6HookOut(net, skb.sk, skb);
  if (err === 0) ip.icmp?.outCount(net, idev, type);
  else ip6IncStats(state, idev, IPSTATS_MIB_OUTDISCARDS);
}

function finish(skb: SkBuff): void {
  const { bytes, networkHeader: iph, transportHeader: message } = skb;
  const len = skb.tail - message;
  setBe16(bytes, iph + IPV6HDR_PAYLOAD_LEN, len + ROUTER_ALERT.length);
  setBe16(bytes, message + ICMP6HDR_CKSUM, csumIpv6Magic(bytes, iph + IPV6HDR_SADDR, len, IPPROTO_ICMPV6, csumPartial(bytes, message, len, 0)));
}

/** `igmp6_send`: a report (to the group) or the end of listening (to all routers) by MLDv1. */
export function igmp6Send(group: In6Addr, dev: NetDevice, type: number): void {
  const skb = newpack(dev, type === ICMPV6_MGM_REDUCTION ? in6addrLinklocalAllrouters : group, MLD_LEN);
  if (skb === null) return;
  const at = skb.putZero(MLD_LEN);
  skb.bytes[at] = type;
  group.store(skb.bytes, at + MLD_LEN - 16);
  sendpack(skb, type);
}

/**
 * A report of MLDv2 under construction: records are added until the MTU is reached. Packet memory is asked for when it is sent, as much as
 * there is in it: most reports name two groups, and a thousand hosts that are switched on at once send one each.
 */
export class Mld2Report {
  private readonly dev: NetDevice;
  /** Where the message may reach in {@link message}. */
  private readonly limit: number;
  private len: number = MLD2_REPORT_LEN;
  /** Records so far. */
  ngrec = 0;
  private grec = 0;
  private nsrcs = 0;

  private constructor(dev: NetDevice) {
    this.dev = dev;
    this.limit = Math.min(dev.mtu, MAX_REPORT) - HEADERS;
    message.fill(0, 0, MLD2_REPORT_LEN);
    message[0] = ICMPV6_MLD2_REPORT;
  }

  /** An empty one for `dev`, the only one until it is sent; null: none can be sent now. */
  static begin(dev: NetDevice): Mld2Report | null {
    return igmpSk.of(dev.net).mayAlloc() === 0 ? new Mld2Report(dev) : null;
  }

  /** Bytes that still fit. */
  room(): number {
    return this.limit - this.len;
  }

  /** `add_grhead`: begins the record of a group. */
  beginRecord(type: number, group: In6Addr): void {
    this.grec = this.len;
    this.len += MLD2_GREC_LEN;
    this.nsrcs = 0;
    message.fill(0, this.grec, this.grec + 4);
    message[this.grec] = type;
    group.store(message, this.grec + 4);
    setBe16(message, 6, ++this.ngrec);
  }

  addSource(addr: In6Addr): void {
    addr.store(message, this.len);
    this.len += 16;
    setBe16(message, this.grec + 2, ++this.nsrcs);
  }

  send(): void {
    const skb = newpack(this.dev, MLD2_ALL_MCR, this.len);
    if (skb === null) return;
    skb.putData(message, 0, this.len);
    sendpack(skb, ICMPV6_MLD2_REPORT);
  }
}

/** The longest packet, whatever the MTU: what the kernel's memory of 4,096 bytes has room for behind the device's header. */
const MAX_REPORT = 3760;
const message: Uint8Array = new Uint8Array(MAX_REPORT);
