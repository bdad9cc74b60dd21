/** What came of it: how often, how fast, and nothing left. */

export type Tally = Map<string, number>;

export interface Outcome {
  readonly what: string;
  done: number;
  /** How often each end was met: reasons of lost packets, errors of requests. */
  readonly ends: Tally;
  /** What was lost for no stated reason, by the function that said so. */
  readonly unspecified: Tally;
  /** What must not be: exceptions, errors that are none, leaks. Empty, or there is a bug in the stack. */
  readonly faults: string[];
  /** sk_buffs that were in use at most. */
  mostPackets: number;
  /** Neighbours of one protocol that were known at most, of those that a limit holds for. */
  mostNeighbours: number;
  /** What a host knew of single destinations at most. */
  mostLearned: number;
}

export function outcome(what: string): Outcome {
  return { what, done: 0, ends: new Map(), unspecified: new Map(), faults: [], mostPackets: 0, mostNeighbours: 0, mostLearned: 0 };
}

export function tally(ends: Tally, end: string, times = 1): void {
  ends.set(end, (ends.get(end) ?? 0) + times);
}

/** Faults that are told in full: one shows what the others hide. */
const MOST_FAULTS = 20;

export function fault(result: Outcome, text: string): void {
  if (result.faults.length < MOST_FAULTS) result.faults.push(text);
}

/** What was thrown, with the input that made it. */
export function thrown(result: Outcome, error: unknown, input: Uint8Array | string): void {
  const shown = typeof input === 'string' ? input : Array.from(input, (byte) => byte.toString(16).padStart(2, '0')).join('');
  fault(result, `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n    on ${shown}`);
}
