/** The compression function of SHA-1 (FIPS 180-4 §6.1.2), as RFC 7217 addresses are made with it here: for that, not for safety. */

const START: readonly number[] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
const K: readonly number[] = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];

/** Bytes of a block. */
export const SHA1_BLOCK_SIZE = 64;

const rotate = (w: number, n: number): number => (w << n) | (w >>> (32 - n));

/** `sha1_init`, `sha1_transform` of one block, without padding: the five words. */
export function sha1Block(block: Uint8Array): Int32Array {
  const w = new Int32Array(80);
  for (let i = 0; i < 16; i++) w[i] = (block[4 * i]! << 24) | (block[4 * i + 1]! << 16) | (block[4 * i + 2]! << 8) | block[4 * i + 3]!;
  for (let i = 16; i < 80; i++) w[i] = rotate(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1);
  let [a, b, c, d, e] = START as [number, number, number, number, number];
  for (let i = 0; i < 80; i++) {
    const round = Math.floor(i / 20);
    const f = round === 0 ? (b & c) | (~b & d) : round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    const next = (rotate(a, 5) + f + e + K[round]! + w[i]!) | 0;
    [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
  }
  return Int32Array.from([a, b, c, d, e], (word, i) => word + START[i]!);
}
