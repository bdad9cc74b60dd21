/** Frames that are right but for what was done to them: Ethernet, ARP, IPv4 with options and fragments, ICMP with what it quotes, UDP. */
import type { Random } from '@skbuff/core';
import { icmpMessage, ipPacket } from '@skbuff/testkit';
import { ETH_P_ARP, ETH_P_IP, IPPROTO_ICMP, IPPROTO_UDP } from '@skbuff/uapi';
import { csumPartial, csumTcpudpMagic, inetPton4, ipComputeCsum, setBe16, setBe32 } from '@skbuff/wire';
import { pick, someBytes, someNumber } from './chance.ts';

/** Whom frames come from and go to. */
export interface Places {
  readonly macs: readonly Uint8Array[];
  /** Those that are there. */
  readonly hosts: readonly string[];
  /** Networks, broadcast and multicast addresses, and what nobody has. */
  readonly others: readonly string[];
  readonly ports: readonly number[];
}

/** Options, whole words: padding, record route, timestamps, source routes, router alert, security, and broken ones. */
const OPTIONS: readonly (readonly number[])[] = [
  [], [], [], [], [],
  [1, 1, 1, 0],
  [7, 11, 8, 10, 0, 9, 9, 0, 0, 0, 0, 0],
  [7, 39, 4, ...new Array<number>(36).fill(0), 0],
  [68, 8, 5, 0, 0, 0, 0, 0],
  [68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  [68, 20, 5, 3, 10, 1, 2, 254, 0, 0, 0, 0, 10, 1, 2, 1, 0, 0, 0, 0],
  [131, 7, 4, 10, 1, 2, 1, 0],
  [131, 11, 4, 10, 1, 1, 254, 10, 1, 2, 1, 0],
  [137, 7, 4, 10, 1, 1, 254, 0],
  [148, 4, 0, 0],
  [130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [134, 8, 0, 0, 0, 1, 2, 0],
  [7, 2, 1, 1],
  [99, 0, 1, 2],
];

const PROTOCOLS = [IPPROTO_ICMP, IPPROTO_ICMP, IPPROTO_ICMP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_UDP, 2, 6, 136, 253, 4, 255] as const;
const TTLS = [64, 64, 64, 64, 1, 2, 0, 255];
const TOS = [0, 0, 0, 0x10, 0xb8, 0xff];
const LENGTHS = [0, 1, 7, 8, 9, 28, 64, 100, 520, 1000, 1472, 1480];
const FRAG_OFFS = [0, 0, 0, 0, 0, 0x4000, 0x2000, 0x2001, 0x0001, 0x00b9, 0x20b9, 0x1fff, 0x3fff, 0x8000];
const ETHER_TYPES = [ETH_P_IP, ETH_P_ARP, 0x86dd, 0x8100, 0x0004, 0x0000, 0x05dc, 0x0600, 0x88cc];
const ICMP_TYPES = [8, 8, 8, 8, 0, 3, 3, 3, 4, 5, 5, 11, 12, 12, 9, 10, 13, 14, 15, 17, 18, 30, 42, 43, 200];

export class Frames {
  private readonly random: Random;
  private readonly places: Places;
  /** Fragments of a datagram that were cut off and have not been sent. */
  private rest: Uint8Array[] = [];
  private to: Uint8Array = new Uint8Array(6);

  constructor(random: Random, places: Places) {
    this.random = random;
    this.places = places;
  }

  /** The next frame for the device with the address `mac`, mostly: right as far as it goes, or with something done to it. */
  next(mac: Uint8Array): Uint8Array {
    const { random } = this;
    this.to = mac;
    const old = this.rest.length > 0 && random.below(3) !== 0;
    let frame = old ? (this.rest.splice(random.below(this.rest.length), 1)[0] as Uint8Array) : this.valid();
    // A fragment was made for another device than this one.
    if (old) frame.set(mac);
    for (let times = pick(random, [0, 0, 0, 1, 1, 1, 2, 4]); times > 0; times--) frame = this.mutated(frame);
    return frame;
  }

  private valid(): Uint8Array {
    const { random } = this;
    if (random.below(8) === 0) return this.ether(ETH_P_ARP, this.arp());
    const packet = this.ip();
    if (packet.length > 60 && random.below(10) === 0) return this.fragmented(packet);
    return this.ether(ETH_P_IP, packet);
  }

  private ether(type: number, payload: Uint8Array): Uint8Array {
    const { random, places } = this;
    const frame = new Uint8Array(Math.max(random.below(4) === 0 ? 60 : 0, 14 + payload.length));
    frame.set(random.below(6) === 0 ? pick(random, places.macs) : this.to, 0);
    frame.set(pick(random, places.macs), 6);
    setBe16(frame, 12, type);
    frame.set(payload, 14);
    return frame;
  }

  private arp(): Uint8Array {
    const { random, places } = this;
    const arp = new Uint8Array(28);
    setBe16(arp, 0, pick(random, [1, 1, 1, 1, 6, 0]));
    setBe16(arp, 2, pick(random, [ETH_P_IP, ETH_P_IP, ETH_P_IP, 0x86dd]));
    arp[4] = 6;
    arp[5] = 4;
    setBe16(arp, 6, pick(random, [1, 1, 2, 2, 3, 4, 0]));
    arp.set(pick(random, places.macs), 8);
    setBe32(arp, 14, inetPton4(this.address()));
    arp.set(pick(random, places.macs), 18);
    setBe32(arp, 24, inetPton4(this.address()));
    return arp;
  }

  private address(): string {
    const { random, places } = this;
    return pick(random, random.below(5) === 0 ? places.others : places.hosts);
  }

  private ip(): Uint8Array {
    const { random } = this;
    const saddr = this.address();
    const daddr = this.address();
    const proto = pick(random, PROTOCOLS);
    const fields = { saddr, daddr, proto, tos: pick(random, TOS), ttl: pick(random, TTLS), id: random.below(40), fragOff: pick(random, FRAG_OFFS), options: pick(random, OPTIONS) };
    return ipPacket({ ...fields, payload: this.payload(proto, saddr, daddr) });
  }

  private payload(proto: number, saddr: string, daddr: string): Uint8Array {
    const { random } = this;
    const length = pick(random, LENGTHS);
    if (proto === IPPROTO_UDP) return this.udp(length, saddr, daddr);
    if (proto === IPPROTO_ICMP) return this.icmp(length);
    return new Uint8Array(length).fill(random.u32());
  }

  private udp(length: number, saddr: string, daddr: string): Uint8Array {
    const { random, places } = this;
    const udp = new Uint8Array(8 + length);
    setBe16(udp, 0, pick(random, places.ports));
    setBe16(udp, 2, pick(random, places.ports));
    setBe16(udp, 4, udp.length);
    if (random.below(4) !== 0) setBe16(udp, 6, csumTcpudpMagic(inetPton4(saddr), inetPton4(daddr), udp.length, IPPROTO_UDP, csumPartial(udp, 0, udp.length, 0)) || 0xffff);
    return udp;
  }

  /** Errors quote a packet of ours, whole or cut off. */
  private icmp(length: number): Uint8Array {
    const { random } = this;
    const type = pick(random, ICMP_TYPES);
    const quoting = type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
    const quoted = quoting ? this.quoted() : new Uint8Array(length);
    return icmpMessage(type, pick(random, [0, 0, 1, 2, 3, 4, 5, 13, 15, 16]), random.below(3) === 0 ? inetPton4(this.address()) : someNumber(random), quoted);
  }

  private quoted(): Uint8Array {
    const { random } = this;
    const proto = pick(random, [IPPROTO_UDP, IPPROTO_UDP, IPPROTO_ICMP, 253]);
    const [saddr, daddr] = [this.address(), this.address()];
    const payload = proto === IPPROTO_UDP ? this.udp(8, saddr, daddr) : proto === IPPROTO_ICMP ? icmpMessage(8) : new Uint8Array(8);
    const packet = ipPacket({ saddr, daddr, proto, options: pick(random, OPTIONS), payload });
    return random.below(4) === 0 ? packet.subarray(0, random.below(packet.length)) : packet;
  }

  /** Cut into pieces that may overlap, in any order; all but one are kept for later. */
  private fragmented(packet: Uint8Array): Uint8Array {
    const { random } = this;
    const hlen = ((packet[0] as number) & 15) * 4;
    const data = packet.subarray(hlen);
    const pieces: Uint8Array[] = [];
    const unit = 8 * (1 + random.below(24));
    for (let at = 0; at < data.length; at += unit) {
      const overlap = random.below(8) === 0 ? 8 : 0;
      const end = Math.min(data.length, at + unit + overlap);
      const piece = new Uint8Array(hlen + end - at);
      piece.set(packet.subarray(0, hlen));
      piece.set(data.subarray(at, end), hlen);
      setBe16(piece, 2, piece.length);
      setBe16(piece, 6, (at >> 3) | (end < data.length ? 0x2000 : 0));
      fixChecksum(piece, 0);
      pieces.push(this.ether(ETH_P_IP, piece));
    }
    if (random.below(8) === 0) pieces.push(pick(random, pieces));
    this.rest = [...this.rest, ...pieces].slice(-200);
    return this.rest.pop() as Uint8Array;
  }

  private mutated(frame: Uint8Array): Uint8Array {
    const { random } = this;
    const bytes = frame.slice();
    const at = random.below(Math.max(1, bytes.length));
    const kind = random.below(9);
    if (kind === 0) return bytes.slice(0, at);
    if (kind === 1) return join(bytes, someBytes(random, 64));
    if (kind === 2) return join(bytes.subarray(0, at), someBytes(random, 8), bytes.subarray(at));
    if (kind === 3 && bytes.length > 14) setBe16(bytes, 12, pick(random, ETHER_TYPES));
    else if (kind === 4) bytes[at] = random.u32();
    else if (kind === 5) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
    else if (bytes.length > 34) this.field(bytes);
    // A wrong checksum hides all that is wrong behind it.
    if (random.below(4) !== 0) fixChecksum(bytes, 14);
    return bytes;
  }

  /** A word of the headers becomes a number at which something changes. */
  private field(bytes: Uint8Array): void {
    const { random } = this;
    const at = random.below(4) === 0 ? random.below(Math.min(bytes.length - 2, 80)) : 14 + pick(random, [0, 2, 4, 6, 8, 10, 12, 16, 20, 22, 24, 26, 28]);
    if (at === 14) bytes[14] = pick(random, [0x40, 0x44, 0x46, 0x4f, 0x55, 0x60, 0x35, 0x45]);
    else if (at + 2 <= bytes.length) setBe16(bytes, at, someNumber(random) & 0xffff);
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Makes the checksum of the IP header at `at` right, if there is one. */
function fixChecksum(bytes: Uint8Array, at: number): void {
  const hlen = ((bytes[at] ?? 0) & 15) * 4;
  if (hlen < 20 || bytes.length < at + hlen) return;
  setBe16(bytes, at + 10, 0);
  setBe16(bytes, at + 10, ipComputeCsum(bytes, at, hlen));
}
