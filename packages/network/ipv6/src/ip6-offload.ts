/**
 * IPv6's part of cutting super-packets and of gluing packets together (`net/ipv6/ip6_offload.c`). The transports' parts are in
 * `Ipv6.offloads`, by next header.
 */
import {
  GRO_CB_FLUSH,
  GRO_CB_OFFSET,
  GRO_CB_SAME_FLOW,
  type OffloadCallbacks,
  type PacketOffload,
  type SkBuff,
  type SkBuffHead,
  skbGroHeader,
  skbGroLen,
} from '@skbuff/core';
import { EINVAL, EPROTONOSUPPORT, ETH_P_IPV6, IPPROTO_DSTOPTS, IPPROTO_HOPOPTS, IPPROTO_ROUTING } from '@skbuff/uapi';
import { IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_PAYLOAD_LEN, IPV6HDR_SADDR, be16, in6Word, setBe16 } from '@skbuff/wire';
import { ipv6Optlen } from './exthdrs-core.ts';
import type { Ipv6 } from './ipv6-net.ts';

/** Of the first word of the header: what the packets of a flow have in common (version, flow label), and the traffic class. */
const FLOW_BITS = 0xf00fffff | 0;
const TCLASS_BITS = 0x0ff00000;

/** `ipv6_packet_offload`. */
export function inet6Offload(ip: Ipv6): PacketOffload {
  return {
    type: ETH_P_IPV6,
    gsoSegment: (skb, features) => ipv6GsoSegment(ip, skb, features),
    groReceive: (held, skb) => ipv6GroReceive(ip, held, skb),
    groComplete: (skb, nhoff) => ipv6GroComplete(ip, skb, nhoff),
  };
}

/** INET6_PROTO_GSO_EXTHDR: headers that every segment has as the whole had them. */
function isCopied(nexthdr: number): boolean {
  return nexthdr === IPPROTO_HOPOPTS || nexthdr === IPPROTO_ROUTING || nexthdr === IPPROTO_DSTOPTS;
}

function transportOf(ip: Ipv6, nexthdr: number): OffloadCallbacks | null {
  return ip.offloads[nexthdr] ?? null;
}

/** `ipv6_gso_segment`: each segment has all headers, and its own length. */
function ipv6GsoSegment(ip: Ipv6, skb: SkBuff, features: number): SkBuff | number | null {
  skb.networkHeader = skb.data;
  if (skb.pull(IPV6HDR_LEN) < 0) return -EINVAL;
  const offload = transportOf(ip, pullExthdrs(skb, skb.bytes[skb.networkHeader + IPV6HDR_NEXTHDR]));
  if (offload === null) return -EPROTONOSUPPORT;
  skb.transportHeader = skb.data;
  const segs = offload.gsoSegment(skb, features);
  if (segs === null || typeof segs === 'number') return segs;
  for (let seg: SkBuff | null = segs; seg !== null; seg = seg.next) {
    const { networkHeader: iph } = seg;
    setBe16(seg.bytes, iph + IPV6HDR_PAYLOAD_LEN, seg.len - (iph - seg.data) - IPV6HDR_LEN);
  }
  return segs;
}

/** `ipv6_gso_pull_exthdrs`: moves `data` over extension headers; what is behind them. */
function pullExthdrs(skb: SkBuff, nexthdr: number): number {
  while (isCopied(nexthdr)) {
    if (!skb.mayPull(8)) break;
    const len = ipv6Optlen(skb.bytes, skb.data);
    if (!skb.mayPull(len)) break;
    nexthdr = skb.bytes[skb.data];
    skb.pull(len);
  }
  return nexthdr;
}

