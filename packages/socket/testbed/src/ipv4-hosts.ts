/** Hosts with IPv4. */
import { SockaddrIn, afInet } from '@skbuff/af-inet';
import { arp } from '@skbuff/arp';
import type { NetDevice } from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { IPV4, type InDevice, inDevGet, inetAllocIfa, inetInsertIfa, ipv4 } from '@skbuff/ipv4';
import { type IpPacket, packets4 } from '@skbuff/testkit';
import { AF_INET } from '@skbuff/uapi';
import { inetMakeMask, inetPton4 } from '@skbuff/wire';
import type { HostFamily } from './host-family.ts';

/** An AF_INET address for system calls. */
export function sin(addr: string, port: number): SockaddrIn {
  return new SockaddrIn(inetPton4(addr), port);
}

/** With the broadcast address of its prefix. */
function addAddress(dev: NetDevice, addr: string, prefixlen: number): number {
  const local = inetPton4(addr);
  const broadcast = prefixlen < 31 ? (local | ~inetMakeMask(prefixlen)) >>> 0 : 0;
  return inetInsertIfa(inetAllocIfa(inDevGet(dev) as InDevice, { local, prefixlen, broadcast }));
}

/** IPv4, 10.0.0.0/24. */
export const hosts4: HostFamily<IpPacket> = {
  ...packets4,
  af: AF_INET,
  prefixlen: 24,
  plugins: () => [ipv4(), fib({ table: () => new FibTrie() }), arp(), afInet()],
  sockaddr: sin,
  addAddress,
  hearErrors: (kernel, heard) => {
    kernel.services.get(IPV4).icmp ??= { icmpSend: (skb, type, code) => heard({ net: (skb.dev as NetDevice).net, type, code }), outCount() {} };
  },
};
