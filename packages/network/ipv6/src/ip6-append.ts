/**
 * From data to IPv6 packets (`ip6_append_data`, `ip6_make_skb` in `net/ipv6/ip6_output.c`), for UDP, raw and ping sockets and ICMPv6.
 *
 *   ip6MakeSkb → ip6SendSkb                                at once, without looking at what the socket has corked
 *   ip6AppendData … ip6AppendData → ip6PushPendingFrames   several sends become one packet (MSG_MORE)
 *
 * What is longer than the way's MTU is laid out as fragments from the start (ip6-append-pieces.ts).
 */
import { CHECKSUM_PARTIAL, type Net, NET_XMIT_CN, NETIF_F_HW_CSUM, NETIF_F_IPV6_CSUM, type SkBuff } from '@skbuff/core';
import { inetFreePieces, inetJoinPieces } from '@skbuff/inet';
import {
  EAGAIN,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  IPPROTO_ICMPV6,
  IPPROTO_RAW,
  IPPROTO_UDP,
  IPSTATS_MIB_OUTDISCARDS,
  IPSTATS_MIB_OUTREQUESTS,
  IPV6_MIN_MTU,
  IPV6_PMTUDISC_DO,
  IPV6_PMTUDISC_OMIT,
  IPV6_PMTUDISC_PROBE,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_PROBE,
} from '@skbuff/uapi';
import { FRAGHDR_LEN, In6Addr, IPV6HDR_DADDR, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_SADDR, copyBytes, setBe32 } from '@skbuff/wire';
import { ipv6PushFragOpts, ipv6PushNfragOpts } from './exthdrs-tx.ts';
import type { Flowi6 } from './flow.ts';
import { type Ip6Pieces, appendPieces, newPiece } from './ip6-append-pieces.ts';
import { ip6Autoflowlabel, ip6MakeFlowlabel } from './ip6-flowlabel.ts';
import { ip6SkDstHoplimit } from './ip6-hoplimit.ts';
import { ip6LocalOut } from './ip6-output.ts';
import { ipv6Net } from './ipv6-net.ts';
import { type Inet6Sock, type Ipcm6Cookie, type Ipv6Pinfo, type Ipv6TxOptions, optFlen, optNflen } from './ipv6-sock.ts';
import { IP6_MAX_MTU, type Rt6Info, ip6Mtu } from './rt6-info.ts';
import { ip6IncStats } from './snmp.ts';

/** What is sent, and how much room its transport wants in front of it. Kept by the sender and filled in for each send. */
export interface Ip6Payload {
  readonly bytes: Uint8Array;
  /** Where in `bytes` it begins, and how long it is. */
  readonly from: number;
  readonly length: number;
  /** Bytes of the transport's header, which it fills in itself. */
  readonly transhdrlen: number;
}

/** Where the packet goes first, while a routing header is put in. */
const firstStop: In6Addr = new In6Addr();

/** `ip6_sk_ignore_df`: the socket's packets are cut here when they are too long. */
function ip6SkIgnoreDf({ pmtudisc }: Ipv6Pinfo): boolean {
  return pmtudisc < IPV6_PMTUDISC_DO || pmtudisc === IPV6_PMTUDISC_OMIT;
}

/** Length of the longest packet, or piece of one, that this socket sends, header included. */
export function ip6SkFragSize(np: Ipv6Pinfo, rt: Rt6Info): number {
  const mtu = np.pmtudisc >= IPV6_PMTUDISC_PROBE ? rt.dev.mtu : ip6Mtu(rt);
  return np.fragSize !== 0 && np.fragSize < mtu ? np.fragSize : mtu;
}

/**
 * `ip6_make_skb`: one packet of `payload`, behind its `transhdrlen` bytes for the transport to fill in (at `transportHeader`), with the
 * extension headers of `ipc.opt`. The headers are complete but for the length, which {@link ip6SendSkb} adds. When the device can sum and
 * UDP's packet is whole, `ipSummed` is CHECKSUM_PARTIAL; `csumStart` and `csumOffset` are the transport's to set.
 *
 * With `ipc.gsoSize` it may be as long as IP allows: the transport makes a super-packet of it.
 *
 * The reference on `rt` is taken over with the sk_buff. Or a negative errno, and nothing is taken: -EMSGSIZE, -EINVAL (the way is too narrow
 * for IPv6), -ENOBUFS, what `sk.mayAlloc` says; or 0 with MSG_PROBE, which sends nothing.
 */
