/** Labels of prefixes (`net/ipv6/addrlabel.c`, RFC 6724 §2.1): source and destination of a flow should have the same. */
import { NetSlot, type Net } from '@skbuff/core';
import { EEXIST, EINVAL, ESRCH } from '@skbuff/uapi';
import { In6Addr, in6Pton, ipv6AddrPrefix, ipv6PrefixEqual } from '@skbuff/wire';
import { IPV6_ADDR_COMPATV4, IPV6_ADDR_LOOPBACK, IPV6_ADDR_MAPPED, ipv6AddrType } from './addrconf-core.ts';

/** Of an address for which there is none; nobody can give it. */
export const IPV6_ADDR_LABEL_DEFAULT = 0xffffffff;

const TYPES = IPV6_ADDR_MAPPED | IPV6_ADDR_COMPATV4 | IPV6_ADDR_LOOPBACK;

/** `struct ip6addrlbl_entry`. */
export interface AddrLabel {
  readonly prefix: In6Addr;
  readonly prefixlen: number;
  /** 0: of addresses on any interface. */
  readonly ifindex: number;
  /** What kind of address (IPV6_ADDR_MAPPED and so on) it is for; 0: any. */
  readonly addrtype: number;
  readonly label: number;
}

/** The labels of a namespace, longest prefix first. */
export class AddrLabelTable {
  readonly list: AddrLabel[] = [];
  /** Counts the changes. */
  seq = 0;
}

export const addrLabelNet: NetSlot<AddrLabelTable> = new NetSlot<AddrLabelTable>('addrlabel');

const DEFAULTS: readonly (readonly [prefix: string, prefixlen: number, label: number])[] = [
  ['::', 0, 1],
  ['fc00::', 7, 5],
  ['fec0::', 10, 11],
  ['2002::', 16, 2],
  ['3ffe::', 16, 12],
  ['2001:10::', 28, 7],
  ['2001::', 32, 6],
  ['::ffff:0:0', 96, 4],
  ['::', 96, 3],
  ['::1', 128, 0],
];

/** `ip6addrlbl_net_init`. */
export function addrLabelTable(): AddrLabelTable {
  const table = new AddrLabelTable();
  for (const [prefix, prefixlen, label] of DEFAULTS) ip6addrlblAdd(table, in6Pton(prefix) as In6Addr, prefixlen, 0, label, false);
  return table;
}

/** `__ipv6_addr_label`: the entry for an address of that type (IPV6_ADDR_*, compared as it is) on an interface, or null. */
export function addrLabelEntry({ list }: AddrLabelTable, addr: In6Addr, type: number, ifindex: number): AddrLabel | null {
  for (const p of list) {
    if (p.ifindex !== 0 && p.ifindex !== ifindex) continue;
    if (p.addrtype !== 0 && p.addrtype !== type) continue;
    if (ipv6PrefixEqual(addr, p.prefix, p.prefixlen)) return p;
  }
  return null;
}

/** `ipv6_addr_label`: the label of an address of type `type` (IPV6_ADDR_*) on an interface (0: any). */
export function ipv6AddrLabel(net: Net, addr: In6Addr, type: number, ifindex: number): number {
  return addrLabelEntry(addrLabelNet.of(net), addr, type & TYPES, ifindex)?.label ?? IPV6_ADDR_LABEL_DEFAULT;
}

/** Which kind of address the prefix is for; -EINVAL where it is longer than the kind. */
function addrTypeOf(prefix: In6Addr, prefixlen: number): number {
  const type = ipv6AddrType(prefix) & TYPES;
  if (type === IPV6_ADDR_MAPPED) return prefixlen > 96 ? -EINVAL : prefixlen < 96 ? 0 : type;
  if (type === IPV6_ADDR_COMPATV4) return prefixlen === 96 ? type : 0;
  return prefixlen === 128 ? type : 0;
}

/** `ip6addrlbl_add`: 0, -EEXIST without `replace`, or -EINVAL. */
export function ip6addrlblAdd(table: AddrLabelTable, addr: In6Addr, prefixlen: number, ifindex: number, label: number, replace: boolean): number {
  const addrtype = addrTypeOf(addr, prefixlen);
  if (addrtype < 0) return addrtype;
  const entry: AddrLabel = { prefix: ipv6AddrPrefix(new In6Addr(), addr, prefixlen), prefixlen, ifindex, addrtype, label };
  const { list } = table;
  // Of two prefixes of a length the one of an interface comes first, else the newer.
  let at = list.findIndex((p) => isSame(p, entry) || (p.prefixlen === prefixlen ? p.ifindex === 0 : p.prefixlen < prefixlen));
  if (at < 0) at = list.length;
  const there = list[at];
  const same = there !== undefined && isSame(there, entry);
  if (same && !replace) return -EEXIST;
  list.splice(at, same ? 1 : 0, entry);
  table.seq++;
  return 0;
}

function isSame(p: AddrLabel, { prefix, prefixlen, ifindex }: Pick<AddrLabel, 'prefix' | 'prefixlen' | 'ifindex'>): boolean {
  return p.prefixlen === prefixlen && p.ifindex === ifindex && p.prefix.equals(prefix);
}

/** `ip6addrlbl_del`: 0 or -ESRCH. */
export function ip6addrlblDel({ list }: AddrLabelTable, addr: In6Addr, prefixlen: number, ifindex: number): number {
  const wanted = { prefix: ipv6AddrPrefix(new In6Addr(), addr, prefixlen), prefixlen, ifindex };
  const at = list.findIndex((p) => isSame(p, wanted));
  if (at < 0) return -ESRCH;
  list.splice(at, 1);
  return 0;
}
