/**
 * From data to IP packets (`ip_append_data`, `ip_make_skb` in `net/ipv4/ip_output.c`), for UDP, raw and ping sockets and ICMP.
 *
 *   ipMakeSkb → ipSendSkb                              at once, without looking at what the socket has corked
 *   ipAppendData … ipAppendData → ipPushPendingFrames  several sends become one packet (MSG_MORE)
 *
 * A packet that is longer than the way's MTU is laid out as fragments from the start: pieces of a multiple of 8 bytes, each with room
 * for its own header, the later ones in the `fragList` of the first.
 */
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  type DstEntry,
  llReservedSpace,
  type Net,
  NET_XMIT_CN,
  NETIF_F_HW_CSUM,
  NETIF_F_IP_CSUM,
  NETIF_F_SG,
  skbTailroom,
  type SkBuff,
} from '@skbuff/core';
import { inetFreePieces, inetJoinPieces } from '@skbuff/inet';
import {
  EAGAIN,
  EMSGSIZE,
  ENETUNREACH,
  ENOBUFS,
  IPPROTO_ICMP,
  IPSTATS_MIB_OUTDISCARDS,
  IP_DF,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_OMIT,
  IP_PMTUDISC_PROBE,
  IP_PMTUDISC_WANT,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_PROBE,
  RTAX_HOPLIMIT,
  RTN_MULTICAST,
} from '@skbuff/uapi';
import {
  IPHDR_DADDR,
  IPHDR_FRAG_OFF,
  IPHDR_ID,
  IPHDR_LEN,
  IPHDR_PROTOCOL,
  IPHDR_SADDR,
  IPHDR_TOS,
  IPHDR_TTL,
  copyBytes,
  setBe16,
  setBe32,
} from '@skbuff/wire';
import type { Flowi4 } from './flow.ts';
import type { InetCork, InetSock, IpcmCookie, IpPayload } from './inet-sock.ts';
import { ipSelectIdent, nextInetId } from './ip-ident.ts';
import { IpOptions } from './ip-options.ts';
import { ipLocalOut } from './ip-output.ts';
import { ipv4Net } from './ipv4-net.ts';
import { type Rtable, ipMtuLocked, ipv4Mtu } from './rtable.ts';

const IP_MAX_MTU = 0xffff;
/** Smallest MTU with which IPv4 works (RFC 791). */
export const IPV4_MIN_MTU = 68;
/** What Linux charges for an sk_buff with room for headers only, and how long an sk_buff may be before its payload goes to pages. */
const SMALL_SKB_TRUESIZE = 832;
const SKB_MAX_ALLOC = 16064;

/** `ip_sk_use_pmtu`: the socket believes what was learned about the path. */
function ipSkUsePmtu(sk: InetSock): boolean {
  return sk.pmtudisc < IP_PMTUDISC_PROBE;
}

/** `ip_sk_ignore_df`: the socket's packets are cut here when they are too long, whatever their DF says. */
function ipSkIgnoreDf(sk: InetSock): boolean {
  return sk.pmtudisc < IP_PMTUDISC_DO || sk.pmtudisc === IP_PMTUDISC_OMIT;
}

/** `ip_dont_fragment`: the socket's packets of ordinary length carry DF. */
export function ipDontFragment(sk: InetSock, rt: Rtable): boolean {
  return sk.pmtudisc === IP_PMTUDISC_DO || (sk.pmtudisc === IP_PMTUDISC_WANT && !ipMtuLocked(rt));
}

/** Whether a packet carries DF; `fits`: it is no longer than the path's MTU. */
function ipSendsDf(sk: InetSock, rt: Rtable, fits: boolean): boolean {
  const { pmtudisc } = sk;
  if (pmtudisc === IP_PMTUDISC_WANT) return fits && !ipMtuLocked(rt);
  return pmtudisc === IP_PMTUDISC_DO || pmtudisc === IP_PMTUDISC_PROBE;
}

