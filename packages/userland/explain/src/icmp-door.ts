/** Errors of ICMP that are sent, and those that the rules keep back. */
import type { NetDevice, SkBuff } from '@skbuff/core';
import type { Trace } from './trace.ts';

/** Writes down that the sender of `skb` is told of `type`, `code` (and `more`), what is done by `send`. */
export function noteError(trace: Trace, skb: SkBuff, type: number, code: number, more: string, send: () => void): void {
  const before = trace.localOuts;
  const step = note(trace, skb, type, code, more);
  send();
  if (step !== null && trace.localOuts === before) step.text += keptBack(trace, step);
}

function note(trace: Trace, skb: SkBuff, type: number, code: number, more: string): { text: string } | null {
  const about = trace.headerOf(skb);
  const dev = (skb.dev ?? skb.dst?.dev ?? null) as NetDevice | null;
  if (about === null || dev === null || trace.subjectOf(skb) === null) return null;
  const { functions, icmp } = about.family;
  return trace.add(dev.net, dev, 'icmp', 'error', functions.icmpSend, `${icmp.nameOf(type, code)} (type ${type}, code ${code}${more}) to ${about.saddr}`);
}

/** Why no error was sent. */
function keptBack(trace: Trace, step: { text: string }): string {
  const lost = trace.steps.slice(trace.steps.indexOf(step as never) + 1).some(({ kind, text }) => kind === 'route' && / → E[A-Z]+$/.test(text));
  return lost ? ': not sent, since it has no way to go' : `: kept back, by the rate limit or because ${trace.family.icmp.rfc} forbids it here`;
}
