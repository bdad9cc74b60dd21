/** IPv6 with its extension headers, ICMPv6 and neighbour discovery, read where they lie. */
import type { SkBuff } from '@skbuff/core';
import { ipv6Authlen, ipv6ExtHdr, ipv6Optlen } from '@skbuff/ipv6';
import {
  ETH_P_IPV6, ICMPV6_ADDR_UNREACH, ICMPV6_ADM_PROHIBITED, ICMPV6_DEST_UNREACH, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST, ICMPV6_EXC_HOPLIMIT, ICMPV6_INFOMSG_MASK, ICMPV6_MGM_QUERY,
  ICMPV6_MGM_REDUCTION, ICMPV6_MGM_REPORT, ICMPV6_MLD2_REPORT, ICMPV6_NOROUTE, ICMPV6_NOT_NEIGHBOUR, ICMPV6_PARAMPROB, ICMPV6_PKT_TOOBIG, ICMPV6_PORT_UNREACH, ICMPV6_TIME_EXCEED, ICMPV6_UNK_NEXTHDR,
  ICMPV6_UNK_OPTION, IP6_MF, IP6_OFFSET, IPPROTO_AH, IPPROTO_FRAGMENT, IPPROTO_ICMPV6, IPPROTO_NONE, ND_OPT_TARGET_LL_ADDR, NDISC_NEIGHBOUR_ADVERTISEMENT, NDISC_NEIGHBOUR_SOLICITATION,
  NDISC_REDIRECT, NDISC_ROUTER_ADVERTISEMENT, NDISC_ROUTER_SOLICITATION,
} from '@skbuff/uapi';
import { be16, formatMac, FRAGHDR_FRAG_OFF, FRAGHDR_LEN, inetNtop6, IPV6HDR_DADDR, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_PAYLOAD_LEN, IPV6HDR_SADDR, NDMSG_LEN, NDMSG_TARGET } from '@skbuff/wire';
import type { Family } from '../family.ts';
import { head, type IpHeader, type PacketRead, type Search } from '../headers.ts';

/** Bytes that are looked at: extension headers may be long. */
const PEEK = 512;

export function readIpv6(family: Family, skb: SkBuff): PacketRead | null {
  if (skb.protocol !== ETH_P_IPV6) return null;
  const b = head(skb, PEEK);
  const at = b.length < IPV6HDR_LEN || b[0] >>> 4 !== 6 ? null : upperOf(b);
  if (at === null) return { family, title: 'IP6', ip: null, search: null, housekeeping: false };
  const type = at.nexthdr === IPPROTO_ICMPV6 && at.offset === 0 ? (b[at.at] ?? -1) : -1;
  if (type === NDISC_NEIGHBOUR_SOLICITATION || type === NDISC_NEIGHBOUR_ADVERTISEMENT) {
    // Whether an address is free is asked by who has none.
    return { family, title: 'ICMP6', ip: null, search: searchOf(b, at.at), housekeeping: inetNtop6(b, IPV6HDR_SADDR) === '::' };
  }
  return { family, title: 'IP6', ip: ipOf(family, b, at), search: null, housekeeping: isHousekeeping(type) };
}

/** What stands behind the extension headers. */
interface Upper {
  readonly nexthdr: number;
  readonly at: number;
  /** Of the fragment header, if there is one. */
  readonly offset: number;
  readonly more: boolean;
}

function upperOf(b: Uint8Array): Upper {
  let nexthdr = b[IPV6HDR_NEXTHDR];
  let at = IPV6HDR_LEN;
  let frag = 0;
  while (ipv6ExtHdr(nexthdr) && nexthdr !== IPPROTO_NONE && at + FRAGHDR_LEN <= b.length && (frag & IP6_OFFSET) === 0) {
    const kind = nexthdr;
    if (kind === IPPROTO_FRAGMENT) frag = be16(b, at + FRAGHDR_FRAG_OFF);
    nexthdr = b[at];
    at += kind === IPPROTO_FRAGMENT ? FRAGHDR_LEN : kind === IPPROTO_AH ? ipv6Authlen(b, at) : ipv6Optlen(b, at);
  }
  return { nexthdr, at, offset: frag & IP6_OFFSET, more: (frag & IP6_MF) !== 0 };
}

