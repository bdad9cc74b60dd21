/** Who takes a packet of IPv6 that has arrived. The tables are asked with the stack's own functions. */
import { inet6Np, SockaddrIn6 } from '@skbuff/af-inet6';
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { IP6CB_FLAGS, IP6SKB_FRAGMENTED, IPV6 } from '@skbuff/ipv6';
import type { SockAddr } from '@skbuff/sock';
import { AF_INET6, IPPROTO_ICMPV6, IPPROTO_IPV6, IPPROTO_UDP, IPV6_V6ONLY, MCAST_INCLUDE } from '@skbuff/uapi';
import { udpNet, type UdpSock } from '@skbuff/udp';
import { udp6LibLookup } from '@skbuff/udpv6';
import { IN6ADDR_LEN, type In6Addr, inetPton6 } from '@skbuff/wire';
import type { Membership, SocketOption } from '../family.ts';
import { endName, type IpHeader } from '../headers.ts';
import type { Trace } from '../trace.ts';
import { icmpv6Name } from './header.ts';

/** Null: nobody, and the drop that follows says so; or not yet, since a fragment is not the whole packet. */
export function taker6(net: Net, ip: IpHeader, dev: NetDevice): readonly [fn: string, text: string] | null {
  if (ip.more || ip.offset > 0) return null;
  if (ip.protocol === IPPROTO_ICMPV6) return ['icmpv6Rcv', icmpv6Name(ip.a, ip.b)];
  if (ip.protocol !== IPPROTO_UDP || udpNet.peek(net) === null) return ['ip6ProtocolDeliver', `to protocol ${ip.protocol}`];
  const addrs = new Uint8Array(2 * IN6ADDR_LEN);
  addrs.set(inetPton6(ip.saddr) as Uint8Array);
  addrs.set(inetPton6(ip.daddr) as Uint8Array, IN6ADDR_LEN);
  const sk = udp6LibLookup(udpNet.of(net).table, addrs, 0, ip.a, IN6ADDR_LEN, ip.b, dev.ifindex);
  return sk === null ? null : ['udpv6Rcv', `socket ${endName(inet6Np(sk).rcvSaddr.toString(), sk.inetNum)}`];
}

/** IPv6 puts fragments together behind LOCAL_IN: who takes the whole is asked for before it is given to the transport. */
export function watchFragments(trace: Trace): () => void {
  const { services } = trace.kernel;
  const protos = services.has(IPV6) ? services.get(IPV6).protos : [];
  const known = [...protos];
  for (const [nexthdr, real] of known.entries()) {
    if (real?.final !== true) continue;
    protos[nexthdr] = {
      ...real,
      handler(skb) {
        if ((skb.cb[IP6CB_FLAGS] & IP6SKB_FRAGMENTED) !== 0) whole(trace, skb);
        return real.handler(skb);
      },
    };
  }
  return () => {
    for (const [nexthdr, real] of known.entries()) protos[nexthdr] = real;
  };
}

function whole(trace: Trace, skb: SkBuff): void {
  const subject = trace.subjectOf(skb);
  const ip = trace.headerOf(skb);
  const dev = skb.dev as NetDevice;
  const found = ip === null ? null : taker6(dev.net, ip, dev);
  if (subject !== null && found !== null) trace.add(dev.net, dev, 'deliver', subject, found[0], found[1]);
}

export function memberships6(sk: UdpSock): readonly Membership[] {
  if (sk.family !== AF_INET6) return [];
  return inet6Np(sk).mcList.map(({ addr, ifindex, sfmode, sources }) => ({ group: addrBytes(addr), ifindex, include: sfmode === MCAST_INCLUDE, sources: (sources ?? []).map(addrBytes) }));
}

function addrBytes(addr: In6Addr): Uint8Array {
  const bytes = new Uint8Array(IN6ADDR_LEN);
  addr.store(bytes, 0);
  return bytes;
}

export function namesOf6(sk: UdpSock): readonly [own: SockAddr, peer: SockAddr | null] {
  const { daddr, rcvSaddr } = inet6Np(sk);
  const peer = daddr.isAny() ? null : new SockaddrIn6(daddr.clone(), sk.inetDport, sk.boundDevIf);
  return [new SockaddrIn6(rcvSaddr.clone(), sk.inetNum, sk.boundDevIf), peer];
}

/** Whether it takes IPv4, too, is decided before it has a name. */
export function socketOptions6(sk: UdpSock): readonly SocketOption[] {
  return [[IPPROTO_IPV6, IPV6_V6ONLY, sk.ipv6only ? 1 : 0]];
}
