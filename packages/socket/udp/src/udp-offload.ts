/** Cutting and gluing UDP (`net/ipv4/udp_offload.c`): what every family does, and IPv4 (`udpv4_offload`). */
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
import type { UdpSock } from './udp-sock.ts';
import type { UdpTable } from './udp-table.ts';

/** What only a family knows about datagrams that are glued. */
export interface UdpOffloadFamily {
  /** Sum of the pseudo-header of `len` bytes, by the header at `networkHeader`. */
  computePseudo(skb: SkBuff, len: number, proto: number): number;
  /** Whether what is held cannot have `skb` behind it. */
  groFlush(held: SkBuff, skb: SkBuff): boolean;
  /** The socket that the datagram of `skb` from port `sport` to `dport` is for, by its addresses; `dif`: the interface. */
  lookup(table: UdpTable, skb: SkBuff, sport: number, dport: number, dif: number): UdpSock | null;
}

/** The offload of UDP over a network layer. Datagrams are glued only for a socket that asked for it. */
export function udpLibOffload({ computePseudo, groFlush, lookup }: UdpOffloadFamily): OffloadCallbacks {
  /** `skb_gro_checksum_validate_zero_check`. */
  const checksumOk = (skb: SkBuff, uh: number): boolean =>
    skbCsumUnnecessary(skb) || be16(skb.bytes, uh + UDPHDR_CHECK) === 0 || skbGroChecksumValidate(skb, computePseudo(skb, skbGroLen(skb), IPPROTO_UDP));

  const wanted = (skb: SkBuff, uh: number): boolean => {
    const { net, ifindex } = skb.dev as NetDevice;
    const { groSockets, table } = udpNet.of(net);
    if (groSockets === 0) return false;
    return lookup(table, skb, be16(skb.bytes, uh + UDPHDR_SOURCE), be16(skb.bytes, uh + UDPHDR_DEST), ifindex)?.groEnabled ?? false;
  };

  return {
    gsoSegment: udpGsoSegment,
    groReceive(held: SkBuffHead, skb: SkBuff): SkBuff | null {
      const uh = skbGroHeader(skb, skb.cb[GRO_CB_OFFSET], UDPHDR_LEN);
      if (uh >= 0 && checksumOk(skb, uh) && wanted(skb, uh)) return udpGroReceive(held, skb, uh, groFlush);
      skb.cb[GRO_CB_FLUSH] = 1;
      return null;
    },
    groComplete: (skb, nhoff) => udpGroComplete(skb, nhoff, computePseudo(skb, skb.len - nhoff, IPPROTO_UDP)),
  };
}

export const udpOffload: OffloadCallbacks = udpLibOffload({
  computePseudo: inetComputePseudo,
  groFlush: inetGroFlush,
  lookup: (table, { bytes, networkHeader: iph }, sport, dport, dif) =>
    udp4LibLookup(table, be32(bytes, iph + IPHDR_SADDR), sport, be32(bytes, iph + IPHDR_DADDR), dport, dif),
});
