import type { Explanation } from './model.ts';

/** One JSON document with a line feed at its end. Keys are those of `Explanation`; `version` grows when one changes its meaning. */
export function explanationToJson(explanation: Explanation): string {
  return `${JSON.stringify(explanation, null, 2)}\n`;
}
