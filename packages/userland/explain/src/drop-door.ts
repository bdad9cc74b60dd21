/** The drop monitor: every packet that is freed for a reason. */
import * as C from '@skbuff/core';
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { type DropContext, isAskedFor } from './drop-words.ts';
import { fixOf, nameOf } from './fix.ts';
import type { IpHeader } from './headers.ts';
import type { Trace } from './trace.ts';

/** Who drops packets of any family for a reason; what is neither here nor with the family is told by the step before. */
const DROPPERS: Readonly<{ [reason: number]: string }> = {
  [C.SKB_DROP_REASON_NEIGH_FAILED]: 'neighEventSend',
  [C.SKB_DROP_REASON_NEIGH_QUEUEFULL]: 'neighEventSend',
  [C.SKB_DROP_REASON_DEV_READY]: 'devQueueXmit',
  [C.SKB_DROP_REASON_QDISC_DROP]: 'devQueueXmit',
};

export function watchDrops(trace: Trace): () => void {
  const { skbs } = trace.kernel;
  const before = skbs.dropMonitor;
  skbs.dropMonitor = (skb, reason) => {
    dropped(trace, skb, reason);
    before?.(skb, reason);
  };
  return () => {
    skbs.dropMonitor = before;
  };
}

function dropped(trace: Trace, skb: SkBuff, reason: number): void {
  const dev = (skb.dev ?? null) as NetDevice | null;
  const net = (dev?.net ?? skb.sk?.net ?? null) as Net | null;
  const subject = net === null ? null : trace.subjectOf(skb);
  const ip = trace.headerOf(skb);
  if (net === null || subject === null || isRest(ip, reason) || (subject === 'neighbour' && trace.family.searchEnds.includes(reason))) return;
  const route = trace.routeOf(net, subject);
  const hook = reason === C.SKB_DROP_REASON_NETFILTER_DROP && trace.hooks.at(-1)?.net === net ? (trace.hooks.pop() ?? null) : null;
  if (hook !== null) hook.step.text = `${hook.point}: dropped by ${hook.waiting[0] ?? 'a hook'}`;
  const context: DropContext = { trace, net, dev, skb, ip, reason, route, hook };
  const last = trace.steps.findLast((step) => step.node === trace.nodeOf(net) && step.subject === subject);
  const unanswered = ip !== null && reason === C.SKB_DROP_REASON_NOT_SPECIFIED && isAskedFor(context) ? ip.family.functions.unanswered : undefined;
  const fn = hook !== null ? hook.step.function : (unanswered ?? ip?.family.droppers[reason] ?? DROPPERS[reason] ?? guess(last, reason));
  const step = trace.add(net, dev, 'drop', subject, fn, nameOf(context));
  step.reason = `SKB_DROP_REASON_${C.dropReasonName(reason)}`;
  const fix = fixOf(context);
  if (fix !== '') step.fix = fix;
}

/** An ICMP message that no ping socket wanted: raw sockets had their copies before, and the kernel frees what is left. */
function isRest(ip: IpHeader | null, reason: number): boolean {
  return reason === C.SKB_DROP_REASON_NO_SOCKET && ip !== null && ip.protocol === ip.family.icmp.protocol;
}

/** A route decides who gets the packet next: what is dropped then is dropped there. */
function guess(last: { readonly kind: string; readonly function: string; readonly text: string } | undefined, reason: number): string {
  if (last === undefined) return 'kfree';
  if (last.kind === 'route') return /→ (ip6?[A-Z]\w+|dstDiscard)/.exec(last.text)?.[1] ?? last.function;
  return reason === C.SKB_DROP_REASON_PKT_TOO_BIG && last.kind === 'transmit' ? 'devForwardSkb' : last.function;
}
