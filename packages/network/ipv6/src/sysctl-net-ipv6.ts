/** net.ipv6.* of the IP layer itself (`net/ipv6/sysctl_net_ipv6.c`, `reassembly.c`). Ranges are the kernel's. */
import { HZ, type ModuleContext, type Net } from '@skbuff/core';
import { fqdirSysctls } from '@skbuff/inet-fragment';
import { INT_MAX, registerNetSysctl, type SysctlEntry, sysctlField, sysctlInt } from '@skbuff/sysctl';
import { ipv6Net } from './ipv6-net.ts';
import { ip6FragNet } from './reassembly.ts';

const U8 = { min: 0, max: 255 } as const;

/** The files of every namespace. */
export function ipv6SysctlRegister(ctx: ModuleContext): void {
  const undos: Map<Net, () => void> = new Map();
  ctx.pernetSubsys({
    name: 'ipv6 settings',
    init(net) {
      undos.set(net, registerNetSysctl(net, [...entries(net), ...fqdirSysctls('net/ipv6/ip6frag', ip6FragNet.of(net).fqdir)]));
      return 0;
    },
    exit(net) {
      undos.get(net)?.();
      undos.delete(net);
    },
  });
}

/** `ipv6_table_template`. */
function entries(net: Net): SysctlEntry[] {
  const state = ipv6Net.of(net);
  const max = Math.floor(INT_MAX / HZ);
  const delay = (value: number): void => {
    state.idgenDelay = value * HZ;
  };
  return [
    sysctlField('net/ipv6/bindv6only', state, 'bindv6only', U8),
    sysctlField('net/ipv6/anycast_src_echo_reply', state, 'anycastSrcEchoReply', U8),
    sysctlField('net/ipv6/flowlabel_consistency', state, 'flowlabelConsistency', U8),
    sysctlField('net/ipv6/auto_flowlabels', state, 'autoFlowlabels', { min: 0, max: 3 }),
    sysctlField('net/ipv6/fwmark_reflect', state, 'fwmarkReflect', U8),
    sysctlField('net/ipv6/idgen_retries', state, 'idgenRetries'),
    sysctlInt('net/ipv6/idgen_delay', () => Math.trunc(state.idgenDelay / HZ), delay, { min: -max, max }),
    sysctlField('net/ipv6/flowlabel_state_ranges', state, 'flowlabelStateRanges', U8),
    sysctlField('net/ipv6/ip_nonlocal_bind', state, 'ipNonlocalBind', U8),
    sysctlField('net/ipv6/flowlabel_reflect', state, 'flowlabelReflect', { min: 0, max: 7 }),
    sysctlField('net/ipv6/max_dst_opts_number', state, 'maxDstOptsCnt'),
    sysctlField('net/ipv6/max_hbh_opts_number', state, 'maxHbhOptsCnt'),
    sysctlField('net/ipv6/max_dst_opts_length', state, 'maxDstOptsLen'),
    sysctlField('net/ipv6/max_hbh_length', state, 'maxHbhOptsLen'),
    sysctlField('net/ipv6/fib_multipath_hash_policy', state, 'multipathHashPolicy', { min: 0, max: 3 }),
    sysctlField('net/ipv6/fib_multipath_hash_fields', state, 'multipathHashFields', { min: 1, max: 4095 }),
    sysctlField('net/ipv6/fib_notify_on_flag_change', state, 'fibNotifyOnFlagChange', { min: 0, max: 2 }),
  ];
}
