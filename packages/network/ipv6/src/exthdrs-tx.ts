/** Extension headers of packets that are sent (`net/ipv6/exthdrs.c`): what sockets wish for, in front of the payload. */
import type { SkBuff } from '@skbuff/core';
import {
  IPPROTO_DSTOPTS,
  IPPROTO_HOPOPTS,
  IPPROTO_ROUTING,
  IPV6_2292DSTOPTS,
  IPV6_2292HOPOPTS,
  IPV6_2292RTHDR,
  IPV6_DSTOPTS,
  IPV6_HOPOPTS,
  IPV6_RTHDR,
  IPV6_RTHDRDSTOPTS,
  IPV6_SRCRT_TYPE_4,
} from '@skbuff/uapi';
import { IN6ADDR_LEN, type In6Addr, IPV6OPT_NEXTHDR, IPV6RT_SEGMENTS_LEFT, IPV6RT_TYPE } from '@skbuff/wire';
import type { Flowi6 } from './flow.ts';
import type { Ipv6TxOptions } from './ipv6-sock.ts';

/** Of a routing header: where its addresses begin. */
const RT_ADDRS = 8;

/**
 * `ipv6_push_nfrag_opts`: puts the headers that every fragment has in front of `data`; `proto` is what is there now. The number of the first
 * header that was put there. With a routing header `daddr`, where the packet shall end up, becomes its first stop.
 */
export function ipv6PushNfragOpts(skb: SkBuff, opt: Ipv6TxOptions, proto: number, daddr: In6Addr): number {
  if (opt.srcrt !== null) {
    proto = pushRthdr(skb, opt.srcrt, proto, daddr);
    // Without a routing header nobody is on the way to read these.
    if (opt.dst0opt !== null) proto = pushExthdr(skb, opt.dst0opt, proto, IPPROTO_DSTOPTS);
  }
  return opt.hopopt === null ? proto : pushExthdr(skb, opt.hopopt, proto, IPPROTO_HOPOPTS);
}

/** `ipv6_push_frag_opts`: the same of those that only the first fragment has. */
export function ipv6PushFragOpts(skb: SkBuff, opt: Ipv6TxOptions, proto: number): number {
  return opt.dst1opt === null ? proto : pushExthdr(skb, opt.dst1opt, proto, IPPROTO_DSTOPTS);
}

function pushExthdr(skb: SkBuff, header: Uint8Array, proto: number, type: number): number {
  const at = skb.push(header.length);
  skb.bytes.set(header, at);
  skb.bytes[at + IPV6OPT_NEXTHDR] = proto;
  return type;
}

/** Types 0 and 2 name the stops in their order, the last is where the packet ends; segment routing has them the other way round. */
function pushRthdr(skb: SkBuff, header: Uint8Array, proto: number, daddr: In6Addr): number {
  pushExthdr(skb, header, proto, IPPROTO_ROUTING);
  const { bytes, data: at } = skb;
  if (header[IPV6RT_TYPE] === IPV6_SRCRT_TYPE_4) {
    daddr.store(bytes, at + RT_ADDRS);
  } else {
    bytes.set(header.subarray(RT_ADDRS + IN6ADDR_LEN), at + RT_ADDRS);
    daddr.store(bytes, at + header.length - IN6ADDR_LEN);
  }
  daddr.load(header, firstStop(header));
  return IPPROTO_ROUTING;
}

/** Where in a routing header the address is that the packet goes to first. */
function firstStop(header: Uint8Array): number {
  return header[IPV6RT_TYPE] === IPV6_SRCRT_TYPE_4 ? RT_ADDRS + header[IPV6RT_SEGMENTS_LEFT] * IN6ADDR_LEN : RT_ADDRS;
}

/** `fl6_update_dst`: with a routing header in `opt` the flow goes to its first stop, and `final` gets where it shall end; false: it has none. */
export function fl6UpdateDst(fl6: Flowi6, opt: Ipv6TxOptions | null, final: In6Addr): boolean {
  if (opt === null || opt.srcrt === null) return false;
  final.copy(fl6.daddr);
  fl6.daddr.load(opt.srcrt, firstStop(opt.srcrt));
  return true;
}

const NO_OPTIONS: Ipv6TxOptions = { hopopt: null, dst0opt: null, srcrt: null, dst1opt: null };

/**
 * `ipv6_renew_options`: `opt` with the header that the socket option `newtype` (IPV6_HOPOPTS …) sets replaced by `header`, which is taken over;
 * null takes it away. Null when nothing is left.
 */
export function ipv6RenewOptions(opt: Ipv6TxOptions | null, newtype: number, header: Uint8Array | null): Ipv6TxOptions | null {
  const renewed = { ...(opt ?? NO_OPTIONS), ...renewedHeader(newtype, header) };
  const { hopopt, dst0opt, srcrt, dst1opt } = renewed;
  return hopopt === null && dst0opt === null && srcrt === null && dst1opt === null ? null : renewed;
}

function renewedHeader(newtype: number, header: Uint8Array | null): Partial<Ipv6TxOptions> {
  switch (newtype) {
    case IPV6_HOPOPTS:
    case IPV6_2292HOPOPTS:
      return { hopopt: header };
    case IPV6_RTHDRDSTOPTS:
      return { dst0opt: header };
    case IPV6_RTHDR:
    case IPV6_2292RTHDR:
      return { srcrt: header };
    case IPV6_DSTOPTS:
    case IPV6_2292DSTOPTS:
      return { dst1opt: header };
    default:
      return {};
  }
}
