/** Segment routing headers in packets that errors quote (`seg6_icmp_srh`, `seg6_validate_srh` in `net/ipv6/seg6.c`; RFC 8754 §2). */
import type { SkBuff } from '@skbuff/core';
import { IPPROTO_ROUTING, IPV6_SRCRT_TYPE_4 } from '@skbuff/uapi';
import { IPV6HDR_DADDR, IPV6OPT_HDRLEN, IPV6RT_SEGMENTS_LEFT, IPV6RT_TYPE } from '@skbuff/wire';
import { ipv6FindHdr, ipv6Optlen } from './exthdrs-core.ts';

/** `struct ipv6_sr_hdr`: the number of the last entry, and the segments, the last of the way first. */
const SRH_LAST = 4;
const SRH_SEGMENTS = 8;
const TLV_HLEN = 2;

/** `seg6_get_daddr`: where in `bytes` the packet at `data` says for whom it is: on its way over segments that is the last of them. */
export function seg6QuotedDaddr(skb: SkBuff): number {
  const { networkHeader } = skb;
  skb.networkHeader = skb.data;
  const at = ipv6FindHdr(skb, IPPROTO_ROUTING);
  skb.networkHeader = networkHeader;
  return at >= 0 && seg6GetSrh(skb, at) ? skb.data + at + SRH_SEGMENTS : skb.data + IPV6HDR_DADDR;
}

/** `seg6_get_srh`: whether the routing header `at` bytes from `data` is all there, and a list of segments. */
function seg6GetSrh(skb: SkBuff, at: number): boolean {
  if (!skb.mayPull(at + SRH_SEGMENTS)) return false;
  const len = ipv6Optlen(skb.bytes, skb.data + at);
  return skb.mayPull(at + len) && isList(skb.bytes, skb.data + at, len);
}

/** `seg6_validate_srh`: the entries are within the header of `len` bytes, and what follows them consists of options. */
function isList(bytes: Uint8Array, at: number, len: number): boolean {
  const last = bytes[at + SRH_LAST];
  if (bytes[at + IPV6RT_TYPE] !== IPV6_SRCRT_TYPE_4 || last > (bytes[at + IPV6OPT_HDRLEN] >> 1) - 1 || bytes[at + IPV6RT_SEGMENTS_LEFT] > last + 1) return false;
  let tlv = SRH_SEGMENTS + 16 * (last + 1);
  while (tlv + TLV_HLEN <= len) tlv += TLV_HLEN + bytes[at + tlv + 1];
  return tlv === len;
}
