/** The options of a router advertisement that do not speak of its sender: prefixes, routes, MTU, and what daemons want to hear of. */
import type { SkBuff } from '@skbuff/core';
import { ipv6Net } from '@skbuff/ipv6';
import { type NlStruct, NlMsgBuilder, rtnlHasListeners, rtnlNotify } from '@skbuff/netlink';
import { AF_INET6, ICMPV6_ROUTER_PREF_INVALID, IPV6_MIN_MTU, NDUSEROPT_SRCADDR, RTM_NEWNDUSEROPT, RTNLGRP_ND_USEROPT } from '@skbuff/uapi';
import { IN6ADDR_LEN, In6Addr, be32, copyBytes, ipv6AddrPrefix, setLe16, setLe32 } from '@skbuff/wire';
import { ndiscNextOption, ndiscNextUseropt } from './ndisc-options.ts';
import type { Advertisement } from './ndisc-ra.ts';

/** Of a route information option (RFC 4191 §2.3): prefix length, preference, lifetime, prefix. */
const RI_PLEN = 2;
const RI_FLAGS = 3;
const RI_LIFETIME = 4;
const RI_PREFIX = 8;
/** Of an MTU option (RFC 4861 §4.6.4). */
const MTU_VALUE = 4;

/** What is left of `ndisc_router_discovery`. */
export function raOptions(ra: Advertisement): void {
  const { opts, idev } = ra;
  const { cnf } = idev;
  if (!ra.own && cnf.acceptRaRtrPref !== 0) {
    for (let at = opts.routeInfo; at >= 0; at = ndiscNextOption(ra.skb.bytes, at, opts.routeInfoEnd)) routeInfo(ra, at);
  }
  if (cnf.acceptRaPinfo !== 0) {
    for (let at = opts.prefixInfo; at >= 0; at = ndiscNextOption(ra.skb.bytes, at, opts.prefixInfoEnd)) prefixInfo(ra, at);
  }
  if (opts.mtu >= 0 && cnf.acceptRaMtu !== 0) mtu(ra);
  for (let at = opts.userOpts; at >= 0; at = ndiscNextUseropt(ra.skb.bytes, at, opts.userOptsEnd)) ndiscRaUseropt(ra, at);
}

function prefixInfo({ skb, idev, opts }: Advertisement, at: number): void {
  const { dev } = idev;
  ipv6Net.of(dev.net).ip.addrconf?.prefixRcv(dev, skb.bytes, at, skb.bytes[at + 1] << 3, opts.srcLladdr >= 0);
}

/** What the settings let through, and (`rt6_route_rcv`) is not much too short for its prefix. */
function routeInfo({ skb, idev, saddr }: Advertisement, at: number): void {
  const { bytes } = skb;
  const { cnf, dev } = idev;
  const units = bytes[at + 1];
  const plen = bytes[at + RI_PLEN];
  const pref = (bytes[at + RI_FLAGS] >> 3) & 3;
  const lifetime = be32(bytes, at + RI_LIFETIME);
  // Without signs, unlike the router's own lifetime.
  if ((plen === 0 && cnf.acceptRaDefrtr === 0) || (lifetime !== 0 && lifetime < cnf.acceptRaMinLft >>> 0)) return;
  if (plen < cnf.acceptRaRtInfoMinPlen || plen > cnf.acceptRaRtInfoMaxPlen) return;
  if (units > 3 || plen > 128 || (plen > 64 && units < 2) || pref === ICMPV6_ROUTER_PREF_INVALID) return;
  const prefix = new In6Addr().load(prefixBytes(skb, at + RI_PREFIX), 0);
  ipv6Net.of(dev.net).ip.routing?.routeInfo(dev, saddr, ipv6AddrPrefix(prefix, prefix, plen), plen, pref, lifetime);
}

/** The 16 bytes at `at`. Linux does not mind that they may not all be the option's; those behind the packet are zeros here. */
function prefixBytes({ bytes, tail }: SkBuff, at: number): Uint8Array {
  const whole = new Uint8Array(IN6ADDR_LEN);
  copyBytes(whole, 0, bytes, at, Math.max(0, Math.min(IN6ADDR_LEN, tail - at)));
  return whole;
}

function mtu(ra: Advertisement): void {
  const { skb, opts, idev } = ra;
  const said = be32(skb.bytes, opts.mtu + MTU_VALUE);
  if (idev.raMtu !== said) {
    idev.raMtu = said;
    ra.changed = true;
  }
  const value = newMtu(ra);
  if (value === 0) return;
  idev.cnf.mtu6 = value;
  ipv6Net.of(idev.dev.net).ip.routing?.mtuChange(idev.dev, value);
}

/** The MTU that the interface gets by this advertisement; 0: it keeps its own. */
export function newMtu({ skb, opts, idev }: Advertisement): number {
  const { dev, cnf } = idev;
  if (opts.mtu < 0 || cnf.acceptRaMtu === 0) return 0;
  const value = be32(skb.bytes, opts.mtu + MTU_VALUE);
  return value < IPV6_MIN_MTU || value > dev.mtu || value === cnf.mtu6 ? 0 : value;
}

/** `ndisc_ra_useropt`: tells the group RTNLGRP_ND_USEROPT of the option at `at`. */
function ndiscRaUseropt({ skb, idev, saddr }: Advertisement, at: number): void {
  const { net, ifindex } = idev.dev;
  if (!rtnlHasListeners(net, RTNLGRP_ND_USEROPT)) return;
  const { bytes, transportHeader: th } = skb;
  const b = new NlMsgBuilder();
  const len = bytes[at + 1] << 3;
  const nlh = b.nlmsgPut(RTM_NEWNDUSEROPT, 0, 0, 0, nduseroptmsg(ifindex, bytes[th], bytes[th + 1], bytes, at, len));
  b.nlaPut(NDUSEROPT_SRCADDR, saddr.toBytes());
  b.nlmsgEnd(nlh);
  rtnlNotify(net, b.bytes(), 0, RTNLGRP_ND_USEROPT, null);
}

/** `struct nduseroptmsg` and the `len` bytes of the option behind it. */
function nduseroptmsg(ifindex: number, type: number, code: number, option: Uint8Array, at: number, len: number): NlStruct {
  return {
    size: 16 + len,
    write(b, o) {
      b[o] = AF_INET6;
      setLe16(b, o + 2, len);
      setLe32(b, o + 4, ifindex);
      b[o + 8] = type;
      b[o + 9] = code;
      copyBytes(b, o + 16, option, at, len);
    },
  };
}