function ipOf(family: Family, b: Uint8Array, { nexthdr, at, offset, more }: Upper): IpHeader {
  const there = (bytes: number): boolean => offset === 0 && b.length >= at + bytes;
  const icmp = nexthdr === IPPROTO_ICMPV6;
  return {
    family,
    saddr: inetNtop6(b, IPV6HDR_SADDR),
    daddr: inetNtop6(b, IPV6HDR_DADDR),
    protocol: nexthdr,
    ttl: b[IPV6HDR_HOP_LIMIT],
    length: IPV6HDR_LEN + be16(b, IPV6HDR_PAYLOAD_LEN),
    df: false,
    more,
    offset,
    a: !there(4) ? -1 : icmp ? b[at] : be16(b, at),
    b: !there(4) ? -1 : icmp ? b[at + 1] : be16(b, at + 2),
    c: there(8) ? be16(b, at + 4) : -1,
    d: there(8) ? be16(b, at + 6) : -1,
  };
}

function searchOf(b: Uint8Array, at: number): Search {
  if (b.length < at + NDMSG_LEN) return { asks: null, text: 'truncated' };
  const target = inetNtop6(b, at + NDMSG_TARGET);
  if (b[at] === NDISC_NEIGHBOUR_SOLICITATION) return { asks: true, text: `who-has ${target} tell ${inetNtop6(b, IPV6HDR_SADDR)}` };
  return { asks: false, text: `${target} is-at ${lladdrOf(b, at + NDMSG_LEN) ?? 'the address of the frame'}` };
}

/** The address in the option of an advertisement; null: it has none. */
function lladdrOf(b: Uint8Array, from: number): string | null {
  for (let at = from; at + 8 <= b.length && b[at + 1] !== 0; at += b[at + 1] * 8) if (b[at] === ND_OPT_TARGET_LL_ADDR) return formatMac(b, at + 2);
  return null;
}

/** Routers, groups: what kernels tell each other by themselves. */
function isHousekeeping(type: number): boolean {
  return type === NDISC_ROUTER_SOLICITATION || type === NDISC_ROUTER_ADVERTISEMENT || (type >= ICMPV6_MGM_QUERY && type <= ICMPV6_MGM_REDUCTION) || type === ICMPV6_MLD2_REPORT;
}

export function isIcmpv6Error(type: number): boolean {
  return type === NDISC_REDIRECT || (type >= 0 && (type & ICMPV6_INFOMSG_MASK) === 0);
}

const UNREACH: Readonly<{ [code: number]: string }> = {
  [ICMPV6_NOROUTE]: 'no route', [ICMPV6_ADM_PROHIBITED]: 'prohibited', [ICMPV6_NOT_NEIGHBOUR]: 'beyond the scope of the source', [ICMPV6_ADDR_UNREACH]: 'address unreachable', [ICMPV6_PORT_UNREACH]: 'port unreachable',
};
const NAMES: Readonly<{ [type: number]: string }> = {
  [ICMPV6_ECHO_REQUEST]: 'echo request', [ICMPV6_ECHO_REPLY]: 'echo reply', [ICMPV6_PKT_TOOBIG]: 'packet too big', [NDISC_REDIRECT]: 'redirect',
  [NDISC_ROUTER_SOLICITATION]: 'router solicitation', [NDISC_ROUTER_ADVERTISEMENT]: 'router advertisement',
  [ICMPV6_MGM_QUERY]: 'multicast listener query', [ICMPV6_MGM_REPORT]: 'multicast listener report', [ICMPV6_MGM_REDUCTION]: 'multicast listener done', [ICMPV6_MLD2_REPORT]: 'multicast listener report',
};

export function icmpv6Name(type: number, code: number): string {
  if (type === ICMPV6_DEST_UNREACH) return UNREACH[code] ?? `unreachable, code ${code}`;
  if (type === ICMPV6_TIME_EXCEED) return code === ICMPV6_EXC_HOPLIMIT ? 'time exceeded' : 'reassembly time exceeded';
  if (type === ICMPV6_PARAMPROB) return `parameter problem${code === ICMPV6_UNK_NEXTHDR ? ', unknown next header' : code === ICMPV6_UNK_OPTION ? ', unknown option' : ''}`;
  return NAMES[type] ?? `type ${type} code ${code}`;
}
