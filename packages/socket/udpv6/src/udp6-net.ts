/** Counters of UDP over IPv6 in one namespace; its sockets are in the table of UDP. */
import { NetSlot } from '@skbuff/core';
import { UDP_MIB_MAX } from '@skbuff/uapi';
import type { UdpMib } from '@skbuff/udp';

export class Udp6Net {
  /** What came and went over IPv6 (`net->mib.udp_stats_in6`). */
  readonly stats: UdpMib = new Float64Array(UDP_MIB_MAX);
  /** Take back what the namespace registered. */
  undos: (() => void)[] = [];
}

export const udp6Net: NetSlot<Udp6Net> = new NetSlot<Udp6Net>('udp6');
