/** Packets to groups (`ip6_mc_input` in `net/ipv6/ip6_input.c`). */
import { type NetDevice, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff } from '@skbuff/core';
import { IPSTATS_MIB_INMCASTOCTETS, IPSTATS_MIB_INMCASTPKTS } from '@skbuff/uapi';
import { In6Addr, IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_NEXTHDR } from '@skbuff/wire';
import { exthdrWalk, ipv6SkipExthdr } from './exthdrs-core.ts';
import { in6DevGet } from './if-inet6.ts';
import { IP6CB_FLAGS, IP6CB_RA, IP6SKB_FORWARDED, IP6SKB_ROUTERALERT } from './ip6-cb.ts';
import { ipv6IsMld } from './ip6-deliver.ts';
import { ip6Input } from './ip6-input.ts';
import { type Ipv6, ipv6Net } from './ipv6-net.ts';
import { ip6AddStats, ip6IncStats } from './snmp.ts';

/** The value of a router alert that announces MLD (RFC 2711). */
const IPV6_OPT_ROUTERALERT_MLD = 0;

/** Where the packet that is looked at goes. */
const group: In6Addr = new In6Addr();

/** `ip6_mc_input`: `dst.input` of a route to a group: for this host if the interface is in it, and for the multicast routing if that is on. */
export function ip6McInput(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const state = ipv6Net.of(dev.net);
  const idev = in6DevGet(dev);
  ip6IncStats(state, idev, IPSTATS_MIB_INMCASTPKTS);
  ip6AddStats(state, idev, IPSTATS_MIB_INMCASTOCTETS, skb.len);
  group.load(skb.bytes, skb.networkHeader + IPV6HDR_DADDR);
  const deliver = state.ip.mld === null || state.ip.mld.chkMcastAddr(dev, group, null);
  if (state.devconfAll.mcForwarding !== 0 && mayForward(skb)) return forwardMulticast(skb, state.ip, deliver);
  if (deliver) return ip6Input(skb);
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return 0;
}

/** Nothing of interface-local or link-local scope leaves its link. */
function mayForward({ bytes, networkHeader, cb }: SkBuff): boolean {
  const scope = bytes[networkHeader + IPV6HDR_DADDR + 1] & 0x0f;
  return scope !== 1 && scope !== 2 && (cb[IP6CB_FLAGS] & IP6SKB_FORWARDED) === 0;
}

/** The multicast routing gets a copy, or the packet if nobody here wants it. A router hears all MLD, whatever group it is for. */
function forwardMulticast(skb: SkBuff, ip: Ipv6, deliver: boolean): number {
  if ((skb.cb[IP6CB_FLAGS] & IP6SKB_ROUTERALERT) !== 0 && skb.cb[IP6CB_RA] === IPV6_OPT_ROUTERALERT_MLD) {
    if (isAlertedMld(skb)) return ip6Input(skb);
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return 0;
  }
  const copy = deliver ? skb.clone() : skb;
  if (copy !== null) {
    if (ip.mroute !== null) ip.mroute.input(copy);
    else copy.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  }
  return deliver ? ip6Input(skb) : 0;
}

function isAlertedMld(skb: SkBuff): boolean {
  const start = skb.networkHeader - skb.data + IPV6HDR_LEN;
  const offset = ipv6SkipExthdr(skb, start, skb.bytes[skb.networkHeader + IPV6HDR_NEXTHDR]);
  return offset >= 0 && ipv6IsMld(skb, exthdrWalk.nexthdr, offset);
}
