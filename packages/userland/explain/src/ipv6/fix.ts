/** What drops mean that come of settings of IPv6, and which setting would mend them. */
import * as C from '@skbuff/core';
import type { NetDevice } from '@skbuff/core';
import type { Host } from '@skbuff/hosts';
import { IPV6_ADDR_SCOPE_LINKLOCAL, in6DevGet, ipv6AddrMcFlagPrefix, ipv6AddrMcFlagRendezvous, ipv6AddrMcFlagTransient, ipv6AddrMcScope } from '@skbuff/ipv6';
import { EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL, ENETUNREACH, IFF_LOOPBACK, IPPROTO_ICMPV6, IPV6_MIN_MTU } from '@skbuff/uapi';
import { In6Addr, inetNtoa, ipv6AddrPrefix } from '@skbuff/wire';
import { devName, type DropContext, from, isAskedFor, node, noAnswer, setting, to, type WhatAndFix, type Words } from '../drop-words.ts';
import { otherEnd } from '../far-end.ts';
import type { Packet } from '../packet.ts';
import type { Trace } from '../trace.ts';
import { unusable, unusableOf } from './addresses.ts';

/** Of the names below net.ipv6.conf a dot is written as a slash. */
const dotted = (dev: string): string => dev.replaceAll('.', '/');

/** A router passes nothing on whose source counts on one link only. */
const wrongAddresses: Words = (c) => {
  if (c.trace.family.isMulticast(to(c))) return [`nobody on ${node(c)} wants ${to(c)} from ${from(c)}`, 'a program has to join the group with that source'];
  const own = c.dev === null ? null : unusable(c.net, node(c), to(c), null);
  if (own !== null) return own;
  if (setting(c.net, 'ipv6/conf/all/forwarding') === '0') {
    return [`${to(c)} is no address of ${node(c)}, and ${node(c)} forwards nothing`, `forwarding is 0 on ${node(c)}: sysctl -w net.ipv6.conf.all.forwarding=1`];
  }
  if (isLinkLocalText(from(c))) return [`${from(c)} counts on its link only: no router sends on what comes from it`, 'send it from a global address'];
  return [`no router sends on what comes from ${from(c)}`, 'send it from a global address'];
};

function isLinkLocalText(addr: string): boolean {
  return /^fe[89ab]/.test(addr);
}

/** Addresses that must not be on a wire; else the hop limit, which is told of every family. */
function oddAddresses(c: DropContext): WhatAndFix | null {
  if (from(c) === '::1' || to(c) === '::1') return ['::1 must not be on a wire', 'send it from and to addresses of the link'];
  if (from(c).startsWith('ff')) return [`no packet may come from ${from(c)}, which is a group`, 'send it from a unicast address'];
  return /^ff.[01](:|$)/.test(to(c)) ? [`${to(c)} is a group of one interface: it must not be on a wire`, 'send it to a group of a wider scope (ff02::)'] : null;
}

/** Why an interface speaks no IPv6; null: it does, as far as that can be seen. */
function speechless(trace: Trace, { mtu, name, net }: NetDevice): WhatAndFix | null {
  const host = trace.nodeOf(net);
  const what = `${host} ${name} speaks no IPv6`;
  if (mtu < IPV6_MIN_MTU) return [`${what}: its MTU of ${mtu} is less than ${IPV6_MIN_MTU}`, `ip link set dev ${name} mtu ${IPV6_MIN_MTU} on ${host}, or more`];
  const off = setting(net, `ipv6/conf/${name}/disable_ipv6`) === '1';
  return off ? [what, `disable_ipv6 is 1 on ${host} ${name}: sysctl -w net.ipv6.conf.${dotted(name)}.disable_ipv6=0`] : null;
}

/** Linux frees without a reason what it need not tell anybody of. */
function unspecified(c: DropContext): WhatAndFix | null {
  if (isAskedFor(c)) return unanswered(c);
  if (c.dev !== null && in6DevGet(c.dev) === null) return speechless(c.trace, c.dev);
  return c.route !== null && c.route.error !== 0 ? null : ignoresEchos(c);
}

/** The host that has the address may not use it, or not speak at all. */
const unanswered: Words = (c) => {
  const addr = c.trace.asked.findLast((asked) => asked.dev === c.dev)?.addr ?? to(c);
  const peer = c.dev === null ? null : otherEnd(c.dev);
  const why = peer === null ? null : (speechless(c.trace, peer) ?? unusable(peer.net, c.trace.nodeOf(peer.net), addr, peer));
  return why === null ? noAnswer(c) : [`nobody on ${devName(c)} answers for ${addr}, since ${why[0]}`, why[1]];
};

