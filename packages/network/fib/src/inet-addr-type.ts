/** What an address means to this host: `inet_addr_type` and its relatives, answered from the local table. */
import type { NetDevice } from '@skbuff/core';
import { RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST, RT_TABLE_LOCAL } from '@skbuff/uapi';
import { ipv4IsLbcast, ipv4IsMulticast, ipv4IsZeronet } from '@skbuff/wire';
import { fibTableLookup } from './fib-lookup.ts';
import type { FibNet } from './fib-net.ts';

/** `inet_dev_addr_type`: RTN_*; with `dev` an address is LOCAL or BROADCAST only if it is so on that device. */
export function inetAddrTypeIn(state: FibNet, addr: number, dev: NetDevice | null): number {
  if (ipv4IsZeronet(addr) || ipv4IsLbcast(addr)) return RTN_BROADCAST;
  if (ipv4IsMulticast(addr)) return RTN_MULTICAST;
  const local = state.tables.get(RT_TABLE_LOCAL);
  if (local === undefined) return RTN_BROADCAST;
  const { auxFlow, auxRes } = state;
  auxFlow.init(0, 0, 0, 0, 0, 0, addr, 0, 0, 0);
  if (fibTableLookup(local, auxFlow, auxRes, 0) !== 0) return RTN_UNICAST;
  return dev === null || auxRes.nh?.dev === dev ? auxRes.type : RTN_UNICAST;
}

/**
 * `__ip_dev_find`: the device that an address of this host belongs to, or null. Addresses that only a prefix of the local table
 * covers (127.0.0.2) count too.
 */
export function ipDevFind(state: FibNet, addr: number): NetDevice | null {
  const [ifa] = state.addrs.get(addr);
  if (ifa !== undefined) return ifa.inDev.dev;
  const local = state.tables.get(RT_TABLE_LOCAL);
  if (local === undefined) return null;
  const { auxFlow, auxRes } = state;
  auxFlow.init(0, 0, 0, 0, 0, 0, addr, 0, 0, 0);
  if (fibTableLookup(local, auxFlow, auxRes, 0) !== 0 || auxRes.type !== RTN_LOCAL) return null;
  return auxRes.nh?.dev ?? null;
}
