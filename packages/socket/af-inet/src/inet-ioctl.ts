/** What any AF_INET socket answers to ioctl(2) (`inet_ioctl`). */
import type { Net } from '@skbuff/core';
import { ipv4Net } from '@skbuff/ipv4';
import { sockNet, userString } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { devinetIoctl, inetIfconf } from './devinet-ioctl.ts';

/** `rt_dev` of `struct rtentry`. */
const RT_DEV = 88;

/** -ENOIOCTLCMD if the request is none of the family's. */
export function inetOwnIoctl(net: Net, request: number, arg: Uint8Array): number {
  switch (request) {
    case U.SIOCADDRT:
    case U.SIOCDELRT:
      return routeIoctl(net, request, arg);
    case U.SIOCRTMSG:
      return -U.EINVAL;
    case U.SIOCDARP:
    case U.SIOCGARP:
    case U.SIOCSARP:
      return arpIoctl(net, request, arg);
    case U.SIOCGIFCONF:
      return inetIfconf(net, arg);
    default:
      return devinetIoctl(net, request, arg);
  }
}

/** `ip_rt_ioctl`. */
function routeIoctl(net: Net, request: number, arg: Uint8Array): number {
  if (arg.length < U.RTENTRY_LEN) return -U.EFAULT;
  if (!sockNet.of(net).layer.nsCapable(net, U.CAP_NET_ADMIN)) return -U.EPERM;
  const dev = userString(arg, RT_DEV, U.IFNAMSIZ - 1);
  if (typeof dev === 'number') return dev;
  return ipv4Net.of(net).ip.routing?.ioctl?.(net, request, arg, dev ?? '') ?? -U.EINVAL;
}

/** `arp_ioctl`. */
function arpIoctl(net: Net, request: number, arg: Uint8Array): number {
  if (request !== U.SIOCGARP && !sockNet.of(net).layer.nsCapable(net, U.CAP_NET_ADMIN)) return -U.EPERM;
  if (arg.length < U.ARPREQ_LEN) return -U.EFAULT;
  return ipv4Net.of(net).ip.arpTbl?.ioctl?.(net, request, arg) ?? -U.EINVAL;
}
