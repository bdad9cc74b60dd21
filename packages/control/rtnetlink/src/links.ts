/** What the link handlers of one kernel share: extensions by other packages, and what is going on at the moment. */
import { type ModuleContext, type Net, type NetDevice, token, type Token } from '@skbuff/core';
import type { NetlinkExtAck, NetlinkPort, NetlinkSkb, NlMsgBuilder, NlMsgHdr, RtnlAfOps } from '@skbuff/netlink';
import { EBADF, ESRCH } from '@skbuff/uapi';

/** What a kind of master shows and takes about its ports (`fill_slave_info`, `slave_changelink` of its link ops). */
export interface RtnlSlaveOps {
  /** Kind of the master. */
  readonly kind: string;
  /** Writes IFLA_INFO_SLAVE_DATA. */
  readonly fillSlaveInfo: (b: NlMsgBuilder, master: NetDevice, dev: NetDevice) => void;
  /** `attr` is the offset of IFLA_INFO_SLAVE_DATA. */
  readonly slaveChangelink: ((master: NetDevice, dev: NetDevice, buf: Uint8Array, attr: number, extack: NetlinkExtAck) => number) | null;
}

/** Finds the namespace that user space names by a task or by one of its descriptors. */
export interface NetnsResolver {
  /** The namespace, or `-ESRCH`. */
  readonly byPid: (port: NetlinkPort, pid: number) => Net | number;
  /** The namespace, `-EBADF`, or `-EINVAL` for a descriptor of something else. */
  readonly byFd: (port: NetlinkPort, fd: number) => Net | number;
}

const noTasks: NetnsResolver = { byPid: () => -ESRCH, byFd: () => -EBADF };

/** The request that is being handled, for those notifications that NLM_F_ECHO concerns. */
export interface LinkRequest {
  readonly skb: NetlinkSkb;
  readonly nlh: NlMsgHdr;
}

export class RtnlLinks {
  /** What families say about links: rtnetlink's own list. */
  readonly afOps: readonly RtnlAfOps[];
  readonly slaveOps: Map<string, RtnlSlaveOps> = new Map();
  netns: NetnsResolver = noTasks;
  /** Devices that are not told about until they are complete (RTNL_LINK_INITIALIZING). */
  readonly initializing: Set<NetDevice> = new Set();
  /** Called at the first change of a device that is being configured: its message comes before what else the change causes. */
  onFirstChange: { readonly dev: NetDevice; readonly tell: () => void } | null = null;
  request: LinkRequest | null = null;
  /** Where the device goes that is being removed from its namespace. */
  moving: { readonly net: Net; readonly ifindex: number } | null = null;

  constructor(afOps: readonly RtnlAfOps[]) {
    this.afOps = afOps;
  }
}

/** The link handlers' shared state. */
export const RTNL_LINKS: Token<RtnlLinks> = token<RtnlLinks>('rtnetlink links');

/** Registers what a kind of master has to say about its ports, undone when the plugin is unloaded. */
export function rtnlSlaveRegister(ctx: ModuleContext, ops: RtnlSlaveOps): void {
  const { slaveOps } = ctx.get(RTNL_LINKS);
  slaveOps.set(ops.kind, ops);
  ctx.onUnload(() => void slaveOps.delete(ops.kind));
}
