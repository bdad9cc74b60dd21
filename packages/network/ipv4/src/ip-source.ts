/** Which of this host's addresses speaks for it: to the sender of a packet, and on the way that a packet takes. */
import { type Net, type NetDevice, type SkBuff } from '@skbuff/core';
import { RTN_LOCAL, RT_SCOPE_LINK, RT_SCOPE_UNIVERSE } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, IPHDR_TOS, be32, ipv4IsZeronet } from '@skbuff/wire';
import { inetSelectAddr } from './devinet-select.ts';
import { Flowi4 } from './flow.ts';
import { ipv4Net } from './ipv4-net.ts';
import type { Rtable } from './rtable.ts';

/**
 * `fib_compute_spec_dst`: the address under which the sender of a received packet knows this host: the one it was sent to, or for
 * a broadcast, a multicast or a forwarded packet the one that this host would answer from.
 */
export function fibComputeSpecDst(net: Net, skb: SkBuff): number {
  const iph = skb.networkHeader;
  const rt = skb.dst as Rtable | null;
  if (rt !== null && rt.type === RTN_LOCAL) return be32(skb.bytes, iph + IPHDR_DADDR);
  const saddr = be32(skb.bytes, iph + IPHDR_SADDR);
  const dev = skb.dev as NetDevice;
  if (ipv4IsZeronet(saddr)) return inetSelectAddr(dev, saddr, RT_SCOPE_LINK);
  const routing = ipv4Net.of(net).ip.routing;
  const fl4 = new Flowi4();
  fl4.daddr = saddr;
  fl4.tos = skb.bytes[iph + IPHDR_TOS];
  const back = routing === null ? -1 : routing.routeOutput(net, fl4, null);
  if (typeof back === 'number') return inetSelectAddr(dev, saddr, RT_SCOPE_UNIVERSE);
  back.release();
  return fl4.saddr;
}

/** `ip_rt_get_source`: the address that this host uses on the way that the packet takes. */
export function ipRtGetSource(skb: SkBuff, rt: Rtable): number {
  const iph = skb.networkHeader;
  if (!rt.isInput()) return be32(skb.bytes, iph + IPHDR_SADDR);
  if (rt.prefsrc !== 0) return rt.prefsrc;
  return inetSelectAddr(rt.dev, rt.nexthop(be32(skb.bytes, iph + IPHDR_DADDR)), RT_SCOPE_UNIVERSE);
}
