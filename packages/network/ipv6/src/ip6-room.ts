/** How much room there is on the way of a packet. */
import type { SkBuff } from '@skbuff/core';
import { IPV6_PMTUDISC_PROBE } from '@skbuff/uapi';
import { inet6Sk } from './ipv6-sock.ts';
import { type Rt6Info, ip6Mtu } from './rt6-info.ts';

/** `ip6_skb_dst_mtu`: bytes that fit; to a socket that probes the path, what was learned of it is nothing. */
export function ip6SkbDstMtu(skb: SkBuff): number {
  const rt = skb.dst as Rt6Info;
  const np = inet6Sk(skb.sk);
  return np !== null && np.pmtudisc >= IPV6_PMTUDISC_PROBE ? rt.dev.mtu : ip6Mtu(rt);
}
