/** Fragmentation (`ip6_fragment` in `net/ipv6/ip6_output.c`; RFC 8200 §4.5): only of what this host sends. Reassembly is reassembly.ts. */
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  llReservedSpace,
  type Net,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
  type SkbSock,
  skbChecksumHelp,
} from '@skbuff/core';
import { fragCopyMetadata, fragListFits, fragListFree, fragListTake, fragMakePiece } from '@skbuff/inet-fragment';
import {
  EINVAL,
  EMSGSIZE,
  ENOMEM,
  ICMPV6_PKT_TOOBIG,
  IP6_MF,
  IPPROTO_DSTOPTS,
  IPPROTO_FRAGMENT,
  IPPROTO_HOPOPTS,
  IPPROTO_ROUTING,
  IPSTATS_MIB_FRAGCREATES,
  IPSTATS_MIB_FRAGFAILS,
  IPSTATS_MIB_FRAGOKS,
  IPV6_MIN_MTU,
} from '@skbuff/uapi';
import {
  FRAGHDR_FRAG_OFF,
  FRAGHDR_IDENTIFICATION,
  FRAGHDR_LEN,
  FRAGHDR_NEXTHDR,
  IPV6HDR_LEN,
  IPV6HDR_NEXTHDR,
  IPV6HDR_PAYLOAD_LEN,
  copyBytes,
  setBe16,
  setBe32,
} from '@skbuff/wire';
import { ipv6Optlen } from './exthdrs-core.ts';
import { IP6CB_FLAGS, IP6CB_FRAG_MAX_SIZE } from './ip6-cb.ts';
import { ip6SkbDstMtu } from './ip6-room.ts';
import { type Ipv6Net, ipv6Net } from './ipv6-net.ts';
import { inet6Sk } from './ipv6-sock.ts';
import type { Rt6Info } from './rt6-info.ts';
import { ip6IncStats } from './snmp.ts';

/** How a finished piece goes on. Takes over the sk_buff; 0, or what went wrong. */
export type Ip6FragmentOutput = (net: Net, sk: SkbSock | null, skb: SkBuff) => number;

const IPV6_MAXPLEN = 65535;

/** What the pieces of the packet that is being cut have in common: one at a time. */
interface Cut {
  /** Bytes of header that every piece has, and where among them the number of the header behind them is. */
  hlen: number;
  nhoff: number;
  /** That number, as it was. */
  nexthdr: number;
  id: number;
}

/** `ip6_find_1stfragopt` fills in `cut`: bytes of header that every piece has; -EINVAL: the headers make no sense. */
export function ip6FindFirstFragopt(skb: SkBuff, cut: { nhoff: number }): number {
  const { bytes, networkHeader: iph } = skb;
  const len = skb.tail - iph;
  let routing = false;
  cut.nhoff = IPV6HDR_NEXTHDR;
  for (let at = IPV6HDR_LEN; at <= len; ) {
    const kind = bytes[iph + cut.nhoff];
    if (kind !== IPPROTO_HOPOPTS && kind !== IPPROTO_ROUTING && kind !== IPPROTO_DSTOPTS) return at;
    // Destination options behind a routing header are for the end of the way only.
    if (kind === IPPROTO_DSTOPTS && routing) return at;
    routing ||= kind === IPPROTO_ROUTING;
    if (at + 2 > len) return -EINVAL;
    const optlen = ipv6Optlen(bytes, iph + at);
    if (at + optlen >= IPV6_MAXPLEN) return -EINVAL;
    cut.nhoff = at;
    at += optlen;
  }
  return -EINVAL;
}

/** `ipv6_select_ident`: an identification that nobody can guess; never 0. */
export function ipv6SelectIdent(net: Net): number {
  for (;;) {
    const id = net.kernel.random.u32();
    if (id !== 0) return id;
  }
}

/**
 * `ip6_fragment`: cuts a packet into pieces that the way takes and sends each through `output`. Takes over the sk_buff. 0, or -EMSGSIZE (it
 * may not be cut: the sender is told), -EINVAL, -ENOMEM, or the first error of `output`.
 */
export function ip6Fragment(net: Net, sk: SkbSock | null, skb: SkBuff, output: Ip6FragmentOutput): number {
  const state = ipv6Net.of(net);
  const rt = skb.dst as Rt6Info;
  const cut: Cut = { hlen: 0, nhoff: 0, nexthdr: 0, id: 0 };
  cut.hlen = ip6FindFirstFragopt(skb, cut);
  if (cut.hlen < 0) return failed(state, rt, skb, -EINVAL);
  const mtu = ip6SkbDstMtu(skb);
  const received = skb.cb[IP6CB_FRAG_MAX_SIZE];
  if ((!skb.ignoreDf && skb.len > mtu) || received > mtu) return tooBig(state, rt, skb, mtu);
  const limit = pieceLimit(mtu, received, inet6Sk(skb.sk)?.fragSize ?? 0);
  if (limit < cut.hlen + FRAGHDR_LEN + 8) return tooBig(state, rt, skb, limit);
  if (skb.ipSummed === CHECKSUM_PARTIAL && skbChecksumHelp(skb) !== 0) return failed(state, rt, skb, -ENOMEM);
  cut.id = ipv6SelectIdent(net);
  cut.nexthdr = skb.bytes[skb.networkHeader + cut.nhoff];
  // The packet, and with it its hold on the route, may be gone before the last counter.
  rt.hold();
  const err = sendPieces(net, sk, skb, state, rt, cut, limit - cut.hlen - FRAGHDR_LEN, output);
  ip6IncStats(state, rt.idev, err === 0 ? IPSTATS_MIB_FRAGOKS : IPSTATS_MIB_FRAGFAILS);
  rt.release();
  return err;
}

