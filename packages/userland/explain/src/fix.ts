/** What a drop means, and what would mend it, read from the settings of the namespace that dropped. */
import * as C from '@skbuff/core';
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { sysctlOf } from '@skbuff/sysctl';
import { errnoName, IFF_UP, IPPROTO_ICMP, IPPROTO_UDP, PACKET_HOST } from '@skbuff/uapi';
import { inetNtoa } from '@skbuff/wire';
import { ipHeaderOf } from './headers.ts';
import type { OpenHook, Trace } from './trace.ts';
import type { RouteFound } from './routing-door.ts';
import { otherEnd } from './tap-door.ts';

export interface DropContext {
  readonly trace: Trace;
  readonly net: Net;
  readonly dev: NetDevice | null;
  readonly skb: SkBuff;
  readonly reason: number;
  readonly route: RouteFound | null;
  readonly hook: OpenHook | null;
}

type Words = (context: DropContext) => readonly [what: string, fix: string];

export function nameOf(context: DropContext): string {
  return `${C.dropReasonName(context.reason)}: ${wordsOf(context)[0]}`;
}

export function fixOf(context: DropContext): string {
  return wordsOf(context)[1];
}

function wordsOf(context: DropContext): readonly [string, string] {
  return (WORDS[context.reason] ?? (() => ['the kernel says no more about it', '']))(context);
}

const to = ({ skb }: DropContext): string => inetNtoa(ipHeaderOf(skb)?.daddr ?? 0);
const from = ({ skb }: DropContext): string => inetNtoa(ipHeaderOf(skb)?.saddr ?? 0);
const node = ({ trace, net }: DropContext): string => trace.nodeOf(net);
const devName = ({ dev }: DropContext): string => dev?.name ?? '?';

export function setting(net: Net, path: string): string {
  const value = sysctlOf(net).read(`net/ipv4/${path}`);
  return typeof value === 'string' ? value.trim() : '';
}

/** How a route that refuses is taken away, or one is added. */
export function routeFix(host: string, route: RouteFound | null, daddr: string): string {
  if (route === null || route.route === '') return `ip route add ${daddr} via GATEWAY on ${host}, or a default route`;
  return `the route "${route.route}" on ${host} says so: ip route del ${route.route.replace(/ \(hop.*/, '')}`;
}

const notForwarding: Words = (c) => {
  const dotted = devName(c).replaceAll('.', '/');
  const all = setting(c.net, 'ip_forward') === '0';
  return [
    `${to(c)} is no address of ${node(c)}, and ${node(c)} forwards nothing ${all ? '' : `from ${devName(c)}`}`.trimEnd(),
    all ? `ip_forward is 0 on ${node(c)}: sysctl -w net.ipv4.ip_forward=1` : `forwarding is 0 on ${node(c)} ${devName(c)}: sysctl -w net.ipv4.conf.${dotted}.forwarding=1`,
  ];
};

/** The nodes that a packet goes round and round, or nothing. */
function loopOf({ trace, net }: DropContext): string {
  const last = trace.nodeOf(net);
  const visited = trace.steps.filter((step) => step.subject === 'packet' && step.function === 'ipForward' && step.text.startsWith('ttl')).map((step) => step.node);
  if (visited.at(-1) !== last) visited.push(last);
  const before = visited.lastIndexOf(last, -2);
  return before < 0 ? '' : visited.slice(before).join(' → ');
}

const ipInhdr: Words = (c) => {
  const ttl = ipHeaderOf(c.skb)?.ttl ?? 0;
  if (c.trace.steps.some((step) => step.node === node(c) && step.text.includes('→ ipForward')) && ttl <= 1) {
    const round = loopOf(c);
    if (round === '') return [`the TTL of ${ttl} is used up on ${node(c)}`, 'send it with a greater ttl'];
    return [`a routing loop, ${round}, until the TTL is used up on ${node(c)}`, `one of them must not send ${to(c)} back: compare ip route get ${to(c)} on each`];
  }
  return ['the IP header cannot be right', 'the sender has to mend it'];
};

const noRoute: Words = (c) => [
  c.route === null || c.route.route === '' ? `${node(c)} has no route to ${to(c)}` : `${node(c)} refuses by the route ${c.route.route}`,
  routeFix(node(c), c.route, to(c)),
];

