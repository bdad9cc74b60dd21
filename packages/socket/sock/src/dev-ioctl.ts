/** Questions about devices that any socket answers (`net/core/dev_ioctl.c`). Changing devices is netlink's business. */
import type { Net, NetDevice } from '@skbuff/core';
import {
  EINVAL,
  ENODEV,
  ENOTTY,
  IFNAMSIZ,
  IFREQ_LEN,
  IFREQ_UNION,
  SIOCGIFFLAGS,
  SIOCGIFHWADDR,
  SIOCGIFINDEX,
  SIOCGIFMETRIC,
  SIOCGIFMTU,
  SIOCGIFNAME,
  SIOCGIFTXQLEN,
} from '@skbuff/uapi';
import { devGetFlags } from '@skbuff/core';
import { le32, setLe32 } from './msghdr.ts';

/** 0 with `ifreq` filled in, -ENODEV, -EINVAL if it is too short, -ENOTTY if the request is none of these. */
export function devIoctl(net: Net, request: number, ifreq: Uint8Array): number {
  if (!isDevIoctl(request)) return -ENOTTY;
  if (ifreq.length < IFREQ_LEN) return -EINVAL;
  if (request === SIOCGIFNAME) return ifname(net, ifreq);
  const dev = net.devGetByName(ifrName(ifreq));
  return dev === null ? -ENODEV : answer(dev, request, ifreq);
}

function isDevIoctl(request: number): boolean {
  return (
    request === SIOCGIFNAME ||
    request === SIOCGIFINDEX ||
    request === SIOCGIFFLAGS ||
    request === SIOCGIFMTU ||
    request === SIOCGIFMETRIC ||
    request === SIOCGIFTXQLEN ||
    request === SIOCGIFHWADDR
  );
}

/** The interface name at the start of a `struct ifreq`; an alias label ("eth0:1") counts as its device. */
export function ifrName(ifreq: Uint8Array): string {
  let name = '';
  for (let i = 0; i < IFNAMSIZ && ifreq[i] !== 0 && ifreq[i] !== 0x3a; i++) name += String.fromCharCode(ifreq[i]);
  return name;
}

function ifname(net: Net, ifreq: Uint8Array): number {
  const dev = net.devGetByIndex(le32(ifreq, IFREQ_UNION));
  if (dev === null) return -ENODEV;
  for (let i = 0; i < IFNAMSIZ; i++) ifreq[i] = i < dev.name.length ? dev.name.charCodeAt(i) : 0;
  return 0;
}

function answer(dev: NetDevice, request: number, ifreq: Uint8Array): number {
  switch (request) {
    case SIOCGIFINDEX:
      setLe32(ifreq, IFREQ_UNION, dev.ifindex);
      return 0;
    case SIOCGIFMTU:
      setLe32(ifreq, IFREQ_UNION, dev.mtu);
      return 0;
    case SIOCGIFMETRIC:
      setLe32(ifreq, IFREQ_UNION, 0);
      return 0;
    case SIOCGIFTXQLEN:
      setLe32(ifreq, IFREQ_UNION, dev.txQueueLen);
      return 0;
    case SIOCGIFFLAGS: {
      const flags = devGetFlags(dev);
      ifreq[IFREQ_UNION] = flags;
      ifreq[IFREQ_UNION + 1] = flags >>> 8;
      return 0;
    }
    default:
      ifreq[IFREQ_UNION] = dev.type;
      ifreq[IFREQ_UNION + 1] = dev.type >>> 8;
      for (let i = 0; i < 14; i++) ifreq[IFREQ_UNION + 2 + i] = i < dev.addrLen ? dev.devAddr[i] : 0;
      return 0;
  }
}
