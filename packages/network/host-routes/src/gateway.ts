/** Default gateways: the only routes that are not an address's. */
import type { NetDevice } from '@skbuff/core';
import { EINVAL, ENETUNREACH, ESRCH, RTN_UNICAST, RT_SCOPE_LINK } from '@skbuff/uapi';
import { hostNet } from './host-net.ts';

/**
 * What goes neither to this host nor to a network on its links is sent to `gateway` (u32) over `dev`. Each device has one gateway; of several
 * the one that is usable longest is used, unless the sender names another device. 0, -ENETUNREACH (the gateway is not on that link, or `dev` is down) or
 * -EINVAL (it is this host, or a broadcast address).
 *
 * The gateway is a setting: it is not used while the device is down or has no address, and again afterwards. It goes with the device.
 */
export function setDefaultGateway(dev: NetDevice, gateway: number): number {
  const state = hostNet.of(dev.net);
  const via = state.lookup(gateway, dev.ifindex, RT_SCOPE_LINK);
  if (via === null) return -ENETUNREACH;
  if (via.type !== RTN_UNICAST) return -EINVAL;
  state.gateways.set(dev, gateway);
  state.sync();
  return 0;
}

/** Takes the gateway of `dev` back. 0, or -ESRCH if it has none. */
export function delDefaultGateway(dev: NetDevice): number {
  const state = hostNet.of(dev.net);
  if (!state.gateways.delete(dev)) return -ESRCH;
  state.sync();
  return 0;
}
