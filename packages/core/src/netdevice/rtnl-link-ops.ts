/** `struct rtnl_link_ops`: how `ip link add … type KIND` makes, changes, shows and removes devices of a kind. */
import type { Net } from '../pernet/net.ts';
import type { NetDevice } from './netdevice.ts';

/** Bytes of a netlink message: attributes lie in `bytes[off … off+len)`. The codec belongs to the netlink package. */
export interface NlaRange {
  readonly bytes: Uint8Array;
  readonly off: number;
  readonly len: number;
}

/** Where an error text for the user goes (netlink extended acknowledgement). */
export interface ExtAck {
  message: string;
}

/** What a driver's `newlink` gets beside its device. */
export interface NewlinkParams {
  /** The namespace that the request came from: names in the message are names there. */
  readonly srcNet: Net;
  /** IFLA_INFO_DATA, or null. */
  readonly data: NlaRange | null;
  /** The top-level attributes of the message. */
  readonly tb: NlaRange | null;
  readonly extack: ExtAck | null;
  /** Makes a device by another message nested in this one, as veth does for its peer; null where there is no netlink. */
  readonly createPeer: ((ops: RtnlLinkOps, peer: NlaRange | null, defaultName: string) => NetDevice | number) | null;
}

export interface RtnlLinkOps {
  readonly kind: string;
  /** Fills in a fresh device (type, flags, MTU, queue length, ops). */
  readonly setup: (dev: NetDevice) => void;
  /** Checks the attributes before anything is made: 0 or a negative errno. */
  readonly validate: ((params: NewlinkParams) => number) | null;
  /** Registers the device (`registerNetdevice`): 0 or a negative errno. Null: plain registration. */
  readonly newlink: ((dev: NetDevice, params: NewlinkParams) => number) | null;
  readonly changelink: ((dev: NetDevice, params: NewlinkParams) => number) | null;
  /** Queues the device, and what depends on it, for unregistration. Null: the device alone. */
  readonly dellink: ((dev: NetDevice, queue: NetDevice[]) => void) | null;
  /** Queues each way of a device of which nobody said how many (`get_num_tx_queues`, `get_num_rx_queues`); missing: one. */
  readonly getNumQueues?: (net: Net) => number;
  /** Writes IFLA_INFO_DATA through the callback; null: the kind has none. */
  readonly fillInfo: ((dev: NetDevice, put: (type: number, value: Uint8Array) => void) => void) | null;
  /** The attribute of IFLA_INFO_DATA that is a message about the other end of a pair (`peer_type`). */
  readonly peerType?: number;
  /** The namespace that the other end lies in (IFLA_LINK_NETNSID). */
  readonly getLinkNet: ((dev: NetDevice) => Net) | null;
}

/** For {@link RtnlNotify.linkChanged}: everything is new. */
export const RTNL_CHANGE_ALL: number = -1;

/**
 * What the core tells rtnetlink, which stands above it. The rtnetlink package puts the real one in place of this silent one; the
 * core works without.
 */
export interface RtnlNotify {
  /** The device is new or has changed: RTM_NEWLINK. `change`: IFF_* bits that changed, or {@link RTNL_CHANGE_ALL}. */
  readonly linkChanged: (dev: NetDevice, change: number) => void;
  /** RTM_DELLINK. */
  readonly linkRemoved: (dev: NetDevice) => void;
  /** `net` knows another namespace by this number from now on, or no longer: RTM_NEWNSID, RTM_DELNSID. */
  readonly nsidChanged: (net: Net, id: number, removed: boolean) => void;
}

export const silentRtnl: RtnlNotify = {
  linkChanged() {},
  linkRemoved() {},
  nsidChanged() {},
};
