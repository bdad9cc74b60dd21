/** Transmission for transports that cut their data themselves (`ip6_xmit` in `net/ipv6/ip6_output.c`). */
import { llReservedSpace, type Net, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff } from '@skbuff/core';
import { EMSGSIZE, ENOBUFS, IPSTATS_MIB_FRAGFAILS, IPSTATS_MIB_OUTDISCARDS, IPSTATS_MIB_OUTREQUESTS } from '@skbuff/uapi';
import { In6Addr, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_DADDR, IPV6HDR_SADDR, setBe32 } from '@skbuff/wire';
import { ipv6PushFragOpts, ipv6PushNfragOpts } from './exthdrs-tx.ts';
import type { Flowi6 } from './flow.ts';
import { ip6Autoflowlabel, ip6MakeFlowlabel } from './ip6-flowlabel.ts';
import { ip6DstHoplimit } from './ip6-hoplimit.ts';
import { ip6LocalOut } from './ip6-output.ts';
import { ipv6Net } from './ipv6-net.ts';
import { type Inet6Sock, type Ipv6Pinfo, type Ipv6TxOptions, optFlen, optNflen } from './ipv6-sock.ts';
import { type Rt6Info, ip6Mtu } from './rt6-info.ts';
import { ip6IncStats } from './snmp.ts';

/** Where the packet goes first, while a routing header is put in. */
const firstStop: In6Addr = new In6Addr();

/**
 * `ip6_xmit`: puts the headers in front of `skb` (data at the transport header, the route set) and sends it from `fl6.saddr` to `fl6.daddr`. A
 * packet that is longer than the way takes is not cut: the user hears of it. Takes over the sk_buff. 0, NET_XMIT_* or a negative errno: -ENOBUFS,
 * -EMSGSIZE, -EPERM (a hook dropped it).
 */
export function ip6Xmit(net: Net, sk: Inet6Sock, skb: SkBuff, fl6: Flowi6, mark: number, opt: Ipv6TxOptions | null, tclass: number, priority: number): number {
  const rt = skb.dst as Rt6Info;
  const state = ipv6Net.of(net);
  const room = IPV6HDR_LEN + optNflen(opt) + optFlen(opt) + llReservedSpace(rt.dev);
  if (skb.headroom() < room && skb.cache.cow(skb, room) !== 0) {
    ip6IncStats(state, rt.idev, IPSTATS_MIB_OUTDISCARDS);
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return -ENOBUFS;
  }
  pushHeaders(sk, skb, fl6, rt, opt, tclass);
  skb.priority = priority;
  skb.mark = mark;
  const mtu = ip6Mtu(rt);
  if (skb.len <= mtu || skb.ignoreDf || skb.isGso()) {
    ip6IncStats(state, rt.idev, IPSTATS_MIB_OUTREQUESTS);
    return ip6LocalOut(net, sk, skb);
  }
  skb.dev = rt.dev;
  sk.localError6(EMSGSIZE, fl6, mtu);
  ip6IncStats(state, rt.idev, IPSTATS_MIB_FRAGFAILS);
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return -EMSGSIZE;
}

function pushHeaders(sk: Inet6Sock, skb: SkBuff, fl6: Flowi6, rt: Rt6Info, opt: Ipv6TxOptions | null, tclass: number): void {
  const np = sk.pinet6 as Ipv6Pinfo;
  const state = ipv6Net.of(sk.net);
  skb.transportHeader = skb.data;
  firstStop.copy(fl6.daddr);
  const proto = opt === null ? fl6.proto : ipv6PushNfragOpts(skb, opt, ipv6PushFragOpts(skb, opt, fl6.proto), firstStop);
  const iph = skb.push(IPV6HDR_LEN);
  const { bytes } = skb;
  skb.networkHeader = iph;
  setBe32(bytes, iph, 0x60000000 | (tclass << 20) | ip6MakeFlowlabel(state, skb, fl6, ip6Autoflowlabel(state, np)));
  bytes[iph + IPV6HDR_NEXTHDR] = proto;
  bytes[iph + IPV6HDR_HOP_LIMIT] = np.hopLimit >= 0 ? np.hopLimit : ip6DstHoplimit(rt);
  fl6.saddr.store(bytes, iph + IPV6HDR_SADDR);
  firstStop.store(bytes, iph + IPV6HDR_DADDR);
}
