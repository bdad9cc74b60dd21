import { readdirSync, readFileSync } from 'node:fs';
import { parseTopology, type Diagnostic, type LabTopology } from '../src/index.ts';

const examplesUrl = new URL('../examples/', import.meta.url);

/** Names of the example files. */
export const exampleNames: string[] = readdirSync(examplesUrl).filter((name) => name.endsWith('.yml'));

export function example(name: string): string {
  return readFileSync(new URL(name, examplesUrl), 'utf8');
}

/** Two nodes a and b; `extra` lines are put in by section. */
export function lab(parts: { top?: string[]; topology?: string[]; a?: string[]; links?: string[] } = {}): string {
  const indent = (n: number, lines: string[] = []): string[] => lines.map((l) => ' '.repeat(n) + l);
  return [
    'name: t', ...(parts.top ?? []), 'topology:', ...indent(2, parts.topology), '  nodes:', '    a:', '      kind: linux',
    ...indent(6, parts.a), '    b: {kind: linux}', '  links:', ...indent(4, parts.links ?? ['- endpoints: ["a:eth1", "b:eth1"]']), '',
  ].join('\n');
}

export function parsed(source: string, env: Record<string, string> = {}): LabTopology {
  const { topology, diagnostics } = parseTopology(source, { file: 'lab.yml', env });
  if (topology === undefined) throw new Error(diagnostics.map((d) => `${d.line}:${d.column} ${d.message}`).join('\n'));
  return topology;
}

export function diagnose(source: string | Uint8Array): readonly Diagnostic[] {
  return parseTopology(source, { file: 'lab.yml' }).diagnostics;
}

/** `line:column message`, errors and notes alike. */
export function summary(source: string | Uint8Array): string[] {
  return diagnose(source).map((d) => `${d.line}:${d.column} ${d.severity}: ${d.message}`);
}

/** One line for everything that is in a diagnostic. */
export function full(source: string | Uint8Array): string[] {
  return diagnose(source).map((d) => [`${d.line}:${d.column} ${d.severity}: ${d.message}`, d.path, d.found ?? '-', d.expected ?? '-', d.hint ?? '-'].join(' | '));
}

/** Two nodes with these lines as links. */
export function links(...lines: string[]): string {
  return lab({ links: lines });
}

/** Two nodes with these lines as expectations. */
export function expects(...lines: string[]): string {
  return lab({ top: ['expect:', ...lines.map((l) => `  ${l}`)] });
}
