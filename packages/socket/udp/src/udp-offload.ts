/** Cutting and gluing UDP over IPv4 (`udpv4_offload` in `net/ipv4/udp_offload.c`). */
import {
  GRO_CB_FLUSH,
  GRO_CB_OFFSET,
  type NetDevice,
  type OffloadCallbacks,
  type SkBuff,
  type SkBuffHead,
  skbCsumUnnecessary,
  skbGroChecksumValidate,
  skbGroHeader,
  skbGroLen,
} from '@skbuff/core';
import { inetComputePseudo, inetGroFlush } from '@skbuff/ipv4';
import { IPPROTO_UDP } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, UDPHDR_CHECK, UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, be16, be32 } from '@skbuff/wire';
import { udpGroComplete, udpGroReceive, udpGsoSegment } from './udp-gso.ts';
import { udp4LibLookup } from './udp-lookup.ts';
import { udpNet } from './udp-net.ts';

export const udpOffload: OffloadCallbacks = {
  gsoSegment: udpGsoSegment,
  groReceive: udp4GroReceive,
  groComplete: udp4GroComplete,
};

/** `udp4_gro_receive`: datagrams are glued only for a socket that asked for it. */
function udp4GroReceive(held: SkBuffHead, skb: SkBuff): SkBuff | null {
  const uh = skbGroHeader(skb, skb.cb[GRO_CB_OFFSET], UDPHDR_LEN);
  if (uh >= 0 && checksumOk(skb, uh) && wanted(skb, uh)) return udpGroReceive(held, skb, uh, inetGroFlush);
  skb.cb[GRO_CB_FLUSH] = 1;
  return null;
}

/** `skb_gro_checksum_validate_zero_check`. */
function checksumOk(skb: SkBuff, uh: number): boolean {
  if (skbCsumUnnecessary(skb) || be16(skb.bytes, uh + UDPHDR_CHECK) === 0) return true;
  return skbGroChecksumValidate(skb, inetComputePseudo(skb, skbGroLen(skb), IPPROTO_UDP));
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

/** `udp4_gro_complete`. */
function udp4GroComplete(skb: SkBuff, nhoff: number): number {
  return udpGroComplete(skb, nhoff, inetComputePseudo(skb, skb.len - nhoff, IPPROTO_UDP));
}
