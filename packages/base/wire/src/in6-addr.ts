/**
 * `struct in6_addr`: an IPv6 address where it is kept, as four words (docs/decisions/013: what is measured to be fast). In a packet it is an
 * offset, at the edges 16 bytes.
 */
import { inetNtop6, inetPton6 } from './inet6-text.ts';

/** Bytes of an address. */
export const IN6ADDR_LEN = 16;

/** The words are signed, most significant first: V8 boxes what does not fit into 31 or 32 bits with a sign. */
export class In6Addr {
  w0: number;
  w1: number;
  w2: number;
  w3: number;

  constructor(w0: number = 0, w1: number = 0, w2: number = 0, w3: number = 0) {
    this.w0 = w0 | 0;
    this.w1 = w1 | 0;
    this.w2 = w2 | 0;
    this.w3 = w3 | 0;
  }

  /** The words may be signed or not. */
  set(w0: number, w1: number, w2: number, w3: number): this {
    this.w0 = w0 | 0;
    this.w1 = w1 | 0;
    this.w2 = w2 | 0;
    this.w3 = w3 | 0;
    return this;
  }

  copy(a: In6Addr): this {
    this.w0 = a.w0;
    this.w1 = a.w1;
    this.w2 = a.w2;
    this.w3 = a.w3;
    return this;
  }

  clone(): In6Addr {
    return new In6Addr(this.w0, this.w1, this.w2, this.w3);
  }

  /** The 16 bytes at `off`. */
  load(b: Uint8Array, off: number): this {
    this.w0 = in6Word(b, off);
    this.w1 = in6Word(b, off + 4);
    this.w2 = in6Word(b, off + 8);
    this.w3 = in6Word(b, off + 12);
    return this;
  }

  store(b: Uint8Array, off: number): void {
    setIn6Word(b, off, this.w0);
    setIn6Word(b, off + 4, this.w1);
    setIn6Word(b, off + 8, this.w2);
    setIn6Word(b, off + 12, this.w3);
  }

  /** A new array of 16 bytes, as netlink and socket addresses have it. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(IN6ADDR_LEN);
    this.store(bytes, 0);
    return bytes;
  }

  /** `ipv6_addr_equal`. */
  equals(a: In6Addr): boolean {
    return this.w3 === a.w3 && this.w2 === a.w2 && this.w1 === a.w1 && this.w0 === a.w0;
  }

  /** {@link equals}, of the address at `off`. */
  isAt(b: Uint8Array, off: number): boolean {
    return this.w3 === in6Word(b, off + 12) && this.w2 === in6Word(b, off + 8) && this.w1 === in6Word(b, off + 4) && this.w0 === in6Word(b, off);
  }

  /** `ipv6_addr_any`: ::. */
  isAny(): boolean {
    return (this.w0 | this.w1 | this.w2 | this.w3) === 0;
  }

  /** `ipv6_addr_loopback`: ::1. */
  isLoopback(): boolean {
    return (this.w0 | this.w1 | this.w2) === 0 && this.w3 === 1;
  }

  /** `ipv6_addr_is_multicast`: ff00::/8. */
  isMulticast(): boolean {
    return this.w0 >>> 24 === 0xff;
  }

  /** fe80::/10. */
  isLinkLocal(): boolean {
    return (this.w0 & 0xffc00000) === LINK_LOCAL;
  }

  /** `ipv6_addr_v4mapped`: ::ffff:0:0/96; the IPv4 address is the last word. */
  isV4Mapped(): boolean {
    return this.w2 === 0xffff && (this.w0 | this.w1) === 0;
  }

  /** `ipv6_addr_hash` with a seed: spreads addresses over 32 bits, signed. */
  hash(seed: number): number {
    return in6Hash(this.w0, this.w1, this.w2, this.w3, seed);
  }

  /** As inet_ntop(3) writes it. */
  toString(): string {
    return inetNtop6(this.toBytes());
  }

