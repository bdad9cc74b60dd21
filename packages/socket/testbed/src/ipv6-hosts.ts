/** Hosts with IPv6, and IPv4 beside it. */
import { addrconf, type Ifa6Config, inet6AddrAdd } from '@skbuff/addrconf';
import { SockaddrIn6, afInet6 } from '@skbuff/af-inet6';
import type { NetDevice, SkBuff } from '@skbuff/core';
import { fib6 } from '@skbuff/fib6';
import { Fib6Trie } from '@skbuff/fib6-trie';
import { icmpv6 } from '@skbuff/icmpv6';
import { INFINITY_LIFE_TIME, IPV6, ipv6 } from '@skbuff/ipv6';
import { mld } from '@skbuff/mld';
import { ndisc } from '@skbuff/ndisc';
import { type Ip6Packet, packets6 } from '@skbuff/testkit';
import { AF_INET6, ICMPV6_PARAMPROB, IFA_F_NODAD } from '@skbuff/uapi';
import { type In6Addr, in6Pton } from '@skbuff/wire';
import type { HostFamily } from './host-family.ts';
import { hosts4 } from './ipv4-hosts.ts';

/** The address that a text is. */
export function in6(addr: string): In6Addr {
  const parsed = in6Pton(addr);
  if (parsed === null) throw new Error(`not an IPv6 address: ${addr}`);
  return parsed;
}

/** An AF_INET6 address for system calls. */
export function sin6(addr: string, port: number, scopeId = 0, flowinfo = 0): SockaddrIn6 {
  return new SockaddrIn6(in6(addr), port, scopeId, flowinfo);
}

const FOR_EVER: Omit<Ifa6Config, 'pfx' | 'plen'> = {
  peerPfx: null,
  rtPriority: 0,
  ifaProto: 0,
  ifaFlags: IFA_F_NODAD,
  preferedLft: INFINITY_LIFE_TIME,
  validLft: INFINITY_LIFE_TIME,
  scope: 0,
};

/** IPv6, 2001:db8::/64. Addresses may be used at once. */
export const hosts6: HostFamily<Ip6Packet> = {
  ...packets6,
  af: AF_INET6,
  prefixlen: 64,
  plugins: () => [...hosts4.plugins(), ipv6(), fib6({ table: () => new Fib6Trie() }), icmpv6(), ndisc(), mld(), addrconf(), afInet6()],
  sockaddr: sin6,
  addAddress: (dev, addr, plen) => inet6AddrAdd(dev.net, dev, { ...FOR_EVER, pfx: in6(addr), plen }, null),
  hearErrors(kernel, heard, loaded) {
    const ip = kernel.services.get(IPV6);
    if (ip.icmp === null || loaded.has('@skbuff/icmpv6')) return;
    const tell = (skb: SkBuff, type: number, code: number): void => heard({ net: (skb.dev as NetDevice).net, type, code });
    ip.icmp = {
      ...ip.icmp,
      icmpv6Send: tell,
      paramProb(skb, code, _pos, reason) {
        tell(skb, ICMPV6_PARAMPROB, code);
        skb.kfree(reason);
      },
    };
  },
};
