import type { LabOutcome } from './model.ts';

/** 0: all held. 1: an expectation failed. 2: a file could not be run; wins over 1, because then not all was tried. */
export type ExitCode = 0 | 1 | 2;

export function exitCode(outcomes: readonly LabOutcome[]): ExitCode {
  if (outcomes.some((o) => o.kind === 'bad-input')) return 2;
  return outcomes.some((o) => o.kind === 'ran' && o.report.expectations.some((e) => !e.pass)) ? 1 : 0;
}
