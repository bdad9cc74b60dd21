/**
 * The pieces that a packet under construction consists of (`__ip6_append_data`). All but the last have the same length: a multiple of 8 bytes
 * of payload, and 8 bytes less than fit, which the fragment header will take. Each has room in front for headers of its own; in the
 * end the later ones are in the `fragList` of the first.
 *
 *   data: | IPv6 header, options of every fragment (hlen) | options of the first, transport header (head) | payload |
 */
import { CHECKSUM_PARTIAL, llReservedSpace, NETIF_F_SG, skbTailroom, type SkBuff } from '@skbuff/core';
import { EINVAL, ENOBUFS } from '@skbuff/uapi';
import { FRAGHDR_LEN, copyBytes } from '@skbuff/wire';
import type { Ip6Payload } from './ip6-append.ts';
import type { Inet6Sock } from './ipv6-sock.ts';
import type { Rt6Info } from './rt6-info.ts';

/** What stays the same while one send is appended. */
export interface Ip6Pieces {
  readonly queue: SkBuff[];
  readonly rt: Rt6Info;
  /** Bytes of headers that every piece has. */
  readonly hlen: number;
  /** Bytes of a packet that is not cut. */
  readonly mtu: number;
  /** Bytes behind those headers in the end, of what is known so far. */
  readonly total: number;
  /** More will follow. */
  readonly more: boolean;
  /** The device sums it. */
  readonly partial: boolean;
}

/** An sk_buff with `hlen` bytes of headers and `len` of payload, none of it written, and room to grow to `room` of payload. Or a negative errno. */
export function newPiece(sk: Inet6Sock, rt: Rt6Info, hlen: number, len: number, room: number, more: boolean): SkBuff | number {
  const refused = sk.mayAlloc(more);
  if (refused !== 0) return refused;
  const reserved = llReservedSpace(rt.dev) + FRAGHDR_LEN;
  const skb = sk.net.skbs.alloc(reserved + hlen + room + rt.trailerLen);
  if (skb === null) return -ENOBUFS;
  skb.reserve(reserved);
  skb.networkHeader = skb.put(hlen + len);
  skb.transportHeader = skb.networkHeader + hlen;
  sk.setOwnerW(skb);
  return skb;
}

/**
 * Appends `head` bytes for `flen` bytes of options and the transport's header (0 unless the queue is empty), and the payload. 0, or a negative
 * errno with some of it appended.
 */
export function appendPieces(sk: Inet6Sock, pieces: Ip6Pieces, payload: Ip6Payload, head: number, flen: number): number {
  const { queue, mtu, total } = pieces;
  const full = fullLength(pieces);
  const limit = total <= mtu ? mtu : full;
  let at = payload.from;
  let left = payload.length;
  while (queue.length === 0 || left > 0) {
    const skb = queue.length === 0 ? null : (queue[queue.length - 1] as SkBuff);
    const space = skb === null ? 0 : limit - skb.len < left ? full - skb.len : limit - skb.len;
    const taken = skb !== null && space > 0 ? grow(sk, pieces, skb, payload.bytes, at, Math.min(space, left)) : addPiece(sk, pieces, skb, payload.bytes, at, left, head, flen);
    if (taken < 0) return taken;
    at += taken;
    left -= taken;
    head = 0;
  }
  return 0;
}

/** Length of a piece that is not the last (`maxfraglen`). */
function fullLength({ mtu, hlen }: Ip6Pieces): number {
  return ((mtu - hlen) & ~7) + hlen - FRAGHDR_LEN;
}

/**
 * To a device that gathers (NETIF_F_SG) Linux gives what is appended in pages, of which the socket pays for what is used; for others it
 * makes room for a whole piece at once.
 */
function paged({ rt }: Ip6Pieces): boolean {
  return (rt.dev.features & NETIF_F_SG) !== 0;
}

/** Appends `n` bytes to the last piece; `n`, or a negative errno. */
function grow(sk: Inet6Sock, pieces: Ip6Pieces, skb: SkBuff, bytes: Uint8Array, at: number, n: number): number {
  const missing = skbTailroom(skb) < n;
  if (missing && skb.cache.expandHead(skb, 0, pieces.mtu - skb.len - skbTailroom(skb)) !== 0) return -ENOBUFS;
  if (missing || paged(pieces)) {
    skb.orphan();
    skb.truesize += n;
    sk.setOwnerW(skb);
  }
  skb.putData(bytes, at, n);
  return n;
}

/**
 * A new piece with as much of the `left` bytes at `at` as fits; what the one before has beyond its length moves here. How many it took, or a
 * negative errno: -EINVAL if the headers alone do not fit.
 */
function addPiece(sk: Inet6Sock, pieces: Ip6Pieces, prev: SkBuff | null, bytes: Uint8Array, at: number, left: number, head: number, flen: number): number {
  const { queue, rt, hlen, mtu, total, more } = pieces;
  const full = fullLength(pieces);
  const gap = prev === null ? 0 : prev.len - full;
  const rest = head + gap + left;
  const len = rest > (total <= mtu ? mtu : full) - hlen ? full - hlen : rest;
  const n = len - head - gap;
  if (n < 0) return -EINVAL;
  const skb = newPiece(sk, rt, hlen, len, more && !paged(pieces) ? mtu - hlen : len, head === 0);
  if (typeof skb === 'number') return skb;
  if (pieces.partial) skb.ipSummed = CHECKSUM_PARTIAL;
  const body = skb.transportHeader;
  if (prev !== null && gap > 0) {
    copyBytes(skb.bytes, body, prev.bytes, prev.data + full, gap);
    prev.trim(full);
  }
  copyBytes(skb.bytes, body + head + gap, bytes, at, n);
  skb.transportHeader = body + (head === 0 ? 0 : flen);
  queue.push(skb);
  return n;
}
