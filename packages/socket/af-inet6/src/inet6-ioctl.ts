/** ioctl(2) on sockets of AF_INET6 (`inet6_ioctl`): routes and addresses of IPv6, then the protocol. */
import type { InetSk } from '@skbuff/af-inet';
import type { Net } from '@skbuff/core';
import { ipv6Net } from '@skbuff/ipv6';
import { type Socket, sockNet } from '@skbuff/sock';
import { CAP_NET_ADMIN, EFAULT, EINVAL, EPERM, SIOCADDRT, SIOCDELRT, SIOCDIFADDR, SIOCSIFADDR, SIOCSIFDSTADDR } from '@skbuff/uapi';

const IN6_RTMSG_LEN = 80;
const IN6_IFREQ_LEN = 24;

/** 0 or a negative errno; -ENOIOCTLCMD is the protocol's to say. */
export function inet6Ioctl(sock: Socket, request: number, arg: Uint8Array): number {
  const sk = sock.sk as InetSk;
  const { routing, addrconf } = ipv6Net.of(sk.net).ip;
  switch (request) {
    case SIOCADDRT:
    case SIOCDELRT:
      if (arg.length < IN6_RTMSG_LEN) return -EFAULT;
      return mayChange(sk.net) ? (routing?.ioctl?.(sk.net, request, arg) ?? -EINVAL) : -EPERM;
    case SIOCSIFADDR:
    case SIOCDIFADDR:
    case SIOCSIFDSTADDR:
      if (request !== SIOCSIFDSTADDR && !mayChange(sk.net)) return -EPERM;
      if (arg.length < IN6_IFREQ_LEN) return -EFAULT;
      return addrconf?.ioctl?.(sk.net, request, arg) ?? -EINVAL;
    default:
      return sk.prot.ioctl(sk, request, arg);
  }
}

function mayChange(net: Net): boolean {
  return sockNet.of(net).layer.nsCapable(net, CAP_NET_ADMIN);
}
