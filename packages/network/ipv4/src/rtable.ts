/** `struct rtable`: a routing decision for IPv4. */
import { type DstCounter, DstEntry, type NetDevice } from '@skbuff/core';

/** Flags of a route (uapi `linux/route.h`, `linux/in_route.h`). */
export const RTCF_DEAD = 0;
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
  flagsRtcf: number;
  /** The routing table's generation this decision was made in; older ones are looked up again. */
  readonly genid: number;
  /** `rt_is_input`: for received packets. One such entry serves all the interfaces they arrive on. */
  private readonly forInput: boolean;
  /** `rt_iif`: interface that packets over this route count as received on, when they come back to this host; 0: the one they arrived on. */
  iif = 0;
  /** Next hop, u32; 0: the destination itself. */
  gateway = 0;
  /** Learned path MTU and when it expires (jiffies); 0: the device's. */
  pmtu = 0;
  pmtuLocked = false;
  expires = 0;
  /** RTAX_* metrics of the route, by index; null: all default. */
  metrics: Uint32Array | null = null;
  /** Preferred source of the route, for options that record it; 0: none. */
  prefsrc = 0;
  /** The gateway is on another link: neighbours are looked up on it without an address of ours there. */
  onlink = false;

  constructor(dev: NetDevice, counter: DstCounter, type: number, flags: number, genid: number, forInput: boolean) {
    super(dev, counter);
    this.type = type;
    this.flagsRtcf = flags;
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
  forwardMtu(useLearned: boolean, now: number): number {
    if (useLearned) return ipv4Mtu(this, now);
    const mtu = this.metric(RTAX_MTU) || this.dev.mtu;
    return mtu > 0xffff ? 0xffff : mtu;
  }

  /** `RTAX_*` metric or 0. */
  metric(index: number): number {
    return this.metrics === null ? 0 : this.metrics[index];
  }
}

/** RTAX_MTU, RTAX_HOPLIMIT: indices into `metrics`. */
const RTAX_LOCK = 1;
const RTAX_MTU = 2;

/** `ipv4_mtu`: bytes of an IP packet that fit on this way, never below 68 nor above 65,535. `now` in jiffies. */
export function ipv4Mtu(rt: Rtable, now: number): number {
  const learned = rt.pmtu !== 0 && (rt.expires === 0 || now < rt.expires) ? rt.pmtu : rt.metric(RTAX_MTU);
  const mtu = learned !== 0 ? learned : rt.dev.mtu;
  return mtu > 0xffff ? 0xffff : mtu;
}

/** `dst_metric_locked(RTAX_MTU)`. */
export function mtuLocked(rt: Rtable): boolean {
  return rt.pmtuLocked || (rt.metric(RTAX_LOCK) & (1 << RTAX_MTU)) !== 0;
}
