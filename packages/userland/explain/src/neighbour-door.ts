/** Whom the packet goes to on the link, and what is known of that neighbour. */
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { IPV4, type Rtable, RTCF_BROADCAST, RTCF_MULTICAST } from '@skbuff/ipv4';
import type { Neighbour } from '@skbuff/neighbour';
import { IFF_LOOPBACK, IFF_NOARP, NUD_DELAY, NUD_FAILED, NUD_INCOMPLETE, NUD_NOARP, NUD_NONE, NUD_PERMANENT, NUD_PROBE, NUD_REACHABLE, NUD_STALE } from '@skbuff/uapi';
import { formatMac, inetNtoa } from '@skbuff/wire';
import { ipHeaderOf } from './headers.ts';
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
  readonly addr: number;
  readonly subject: Subject;
}

export function nudName(state: number): string {
  return STATES.find(([bit]) => bit === state)?.[1] ?? `0x${state.toString(16)}`;
}

export function findNeighbour(trace: Trace, dev: NetDevice, addr: number): Neighbour | null {
  return trace.kernel.services.get(IPV4).arpTbl?.lookup(dev, addr | 0) ?? null;
}

/** The packet is about to be given to a neighbour. */
export function atPostRouting(trace: Trace, net: Net, subject: Subject, skb: SkBuff, dev: NetDevice): void {
  const ip = ipHeaderOf(skb);
  const rt = skb.dst as Rtable | null;
  if (ip === null || rt === null || (dev.flags & (IFF_LOOPBACK | IFF_NOARP)) !== 0) return;
  if ((rt.flagsRtcf & (RTCF_BROADCAST | RTCF_MULTICAST)) !== 0) return;
  const addr = rt.nexthop(ip.daddr);
  const neigh = findNeighbour(trace, dev, addr);
  const known = neigh !== null && (neigh.nudState & HAS_ADDRESS) !== 0;
  const what = neigh === null ? 'unknown' : known ? `${nudName(neigh.nudState)}, lladdr ${formatMac(neigh.ha, 0, dev.addrLen)}` : nudName(neigh.nudState);
  if (!known) trace.asked.push({ dev, addr, subject });
  trace.add(net, dev, 'neighbour', subject, 'neighOutput', `${inetNtoa(addr)} dev ${dev.name}: ${what}${known ? '' : ', so ask'}`);
}

/** A packet goes out: if it waited for an answer, this is what is known now. */
export function atResolved(trace: Trace, subject: Subject, dev: NetDevice): void {
  const at = trace.asked.findIndex((asked) => asked.dev === dev && asked.subject === subject);
  if (at < 0) return;
  const { addr } = trace.asked[at] as AskedFor;
  trace.asked.splice(at, 1);
  const neigh = findNeighbour(trace, dev, addr);
  if (neigh !== null) trace.add(dev.net, dev, 'neighbour', subject, 'neighUpdate', `${inetNtoa(addr)} dev ${dev.name}: ${nudName(neigh.nudState)}, lladdr ${formatMac(neigh.ha, 0, dev.addrLen)}`);
}
