/** Cutting and gluing UDP over IPv4 (`net/ipv4/udp_offload.c`). */
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_UNNECESSARY,
  GRO_CB_COUNT,
  GRO_CB_FLUSH,
  GRO_CB_OFFSET,
  GRO_CB_SAME_FLOW,
  NETIF_F_GSO_ROBUST,
  NETIF_F_IPV6_CSUM,
  NETIF_F_IP_CSUM,
  NETIF_F_SG,
  type NetDevice,
  type OffloadCallbacks,
  SKBTX_ANY_TSTAMP,
  SKB_GSO_UDP_L4,
  type SkBuff,
  type SkBuffHead,
  canChecksumProtocol,
  skbChecksum,
  skbChecksumHelp,
  skbGroHeader,
  skbGroLen,
  skbGroReceive,
  skbGsoOk,
  skbGsoSegment,
  skbNetworkProtocol,
  skbSegment,
} from '@skbuff/core';
import { type InetSock, inetGroFlush } from '@skbuff/ipv4';
import { EINVAL, IPPROTO_UDP } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, UDPHDR_CHECK, UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, UDPHDR_ULEN, be16, be32, csumFold, csumTcpudpNofold, setBe16 } from '@skbuff/wire';
import { csumUnnecessary } from './udp-checksum.ts';
import { udp4LibLookup } from './udp-lookup.ts';
import { udpNet } from './udp-net.ts';

/** Datagrams that are glued together at most. */
const UDP_GRO_CNT_MAX = 64;
/** A socket that reads segments trusts their unfinished checksums. */
const RCV_SEGMENT_FEATURES = NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM;

export const udpOffload: OffloadCallbacks = {
  gsoSegment: udpGsoSegment,
  groReceive: udp4GroReceive,
  groComplete: udp4GroComplete,
};

/** `__udp_gso_segment`: each segment is a datagram with a length and checksum of its own; the sender pays for each. */
function udpGsoSegment(skb: SkBuff, features: number): SkBuff | number | null {
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
  const owner = skb.destructor !== null && skb.sk !== null && 'setOwnerW' in skb.sk ? (skb.sk as InetSock) : null;
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

/** `udp_rcv_segment`: cuts a received super-packet, `data` at the UDP header, for a socket. A chain of datagrams as they would have come; null: it cannot be. */
export function udpRcvSegment(skb: SkBuff): SkBuff | null {
  skb.push(skb.data - (skb.macHeader < 0 ? skb.networkHeader : skb.macHeader));
  const segs = skbGsoSegment(skb, RCV_SEGMENT_FEATURES);
  if (segs === null || typeof segs === 'number') return null;
  for (let seg: SkBuff | null = segs; seg !== null; seg = seg.next) seg.pull(seg.transportHeader - seg.data);
  return segs;
}

/** `udp4_gro_receive`: datagrams are glued only for a socket that asked for it. */
function udp4GroReceive(held: SkBuffHead, skb: SkBuff): SkBuff | null {
  const offset = skb.cb[GRO_CB_OFFSET] as number;
  const uh = skbGroHeader(skb, offset, UDPHDR_LEN);
  if (uh < 0 || !checksumOk(skb, uh, offset) || !wanted(skb, uh) || !mergeable(skb, uh)) {
    skb.cb[GRO_CB_FLUSH] = 1;
    return null;
  }
  skb.cb[GRO_CB_OFFSET] = offset + UDPHDR_LEN;
  return receiveSegment(held, skb, uh, offset);
}

function wanted(skb: SkBuff, uh: number): boolean {
  const dev = skb.dev as NetDevice;
  const { groSockets, table } = udpNet.of(dev.net);
  if (groSockets === 0) return false;
  const { bytes, networkHeader: iph } = skb;
  const saddr = be32(bytes, iph + IPHDR_SADDR);
  const daddr = be32(bytes, iph + IPHDR_DADDR);
  const sk = udp4LibLookup(table, saddr, be16(bytes, uh + UDPHDR_SOURCE), daddr, be16(bytes, uh + UDPHDR_DEST), dev.ifindex);
  return sk !== null && sk.groEnabled;
}

/** `skb_gro_checksum_validate_zero_check`: what is found right here is not looked at again. */
function checksumOk(skb: SkBuff, uh: number, offset: number): boolean {
  const { bytes, networkHeader: iph } = skb;
  if (csumUnnecessary(skb) || be16(bytes, uh + UDPHDR_CHECK) === 0) return true;
  const len = skbGroLen(skb);
  const pseudo = csumTcpudpNofold(be32(bytes, iph + IPHDR_SADDR), be32(bytes, iph + IPHDR_DADDR), len, IPPROTO_UDP);
  if (csumFold(skbChecksum(skb, offset, len, pseudo)) !== 0) return false;
  skb.ipSummed = CHECKSUM_UNNECESSARY;
  return true;
}

/** A datagram without a checksum, without payload or of another length than the packet's goes alone. */
function mergeable(skb: SkBuff, uh: number): boolean {
  const len = skbGroLen(skb);
  return be16(skb.bytes, uh + UDPHDR_CHECK) !== 0 && len > UDPHDR_LEN && be16(skb.bytes, uh + UDPHDR_ULEN) === len;
}

/** `udp_gro_receive_segment`: all but the last have the same length. */
function receiveSegment(held: SkBuffHead, skb: SkBuff, uh: number, offset: number): SkBuff | null {
  const { bytes } = skb;
  const ports = be32(bytes, uh + UDPHDR_SOURCE);
  const ulen = be16(bytes, uh + UDPHDR_ULEN);
  for (let p = held.first; p !== null; p = p.next) {
    if (p.cb[GRO_CB_SAME_FLOW] === 0) continue;
    const uh2 = p.data + offset;
    if (be32(bytes, uh2 + UDPHDR_SOURCE) !== ports) {
      p.cb[GRO_CB_SAME_FLOW] = 0;
      continue;
    }
    const ulen2 = be16(bytes, uh2 + UDPHDR_ULEN);
    if (ulen > ulen2 || inetGroFlush(p, skb) || skbGroReceive(p, skb) !== 0) return p;
    return ulen !== ulen2 || (p.cb[GRO_CB_COUNT] as number) >= UDP_GRO_CNT_MAX ? p : null;
  }
  return null;
}

/** `udp4_gro_complete`: the length of the whole, and a checksum that is left to whoever cuts it again. */
function udp4GroComplete(skb: SkBuff, nhoff: number): number {
  const { bytes } = skb;
  const uh = skb.data + nhoff;
  const iph = skb.networkHeader;
  const len = skb.len - nhoff;
  setBe16(bytes, uh + UDPHDR_ULEN, len);
  setBe16(bytes, uh + UDPHDR_CHECK, ~csumFold(csumTcpudpNofold(be32(bytes, iph + IPHDR_SADDR), be32(bytes, iph + IPHDR_DADDR), len, IPPROTO_UDP)));
  skb.csumStart = uh;
  skb.csumOffset = UDPHDR_CHECK;
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.shinfo.gsoType |= SKB_GSO_UDP_L4;
  return 0;
}
