/** How many messages may be sent: per namespace (`icmp_msgs_per_sec`, `icmp_msgs_burst`) and per host (`icmp_ratelimit`). */
import { HZ, type Net } from '@skbuff/core';
import { inetGetpeer, inetPeerXrlimAllow, type Rtable } from '@skbuff/ipv4';
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, IFF_LOOPBACK, NR_ICMP_TYPES } from '@skbuff/uapi';
import { type IcmpNet, icmpNet } from './icmp-net.ts';
import { ICMP_MIB_RATELIMITGLOBAL, ICMP_MIB_RATELIMITHOST } from './icmp-snmp.ts';

/** `icmpv4_mask_allow`: types that are not limited at all. Fragmentation needed never is: path MTU discovery lives on it. */
function maskAllow(state: IcmpNet, type: number, code: number): boolean {
  if (type > NR_ICMP_TYPES || (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED)) return true;
  return ((1 << type) & state.ratemask) === 0;
}

/**
 * `icmpv4_global_allow`: whether the namespace may send one more now. 0: no (counted); 1: yes, and the host's limit does not count
 * either; 2: yes, ask {@link icmpHostAllow} too.
 */
export function icmpGlobalAllow(net: Net, type: number, code: number): number {
  const state = icmpNet.of(net);
  if (maskAllow(state, type, code)) return 1;
  if (refill(state, net.timers.jiffies)) return 2;
  state.mib[ICMP_MIB_RATELIMITGLOBAL]++;
  return 0;
}

/** `icmp_global_allow`: new credit comes when the old is used up, and not more often than every 20 ms. */
function refill(state: IcmpNet, now: number): boolean {
  if (state.globalCredit > 0) return true;
  const delta = Math.min(now - state.globalStamp, HZ);
  if (delta < HZ / 50) return false;
  const more = Math.floor((state.msgsPerSec * delta) / HZ);
  if (more === 0) return false;
  state.globalStamp = now;
  state.globalCredit = Math.min(state.globalCredit + more, state.msgsBurst);
  return true;
}

/** `icmpv4_xrlim_allow`: whether one more may go to `daddr`, unless `rt` stays on this host. `limited`: as said by {@link icmpGlobalAllow}. */
export function icmpHostAllow(net: Net, rt: Rtable, daddr: number, limited: boolean): boolean {
  if (!limited || (rt.dev.flags & IFF_LOOPBACK) !== 0) return true;
  const state = icmpNet.of(net);
  if (!inetPeerXrlimAllow(inetGetpeer(net, daddr), net.timers.jiffies, state.ratelimit)) {
    state.mib[ICMP_MIB_RATELIMITHOST]++;
    return false;
  }
  // By chance 0, 1 or 2: nobody can count this host's messages by their absence.
  state.globalCredit -= net.kernel.random.below(3);
  return true;
}