/** What came in pieces goes on in no longer ones; a socket may want shorter ones. */
function pieceLimit(mtu: number, received: number, fragSize: number): number {
  const limit = received === 0 ? mtu : Math.max(received, IPV6_MIN_MTU);
  return fragSize !== 0 && fragSize < limit ? fragSize : limit;
}

/** The packet is longer than the way's MTU and must not be cut: its sender is told. */
function tooBig(state: Ipv6Net, rt: Rt6Info, skb: SkBuff, mtu: number): number {
  state.ip.icmp?.icmpv6Send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
  return failed(state, rt, skb, -EMSGSIZE);
}

function failed(state: Ipv6Net, rt: Rt6Info, skb: SkBuff, err: number): number {
  ip6IncStats(state, rt.idev, IPSTATS_MIB_FRAGFAILS);
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return err;
}

/** With pieces of at most `room` bytes of payload. */
function sendPieces(
  net: Net,
  sk: SkbSock | null,
  skb: SkBuff,
  state: Ipv6Net,
  rt: Rt6Info,
  cut: Cut,
  room: number,
  output: Ip6FragmentOutput,
): number {
  const counted: Ip6FragmentOutput = (n, s, piece) => {
    const err = output(n, s, piece);
    if (err === 0) ip6IncStats(state, rt.idev, IPSTATS_MIB_FRAGCREATES);
    return err;
  };
  const reserved = llReservedSpace(rt.dev);
  if (fragListFits(skb, room, cut.hlen, FRAGHDR_LEN, reserved)) return sendList(net, sk, skb, cut, counted);
  return cutPieces(net, sk, skb, cut, room, reserved, counted);
}

/** Fast path: every sk_buff of the list becomes a fragment. */
function sendList(net: Net, sk: SkbSock | null, skb: SkBuff, cut: Cut, output: Ip6FragmentOutput): number {
  let next = fragListTake(skb);
  const header = skb.networkHeader;
  skb.pull(cut.hlen);
  skb.networkHeader = skb.push(cut.hlen + FRAGHDR_LEN);
  copyBytes(skb.bytes, skb.networkHeader, skb.bytes, header, cut.hlen);
  for (let piece = skb, offset = 0; ; ) {
    const rest: SkBuff | null = next;
    if (rest !== null) prepare(piece, rest, cut.hlen);
    setFragHeader(piece, cut, offset, rest !== null);
    offset += piece.len - cut.hlen - FRAGHDR_LEN;
    const err = output(net, sk, piece);
    if (err !== 0 || rest === null) return err === 0 ? 0 : fragListFree(rest, err);
    next = rest.next;
    rest.next = null;
    piece = rest;
  }
}

/** Gives the next piece headers like those of this one, which is about to be sent. */
function prepare(from: SkBuff, to: SkBuff, hlen: number): void {
  to.ipSummed = CHECKSUM_NONE;
  to.transportHeader = to.data;
  to.networkHeader = to.push(hlen + FRAGHDR_LEN);
  copyBytes(to.bytes, to.networkHeader, from.bytes, from.networkHeader, hlen);
  fragCopyMetadata(to, from);
  copyControl(to, from);
}

/** What IPv6 notes of the packet holds for each piece, but for how long the fragments were in which it came. */
function copyControl(to: SkBuff, from: SkBuff): void {
  to.cb[IP6CB_FRAG_MAX_SIZE] = 0;
  to.cb[IP6CB_FLAGS] = from.cb[IP6CB_FLAGS];
}

/** Writes the fragment header behind the `hlen` bytes that all pieces have, and the length of the piece. */
function setFragHeader({ bytes, networkHeader: iph, len }: SkBuff, cut: Cut, offset: number, more: boolean): void {
  const at = iph + cut.hlen;
  bytes[iph + cut.nhoff] = IPPROTO_FRAGMENT;
  bytes[at + FRAGHDR_NEXTHDR] = cut.nexthdr;
  bytes[at + 1] = 0;
  setBe16(bytes, at + FRAGHDR_FRAG_OFF, offset | (more ? IP6_MF : 0));
  setBe32(bytes, at + FRAGHDR_IDENTIFICATION, cut.id);
  setBe16(bytes, iph + IPV6HDR_PAYLOAD_LEN, len - IPV6HDR_LEN);
}

/** Slow path: a new sk_buff for each piece. */
function cutPieces(net: Net, sk: SkbSock | null, skb: SkBuff, cut: Cut, room: number, reserved: number, output: Ip6FragmentOutput): number {
  for (let at = cut.hlen, left = skb.len - cut.hlen; left > 0; ) {
    let len = Math.min(room, left);
    if (len < left) len &= ~7;
    const piece = fragMakePiece(skb, at, len, cut.hlen, FRAGHDR_LEN, reserved);
    if (piece === null) return fragListFree(skb, -ENOMEM);
    copyControl(piece, skb);
    left -= len;
    setFragHeader(piece, cut, at - cut.hlen, left > 0);
    at += len;
    const err = output(net, sk, piece);
    if (err !== 0) return fragListFree(skb, err);
  }
  skb.consume();
  return 0;
}
