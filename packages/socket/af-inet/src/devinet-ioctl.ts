/** Questions about addresses of interfaces (`net/ipv4/devinet.c`). Changing them is netlink's business. */
import type { Net } from '@skbuff/core';
import { type InIfaddr, inDevGet } from '@skbuff/ipv4';
import { ENOIOCTLCMD, ifrName } from '@skbuff/sock';
import {
  EADDRNOTAVAIL,
  EINVAL,
  ENODEV,
  IFNAMSIZ,
  IFREQ_LEN,
  IFREQ_UNION,
  SIOCGIFADDR,
  SIOCGIFBRDADDR,
  SIOCGIFDSTADDR,
  SIOCGIFNETMASK,
} from '@skbuff/uapi';
import { SockaddrIn, sockaddrInCodec } from './sockaddr-in.ts';

/** 0 with the address in `ifreq`, -ENODEV, -EADDRNOTAVAIL, -EINVAL if it is too short, -ENOIOCTLCMD if it is another request. */
export function devinetIoctl(net: Net, request: number, ifreq: Uint8Array): number {
  if (request !== SIOCGIFADDR && request !== SIOCGIFBRDADDR && request !== SIOCGIFDSTADDR && request !== SIOCGIFNETMASK) return -ENOIOCTLCMD;
  if (ifreq.length < IFREQ_LEN) return -EINVAL;
  const dev = net.devGetByName(ifrName(ifreq));
  if (dev === null) return -ENODEV;
  const label = labelOf(ifreq);
  const list = inDevGet(dev)?.ifaList ?? [];
  const ifa = list.find((a) => a.label === label) ?? list[0];
  if (ifa === undefined) return -EADDRNOTAVAIL;
  sockaddrInCodec.encode(new SockaddrIn(pick(ifa, request)), ifreq.subarray(IFREQ_UNION));
  return 0;
}

/** The whole name, alias included. */
function labelOf(ifreq: Uint8Array): string {
  let name = '';
  for (let i = 0; i < IFNAMSIZ && ifreq[i] !== 0; i++) name += String.fromCharCode(ifreq[i]);
  return name;
}

function pick(ifa: InIfaddr, request: number): number {
  if (request === SIOCGIFADDR) return ifa.local;
  if (request === SIOCGIFNETMASK) return ifa.mask;
  return request === SIOCGIFBRDADDR ? ifa.broadcast : ifa.address;
}
