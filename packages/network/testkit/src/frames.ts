/** Whole Ethernet frames with IP packets, right in every field that the caller says nothing about. */
import type { NetDevice } from '@skbuff/core';
import { ETH_ALEN, ETH_HLEN, IPPROTO_UDP } from '@skbuff/uapi';
import { UDPHDR_CHECK, UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, UDPHDR_ULEN, csumFold, csumPartial, setBe16 } from '@skbuff/wire';
import { packets6 } from './ip6-packet.ts';
import { type IpPacket, packets4 } from './ip-packet.ts';
import { type PacketFamily, type PacketFields, payloadBytes } from './packet-family.ts';

/** Those of which there are packets. */
export const packetFamilies: readonly PacketFamily[] = [packets4, packets6];

export interface EthFields {
  /** The source; default zero. */
  readonly from?: ArrayLike<number>;
  /** EtherType; default that of the packet's IP version. */
  readonly type?: number;
}

/** A frame for a device, or for the address `to`, with an IP packet. */
export function ethFrame(to: NetDevice | ArrayLike<number>, packet: Uint8Array, { from, type }: EthFields = {}): Uint8Array {
  const frame = new Uint8Array(ETH_HLEN + packet.length);
  frame.set('devAddr' in to ? to.devAddr.subarray(0, ETH_ALEN) : to);
  if (from !== undefined) frame.set(from, ETH_ALEN);
  setBe16(frame, ETH_HLEN - 2, type ?? ethTypeOf(packet));
  frame.set(packet, ETH_HLEN);
  return frame;
}

function ethTypeOf(packet: Uint8Array): number {
  const family = packetFamilies.find(({ version }) => version === packet[0] >> 4);
  if (family === undefined) throw new Error('the packet is of no IP version: what is its EtherType?');
  return family.ethType;
}

/** A frame for the device `to` with an IP packet of `protocol` that carries `payload`. */
export function ipFrame(to: NetDevice, protocol: number, payload: Uint8Array, fields?: IpPacket): Uint8Array;
export function ipFrame<P extends PacketFields>(to: NetDevice, protocol: number, payload: Uint8Array, fields: NoInfer<P>, family: PacketFamily<P>): Uint8Array;
export function ipFrame(to: NetDevice, proto: number, payload: Uint8Array, fields: PacketFields = {}, family: PacketFamily = packets4): Uint8Array {
  return ethFrame(to, family.packet({ ...fields, proto, payload }));
}

export interface UdpFields {
  readonly saddr?: string;
  readonly daddr?: string;
  /** Default 1000. */
  readonly sport?: number;
  readonly dport: number;
  /** A number: that many bytes counting up. Default `data`. */
  readonly payload?: Uint8Array | number;
  /** What the length field of UDP says; default the truth. */
  readonly ulen?: number;
  /** What the checksum field says; default the truth. */
  readonly check?: number;
}

/** A UDP header with what it carries. */
export function udpDatagram(f: UdpFields, family: Pick<PacketFamily, 'hostA' | 'hostB' | 'pseudo'> = packets4): Uint8Array {
  const payload = payloadBytes(f.payload ?? Uint8Array.of(0x64, 0x61, 0x74, 0x61));
  const len = UDPHDR_LEN + payload.length;
  const udp = new Uint8Array(len);
  setBe16(udp, UDPHDR_SOURCE, f.sport ?? 1000);
  setBe16(udp, UDPHDR_DEST, f.dport);
  setBe16(udp, UDPHDR_ULEN, f.ulen ?? len);
  udp.set(payload, UDPHDR_LEN);
  const sum = csumFold(csumPartial(udp, 0, len, family.pseudo(f.saddr ?? family.hostA, f.daddr ?? family.hostB, len, IPPROTO_UDP)));
  setBe16(udp, UDPHDR_CHECK, f.check ?? (sum || 0xffff));
  return udp;
}

/** `P`: what an IP packet of the family says. */
export type UdpFrame<P extends PacketFields = IpPacket> = Omit<P, 'proto'> &
  UdpFields & {
    readonly to: NetDevice;
    /** Bytes behind the IP header that are sent; default all. */
    readonly cut?: number;
    /** Link-layer destination; default the device's address. */
    readonly mac?: readonly number[];
  };

/** A frame with a UDP datagram. */
export function udpFrame(f: UdpFrame): Uint8Array;
export function udpFrame<P extends PacketFields>(f: UdpFrame<NoInfer<P>>, family: PacketFamily<P>): Uint8Array;
export function udpFrame(f: UdpFrame<PacketFields>, family: PacketFamily = packets4): Uint8Array {
  const udp = udpDatagram(f, family);
  return ethFrame(f.mac ?? f.to, family.packet({ ...f, proto: IPPROTO_UDP, payload: udp.subarray(0, f.cut) }));
}
