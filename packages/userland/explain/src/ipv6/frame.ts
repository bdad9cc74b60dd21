/** Packets of IPv6 to be sent: what the socket is told, and headers for those from outside. */
import {
  IPPROTO_IPV6, IPV6_DONTFRAG, IPV6_MTU_DISCOVER, IPV6_MULTICAST_HOPS, IPV6_PMTUDISC_DO, IPV6_PMTUDISC_DONT, IPV6_TCLASS, IPV6_UNICAST_HOPS,
} from '@skbuff/uapi';
import { csumIpv6Magic, csumPartial, IN6ADDR_LEN, IPV6HDR_DADDR, IPV6HDR_FLOW, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_PAYLOAD_LEN, IPV6HDR_SADDR, setBe16, setBe32 } from '@skbuff/wire';
import type { SocketOption } from '../family.ts';
import type { Packet } from '../packet.ts';

const DEFAULT_HOP_LIMIT = 64;
const ANY: Uint8Array = new Uint8Array(IN6ADDR_LEN);

export function optionsOf6(packet: Packet): readonly SocketOption[] {
  return [
    [IPPROTO_IPV6, IPV6_UNICAST_HOPS, packet.ttl],
    [IPPROTO_IPV6, IPV6_MULTICAST_HOPS, packet.ttl],
    [IPPROTO_IPV6, IPV6_TCLASS, packet.tos === 0 ? null : packet.tos],
    [IPPROTO_IPV6, IPV6_MTU_DISCOVER, packet.df === null ? null : packet.df ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT],
    [IPPROTO_IPV6, IPV6_DONTFRAG, packet.df === true ? 1 : null],
  ];
}

/** With the pseudo-header. Of a packet without a source it is wrong: the kernel, which chooses one, makes it. */
export function checksumOf6(packet: Packet, protocol: number, message: Uint8Array): number {
  const addrs = new Uint8Array(2 * IN6ADDR_LEN);
  addrs.set(packet.saddr?.bytes ?? ANY);
  addrs.set(packet.daddr.bytes, IN6ADDR_LEN);
  const sum = csumIpv6Magic(addrs, 0, message.length, protocol, csumPartial(message, 0, message.length, 0));
  return sum === 0 ? 0xffff : sum;
}

/** Its flow has no label. */
export function datagramOf6(packet: Packet, protocol: number, message: Uint8Array): Uint8Array {
  const b = new Uint8Array(IPV6HDR_LEN + message.length);
  setBe32(b, IPV6HDR_FLOW, ((6 << 28) | (packet.tos << 20)) >>> 0);
  setBe16(b, IPV6HDR_PAYLOAD_LEN, message.length);
  b[IPV6HDR_NEXTHDR] = protocol;
  b[IPV6HDR_HOP_LIMIT] = packet.ttl ?? DEFAULT_HOP_LIMIT;
  b.set(packet.saddr?.bytes ?? ANY, IPV6HDR_SADDR);
  b.set(packet.daddr.bytes, IPV6HDR_DADDR);
  b.set(message, IPV6HDR_LEN);
  return b;
}
