import { type Paint, plainPaint } from '@skbuff/explain';
import type { Diagnostic } from './diagnostic.ts';

const WINDOW = 120;

/** Control characters of a garbage file must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g, (c) => (c === '\t' ? ' ' : '\ufffd'));
}

function excerpt(d: Diagnostic, source: readonly string[], paint: Paint): string[] {
  const line = source[d.line - 1];
  if (line === undefined) return [];
  const from = d.column > WINDOW ? d.column - WINDOW / 2 : 0;
  const text = printable(line.slice(from, from + WINDOW));
  const column = Math.min(d.column - 1 - from, text.length);
  const length = Math.max(1, Math.min(d.length ?? 1, text.length - column));
  const gutter = String(d.line);
  const pad = ' '.repeat(gutter.length);
  return [
    ` ${paint.dim(`${gutter} |`)} ${text}`,
    ` ${paint.dim(`${pad} |`)} ${' '.repeat(column)}${paint.red('^'.repeat(length))}`,
  ];
}

/**
 * Prints `file:line:col: error: …` with the source line, a caret below it, and what was found, expected and advised.
 * `source` is the text the diagnostic is about; without it the excerpt is left out.
 */
export function formatDiagnostic(d: Diagnostic, source?: string, paint: Paint = plainPaint): string {
  const label = d.severity === 'error' ? paint.red('error:') : paint.cyan('note:');
  const lines = [`${paint.bold(`${d.file}:${d.line}:${d.column}:`)} ${label} ${printable(d.message)}`];
  if (source !== undefined) lines.push(...excerpt(d, splitLines(source), paint));
  if (d.path !== '') lines.push(`   at:       ${printable(d.path)}`);
  if (d.found !== undefined) lines.push(`   found:    ${printable(d.found)}`);
  if (d.expected !== undefined) lines.push(`   expected: ${printable(d.expected)}`);
  if (d.hint !== undefined) lines.push(`   hint:     ${printable(d.hint)}`);
  return lines.join('\n');
}

/** Prints several, an empty line between them. */
export function formatDiagnostics(list: readonly Diagnostic[], source?: string, paint: Paint = plainPaint): string {
  return list.map((d) => formatDiagnostic(d, source, paint)).join('\n\n');
}

/** The line ends YAML knows. */
export function splitLines(source: string): string[] {
  return source.split(/\r\n|\n|\r/);
}
