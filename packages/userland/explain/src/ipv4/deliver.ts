/** Who takes a packet of IPv4 that has arrived. The tables are asked with the stack's own functions. */
import { SockaddrIn } from '@skbuff/af-inet';
import type { Net, NetDevice } from '@skbuff/core';
import type { SockAddr } from '@skbuff/sock';
import { IPPROTO_ICMP, IPPROTO_UDP, MCAST_INCLUDE } from '@skbuff/uapi';
import { udp4LibLookup, udpNet, type UdpSock } from '@skbuff/udp';
import { inetNtoa, inetPton4, setBe32 } from '@skbuff/wire';
import type { Membership } from '../family.ts';
import type { IpHeader } from '../headers.ts';
import { icmpName } from './header.ts';

/** Null: nobody, and the drop that follows says so. */
export function taker(net: Net, ip: IpHeader, dev: NetDevice): readonly [fn: string, text: string] | null {
  if (ip.protocol === IPPROTO_ICMP) return ['icmpRcv', icmpName(ip.a, ip.b)];
  if (ip.protocol !== IPPROTO_UDP || udpNet.peek(net) === null) return ['ipProtocolDeliver', `to protocol ${ip.protocol}`];
  const sk = udp4LibLookup(udpNet.of(net).table, inetPton4(ip.saddr), ip.a, inetPton4(ip.daddr), ip.b, dev.ifindex);
  return sk === null ? null : ['udpRcv', `socket ${inetNtoa(sk.inetRcvSaddr)}:${sk.inetNum}`];
}

export function memberships4({ mcList }: UdpSock): readonly Membership[] {
  return mcList.map(({ group, ifindex, sfmode, sources }) => ({ group: addrBytes(group), ifindex, include: sfmode === MCAST_INCLUDE, sources: (sources ?? []).map(addrBytes) }));
}

function addrBytes(addr: number): Uint8Array {
  const bytes = new Uint8Array(4);
  setBe32(bytes, 0, addr);
  return bytes;
}

export function namesOf(sk: UdpSock): readonly [own: SockAddr, peer: SockAddr | null] {
  const peer = sk.inetDaddr === 0 ? null : new SockaddrIn(sk.inetDaddr >>> 0, sk.inetDport);
  return [new SockaddrIn(sk.inetRcvSaddr >>> 0, sk.inetNum), peer];
}
