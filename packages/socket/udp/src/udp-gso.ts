/** Cutting and gluing datagrams in every family (`net/ipv4/udp_offload.c`), and making the super-packets that are cut. */
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  GRO_CB_COUNT,
  GRO_CB_FLUSH,
  GRO_CB_OFFSET,
  GRO_CB_SAME_FLOW,
  NETIF_F_GSO_ROBUST,
  NETIF_F_IPV6_CSUM,
  NETIF_F_IP_CSUM,
  NETIF_F_SG,
  SKBTX_ANY_TSTAMP,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_GSO_UDP_L4,
  type SkBuff,
  type SkBuffHead,
  canChecksumProtocol,
  skbChecksumHelp,
  skbGroLen,
  skbGroReceive,
  skbGsoOk,
  skbGsoSegment,
  skbNetworkProtocol,
  skbSegment,
} from '@skbuff/core';
import { EINVAL, EMSGSIZE, UDP_MIB_INERRORS } from '@skbuff/uapi';
import { UDPHDR_CHECK, UDPHDR_LEN, UDPHDR_SOURCE, UDPHDR_ULEN, be16, be32, csumFold, setBe16 } from '@skbuff/wire';
import type { UdpMib } from './udp-net.ts';
import { UDP_MAX_SEGMENTS, type UdpSock } from './udp-sock.ts';

/** Datagrams that are glued together at most. */
const UDP_GRO_CNT_MAX = 64;
/** A socket that reads segments trusts their unfinished checksums. */
const RCV_SEGMENT_FEATURES = NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM;
/** What Linux charges for an sk_buff with room for headers only. */
const SMALL_SKB_TRUESIZE = 832;

/**
 * What `udp_send_skb` does for a socket with UDP_SEGMENT: `skb` becomes a super-packet, if it has more than `gsoSize` bytes of payload.
 * 0; or it is freed: -EMSGSIZE, a segment is longer than `fragsize`, so that it would be cut again; -EINVAL, there are too many, or
 * checksums are not wanted (`noCheck`).
 */
export function udpMakeGso(sk: UdpSock, skb: SkBuff, gsoSize: number, fragsize: number, noCheck: boolean): number {
  const { transportHeader: uh, shinfo } = skb;
  const datalen = skb.len - (uh - skb.data) - UDPHDR_LEN;
  const hlen = uh - skb.networkHeader + UDPHDR_LEN;
  const tooLong = hlen + Math.min(datalen, gsoSize) > fragsize;
  if (tooLong || datalen > gsoSize * UDP_MAX_SEGMENTS || noCheck) {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return tooLong ? -EMSGSIZE : -EINVAL;
  }
  if (datalen <= gsoSize) return 0;
  shinfo.gsoSize = gsoSize;
  shinfo.gsoSegs = Math.ceil(datalen / gsoSize);
  shinfo.gsoType = SKB_GSO_UDP_L4;
  skb.ipSummed = CHECKSUM_PARTIAL;
  // Linux keeps the payload in pages, and a socket is charged for what is used of them.
  skb.orphan();
  skb.truesize = SMALL_SKB_TRUESIZE + datalen;
  sk.setOwnerW(skb);
  return 0;
}

/** `__udp_gso_segment`: each segment is a datagram with a length and checksum of its own; the sender pays for each. */
export function udpGsoSegment(skb: SkBuff, features: number): SkBuff | number | null {
  const { shinfo } = skb;
  const { gsoSize } = shinfo;
  if ((shinfo.gsoType & SKB_GSO_UDP_L4) === 0 || !skb.mayPull(UDPHDR_LEN) || skb.len <= UDPHDR_LEN + gsoSize) return -EINVAL;
  if (skb.ipSummed !== CHECKSUM_PARTIAL || skb.csumStart !== skb.transportHeader) return -EINVAL;
  if (skbGsoOk(skb, features | NETIF_F_GSO_ROBUST)) {
    // It came from outside, and only its numbers were in doubt.
    shinfo.gsoSegs = Math.ceil((skb.len - UDPHDR_LEN) / gsoSize);
    return null;
  }
  skb.pull(UDPHDR_LEN);
  const segs = skbSegment(skb, canChecksumProtocol(features, skbNetworkProtocol(skb)));
  if (typeof segs === 'number') return segs;
  // The send is stamped when its first segment is sent.
  segs.shinfo.txFlags |= shinfo.txFlags & SKBTX_ANY_TSTAMP;
  segs.shinfo.tskey = shinfo.tskey;
  const owner = skb.destructor === null ? null : skb.sk;
  for (let seg: SkBuff | null = segs; seg !== null; seg = seg.next) {
    if (owner !== null) owner.setOwnerW(seg);
    finishSegment(seg);
  }
  return segs;
}

