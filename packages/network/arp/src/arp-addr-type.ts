/** What kind of address an address is. */
import type { Net, NetDevice } from '@skbuff/core';
import { ipv4Net } from '@skbuff/ipv4';
import { RTN_BROADCAST, RTN_MULTICAST, RTN_UNICAST } from '@skbuff/uapi';
import { ipv4IsLbcast, ipv4IsMulticast, ipv4IsZeronet } from '@skbuff/wire';

/** `inet_addr_type_dev_table`: RTN_* of an address as seen on `dev`. Without a routing package every unicast address is foreign. */
export function addrType(net: Net, addr: number, dev: NetDevice): number {
  const { routing } = ipv4Net.of(net).ip;
  if (routing !== null) return routing.addrType(net, addr, dev);
  if (ipv4IsZeronet(addr) || ipv4IsLbcast(addr)) return RTN_BROADCAST;
  return ipv4IsMulticast(addr) ? RTN_MULTICAST : RTN_UNICAST;
}
