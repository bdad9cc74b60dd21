/** What kind of address one is (`net/ipv6/addrconf_core.c`; RFC 4291 §2.4). */
import type { In6Addr } from '@skbuff/wire';

export const IPV6_ADDR_ANY = 0x0000;
export const IPV6_ADDR_UNICAST = 0x0001;
export const IPV6_ADDR_MULTICAST = 0x0002;
export const IPV6_ADDR_LOOPBACK = 0x0010;
export const IPV6_ADDR_LINKLOCAL = 0x0020;
export const IPV6_ADDR_SITELOCAL = 0x0040;
export const IPV6_ADDR_COMPATV4 = 0x0080;
export const IPV6_ADDR_SCOPE_MASK = 0x00f0;
export const IPV6_ADDR_MAPPED = 0x1000;

/** Scopes, as multicast addresses have them (RFC 4291 §2.7), in the upper half of {@link __ipv6AddrType}. */
export const IPV6_ADDR_SCOPE_NODELOCAL = 0x01;
export const IPV6_ADDR_SCOPE_LINKLOCAL = 0x02;
export const IPV6_ADDR_SCOPE_SITELOCAL = 0x05;
export const IPV6_ADDR_SCOPE_ORGLOCAL = 0x08;
export const IPV6_ADDR_SCOPE_GLOBAL = 0x0e;

const scopeType = (scope: number): number => scope << 16;

/** `__ipv6_addr_type`: IPV6_ADDR_* with the scope in the upper half. */
export function ipv6AddrTypeScope(a: In6Addr): number {
  const { w0 } = a;
  // 001…, 010…: most of what there is.
  if ((w0 & 0xe0000000) !== 0 && (w0 & 0xe0000000) !== (0xe0000000 | 0)) return IPV6_ADDR_UNICAST | scopeType(IPV6_ADDR_SCOPE_GLOBAL);
  if (w0 >>> 24 === 0xff) return IPV6_ADDR_MULTICAST | multicastScope(ipv6AddrMcScope(a));
  if ((w0 & 0xffc00000) === (0xfe800000 | 0)) return IPV6_ADDR_LINKLOCAL | IPV6_ADDR_UNICAST | scopeType(IPV6_ADDR_SCOPE_LINKLOCAL);
  if ((w0 & 0xffc00000) === (0xfec00000 | 0)) return IPV6_ADDR_SITELOCAL | IPV6_ADDR_UNICAST | scopeType(IPV6_ADDR_SCOPE_SITELOCAL);
  if (w0 >>> 25 === 0x7e) return IPV6_ADDR_UNICAST | scopeType(IPV6_ADDR_SCOPE_GLOBAL);
  if ((w0 | a.w1) === 0) {
    if (a.w2 === 0) {
      if (a.w3 === 0) return IPV6_ADDR_ANY;
      if (a.w3 === 1) return IPV6_ADDR_LOOPBACK | IPV6_ADDR_UNICAST | scopeType(IPV6_ADDR_SCOPE_LINKLOCAL);
      return IPV6_ADDR_COMPATV4 | IPV6_ADDR_UNICAST | scopeType(IPV6_ADDR_SCOPE_GLOBAL);
    }
    if (a.w2 === 0xffff) return IPV6_ADDR_MAPPED | scopeType(IPV6_ADDR_SCOPE_GLOBAL);
  }
  return IPV6_ADDR_UNICAST | scopeType(IPV6_ADDR_SCOPE_GLOBAL);
}

/** `IPV6_ADDR_MC_SCOPE`: how far packets for a group go, IPV6_ADDR_SCOPE_* or another number below 16. */
export function ipv6AddrMcScope({ w0 }: In6Addr): number {
  return (w0 >> 16) & 0x0f;
}

/** `IPV6_ADDR_MC_FLAG_TRANSIENT`: nobody has assigned the group for good. */
export function ipv6AddrMcFlagTransient({ w0 }: In6Addr): boolean {
  return (w0 & 0x00100000) !== 0;
}

/** `IPV6_ADDR_MC_FLAG_PREFIX`: it belongs to a network, whose prefix is in the address (RFC 3306 §4). */
export function ipv6AddrMcFlagPrefix({ w0 }: In6Addr): boolean {
  return (w0 & 0x00200000) !== 0;
}

/** `IPV6_ADDR_MC_FLAG_RENDEZVOUS`: and so is its rendezvous point (RFC 3956 §4). */
export function ipv6AddrMcFlagRendezvous({ w0 }: In6Addr): boolean {
  return (w0 & 0x00400000) !== 0;
}

/** Of a multicast address: its own four bits, and the unicast scope that they mean. */
function multicastScope(scope: number): number {
  const unicast =
    scope === IPV6_ADDR_SCOPE_NODELOCAL
      ? IPV6_ADDR_LOOPBACK
      : scope === IPV6_ADDR_SCOPE_LINKLOCAL
        ? IPV6_ADDR_LINKLOCAL
        : scope === IPV6_ADDR_SCOPE_SITELOCAL
          ? IPV6_ADDR_SITELOCAL
          : 0;
  return unicast | scopeType(scope);
}

/** `ipv6_addr_type`: IPV6_ADDR_*. */
export function ipv6AddrType(a: In6Addr): number {
  return ipv6AddrTypeScope(a) & 0xffff;
}

/** `ipv6_addr_scope`: IPV6_ADDR_LOOPBACK, _LINKLOCAL, _SITELOCAL (as IFA_HOST, IFA_LINK, IFA_SITE), or 0. */
export function ipv6AddrScope(a: In6Addr): number {
  return ipv6AddrTypeScope(a) & IPV6_ADDR_SCOPE_MASK;
}

/** `ipv6_addr_src_scope`: IPV6_ADDR_SCOPE_*. */
export function ipv6AddrSrcScope(a: In6Addr): number {
  return ipv6AddrTypeScope(a) >>> 16;
}
