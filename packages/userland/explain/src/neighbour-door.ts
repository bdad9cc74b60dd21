/** Whom the packet goes to on the link, and what is known of that neighbour. */
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { IFF_LOOPBACK, IFF_NOARP, NUD_DELAY, NUD_FAILED, NUD_INCOMPLETE, NUD_NOARP, NUD_NONE, NUD_PERMANENT, NUD_PROBE, NUD_REACHABLE, NUD_STALE } from '@skbuff/uapi';
import { formatMac } from '@skbuff/wire';
import type { Family } from './family.ts';
import type { Subject } from './model.ts';
import type { Trace } from './trace.ts';

const STATES: readonly (readonly [number, string])[] = [
  [NUD_NONE, 'NONE'],
  [NUD_INCOMPLETE, 'INCOMPLETE'],
  [NUD_REACHABLE, 'REACHABLE'],
  [NUD_STALE, 'STALE'],
  [NUD_DELAY, 'DELAY'],
  [NUD_PROBE, 'PROBE'],
  [NUD_FAILED, 'FAILED'],
  [NUD_NOARP, 'NOARP'],
  [NUD_PERMANENT, 'PERMANENT'],
];
const HAS_ADDRESS = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_NOARP | NUD_PERMANENT;

/** A neighbour whose address had to be found out. */
export interface AskedFor {
  readonly dev: NetDevice;
  readonly family: Family;
  readonly addr: string;
  readonly subject: Subject;
}

function nudName(state: number): string {
  return STATES.find(([bit]) => bit === state)?.[1] ?? `0x${state.toString(16)}`;
}

/** The packet is about to be given to a neighbour. */
export function atPostRouting(trace: Trace, net: Net, subject: Subject, skb: SkBuff, dev: NetDevice): void {
  const ip = trace.headerOf(skb);
  const addr = ip === null || (dev.flags & (IFF_LOOPBACK | IFF_NOARP)) !== 0 ? null : ip.family.nexthop(skb, ip);
  if (ip === null || addr === null) return;
  const { family } = ip;
  const neigh = family.neighbour(trace.kernel, dev, addr);
  const known = neigh !== null && (neigh.nudState & HAS_ADDRESS) !== 0;
  const what = neigh === null ? 'unknown' : known ? `${nudName(neigh.nudState)}, lladdr ${formatMac(neigh.ha, 0, dev.addrLen)}` : nudName(neigh.nudState);
  if (!known) trace.asked.push({ dev, family, addr, subject });
  trace.add(net, dev, 'neighbour', subject, 'neighOutput', `${addr} dev ${dev.name}: ${what}${known ? '' : ', so ask'}`);
}

/** A packet goes out: if it waited for an answer, this is what is known now. */
export function atResolved(trace: Trace, subject: Subject, dev: NetDevice): void {
  const at = trace.asked.findIndex((asked) => asked.dev === dev && asked.subject === subject);
  if (at < 0) return;
  const { family, addr } = trace.asked[at] as AskedFor;
  trace.asked.splice(at, 1);
  const neigh = family.neighbour(trace.kernel, dev, addr);
  if (neigh !== null) trace.add(dev.net, dev, 'neighbour', subject, 'neighUpdate', `${addr} dev ${dev.name}: ${nudName(neigh.nudState)}, lladdr ${formatMac(neigh.ha, 0, dev.addrLen)}`);
}
