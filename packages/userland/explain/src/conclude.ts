/** What it all comes to. */
import type { Host } from '@skbuff/hosts';
import { EACCES, EADDRNOTAVAIL, EHOSTUNREACH, EINVAL, EMSGSIZE, ENETUNREACH, errnoName, RTN_BROADCAST } from '@skbuff/uapi';
import { routeFix } from './drop-words.ts';
import { EXPLANATION_VERSION, type Explanation, type Step, type Subject, type Verdict } from './model.ts';
import type { Trace } from './trace.ts';
import type { Refusal } from './send.ts';

export function conclude(trace: Trace, from: Host, refusal: Refusal | null): Explanation {
  const { packet, steps } = trace;
  const many = toMany(trace, from);
  const verdict = many[0] ?? verdictOf(trace, 'packet', from) ?? (refusal === null ? null : refused(trace, from, refusal)) ?? heldVerdict(trace, from, 'packet');
  const subject = (['reply', 'error'] as const).find((one) => steps.some((step) => step.subject === one && step.kind !== 'route'));
  // ICMP errors about a packet from outside go to a host that is not here.
  const answer = subject === undefined ? null : { subject, ...(verdictOf(trace, subject, from) ?? heldVerdict(trace, from, subject)) };
  const notes = [...trace.notes, ...many.slice(1).map(({ text, fix }) => `another copy: ${text}${fix === undefined ? '' : `; fix: ${fix}`}`)];
  if (verdict.outcome === 'delivered' && subject === undefined && packet.protocol === 'icmp' && packet.icmp.type === trace.family.icmp.echo) notes.push(`${verdict.node} does not answer`);
  return { version: EXPLANATION_VERSION, node: from.name, packet: packet.text, verdict, answer, steps: steps.map((step) => ({ ...step })), notes };
}

const about = ({ node, dev, timeNs }: Step): Pick<Verdict, 'node' | 'dev' | 'timeNs'> => ({ node, dev, timeNs });

/** What became of each copy of a broadcast or multicast packet, the most telling first: other hosts' before the sender's own. */
function toMany(trace: Trace, from: Host): readonly Verdict[] {
  const { daddr, family, steps } = trace;
  const isMany = family.isMulticast(daddr) || daddr === family.everybody || trace.routeOf(from.ns, 'packet')?.type === RTN_BROADCAST;
  if (!isMany) return [];
  const nodes = [...new Set(steps.filter((step) => step.subject === 'packet').map((step) => step.node))];
  const found = nodes.map((node) => verdictOf(trace, 'packet', from, node)).filter((verdict) => verdict !== null);
  const others = nodes.some((node) => node !== from.name);
  const sent = others ? undefined : steps.findLast((step) => step.subject === 'packet' && step.kind === 'transmit' && step.dev !== 'lo');
  if (sent !== undefined && !found.some(({ outcome }) => outcome === 'left')) found.push(leftVerdict(sent, from));
  // A router that passes a copy on is not where it ends.
  const ends = found.filter(({ outcome, node }) => outcome !== 'left' || !others || node !== from.name);
  const rank = ({ node, outcome }: Verdict): number => (node === from.name ? 4 : 0) + (outcome === 'delivered' ? 0 : outcome === 'dropped' ? 2 : 1);
  return ends.sort((a, b) => rank(a) - rank(b));
}

/** Null: no step says what became of it; `node`: there. */
function verdictOf(trace: Trace, subject: Subject, from: Host, node?: string): Verdict | null {
  const own = trace.steps.filter((step) => step.subject === subject && (node === undefined || step.node === node));
  const drop = own.find((step) => step.kind === 'drop');
  const taken = own.findLast((step) => step.kind === 'deliver');
  if (drop !== undefined && (taken === undefined || trace.steps.indexOf(drop as never) > trace.steps.indexOf(taken as never) || drop.node !== taken.node)) return dropVerdict(drop);
  if (taken !== undefined) return { outcome: 'delivered', ...about(taken), text: `delivered on ${taken.node}: ${taken.text}` };
  const last = own.at(-1);
  if (last?.kind !== 'transmit') return null;
  return leftVerdict(last, from);
}

function leftVerdict(last: Step, from: Host): Verdict {
  return { outcome: 'left', ...about(last), text: `left ${last.node === from.name ? 'the host' : last.node} by ${last.dev ?? '?'}, where nobody of this network receives it` };
}

function dropVerdict(drop: Step): Verdict {
  return {
    outcome: 'dropped',
    ...about(drop),
    text: `dropped on ${drop.node}${drop.dev === null ? '' : ` ${drop.dev}`}: ${drop.text}`,
    ...(drop.reason !== undefined && { reason: drop.reason }),
    ...(drop.fix !== undefined && { fix: drop.fix }),
  };
}

function heldVerdict(trace: Trace, from: Host, subject: Subject): Verdict {
  const last = trace.steps.findLast((step) => step.subject === subject);
  if (last === undefined) return { outcome: 'held', node: from.name, dev: null, timeNs: 0, text: 'nothing of it was seen' };
  if (last.kind === 'hook' && !last.text.includes(':')) last.text += ': a hook keeps it';
  return { outcome: 'held', ...about(last), text: `not seen again after ${last.function} on ${last.node}: ${last.text}` };
}

function refused(trace: Trace, from: Host, { call, error }: Refusal): Verdict {
  const errno = errnoName(error);
  const [why, fix] = refusalWords(trace, from, call, error);
  const timeNs = trace.steps.at(-1)?.timeNs ?? 0;
  return { outcome: 'refused', node: from.name, dev: null, timeNs, errno, text: `${call} on ${from.name} fails with ${errno}: ${why}`, ...(fix !== '' && { fix }) };
}

function refusalWords(trace: Trace, from: Host, call: string, error: number): readonly [why: string, fix: string] {
  const { name, ns } = from;
  const { daddr, family, saddr: source } = trace;
  const own = family.refusal(trace, from, call, error);
  if (own !== null) return own;
  const route = trace.routeOf(ns, 'packet');
  if (call === 'bind' && error === -EADDRNOTAVAIL) return [`${source} is no address of ${name}`, `leave the source out, say in IFACE if it comes from outside, or ip addr add ${source} dev IFACE on ${name}`];
  if (error === -EMSGSIZE) return ['the packet is longer than the MTU and must not be fragmented', 'send it without df, or raise the MTU of the way'];
  const routing = error === -ENETUNREACH || error === -EHOSTUNREACH || error === -EACCES || error === -EINVAL;
  if (!routing || route === null || route.error === 0) return ['the kernel says no more about it', ''];
  if (route.route === '') return [route.rule === null ? `no route to ${daddr}` : `${route.rule} finds no route to ${daddr}`, routeFix(trace, name, route, daddr)];
  return [`the route ${route.route} refuses`, routeFix(trace, name, route, daddr)];
}

