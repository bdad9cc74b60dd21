/**
 * Which of several next hops a flow takes (`fib_multipath_hash_from_keys`): SipHash-2-4 (Aumasson, Bernstein 2012) over the keys of the flow as
 * `struct flow_keys` lays them out, so that with the same net.ipv4.fib_multipath_hash_seed flows go the ways that they go in Linux.
 */
import { type Net, NetSlot } from '@skbuff/core';
import type { In6Addr } from '@skbuff/wire';

/** The seed of a namespace, which is both families'. */
export class MultipathSeed {
  /** net.ipv4.fib_multipath_hash_seed; 0: the kernel's own. */
  user = 0;
  private readonly own: number;

  constructor(own: number) {
    this.own = own;
  }

  get value(): number {
    return this.user === 0 ? this.own : this.user;
  }
}

const multipathSeedNet: NetSlot<MultipathSeed> = new NetSlot<MultipathSeed>('fib_multipath_hash_seed');

/** The seed, which begins when it is first asked for: either family may be the one that is loaded. */
export function multipathSeed(net: Net): MultipathSeed {
  let seed = multipathSeedNet.peek(net);
  if (seed === null) multipathSeedNet.set(net, (seed = new MultipathSeed(net.kernel.random.fork('fib_multipath_hash').u32())));
  return seed;
}

/** Words of 32 bits, little endian: protocol, flow label, two VLAN tags, key id, ports, ICMP, addresses, and what aligns them. */
const PROTO = 0;
const LABEL = 1;
const PORTS = 7;
const ADDRS = 9;
const WORDS_OF_END = 6;
const keys4: Int32Array = newKeys(12);
const keys6: Int32Array = newKeys(18);

/** Behind the keys: a block with their length, and two that say nothing, for the four rounds at the end. */
function newKeys(words: number): Int32Array {
  const keys = new Int32Array(words + WORDS_OF_END);
  keys[words + 1] = words << 26;
  return keys;
}

/** Not 0. Addresses in host order; what shall not count is 0. The upper 31 bits say which way. */
export function multipathHash4(seed: number, saddr: number, daddr: number, proto: number, sport: number, dport: number): number {
  const src = swab32(saddr);
  const dst = swab32(daddr);
  const turned = dst >>> 0 < src >>> 0;
  begin(keys4, proto, 0, sport, dport);
  keys4[ADDRS] = turned ? dst : src;
  keys4[ADDRS + 1] = turned ? src : dst;
  return siphash(keys4, seed);
}

/** As {@link multipathHash4}. `label` is what a little-endian kernel keeps in its word: turned round by {@link swab32} if it came from a flow. */
export function multipathHash6(seed: number, saddr: In6Addr, daddr: In6Addr, label: number, proto: number, sport: number, dport: number): number {
  const turned = isLess(daddr, saddr);
  begin(keys6, proto, label, sport, dport);
  putAddr(ADDRS, turned ? daddr : saddr);
  putAddr(ADDRS + 4, turned ? saddr : daddr);
  return siphash(keys6, seed);
}

/** `__flow_hash_consistentify`: both directions of a flow are one; the ports are compared as they lie in memory. */
function begin(keys: Int32Array, proto: number, label: number, sport: number, dport: number): void {
  const src = swab16(sport);
  const dst = swab16(dport);
  keys[PROTO] = proto << 16;
  keys[LABEL] = label;
  keys[PORTS] = dst < src ? (src << 16) | dst : (dst << 16) | src;
}

function isLess(a: In6Addr, b: In6Addr): boolean {
  if (a.w0 !== b.w0) return a.w0 >>> 0 < b.w0 >>> 0;
  if (a.w1 !== b.w1) return a.w1 >>> 0 < b.w1 >>> 0;
  if (a.w2 !== b.w2) return a.w2 >>> 0 < b.w2 >>> 0;
  return a.w3 >>> 0 < b.w3 >>> 0;
}

function putAddr(at: number, { w0, w1, w2, w3 }: In6Addr): void {
  keys6[at] = swab32(w0);
  keys6[at + 1] = swab32(w1);
  keys6[at + 2] = swab32(w2);
  keys6[at + 3] = swab32(w3);
}

/** The bytes of a word in the other order. i32. */
export function swab32(v: number): number {
  return (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
}

function swab16(v: number): number {
  return ((v & 0xff) << 8) | (v >>> 8);
}

/**
 * The lower 32 bits of SipHash-2-4 of `keys`, 0 taken as 1; all four words of the key are the seed. u32. Names with h are upper halves. What
 * is carried to them is reckoned from bits: a comparison would be guessed wrong half of the time.
 */
function siphash(keys: Int32Array, seed: number): number {
  let v0 = seed ^ 0x70736575;
  let v0h = seed ^ 0x736f6d65;
  let v1 = seed ^ 0x6e646f6d;
  let v1h = seed ^ 0x646f7261;
  let v2 = seed ^ 0x6e657261;
  let v2h = seed ^ 0x6c796765;
  let v3 = seed ^ 0x79746573;
  let v3h = seed ^ 0x74656462;
  const { length } = keys;
  for (let i = 0; i < length; i += 2) {
    if (i === length - 4) v2 ^= 0xff;
    v3 ^= keys[i];
    v3h ^= keys[i + 1];
    for (let round = 0; round < 2; round++) {
      let t = (v0 + v1) | 0;
      let h = (v0h + v1h + (((v0 & v1) | ((v0 | v1) & ~t)) >>> 31)) | 0;
      v0 = v1;
      v1 = ((v1 << 13) | (v1h >>> 19)) ^ t;
      v1h = ((v1h << 13) | (v0 >>> 19)) ^ h;
      v0 = h;
      v0h = t;
      t = (v2 + v3) | 0;
      h = (v2h + v3h + (((v2 & v3) | ((v2 | v3) & ~t)) >>> 31)) | 0;
      v2 = v3;
      v3 = ((v3 << 16) | (v3h >>> 16)) ^ t;
      v3h = ((v3h << 16) | (v2 >>> 16)) ^ h;
      v2 = t;
      v2h = h;
      t = (v0 + v3) | 0;
      h = (v0h + v3h + (((v0 & v3) | ((v0 | v3) & ~t)) >>> 31)) | 0;
      v0 = v3;
      v3 = ((v3 << 21) | (v3h >>> 11)) ^ t;
      v3h = ((v3h << 21) | (v0 >>> 11)) ^ h;
      v0 = t;
      v0h = h;
      t = (v2 + v1) | 0;
      h = (v2h + v1h + (((v2 & v1) | ((v2 | v1) & ~t)) >>> 31)) | 0;
      v2 = v1;
      v1 = ((v1 << 17) | (v1h >>> 15)) ^ t;
      v1h = ((v1h << 17) | (v2 >>> 15)) ^ h;
      v2 = h;
      v2h = t;
    }
    v0 ^= keys[i];
    v0h ^= keys[i + 1];
  }
  return ((v0 ^ v1 ^ v2 ^ v3) || 1) >>> 0;
}
