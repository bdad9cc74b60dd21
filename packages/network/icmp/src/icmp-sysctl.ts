/** net.ipv4.icmp_* (`net/ipv4/sysctl_net_ipv4.c`). Ranges are the kernel's. */
import type { Net } from '@skbuff/core';
import type { IcmpGlobal } from '@skbuff/inet';
import { registerNetSysctl, type SysctlTable, sysctlField } from '@skbuff/sysctl';
import type { IcmpNet } from './icmp-net.ts';

const SWITCH = { min: 0, max: 1 } as const;

const ICMP_TABLE: SysctlTable<IcmpNet> = {
  icmp_echo_ignore_all: sysctlField('echoIgnoreAll', SWITCH),
  icmp_echo_ignore_broadcasts: sysctlField('echoIgnoreBroadcasts', SWITCH),
  icmp_ignore_bogus_error_responses: sysctlField('ignoreBogusErrorResponses', SWITCH),
  icmp_errors_use_inbound_ifaddr: sysctlField('errorsUseInboundIfaddr', SWITCH),
  icmp_ratelimit: sysctlField('ratelimit', { min: 0 }),
  icmp_ratemask: sysctlField('ratemask'),
};

const LIMIT_TABLE: SysctlTable<IcmpGlobal> = {
  icmp_msgs_per_sec: sysctlField('msgsPerSec', { min: 0 }),
  icmp_msgs_burst: sysctlField('msgsBurst', { min: 0 }),
};

/** Registers the files of a namespace; returns the undo. */
export function icmpSysctlRegister(net: Net, state: IcmpNet, limit: IcmpGlobal): () => void {
  const undos = [registerNetSysctl(net, 'net/ipv4', ICMP_TABLE, state), registerNetSysctl(net, 'net/ipv4', LIMIT_TABLE, limit)];
  return () => {
    for (const undo of undos) undo();
  };
}
