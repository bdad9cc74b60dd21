/** net.ipv6.icmp.* (`ipv6_icmp_sysctl_init`). Ranges are the kernel's. */
import type { Net } from '@skbuff/core';
import { ipv6Net } from '@skbuff/ipv6';
import { registerNetSysctl, sysctlBitmap, sysctlField } from '@skbuff/sysctl';

const SWITCH = { min: 0, max: 1 } as const;
const U8 = { min: 0, max: 255 } as const;

/** Registers the files of a namespace; returns the undo. */
export function icmpv6SysctlRegister(net: Net): () => void {
  const state = ipv6Net.of(net);
  const { icmpv6Ratemask: mask } = state;
  return registerNetSysctl(net, [
    sysctlField('net/ipv6/icmp/ratelimit', state, 'icmpv6Time', { min: 0 }),
    sysctlField('net/ipv6/icmp/echo_ignore_all', state, 'icmpv6EchoIgnoreAll', U8),
    sysctlField('net/ipv6/icmp/echo_ignore_multicast', state, 'icmpv6EchoIgnoreMulticast', U8),
    sysctlField('net/ipv6/icmp/echo_ignore_anycast', state, 'icmpv6EchoIgnoreAnycast', U8),
    sysctlField('net/ipv6/icmp/error_anycast_as_unicast', state, 'icmpv6ErrorAnycastAsUnicast', SWITCH),
    sysctlBitmap('net/ipv6/icmp/ratemask', mask.length, () => ranges(mask), (list) => {
      mask.fill(0);
      for (const [first, last] of list) mask.fill(1, first, last + 1);
    }),
  ]);
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
