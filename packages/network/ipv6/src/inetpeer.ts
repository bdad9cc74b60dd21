/** Peers by IPv6 address. */
import type { Net } from '@skbuff/core';
import { type InetPeer, inetGetpeer } from '@skbuff/inet';
import type { In6Addr } from '@skbuff/wire';
import { ipv6Net } from './ipv6-net.ts';

/** `inet_getpeer_v6`: the peer with this address, made when first asked for. */
export function inetGetpeerV6(net: Net, addr: In6Addr): InetPeer {
  return inetGetpeer(ipv6Net.of(net).peers, addr, net.timers.jiffies);
}