/** `ip_select_ttl`: the socket's, the route's or the namespace's. */
export function ipSelectTtl(sk: InetSock, rt: Rtable): number {
  if (rt.type === RTN_MULTICAST) return sk.mcTtl;
  if (sk.ucTtl >= 0) return sk.ucTtl;
  return rt.metric(RTAX_HOPLIMIT) || ipv4Net.of(sk.net).ipDefaultTtl;
}

/** Length of the longest piece that this socket's packets are cut into, header included: 0 when the way is too narrow for IPv4. */
export function ipSkFragSize(sk: InetSock, rt: Rtable): number {
  const mtu = ipSkUsePmtu(sk) ? ipv4Mtu(rt) : rt.dev.mtu;
  return mtu < IPV4_MIN_MTU ? 0 : Math.min(mtu, IP_MAX_MTU);
}

/** Whether `total` bytes behind a header of `hlen` are too many, cut or not: 0 or -EMSGSIZE. */
function tooLong(sk: InetSock, fl4: Flowi4, mtu: number, hlen: number, total: number): number {
  return total <= (ipSkIgnoreDf(sk) ? IP_MAX_MTU : mtu) - hlen ? 0 : refuseLong(sk, fl4, mtu, hlen);
}

/** The sender hears how long its packets may be. -EMSGSIZE. */
function refuseLong(sk: InetSock, fl4: Flowi4, mtu: number, hlen: number): number {
  sk.localError(EMSGSIZE, fl4.daddr, mtu - (hlen - IPHDR_LEN));
  return -EMSGSIZE;
}

/**
 * `ip_make_skb`: one packet of `payload`, behind its `transhdrlen` bytes for the transport to fill in (at `transportHeader`). The IP
 * header is complete but for length and checksum, which {@link ipSendSkb} adds. When the device can sum and the packet is whole,
 * `ipSummed` is CHECKSUM_PARTIAL; `csumStart` and `csumOffset` are the transport's to set.
 *
 * With `ipc.gsoSize` it may be as long as IP allows: the transport makes a super-packet of it.
 *
 * What is longer than the path's MTU is {@link ipv4Fragments}' to lay out; a stack without it says -EMSGSIZE.
 *
 * The reference on `rt` is taken over with the sk_buff. Or a negative errno, and nothing is taken: -EMSGSIZE, -ENETUNREACH, -ENOBUFS,
 * what `sk.mayAlloc` says; or 0 with MSG_PROBE, which sends nothing. Options are those of `ipc`.
 */
export function ipMakeSkb(sk: InetSock, fl4: Flowi4, payload: IpPayload, ipc: IpcmCookie, rt: Rtable, flags: number): SkBuff | number {
  if ((flags & MSG_PROBE) !== 0) return 0;
  const { opt } = ipc;
  const { length, transhdrlen } = payload;
  const hlen = opt === null ? IPHDR_LEN : IPHDR_LEN + opt.optlen;
  const mtu = ipSkFragSize(sk, rt);
  if (mtu === 0) return -ENETUNREACH;
  const total = transhdrlen + length;
  if (hlen + total > mtu) {
    const { fragments } = ipv4Net.of(sk.net).ip;
    if (fragments === null) return refuseLong(sk, fl4, mtu, hlen);
    return fragments.makeList(sk, fl4, payload, ipc, rt, mtu, flags);
  }
  const skb = newPiece(sk, rt, hlen, total, total, transhdrlen === 0);
  if (typeof skb === 'number') return discarded(sk, skb, flags);
  if (transhdrlen !== 0 && (rt.dev.features & (NETIF_F_HW_CSUM | NETIF_F_IP_CSUM)) !== 0) skb.ipSummed = CHECKSUM_PARTIAL;
  copyBytes(skb.bytes, skb.transportHeader + transhdrlen, payload.bytes, payload.from, length);
  writeHeader(sk, skb, fl4, rt, opt, ipc.addr, ipc.ttl, ipc.tos, ipSendsDf(sk, rt, true));
  skb.priority = ipc.priority;
  skb.mark = ipc.mark;
  return skb;
}

