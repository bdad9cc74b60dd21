/** IPv6 packets as text: in a few words, and to the byte. */
import { createHash } from 'node:crypto';
import {
  ICMPV6_PARAMPROB,
  ICMPV6_PKT_TOOBIG,
  IPPROTO_DSTOPTS,
  IPPROTO_FRAGMENT,
  IPPROTO_HOPOPTS,
  IPPROTO_ICMPV6,
  IPPROTO_ROUTING,
  NDISC_NEIGHBOUR_ADVERTISEMENT,
  NDISC_NEIGHBOUR_SOLICITATION,
  NDISC_REDIRECT,
  NDISC_ROUTER_SOLICITATION,
} from '@skbuff/uapi';
import { be16, be32, inetNtop6, IPV6HDR_DADDR, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_SADDR, setBe16, setBe32 } from '@skbuff/wire';

/** Bytes of a packet that are shown; of the rest there is a hash. */
const SHOWN = 160;
/** Nonce of RFC 7527. */
const ND_OPT_NONCE = 14;
const EXTENSIONS: readonly number[] = [IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS];

/** What a packet carries: where its upper header is, of which protocol; -1: there is none, since this is not the first fragment. */
interface Chain {
  readonly proto: number;
  readonly at: number;
  /** Extension headers by number. */
  readonly headers: readonly number[];
  /** Where the fragment header is, or -1. */
  readonly fragment: number;
}

function chain(ip: Uint8Array): Chain {
  const headers: number[] = [];
  let [proto, at, fragment] = [ip[IPV6HDR_NEXTHDR] as number, IPV6HDR_LEN, -1];
  while (EXTENSIONS.includes(proto) && at + 8 <= ip.length) {
    headers.push(proto);
    const next = ip[at] as number;
    if (proto === IPPROTO_FRAGMENT) {
      fragment = at;
      if ((be16(ip, at + 2) & ~7) !== 0) return { proto: next, at: -1, headers, fragment };
    }
    at += proto === IPPROTO_FRAGMENT ? 8 : ((ip[at + 1] as number) + 1) * 8;
    proto = next;
  }
  return { proto, at: at < ip.length ? at : -1, headers, fragment };
}

const address = (bytes: Uint8Array, at: number): string => inetNtop6(bytes.subarray(at, at + 16));

/** An IPv6 packet in a few words: extension headers by number, and where a fragment lies. */
export function tellIp6(ip: Uint8Array): string {
  const { proto, at, headers, fragment } = chain(ip);
  const way = `${address(ip, IPV6HDR_SADDR)} > ${address(ip, IPV6HDR_DADDR)}`;
  const frag = fragment < 0 ? '' : ` ${be16(ip, fragment + 2) & ~7}${(be16(ip, fragment + 2) & 1) === 0 ? '' : '+'}`;
  const more = `${headers.map((one) => ` [${one}]`).join('')}${frag}`;
  return `${way}${more} ${proto === IPPROTO_ICMPV6 && at >= 0 ? tellIcmp6(ip.subarray(at)) : `proto ${proto} ttl ${ip[IPV6HDR_HOP_LIMIT]}`}`;
}

const TARGETED: readonly number[] = [NDISC_NEIGHBOUR_SOLICITATION, NDISC_NEIGHBOUR_ADVERTISEMENT, NDISC_REDIRECT];

function tellIcmp6(message: Uint8Array): string {
  const type = message[0] as number;
  const what = `icmp6 ${type}/${message[1]}`;
  if (type === ICMPV6_PKT_TOOBIG) return `${what} mtu ${be32(message, 4)}`;
  if (type === ICMPV6_PARAMPROB) return `${what} at ${be32(message, 4)}`;
  return TARGETED.includes(type) && message.length >= 24 ? `${what} for ${address(message, 8)}` : what;
}

/**
 * All of an IPv6 packet. What is chance is left out: the identification of a fragment unless it is `id`, that of the packet which was sent;
 * and a nonce, with the checksum over it.
 */
export function describeIp6(packet: Uint8Array, id: number): string {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  if (packet.length < IPV6HDR_LEN) return hex(packet);
  const ip = packet.slice();
  const { proto, at, fragment } = chain(ip);
  if (fragment >= 0 && be32(ip, fragment + 4) !== id) setBe32(ip, fragment + 4, 0);
  if (proto === IPPROTO_ICMPV6 && at >= 0) maskNonce(ip, at);
  const rest = ip.length > SHOWN ? ` ${createHash('sha1').update(ip.subarray(SHOWN)).digest('hex').slice(0, 12)}` : '';
  return `${hex(ip.subarray(0, SHOWN))}${rest} ${ip.length}`;
}

function maskNonce(ip: Uint8Array, at: number): void {
  const type = ip[at] as number;
  let option = at + (type === NDISC_NEIGHBOUR_SOLICITATION ? 24 : 8);
  if (type !== NDISC_NEIGHBOUR_SOLICITATION && type !== NDISC_ROUTER_SOLICITATION) return;
  for (; option + 8 <= ip.length && ip[option + 1] !== 0; option += (ip[option + 1] as number) * 8) {
    if (ip[option] !== ND_OPT_NONCE) continue;
    ip.fill(0x77, option + 2, option + 8);
    setBe16(ip, at + 2, 0);
  }
}