  /** 32 digits without colons, as files under /proc/net have it (`%pi6`). */
  toHex(): string {
    return [this.w0, this.w1, this.w2, this.w3].map((w) => (w >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

const LINK_LOCAL = 0xfe800000 | 0;

/** Four bytes as a signed word. */
export function in6Word(b: Uint8Array, off: number): number {
  return (b[off] << 24) | (b[off + 1] << 16) | (b[off + 2] << 8) | b[off + 3];
}

export function setIn6Word(b: Uint8Array, off: number, w: number): void {
  b[off] = w >>> 24;
  b[off + 1] = w >>> 16;
  b[off + 2] = w >>> 8;
  b[off + 3] = w;
}

/**
 * The hash of {@link In6Addr.hash}, of words that are in no object. Between two words there is a step that is neither a sum nor an exclusive or: who does
 * not know the seed cannot choose addresses that have one hash, and so fill one chain of a table.
 */
export function in6Hash(w0: number, w1: number, w2: number, w3: number, seed: number): number {
  const x = Math.imul(w0 ^ seed, 0x9e3779b1);
  const y = Math.imul(w2 ^ seed, 0xc2b2ae35);
  const a = ((x ^ (x >>> 16)) + w1) | 0;
  const b = ((y ^ (y >>> 15)) + w3) | 0;
  const h = Math.imul(a ^ (a >>> 15), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 16), 0x27d4eb2f);
  return Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) ^ (h >>> 12);
}

/** The address that a text is (inet_pton(3)), or null. */
export function in6Pton(text: string): In6Addr | null {
  const bytes = inetPton6(text);
  return bytes === null ? null : new In6Addr().load(bytes, 0);
}

/** `ipv6_prefix_equal`: whether the first `bits` (0…128) are equal. */
export function ipv6PrefixEqual(a: In6Addr, b: In6Addr, bits: number): boolean {
  return ipv6AddrDiff(a, b) >= bits;
}

/** `ipv6_addr_diff`: the number of leading bits that are equal, 128 of the same address. */
export function ipv6AddrDiff(a: In6Addr, b: In6Addr): number {
  if (a.w0 !== b.w0) return Math.clz32(a.w0 ^ b.w0);
  if (a.w1 !== b.w1) return 32 + Math.clz32(a.w1 ^ b.w1);
  if (a.w2 !== b.w2) return 64 + Math.clz32(a.w2 ^ b.w2);
  return 96 + Math.clz32(a.w3 ^ b.w3);
}

/** Word number `i` of the mask of a prefix of `bits`, signed. */
export function in6MaskWord(bits: number, i: number): number {
  const n = bits - 32 * i;
  return n <= 0 ? 0 : n >= 32 ? -1 : -1 << (32 - n);
}

/** `ipv6_addr_prefix`: `into` becomes the first `bits` of `a`, the rest 0; the two may be one. */
export function ipv6AddrPrefix(into: In6Addr, a: In6Addr, bits: number): In6Addr {
  return into.set(a.w0 & in6MaskWord(bits, 0), a.w1 & in6MaskWord(bits, 1), a.w2 & in6MaskWord(bits, 2), a.w3 & in6MaskWord(bits, 3));
}

/** `addrconf_addr_solict_mult`: `into` becomes the solicited-node group ff02::1:ffXX:XXXX of an address (RFC 4291 §2.7.1). */
export function addrconfAddrSolictMult(into: In6Addr, a: In6Addr): In6Addr {
  return into.set(0xff020000, 0, 1, 0xff000000 | (a.w3 & 0xffffff));
}

/** `in6addr_any` and its company: nobody changes them. */
export const in6addrAny: Readonly<In6Addr> = new In6Addr();
export const in6addrLoopback: Readonly<In6Addr> = new In6Addr(0, 0, 0, 1);
/** ff01::1, ff02::1, ff01::2, ff02::2, ff05::2. */
export const in6addrInterfacelocalAllnodes: Readonly<In6Addr> = new In6Addr(0xff010000, 0, 0, 1);
export const in6addrLinklocalAllnodes: Readonly<In6Addr> = new In6Addr(0xff020000, 0, 0, 1);
export const in6addrInterfacelocalAllrouters: Readonly<In6Addr> = new In6Addr(0xff010000, 0, 0, 2);
export const in6addrLinklocalAllrouters: Readonly<In6Addr> = new In6Addr(0xff020000, 0, 0, 2);
export const in6addrSitelocalAllrouters: Readonly<In6Addr> = new In6Addr(0xff050000, 0, 0, 2);