/** As {@link ipMakeSkb}, for a packet longer than the path's MTU, in pieces of `pathMtu` bytes. */
export function ipMakeList(sk: InetSock, fl4: Flowi4, payload: IpPayload, ipc: IpcmCookie, rt: Rtable, pathMtu: number, flags: number): SkBuff | number {
  const queue: SkBuff[] = [];
  const hlen = IPHDR_LEN + (ipc.opt?.optlen ?? 0);
  const mtu = ipc.gsoSize !== 0 ? IP_MAX_MTU : pathMtu;
  const refused = tooLong(sk, fl4, mtu, hlen, payload.transhdrlen + payload.length);
  if (refused !== 0) return refused;
  const err = appendPieces(sk, queue, rt, hlen, mtu, payload, payload.transhdrlen, 0);
  if (err !== 0) {
    inetFreePieces(queue);
    return discarded(sk, err, flags);
  }
  const skb = inetJoinPieces(queue);
  writeHeader(sk, skb, fl4, rt, ipc.opt, ipc.addr, ipc.ttl, ipc.tos, ipSendsDf(sk, rt, false));
  skb.priority = ipc.priority;
  skb.mark = ipc.mark;
  return skb;
}

/** What may wait for room comes again, so it has not failed. */
function discarded({ net }: InetSock, err: number, flags: number): number {
  if (err === -EAGAIN && (flags & MSG_DONTWAIT) === 0) return err;
  ipv4Net.of(net).stats[IPSTATS_MIB_OUTDISCARDS]++;
  return err;
}

/** An sk_buff with `hlen` bytes of IP header and `len` of payload, none of it written, and room to grow to `room` of payload. */
function newPiece(sk: InetSock, rt: Rtable, hlen: number, len: number, room: number, more: boolean): SkBuff | number {
  const refused = sk.mayAlloc(more);
  if (refused !== 0) return refused;
  const reserved = llReservedSpace(rt.dev);
  const skb = sk.net.skbs.alloc(reserved + hlen + room + rt.trailerLen + 15);
  if (skb === null) return -ENOBUFS;
  skb.reserve(reserved);
  skb.networkHeader = skb.put(hlen + len);
  skb.transportHeader = skb.networkHeader + hlen;
  sk.setOwnerW(skb);
  return skb;
}

/**
 * `__ip_append_data`: adds `transhdrlen` bytes for the transport and `payload` to the pieces in `queue`. The last
 * piece may be as long as the MTU allows; once more follows, what is beyond a multiple of 8 moves on to the next. 0, or a negative
 * errno with some of it appended.
 *
 * To a device that gathers (NETIF_F_SG) Linux gives what is appended in pages, of which the socket pays for what is used; for others it
 * makes room for a whole piece at once.
 */
function appendPieces(sk: InetSock, queue: SkBuff[], rt: Rtable, hlen: number, mtu: number, payload: IpPayload, transhdrlen: number, flags: number): number {
  const { bytes } = payload;
  const fullLen = ((mtu - hlen) & ~7) + hlen;
  const pages = (rt.dev.features & NETIF_F_SG) !== 0;
  const more = (flags & MSG_MORE) !== 0;
  let skb: SkBuff | null = queue.length > 0 ? (queue[queue.length - 1] as SkBuff) : null;
  for (let at = payload.from, left = payload.length; skb === null || left > 0; ) {
    let copy = skb === null ? 0 : mtu - skb.len;
    if (skb !== null && copy < left) copy = fullLen - skb.len;
    if (skb !== null && copy > 0) {
      if (copy > left) copy = left;
      const missing = skbTailroom(skb) < copy;
      if (missing && skb.cache.expandHead(skb, 0, mtu - skb.len - skbTailroom(skb)) !== 0) return -ENOBUFS;
      if (pages || missing) chargeMore(sk, skb, copy);
      skb.putData(bytes, at, copy);
      at += copy;
      left -= copy;
      continue;
    }
    const prev: SkBuff | null = skb;
    const gap = prev === null ? 0 : prev.len - fullLen;
    const head = transhdrlen + gap;
    const len = Math.min(head + left, head + left > mtu - hlen ? fullLen - hlen : mtu - hlen);
    const piece: SkBuff | number = newPiece(sk, rt, hlen, len, more && !pages ? mtu - hlen : len, transhdrlen === 0);
    if (typeof piece === 'number') return piece;
    if (more && pages && llReservedSpace(rt.dev) + hlen + len + rt.trailerLen + 15 >= SKB_MAX_ALLOC) {
      chargeMore(sk, piece, SMALL_SKB_TRUESIZE + len - head - piece.truesize);
    }
    if (prev !== null && gap > 0) {
      copyBytes(piece.bytes, piece.transportHeader, prev.bytes, prev.data + fullLen, gap);
      prev.trim(fullLen);
    }
    copy = len - head;
    copyBytes(piece.bytes, piece.transportHeader + head, bytes, at, copy);
    at += copy;
    left -= copy;
    transhdrlen = 0;
    queue.push(piece);
    skb = piece;
  }
  return 0;
}

