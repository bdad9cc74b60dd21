import { type Paint, plainPaint } from '@skbuff/explain';
import { formatDiagnostics, printable } from '../topology/format.ts';
import { formatDuration } from '../topology/units.ts';
import type { ExecNote, ExpectationResult, LabOutcome, LabReport, NodeReport } from './model.ts';

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** All outcomes for people. `verbose` adds what commands printed and what each node saw. */
export function renderText(outcomes: readonly LabOutcome[], paint: Paint = plainPaint, verbose: boolean = false): string {
  const parts = outcomes.map((o) => (o.kind === 'ran' ? renderReport(o.report, paint, verbose) : renderBadInput(o, paint)));
  return `${[...parts, ...(outcomes.length > 1 ? [total(outcomes, paint)] : [])].join('\n\n')}\n`;
}

function renderBadInput(outcome: Extract<LabOutcome, { kind: 'bad-input' }>, paint: Paint): string {
  const errors = outcome.diagnostics.filter((d) => d.severity === 'error').length;
  const summary = `${paint.red('not run')}: ${plural(errors, 'error')} in ${printable(outcome.file)}`;
  return `${formatDiagnostics(outcome.diagnostics, outcome.source, paint)}\n\n${summary}`;
}

function renderReport(report: LabReport, paint: Paint, verbose: boolean): string {
  const head = `${paint.bold(printable(report.lab))} ${paint.dim(`${printable(report.file)} · ${plural(report.nodes.length, 'node')}, ${plural(report.links, 'link')} · seed ${report.seed}`)}`;
  const sections = [
    ignoredLines(report, paint),
    report.diagnostics.map((d) => `  ${paint.cyan('note')} ${d.file}:${d.line}:${d.column}: ${printable(d.message)}`),
    report.exec.map((e) => execLine(e, paint)),
    report.expectations.flatMap((e) => expectationLines(e, paint, verbose)),
    verbose ? report.nodes.map((n) => nodeLine(n)) : [],
    report.captures.map((path) => `  ${paint.dim('captured')} ${printable(path)}`),
    [summary(report, paint)],
  ];
  return [head, ...sections.flat()].join('\n');
}

const SCOPES = { lab: 'file', node: 'node', link: 'link' } as const;

function ignoredLines(report: LabReport, paint: Paint): string[] {
  return report.ignored.map((k) => {
    const where = k.scope === 'lab' ? '' : ` (${plural(k.count, SCOPES[k.scope])})`;
    return paint.dim(`  ignored ${printable(k.key)}${where}: ${k.reason}`);
  });
}

function execLine(note: ExecNote, paint: Paint): string {
  const label = note.kind === 'failed' ? paint.yellow('failed') : paint.cyan('note');
  return `  ${label} ${note.at.file}:${note.at.line}:${note.at.column}: ${note.node}: ${note.kind === 'failed' ? `\`${printable(note.line)}\`: ` : ''}${printable(note.text)}`;
}

function expectationLines(result: ExpectationResult, paint: Paint, verbose: boolean): string[] {
  const time = paint.dim(`at ${formatDuration(result.timeNs)}`);
  const printed = verbose && result.output !== undefined ? result.output.trimEnd().split('\n') : [];
  if (result.pass) return [`  ${paint.green('✓')} ${printable(result.name)} ${time}`, ...printed.map((line) => `      ${paint.dim('|')} ${printable(line)}`)];
  return [
    `  ${paint.red('✗')} ${printable(result.name)} ${time}  ${paint.dim(`${result.at.file}:${result.at.line}:${result.at.column}`)}`,
    ...field('expected', result.expected),
    ...field('found', result.found),
    ...(result.trace ?? []).map((line) => `      ${paint.dim('|')} ${printable(line)}`),
    ...(result.explanation === undefined ? [] : ['      explained:']),
    ...(result.explanation ?? []).map((line) => `        ${printable(line)}`.trimEnd()),
  ];
}

function field(label: string, value: string | undefined): string[] {
  if (value === undefined) return [];
  const [first = '', ...rest] = value.trimEnd().split('\n');
  return [`      ${`${label}:`.padEnd(9)} ${printable(first)}`, ...rest.map((line) => `${' '.repeat(16)}${printable(line)}`)];
}

function nodeLine(node: NodeReport): string {
  const drops = node.drops.map((d) => `${d.reason} ${d.count}`).join(', ');
  return `  ${printable(node.name)}: ${plural(node.sent, 'frame')} out, ${node.received} in${drops === '' ? '' : `, dropped: ${drops}`}`;
}

function summary(report: LabReport, paint: Paint): string {
  const failed = report.expectations.filter((e) => !e.pass).length;
  const all = report.expectations.length;
  const frames = report.nodes.reduce((sum, n) => sum + n.sent, 0);
  const verdict = all === 0 ? 'no expectations' : failed === 0 ? paint.green(`${all} of ${all} as expected`) : paint.red(`${failed} of ${all} not as expected`);
  return `${verdict} · ${plural(frames, 'frame')} · ${formatDuration(report.virtualTimeNs)} of virtual time`;
}

function total(outcomes: readonly LabOutcome[], paint: Paint): string {
  const bad = outcomes.filter((o) => o.kind === 'bad-input').length;
  const failed = outcomes.filter((o) => o.kind === 'ran' && o.report.expectations.some((e) => !e.pass)).length;
  const text = `${plural(outcomes.length, 'lab')}: ${outcomes.length - bad - failed} passed, ${failed} failed, ${bad} not run`;
  return bad + failed === 0 ? paint.green(text) : paint.red(text);
}
