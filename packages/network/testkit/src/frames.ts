/** IPv4 packets and whole Ethernet frames with them, right in every field that the caller says nothing about. */
import type { NetDevice } from '@skbuff/core';
import { ETH_HLEN, ETH_P_IP, IPPROTO_UDP } from '@skbuff/uapi';
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
  UDPHDR_CHECK,
  UDPHDR_DEST,
  UDPHDR_LEN,
  UDPHDR_SOURCE,
  UDPHDR_ULEN,
  csumPartial,
  csumTcpudpMagic,
  inetPton4,
  ipComputeCsum,
  setBe16,
  setBe32,
} from '@skbuff/wire';

/** The address of the first host, and of the second. */
export const HOST_A = '10.0.0.1';
export const HOST_B = '10.0.0.2';

export interface IpFields {
  /** Default {@link HOST_A}. */
  readonly saddr?: string;
  /** Default {@link HOST_B}. */
  readonly daddr?: string;
  readonly tos?: number;
  readonly id?: number;
  readonly ttl?: number;
  /** The whole word: flags, and the offset in units of 8 bytes. */
  readonly fragOff?: number;
  /** Bytes of options, a multiple of four. */
  readonly options?: readonly number[];
}

export interface IpPacket extends IpFields {
  /** Default UDP. */
  readonly proto?: number;
  /** A number: that many bytes counting up. Default eight zeros. */
  readonly payload?: Uint8Array | number;
}

/** An IPv4 packet. */
export function ipPacket(f: IpPacket): Uint8Array {
  const options = f.options ?? [];
  const payload = typeof f.payload === 'number' ? Uint8Array.from({ length: f.payload }, (_, i) => i) : (f.payload ?? new Uint8Array(8));
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

/** A frame for the device `to`, or for the address `mac`, with an IP packet; its source is zero. */
export function ethFrame(to: NetDevice, packet: Uint8Array, mac: ArrayLike<number> = to.devAddr.subarray(0, 6)): Uint8Array {
  const frame = new Uint8Array(ETH_HLEN + packet.length);
  frame.set(mac);
  setBe16(frame, ETH_HLEN - 2, ETH_P_IP);
  frame.set(packet, ETH_HLEN);
  return frame;
}

/** A frame for the device `to` with an IP packet of `protocol` that carries `payload`. */
export function ipFrame(to: NetDevice, protocol: number, payload: Uint8Array, fields: IpFields = {}): Uint8Array {
  return ethFrame(to, ipPacket({ ...fields, proto: protocol, payload }));
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

export interface UdpFrame extends IpFields {
  readonly to: NetDevice;
  /** Default 1000. */
  readonly sport?: number;
  readonly dport: number;
  /** Default `data`. */
  readonly payload?: Uint8Array;
  /** What the length field of UDP says; default the truth. */
  readonly ulen?: number;
  /** What the checksum field says; default the truth. */
  readonly check?: number;
  /** Bytes behind the IP header that are sent; default all. */
  readonly cut?: number;
  /** Link-layer destination; default the device's address. */
  readonly mac?: readonly number[];
}

/** A frame with a UDP datagram. */
export function udpFrame(f: UdpFrame): Uint8Array {
  const payload = f.payload ?? Uint8Array.of(0x64, 0x61, 0x74, 0x61);
  const len = UDPHDR_LEN + payload.length;
  const udp = new Uint8Array(len);
  setBe16(udp, UDPHDR_SOURCE, f.sport ?? 1000);
  setBe16(udp, UDPHDR_DEST, f.dport);
  setBe16(udp, UDPHDR_ULEN, f.ulen ?? len);
  udp.set(payload, UDPHDR_LEN);
  const sum = csumTcpudpMagic(inetPton4(f.saddr ?? HOST_A), inetPton4(f.daddr ?? HOST_B), len, IPPROTO_UDP, csumPartial(udp, 0, len, 0));
  setBe16(udp, UDPHDR_CHECK, f.check ?? (sum || 0xffff));
  return ethFrame(f.to, ipPacket({ ...f, proto: IPPROTO_UDP, payload: udp.subarray(0, Math.min(f.cut ?? len, len)) }), f.mac);
}
