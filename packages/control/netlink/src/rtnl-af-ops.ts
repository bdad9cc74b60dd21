/** What address families say about links. Beside the table of handlers, so that a family needs nothing but netlink to register. */
import type { NetDevice } from '@skbuff/core';
import type { NetlinkExtAck } from './extack.ts';
import type { NlMsgBuilder } from './nlmsg-builder.ts';

/** `struct rtnl_af_ops`: what an address family shows and takes in IFLA_AF_SPEC. Attributes are offsets into `buf`. */
export interface RtnlAfOps {
  /** AF_* */
  readonly family: number;
  /** Writes its attributes for the device: 0, or `-ENODATA` for "has nothing to say". */
  readonly fillLinkAf: ((b: NlMsgBuilder, dev: NetDevice, extFilterMask: number) => number) | null;
  /** Judges what `setLinkAf` would get; `dev` may be one that is just being made, and not registered yet. */
  readonly validateLinkAf: ((dev: NetDevice, buf: Uint8Array, attr: number, extack: NetlinkExtAck) => number) | null;
  readonly setLinkAf: ((dev: NetDevice, buf: Uint8Array, attr: number, extack: NetlinkExtAck) => number) | null;
}
