/** net.ipv4.* of the IP layer itself (`net/ipv4/sysctl_net_ipv4.c`, `ip_fragment.c`). Ranges are the kernel's. */
import type { Net } from '@skbuff/core';
import { type Fqdir, fqdirSysctls } from '@skbuff/inet-fragment';
import { registerNetSysctl, type SysctlFile, type SysctlTable, sysctlBitmap, sysctlField, sysctlInt, sysctlIntVec } from '@skbuff/sysctl';
import { EINVAL, NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT } from '@skbuff/uapi';
import { devinetSysctlRegister, ipForwardSysctlRegister } from './devinet-sysctl.ts';
import { ipFragNet } from './ip-frag-queue.ts';
import { ipv4Net, type Ipv4Net } from './ipv4-net.ts';

const U8 = { min: 0, max: 255 } as const;
const SWITCH = { min: 0, max: 1 } as const;

/** `ipv4_net_table`. Ports of automatic binding lie above those that need a privilege. */
const IPV4_TABLE: SysctlTable<Ipv4Net> = {
  ip_default_ttl: sysctlField('ipDefaultTtl', { min: 1, max: 255 }),
  ip_forward_update_priority: sysctlField('ipForwardUpdatePriority', SWITCH),
  ip_nonlocal_bind: sysctlField('ipNonlocalBind', U8),
  ip_early_demux: sysctlField('ipEarlyDemux', U8),
  ip_dynaddr: sysctlField('ipDynaddr', U8),
  fwmark_reflect: sysctlField('fwmarkReflect', U8),
  igmp_max_memberships: sysctlField('igmpMaxMemberships'),
  igmp_max_msf: sysctlField('igmpMaxMsf'),
  ip_local_port_range: sysctlIntVec((state) => state.localPortRange, setPortRange, { min: 1, max: 65535 }),
  ip_local_reserved_ports: sysctlBitmap(
    65536,
    (state) => state.localReservedPorts,
    (state, ports) => {
      state.localReservedPorts = ports;
    },
  ),
  ip_unprivileged_port_start: sysctlInt((state) => state.ipUnprivilegedPortStart, setPortStart, { min: 0, max: 65535 }),
};

/** Those on which decisions depend that were made before. */
const FLUSHING_TABLE: SysctlTable<Net> = { ip_no_pmtu_disc: flushing('ipNoPmtuDisc'), ip_forward_use_pmtu: flushing('ipForwardUsePmtu') };

/** `ip4_frags_ns_ctl_table`. */
const FRAGS_TABLE: SysctlTable<Fqdir> = { ...fqdirSysctls('ipfrag'), ipfrag_max_dist: sysctlField('maxDist', { min: 0 }) };

/** Registers the files of a namespace; returns the undo. */
export function ipv4SysctlRegister(net: Net): () => void {
  const state = ipv4Net.of(net);
  const undos = [
    devinetSysctlRegister(net, 'all', NETCONFA_IFINDEX_ALL, state.devconfAll),
    devinetSysctlRegister(net, 'default', NETCONFA_IFINDEX_DEFAULT, state.devconfDflt),
    ipForwardSysctlRegister(net),
    registerNetSysctl(net, 'net/ipv4', IPV4_TABLE, state),
    registerNetSysctl(net, 'net/ipv4', FLUSHING_TABLE, net),
    registerNetSysctl(net, 'net/ipv4', FRAGS_TABLE, ipFragNet.of(net).fqdir),
  ];
  return () => {
    for (const undo of undos.reverse()) undo();
  };
}

function flushing(key: 'ipForwardUsePmtu' | 'ipNoPmtuDisc'): SysctlFile<Net> {
  const set = (net: Net, value: number): void => {
    const state = ipv4Net.of(net);
    state[key] = value;
    state.ip.routing?.cacheFlush(net);
  };
  return sysctlInt((net) => ipv4Net.of(net)[key], set, U8);
}

function setPortRange(state: Ipv4Net, [first = 0, last = 0]: readonly number[]): number {
  if (last < first || first < state.ipUnprivilegedPortStart) return -EINVAL;
  state.localPortRange = [first, last];
  return 0;
}

function setPortStart(state: Ipv4Net, start: number): number {
  if (start > state.localPortRange[0]) return -EINVAL;
  state.ipUnprivilegedPortStart = start;
  return 0;
}
