/** `struct rtable`: a routing decision for IPv4. */
import { DstEntry, type DstOps, type NetDevice } from '@skbuff/core';
import { RTAX_MTU } from '@skbuff/uapi';

/** Flags of a route (uapi `linux/route.h`, `linux/in_route.h`). */
export const RTCF_NOTIFY = 0x00010000;
export const RTCF_DOREDIRECT = 0x01000000;
export const RTCF_REDIRECTED = 0x00040000;
export const RTCF_BROADCAST = 0x10000000;
export const RTCF_MULTICAST = 0x20000000;
export const RTCF_LOCAL: number = 0x80000000;

export class Rtable extends DstEntry {
  /** RTN_* */
  readonly type: number;
  /** RTCF_* */
  rtFlags: number;
  /** The routing table's generation this decision was made in; older ones are looked up again. */
  readonly genid: number;
  /** `rt_is_input`: for received packets. One such entry serves all the interfaces they arrive on. */
  private readonly forInput: boolean;
  /** `rt_iif`: interface that packets over this route count as received on, when they come back to this host; 0: the one they arrived on. */
  iif = 0;
  /** Next hop, u32; 0: the destination itself. */
  gateway = 0;
  /** Learned path MTU, until `expires`; 0: the device's. */
  pmtu = 0;
  pmtuLocked = false;
  /** Preferred source of the route, for options that record it; 0: none. */
  prefsrc = 0;
  /** `rt_uncached`: where its maker has noted it, to make it let go of a device that leaves; null: not noted. */
  uncached: Set<Rtable> | null = null;

  constructor(dev: NetDevice, ops: DstOps, type: number, flags: number, genid: number, forInput: boolean) {
    super(dev, ops);
    this.type = type;
    this.rtFlags = flags;
    this.genid = genid;
    this.forInput = forInput;
  }

  /** `rt_is_input_route`. */
  isInput(): boolean {
    return this.forInput;
  }

  /** `rt_nexthop`: whom to ask for on the link. */
  nexthop(daddr: number): number {
    return this.gateway !== 0 ? this.gateway : daddr;
  }

  /** MTU for forwarding, bytes: the learned path MTU counts only if `useLearned`. */
  forwardMtu(useLearned: boolean): number {
    if (useLearned) return ipv4Mtu(this);
    const mtu = this.metric(RTAX_MTU) || this.dev.mtu;
    return mtu > 0xffff ? 0xffff : mtu;
  }

  /** `ipv4_dst_destroy`. */
  protected override destroy(): void {
    this.uncached?.delete(this);
  }
}

/** `ipv4_mtu`: bytes of an IP packet that fit on this way, never above 65,535. For `DstOps.mtu` of an {@link Rtable}. */
export function ipv4Mtu(dst: DstEntry): number {
  const rt = dst as Rtable;
  const known = rt.pmtu !== 0 && (rt.expires === 0 || rt.dev.net.timers.jiffies < rt.expires);
  const learned = known ? rt.pmtu : rt.metric(RTAX_MTU);
  const mtu = learned !== 0 ? learned : rt.dev.mtu;
  return mtu > 0xffff ? 0xffff : mtu;
}

/** `ip_mtu_locked`: whatever ICMP says, the MTU of this way stays. */
export function ipMtuLocked(rt: Rtable): boolean {
  return rt.pmtuLocked || rt.metricLocked(RTAX_MTU);
}
