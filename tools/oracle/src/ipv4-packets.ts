/** IPv4 packets by chance, of the kind that a router and a host have to make up their minds about. */
import type { Random } from '@skbuff/core';
import { ethFrame, icmpMessage, ipPacket, udpDatagram } from '@skbuff/testkit';
import { ETH_P_IP, IPPROTO_ICMP, IPPROTO_UDP } from '@skbuff/uapi';
import { ICMPHDR_CHECKSUM, setBe16 } from '@skbuff/wire';
import { pick } from './chance.ts';
import { WIRE_MAC } from './world.ts';

export interface Choice {
  /** Sources of packets to a destination. */
  readonly saddrs: (daddr: string) => readonly string[];
  readonly daddrs: readonly string[];
  /** Hardware addresses of the destination, six bytes each. */
  readonly macs: readonly Uint8Array[];
}

/** Options, each a whole number of words: none, padding, record route, timestamps, source routes, router alert, and broken ones. */
const OPTIONS: readonly (readonly number[])[] = [
  [], [], [], [], [], [], [], [],
  [1, 1, 1, 0],
  [7, 7, 4, 0, 0, 0, 0, 0],
  [7, 11, 8, 10, 0, 9, 9, 0, 0, 0, 0, 0],
  [68, 8, 5, 0, 0, 0, 0, 0],
  [68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  [68, 8, 9, 0xf0, 0, 0, 0, 0],
  [131, 7, 4, 10, 0, 2, 2, 0],
  [137, 7, 4, 10, 0, 2, 1, 0],
  [131, 7, 8, 10, 0, 2, 2, 0],
  [148, 4, 0, 0],
  [7, 2, 1, 1],
  [7, 7, 3, 0, 0, 0, 0, 0],
  [68, 8, 4, 0, 0, 0, 0, 0],
  [68, 40, 5, 0],
  [99, 4, 1, 2],
  [99, 0, 1, 2],
];

/** Unassigned; ICMP and UDP come more often. */
const PROTOCOLS = [IPPROTO_ICMP, IPPROTO_ICMP, IPPROTO_ICMP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_UDP, 253, 2] as const;
const LENGTHS = [0, 1, 4, 8, 9, 28, 100, 520, 548, 600, 1000, 1400, 1480];
const TTLS = [64, 64, 64, 64, 1, 2, 0, 255];
const TOS = [0, 0, 0, 0x10, 0xb8, 0xff];
/** Mostly whole packets; sometimes fragments of which the rest never comes. */
const FRAGMENTS = [0, 0, 0, 0, 0x4000, 0x4000, 0x2000, 0x00b9, 0x20b9, 0x8000];

/** Bytes that are sent behind a header of eight. */
function data(length: number): Uint8Array {
  return Uint8Array.from({ length: Math.max(0, length - 8) }, (_, i) => i + 8);
}

/** ICMP: echo more often than the rest; error messages quote a datagram of nobody. */
function icmp(random: Random, length: number): Uint8Array {
  const type = pick(random, [8, 8, 8, 8, 0, 3, 4, 5, 11, 12, 13, 15, 17, 18, 40, 200]);
  const message = icmpMessage(type, pick(random, [0, 0, 0, 1, 3, 4]), 0x12340000, data(length));
  if (random.u32() % 16 === 0) setBe16(message, ICMPHDR_CHECKSUM, 0x0bad);
  return message;
}

function udp(random: Random, length: number, saddr: string, daddr: string): Uint8Array {
  const dport = pick(random, [7, 53, 33434, 65535]);
  const ulen = random.u32() % 16 === 0 ? { ulen: 4 } : {};
  const check = random.u32() % 8 === 0 ? { check: 0 } : random.u32() % 16 === 0 ? { check: 0x0bad } : {};
  return udpDatagram({ saddr, daddr, sport: 4000, dport, payload: data(length), ...ulen, ...check });
}

/** A frame by chance; `id` tells it apart. */
export function randomFrame(random: Random, { saddrs, daddrs, macs }: Choice, id: number): Uint8Array {
  const [daddr, proto, length] = [pick(random, daddrs), pick(random, PROTOCOLS), pick(random, LENGTHS)];
  const saddr = pick(random, saddrs(daddr));
  const options = pick(random, OPTIONS);
  const room = Math.min(length, 1480 - options.length);
  const payload = proto === IPPROTO_ICMP ? icmp(random, room) : proto === IPPROTO_UDP ? udp(random, room, saddr, daddr) : new Uint8Array(room);
  const packet = ipPacket({ saddr, daddr, proto, payload, id, ttl: pick(random, TTLS), tos: pick(random, TOS), fragOff: pick(random, FRAGMENTS), options });
  spoil(random, packet);
  return ethFrame(pick(random, macs), packet, { from: WIRE_MAC, type: ETH_P_IP });
}

/** Now and then a header that is wrong, or bytes behind the packet. */
function spoil(random: Random, packet: Uint8Array): void {
  const how = random.u32() % 64;
  if (how === 0) packet[0] = 0x65;
  else if (how === 1) packet[0] = 0x44;
  else if (how === 2) packet[10] = ((packet[10] as number) + 1) & 255;
  else if (how === 3) setBe16(packet, 2, packet.length + 8);
}
