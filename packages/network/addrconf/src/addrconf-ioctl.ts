/** ioctl(2) on AF_INET6 sockets: SIOCSIFADDR, SIOCDIFADDR, SIOCSIFDSTADDR (`net/ipv6/addrconf.c`). */
import type { Net } from '@skbuff/core';
import { INFINITY_LIFE_TIME } from '@skbuff/ipv6';
import { EFAULT, ENODEV, IFA_F_PERMANENT, SIOCDIFADDR, SIOCSIFDSTADDR } from '@skbuff/uapi';
import { IN6ADDR_LEN, In6Addr, le32 } from '@skbuff/wire';
import { inet6AddrAdd, inet6AddrDel } from './addrconf-add.ts';

/** `struct in6_ifreq`: address, prefix length, index of the interface. */
const IN6_IFREQ_LEN = 24;
const PREFIXLEN: number = IN6ADDR_LEN;
const IFINDEX: number = IN6ADDR_LEN + 4;

/**
 * `request`: one of the three. Adds or takes away the address that `arg` (`struct in6_ifreq`) says; the caller has made sure of the privilege. 0; -EFAULT: `arg` is too
 * short; -ENODEV, or what RTM_NEWADDR and RTM_DELADDR answer. Another end is for tunnels of a kind that there is not: -ENODEV.
 */
export function addrconfIoctl(net: Net, request: number, arg: Uint8Array): number {
  if (arg.length < IN6_IFREQ_LEN) return -EFAULT;
  const pfx = new In6Addr().load(arg, 0);
  const plen = le32(arg, PREFIXLEN);
  const dev = net.devGetByIndex(le32(arg, IFINDEX));
  if (dev === null || request === SIOCSIFDSTADDR) return -ENODEV;
  if (request === SIOCDIFADDR) return inet6AddrDel(net, dev, pfx, plen, null);
  const ifaFlags = IFA_F_PERMANENT;
  const forever = { preferedLft: INFINITY_LIFE_TIME, validLft: INFINITY_LIFE_TIME };
  return inet6AddrAdd(net, dev, { pfx, plen, peerPfx: null, rtPriority: 0, ifaProto: 0, ifaFlags, ...forever, scope: 0 }, null);
}
