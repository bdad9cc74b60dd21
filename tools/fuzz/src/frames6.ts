/** Frames of IPv6 that are right but for what was done to them: extension headers in all orders, fragments, ICMPv6 with what it quotes, ND, MLD, UDP. */
import type { Random } from '@skbuff/core';
import { icmp6Message, ip6Bytes, ip6Packet } from '@skbuff/testkit';
import { ETH_P_IPV6, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_ICMPV6, IPPROTO_NONE, IPPROTO_ROUTING, IPPROTO_UDP } from '@skbuff/uapi';
import { csumIpv6Magic, csumPartial, setBe16, setBe32 } from '@skbuff/wire';
import { pick, someBytes, someNumber } from './chance.ts';
import type { Places } from './frames.ts';
import type { FrameSource } from './scene.ts';

type Ext = readonly [nexthdr: number, bytes: readonly number[]];

/** Options of hop-by-hop and destination headers: padding, router alert, jumbogram, home address, unknown ones of all four actions, broken ones. */
const OPTIONS: readonly (readonly number[])[] = [
  [1, 4, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0],
  [5, 2, 0, 0, 1, 0],
  [5, 2, 0, 1, 0, 0],
  [0xc2, 4, 0, 1, 0, 0],
  [0xc2, 4, 0, 0, 0, 100],
  [0xc9, 16, ...new Array<number>(16).fill(0x20), 1, 2, 0, 0],
  [0x1e, 4, 1, 2, 3, 4],
  [0x5e, 4, 1, 2, 3, 4],
  [0x9e, 4, 1, 2, 3, 4],
  [0xde, 4, 1, 2, 3, 4],
  [1, 9, 0, 0, 0, 0],
  [1, 2, 7, 7, 1, 0],
  [7, 4, 0, 0, 0, 0],
  [49, 4, 0, 0, 0, 0],
  [0, 1, 2, 0, 0, 0, ...new Array<number>(8).fill(0)],
];

const NEXT = [IPPROTO_ICMPV6, IPPROTO_ICMPV6, IPPROTO_ICMPV6, IPPROTO_ICMPV6, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_NONE, 6, 41, 50, 51, 135, 136, 253, 255] as const;
const HOPS = [64, 64, 64, 255, 255, 255, 255, 1, 2, 0];
const LENGTHS = [0, 1, 7, 8, 24, 64, 100, 520, 1000, 1232, 1452];
/** Types of ICMPv6: errors, echo, MLD, ND, others. */
const TYPES = [1, 1, 2, 3, 4, 4, 128, 128, 128, 129, 130, 130, 131, 132, 133, 134, 134, 134, 135, 135, 135, 135, 136, 136, 136, 137, 137, 139, 140, 141, 143, 151, 160, 5, 100, 200, 255];
const ETHER_TYPES = [ETH_P_IPV6, 0x0800, 0x0806, 0x8100, 0x0004, 0x0600];

export class Frames6 implements FrameSource {
  private readonly random: Random;
  private readonly places: Places;
  /** Fragments of a packet that was cut and have not been sent. */
  private rest: Uint8Array[] = [];
  private to: Uint8Array = new Uint8Array(6);

  constructor(random: Random, places: Places) {
    this.random = random;
    this.places = places;
  }

  next(mac: Uint8Array): Uint8Array {
    const { random } = this;
    this.to = mac;
    const old = this.rest.length > 0 && random.below(3) !== 0;
    let frame = old ? (this.rest.splice(random.below(this.rest.length), 1)[0] as Uint8Array) : this.valid();
    if (old) frame.set(mac);
    for (let times = pick(random, [0, 0, 0, 1, 1, 1, 2, 4]); times > 0; times--) frame = this.mutated(frame);
    return frame;
  }

  private valid(): Uint8Array {
    const { random } = this;
    const saddr = this.address();
    const daddr = this.address();
    const proto = pick(random, NEXT);
    const payload = this.payload(proto, saddr, daddr);
    const ext = this.chain();
    const tos = pick(random, [0, 0, 1, 2, 3, 0xb8]);
    const ttl = pick(random, HOPS);
    const flowlabel = random.below(3) === 0 ? random.below(1 << 20) : 0;
    if (payload.length > 24 && random.below(8) === 0) return this.fragmented({ saddr, daddr, proto, payload, ext, tos, ttl });
    return this.ether(daddr, ip6Packet({ saddr, daddr, proto, payload, ext, tos, ttl, flowlabel }));
  }

  /** Mostly none; in the order of RFC 8200 §4.1 or in any, each perhaps twice. */
  private chain(): Ext[] {
    const { random } = this;
    if (random.below(3) !== 0) return [];
    const makers = [() => this.options(IPPROTO_HOPOPTS), () => this.options(IPPROTO_DSTOPTS), () => this.routing(), () => this.fragment()];
    const chosen = makers.filter(() => random.below(2) === 0).map((make) => make());
    return random.below(3) === 0 ? chosen.sort(() => random.below(3) - 1) : chosen;
  }

