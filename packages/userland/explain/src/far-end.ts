import type { NetDevice } from '@skbuff/core';
import { vethPeer } from '@skbuff/veth';

/** The other end of a veth pair; null for other devices. */
export function otherEnd(dev: NetDevice): NetDevice | null {
  return dev.rtnlLinkOps?.kind === 'veth' ? vethPeer(dev) : null;
}
