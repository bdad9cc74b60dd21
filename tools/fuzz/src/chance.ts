/** What generators and mutators share. */
import type { Random } from '@skbuff/core';

export function pick<T>(random: Random, of: readonly T[]): T {
  return of[random.below(of.length)] as T;
}

/** Numbers at which something changes. */
export const EDGES: readonly number[] = [0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 20, 31, 32, 33, 64, 127, 128, 254, 255, 256, 1500, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];

export function someNumber(random: Random): number {
  return random.below(4) === 0 ? random.u32() : pick(random, EDGES);
}

export function someBytes(random: Random, atMost: number): Uint8Array {
  const bytes = new Uint8Array(random.below(atMost + 1));
  random.bytes(bytes, 0, bytes.length);
  return bytes;
}
