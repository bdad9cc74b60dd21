/** net.ipv6.icmp.* (`ipv6_icmp_sysctl_init`). Ranges are the kernel's. */
import type { Net } from '@skbuff/core';
import { type Ipv6Net, ipv6Net } from '@skbuff/ipv6';
import { type Range, registerNetSysctl, type SysctlTable, sysctlBitmap, sysctlField } from '@skbuff/sysctl';

const SWITCH = { min: 0, max: 1 } as const;
const U8 = { min: 0, max: 255 } as const;
const TYPES = 256;

const ICMPV6_TABLE: SysctlTable<Ipv6Net> = {
  ratelimit: sysctlField('icmpv6Time', { min: 0 }),
  echo_ignore_all: sysctlField('icmpv6EchoIgnoreAll', U8),
  echo_ignore_multicast: sysctlField('icmpv6EchoIgnoreMulticast', U8),
  echo_ignore_anycast: sysctlField('icmpv6EchoIgnoreAnycast', U8),
  error_anycast_as_unicast: sysctlField('icmpv6ErrorAnycastAsUnicast', SWITCH),
  ratemask: sysctlBitmap(TYPES, ({ icmpv6Ratemask }) => ranges(icmpv6Ratemask), setRatemask),
};

/** Registers the files of a namespace; returns the undo. */
export function icmpv6SysctlRegister(net: Net): () => void {
  return registerNetSysctl(net, 'net/ipv6/icmp', ICMPV6_TABLE, ipv6Net.of(net));
}

function setRatemask({ icmpv6Ratemask: mask }: Ipv6Net, list: readonly Range[]): void {
  mask.fill(0);
  for (const [first, last] of list) mask.fill(1, first, last + 1);
}

/** The types that are limited, as ranges. */
function ranges(mask: Uint8Array): [first: number, last: number][] {
  const list: [number, number][] = [];
  mask.forEach((on, type) => {
    const last = list.at(-1);
    if (on === 0) return;
    if (last !== undefined && last[1] === type - 1) last[1] = type;
    else list.push([type, type]);
  });
  return list;
}
