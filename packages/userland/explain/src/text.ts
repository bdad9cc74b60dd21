/** An explanation for people. */
import type { Explanation, Step, Verdict } from './model.ts';
import { type Visit, visitsOf } from './visits.ts';
import { duration, printable } from './words.ts';

/** Colours a piece of text. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

const same = (text: string): string => text;
/** No terminal: the text as it is. */
export const plainPaint: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

const SUBJECTS = { packet: '', reply: 'the answer', error: 'the ICMP error' } as const;

/** The way as text, with a line feed at its end. */
export function renderExplanation(explanation: Explanation, paint: Paint = plainPaint): string {
  const visits = visitsOf(explanation);
  const width = Math.max(0, ...explanation.steps.map((step) => step.function.length));
  const lines = [`${paint.bold(printable(explanation.packet))} ${paint.dim(`on ${printable(explanation.node)}`)}`];
  for (const [i, visit] of visits.entries()) {
    lines.push('', head(visit, visits[i - 1], paint));
    for (const step of visit.steps) lines.push(stepLine(step, visit, width, paint));
  }
  lines.push('', ...verdictLines('', explanation.verdict, paint));
  if (explanation.answer !== null) lines.push(...verdictLines(`${SUBJECTS[explanation.answer.subject]}: `, explanation.answer, paint));
  for (const note of explanation.notes) lines.push(`${paint.cyan('note')} ${printable(note)}`);
  return `${lines.join('\n')}\n`;
}

function head(visit: Visit, before: Visit | undefined, paint: Paint): string {
  const what = visit.subject === 'packet' || before?.subject === visit.subject ? '' : ` ${SUBJECTS[visit.subject]}`;
  const at = visit.steps[0]?.timeNs ?? 0;
  return `${paint.bold(printable(visit.node))}${what}${at === 0 ? '' : ` ${paint.dim(`after ${duration(at)}`)}`}`;
}

const MARKS: Readonly<Record<Step['kind'], string>> = {
  send: '┌', route: '│', hook: '│', forward: '│', neighbour: '│', fragment: '│', icmp: '│', transmit: '→', receive: '←', deliver: '✓', drop: '✗',
};

function stepLine(step: Step, visit: Visit, width: number, paint: Paint): string {
  const mark = MARKS[step.kind];
  const painted = step.kind === 'drop' ? paint.red(mark) : step.kind === 'deliver' ? paint.green(mark) : paint.dim(mark);
  const where = step.node === visit.node ? '' : `${step.node}: `;
  return `  ${painted} ${paint.dim(step.function.padEnd(width))}  ${printable(`${where}${step.text}`)}`;
}

function verdictLines(of: string, verdict: Verdict, paint: Paint): string[] {
  const good = verdict.outcome === 'delivered';
  const mark = good ? paint.green('✓') : verdict.outcome === 'left' ? paint.yellow('→') : paint.red('✗');
  const after = verdict.timeNs === 0 ? '' : paint.dim(` after ${duration(verdict.timeNs)}`);
  const lines = [`${mark} ${of}${printable(verdict.text)}${after}`];
  if (verdict.reason !== undefined) lines.push(`  reason ${verdict.reason}`);
  if (verdict.fix !== undefined) lines.push(`  fix    ${printable(verdict.fix)}`);
  return lines;
}