function ignoresEchos(c: DropContext): WhatAndFix | null {
  if (c.ip?.protocol !== IPPROTO_ICMPV6) return null;
  const many = c.trace.family.isMulticast(to(c)) ? ['echo_ignore_multicast'] : ['echo_ignore_anycast'];
  const name = ['echo_ignore_all', ...many].find((one) => setting(c.net, `ipv6/icmp/${one}`) === '1');
  return name === undefined ? null : [`echo requests${name === 'echo_ignore_all' ? '' : ` to ${to(c)}`} are ignored`, `${name} is 1 on ${node(c)}: sysctl -w net.ipv6.icmp.${name}=0`];
}

const tooBig: Words = (c) => {
  const out = (c.skb.dst?.dev ?? c.dev) as NetDevice | null;
  const length = c.ip?.length ?? 0;
  return [
    `${length} bytes do not fit through ${out?.name ?? '?'}, whose MTU is ${out?.mtu ?? 0}, and routers of IPv6 cut nothing`,
    `the sender learns of it and cuts the next one itself; or send less, or ip link set dev ${out?.name ?? '?'} mtu ${length} on both ends`,
  ];
};

export const ipv6Words: Readonly<{ [reason: number]: (context: DropContext) => WhatAndFix | null }> = {
  [C.SKB_DROP_REASON_NOT_SPECIFIED]: unspecified,
  [C.SKB_DROP_REASON_NEIGH_FAILED]: unanswered,
  [C.SKB_DROP_REASON_IP_INADDRERRORS]: wrongAddresses,
  [C.SKB_DROP_REASON_IP_INHDR]: oddAddresses,
  [C.SKB_DROP_REASON_IPV6DISABLED]: (c) => (c.dev === null ? null : speechless(c.trace, c.dev)),
  [C.SKB_DROP_REASON_PKT_TOO_BIG]: tooBig,
};

/** What a system call refuses because of the addresses of its host. */
export function refusal6(trace: Trace, { name, ns }: Host, call: string, error: number): WhatAndFix | null {
  const { packet, saddr } = trace;
  if (call === 'socket' && error === -EAFNOSUPPORT) return [`${name} has no IPv6`, 'load the plugins of IPv6: linux({ ipv6: true }), and no `ipv6: false` in the file of a lab'];
  if (call === 'bind' && error === -EADDRNOTAVAIL && saddr !== null) return unusable(ns, name, saddr, null);
  if (call === 'bind' && error === -EINVAL && saddr !== null && isLinkLocalText(saddr)) return [`${saddr} counts on its link only, and which one that is was not said`, `write ${saddr}%IFACE`];
  const refused = call === 'sendto' && (error === -EADDRNOTAVAIL || error === -ENETUNREACH);
  const off = refused ? ns.devList.filter((dev) => (dev.flags & IFF_LOOPBACK) === 0).map((dev) => speechless(trace, dev)).find((why) => why !== null) : null;
  if (off !== null && off !== undefined) return off;
  if (call !== 'sendto' || error !== -EADDRNOTAVAIL || packet.saddr !== null) return null;
  const tried = ns.devList.map((dev) => unusableOf(name, dev)).find((why) => why !== null) ?? null;
  return tried === null ? [`${name} has no address to send from`, `ip addr add ADDRESS dev IFACE on ${name}`] : [`${name} has no address to send from: ${tried[0]}`, tried[1]];
}

/** An address of a link without the link goes by any of them, to one of IPv4 goes IPv4, and some groups say whose they are. */
export function advice6({ daddr, iface, saddr }: Packet): string | null {
  const addr = new In6Addr().load(daddr.bytes, 0);
  if (addr.isV4Mapped()) return `${addr.toString()} is an address of IPv4, and so is the packet: ask about ${inetNtoa(addr.w3 >>> 0)}`;
  const group = addr.isMulticast();
  if (group && ipv6AddrMcScope(addr) > IPV6_ADDR_SCOPE_LINKLOCAL) return aboutGroup(addr);
  if (!(group || addr.isLinkLocal()) || iface !== null || daddr.zone !== '' || (saddr?.zone ?? '') !== '') return null;
  return `${addr.toString()} counts on one link only: write ${addr.toString()}%IFACE to say on which`;
}

/** What a group says of itself. */
function aboutGroup(addr: In6Addr): string | null {
  const text = addr.toString();
  if (!ipv6AddrMcFlagTransient(addr)) return null;
  if (!ipv6AddrMcFlagPrefix(addr)) return `${text} is a transient group: whoever uses it has chosen it`;
  const plen = addr.w0 & 0xff;
  if (plen === 0) return `${text} is a group for single sources (RFC 4607): who joins it names the source`;
  const prefix = ipv6AddrPrefix(new In6Addr(), new In6Addr(addr.w1, addr.w2, 0, 0), Math.min(plen, 64));
  const owner = `${text} is a group of ${prefix.toString()}/${plen}`;
  if (!ipv6AddrMcFlagRendezvous(addr)) return owner;
  prefix.w3 = (addr.w0 >> 8) & 0x0f;
  return `${owner}, whose rendezvous point is ${prefix.toString()}`;
}
