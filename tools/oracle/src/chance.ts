/** Choices by chance. */
import type { Random } from '@skbuff/core';

export function pick<T>(random: Random, of: readonly T[]): T {
  return of[random.u32() % of.length] as T;
}