/** The socket pays for `bytes` more of `skb` (or fewer). */
function chargeMore(sk: InetSock, skb: SkBuff, bytes: number): void {
  skb.orphan();
  skb.truesize += bytes;
  sk.setOwnerW(skb);
}

/** What `__ip_make_skb` ends with: the header, and the route. */
function writeHeader(
  sk: InetSock,
  skb: SkBuff,
  fl4: Flowi4,
  rt: Rtable,
  opt: IpOptions | null,
  addr: number,
  ttl: number,
  tos: number,
  df: boolean,
): void {
  const { bytes } = skb;
  const iph = skb.networkHeader;
  if (ipSkIgnoreDf(sk)) skb.ignoreDf = true;
  bytes[iph] = 0x45;
  bytes[iph + IPHDR_TOS] = tos >= 0 ? tos : sk.tos;
  bytes[iph + IPHDR_FRAG_OFF] = df ? IP_DF >>> 8 : 0;
  bytes[iph + IPHDR_FRAG_OFF + 1] = 0;
  bytes[iph + IPHDR_TTL] = ttl >= 0 ? ttl : ipSelectTtl(sk, rt);
  bytes[iph + IPHDR_PROTOCOL] = fl4.proto;
  setBe32(bytes, iph + IPHDR_SADDR, fl4.saddr);
  setBe32(bytes, iph + IPHDR_DADDR, fl4.daddr);
  if (sk.inetDaddr !== 0) setBe16(bytes, iph + IPHDR_ID, nextInetId(sk, 1));
  else ipSelectIdent(sk.net, skb, sk);
  skb.dstSet(rt);
  if (opt === null || opt.optlen === 0) return;
  bytes[iph] += opt.optlen >> 2;
  ipv4Net.of(sk.net).ip.options?.build(sk.net, skb, opt, addr, rt);
}

/**
 * `ip_append_data`: adds to the packet that the socket has corked, or begins one; see {@link ipMakeSkb} for the arguments. The first
 * call takes options, route and the reference on `rt` over, if it succeeds; later ones do not look at `ipc`, `rt` and
 * `payload.transhdrlen`. Addresses are those of the last call. 0 or a negative errno; after one from a later call the caller flushes
 * ({@link ipFlushPendingFrames}).
 */
export function ipAppendData(sk: InetSock, fl4: Flowi4, payload: IpPayload, ipc: IpcmCookie, rt: Rtable, flags: number): number {
  if ((flags & MSG_PROBE) !== 0) return 0;
  const { cork } = sk;
  const first = cork.queue.length === 0;
  if (first) {
    const err = ipSetupCork(sk, ipc, rt);
    if (err !== 0) return err;
  }
  if (fl4 !== cork.fl4) Object.assign(cork.fl4, fl4);
  const err = appendToCork(sk, cork, payload, first ? payload.transhdrlen : 0, flags);
  if (err === 0 || !first) return err;
  cork.dst = null;
  ipFlushPendingFrames(sk);
  return err;
}

