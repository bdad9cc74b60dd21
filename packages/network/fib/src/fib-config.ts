/** What a route shall be (`struct fib_config`), as netlink, the kernel itself or a program says it. */
import type { NlMsgHdr } from '@skbuff/netlink';
import { RTN_UNICAST, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RT_TABLE_MAIN } from '@skbuff/uapi';

/** One next hop of several. */
export interface FibNhConfig {
  readonly oif: number;
  /** u32; 0: none */
  readonly gw: number;
  /** RTNH_F_* */
  readonly flags: number;
  /** 1..256 */
  readonly weight: number;
  readonly flow: number;
}

export class FibConfig {
  dst = 0;
  dstLen = 0;
  /** DSCP, in its place in the TOS byte. */
  tos = 0;
  protocol: number = RTPROT_BOOT;
  scope: number = RT_SCOPE_UNIVERSE;
  type: number = RTN_UNICAST;
  table: number = RT_TABLE_MAIN;
  oif = 0;
  gw = 0;
  priority = 0;
  prefsrc = 0;
  /** Realm. */
  flow = 0;
  /** RTNH_F_* */
  flags = 0;
  /** NLM_F_* */
  nlflags = 0;
  /** RTAX_* by index; null: all default. */
  metrics: Uint32Array | null = null;
  /** Several next hops; null: the one that `oif` and `gw` say. */
  nexthops: readonly FibNhConfig[] | null = null;
  /** The request, for the notification: its port and its header. */
  portid = 0;
  nlh: NlMsgHdr | null = null;

  static of(values: Partial<FibConfig>): FibConfig {
    return Object.assign(new FibConfig(), values);
  }

  /** All as new, so that one object serves request after request. */
  reset(): this {
    this.dst = 0;
    this.dstLen = 0;
    this.tos = 0;
    this.protocol = RTPROT_BOOT;
    this.scope = RT_SCOPE_UNIVERSE;
    this.type = RTN_UNICAST;
    this.table = RT_TABLE_MAIN;
    this.oif = 0;
    this.gw = 0;
    this.priority = 0;
    this.prefsrc = 0;
    this.flow = 0;
    this.flags = 0;
    this.nlflags = 0;
    this.metrics = null;
    this.nexthops = null;
    this.portid = 0;
    this.nlh = null;
    return this;
  }
}