  private options(nexthdr: number): Ext {
    const { random } = this;
    const bytes = [0, 0];
    for (let n = pick(random, [1, 1, 1, 2, 3, 9]); n > 0; n--) bytes.push(...pick(random, OPTIONS));
    while (bytes.length % 8 !== 0) bytes.push(0);
    bytes[1] = bytes.length / 8 - 1;
    return [nexthdr, bytes];
  }

  private routing(): Ext {
    const { random } = this;
    const segments = random.below(4);
    const addrs = Array.from({ length: segments }, () => [...ip6Bytes(this.address())]).flat();
    return [IPPROTO_ROUTING, [0, segments * 2, pick(random, [0, 2, 3, 4, 4, 77]), random.below(segments + 2), pick(random, [0, segments - 1, 9]) & 0xff, 0, 0, 0, ...addrs]];
  }

  private fragment(): Ext {
    const { random } = this;
    const word = pick(random, [0, 1, 8, 9, 0xb8, 0xb9, 0xfff8, 0xfff9, 6]);
    return [IPPROTO_FRAGMENT, [0, 0, word >> 8, word & 0xff, 0, 0, 0, random.below(40)]];
  }

  private ether(daddr: string, packet: Uint8Array): Uint8Array {
    const { random, places } = this;
    const frame = new Uint8Array(Math.max(random.below(4) === 0 ? 60 : 0, 14 + packet.length));
    const group = ip6Bytes(daddr);
    const to = group[0] === 0xff && random.below(4) !== 0 ? Uint8Array.of(0x33, 0x33, ...group.subarray(12)) : random.below(6) === 0 ? pick(random, places.macs) : this.to;
    frame.set(to, 0);
    frame.set(pick(random, places.macs), 6);
    setBe16(frame, 12, ETH_P_IPV6);
    frame.set(packet, 14);
    return frame;
  }

  private address(): string {
    const { random, places } = this;
    // A flood of neighbours that are not there.
    if (random.below(8) === 0) return `2001:db8:${1 + random.below(2)}::f:${random.below(0x10000).toString(16)}`;
    return pick(random, random.below(4) === 0 ? places.others : places.hosts);
  }

  private payload(proto: number, saddr: string, daddr: string): Uint8Array {
    const { random } = this;
    const length = pick(random, LENGTHS);
    if (proto === IPPROTO_UDP) return this.udp(length, saddr, daddr);
    if (proto === IPPROTO_ICMPV6) return this.icmp(saddr, daddr);
    return new Uint8Array(length).fill(random.u32());
  }

  private udp(length: number, saddr: string, daddr: string): Uint8Array {
    const { random, places } = this;
    const udp = new Uint8Array(8 + length);
    setBe16(udp, 0, pick(random, places.ports));
    setBe16(udp, 2, pick(random, places.ports));
    setBe16(udp, 4, udp.length);
    const addrs = Uint8Array.from([...ip6Bytes(saddr), ...ip6Bytes(daddr)]);
    if (random.below(4) !== 0) setBe16(udp, 6, csumIpv6Magic(addrs, 0, udp.length, IPPROTO_UDP, csumPartial(udp, 0, udp.length, 0)) || 0xffff);
    return udp;
  }

  private icmp(saddr: string, daddr: string): Uint8Array {
    const { random } = this;
    const type = pick(random, TYPES);
    const code = pick(random, [0, 0, 0, 0, 1, 2, 3, 4, 5, 255]);
    return icmp6Message(saddr, daddr, type, code, this.message(type));
  }

  /** What stands behind the checksum. */
  private message(type: number): number[] {
    const { random } = this;
    const word = (): number[] => [random.below(256), random.below(256), random.below(256), random.below(256)];
    const target = (): number[] => [...ip6Bytes(this.address())];
    if (type < 128) return [0, 0, pick(random, [0, 2, 5, 5]), pick(random, [0, 68, 0xdc, 220]), ...this.quoted()];
    if (type === 130) return [...pick(random, [[0, 100, 0, 0], [0x27, 0x10, 0, 0], [0xff, 0xff, 0, 0]]), ...target(), ...pick(random, [[], [2, 125, 0, 0], [10, 20, 0, 1, ...target()]])];
    if (type === 143) return [0, 0, 0, random.below(3), ...[1, 2].flatMap(() => [1 + random.below(7), 0, 0, random.below(2), ...target()])];
    if (type === 131 || type === 132) return [0, 0, 0, 0, ...target()];
    if (type === 133) return [0, 0, 0, 0, ...this.ndOptions()];
    if (type === 134) return [pick(random, [0, 64, 255]), pick(random, [0, 0x08, 0x18, 0x80, 0xc0]), ...pick(random, [[0, 0], [0, 30], [7, 8], [0xff, 0xff]]), ...word(), ...word(), ...this.ndOptions()];
    if (type === 135) return [0, 0, 0, 0, ...target(), ...this.ndOptions()];
    if (type === 136) return [pick(random, [0, 0x20, 0x40, 0x60, 0x80, 0xe0]), 0, 0, 0, ...target(), ...this.ndOptions()];
    if (type === 137) return [0, 0, 0, 0, ...target(), ...target(), ...this.ndOptions()];
    return [...word(), ...new Array<number>(pick(random, [0, 8, 56])).fill(7)];
  }

