/** IPv6 packets by chance, of the kind that a router and a host have to make up their minds about: above all, chains of extension headers. */
import type { Random } from '@skbuff/core';
import { ethFrame, icmp6Message, type Ip6Packet, ip6Bytes, ip6Packet, packets6, udpDatagram } from '@skbuff/testkit';
import { ETH_P_IPV6, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_ICMPV6, IPPROTO_NONE, IPPROTO_ROUTING, IPPROTO_UDP } from '@skbuff/uapi';
import { ICMP6HDR_CKSUM, setBe16 } from '@skbuff/wire';
import { pick } from './chance.ts';
import type { Choice } from './ipv4-packets.ts';
import { WIRE_MAC } from './world.ts';

type Extension = readonly [nexthdr: number, bytes: readonly number[]];

/** Options behind next header and length: padding, skipped, silent, to be complained of, router alert, jumbo, home address, broken ones. */
const OPTIONS: readonly (readonly number[])[] = [
  [1, 4, 0, 0, 0, 0],
  [1, 4, 0, 0, 0, 0],
  [0, 0, 0, 1, 1, 0],
  [0x1e, 4, 1, 2, 3, 4],
  [0x3e, 4, 1, 2, 3, 4],
  [5, 2, 0, 0, 1, 0],
  [5, 3, 0, 0, 0, 0],
  [0x5e, 4, 1, 2, 3, 4],
  [0x9e, 4, 1, 2, 3, 4],
  [0xde, 4, 1, 2, 3, 4],
  [0xc2, 4, 0, 1, 0, 0],
  [0xc2, 4, 0, 0, 1, 0],
  [1, 4, 0, 0, 7, 0],
  [1, 9, 0, 0, 0, 0],
  [0x1e, 2, 1, 2, 0, 0],
  [0, 0, 0, 0, 0, 0],
  [4, 2, 1, 2, 1, 0],
  [0x31, 2, 0, 0, 1, 0],
];
const HOME_ADDRESS = 0xc9;

const PROTOCOLS = [IPPROTO_ICMPV6, IPPROTO_ICMPV6, IPPROTO_ICMPV6, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_UDP, 253, IPPROTO_NONE] as const;
const LENGTHS = [0, 1, 4, 8, 9, 28, 100, 520, 1000, 1180, 1232, 1400, 1440];
const HOP_LIMITS = [64, 64, 64, 64, 1, 2, 0, 255];
const CLASSES = [0, 0, 0, 0x10, 0xb8, 0xff];

function options(random: Random): number[] {
  const how = random.below(16);
  if (how === 0) return [0, 2, HOME_ADDRESS, 16, ...ip6Bytes('2001:db8:a2::7'), 1, 2, 0, 0];
  if (how < 4) return [0, 1, ...pick(random, OPTIONS), ...pick(random, OPTIONS), 1, 0];
  return [0, how === 4 ? 1 : 0, ...pick(random, OPTIONS)];
}

function routing(random: Random): number[] {
  const words = pick(random, [0, 2, 2, 4, 1]);
  return [0, words, pick(random, [0, 2, 3, 4, 253]), pick(random, [0, 0, 1, 2]), 0, 0, 0, 0, ...Array.from({ length: words * 8 }, (_, i) => (i < 16 ? (ip6Bytes('2001:db8:2::2')[i] as number) : 0x20))];
}

function extension(random: Random, id: number): Extension {
  const offset = pick(random, [0, 0, 0, 1, 0, 800, 1]);
  switch (random.below(8)) {
    case 0:
      return [IPPROTO_HOPOPTS, options(random)];
    case 1:
    case 2:
    case 3:
      return [IPPROTO_DSTOPTS, options(random)];
    case 4:
    case 5:
      return [IPPROTO_ROUTING, routing(random)];
    case 6:
      return [IPPROTO_FRAGMENT, [0, 0, offset >> 8, offset & 0xff, 0, 0, id >> 8, id & 0xff]];
    default:
      return [pick(random, [IPPROTO_DSTOPTS, 135, 139, 50]), [0, 0, 0, 0, 0, 0, 0, 0]];
  }
}

/** Mostly none; options for every hop come first more often than elsewhere. */
function chain(random: Random, id: number): Extension[] {
  if (random.below(3) === 0) return [];
  const first: Extension[] = random.below(3) === 0 ? [[IPPROTO_HOPOPTS, options(random)]] : [];
  return [...first, ...Array.from({ length: random.below(4) }, () => extension(random, id))];
}

/** ICMPv6: echo more often than the rest; nothing of neighbour discovery, which has a suite of its own. */
function icmp(random: Random, length: number, saddr: string, daddr: string): Uint8Array {
  const type = pick(random, [128, 128, 128, 128, 129, 1, 2, 3, 4, 100, 139, 200, 144]);
  const data = Uint8Array.from({ length: Math.max(0, length - 4) }, (_, i) => (i < 2 ? 0x12 : i & 255));
  const message = icmp6Message(saddr, daddr, type, pick(random, [0, 0, 0, 1, 3, 4]), data);
  if (random.below(16) === 0) setBe16(message, ICMP6HDR_CKSUM, 0x0bad);
  return message;
}

function udp(random: Random, length: number, saddr: string, daddr: string): Uint8Array {
  const dport = pick(random, [7, 53, 33434, 65535]);
  const ulen = random.below(16) === 0 ? { ulen: 4 } : {};
  const check = random.below(16) === 0 ? { check: 0 } : random.below(16) === 0 ? { check: 0x0bad } : {};
  return udpDatagram({ saddr, daddr, sport: 4000, dport, payload: Math.max(0, length - 8), ...ulen, ...check }, packets6);
}

/** A frame by chance; `id` tells it apart. */
export function randomFrame6(random: Random, { saddrs, daddrs, macs }: Choice, id: number): Uint8Array {
  const [daddr, proto, length] = [pick(random, daddrs), pick(random, PROTOCOLS), pick(random, LENGTHS)];
  const saddr = pick(random, saddrs(daddr));
  const ext = chain(random, id);
  const room = Math.min(length, 1440 - ext.reduce((all, [, bytes]) => all + bytes.length, 0));
  const payload = proto === IPPROTO_ICMPV6 ? icmp(random, room, saddr, daddr) : proto === IPPROTO_UDP ? udp(random, room, saddr, daddr) : new Uint8Array(room);
  const fields: Ip6Packet = { saddr, daddr, proto, payload, ext, flowlabel: id, ttl: pick(random, HOP_LIMITS), tos: pick(random, CLASSES) };
  const packet = ip6Packet(fields);
  spoil(random, packet);
  return ethFrame(pick(random, macs), packet, { from: WIRE_MAC, type: ETH_P_IPV6 });
}

/** Now and then a header that is wrong, or bytes behind the packet. */
function spoil(random: Random, packet: Uint8Array): void {
  const how = random.below(64);
  if (how === 0) packet[0] = 0x45;
  else if (how === 1) setBe16(packet, 4, packet.length - 40 + 8);
  else if (how === 2) setBe16(packet, 4, Math.max(0, packet.length - 40 - 5));
  else if (how === 3) setBe16(packet, 4, 0);
}
