/**
 * IPv4's part of cutting super-packets and of gluing packets together (`net/ipv4/af_inet.c`). The transports' parts are in
 * `Ipv4.offloads`, by protocol number.
 */
import {
  GRO_CB_COUNT,
  GRO_CB_FLUSH,
  GRO_CB_NETWORK,
  GRO_CB_OFFSET,
  GRO_CB_SAME_FLOW,
  type PacketOffload,
  type SkBuff,
  type SkBuffHead,
  skbGroHeader,
  skbGroLen,
} from '@skbuff/core';
import { EINVAL, EPROTONOSUPPORT, ETH_P_IP, IP_DF, IP_MF, IP_OFFSET } from '@skbuff/uapi';
import {
  IPHDR_CHECK,
  IPHDR_DADDR,
  IPHDR_FRAG_OFF,
  IPHDR_ID,
  IPHDR_LEN,
  IPHDR_PROTOCOL,
  IPHDR_SADDR,
  IPHDR_TOS,
  IPHDR_TOT_LEN,
  IPHDR_TTL,
  be16,
  be32,
  csumReplace2,
  ipFastCsumOk,
  ipHdrlen,
  setBe16,
} from '@skbuff/wire';
import { ipSendCheck } from './ip-header.ts';
import type { Ipv4 } from './ipv4-net.ts';

/** `GRO_CB_NETWORK` of a held packet that has more than one in it: their identifications are all the same, or count up. */
const ID_COUNTS = 0;
const ID_FIXED = 1;

/** `ip_packet_offload`. */
export function inetOffload(ip: Ipv4): PacketOffload {
  return {
    type: ETH_P_IP,
    gsoSegment: (skb, features) => inetGsoSegment(ip, skb, features),
    groReceive: (held, skb) => inetGroReceive(ip, held, skb),
    groComplete: (skb, nhoff) => inetGroComplete(ip, skb, nhoff),
  };
}

/** `inet_gso_segment`: each segment has its own length and checksum, and an identification of one more than the one before. */
function inetGsoSegment(ip: Ipv4, skb: SkBuff, features: number): SkBuff | number | null {
  skb.networkHeader = skb.data;
  if (!skb.mayPull(IPHDR_LEN)) return -EINVAL;
  const hlen = ipHdrlen(skb.bytes, skb.data);
  if (hlen < IPHDR_LEN || !skb.mayPull(hlen)) return -EINVAL;
  let id = be16(skb.bytes, skb.networkHeader + IPHDR_ID);
  const offload = ip.offloads[skb.bytes[skb.networkHeader + IPHDR_PROTOCOL] as number] ?? null;
  if (offload === null) return -EPROTONOSUPPORT;
  skb.pull(hlen);
  skb.transportHeader = skb.data;
  const segs = offload.gsoSegment(skb, features);
  if (segs === null || typeof segs === 'number') return segs;
  for (let seg: SkBuff | null = segs; seg !== null; seg = seg.next) {
    const { bytes, networkHeader: iph } = seg;
    setBe16(bytes, iph + IPHDR_ID, id++ & 0xffff);
    setBe16(bytes, iph + IPHDR_TOT_LEN, seg.len - (iph - seg.data));
    ipSendCheck(bytes, iph);
  }
  return segs;
}

/** `inet_gro_receive`: fragments, options and damage are not for GRO. */
function inetGroReceive(ip: Ipv4, held: SkBuffHead, skb: SkBuff): SkBuff | null {
  const { cb } = skb;
  const offset = cb[GRO_CB_OFFSET] as number;
  const iph = skbGroHeader(skb, offset, IPHDR_LEN);
  const offload = iph < 0 ? null : (ip.offloads[skb.bytes[iph + IPHDR_PROTOCOL] as number] ?? null);
  if (offload === null || !mergeable(skb.bytes, iph, skbGroLen(skb))) {
    cb[GRO_CB_FLUSH] = 1;
    return null;
  }
  for (let p = held.first; p !== null; p = p.next) {
    if (p.cb[GRO_CB_SAME_FLOW] !== 0 && !sameFlow(p, p.data + offset, skb, iph)) p.cb[GRO_CB_SAME_FLOW] = 0;
  }
  skb.networkHeader = iph;
  skb.transportHeader = iph + IPHDR_LEN;
  cb[GRO_CB_OFFSET] = offset + IPHDR_LEN;
  return offload.groReceive(held, skb);
}

function mergeable(bytes: Uint8Array, iph: number, len: number): boolean {
  return (
    bytes[iph] === 0x45 &&
    be16(bytes, iph + IPHDR_TOT_LEN) === len &&
    (be16(bytes, iph + IPHDR_FRAG_OFF) & (IP_MF | IP_OFFSET)) === 0 &&
    ipFastCsumOk(bytes, iph, IPHDR_LEN >> 2)
  );
}

function sameFlow(p: SkBuff, iph2: number, skb: SkBuff, iph: number): boolean {
  const { bytes } = skb;
  return (
    bytes[iph + IPHDR_PROTOCOL] === p.bytes[iph2 + IPHDR_PROTOCOL] &&
    be32(bytes, iph + IPHDR_SADDR) === be32(p.bytes, iph2 + IPHDR_SADDR) &&
    be32(bytes, iph + IPHDR_DADDR) === be32(p.bytes, iph2 + IPHDR_DADDR)
  );
}

/**
 * `gro_receive_network_flush`, for a transport that found the held packet `p` that `skb` continues: whether the two may not be merged:
 * TTL, TOS or DF differ, or the identification does not go on as it did: counting up, or always the same. What the second packet
 * does, the others must.
 */
export function inetGroFlush(p: SkBuff, skb: SkBuff): boolean {
  const { bytes, networkHeader: iph } = skb;
  const iph2 = p.networkHeader;
  if (bytes[iph + IPHDR_TTL] !== bytes[iph2 + IPHDR_TTL] || bytes[iph + IPHDR_TOS] !== bytes[iph2 + IPHDR_TOS]) return true;
  if (((be16(bytes, iph + IPHDR_FRAG_OFF) ^ be16(bytes, iph2 + IPHDR_FRAG_OFF)) & IP_DF) !== 0) return true;
  const count = p.cb[GRO_CB_COUNT] as number;
  const ahead = (be16(bytes, iph + IPHDR_ID) - be16(bytes, iph2 + IPHDR_ID)) & 0xffff;
  if (count === 1) p.cb[GRO_CB_NETWORK] = ahead === 0 ? ID_FIXED : ID_COUNTS;
  return ahead !== (p.cb[GRO_CB_NETWORK] === ID_FIXED ? 0 : count);
}

/** `inet_gro_complete`: the length of the whole. */
function inetGroComplete(ip: Ipv4, skb: SkBuff, nhoff: number): number {
  const { bytes } = skb;
  const iph = skb.data + nhoff;
  const len = skb.len - nhoff;
  const offload = ip.offloads[bytes[iph + IPHDR_PROTOCOL] as number] ?? null;
  if (offload === null) return -EPROTONOSUPPORT;
  setBe16(bytes, iph + IPHDR_CHECK, csumReplace2(be16(bytes, iph + IPHDR_CHECK), be16(bytes, iph + IPHDR_TOT_LEN), len));
  setBe16(bytes, iph + IPHDR_TOT_LEN, len);
  return offload.groComplete(skb, nhoff + IPHDR_LEN);
}
