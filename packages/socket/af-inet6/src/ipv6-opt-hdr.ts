/** Headers that go with every packet of a socket (`ipv6_set_opt_hdr` in `net/ipv6/ipv6_sockglue.c`; RFC 3542 §4). */
import type { InetSk } from '@skbuff/af-inet';
import { type Ipv6TxOptions, ipv6RenewOptions } from '@skbuff/ipv6';
import { cmsgDecode, putOption, sockNet } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { IN6ADDR_LEN } from '@skbuff/wire';
import { ip6CmsgHeaders } from './ipv6-cmsg-send.ts';
import { inet6Np } from './ipv6-pinfo.ts';

const RT_HDRLEN = 1;
const RT_TYPE = 2;
const RT_SEGMENTS_LEFT = 3;
const SRH_FIRST_SEGMENT = 4;
const SRH_LEN = 8;
/** Longest ancillary data of IPV6_2292PKTOPTIONS. */
const PKTOPTIONS_MAX = 64 * 1024;

/** IPV6_HOPOPTS, RTHDRDSTOPTS, RTHDR, DSTOPTS: a whole header, or nothing to take it away. 0, -EPERM or -EINVAL. */
export function ipv6SetOptHdr(sk: InetSk, name: number, value: Uint8Array): number {
  if (name !== U.IPV6_RTHDR && !sockNet.of(sk.net).layer.nsCapable(sk.net, U.CAP_NET_RAW)) return -U.EPERM;
  let header: Uint8Array | null = null;
  if (value.length !== 0) {
    if (value.length < 2 || (value.length & 7) !== 0 || value.length > 8 * 255) return -U.EINVAL;
    const len = (value[1] + 1) * 8;
    if (len > value.length || (name === U.IPV6_RTHDR && !routingOk(value))) return -U.EINVAL;
    header = value.slice(0, len);
  }
  const np = inet6Np(sk);
  np.opt = ipv6RenewOptions(np.opt, name, header);
  sk.dstSet(null);
  return 0;
}

/** Segment routing with a list that holds together (`seg6_validate_srh`); type 2 (RFC 6275) is for kernels that are built for mobile hosts. */
function routingOk(value: Uint8Array): boolean {
  const hdrlen = value[RT_HDRLEN] as number;
  const left = value[RT_SEGMENTS_LEFT] as number;
  if (value[RT_TYPE] !== U.IPV6_SRCRT_TYPE_4 || (hdrlen + 1) * 8 !== value.length) return false;
  const first = value[SRH_FIRST_SEGMENT] as number;
  const max = hdrlen / 2 - 1;
  if (first > max || left > first) return false;
  return tlvsOk(value, SRH_LEN + (first + 1) * IN6ADDR_LEN);
}

/** What stands behind the segments. */
function tlvsOk(value: Uint8Array, at: number): boolean {
  while (at < value.length) {
    if (value.length - at < 2) return false;
    at += 2 + (value[at + 1] as number);
  }
  return at === value.length;
}

/** `ipv6_getsockopt_sticky`: bytes written. */
export function ipv6GetsockoptSticky(sk: InetSk, name: number, out: Uint8Array): number {
  const header = headerOf(inet6Np(sk).opt, name);
  return header === null ? 0 : putOption(out, header);
}

function headerOf(opt: Ipv6TxOptions | null, name: number): Uint8Array | null {
  switch (name) {
    case U.IPV6_HOPOPTS:
      return opt?.hopopt ?? null;
    case U.IPV6_RTHDRDSTOPTS:
      return opt?.dst0opt ?? null;
    case U.IPV6_RTHDR:
      return opt?.srcrt ?? null;
    default:
      return opt?.dst1opt ?? null;
  }
}

/** IPV6_2292PKTOPTIONS: all headers at once, as ancillary data; nothing: none. 0 or a negative errno. */
export function ipv6SetPktoptions(sk: InetSk, value: Uint8Array): number {
  if (value.length > PKTOPTIONS_MAX) return -U.EINVAL;
  const opt = ip6CmsgHeaders(sk, cmsgDecode(value));
  if (typeof opt === 'number') return opt;
  inet6Np(sk).opt = opt;
  sk.dstSet(null);
  return 0;
}
