/** Whoever wants a packet whole asks here (`net/ipv4/ip_fragment.c`). How that is done: ip-frag-queue. */
import { type Net, SKB_DROP_REASON_NOMEM, type SkBuff } from '@skbuff/core';
import { IPSTATS_MIB_REASMFAILS, IPSTATS_MIB_REASMREQDS, IP_MF, IP_OFFSET } from '@skbuff/uapi';
import { IPHDR_FRAG_OFF, be16 } from '@skbuff/wire';
import { ipv4Net } from './ipv4-net.ts';

/** Who wants the packet whole (`enum ip_defrag_users`): fragments of one packet for two users do not mix. */
export const IP_DEFRAG_LOCAL_DELIVER = 0;
export const IP_DEFRAG_CALL_RA_CHAIN = 1;
export const IP_DEFRAG_CONNTRACK_IN = 2;
/** … plus the conntrack zone, 16 bits. */
export const IP_DEFRAG_CONNTRACK_IN_END = 65537;
export const IP_DEFRAG_CONNTRACK_OUT = 65538;
export const IP_DEFRAG_CONNTRACK_OUT_END = 131073;
export const IP_DEFRAG_CONNTRACK_BRIDGE_IN = 131074;
export const IP_DEFRAG_CONNTRACK_BRIDGE_IN_END = 196609;
export const IP_DEFRAG_VS_IN = 196610;
export const IP_DEFRAG_VS_OUT = 196611;
export const IP_DEFRAG_VS_FWD = 196612;
export const IP_DEFRAG_AF_PACKET = 196613;
export const IP_DEFRAG_MACVLAN = 196614;

/** `ip_is_fragment`. */
export function ipIsFragment(bytes: Uint8Array, iph: number): boolean {
  return (be16(bytes, iph + IPHDR_FRAG_OFF) & (IP_MF | IP_OFFSET)) !== 0;
}

/**
 * `ip_defrag`: takes in one fragment (network header set, header linear and checked). The whole packet, when this was the last piece
 * that was missing: `data` at its IP header, which says neither MF nor an offset any more. Null: the sk_buff was kept or dropped. A stack
 * without {@link ipv4Fragments} drops it, as Linux does with `ipfrag_high_thresh` 0.
 */
export function ipDefrag(net: Net, skb: SkBuff, user: number): SkBuff | null {
  const { ip, stats } = ipv4Net.of(net);
  if (ip.fragments !== null) return ip.fragments.defrag(net, skb, user);
  stats[IPSTATS_MIB_REASMREQDS]++;
  stats[IPSTATS_MIB_REASMFAILS]++;
  skb.kfree(SKB_DROP_REASON_NOMEM);
  return null;
}
