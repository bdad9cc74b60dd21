/** Counting for a namespace and for the interface that a packet belongs to (`IP6_INC_STATS` and its company in `include/net/ipv6.h`). */
import type { Inet6Dev } from './if-inet6.ts';
import type { Ipv6Net } from './ipv6-net.ts';

/** `IP6_INC_STATS`: one more of IPSTATS_MIB_*; `idev` null: of no interface. */
export function ip6IncStats(state: Ipv6Net, idev: Inet6Dev | null, mib: number): void {
  state.stats[mib]++;
  if (idev !== null) idev.stats[mib]++;
}

/** `IP6_ADD_STATS`: `n` more. */
export function ip6AddStats(state: Ipv6Net, idev: Inet6Dev | null, mib: number, n: number): void {
  state.stats[mib] += n;
  if (idev !== null) idev.stats[mib] += n;
}