/** `ip_setup_cork`. */
function ipSetupCork(sk: InetSock, ipc: IpcmCookie, rt: Rtable): number {
  const { cork } = sk;
  const fragsize = ipSkFragSize(sk, rt);
  if (fragsize === 0) return -ENETUNREACH;
  cork.dst = rt;
  cork.addr = ipc.addr;
  cork.fragsize = fragsize;
  cork.length = 0;
  cork.opt = ipc.opt === null ? null : new IpOptions().copyFrom(ipc.opt);
  cork.ttl = ipc.ttl;
  cork.tos = ipc.tos;
  cork.priority = ipc.priority;
  cork.mark = ipc.mark;
  cork.gsoSize = ipc.gsoSize;
  return 0;
}

function appendToCork(sk: InetSock, cork: InetCork, payload: IpPayload, transhdrlen: number, flags: number): number {
  const hlen = IPHDR_LEN + (cork.opt?.optlen ?? 0);
  const mtu = cork.gsoSize !== 0 ? IP_MAX_MTU : cork.fragsize;
  const total = transhdrlen + payload.length;
  const refused = tooLong(sk, cork.fl4, mtu, hlen, cork.length + total);
  if (refused !== 0) return refused;
  cork.length += total;
  const err = appendPieces(sk, cork.queue, cork.dst as Rtable, hlen, mtu, payload, transhdrlen, flags);
  if (err === 0) return wholePacketSum(cork, transhdrlen, mtu, flags);
  cork.length -= total;
  return discarded(sk, err, flags);
}

/** A packet that is begun and ended by one call may be summed by the device. */
function wholePacketSum(cork: InetCork, transhdrlen: number, mtu: number, flags: number): number {
  const skb = cork.queue[0] as SkBuff;
  const alone = transhdrlen !== 0 && cork.queue.length === 1 && skb.len <= mtu && (flags & MSG_MORE) === 0;
  const able = ((cork.dst as DstEntry).dev.features & (NETIF_F_HW_CSUM | NETIF_F_IP_CSUM)) !== 0;
  skb.ipSummed = alone && able ? CHECKSUM_PARTIAL : CHECKSUM_NONE;
  return 0;
}

/** `ip_finish_skb`: what the socket has corked as one packet, ready for {@link ipSendSkb}; null if there is nothing. The cork is empty then. */
export function ipFinishSkb(sk: InetSock): SkBuff | null {
  const { cork } = sk;
  if (cork.queue.length === 0) return null;
  const skb = inetJoinPieces(cork.queue);
  const rt = cork.dst as Rtable;
  const df = ipSendsDf(sk, rt, skb.len <= ipv4Mtu(rt));
  writeHeader(sk, skb, cork.fl4, rt, cork.opt, cork.addr, cork.ttl, cork.tos, df);
  skb.priority = cork.priority;
  skb.mark = cork.mark;
  cork.dst = null;
  cork.opt = null;
  cork.length = 0;
  return skb;
}

/** `ip_push_pending_frames`: sends what the socket has corked. 0 or a negative errno. */
export function ipPushPendingFrames(sk: InetSock): number {
  const skb = ipFinishSkb(sk);
  return skb === null ? 0 : ipSendSkb(sk.net, skb);
}

/** `ip_flush_pending_frames`: throws away what the socket has corked, and gives the route back. */
export function ipFlushPendingFrames(sk: InetSock): void {
  const { cork } = sk;
  inetFreePieces(cork.queue);
  cork.dst?.release();
  cork.dst = null;
  cork.opt = null;
  cork.length = 0;
}

/** `ip_send_skb`: sends a finished packet. Takes over the sk_buff. 0 or a negative errno (-ENOBUFS for one that a queue dropped). */
export function ipSendSkb(net: Net, skb: SkBuff): number {
  if (skb.bytes[skb.networkHeader + IPHDR_PROTOCOL] === IPPROTO_ICMP) {
    ipv4Net.of(net).ip.icmp?.outCount(net, skb.bytes[skb.transportHeader]);
  }
  const err = ipLocalOut(net, skb.sk, skb);
  if (err === 0) return 0;
  const errno = err < 0 ? err : err === NET_XMIT_CN ? 0 : -ENOBUFS;
  if (errno !== 0) ipv4Net.of(net).stats[IPSTATS_MIB_OUTDISCARDS]++;
  return errno;
}
