/** net.ipv4.* of the IP layer itself (`net/ipv4/sysctl_net_ipv4.c`, `ip_fragment.c`). Ranges are the kernel's. */
import type { Net } from '@skbuff/core';
import { fqdirSysctls } from '@skbuff/inet-fragment';
import { registerNetSysctl, type SysctlEntry, sysctlBitmap, sysctlField, sysctlInt, sysctlIntVec } from '@skbuff/sysctl';
import { EINVAL, NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT } from '@skbuff/uapi';
import { devinetSysctlRegister, ipForwardSysctl } from './devinet-sysctl.ts';
import { ipFragNet } from './ip-frag-queue.ts';
import { ipv4Net } from './ipv4-net.ts';

const U8 = { min: 0, max: 255 } as const;
const SWITCH = { min: 0, max: 1 } as const;

/** Registers the files of a namespace; returns the undo. */
export function ipv4SysctlRegister(net: Net): () => void {
  const state = ipv4Net.of(net);
  const undos = [
    devinetSysctlRegister(net, 'all', NETCONFA_IFINDEX_ALL, state.devconfAll),
    devinetSysctlRegister(net, 'default', NETCONFA_IFINDEX_DEFAULT, state.devconfDflt),
    registerNetSysctl(net, [ipForwardSysctl(net), ...plainEntries(net), ...portEntries(net), ...fragEntries(net)]),
  ];
  return () => {
    for (const undo of undos.reverse()) undo();
  };
}

function plainEntries(net: Net): SysctlEntry[] {
  const state = ipv4Net.of(net);
  const flush = (key: 'ipForwardUsePmtu' | 'ipNoPmtuDisc') => (value: number) => {
    state[key] = value;
    state.ip.routing?.cacheFlush(net);
  };
  return [
    sysctlField('net/ipv4/ip_default_ttl', state, 'ipDefaultTtl', { min: 1, max: 255 }),
    sysctlInt('net/ipv4/ip_no_pmtu_disc', () => state.ipNoPmtuDisc, flush('ipNoPmtuDisc'), U8),
    sysctlInt('net/ipv4/ip_forward_use_pmtu', () => state.ipForwardUsePmtu, flush('ipForwardUsePmtu'), U8),
    sysctlField('net/ipv4/ip_forward_update_priority', state, 'ipForwardUpdatePriority', SWITCH),
    sysctlField('net/ipv4/ip_nonlocal_bind', state, 'ipNonlocalBind', U8),
    sysctlField('net/ipv4/ip_early_demux', state, 'ipEarlyDemux', U8),
    sysctlField('net/ipv4/ip_dynaddr', state, 'ipDynaddr', U8),
    sysctlField('net/ipv4/fwmark_reflect', state, 'fwmarkReflect', U8),
    sysctlField('net/ipv4/igmp_max_memberships', state, 'igmpMaxMemberships'),
    sysctlField('net/ipv4/igmp_max_msf', state, 'igmpMaxMsf'),
  ];
}

/** Ports of automatic binding lie above those that need a privilege. */
function portEntries(net: Net): SysctlEntry[] {
  const state = ipv4Net.of(net);
  const setRange = ([first = 0, last = 0]: readonly number[]): number => {
    if (last < first || first < state.ipUnprivilegedPortStart) return -EINVAL;
    state.localPortRange = [first, last];
    return 0;
  };
  const setStart = (start: number): number => {
    if (start > state.localPortRange[0]) return -EINVAL;
    state.ipUnprivilegedPortStart = start;
    return 0;
  };
  return [
    sysctlIntVec('net/ipv4/ip_local_port_range', () => state.localPortRange, setRange, { min: 1, max: 65535 }),
    sysctlBitmap('net/ipv4/ip_local_reserved_ports', 65536, () => state.localReservedPorts, (ports) => void (state.localReservedPorts = ports)),
    sysctlInt('net/ipv4/ip_unprivileged_port_start', () => state.ipUnprivilegedPortStart, setStart, { min: 0, max: 65535 }),
  ];
}

function fragEntries(net: Net): SysctlEntry[] {
  const { fqdir } = ipFragNet.of(net);
  return [...fqdirSysctls('net/ipv4/ipfrag', fqdir), sysctlField('net/ipv4/ipfrag_max_dist', fqdir, 'maxDist', { min: 0 })];
}
