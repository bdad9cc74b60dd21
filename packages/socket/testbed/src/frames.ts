/** Whole Ethernet frames with an IPv4 packet, right in every field that the caller says nothing about. */
import type { NetDevice } from '@skbuff/core';
import { ETH_HLEN, ETH_P_IP, IPPROTO_UDP } from '@skbuff/uapi';
import {
  IPHDR_CHECK,
  IPHDR_DADDR,
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
  readonly ttl?: number;
  /** Bytes of options, a multiple of four. */
  readonly options?: readonly number[];
  /** Link-layer destination; default the device's address. */
  readonly mac?: readonly number[];
}

/** A frame for the device `to` with an IP packet of `protocol` that carries `payload`. */
export function ipFrame(to: NetDevice, protocol: number, payload: Uint8Array, fields: IpFields = {}): Uint8Array {
  const options = fields.options ?? [];
  const hlen = IPHDR_LEN + options.length;
  const frame = new Uint8Array(ETH_HLEN + hlen + payload.length);
  frame.set(fields.mac ?? to.devAddr.subarray(0, 6));
  setBe16(frame, ETH_HLEN - 2, ETH_P_IP);
  const iph = ETH_HLEN;
  frame[iph] = 0x40 | (hlen >> 2);
  frame[iph + IPHDR_TOS] = fields.tos ?? 0;
  setBe16(frame, iph + IPHDR_TOT_LEN, hlen + payload.length);
  frame[iph + IPHDR_TTL] = fields.ttl ?? 64;
  frame[iph + IPHDR_PROTOCOL] = protocol;
  setBe32(frame, iph + IPHDR_SADDR, inetPton4(fields.saddr ?? HOST_A));
  setBe32(frame, iph + IPHDR_DADDR, inetPton4(fields.daddr ?? HOST_B));
  frame.set(options, iph + IPHDR_LEN);
  setBe16(frame, iph + IPHDR_CHECK, ipComputeCsum(frame, iph, hlen));
  frame.set(payload, iph + hlen);
  return frame;
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
  return ipFrame(f.to, IPPROTO_UDP, udp.subarray(0, Math.min(f.cut ?? len, len)), f);
}
