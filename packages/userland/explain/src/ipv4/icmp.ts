/** A wrapper around ICMP as IPv4 sees it: errors that are sent, and those that the rules keep back. */
import type { SkBuff, NetDevice } from '@skbuff/core';
import { IPV4 } from '@skbuff/ipv4';
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED } from '@skbuff/uapi';
import type { Trace } from '../trace.ts';
import { icmpName } from './header.ts';

export function watchIcmp(trace: Trace): () => void {
  const ip = trace.kernel.services.get(IPV4);
  const real = ip.icmp;
  if (real === null) return () => {};
  ip.icmp = {
    ...real,
    icmpSend(skb, type, code, info) {
      const before = trace.localOuts;
      const step = note(trace, skb, type, code, info);
      real.icmpSend(skb, type, code, info);
      if (step !== null && trace.localOuts === before) step.text += keptBack(trace, step);
    },
  };
  return () => {
    ip.icmp = real;
  };
}

/** Why no error was sent. */
function keptBack(trace: Trace, step: { text: string }): string {
  const lost = trace.steps.slice(trace.steps.indexOf(step as never) + 1).some(({ kind, text }) => kind === 'route' && / → E[A-Z]+$/.test(text));
  return lost ? ': not sent, since it has no way to go' : ': kept back, by the rate limit or because RFC 1122 forbids it here';
}

function note(trace: Trace, skb: SkBuff, type: number, code: number, info: number): { text: string } | null {
  const about = trace.headerOf(skb);
  const dev = (skb.dev ?? skb.dst?.dev ?? null) as NetDevice | null;
  if (about === null || dev === null || trace.subjectOf(skb) === null) return null;
  const mtu = type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED ? `, mtu ${info}` : '';
  return trace.add(dev.net, dev, 'icmp', 'error', 'icmpSend', `${icmpName(type, code)} (type ${type}, code ${code}${mtu}) to ${about.saddr}`);
}
