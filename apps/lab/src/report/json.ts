import { exitCode } from './exit-code.ts';
import type { LabOutcome } from './model.ts';

/** Version of the JSON report; grows when a key changes its meaning or goes away. */
export const REPORT_VERSION: number = 1;

/** All outcomes as one JSON document with a line feed at its end. Holds no real time and no machine path of its own. */
export function renderJson(outcomes: readonly LabOutcome[]): string {
  const labs = outcomes.map((o) => (o.kind === 'ran' ? { result: 'ran', ...o.report } : { result: 'bad-input', file: o.file, diagnostics: o.diagnostics }));
  return `${JSON.stringify({ version: REPORT_VERSION, exitCode: exitCode(outcomes), labs }, null, 2)}\n`;
}