/** The header still has the length of the whole, and the pseudo-header's sum with that in it. */
function finishSegment(seg: SkBuff): void {
  const { bytes, transportHeader: uh } = seg;
  const ulen = seg.len - (uh - seg.data);
  const sum = be16(bytes, uh + UDPHDR_CHECK) + (~be16(bytes, uh + UDPHDR_ULEN) & 0xffff) + ulen;
  setBe16(bytes, uh + UDPHDR_CHECK, ~csumFold(sum));
  setBe16(bytes, uh + UDPHDR_ULEN, ulen);
  if (seg.ipSummed !== CHECKSUM_NONE) return;
  seg.ipSummed = CHECKSUM_PARTIAL;
  skbChecksumHelp(seg);
}

/**
 * `udp_rcv_segment`: cuts a received super-packet, `data` at the UDP header, for a socket that wants datagrams as they were sent; takes it
 * over. A chain of them by `next`, `data` at their UDP headers; null: it cannot be, and all of them are lost.
 */
export function udpRcvSegment(sk: UdpSock, skb: SkBuff, stats: UdpMib): SkBuff | null {
  skb.push(skb.data - (skb.macHeader < 0 ? skb.networkHeader : skb.macHeader));
  const cut = skbGsoSegment(skb, RCV_SEGMENT_FEATURES);
  const segs = typeof cut === 'number' ? null : cut;
  if (segs === null) {
    sk.drops += skb.shinfo.gsoSegs;
    stats[UDP_MIB_INERRORS] += skb.shinfo.gsoSegs;
  }
  skb.consume();
  for (let seg = segs; seg !== null; seg = seg.next) seg.pull(seg.transportHeader - seg.data);
  return segs;
}

/**
 * `udp_gro_receive`: for a datagram with its header at `uh`, `GRO_CB_OFFSET` bytes from `data`, whose checksum is right and whose socket
 * takes glued ones. `networkFlush` says whether the network header forbids to glue `skb` to the held packet `p`.
 */
export function udpGroReceive(held: SkBuffHead, skb: SkBuff, uh: number, networkFlush: (p: SkBuff, skb: SkBuff) => boolean): SkBuff | null {
  const { bytes, cb } = skb;
  if (!mergeable(skb, uh)) {
    cb[GRO_CB_FLUSH] = 1;
    return null;
  }
  const offset = cb[GRO_CB_OFFSET];
  cb[GRO_CB_OFFSET] = offset + UDPHDR_LEN;
  const ports = be32(bytes, uh + UDPHDR_SOURCE);
  const ulen = be16(bytes, uh + UDPHDR_ULEN);
  for (let p = held.first; p !== null; p = p.next) {
    if (p.cb[GRO_CB_SAME_FLOW] === 0) continue;
    const uh2 = p.data + offset;
    if (be32(bytes, uh2 + UDPHDR_SOURCE) !== ports) {
      p.cb[GRO_CB_SAME_FLOW] = 0;
      continue;
    }
    // All but the last have the same length.
    const ulen2 = be16(bytes, uh2 + UDPHDR_ULEN);
    if (ulen > ulen2 || networkFlush(p, skb) || skbGroReceive(p, skb) !== 0) return p;
    return ulen !== ulen2 || p.cb[GRO_CB_COUNT] >= UDP_GRO_CNT_MAX ? p : null;
  }
  return null;
}

/** A datagram without a checksum, without payload or of another length than the packet's goes alone. */
function mergeable(skb: SkBuff, uh: number): boolean {
  const len = skbGroLen(skb);
  return be16(skb.bytes, uh + UDPHDR_CHECK) !== 0 && len > UDPHDR_LEN && be16(skb.bytes, uh + UDPHDR_ULEN) === len;
}

/** `udp_gro_complete`: `psum` is the pseudo-header's sum for the whole, whose UDP header is at `nhoff`; the checksum is left to whoever cuts it again. */
export function udpGroComplete(skb: SkBuff, nhoff: number, psum: number): number {
  const { bytes } = skb;
  const uh = skb.data + nhoff;
  setBe16(bytes, uh + UDPHDR_ULEN, skb.len - nhoff);
  setBe16(bytes, uh + UDPHDR_CHECK, ~csumFold(psum));
  skb.csumStart = uh;
  skb.csumOffset = UDPHDR_CHECK;
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.shinfo.gsoType |= SKB_GSO_UDP_L4;
  return 0;
}
