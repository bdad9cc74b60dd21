/** `ipv6_local_error`: errors about packets that this host found itself. */
import type { InetSk } from '@skbuff/af-inet';
import { skbResetTransportHeader } from '@skbuff/core';
import type { Flowi6, Ipv6Pinfo } from '@skbuff/ipv6';
import { sockExterrSet, sockQueueErrSkb } from '@skbuff/sock';
import { ETH_P_IPV6, IPPROTO_ICMPV6, SO_EE_ORIGIN_LOCAL } from '@skbuff/uapi';
import { IPV6HDR_DADDR, IPV6HDR_LEN } from '@skbuff/wire';

/** Queues error `errno` (positive) about what was to go by `fl6`; nothing without IPV6_RECVERR. */
export function ipv6LocalError(sk: InetSk, errno: number, fl6: Flowi6, info: number): void {
  if (!(sk.pinet6 as unknown as Ipv6Pinfo).recverr) return;
  const skb = sk.net.skbs.alloc(IPV6HDR_LEN);
  if (skb === null) return;
  // The record points into a header that is all zeros but for version and destination.
  const nh = skb.putZero(IPV6HDR_LEN);
  skb.resetNetworkHeader();
  skb.protocol = ETH_P_IPV6;
  skb.bytes[nh] = 0x60;
  fl6.daddr.store(skb.bytes, nh + IPV6HDR_DADDR);
  skb.pull(IPV6HDR_LEN);
  skbResetTransportHeader(skb);
  sockExterrSet(skb, { errno, origin: SO_EE_ORIGIN_LOCAL, type: 0, code: 0, info, data: 0 }, IPV6HDR_DADDR, portOf(fl6));
  if (sockQueueErrSkb(sk, skb) !== 0) skb.consume();
}

/** What is where a port is: of ICMPv6, type and code, which the flow has apart. */
function portOf({ dport, proto, sport }: Flowi6): number {
  return proto === IPPROTO_ICMPV6 ? (sport << 8) | dport : dport;
}
