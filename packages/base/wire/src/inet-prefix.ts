/** Addresses of whichever family: bytes as netlink, sockets and packets carry them, and the family that says how to read them. */
import { AF_INET, AF_INET6, AF_MPLS } from '@skbuff/uapi';
import { be32, setBe32 } from './bytes.ts';
import { inetNtop6, inetPton6 } from './inet6-text.ts';
import { inetNtoa, inetPton4 } from './text.ts';

/** `inet_prefix`: an address, and how many of its leading bits count. */
export interface InetPrefix {
  /** AF_* */
  family: number;
  /** In network order. */
  bytes: Uint8Array;
  /** Of a single host: all bits of the family ({@link afBitLen}). */
  bitlen: number;
}

/** `af_bit_len`: bits of an address, 0 of a family that has none here. */
export function afBitLen(family: number): number {
  return family === AF_INET6 ? 128 : family === AF_INET ? 32 : family === AF_MPLS ? 20 : 0;
}

/** inet_pton(3): the bytes of an address of AF_INET or AF_INET6, or null if the text is none of that family. */
export function inetPton(family: number, text: string): Uint8Array | null {
  if (family === AF_INET6) return inetPton6(text);
  const addr = family === AF_INET ? inetPton4(text) : -1;
  if (addr < 0) return null;
  const bytes = new Uint8Array(4);
  setBe32(bytes, 0, addr);
  return bytes;
}

/** inet_ntop(3): the text of an address of AF_INET or AF_INET6; null: of another family, or too short. */
export function inetNtop(family: number, bytes: Uint8Array): string | null {
  if (family === AF_INET && bytes.length >= 4) return inetNtoa(be32(bytes, 0));
  return family === AF_INET6 && bytes.length >= 16 ? inetNtop6(bytes) : null;
}

/** `inet_addr_match`: whether the first `bits` are equal. */
export function inetAddrMatch(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((a[whole] ^ b[whole]) & mask) === 0;
}
