/**
 * Big-endian access to packet bytes. Above this file numbers are in host order; there is no `htons`.
 * No bounds are checked: the caller has made sure (`skb.mayPull`) that the bytes are there.
 */

/** 16 bits at `off`, 0..65535. */
export function be16(b: Uint8Array, off: number): number {
  return (b[off] << 8) | b[off + 1];
}

export function setBe16(b: Uint8Array, off: number, value: number): void {
  b[off] = value >>> 8;
  b[off + 1] = value;
}

/** 24 bits at `off`. */
export function be24(b: Uint8Array, off: number): number {
  return (b[off] << 16) | (b[off + 1] << 8) | b[off + 2];
}

/** 32 bits at `off`, unsigned: 0..2^32-1. */
export function be32(b: Uint8Array, off: number): number {
  return ((b[off] << 24) | (b[off + 1] << 16) | (b[off + 2] << 8) | b[off + 3]) >>> 0;
}

export function setBe32(b: Uint8Array, off: number, value: number): void {
  b[off] = value >>> 24;
  b[off + 1] = value >>> 16;
  b[off + 2] = value >>> 8;
  b[off + 3] = value;
}

/** Copies six bytes: a MAC address. Inside one array the areas may not overlap. */
export function copyMac(dst: Uint8Array, to: number, src: Uint8Array, from: number): void {
  dst[to] = src[from];
  dst[to + 1] = src[from + 1];
  dst[to + 2] = src[from + 2];
  dst[to + 3] = src[from + 3];
  dst[to + 4] = src[from + 4];
  dst[to + 5] = src[from + 5];
}

/**
 * Copies `n` bytes between arrays, or inside one, where the areas may overlap. For short runs a loop is quicker than
 * `set(subarray)`, which allocates.
 */
export function copyBytes(dst: Uint8Array, to: number, src: Uint8Array, from: number, n: number): void {
  if (dst === src || n > 96) {
    copyLong(dst, to, src, from, n);
    return;
  }
  let at = to;
  let of = from;
  for (const stop = from + n - 7; of < stop; of += 8, at += 8) {
    dst[at] = src[of];
    dst[at + 1] = src[of + 1];
    dst[at + 2] = src[of + 2];
    dst[at + 3] = src[of + 3];
    dst[at + 4] = src[of + 4];
    dst[at + 5] = src[of + 5];
    dst[at + 6] = src[of + 6];
    dst[at + 7] = src[of + 7];
  }
  for (const stop = from + n; of < stop; of++, at++) dst[at] = src[of];
}

function copyLong(dst: Uint8Array, to: number, src: Uint8Array, from: number, n: number): void {
  if (dst === src) dst.copyWithin(to, from, from + n);
  else dst.set(src.subarray(from, from + n), to);
}

/** Zeroes `n` bytes. */
export function zeroBytes(b: Uint8Array, off: number, n: number): void {
  if (n > 64) b.fill(0, off, off + n);
  else for (let i = 0; i < n; i++) b[off + i] = 0;
}

/** Whether `n` bytes at two places are the same. */
export function equalBytes(a: Uint8Array, i: number, b: Uint8Array, j: number, n: number): boolean {
  for (let k = 0; k < n; k++) if (a[i + k] !== b[j + k]) return false;
  return true;
}
