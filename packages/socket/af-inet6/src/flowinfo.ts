/** The word of traffic class and flow label. */
import { IPV6_FLOWINFO_FLOWLABEL, IPV6_FLOWINFO_PRIORITY } from '@skbuff/uapi';
import { in6Word } from '@skbuff/wire';

/** `IPV6_FLOWINFO_MASK`, host order. */
export const IPV6_FLOWINFO_MASK: number = IPV6_FLOWINFO_FLOWLABEL | IPV6_FLOWINFO_PRIORITY;

/** `ip6_flowinfo`: of the header at `iph`. */
export function ip6Flowinfo(bytes: Uint8Array, iph: number): number {
  return in6Word(bytes, iph) & IPV6_FLOWINFO_MASK;
}
