/** Which addresses are this host's own (`net/ipv6/addrconf.c`, `net/ipv6/anycast.c`: what is asked, not how they come and go). */
import type { Net, NetDevice } from '@skbuff/core';
import { IFA_F_OPTIMISTIC, IFA_F_TENTATIVE } from '@skbuff/uapi';
import { type In6Addr, ipv6PrefixEqual } from '@skbuff/wire';
import { IPV6_ADDR_LINKLOCAL, IPV6_ADDR_LOOPBACK, ipv6AddrType } from './addrconf-core.ts';
import { IFA_LINK, in6DevGet, type Inet6Ifaddr } from './if-inet6.ts';
import { ipv6Net } from './ipv6-net.ts';

/**
 * `ipv6_get_ifaddr`: this host's address `addr`, tentative or not. On `dev` (null: any); unless `strict` (or it is a link-local address) one
 * of another device will do.
 */
export function ipv6GetIfaddr(net: Net, addr: In6Addr, dev: NetDevice | null, strict: boolean): Inet6Ifaddr | null {
  for (const ifp of ipv6Net.of(net).addrs.candidates(addr)) {
    if (!ifp.addr.equals(addr)) continue;
    if (dev === null || ifp.idev.dev === dev || !((ifp.scope & (IFA_LINK | IPV6_ADDR_LOOPBACK)) !== 0 || strict)) return ifp;
  }
  return null;
}

/**
 * `ipv6_chk_addr_and_flags`: whether `addr` is this host's, on `dev` (null: on any) and, with `strict` or for link-local addresses, on no
 * other, and has none of `bannedFlags` (IFA_F_*). A tentative address that is optimistic counts as one that is not.
 */
export function ipv6ChkAddrAndFlags(net: Net, addr: In6Addr, dev: NetDevice | null, strict: boolean, bannedFlags: number): boolean {
  for (const ifp of ipv6Net.of(net).addrs.candidates(addr)) {
    if (!ifp.addr.equals(addr)) continue;
    const flags = (ifp.flags & IFA_F_OPTIMISTIC) !== 0 ? ifp.flags & ~IFA_F_TENTATIVE : ifp.flags;
    if ((flags & bannedFlags) !== 0) continue;
    if (dev === null || ifp.idev.dev === dev || !((ifp.scope & (IFA_LINK | IPV6_ADDR_LOOPBACK)) !== 0 || strict)) return true;
  }
  return false;
}

/** `ipv6_chk_addr`: as above; tentative addresses are not ours yet. */
export function ipv6ChkAddr(net: Net, addr: In6Addr, dev: NetDevice | null, strict: boolean): boolean {
  return ipv6ChkAddrAndFlags(net, addr, dev, strict, IFA_F_TENTATIVE);
}

/** `ipv6_get_lladdr`: fills in the device's oldest link-local address with none of `bannedFlags`; false: there is none. */
export function ipv6GetLladdr(dev: NetDevice, into: In6Addr, bannedFlags: number): boolean {
  const list = in6DevGet(dev)?.addrList ?? [];
  for (let i = list.length - 1; i >= 0; i--) {
    const ifp = list[i] as Inet6Ifaddr;
    if (ifp.scope > IFA_LINK) break;
    if (ifp.scope !== IFA_LINK || (ifp.flags & bannedFlags) !== 0) continue;
    into.copy(ifp.addr);
    return true;
  }
  return false;
}

/** `ipv6_chk_acast_addr`: whether `addr` is an anycast address of `dev` (null: of any device). */
export function ipv6ChkAcastAddr(net: Net, dev: NetDevice | null, addr: In6Addr): boolean {
  if (dev !== null) return (in6DevGet(dev)?.acList ?? []).some((ac) => ac.addr.equals(addr));
  return net.devList.some((each) => ipv6ChkAcastAddr(net, each, addr));
}

/** `ipv6_chk_acast_addr_src`: the same of a source: link-local ones on their device. */
export function ipv6ChkAcastAddrSrc(net: Net, dev: NetDevice, addr: In6Addr): boolean {
  return ipv6ChkAcastAddr(net, (ipv6AddrType(addr) & IPV6_ADDR_LINKLOCAL) !== 0 ? dev : null, addr);
}

/** `ipv6_chk_prefix`: whether `addr` is in the prefix of one of the device's addresses. */
export function ipv6ChkPrefix(addr: In6Addr, dev: NetDevice): boolean {
  return (in6DevGet(dev)?.addrList ?? []).some((ifp) => ipv6PrefixEqual(addr, ifp.addr, ifp.prefixLen));
}
