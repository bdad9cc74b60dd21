/** An explanation as a sequence diagram of mermaid: a participant per host, an arrow per frame. */
import type { Explanation, Step } from './model.ts';
import { visitsOf } from './visits.ts';
import { printable } from './words.ts';

/** `#` and `;` end or begin things in mermaid, and its text is HTML: whatever is not plain becomes a character code. */
export function mermaidText(text: string): string {
  return printable(text).replace(/[#;<>"'`{}|\\&%[\]]/g, (c) => `#${c.codePointAt(0)};`);
}

/** The text of the diagram, with a line feed at its end. */
export function explanationToMermaid(explanation: Explanation): string {
  const nodes = [...new Set(explanation.steps.map((step) => step.node))];
  const id = (node: string): string => `n${nodes.indexOf(node)}`;
  const lines = ['sequenceDiagram', ...nodes.map((node) => `  participant ${id(node)} as ${mermaidText(node)}`)];
  const steps = visitsOf(explanation).flatMap((visit) => visit.steps);
  for (const [i, step] of steps.entries()) {
    if (step.kind === 'transmit' && step.subject !== 'neighbour') lines.push(arrow(step, steps.slice(i + 1), id));
    else if (step.kind !== 'receive') lines.push(`  Note over ${id(step.node)}: ${mermaidText(`${step.function}: ${step.text}`)}`);
  }
  lines.push(`  Note over ${id(explanation.verdict.node)}: ${mermaidText(explanation.verdict.text)}`);
  return `${lines.join('\n')}\n`;
}

/** To where the frame is seen next; a cross where nobody takes it. */
function arrow(step: Step, rest: readonly Step[], id: (node: string) => string): string {
  const next = rest.find((other) => other.subject === step.subject && (other.kind === 'receive' || other.kind === 'transmit'));
  const text = mermaidText(step.text);
  return next?.kind === 'receive' ? `  ${id(step.node)}->>${id(next.node)}: ${text}` : `  ${id(step.node)}-x${id(step.node)}: ${text}`;
}