const notSpecified: Words = (c) => {
  if (c.route !== null && c.route.error !== 0) return [`${node(c)} refuses by ${c.route.route === '' ? (c.route.rule ?? 'its routes') : `the route ${c.route.route}`}: ${errnoName(c.route.error)}`, c.route.route === '' ? '' : routeFix(node(c), c.route, to(c))];
  const ip = ipHeaderOf(c.skb);
  if (ip?.protocol === IPPROTO_ICMP && setting(c.net, 'icmp_echo_ignore_all') === '1') return ['echo requests are ignored', `icmp_echo_ignore_all is 1 on ${node(c)}: sysctl -w net.ipv4.icmp_echo_ignore_all=0`];
  return unheard(c) ?? linkTrouble(c) ?? ['the kernel says no more about it', ''];
};

/** Packets to many, which nobody here takes. */
function unheard(c: DropContext): readonly [string, string] | null {
  const ip = ipHeaderOf(c.skb);
  if (ip === null || c.skb.pktType === PACKET_HOST || c.dev === null) return null;
  const listener = ip.protocol === IPPROTO_UDP ? `a program on ${node(c)} that listens on UDP port ${ip.b}` : `a program on ${node(c)}`;
  // What has come as far as this was let in: the group is joined, and only the socket is missing.
  const inside = c.trace.steps.some((step) => step.node === node(c) && step.function === 'ipLocalDeliver');
  if (inside && ip.protocol === IPPROTO_UDP) return [`no socket of ${node(c)} takes UDP port ${ip.b} of ${to(c)}: it is ignored without an error (UdpIgnoredMulti)`, `start ${listener}`];
  if (ip.daddr >>> 28 === 0xe) return [`nobody on ${node(c)} has joined ${to(c)}`, `only members get it: ${listener} has to join the group on ${devName(c)} (IP_ADD_MEMBERSHIP)`];
  return ip.protocol === IPPROTO_UDP ? [`no socket of ${node(c)} listens on port ${ip.b} for broadcasts to ${to(c)}`, `start ${listener}`] : null;
}

/** The kernel answers echo requests to many only if it is told to. */
const invalidProto: Words = (c) => {
  const many = c.skb.pktType !== PACKET_HOST;
  if (many && setting(c.net, 'icmp_echo_ignore_broadcasts') === '1') return [`${node(c)} ignores echo requests to ${to(c)}, which is no address of it alone`, `icmp_echo_ignore_broadcasts is 1 on ${node(c)}: sysctl -w net.ipv4.icmp_echo_ignore_broadcasts=0`];
  return [`nothing on ${node(c)} takes this kind of packet`, 'send another type or protocol'];
};

const rpFilter: Words = (c) => {
  const own = Number(setting(c.net, `conf/${devName(c)}/rp_filter`));
  const strict = Math.max(own, Number(setting(c.net, 'conf/all/rp_filter')));
  const where = strict === own ? devName(c) : 'all';
  const back = c.route?.wayBack ?? null;
  return [
    back === null ? `there is no way back to ${from(c)}` : `the way back to ${from(c)} is ${back}, not ${devName(c)}`,
    `rp_filter is ${strict} on ${node(c)} ${where}: add a route to ${from(c)} by ${devName(c)}, or sysctl -w net.ipv4.conf.${where.replaceAll('.', '/')}.rp_filter=${strict === 1 && back !== null ? 2 : 0}`,
  ];
};

/** What is wrong with a link, and what would mend it; null: nothing that can be seen. */
function linkTrouble(c: DropContext): readonly [string, string] | null {
  const peer = c.dev === null ? null : otherEnd(c.dev);
  const down = (dev: NetDevice): string => `ip link set dev ${dev.name} up on ${c.trace.nodeOf(dev.net)}`;
  if (c.dev !== null && (c.dev.flags & IFF_UP) === 0) return [`${devName(c)} of ${node(c)} is down`, down(c.dev)];
  if (peer !== null && (peer.flags & IFF_UP) === 0) return [`the other end of ${devName(c)} is down`, down(peer)];
  return c.dev?.carrierOk() === false ? [`the link of ${devName(c)} is down`, 'plug the cable in: the link has no carrier'] : null;
}

const noLink: Words = (c) => linkTrouble(c) ?? ['the device does not take it', ''];