export function ip6MakeSkb(sk: Inet6Sock, fl6: Flowi6, payload: Ip6Payload, ipc: Ipcm6Cookie, rt: Rt6Info, flags: number): SkBuff | number {
  if ((flags & MSG_PROBE) !== 0) return 0;
  const np = sk.pinet6 as Ipv6Pinfo;
  const mtu = ip6SkFragSize(np, rt);
  const { length, transhdrlen } = payload;
  const total = transhdrlen + length;
  if (ipc.opt !== null || IPV6HDR_LEN + total > mtu || mtu < IPV6_MIN_MTU) return makePieces(sk, fl6, payload, ipc, rt, mtu, flags);
  const skb = newPiece(sk, rt, IPV6HDR_LEN, total, total, transhdrlen === 0);
  if (typeof skb === 'number') return discarded(sk, rt, skb, flags);
  if (transhdrlen !== 0 && fl6.proto === IPPROTO_UDP && (rt.dev.features & (NETIF_F_HW_CSUM | NETIF_F_IPV6_CSUM)) !== 0) {
    skb.ipSummed = CHECKSUM_PARTIAL;
  }
  copyBytes(skb.bytes, skb.transportHeader + transhdrlen, payload.bytes, payload.from, length);
  writeHeader(sk, skb, np, fl6, fl6.daddr, rt, fl6.proto, ipc.hlimit, ipc.tclass);
  skb.priority = ipc.priority;
  skb.mark = ipc.mark;
  return skb;
}

/** As {@link ip6MakeSkb}, for a packet with extension headers or one longer than the path's MTU. */
function makePieces(sk: Inet6Sock, fl6: Flowi6, payload: Ip6Payload, ipc: Ipcm6Cookie, rt: Rt6Info, fragsize: number, flags: number): SkBuff | number {
  const queue: SkBuff[] = [];
  const err = appendTo(queue, sk, fl6, payload, ipc.opt, 0, ipc.dontfrag, ipc.gsoSize, rt, fragsize, payload.transhdrlen, flags);
  if (err < 0) {
    inetFreePieces(queue);
    return err;
  }
  return finish(sk, queue, fl6, rt, ipc.opt, ipc.hlimit, ipc.tclass, ipc.priority, ipc.mark);
}

/**
 * `__ip6_append_data`: checks the length, then appends. `before`: bytes that are in the queue already. The bytes that were added, or a
 * negative errno with some of them in the queue.
 */
function appendTo(
  queue: SkBuff[],
  sk: Inet6Sock,
  fl6: Flowi6,
  payload: Ip6Payload,
  opt: Ipv6TxOptions | null,
  before: number,
  dontfrag: number,
  gsoSize: number,
  rt: Rt6Info,
  fragsize: number,
  transhdrlen: number,
  flags: number,
): number {
  if (fragsize < IPV6_MIN_MTU) return -EINVAL;
  const first = queue.length === 0;
  const head = first ? transhdrlen + optFlen(opt) : 0;
  const length = head + payload.length;
  const hlen = IPV6HDR_LEN + optNflen(opt);
  const headers = hlen + optFlen(opt);
  const mtu = gsoSize !== 0 ? IP6_MAX_MTU : fragsize;
  const refused = tooLong(sk, fl6, mtu, headers, head, before + length, dontfrag);
  if (refused !== 0) return refused;
  const summed = transhdrlen !== 0 && first && fl6.proto === IPPROTO_UDP && headers === IPV6HDR_LEN && length <= mtu - headers;
  const whole = (flags & MSG_MORE) === 0 || gsoSize !== 0;
  const able = (rt.dev.features & (NETIF_F_HW_CSUM | NETIF_F_IPV6_CSUM)) !== 0;
  const pieces: Ip6Pieces = { queue, rt, hlen, mtu, total: before + length, more: (flags & MSG_MORE) !== 0, partial: summed && whole && able };
  const err = appendPieces(sk, pieces, payload, head, optFlen(opt));
  return err < 0 ? discarded(sk, rt, err, flags) : length;
}

