/** What a drop means, and what would mend it. */
import * as C from '@skbuff/core';
import type { NetDevice } from '@skbuff/core';
import { errnoName, IPPROTO_UDP, PACKET_HOST } from '@skbuff/uapi';
import { devName, type DropContext, from, linkTrouble, noAnswer, node, noRoute, routeFix, to, type WhatAndFix, type Words } from './drop-words.ts';

export function nameOf(context: DropContext): string {
  return `${C.dropReasonName(context.reason)}: ${wordsOf(context)[0]}`;
}

export function fixOf(context: DropContext): string {
  return wordsOf(context)[1];
}

function wordsOf(context: DropContext): WhatAndFix {
  return context.ip?.family.words[context.reason]?.(context) ?? WORDS[context.reason]?.(context) ?? ['the kernel says no more about it', ''];
}

/** The nodes that a packet goes round and round, or nothing. */
function loopOf({ trace, net }: DropContext): string {
  const last = trace.nodeOf(net);
  const visited = trace.steps.filter((step) => step.subject === 'packet' && step.kind === 'forward').map((step) => step.node);
  if (visited.at(-1) !== last) visited.push(last);
  const before = visited.lastIndexOf(last, -2);
  return before < 0 ? '' : visited.slice(before).join(' → ');
}

const ipInhdr: Words = (c) => {
  const ttl = c.ip?.ttl ?? 0;
  const forward = `→ ${c.ip?.family.functions.forward}`;
  if (c.trace.steps.some((step) => step.node === node(c) && step.text.includes(forward)) && ttl <= 1) {
    const round = loopOf(c);
    const limit = c.trace.family.hopLimit.name;
    if (round === '') return [`the ${limit} of ${ttl} is used up on ${node(c)}`, 'send it with a greater ttl'];
    return [`a routing loop, ${round}, until the ${limit} is used up on ${node(c)}`, `one of them must not send ${to(c)} back: compare ip route get ${to(c)} on each`];
  }
  return ['the IP header cannot be right', 'the sender has to mend it'];
};

const notSpecified: Words = (c) => {
  if (c.route !== null && c.route.error !== 0) return [`${node(c)} refuses by ${c.route.route === '' ? (c.route.rule ?? 'its routes') : `the route ${c.route.route}`}: ${errnoName(c.route.error)}`, c.route.route === '' ? '' : routeFix(c.trace, node(c), c.route, to(c))];
  return unheard(c) ?? linkTrouble(c) ?? ['the kernel says no more about it', ''];
};

/** Packets to many, which nobody here takes. */
function unheard(c: DropContext): WhatAndFix | null {
  const { ip } = c;
  if (ip === null || c.skb.pktType === PACKET_HOST || c.dev === null) return null;
  const listener = ip.protocol === IPPROTO_UDP ? `a program on ${node(c)} that listens on UDP port ${ip.b}` : `a program on ${node(c)}`;
  // What has come as far as this was let in: the group is joined, and only the socket is missing.
  const inside = c.trace.steps.some((step) => step.node === node(c) && step.function === ip.family.functions.deliver);
  if (inside && ip.protocol === IPPROTO_UDP) return [`no socket of ${node(c)} takes UDP port ${ip.b} of ${to(c)}: it is ignored without an error (${ip.family.udpMib}IgnoredMulti)`, `start ${listener}`];
  if (ip.family.isMulticast(ip.daddr)) return [`nobody on ${node(c)} has joined ${to(c)}`, `only members get it: ${listener} has to join the group on ${devName(c)} (${ip.family.membership})`];
  return ip.protocol === IPPROTO_UDP ? [`no socket of ${node(c)} listens on port ${ip.b} for broadcasts to ${to(c)}`, `start ${listener}`] : null;
}

const noLink: Words = (c) => linkTrouble(c) ?? ['the device does not take it', ''];

const WORDS: Readonly<{ [reason: number]: Words }> = {
  [C.SKB_DROP_REASON_NOT_SPECIFIED]: notSpecified,
  [C.SKB_DROP_REASON_NO_SOCKET]: (c) => {
    const port = c.ip?.b ?? 0;
    return [`no socket of ${node(c)} is bound to port ${port} of ${to(c)}`, `start a program on ${node(c)} that listens on UDP port ${port}`];
  },
  [C.SKB_DROP_REASON_INVALID_PROTO]: (c) => [`nothing on ${node(c)} takes this kind of packet`, 'send another type or protocol'],
  [C.SKB_DROP_REASON_UDP_CSUM]: () => ['the UDP checksum is wrong', 'the sender, or a link that damages packets'],
  [C.SKB_DROP_REASON_ICMP_CSUM]: () => ['the ICMP checksum is wrong', 'the sender, or a link that damages packets'],
  [C.SKB_DROP_REASON_IP_CSUM]: () => ['the checksum of the IP header is wrong', 'the sender, or a link that damages packets'],
  [C.SKB_DROP_REASON_NETFILTER_DROP]: (c) => [c.hook === null ? 'a hook dropped it' : `${c.hook.waiting[0] ?? 'a hook'} dropped it at ${c.hook.point}`, `let it pass at ${c.hook?.point ?? 'the hook'} of ${node(c)}`],
  [C.SKB_DROP_REASON_OTHERHOST]: (c) => [`the frame is for another MAC address than that of ${devName(c)}`, `the sender knows a wrong link-layer address: ip neigh flush on its side`],
  [C.SKB_DROP_REASON_IP_INVALID_SOURCE]: (c) => [`no packet may come from ${from(c)}: a martian source`, 'send it from a unicast address'],
  [C.SKB_DROP_REASON_IP_INVALID_DEST]: (c) => [`no packet may go to ${to(c)} from ${devName(c)}: a martian destination`, 'send it to a unicast address'],
  [C.SKB_DROP_REASON_IP_INNOROUTES]: noRoute,
  [C.SKB_DROP_REASON_IP_OUTNOROUTES]: noRoute,
  [C.SKB_DROP_REASON_IP_INHDR]: ipInhdr,
  [C.SKB_DROP_REASON_IP_NOPROTO]: (c) => [`${node(c)} speaks no protocol ${c.ip?.protocol ?? 0}`, 'load a plugin that does'],
  [C.SKB_DROP_REASON_PKT_TOO_BIG]: (c) => {
    const out = (c.skb.dst?.dev ?? c.dev) as NetDevice | null;
    const length = c.ip?.length ?? 0;
    return [`${length} bytes with DF set do not fit through ${out?.name ?? '?'}, whose MTU is ${out?.mtu ?? 0}`, `send it without DF (nodf), or ip link set dev ${out?.name ?? '?'} mtu ${length} on both ends`];
  },
  [C.SKB_DROP_REASON_NEIGH_FAILED]: noAnswer,
  [C.SKB_DROP_REASON_DEV_READY]: noLink,
  [C.SKB_DROP_REASON_QDISC_DROP]: (c) => linkTrouble(c) ?? [`the link of ${devName(c)} loses every packet`, 'give the link a smaller loss'],
};
