/** IPv6 packets, right in every field that the caller says nothing about. */
import { ETH_P_IPV6, IPPROTO_ICMPV6, IPPROTO_UDP } from '@skbuff/uapi';
import {
  csumIpv6Nofold,
  csumFold,
  csumPartial,
  ICMP6HDR_CKSUM,
  ICMP6HDR_DATA,
  ICMP6HDR_LEN,
  inetPton6,
  IPV6HDR_DADDR,
  IPV6HDR_HOP_LIMIT,
  IPV6HDR_LEN,
  IPV6HDR_NEXTHDR,
  IPV6HDR_PAYLOAD_LEN,
  IPV6HDR_SADDR,
  setBe16,
  setBe32,
} from '@skbuff/wire';
import { type PacketFamily, type PacketFields, payloadBytes } from './packet-family.ts';

/** The address of the first host, and of the second. */
export const HOST6_A = '2001:db8::1';
export const HOST6_B = '2001:db8::2';

export interface Ip6Packet extends PacketFields {
  readonly flowlabel?: number;
  /** What the header says, where that is not the length of what follows. */
  readonly payloadLen?: number;
  /** Extension headers, whole, with the number of each: their next headers are filled in. `proto` is that of the payload. */
  readonly ext?: readonly (readonly [nexthdr: number, bytes: readonly number[]])[];
}

/** An IPv6 packet; by default from {@link HOST6_A} to {@link HOST6_B}. `tos` is the traffic class, `ttl` the hop limit. */
export function ip6Packet(f: Ip6Packet): Uint8Array {
  const ext = f.ext ?? [];
  const payload = payloadBytes(f.payload ?? new Uint8Array(8));
  const proto = f.proto ?? IPPROTO_UDP;
  const headers = ext.flatMap(([, bytes], i) => [ext[i + 1]?.[0] ?? proto, ...bytes.slice(1)]);
  const packet = new Uint8Array(IPV6HDR_LEN + headers.length + payload.length);
  setBe32(packet, 0, 0x60000000 + (f.tos ?? 0) * 0x100000 + (f.flowlabel ?? 0));
  setBe16(packet, IPV6HDR_PAYLOAD_LEN, f.payloadLen ?? headers.length + payload.length);
  packet[IPV6HDR_NEXTHDR] = ext[0]?.[0] ?? proto;
  packet[IPV6HDR_HOP_LIMIT] = f.ttl ?? 64;
  packet.set(ip6Bytes(f.saddr ?? HOST6_A), IPV6HDR_SADDR);
  packet.set(ip6Bytes(f.daddr ?? HOST6_B), IPV6HDR_DADDR);
  packet.set(headers, IPV6HDR_LEN);
  packet.set(payload, IPV6HDR_LEN + headers.length);
  return packet;
}

/** The 16 bytes of an address; a text that is none throws. */
export function ip6Bytes(text: string): Uint8Array {
  const bytes = inetPton6(text);
  if (bytes === null) throw new Error(`not an IPv6 address: ${text}`);
  return bytes;
}

/** An ICMPv6 message from `saddr` to `daddr`, which are in its checksum; `data` is what comes behind that. */
export function icmp6Message(saddr: string, daddr: string, type: number, code = 0, data: ArrayLike<number> = [0x12, 0x34, 0, 1, 0, 0, 0, 0]): Uint8Array {
  const message = new Uint8Array(Math.max(ICMP6HDR_LEN, ICMP6HDR_DATA + data.length));
  message[0] = type;
  message[1] = code;
  message.set(data, ICMP6HDR_DATA);
  setBe16(message, ICMP6HDR_CKSUM, csumFold(csumPartial(message, 0, message.length, pseudo6(saddr, daddr, message.length, IPPROTO_ICMPV6))));
  return message;
}

function pseudo6(saddr: string, daddr: string, len: number, proto: number): number {
  return csumIpv6Nofold(Uint8Array.from([...ip6Bytes(saddr), ...ip6Bytes(daddr)]), 0, len, proto);
}

/** IPv6. */
export const packets6: PacketFamily<Ip6Packet> = {
  name: 'IPv6',
  version: 6,
  ethType: ETH_P_IPV6,
  hostA: HOST6_A,
  hostB: HOST6_B,
  packet: ip6Packet,
  pseudo: pseudo6,
};
