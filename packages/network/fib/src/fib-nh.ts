/** `struct fib_nh`: one next hop of a route, with the decisions that are cached for it. */
import type { NetDevice } from '@skbuff/core';
import type { Rtable } from '@skbuff/ipv4';
import type { FibInfo } from './fib-info.ts';
import type { FnheTable } from './fib-nh-exception.ts';

export class FibNh {
  readonly parent: FibInfo;
  /** The device packets leave by; null for route types that have none. */
  dev: NetDevice | null = null;
  /** Its index, as the user gave it or as the gateway's own route says. */
  oif: number;
  /** Gateway, u32; 0: the destination is on the link. */
  readonly gw: number;
  /** RTNH_F_* */
  flags: number;
  /** RT_SCOPE_* of the next hop itself: LINK for a gateway, HOST for a link, NOWHERE for an address of this host. */
  scope = 0;
  /** Share of the traffic, 1..256. */
  readonly weight: number;
  /** Hash values (31 bits) up to this one choose the next hop; -1: none. */
  upperBound = -1;
  /** Source address of packets over this hop, and the generation of the addresses it was chosen in. */
  saddr = 0;
  saddrGenid = -1;
  /** Realm of the destination (RTA_FLOW). */
  readonly tclassid: number;
  /** The one decision that all received (sent) packets over this hop share; null: none made yet. */
  rthInput: Rtable | null = null;
  rthOutput: Rtable | null = null;
  /** What ICMP taught about single destinations; null: nothing. */
  exceptions: FnheTable | null = null;

  constructor(parent: FibInfo, oif: number, gw: number, flags: number, weight: number, tclassid: number) {
    this.parent = parent;
    this.oif = oif;
    this.gw = gw;
    this.flags = flags;
    this.weight = weight;
    this.tclassid = tclassid;
  }

  /** Whether two next hops send the same packets the same way; what links report (DEAD, LINKDOWN) does not count. */
  same(other: FibNh): boolean {
    return (
      this.oif === other.oif &&
      this.gw === other.gw &&
      this.scope === other.scope &&
      this.weight === other.weight &&
      this.tclassid === other.tclassid &&
      ((this.flags ^ other.flags) & ~RTNH_COMPARE_MASK) === 0
    );
  }

  /** `fib_nh_common_release`: the route is gone, and with it what was learned and decided. */
  release(): void {
    dropRoute(this.rthInput);
    dropRoute(this.rthOutput);
    this.rthInput = null;
    this.rthOutput = null;
    this.exceptions?.flush();
    this.exceptions = null;
    if (this.dev !== null) this.dev.put();
    this.dev = null;
  }
}

/** RTNH_F_DEAD | RTNH_F_LINKDOWN | RTNH_F_OFFLOAD | RTNH_F_TRAP */
const RTNH_COMPARE_MASK = 0x59;

/** Takes a cached decision out of service: whoever still holds it sends nothing over the device any more. */
export function dropRoute(rt: Rtable | null): void {
  if (rt === null) return;
  rt.devPut();
  rt.release();
}
