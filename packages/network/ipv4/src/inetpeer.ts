/** Peers by IPv4 address. */
import type { Net } from '@skbuff/core';
import { type InetPeer, inetGetpeer } from '@skbuff/inet';
import { ipv4Net } from './ipv4-net.ts';

/** `inet_getpeer_v4`: the peer with this address (u32), made when first asked for. */
export function inetGetpeerV4(net: Net, v4daddr: number): InetPeer {
  return inetGetpeer(ipv4Net.of(net).peers, v4daddr, net.timers.jiffies);
}