/**
 * Whether a packet of `total` bytes behind its headers is too long, cut or not: 0 or -EMSGSIZE, and the sender hears how long its packets
 * may be. `head`: what has to be in the first piece with all headers (RFC 7112 §5).
 */
function tooLong(sk: Inet6Sock, fl6: Flowi6, mtu: number, headers: number, head: number, total: number, dontfrag: number): number {
  const np = sk.pinet6 as Ipv6Pinfo;
  const pmtu = Math.max(mtu - headers + IPV6HDR_LEN, 0);
  const whole = dontfrag < 0 ? np.dontfrag : dontfrag !== 0;
  const cuttable = !whole || (fl6.proto !== IPPROTO_UDP && fl6.proto !== IPPROTO_ICMPV6 && fl6.proto !== IPPROTO_RAW);
  let fits = headers + head <= mtu && mtu - headers > FRAGHDR_LEN;
  if (fits && total > mtu - headers && !cuttable) {
    sk.localRxpmtu(fl6, pmtu);
    fits = false;
  }
  if (fits && total <= (ip6SkIgnoreDf(np) ? IP6_MAX_MTU : mtu) - headers) return 0;
  sk.localError6(EMSGSIZE, fl6, pmtu);
  return -EMSGSIZE;
}

/** What may wait for room comes again, so it has not failed. */
function discarded({ net }: Inet6Sock, { idev }: Rt6Info, err: number, flags: number): number {
  if (err === -EAGAIN && (flags & MSG_DONTWAIT) === 0) return err;
  ip6IncStats(ipv6Net.of(net), idev, IPSTATS_MIB_OUTDISCARDS);
  return err;
}

/** `__ip6_make_skb`: one sk_buff of the pieces, all its headers, and the route. */
function finish(
  sk: Inet6Sock,
  queue: SkBuff[],
  fl6: Flowi6,
  rt: Rt6Info,
  opt: Ipv6TxOptions | null,
  hlimit: number,
  tclass: number,
  priority: number,
  mark: number,
): SkBuff {
  const skb = inetJoinPieces(queue);
  let { proto } = fl6;
  firstStop.copy(fl6.daddr);
  if (opt !== null) {
    skb.pull(skb.transportHeader - skb.data);
    proto = ipv6PushFragOpts(skb, opt, proto);
    proto = ipv6PushNfragOpts(skb, opt, proto, firstStop);
    skb.networkHeader = skb.push(IPV6HDR_LEN);
  }
  writeHeader(sk, skb, sk.pinet6 as Ipv6Pinfo, fl6, firstStop, rt, proto, hlimit, tclass);
  skb.priority = priority;
  skb.mark = mark;
  return skb;
}

/** The header, and the route. `hlimit` -1: the socket's. */
function writeHeader(
  sk: Inet6Sock,
  skb: SkBuff,
  np: Ipv6Pinfo,
  fl6: Flowi6,
  daddr: In6Addr,
  rt: Rt6Info,
  proto: number,
  hlimit: number,
  tclass: number,
): void {
  const { bytes, networkHeader: iph } = skb;
  const state = ipv6Net.of(sk.net);
  if (ip6SkIgnoreDf(np)) skb.ignoreDf = true;
  setBe32(bytes, iph, 0x60000000 | (tclass << 20) | ip6MakeFlowlabel(state, skb, fl6, ip6Autoflowlabel(state, np)));
  bytes[iph + IPV6HDR_NEXTHDR] = proto;
  bytes[iph + IPV6HDR_HOP_LIMIT] = hlimit >= 0 ? hlimit : ip6SkDstHoplimit(np, fl6, rt);
  fl6.saddr.store(bytes, iph + IPV6HDR_SADDR);
  daddr.store(bytes, iph + IPV6HDR_DADDR);
  skb.dstSet(rt);
  state.stats[IPSTATS_MIB_OUTREQUESTS]++;
  if (rt.idev !== null) rt.idev.stats[IPSTATS_MIB_OUTREQUESTS]++;
}

