/** Cutting and gluing UDP over IPv6 (`udpv6_offload` in `net/ipv6/udp_offload.c`). */
import type { OffloadCallbacks } from '@skbuff/core';
import { ipv6GroFlush } from '@skbuff/ipv6';
import { udpLibOffload } from '@skbuff/udp';
import { IPV6HDR_DADDR, IPV6HDR_SADDR } from '@skbuff/wire';
import { ip6ComputePseudo } from './udp6-checksum.ts';
import { udp6LibLookup } from './udp6-lookup.ts';

export const udp6Offload: OffloadCallbacks = udpLibOffload({
  computePseudo: ip6ComputePseudo,
  groFlush: ipv6GroFlush,
  lookup: (table, { bytes, networkHeader: nh }, sport, dport, dif) =>
    udp6LibLookup(table, bytes, nh + IPV6HDR_SADDR, sport, nh + IPV6HDR_DADDR, dport, dif),
});
