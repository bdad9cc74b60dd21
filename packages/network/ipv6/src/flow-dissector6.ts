/** What flow an IPv6 packet belongs to (`net/core/flow_dissector.c`). */
import type { FlowKeys, SkBuff } from '@skbuff/core';
import { IP6_OFFSET, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_ROUTING } from '@skbuff/uapi';
import { FRAGHDR_FRAG_OFF, FRAGHDR_LEN, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_SADDR, be16, be32 } from '@skbuff/wire';
import { ipv6Optlen } from './exthdrs-core.ts';

const IPV6_FLOWLABEL_MASK = 0xfffff;

/** For `SkbuffCache.dissectIpv6`. What counts is behind extension headers, but not behind that of a fragment, be it the first. */
export function dissectIpv6({ bytes }: SkBuff, keys: FlowKeys, iph: number, end: number): boolean {
  if (iph + IPV6HDR_LEN > end) return false;
  keys.addrs = iph + IPV6HDR_SADDR;
  keys.addrLen = 16;
  const label = be32(bytes, iph) & IPV6_FLOWLABEL_MASK;
  if (label !== 0) keys.label = label;
  keys.ipProto = bytes[iph + IPV6HDR_NEXTHDR];
  keys.thoff = iph + IPV6HDR_LEN;
  for (;;) {
    const { ipProto, thoff } = keys;
    const fragment = ipProto === IPPROTO_FRAGMENT;
    if (!fragment && ipProto !== IPPROTO_HOPOPTS && ipProto !== IPPROTO_ROUTING && ipProto !== IPPROTO_DSTOPTS) return true;
    if (thoff + FRAGHDR_LEN > end) return true;
    keys.ipProto = bytes[thoff];
    keys.thoff += fragment ? FRAGHDR_LEN : ipv6Optlen(bytes, thoff);
    if (!fragment) continue;
    keys.fragment = true;
    keys.laterFragment = (be16(bytes, thoff + FRAGHDR_FRAG_OFF) & IP6_OFFSET) !== 0;
    return true;
  }
}
