/** Link-layer addresses of groups (`ndisc_mc_map`): neighbour discovery sends to them, multicast listeners make devices receive them. */
import type { NetDevice } from '@skbuff/core';
import { ARPHRD_ETHER, ARPHRD_IEEE802 } from '@skbuff/uapi';

/**
 * `ndisc_mc_map`, on Ethernet `ipv6_eth_mc_map` (RFC 2464 §7): 33:33 and `w3`, the last word of the group. Null on links that have no such
 * addresses.
 */
export function ndiscMcMap(w3: number, dev: NetDevice): Uint8Array | null {
  if (dev.type !== ARPHRD_ETHER && dev.type !== ARPHRD_IEEE802) return null;
  return Uint8Array.of(0x33, 0x33, w3 >>> 24, w3 >>> 16, w3 >>> 8, w3);
}
