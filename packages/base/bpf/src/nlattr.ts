/** SKF_AD_NLATTR: looking for a netlink attribute from within a filter. Numbers are little endian, as on x86-64. */
import type { BpfPacket } from './packet.ts';

const NLA_HDRLEN = 4;
/** Two bits of a type say how it is coded. */
const NLA_TYPE_MASK = 0x3fff;

/** Offset of the first attribute of type `type` in the list that begins at `from`, or 0. Only of linear packets. */
export function nlattrFind(packet: BpfPacket, from: number, type: number): number {
  if (packet.dataLen !== 0 || from > packet.len - NLA_HDRLEN) return 0;
  return find(packet, from, packet.len, type);
}

/** As {@link nlattrFind}, inside the attribute at `at`. */
export function nlattrFindNested(packet: BpfPacket, at: number, type: number): number {
  if (packet.dataLen !== 0 || at > packet.len - NLA_HDRLEN) return 0;
  const len = le16(packet, at);
  return len > packet.len - at ? 0 : find(packet, at + NLA_HDRLEN, at + len, type);
}

function find(packet: BpfPacket, at: number, end: number, type: number): number {
  while (end - at >= NLA_HDRLEN) {
    const len = le16(packet, at);
    if (len < NLA_HDRLEN || len > end - at) return 0;
    if ((le16(packet, at + 2) & NLA_TYPE_MASK) === type) return at;
    at += (len + 3) & -4;
  }
  return 0;
}

function le16(packet: BpfPacket, at: number): number {
  const { bytes, data } = packet;
  return (bytes[data + at] as number) | ((bytes[data + at + 1] as number) << 8);
}
