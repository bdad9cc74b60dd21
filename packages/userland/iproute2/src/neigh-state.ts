/** States of neighbours by name. */
import * as U from '@skbuff/uapi';
import { matches } from './args.ts';
import { getUnsigned } from './numbers.ts';

/** In the order in which they are shown. */
export const NUD_NAMES: readonly (readonly [number, string])[] = [
  [U.NUD_INCOMPLETE, 'INCOMPLETE'],
  [U.NUD_REACHABLE, 'REACHABLE'],
  [U.NUD_STALE, 'STALE'],
  [U.NUD_DELAY, 'DELAY'],
  [U.NUD_PROBE, 'PROBE'],
  [U.NUD_FAILED, 'FAILED'],
  [U.NUD_NOARP, 'NOARP'],
  [U.NUD_PERMANENT, 'PERMANENT'],
];

/** A star marks the words that may be abbreviated. */
const WORDS: readonly (readonly [string, number])[] = [
  ['permanent*', U.NUD_PERMANENT],
  ['reachable*', U.NUD_REACHABLE],
  ['noarp', U.NUD_NOARP],
  ['none', U.NUD_NONE],
  ['stale', U.NUD_STALE],
  ['incomplete', U.NUD_INCOMPLETE],
  ['delay', U.NUD_DELAY],
  ['probe', U.NUD_PROBE],
  ['failed*', U.NUD_FAILED],
];

/** `nud_state_a2n`: the state of a name or number, or null. */
export function nudStateA2n(text: string): number | null {
  const found = WORDS.find(([word]) => (word.endsWith('*') ? matches(text, word.slice(0, -1)) : text === word));
  if (found !== undefined) return found[1];
  const n = getUnsigned(text);
  return n === null || n >= 0x100 || (n & (n - 1)) !== 0 ? null : n;
}
