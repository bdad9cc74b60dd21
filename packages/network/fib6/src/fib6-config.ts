/** What a route shall be (`struct fib6_config`), with what only requests of user space say. */
import type { Fib6Config } from '@skbuff/ipv6';
import type { NetlinkExtAck, NlMsgHdr } from '@skbuff/netlink';

/** Of a request what is judged only once the route takes shape. Places of attributes in it; -1: there is none. */
export interface Fib6RtAttrs {
  readonly metrics: number;
  readonly encap: number;
  /** RTA_NH_ID; 0: none. */
  readonly nhId: number;
  readonly extack: NetlinkExtAck;
}

export interface Fib6RtConfig extends Fib6Config {
  /** 1..256 (`rtnh_hops` + 1). */
  readonly weight?: number;
  /** `fc_ignore_dev_down`. */
  readonly ignoreDevDown?: boolean;
  /** `fc_delete_all_nh`: without a gateway all siblings are meant. */
  readonly deleteAllNh?: boolean;
  /** `nlinfo.skip_notify`: nobody hears of this one route. */
  readonly skipNotify?: boolean;
  /** The request, for the notification: its port and its header. */
  readonly portid?: number;
  readonly nlh?: NlMsgHdr;
  readonly attrs?: Fib6RtAttrs;
}
