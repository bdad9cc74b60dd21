/** Hop limits of what this host sends. */
import { RTAX_HOPLIMIT } from '@skbuff/uapi';
import type { Flowi6 } from './flow.ts';
import { ipv6Net } from './ipv6-net.ts';
import type { Ipv6Pinfo } from './ipv6-sock.ts';
import type { Rt6Info } from './rt6-info.ts';

/** `ip6_dst_hoplimit`: the route's, the interface's, or the namespace's. */
export function ip6DstHoplimit(rt: Rt6Info): number {
  const limit = rt.metric(RTAX_HOPLIMIT);
  if (limit !== 0) return limit;
  return rt.idev !== null ? rt.idev.cnf.hopLimit : ipv6Net.of(rt.dev.net).devconfAll.hopLimit;
}

/** `ip6_sk_dst_hoplimit`: what the socket says for one or for many, or the way. */
export function ip6SkDstHoplimit(np: Ipv6Pinfo, fl6: Flowi6, rt: Rt6Info): number {
  const limit = fl6.daddr.isMulticast() ? np.mcastHops : np.hopLimit;
  return limit >= 0 ? limit : ip6DstHoplimit(rt);
}
