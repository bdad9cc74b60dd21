/**
 * Delivery on this host (`ip6_protocol_deliver_rcu` in `net/ipv6/ip6_input.c`): header after header until one takes the packet.
 */
import {
  CHECKSUM_COMPLETE,
  type Net,
  type NetDevice,
  SKB_DROP_REASON_IP_INADDRERRORS,
  SKB_DROP_REASON_IP_NOPROTO,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
} from '@skbuff/core';
import {
  ICMPV6_MGM_QUERY,
  ICMPV6_MGM_REDUCTION,
  ICMPV6_MGM_REPORT,
  ICMPV6_MLD2_REPORT,
  ICMPV6_PARAMPROB,
  ICMPV6_UNK_NEXTHDR,
  IPPROTO_ICMPV6,
  IPSTATS_MIB_INDELIVERS,
  IPSTATS_MIB_INDISCARDS,
  IPSTATS_MIB_INUNKNOWNPROTOS,
} from '@skbuff/uapi';
import { ICMP6HDR_LEN, In6Addr, IPV6HDR_DADDR, IPV6HDR_SADDR, csumPartial } from '@skbuff/wire';
import type { Inet6Protocol } from './interfaces.ts';
import { IP6CB_NHOFF } from './ip6-cb.ts';
import { type Ipv6, type Ipv6Net, ipv6Net } from './ipv6-net.ts';
import type { Rt6Info } from './rt6-info.ts';
import { ip6IncStats } from './snmp.ts';

/** Addresses of the packet that is looked at. */
const group: In6Addr = new In6Addr();
const source: In6Addr = new In6Addr();

/**
 * `ip6_protocol_deliver_rcu`: raw sockets first, then the header behind `cb[IP6CB_NHOFF]`, and so on until one has it, or a parameter problem
 * is sent. With `haveFinal` `data` is behind the header of a final protocol already, and `nexthdr` is what it was found to hold. Takes
 * over the sk_buff.
 */
export function ip6ProtocolDeliver(net: Net, skb: SkBuff, nexthdr: number, haveFinal: boolean): void {
  const state = ipv6Net.of(net);
  const { ip } = state;
  let pulled = haveFinal;
  for (;;) {
    if (!pulled) {
      if (skb.pull(skb.transportHeader - skb.data) < 0) return discard(skb, state, SKB_DROP_REASON_NOT_SPECIFIED);
      nexthdr = skb.bytes[skb.networkHeader + skb.cb[IP6CB_NHOFF]];
    }
    const raw = ip.raw !== null && ip.raw.localDeliver(skb, nexthdr);
    const proto = ip.protos[nexthdr] as Inet6Protocol | null;
    if (proto === null) return unknownHeader(skb, state, raw);
    if (!haveFinal) {
      if (proto.final) {
        haveFinal = true;
        if (!atFinal(skb, ip, nexthdr)) return discard(skb, state, SKB_DROP_REASON_IP_INADDRERRORS);
      }
    } else if (!proto.final) {
      // What a transport carries is not unpacked by an extension header.
      return discard(skb, state, SKB_DROP_REASON_NOT_SPECIFIED);
    }
    const { idev } = skb.dst as Rt6Info;
    const ret = proto.handler(skb);
    if (ret <= 0) {
      if (ret === 0) ip6IncStats(state, idev, IPSTATS_MIB_INDELIVERS);
      return;
    }
    pulled = proto.final;
    nexthdr = ret;
  }
}

/** Before the transport: its sum does not cover the network headers. False: the packet is for a group that nobody here listens to from that source. */
function atFinal(skb: SkBuff, ip: Ipv6, nexthdr: number): boolean {
  const { networkHeader: iph, bytes } = skb;
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.csum = withoutHeaders(skb);
  return bytes[iph + IPV6HDR_DADDR] !== 0xff || listens(skb, ip, nexthdr);
}

/** `skb_postpull_rcsum`: the device's sum without the headers in front. */
function withoutHeaders({ bytes, networkHeader, transportHeader, csum }: SkBuff): number {
  return csum + (0xffff - (csumPartial(bytes, networkHeader, transportHeader - networkHeader, 0) % 0xffff));
}

/** MLD is heard whatever the filters say. */
function listens(skb: SkBuff, ip: Ipv6, nexthdr: number): boolean {
  const { bytes, networkHeader: iph } = skb;
  group.load(bytes, iph + IPV6HDR_DADDR);
  source.load(bytes, iph + IPV6HDR_SADDR);
  if (ip.mld === null || ip.mld.chkMcastAddr(skb.dev as NetDevice, group, source)) return true;
  return ipv6IsMld(skb, nexthdr, skb.transportHeader - skb.data);
}

/** `ipv6_is_mld`: whether the header of the kind `nexthdr`, `offset` bytes behind `data`, is one of MLD's. */
export function ipv6IsMld(skb: SkBuff, nexthdr: number, offset: number): boolean {
  if (nexthdr !== IPPROTO_ICMPV6 || !skb.mayPull(offset + ICMP6HDR_LEN)) return false;
  const type = skb.bytes[skb.data + offset];
  return type === ICMPV6_MGM_QUERY || type === ICMPV6_MGM_REPORT || type === ICMPV6_MGM_REDUCTION || type === ICMPV6_MLD2_REPORT;
}

/** No one here knows the header; if a raw socket has had a copy, that will do. */
function unknownHeader(skb: SkBuff, state: Ipv6Net, raw: boolean): void {
  const { idev } = skb.dst as Rt6Info;
  if (raw) {
    ip6IncStats(state, idev, IPSTATS_MIB_INDELIVERS);
    skb.consume();
    return;
  }
  ip6IncStats(state, idev, IPSTATS_MIB_INUNKNOWNPROTOS);
  state.ip.icmp?.icmpv6Send(skb, ICMPV6_PARAMPROB, ICMPV6_UNK_NEXTHDR, skb.cb[IP6CB_NHOFF]);
  skb.kfree(SKB_DROP_REASON_IP_NOPROTO);
}

function discard(skb: SkBuff, state: Ipv6Net, reason: number): void {
  ip6IncStats(state, (skb.dst as Rt6Info).idev, IPSTATS_MIB_INDISCARDS);
  skb.kfree(reason);
}
