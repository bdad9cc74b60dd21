/** `struct rt6_info`: a routing decision for IPv6. */
import { DstEntry, type DstOps, type NetDevice } from '@skbuff/core';
import { IPV6_MIN_MTU, RTAX_MTU, RTF_CACHE, RTF_GATEWAY, RTN_UNICAST } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import { type Inet6Dev, in6DevGet } from './if-inet6.ts';

export class Rt6Info extends DstEntry {
  /** RTF_* */
  rtFlags = 0;
  /** RTN_* of the route. */
  type: number = RTN_UNICAST;
  /** `rt6i_dst`, `rt6i_src`: what the decision holds for. */
  readonly dstAddr: In6Addr = new In6Addr();
  dstPlen = 0;
  readonly srcAddr: In6Addr = new In6Addr();
  srcPlen = 0;
  /** Next hop, where `rtFlags` has RTF_GATEWAY; of a decision for one destination (RTF_CACHE) without a gateway, that destination, whatever the packet says. */
  readonly gateway: In6Addr = new In6Addr();
  /** Preferred source of the route (RTA_PREFSRC); ::: none. */
  readonly prefsrc: In6Addr = new In6Addr();
  /** `rt6i_idev`: the interface the packets belong to: the one of the address for local routes, which need not be `dev`. */
  idev: Inet6Dev | null = null;
  /** `rt6i_sernum` and `from`: what the routing provider remembers to say whether the decision still holds. */
  cookie = 0;
  from: unknown = null;
  /** Learned path MTU (RTAX_MTU of an exception), 0: none. It holds as long as the decision does: who keeps that asks before each packet. */
  pmtu = 0;
  /** `rt6i_uncached`: where its maker has noted it, to make it let go of a device that leaves; null: not noted. */
  uncached: Set<Rt6Info> | null = null;

  constructor(dev: NetDevice, ops: DstOps) {
    super(dev, ops);
  }

  /** `rt6_nexthop`: whom to ask for on the link. */
  nexthop(daddr: In6Addr): In6Addr {
    return (this.rtFlags & (RTF_CACHE | RTF_GATEWAY)) !== 0 ? this.gateway : daddr;
  }

  /** `ip6_rt_cache` … `ip6_dst_destroy`. */
  protected override destroy(): void {
    this.uncached?.delete(this);
  }
}

/** `ip6_mtu`: bytes of an IPv6 packet that fit on this way. For `DstOps.mtu` of an {@link Rt6Info}. */
export function ip6Mtu(dst: DstEntry): number {
  const rt = dst as Rt6Info;
  const mtu = rt.pmtu !== 0 ? rt.pmtu : rt.metric(RTAX_MTU);
  return Math.min(mtu !== 0 ? mtu : linkMtu6(rt), IP6_MAX_MTU);
}

/**
 * `ip6_dst_mtu_maybe_forward`: bytes of a forwarded packet that fit: what was learned is nothing to it, and what the route says only where that
 * is locked.
 */
export function ip6DstMtuForward(rt: Rt6Info): number {
  const mtu = rt.metricLocked(RTAX_MTU) ? rt.metric(RTAX_MTU) : 0;
  return Math.max(mtu !== 0 ? mtu : linkMtu6(rt), IPV6_MIN_MTU);
}

/** Of the device that packets leave by: what is for an address of this host is as long as the loopback device takes. */
function linkMtu6({ dev }: Rt6Info): number {
  const idev = in6DevGet(dev);
  return idev === null ? IPV6_MIN_MTU : idev.cnf.mtu6;
}

/** `IP6_MAX_MTU`: the payload's 65,535 bytes and the header. */
export const IP6_MAX_MTU: number = 0xffff + 40;
