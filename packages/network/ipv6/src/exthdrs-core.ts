/**
 * Walking over extension headers (`net/ipv6/exthdrs_core.c`; RFC 8200 §4). Offsets count from `skb.data`; what is read may lie in fragments of the
 * sk_buff and is not made linear.
 */
import type { SkBuff } from '@skbuff/core';
import { IP6_OFFSET, IPPROTO_AH, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_NONE, IPPROTO_ROUTING, IPV6_TLV_PAD1 } from '@skbuff/uapi';
import { FRAGHDR_FRAG_OFF, FRAGHDR_LEN, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6OPT_HDRLEN, IPV6OPT_NEXTHDR, be16 } from '@skbuff/wire';

/** `ipv6_ext_hdr`: the header with this number has a header behind it, or nothing. ESP is none: what follows cannot be read. */
export function ipv6ExtHdr(nexthdr: number): boolean {
  return (
    nexthdr === IPPROTO_HOPOPTS ||
    nexthdr === IPPROTO_ROUTING ||
    nexthdr === IPPROTO_FRAGMENT ||
    nexthdr === IPPROTO_AH ||
    nexthdr === IPPROTO_NONE ||
    nexthdr === IPPROTO_DSTOPTS
  );
}

/** `ipv6_optlen`: bytes of the header at `at`, of those that say their length in units of 8 bytes. */
export function ipv6Optlen(bytes: Uint8Array, at: number): number {
  return (bytes[at + IPV6OPT_HDRLEN] + 1) << 3;
}

/** `ipv6_authlen`: the same of an authentication header, whose units are 4 bytes. */
export function ipv6Authlen(bytes: Uint8Array, at: number): number {
  return (bytes[at + IPV6OPT_HDRLEN] + 2) << 2;
}

/** Results of {@link ipv6SkipExthdr} beside the offset. One walk at a time: read them at once. */
export interface ExthdrWalk {
  /** What the header at the offset is. */
  nexthdr: number;
  /** `frag_off` of the fragment header that was passed, flags included; 0: none. */
  fragOff: number;
}

export const exthdrWalk: ExthdrWalk = { nexthdr: 0, fragOff: 0 };

/** Where headers that are not linear are copied to. */
const two: Uint8Array = new Uint8Array(FRAGHDR_LEN);

/**
 * `ipv6_skip_exthdr`: the offset behind the extension headers that begin at `start` with one of the kind `nexthdr`; {@link exthdrWalk} has the
 * rest. Negative: the packet ends before, or says that nothing follows. Behind the header of a later fragment there is no other: the walk ends.
 */
export function ipv6SkipExthdr(skb: SkBuff, start: number, nexthdr: number): number {
  exthdrWalk.fragOff = 0;
  exthdrWalk.nexthdr = nexthdr;
  let at = start;
  while (ipv6ExtHdr(exthdrWalk.nexthdr)) {
    const kind = exthdrWalk.nexthdr;
    if (kind === IPPROTO_NONE || !skb.copyBits(at, two, 0, 2)) return -1;
    let len = ipv6Optlen(two, 0);
    if (kind === IPPROTO_FRAGMENT) {
      if (!skb.copyBits(at + FRAGHDR_FRAG_OFF, two, FRAGHDR_FRAG_OFF, 2)) return -1;
      exthdrWalk.fragOff = be16(two, FRAGHDR_FRAG_OFF);
      if ((exthdrWalk.fragOff & IP6_OFFSET) !== 0) break;
      len = FRAGHDR_LEN;
    } else if (kind === IPPROTO_AH) {
      len = ipv6Authlen(two, 0);
    }
    exthdrWalk.nexthdr = two[IPV6OPT_NEXTHDR];
    at += len;
  }
  return at;
}

/** `ipv6_find_tlv`: the position of the option `type` in the options header at `offset` from the network header, from there too; -1: it has none. */
export function ipv6FindTlv(skb: SkBuff, offset: number, type: number): number {
  const { bytes, networkHeader: iph } = skb;
  const room = skb.tail - iph;
  if (offset + 2 > room) return -1;
  let len = ipv6Optlen(bytes, iph + offset);
  if (offset + len > room) return -1;
  let at = offset + 2;
  for (len -= 2; len > 0; ) {
    const here = bytes[iph + at];
    if (here === type) return at;
    const optlen = here === IPV6_TLV_PAD1 ? 1 : len < 2 ? len + 1 : bytes[iph + at + 1] + 2;
    if (optlen > len) return -1;
    at += optlen;
    len -= optlen;
  }
  return -1;
}

/**
 * `ipv6_find_hdr`: the offset from `data` of the header `target`, or of the first that is no extension header if `target` is negative (its kind is
 * then in {@link exthdrWalk}). Negative: there is none, or it is in an earlier fragment (`exthdrWalk.fragOff` says so).
 */
export function ipv6FindHdr(skb: SkBuff, target: number): number {
  const start = skb.networkHeader - skb.data;
  if (!skb.copyBits(start + IPV6HDR_NEXTHDR, two, 0, 1)) return -1;
  let nexthdr = two[0];
  let at = start + IPV6HDR_LEN;
  exthdrWalk.fragOff = 0;
  while (nexthdr !== target) {
    exthdrWalk.nexthdr = nexthdr;
    if (!ipv6ExtHdr(nexthdr) || nexthdr === IPPROTO_NONE) return target < 0 ? at : -1;
    if (!skb.copyBits(at, two, 0, 2)) return -1;
    let len = ipv6Optlen(two, 0);
    if (nexthdr === IPPROTO_FRAGMENT) {
      if (!skb.copyBits(at + FRAGHDR_FRAG_OFF, two, FRAGHDR_FRAG_OFF, 2)) return -1;
      exthdrWalk.fragOff = be16(two, FRAGHDR_FRAG_OFF) & IP6_OFFSET;
      if (exthdrWalk.fragOff !== 0) return laterFragment(target, two[IPV6OPT_NEXTHDR]);
      len = FRAGHDR_LEN;
    } else if (nexthdr === IPPROTO_AH) {
      len = ipv6Authlen(two, 0);
    }
    nexthdr = two[IPV6OPT_NEXTHDR];
    at += len;
  }
  exthdrWalk.nexthdr = nexthdr;
  return at;
}

/** What is looked for is in the first fragment, if anywhere; what follows this header is known where it is no extension header. */
function laterFragment(target: number, nexthdr: number): number {
  if (target < 0 && (!ipv6ExtHdr(nexthdr) || nexthdr === IPPROTO_NONE)) exthdrWalk.nexthdr = nexthdr;
  return -1;
}