/** `ipv6_gro_receive`: damage is not for GRO. */
function ipv6GroReceive(ip: Ipv6, held: SkBuffHead, skb: SkBuff): SkBuff | null {
  const { cb } = skb;
  const offset = cb[GRO_CB_OFFSET] as number;
  const iph = skbGroHeader(skb, offset, IPV6HDR_LEN);
  const whole = iph >= 0 && skb.bytes[iph] >>> 4 === 6 && be16(skb.bytes, iph + IPV6HDR_PAYLOAD_LEN) + IPV6HDR_LEN === skbGroLen(skb);
  const offload = whole ? transportOf(ip, groPullExthdrs(skb, skb.bytes[iph + IPV6HDR_NEXTHDR])) : null;
  if (offload === null) {
    cb[GRO_CB_FLUSH] = 1;
    return null;
  }
  const nlen = (cb[GRO_CB_OFFSET] as number) - offset;
  for (let p = held.first; p !== null; p = p.next) {
    if (p.cb[GRO_CB_SAME_FLOW] !== 0 && !sameFlow(p, p.data + offset, skb, iph, nlen)) p.cb[GRO_CB_SAME_FLOW] = 0;
  }
  skb.networkHeader = iph;
  skb.transportHeader = iph + nlen;
  return offload.groReceive(held, skb);
}

/** Moves GRO_CB_OFFSET over the IPv6 header and extension headers; what is behind them, -1 if the packet ends before. */
function groPullExthdrs(skb: SkBuff, nexthdr: number): number {
  let offset = (skb.cb[GRO_CB_OFFSET] as number) + IPV6HDR_LEN;
  while (isCopied(nexthdr)) {
    const at = skbGroHeader(skb, offset, 8);
    if (at < 0 || skbGroHeader(skb, offset, ipv6Optlen(skb.bytes, at)) < 0) return -1;
    nexthdr = skb.bytes[at];
    offset += ipv6Optlen(skb.bytes, at);
  }
  skb.cb[GRO_CB_OFFSET] = offset;
  return nexthdr;
}

/** All that is in the headers is the same, but for lengths, traffic class and hop limit. */
function sameFlow(p: SkBuff, iph2: number, { bytes }: SkBuff, iph: number, nlen: number): boolean {
  if (((in6Word(bytes, iph) ^ in6Word(p.bytes, iph2)) & FLOW_BITS) !== 0 || bytes[iph + IPV6HDR_NEXTHDR] !== p.bytes[iph2 + IPV6HDR_NEXTHDR]) return false;
  for (let i = IPV6HDR_SADDR; i < nlen; i += 4) if (in6Word(bytes, iph + i) !== in6Word(p.bytes, iph2 + i)) return false;
  return true;
}

/**
 * `ipv6_gro_flush`, for a transport that found the held packet `p` that `skb` continues: whether the two may not be merged: hop limit or
 * traffic class differ.
 */
export function ipv6GroFlush(p: SkBuff, skb: SkBuff): boolean {
  const { bytes, networkHeader: iph } = skb;
  const iph2 = p.networkHeader;
  return bytes[iph + IPV6HDR_HOP_LIMIT] !== bytes[iph2 + IPV6HDR_HOP_LIMIT] || ((in6Word(bytes, iph) ^ in6Word(bytes, iph2)) & TCLASS_BITS) !== 0;
}

/** `ipv6_gro_complete`: the length of the whole. */
function ipv6GroComplete(ip: Ipv6, skb: SkBuff, nhoff: number): number {
  const { bytes } = skb;
  const iph = skb.data + nhoff;
  setBe16(bytes, iph + IPV6HDR_PAYLOAD_LEN, skb.len - nhoff - IPV6HDR_LEN);
  let at = iph + IPV6HDR_LEN;
  let nexthdr = bytes[iph + IPV6HDR_NEXTHDR];
  while (isCopied(nexthdr)) {
    nexthdr = bytes[at];
    at += ipv6Optlen(bytes, at);
  }
  const offload = transportOf(ip, nexthdr);
  return offload === null ? -EPROTONOSUPPORT : offload.groComplete(skb, at - skb.data);
}
