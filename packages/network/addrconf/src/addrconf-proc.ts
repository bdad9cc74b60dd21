/** /proc/net/if_inet6 (`if6_seq_ops` in `net/ipv6/addrconf.c`). */
import type { Net } from '@skbuff/core';
import { type Inet6Ifaddr, ipv6Net } from '@skbuff/ipv6';
import { procCreateNet } from '@skbuff/procfs';

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/** `if6_seq_show`: address, interface's index, prefix length, scope and flags in hexadecimal, name. */
function line({ addr, idev, prefixLen, scope, flags }: Inet6Ifaddr): string {
  return `${addr.toHex()} ${hex(idev.dev.ifindex)} ${hex(prefixLen)} ${hex(scope)} ${hex(flags & 0xff)} ${idev.dev.name.padStart(8)}\n`;
}

/** The file; in the order of a hash. The undo. */
export function ifInet6ProcCreate(net: Net): () => void {
  return procCreateNet(net, 'if_inet6', () => [...ipv6Net.of(net).addrs].map(line).join(''));
}
