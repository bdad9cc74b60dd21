/** Which device a link message means. */
import type { Net, NetDevice } from '@skbuff/core';
import type { NlAttrs } from '@skbuff/netlink';
import { EINVAL, ENODEV, IFLA_ALT_IFNAME, IFLA_IFNAME } from '@skbuff/uapi';

/** `rtnl_dev_get`: by IFLA_IFNAME, or else IFLA_ALT_IFNAME; both take any name of a device. */
export function rtnlDevGet(net: Net, tb: NlAttrs): NetDevice | null {
  return net.devGetByName(tb.has(IFLA_IFNAME) ? tb.string(IFLA_IFNAME) : tb.string(IFLA_ALT_IFNAME));
}

/** Whether the message has a name. */
export function hasName(tb: NlAttrs): boolean {
  return tb.has(IFLA_IFNAME) || tb.has(IFLA_ALT_IFNAME);
}

/** By index if that is positive, else by name: the device, `-ENODEV`, or `-EINVAL` when the message names none. */
export function linkByIndexOrName(net: Net, index: number, tb: NlAttrs): NetDevice | number {
  if (index > 0) return net.devGetByIndex(index) ?? -ENODEV;
  return hasName(tb) ? (rtnlDevGet(net, tb) ?? -ENODEV) : -EINVAL;
}
