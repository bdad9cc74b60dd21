/** How many messages ICMPv4 may send: with all of the namespace's (`icmp_msgs_per_sec`, `icmp_msgs_burst`), and per host (`icmp_ratelimit`). */
import type { Net } from '@skbuff/core';
import { icmpGlobalAllow, icmpGlobalConsume, inetPeerXrlimAllow } from '@skbuff/inet';
import { inetGetpeerV4, type Rtable } from '@skbuff/ipv4';
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMP_MIB_RATELIMITHOST, IFF_LOOPBACK, NR_ICMP_TYPES } from '@skbuff/uapi';
import { type IcmpNet, icmpNet } from './icmp-net.ts';

/** `icmpv4_mask_allow`: types that are not limited at all. Fragmentation needed never is: path MTU discovery lives on it. */
function icmpv4MaskAllow(state: IcmpNet, type: number, code: number): boolean {
  if (type > NR_ICMP_TYPES || (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED)) return true;
  return ((1 << type) & state.ratemask) === 0;
}

/**
 * `icmpv4_global_allow`: whether the namespace may send one more now. 0: no (counted); 1: yes, and the host's limit does not count
 * either; 2: yes, ask {@link icmpv4XrlimAllow} too.
 */
export function icmpv4GlobalAllow(net: Net, type: number, code: number): number {
  const state = icmpNet.of(net);
  if (icmpv4MaskAllow(state, type, code)) return 1;
  return icmpGlobalAllow(net) ? 2 : 0;
}

/** `icmpv4_xrlim_allow`: whether one more may go to `daddr`, unless `rt` stays on this host. `limited`: as said by {@link icmpv4GlobalAllow}. */
export function icmpv4XrlimAllow(net: Net, rt: Rtable, daddr: number, limited: boolean): boolean {
  if (!limited || (rt.dev.flags & IFF_LOOPBACK) !== 0) return true;
  const state = icmpNet.of(net);
  if (!inetPeerXrlimAllow(inetGetpeerV4(net, daddr), net.timers.jiffies, state.ratelimit)) {
    state.mib[ICMP_MIB_RATELIMITHOST]++;
    return false;
  }
  icmpGlobalConsume(net);
  return true;
}
