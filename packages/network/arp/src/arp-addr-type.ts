/** What kind of address an address is. */
import type { Net } from '@skbuff/core';
import { ipv4Net } from '@skbuff/ipv4';
import { RTN_UNICAST } from '@skbuff/uapi';

/** `inet_addr_type_dev_table`: RTN_* of an address, on whichever device of the namespace. Without routing every address is foreign. */
export function addrType(net: Net, addr: number): number {
  return ipv4Net.of(net).ip.routing?.addrType(net, addr, null) ?? RTN_UNICAST;
}
