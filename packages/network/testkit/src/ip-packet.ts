/** IPv4 packets, right in every field that the caller says nothing about. */
import { ETH_P_IP, IPPROTO_UDP } from '@skbuff/uapi';
import {
  ICMPHDR_CHECKSUM,
  ICMPHDR_LEN,
  ICMPHDR_UN,
  IPHDR_CHECK,
  IPHDR_DADDR,
  IPHDR_FRAG_OFF,
  IPHDR_ID,
  IPHDR_LEN,
  IPHDR_PROTOCOL,
  IPHDR_SADDR,
  IPHDR_TOS,
  IPHDR_TOT_LEN,
  IPHDR_TTL,
  csumTcpudpNofold,
  inetPton4,
  ipComputeCsum,
  setBe16,
  setBe32,
} from '@skbuff/wire';
import { type PacketFamily, type PacketFields, payloadBytes } from './packet-family.ts';

/** The address of the first host, and of the second. */
export const HOST_A = '10.0.0.1';
export const HOST_B = '10.0.0.2';

export interface IpPacket extends PacketFields {
  readonly id?: number;
  /** The whole word: flags, and the offset in units of 8 bytes. */
  readonly fragOff?: number;
  /** Bytes of options, a multiple of four. */
  readonly options?: readonly number[];
}

/** An IPv4 packet; by default from {@link HOST_A} to {@link HOST_B}. */
export function ipPacket(f: IpPacket): Uint8Array {
  const options = f.options ?? [];
  const payload = payloadBytes(f.payload ?? new Uint8Array(8));
  const hlen = IPHDR_LEN + options.length;
  const packet = new Uint8Array(hlen + payload.length);
  packet[0] = 0x40 | (hlen >> 2);
  packet[IPHDR_TOS] = f.tos ?? 0;
  setBe16(packet, IPHDR_TOT_LEN, packet.length);
  setBe16(packet, IPHDR_ID, f.id ?? 1);
  setBe16(packet, IPHDR_FRAG_OFF, f.fragOff ?? 0);
  packet[IPHDR_TTL] = f.ttl ?? 64;
  packet[IPHDR_PROTOCOL] = f.proto ?? IPPROTO_UDP;
  setBe32(packet, IPHDR_SADDR, inetPton4(f.saddr ?? HOST_A));
  setBe32(packet, IPHDR_DADDR, inetPton4(f.daddr ?? HOST_B));
  packet.set(options, IPHDR_LEN);
  setBe16(packet, IPHDR_CHECK, ipComputeCsum(packet, 0, hlen));
  packet.set(payload, hlen);
  return packet;
}

/** An ICMP message; `un` is the word behind its checksum. */
export function icmpMessage(type: number, code = 0, un = 0x12340001, data: Uint8Array = new Uint8Array(8)): Uint8Array {
  const message = new Uint8Array(ICMPHDR_LEN + data.length);
  message[0] = type;
  message[1] = code;
  setBe32(message, ICMPHDR_UN, un);
  message.set(data, ICMPHDR_LEN);
  setBe16(message, ICMPHDR_CHECKSUM, ipComputeCsum(message, 0, message.length));
  return message;
}

/** IPv4. */
export const packets4: PacketFamily<IpPacket> = {
  name: 'IPv4',
  version: 4,
  ethType: ETH_P_IP,
  hostA: HOST_A,
  hostB: HOST_B,
  packet: ipPacket,
  pseudo: (saddr, daddr, len, proto) => csumTcpudpNofold(inetPton4(saddr), inetPton4(daddr), len, proto),
};
