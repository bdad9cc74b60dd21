/** How many errors ICMPv6 may send: with all of the namespace's messages (net.ipv4.icmp_msgs_per_sec), and per host (net.ipv6.icmp.ratelimit). */
import type { Net, NetDevice } from '@skbuff/core';
import { icmpGlobalAllow, icmpGlobalConsume, inetPeerXrlimAllow } from '@skbuff/inet';
import { inetGetpeerV6, ip6IncStats, type Rt6Info } from '@skbuff/ipv6';
import { ICMP6_MIB_RATELIMITHOST, IFF_LOOPBACK, IPSTATS_MIB_OUTNOROUTES } from '@skbuff/uapi';
import type { Icmpv6Net } from './icmpv6-net.ts';

/** `icmpv6_mask_allow`: types that are not limited at all. Packet Too Big is one, unless the administrator names it (RFC 4443 §2.4 f). */
function icmpv6MaskAllow(state: Icmpv6Net, type: number): boolean {
  return state.ipv6.icmpv6Ratemask[type] === 0;
}

/** May not be sent; may be sent, without a limit; may be sent if the host's limit allows it. */
export const ICMPV6_REFUSED = 0;
export const ICMPV6_UNLIMITED = 1;
export const ICMPV6_LIMITED = 2;

/**
 * `icmpv6_global_allow`: whether the namespace may send one more now about a packet that came by `dev`. Where not, the limit has counted it
 * (`OutRateLimitGlobal` of /proc/net/snmp).
 */
export function icmpv6GlobalAllow(dev: NetDevice, state: Icmpv6Net, type: number): number {
  if ((dev.flags & IFF_LOOPBACK) !== 0 || icmpv6MaskAllow(state, type)) return ICMPV6_UNLIMITED;
  return icmpGlobalAllow(dev.net) ? ICMPV6_LIMITED : ICMPV6_REFUSED;
}

/** `icmpv6_xrlim_allow`: whether one more error may go by `state.fl6`, unless that is this host. */
export function icmpv6XrlimAllow(net: Net, state: Icmpv6Net): boolean {
  const { routing } = state.ip;
  if (routing === null) return false;
  const rt = routing.routeOutput(net, state.sk, state.fl6, 0);
  const allowed = hostAllows(net, state, rt);
  if (allowed) icmpGlobalConsume(net);
  else state.count(rt.idev, ICMP6_MIB_RATELIMITHOST);
  rt.release();
  return allowed;
}

function hostAllows(net: Net, state: Icmpv6Net, rt: Rt6Info): boolean {
  if (rt.error !== 0) {
    ip6IncStats(state.ipv6, rt.idev, IPSTATS_MIB_OUTNOROUTES);
    return false;
  }
  if ((rt.dev.flags & IFF_LOOPBACK) !== 0) return true;
  return inetPeerXrlimAllow(inetGetpeerV6(net, state.fl6.daddr), net.timers.jiffies, state.ipv6.icmpv6Time);
}
