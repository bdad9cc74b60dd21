/** States of neighbours as `ip neigh` writes them. */
import * as U from '@skbuff/uapi';

const NAMES: Readonly<Record<number, string>> = {
  [U.NUD_NONE]: 'NONE',
  [U.NUD_INCOMPLETE]: 'INCOMPLETE',
  [U.NUD_REACHABLE]: 'REACHABLE',
  [U.NUD_STALE]: 'STALE',
  [U.NUD_DELAY]: 'DELAY',
  [U.NUD_PROBE]: 'PROBE',
  [U.NUD_FAILED]: 'FAILED',
  [U.NUD_NOARP]: 'NOARP',
  [U.NUD_PERMANENT]: 'PERMANENT',
};

/** The name of a state NUD_*, or the number. */
export function nudName(state: number): string {
  return NAMES[state] ?? `0x${state.toString(16)}`;
}
