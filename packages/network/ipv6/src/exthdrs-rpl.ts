/**
 * Source routes of networks of low power (RFC 6554; `ipv6_rpl_srh_rcv` in `net/ipv6/exthdrs.c`): routing headers whose addresses lack the bytes
 * that they have in common with the destination. Where a router puts in the next one, it says anew which these are.
 */
import { type NetDevice, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff } from '@skbuff/core';
import { ENOMEM, ICMPV6_HDR_FIELD, ICMPV6_PARAMPROB } from '@skbuff/uapi';
import { copyBytes, In6Addr, IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_PAYLOAD_LEN, IPV6OPT_HDRLEN, IPV6RT_SEGMENTS_LEFT, setBe16 } from '@skbuff/wire';
import { ipv6Optlen } from './exthdrs-core.ts';
import { type Segments, visitSegments } from './exthdrs-srh.ts';
import { in6DevGet } from './if-inet6.ts';
import { type Ipv6Net, ipv6Net } from './ipv6-net.ts';

/** Bytes that are left out: of all addresses but the last, in the upper four bits, and of that; then in the upper four bits how many pad the list. */
const RPL_CMPR = 4;
const RPL_PAD = 5;
const RPL_SEGMENTS = 8;
const ADDR_LEN = 16;
const MOST_SEGMENTS = 255;
const MOST_COMMON = 15;
/** Of a link-layer header, which moves with what is behind it. */
const LL_ROOM = 32;

const RPL: Segments = { most: segmentCount, advance: rplAdvance, ipip: false };
const segment: In6Addr = new In6Addr();

/** `ipv6_rpl_srh_rcv`: interfaces have to allow it (`rpl_seg_enabled`). */
export function ipv6RplSrhRcv(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  const state = ipv6Net.of(net);
  const idev = in6DevGet(skb.dev as NetDevice);
  if (idev !== null && Math.min(state.devconfAll.rplSegEnabled, idev.cnf.rplSegEnabled) !== 0) return visitSegments(skb, state, idev, RPL);
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return -1;
}

/** Addresses in the list, or -1 where its length is that of no number of them. */
function segmentCount(bytes: Uint8Array, at: number): number {
  const each = ADDR_LEN - (bytes[at + RPL_CMPR] >> 4);
  const before = bytes[at + IPV6OPT_HDRLEN] * 8 - (bytes[at + RPL_PAD] >> 4) - (ADDR_LEN - (bytes[at + RPL_CMPR] & 15));
  const count = before / each + 1;
  return before >= 0 && Number.isInteger(count) && count <= MOST_SEGMENTS ? count : -1;
}

/** The destination and the segment that is next change places. */
function rplAdvance(skb: SkBuff, state: Ipv6Net, left: number): boolean {
  const { bytes, transportHeader: at, networkHeader: iph } = skb;
  const count = segmentCount(bytes, at);
  const list = decompress(bytes, at, iph + IPV6HDR_DADDR, count);
  const next = (count - left - 1) * ADDR_LEN;
  if (list[next] === 0xff) return refused(skb);
  if (comesBack(state, list)) {
    state.ip.icmp?.icmpv6Send(skb, ICMPV6_PARAMPROB, ICMPV6_HDR_FIELD, 0);
    return refused(skb);
  }
  const daddr = list.slice(next, next + ADDR_LEN);
  copyBytes(list, next, bytes, iph + IPV6HDR_DADDR, ADDR_LEN);
  bytes.set(daddr, iph + IPV6HDR_DADDR);
  return resize(skb, compress(bytes.subarray(at, at + RPL_SEGMENTS), list, daddr, left)) === 0 || refused(skb);
}

function refused(skb: SkBuff): false {
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return false;
}

/** `ipv6_rpl_srh_decompress`: `count` whole addresses. */
function decompress(bytes: Uint8Array, at: number, daddr: number, count: number): Uint8Array {
  const list = new Uint8Array(count * ADDR_LEN);
  for (let i = 0, from = at + RPL_SEGMENTS; i < count; i++) {
    const common = i === count - 1 ? bytes[at + RPL_CMPR] & 15 : bytes[at + RPL_CMPR] >> 4;
    copyBytes(list, i * ADDR_LEN, bytes, daddr, common);
    copyBytes(list, i * ADDR_LEN + common, bytes, from, ADDR_LEN - common);
    from += ADDR_LEN - common;
  }
  return list;
}

/** `ipv6_chk_rpl_srh_loop`: the way comes back here after it was elsewhere, and again. */
function comesBack({ addrs }: Ipv6Net, list: Uint8Array): boolean {
  let visits = 0;
  let elsewhere = false;
  for (let at = 0; at < list.length; at += ADDR_LEN) {
    const here = addrs.candidates(segment.load(list, at)).some((ifp) => ifp.addr.equals(segment));
    if (here && visits > 1 && elsewhere) return true;
    if (here) visits++;
    elsewhere = !here;
  }
  return false;
}

/** `ipv6_rpl_srh_compress`: the header for this list on its way to `daddr`; `old`: that before, of which the first bytes stay. */
function compress(old: Uint8Array, list: Uint8Array, daddr: Uint8Array, left: number): Uint8Array {
  const last = list.length - ADDR_LEN;
  const inner = commonBytes(list.subarray(0, last), daddr);
  const outer = commonBytes(list.subarray(last), daddr);
  const size = (last / ADDR_LEN) * (ADDR_LEN - inner) + ADDR_LEN - outer;
  const pad = -size & 7;
  const header = new Uint8Array(RPL_SEGMENTS + size + pad);
  header.set(old.subarray(0, RPL_CMPR));
  header[IPV6OPT_HDRLEN] = (size + pad) >> 3;
  header[IPV6RT_SEGMENTS_LEFT] = left;
  header[RPL_CMPR] = (inner << 4) | outer;
  header[RPL_PAD] = pad << 4;
  for (let at = 0, to = RPL_SEGMENTS; at < list.length; at += ADDR_LEN) {
    const common = at === last ? outer : inner;
    header.set(list.subarray(at + common, at + ADDR_LEN), to);
    to += ADDR_LEN - common;
  }
  return header;
}

/** Bytes that all addresses begin with as `daddr` does, as many as the field can say. */
function commonBytes(list: Uint8Array, daddr: Uint8Array): number {
  for (let n = 0; n < MOST_COMMON; n++) {
    for (let at = n; at < list.length; at += ADDR_LEN) if (list[at] !== daddr[n]) return n;
  }
  return MOST_COMMON;
}

/** Puts the header in the place of the one at `transportHeader`: what is in front of that moves. 0 or -ENOMEM. */
function resize(skb: SkBuff, header: Uint8Array): number {
  const grown = header.length - ipv6Optlen(skb.bytes, skb.transportHeader);
  if (grown > 0 && skb.headroom() < grown + LL_ROOM && skb.cache.cow(skb, grown + LL_ROOM) !== 0) return -ENOMEM;
  const { bytes, transportHeader: at } = skb;
  const from = skb.macHeader >= 0 ? skb.macHeader : skb.networkHeader;
  bytes.copyWithin(from - grown, from, at);
  bytes.set(header, at - grown);
  if (skb.macHeader >= 0) skb.macHeader -= grown;
  skb.networkHeader -= grown;
  skb.transportHeader -= grown;
  if (grown > 0) skb.push(grown);
  else skb.pull(-grown);
  setBe16(bytes, skb.networkHeader + IPV6HDR_PAYLOAD_LEN, skb.len - IPV6HDR_LEN);
  return 0;
}