  private ndOptions(): number[] {
    const { random, places } = this;
    const mac = (): number[] => [...pick(random, places.macs)];
    const lifetime = (): number[] => pick(random, [[0, 0, 0, 0], [0, 0, 0, 5], [0, 0, 14, 16], [255, 255, 255, 255]]);
    const makers: readonly (() => number[])[] = [
      () => [1, 1, ...mac()],
      () => [2, 1, ...mac()],
      () => [3, 4, pick(random, [64, 64, 64, 48, 0, 128, 129]), pick(random, [0, 0x40, 0x80, 0xc0]), ...lifetime(), ...lifetime(), 0, 0, 0, 0, ...ip6Bytes(`2001:db8:${(0x100 + random.below(40)).toString(16)}::`)],
      () => [5, 1, 0, 0, ...pick(random, [[0, 0, 5, 0], [0, 0, 5, 220], [0, 0, 0, 68], [255, 255, 255, 255]])],
      () => [14, 1, 1, 2, 3, 4, 5, 6],
      () => [24, 1 + random.below(3), pick(random, [0, 48, 64, 128]), pick(random, [0, 8, 16, 24]), ...lifetime(), ...new Array<number>(16).fill(random.below(256))].slice(0, 8 * (1 + random.below(3))),
      () => [25, 3, 0, 0, ...lifetime(), ...ip6Bytes(this.address())],
      () => [31, 2, 0, 0, ...lifetime(), 1, 97, 0, 0, 0, 0, 0, 0],
      () => [4, 6, 0, 0, 0, 0, 0, 0, ...this.quoted().slice(0, 40)],
      () => [pick(random, [0, 6, 99, 255]), random.below(3), 0, 0, 0, 0, 0, 0],
    ];
    return Array.from({ length: random.below(4) }, () => pick(random, makers)()).flat();
  }

  private quoted(): number[] {
    const { random } = this;
    const proto = pick(random, [IPPROTO_UDP, IPPROTO_UDP, IPPROTO_ICMPV6, 253]);
    const [saddr, daddr] = [this.address(), this.address()];
    const payload = proto === IPPROTO_UDP ? this.udp(8, saddr, daddr) : proto === IPPROTO_ICMPV6 ? icmp6Message(saddr, daddr, 128) : new Uint8Array(8);
    const packet = ip6Packet({ saddr, daddr, proto, payload, ext: this.chain() });
    return [...(random.below(4) === 0 ? packet.subarray(0, random.below(packet.length)) : packet)];
  }

  /** Cut into pieces that may overlap, in any order; all but one are kept for later. */
  private fragmented(f: { readonly saddr: string; readonly daddr: string; readonly proto: number; readonly payload: Uint8Array; readonly ext: Ext[]; readonly tos: number; readonly ttl: number }): Uint8Array {
    const { random } = this;
    const unit = 8 * (1 + random.below(24));
    const id = random.below(40);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < f.payload.length; at += unit) {
      const end = Math.min(f.payload.length, at + unit + (random.below(8) === 0 ? 8 : 0));
      const word = at | (end < f.payload.length ? 1 : 0);
      const fragment: Ext = [IPPROTO_FRAGMENT, [0, 0, word >> 8, word & 0xff, 0, 0, 0, id]];
      const before = f.ext.filter(([nexthdr]) => nexthdr !== IPPROTO_FRAGMENT);
      pieces.push(this.ether(f.daddr, ip6Packet({ ...f, payload: f.payload.slice(at, end), ext: [...before, fragment] })));
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
    if (kind === 1) return Uint8Array.from([...bytes, ...someBytes(random, 64)]);
    if (kind === 2) return Uint8Array.from([...bytes.subarray(0, at), ...someBytes(random, 8), ...bytes.subarray(at)]);
    if (kind === 3 && bytes.length > 14) setBe16(bytes, 12, pick(random, ETHER_TYPES));
    else if (kind === 4) bytes[at] = random.u32();
    else if (kind === 5) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
    else if (bytes.length > 60) this.field(bytes);
    return bytes;
  }

  /** A word of the headers becomes a number at which something changes. */
  private field(bytes: Uint8Array): void {
    const { random } = this;
    const at = random.below(3) === 0 ? random.below(Math.min(bytes.length - 4, 120)) : 14 + pick(random, [0, 4, 6, 8, 22, 24, 38, 40, 41, 42, 44, 48, 56]);
    if (at === 14) bytes[14] = pick(random, [0x40, 0x50, 0x60, 0x6f, 0x70]);
    else if (random.below(2) === 0) setBe16(bytes, at, someNumber(random) & 0xffff);
    else if (at + 4 <= bytes.length) setBe32(bytes, at, someNumber(random));
  }
}
