/** The steps as visits: what happened to one packet on one host without a break. */
import type { Explanation, Step, Subject } from './model.ts';

export interface Visit {
  readonly node: string;
  readonly subject: Exclude<Subject, 'neighbour'>;
  readonly steps: Step[];
}

/**
 * Steps of the search for a neighbour belong to the visit of the host that asks; what others do to answer is left out, unless nobody answers. Linux sends an ICMP error
 * before it frees the packet that it is about: the drop is shown where the packet was.
 */
export function visitsOf({ steps, verdict, answer }: Explanation): Visit[] {
  const lost = [verdict, answer].map((v) => /answers for (\S+)/.exec(v?.text ?? '')?.[1]).find((addr) => addr !== undefined);
  const visits: Visit[] = [];
  for (const step of steps) {
    const open = visits.at(-1);
    const before = visits.findLast((visit) => visit.subject !== 'error');
    if (step.subject === 'neighbour') {
      const about = lost !== undefined && step.text.includes(`${lost} `);
      if (open !== undefined && (step.node === open.node || about) && !told(open, step)) open.steps.push(step);
    } else if (open !== undefined && open.node === step.node && open.subject === step.subject) open.steps.push(step);
    else if (step.kind === 'drop' && before?.node === step.node && before.subject === step.subject) before.steps.push(step);
    else visits.push({ node: step.node, subject: step.subject, steps: [step] });
  }
  return visits;
}

/** A question that was asked before. */
function told(visit: Visit, step: Step): boolean {
  return visit.steps.some((s) => s.subject === 'neighbour' && s.kind === step.kind && s.text === step.text && s.node === step.node);
}
