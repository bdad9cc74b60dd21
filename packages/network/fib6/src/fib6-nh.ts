/** `struct fib6_nh`: the way that a route takes. */
import type { NetDevice } from '@skbuff/core';
import { ipIgnoreLinkdown6 } from './fib6-linkdown.ts';
import type { Rt6Info } from '@skbuff/ipv6';
import { RTNH_F_DEAD, RTNH_F_LINKDOWN } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import type { Rt6Exceptions } from './route6-exception.ts';

export class Fib6Nh {
  readonly dev: NetDevice;
  readonly gw: In6Addr = new In6Addr();
  /** `fib_nh_gw_family`: there is a gateway. */
  readonly hasGw: boolean;
  /** RTNH_F_* */
  flags: number;
  readonly weight: number;
  /** Where its share of the hash space of 31 bits ends; -1: it has none. */
  upperBound = -1;
  /** Jiffies at which an unreachable gateway was asked last whether it is there (`last_probe`); of a new one its beginning. */
  lastProbe: number;
  /** The decision that all packets of this way share, with one reference (`rt6i_pcpu`). */
  rt: Rt6Info | null = null;
  /** What was learned about single destinations behind it; null: nothing. */
  exceptions: Rt6Exceptions | null = null;

  constructor(dev: NetDevice, gw: In6Addr | null, flags: number, weight: number) {
    this.dev = dev;
    this.hasGw = gw !== null;
    if (gw !== null) this.gw.copy(gw);
    this.flags = flags;
    this.lastProbe = dev.net.timers.jiffies;
    this.weight = weight;
  }

  /** Neither dead nor without a carrier where that counts. */
  alive(): boolean {
    if ((this.flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) === 0) return true;
    return (this.flags & RTNH_F_DEAD) === 0 && !ipIgnoreLinkdown6(this.dev);
  }

  /** Lets the shared decision go: the next packet makes a new one (`fib6_drop_pcpu_from`). A socket may hold it for long: it is noted in `uncached`. */
  dropRt(uncached: Set<Rt6Info>): void {
    const { rt } = this;
    if (rt === null) return;
    this.rt = null;
    rt.uncached = uncached.add(rt);
    rt.release();
  }
}