const WORDS: Readonly<{ [reason: number]: Words }> = {
  [C.SKB_DROP_REASON_NOT_SPECIFIED]: notSpecified,
  [C.SKB_DROP_REASON_NO_SOCKET]: (c) => {
    const port = ipHeaderOf(c.skb)?.b ?? 0;
    return [`no socket of ${node(c)} is bound to port ${port} of ${to(c)}`, `start a program on ${node(c)} that listens on UDP port ${port}`];
  },
  [C.SKB_DROP_REASON_INVALID_PROTO]: invalidProto,
  [C.SKB_DROP_REASON_UDP_CSUM]: () => ['the UDP checksum is wrong', 'the sender, or a link that damages packets'],
  [C.SKB_DROP_REASON_ICMP_CSUM]: () => ['the ICMP checksum is wrong', 'the sender, or a link that damages packets'],
  [C.SKB_DROP_REASON_IP_CSUM]: () => ['the checksum of the IP header is wrong', 'the sender, or a link that damages packets'],
  [C.SKB_DROP_REASON_NETFILTER_DROP]: (c) => [c.hook === null ? 'a hook dropped it' : `${c.hook.waiting[0] ?? 'a hook'} dropped it at ${c.hook.point}`, `let it pass at ${c.hook?.point ?? 'the hook'} of ${node(c)}`],
  [C.SKB_DROP_REASON_OTHERHOST]: (c) => [`the frame is for another MAC address than that of ${devName(c)}`, `the sender knows a wrong link-layer address: ip neigh flush on its side`],
  [C.SKB_DROP_REASON_IP_RPFILTER]: rpFilter,
  [C.SKB_DROP_REASON_IP_INVALID_SOURCE]: (c) => [`no packet may come from ${from(c)}: a martian source`, 'send it from a unicast address'],
  [C.SKB_DROP_REASON_IP_LOCAL_SOURCE]: (c) => [`${from(c)} is an address of ${node(c)} itself: a martian source`, `give the sender an address of its own, or sysctl -w net.ipv4.conf.${devName(c)}.accept_local=1`],
  [C.SKB_DROP_REASON_IP_LOCALNET]: (c) => ['addresses of 127.0.0.0/8 must not be on a wire', `route_localnet is 0 on ${node(c)}: sysctl -w net.ipv4.conf.${devName(c)}.route_localnet=1`],
  [C.SKB_DROP_REASON_IP_INVALID_DEST]: (c) => [`no packet may go to ${to(c)} from ${devName(c)}: a martian destination`, 'send it to a unicast address'],
  [C.SKB_DROP_REASON_IP_INADDRERRORS]: notForwarding,
  [C.SKB_DROP_REASON_IP_INNOROUTES]: (c) => (c.dev !== null && setting(c.net, `conf/${c.dev.name}/forwarding`) === '0' ? notForwarding(c) : noRoute(c)),
  [C.SKB_DROP_REASON_IP_OUTNOROUTES]: noRoute,
  [C.SKB_DROP_REASON_IP_INHDR]: ipInhdr,
  [C.SKB_DROP_REASON_IP_NOPROTO]: (c) => [`${node(c)} speaks no protocol ${ipHeaderOf(c.skb)?.protocol ?? 0}`, 'load a plugin that does'],
  [C.SKB_DROP_REASON_PKT_TOO_BIG]: (c) => {
    const out = (c.skb.dst?.dev ?? c.dev) as NetDevice | null;
    const length = ipHeaderOf(c.skb)?.length ?? 0;
    return [`${length} bytes with DF set do not fit through ${out?.name ?? '?'}, whose MTU is ${out?.mtu ?? 0}`, `send it without DF (nodf), or ip link set dev ${out?.name ?? '?'} mtu ${length} on both ends`];
  },
  [C.SKB_DROP_REASON_NEIGH_FAILED]: (c) => {
    const hop = c.trace.asked.findLast((asked) => asked.dev === c.dev);
    const addr = hop === undefined ? to(c) : inetNtoa(hop.addr >>> 0);
    const trouble = linkTrouble(c);
    if (trouble !== null) return [`nobody on ${devName(c)} answers for ${addr}, since ${trouble[0]}`, trouble[1]];
    return [`nobody on ${devName(c)} answers for ${addr}`, `is ${addr} up and on the link of ${node(c)} ${devName(c)}? Else ip neigh add ${addr} lladdr MAC dev ${devName(c)}`];
  },
  [C.SKB_DROP_REASON_DEV_READY]: noLink,
  [C.SKB_DROP_REASON_QDISC_DROP]: (c) => linkTrouble(c) ?? [`the link of ${devName(c)} loses every packet`, 'give the link a smaller loss'],
};