/**
 * `ip6_append_data`: adds to the packet that the socket has corked, or begins one; see {@link ip6MakeSkb} for the arguments. The first
 * call takes flow, options, route and the reference on `rt` over, if it succeeds; later ones look at none of them. 0 or a
 * negative errno; after one from a later call the caller flushes ({@link ip6FlushPendingFrames}).
 */
export function ip6AppendData(sk: Inet6Sock, fl6: Flowi6, payload: Ip6Payload, ipc: Ipcm6Cookie, rt: Rt6Info, flags: number): number {
  if ((flags & MSG_PROBE) !== 0) return 0;
  const { cork } = sk.pinet6 as Ipv6Pinfo;
  const { queue } = cork;
  const first = queue.length === 0;
  if (first) ip6SetupCork(sk, fl6, ipc, rt);
  const way = cork.dst as Rt6Info;
  const added = appendTo(queue, sk, cork.fl6, payload, cork.opt, cork.length, cork.dontfrag, cork.gsoSize, way, cork.fragsize, payload.transhdrlen, flags);
  if (added >= 0) {
    cork.length += added;
    return 0;
  }
  if (first) {
    cork.dst = null;
    ip6FlushPendingFrames(sk);
  }
  return added;
}

/** `ip6_setup_cork`. */
function ip6SetupCork(sk: Inet6Sock, fl6: Flowi6, ipc: Ipcm6Cookie, rt: Rt6Info): void {
  const np = sk.pinet6 as Ipv6Pinfo;
  const { cork } = np;
  if (cork.fl6 !== fl6) cork.fl6.copy(fl6);
  cork.dst = rt;
  cork.opt = ipc.opt;
  cork.length = 0;
  cork.fragsize = ip6SkFragSize(np, rt);
  cork.hopLimit = ipc.hlimit;
  cork.tclass = ipc.tclass;
  cork.priority = ipc.priority;
  cork.mark = ipc.mark;
  cork.gsoSize = ipc.gsoSize;
  cork.dontfrag = ipc.dontfrag < 0 ? Number(np.dontfrag) : ipc.dontfrag;
}

/** `ip6_finish_skb`: what the socket has corked as one packet, ready for {@link ip6SendSkb}; null if there is nothing. The cork is empty then. */
export function ip6FinishSkb(sk: Inet6Sock): SkBuff | null {
  const { cork } = sk.pinet6 as Ipv6Pinfo;
  if (cork.queue.length === 0) return null;
  const skb = finish(sk, cork.queue, cork.fl6, cork.dst as Rt6Info, cork.opt, cork.hopLimit, cork.tclass, cork.priority, cork.mark);
  cork.dst = null;
  cork.opt = null;
  cork.length = 0;
  return skb;
}

/** `ip6_push_pending_frames`: sends what the socket has corked. 0 or a negative errno. */
export function ip6PushPendingFrames(sk: Inet6Sock): number {
  const skb = ip6FinishSkb(sk);
  return skb === null ? 0 : ip6SendSkb(sk.net, skb);
}

/** `ip6_flush_pending_frames`: throws away what the socket has corked, and gives the route back. */
export function ip6FlushPendingFrames(sk: Inet6Sock): void {
  const { cork } = sk.pinet6 as Ipv6Pinfo;
  inetFreePieces(cork.queue);
  cork.dst?.release();
  cork.dst = null;
  cork.opt = null;
  cork.length = 0;
}

/** `ip6_send_skb`: sends a finished packet. Takes over the sk_buff. 0 or a negative errno (-ENOBUFS for one that a queue dropped). */
export function ip6SendSkb(net: Net, skb: SkBuff): number {
  const { idev } = skb.dst as Rt6Info;
  if (skb.bytes[skb.networkHeader + IPV6HDR_NEXTHDR] === IPPROTO_ICMPV6) {
    ipv6Net.of(net).ip.icmp?.outCount(net, idev, skb.bytes[skb.transportHeader]);
  }
  const err = ip6LocalOut(net, skb.sk, skb);
  if (err === 0) return 0;
  const errno = err < 0 ? err : err === NET_XMIT_CN ? 0 : -ENOBUFS;
  if (errno !== 0) ip6IncStats(ipv6Net.of(net), idev, IPSTATS_MIB_OUTDISCARDS);
  return errno;
}
