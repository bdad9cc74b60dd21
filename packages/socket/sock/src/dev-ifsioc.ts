/** The ioctls that change a device (`dev_ifsioc`). All end in the same functions as netlink's messages. */
import {
  NETDEV_CHANGEADDR,
  type NetDevice,
  callNetdeviceNotifiers,
  devChangeFlags,
  devChangeName,
  devChangeTxQueueLen,
  devMcAddGlobal,
  devMcDelGlobal,
  devSetMacAddress,
  devSetMtu,
} from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { leS32 } from '@skbuff/wire';
import { ndoIoctl } from './ndo-ioctl.ts';

/** Bytes of an address in a `struct sockaddr`. */
const SA_DATA = U.IFREQ_UNION + 2;

/** 0 or a negative errno. The caller has made sure of CAP_NET_ADMIN. */
export function devIfsioc(dev: NetDevice, request: number, ifreq: Uint8Array): number {
  const value = leS32(ifreq, U.IFREQ_UNION) | 0;
  switch (request) {
    case U.SIOCSIFFLAGS:
      // A signed short: the high bit spreads.
      return devChangeFlags(dev, (value << 16) >> 16);
    case U.SIOCSIFMTU:
      return devSetMtu(dev, value);
    case U.SIOCSIFTXQLEN:
      return value < 0 ? -U.EINVAL : devChangeTxQueueLen(dev, value);
    case U.SIOCSIFNAME:
      return devChangeName(dev, newName(ifreq));
    case U.SIOCSIFHWADDR:
      return family(ifreq) === dev.type ? devSetMacAddress(dev, ifreq.slice(SA_DATA, SA_DATA + dev.addrLen)) : -U.EINVAL;
    case U.SIOCSIFHWBROADCAST:
      return family(ifreq) === dev.type ? setBroadcast(dev, ifreq) : -U.EINVAL;
    case U.SIOCSIFMETRIC:
      return -U.EOPNOTSUPP;
    case U.SIOCSIFSLAVE:
      return -U.EINVAL;
    case U.SIOCADDMULTI:
    case U.SIOCDELMULTI:
      return multi(dev, request, ifreq);
    default:
      return ndoIoctl(dev, request, ifreq);
  }
}

function family(ifreq: Uint8Array): number {
  return (ifreq[U.IFREQ_UNION] as number) | ((ifreq[U.IFREQ_UNION + 1] as number) << 8);
}

function newName(ifreq: Uint8Array): string {
  const bytes = ifreq.subarray(U.IFREQ_UNION, U.IFREQ_UNION + U.IFNAMSIZ - 1);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}

function setBroadcast(dev: NetDevice, ifreq: Uint8Array): number {
  dev.broadcast.set(ifreq.subarray(SA_DATA, SA_DATA + Math.min(14, dev.addrLen)));
  callNetdeviceNotifiers(NETDEV_CHANGEADDR, dev);
  return 0;
}

/** For devices that have a filter. */
function multi(dev: NetDevice, request: number, ifreq: Uint8Array): number {
  if (dev.ops.ndoSetRxMode === null || family(ifreq) !== U.AF_UNSPEC) return -U.EINVAL;
  if (!dev.present()) return -U.ENODEV;
  const addr = ifreq.slice(SA_DATA, SA_DATA + dev.addrLen);
  return request === U.SIOCADDMULTI ? devMcAddGlobal(dev, addr) : devMcDelGlobal(dev, addr);
}
