/** For tests: what a packet has to come to, and if it does not, its whole way in the message. */
import type { Host, HostNet } from '@skbuff/hosts';
import { explain } from './explain.ts';
import { arrived, type Explanation } from './model.ts';
import type { Packet } from './packet.ts';
import { renderExplanation } from './text.ts';

/** A packet came to another end than was expected. The message holds its way. */
export class ExplanationError extends Error {
  override readonly name = 'ExplanationError';
  readonly explanation: Explanation;

  constructor(expected: string, explanation: Explanation) {
    super(`expected: ${expected}\n\n${renderExplanation(explanation)}`);
    this.explanation = explanation;
  }
}

/** The packet gets to a socket or the kernel of its destination, and its answer, if there is one, comes back. */
export async function assertArrives(net: HostNet, host: Host | string, packet: Packet | string): Promise<Explanation> {
  const explanation = await explain(net, host, packet);
  if (!arrived(explanation)) throw new ExplanationError('the packet arrives', explanation);
  return explanation;
}

/** The packet is dropped; with `reason` (`IP_RPFILTER`, with or without SKB_DROP_REASON_) for that one. */
export async function assertDropped(net: HostNet, host: Host | string, packet: Packet | string, reason?: string): Promise<Explanation> {
  const explanation = await explain(net, host, packet);
  const { outcome, reason: found } = explanation.verdict;
  const wanted = reason === undefined ? undefined : `SKB_DROP_REASON_${reason.replace(/^SKB_DROP_REASON_/, '')}`;
  if (outcome !== 'dropped' || (wanted !== undefined && wanted !== found)) throw new ExplanationError(`the packet is dropped${wanted === undefined ? '' : ` with ${wanted}`}`, explanation);
  return explanation;
}
