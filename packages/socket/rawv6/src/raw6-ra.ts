/**
 * Router alerts (RFC 2711; `ip6_ra_control` in `net/ipv6/ipv6_sockglue.c`, `ip6_call_ra_chain` in `net/ipv6/ip6_output.c`). Unlike IPv4's, the
 * chain is the kernel's: a socket hears of packets in other namespaces too, unless it wants to be left alone (IPV6_ROUTER_ALERT_ISOLATE).
 */
import { inet6Np } from '@skbuff/af-inet6';
import type { NetDevice, SkBuff } from '@skbuff/core';
import { EADDRINUSE, ENOBUFS, ENOPROTOOPT, IPPROTO_RAW } from '@skbuff/uapi';
import { rawv6Rcv } from './raw6-rcv.ts';
import { type Raw6Sock, raw6Net } from './raw6-sock.ts';

/** `ip6_ra_chain`: the sockets in the order in which they came, each with the value that it wants to hear of. */
export interface Ip6RaChain {
  list: readonly { readonly sk: Raw6Sock; readonly sel: number }[];
}

/**
 * `ip6_ra_control`: the socket joins the chain for alerts of value `sel`, or leaves it (negative). 0, -ENOPROTOOPT (only sockets of IPPROTO_RAW
 * may), -EADDRINUSE (it is there already), -ENOBUFS (it is not there).
 */
export function ip6RaControl(sk: Raw6Sock, sel: number): number {
  if (sk.inetNum !== IPPROTO_RAW) return -ENOPROTOOPT;
  const { raChain } = raw6Net.of(sk.net);
  const there = raChain.list.some((ra) => ra.sk === sk);
  if (sel < 0) {
    if (!there) return -ENOBUFS;
    raChain.list = raChain.list.filter((ra) => ra.sk !== sk);
    return 0;
  }
  if (there) return -EADDRINUSE;
  raChain.list = [...raChain.list, { sk, sel }];
  return 0;
}

/** See `Raw6Delivery.raChain`. `data` is at the IPv6 header. */
export function ip6CallRaChain(skb: SkBuff, sel: number): boolean {
  const dev = skb.dev as NetDevice;
  let last: Raw6Sock | null = null;
  for (const { sk, sel: wanted } of raw6Net.of(dev.net).raChain.list) {
    if (wanted !== sel || (sk.boundDevIf !== 0 && sk.boundDevIf !== dev.ifindex)) continue;
    if (inet6Np(sk).rtalertIsolate && sk.net !== dev.net) continue;
    const copy = last === null ? null : skb.clone();
    if (last !== null && copy !== null) rawv6Rcv(last, copy);
    last = sk;
  }
  if (last === null) return false;
  rawv6Rcv(last, skb);
  return true;
}
