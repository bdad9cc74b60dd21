/**
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
 *
 * A partial sum is an ordinary number of at most 2^48: not folded, not complemented, of big-endian 16-bit words. Partial sums of
 * areas that begin at an even offset of the whole simply add up.
 */

/** Adds the 16-bit words of `len` bytes at `off` to `sum`; an odd last byte counts as the upper half of a word. */
export function csumPartial(b: Uint8Array, off: number, len: number, sum: number): number {
  const even = off + (len & ~1);
  let i = off;
  let high = 0;
  let low = 0;
  // Two lanes of bytes: neither exceeds 2^53 for any packet, so nothing is folded inside the loop.
  for (const stop = off + (len & ~7); i < stop; i += 8) {
    high += b[i] + b[i + 2] + b[i + 4] + b[i + 6];
    low += b[i + 1] + b[i + 3] + b[i + 5] + b[i + 7];
  }
  for (; i < even; i += 2) {
    high += b[i];
    low += b[i + 1];
  }
  if (len & 1) high += b[even];
  return sum + high * 256 + low;
}

/**
 * Adds the partial sum `part` of an area that begins `offset` bytes into the whole. At an odd offset the bytes of its words change
 * places (RFC 1071 §2 B).
 */
export function csumBlockAdd(sum: number, part: number, offset: number): number {
  if ((offset & 1) === 0) return sum + part;
  const folded = ~csumFold(part) & 0xffff;
  return sum + (((folded & 0xff) << 8) | (folded >>> 8));
}

/** Folds a partial sum to 16 bits and complements it: the value that goes into a header. */
export function csumFold(sum: number): number {
  // Twice is enough for 32 bits: after the first time 0x1fffe is the most.
  let s = sum > 0xffffffff ? foldTo32(sum) : sum;
  s = (s & 0xffff) + (s >>> 16);
  return ~((s & 0xffff) + (s >>> 16)) & 0xffff;
}

function foldTo32(sum: number): number {
  let s = sum;
  while (s > 0xffffffff) s = (s % 0x100000000) + Math.floor(s / 0x100000000);
  return s;
}

/** Checksum of `len` bytes, ready for the header. Over an area that holds a correct checksum the result is 0. */
export function ipComputeCsum(b: Uint8Array, off: number, len: number): number {
  return csumFold(csumPartial(b, off, len, 0));
}

/** Folded sum of the IPv4 header of `ihl` 32-bit words at `off`; 0xffff if it holds a correct checksum. */
function ipHeaderSum(b: Uint8Array, off: number, ihl: number): number {
  let sum =
    ((b[off] + b[off + 2] + b[off + 4] + b[off + 6] + b[off + 8] + b[off + 10] + b[off + 12] + b[off + 14] + b[off + 16] + b[off + 18]) << 8) +
    (b[off + 1] + b[off + 3] + b[off + 5] + b[off + 7] + b[off + 9] + b[off + 11] + b[off + 13] + b[off + 15] + b[off + 17] + b[off + 19]);
  for (let i = off + 20, end = off + (ihl << 2); i < end; i += 2) sum += (b[i] << 8) | b[i + 1];
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum + (sum >>> 16)) & 0xffff;
}

/** Whether the IPv4 header of `ihl` 32-bit words at `off` sums up right. */
export function ipFastCsumOk(b: Uint8Array, off: number, ihl: number): boolean {
  return ipHeaderSum(b, off, ihl) === 0xffff;
}

/** The checksum of an IPv4 header whose checksum field is 0 (`ip_fast_csum`). */
export function ipFastCsum(b: Uint8Array, off: number, ihl: number): number {
  return ~ipHeaderSum(b, off, ihl) & 0xffff;
}

/** Sum of the IPv4 pseudo-header of UDP and TCP, to be handed to {@link csumPartial} or {@link csumFold}. `len` in bytes. */
export function csumTcpudpNofold(saddr: number, daddr: number, len: number, proto: number): number {
  return (saddr >>> 16) + (saddr & 0xffff) + (daddr >>> 16) + (daddr & 0xffff) + len + proto;
}

/** The folded, complemented pseudo-header checksum. */
export function csumTcpudpMagic(saddr: number, daddr: number, len: number, proto: number, sum: number): number {
  return csumFold(sum + csumTcpudpNofold(saddr, daddr, len, proto));
}

/** New header checksum after a 16-bit word changed from `from` to `to` (RFC 1624, equation 3). */
export function csumReplace2(check: number, from: number, to: number): number {
  let sum = (~check & 0xffff) + (~from & 0xffff) + to;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** New checksum after a 32-bit field changed. */
export function csumReplace4(check: number, from: number, to: number): number {
  return csumReplace2(csumReplace2(check, from >>> 16, to >>> 16), from & 0xffff, to & 0xffff);
}

/** Sum of the IPv6 pseudo-header (RFC 8200 §8.1) whose 32 bytes of addresses lie at `addrs` (source, then destination); `len` in bytes. */
export function csumIpv6Nofold(b: Uint8Array, addrs: number, len: number, proto: number): number {
  return csumPartial(b, addrs, 32, (len >>> 16) + (len & 0xffff) + proto);
}

/** `csum_ipv6_magic`: the folded, complemented checksum of a pseudo-header and what is in `sum`. */
export function csumIpv6Magic(b: Uint8Array, addrs: number, len: number, proto: number, sum: number): number {
  return csumFold(csumIpv6Nofold(b, addrs, len, proto) + sum);
}
