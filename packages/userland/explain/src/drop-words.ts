/** Of what the words about a drop are made, for every family. */
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { sysctlOf } from '@skbuff/sysctl';
import { IFF_UP } from '@skbuff/uapi';
import { otherEnd } from './far-end.ts';
import type { IpHeader } from './headers.ts';
import type { OpenHook, RouteFound, Trace } from './trace.ts';

export interface DropContext {
  readonly trace: Trace;
  readonly net: Net;
  readonly dev: NetDevice | null;
  readonly skb: SkBuff;
  readonly ip: IpHeader | null;
  readonly reason: number;
  readonly route: RouteFound | null;
  readonly hook: OpenHook | null;
}

export type WhatAndFix = readonly [what: string, fix: string];
export type Words = (context: DropContext) => WhatAndFix;

export const to = ({ ip }: DropContext): string => ip?.daddr ?? '?';
export const from = ({ ip }: DropContext): string => ip?.saddr ?? '?';
export const node = ({ trace, net }: DropContext): string => trace.nodeOf(net);
export const devName = ({ dev }: DropContext): string => dev?.name ?? '?';

/** How a route that refuses is taken away, or one is added. */
export function routeFix({ family }: Trace, host: string, route: RouteFound | null, daddr: string): string {
  if (route === null || route.route === '') return `${family.ip} route add ${daddr} via GATEWAY on ${host}, or a default route`;
  return `the route "${route.route}" on ${host} says so: ${family.ip} route del ${route.route.replace(/ \(hop.*/, '')}`;
}

export const noRoute: Words = (c) => [
  c.route === null || c.route.route === '' ? `${node(c)} has no route to ${to(c)}` : `${node(c)} refuses by the route ${c.route.route}`,
  routeFix(c.trace, node(c), c.route, to(c)),
];

/** A setting below net, as text; '': there is none. */
export function setting(net: Net, path: string): string {
  const value = sysctlOf(net).read(`net/${path}`);
  return typeof value === 'string' ? value.trim() : '';
}

/** The packet waits at a device for the answer of a neighbour. */
export function isAskedFor({ dev, skb, trace }: DropContext): boolean {
  return skb.dst?.dev === dev && trace.asked.some((asked) => asked.dev === dev);
}

/** Whom nobody answered for. */
export const noAnswer: Words = (c) => {
  const hop = c.trace.asked.findLast((asked) => asked.dev === c.dev);
  const addr = hop?.addr ?? to(c);
  const trouble = linkTrouble(c);
  if (trouble !== null) return [`nobody on ${devName(c)} answers for ${addr}, since ${trouble[0]}`, trouble[1]];
  return [`nobody on ${devName(c)} answers for ${addr}`, `is ${addr} up and on the link of ${node(c)} ${devName(c)}? Else ip neigh add ${addr} lladdr MAC dev ${devName(c)}`];
};

/** What is wrong with a link, and what would mend it; null: nothing that can be seen. */
export function linkTrouble(c: DropContext): WhatAndFix | null {
  const peer = c.dev === null ? null : otherEnd(c.dev);
  const down = (dev: NetDevice): string => `ip link set dev ${dev.name} up on ${c.trace.nodeOf(dev.net)}`;
  if (c.dev !== null && (c.dev.flags & IFF_UP) === 0) return [`${devName(c)} of ${node(c)} is down`, down(c.dev)];
  if (peer !== null && (peer.flags & IFF_UP) === 0) return [`the other end of ${devName(c)} is down`, down(peer)];
  return c.dev?.carrierOk() === false ? [`the link of ${devName(c)} is down`, 'plug the cable in: the link has no carrier'] : null;
}
