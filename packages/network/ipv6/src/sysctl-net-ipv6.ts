/** net.ipv6.* of the IP layer itself (`net/ipv6/sysctl_net_ipv6.c`, `reassembly.c`). Ranges are the kernel's. */
import { type ModuleContext, pernetUndo } from '@skbuff/core';
import { type Fqdir, fqdirSysctls } from '@skbuff/inet-fragment';
import { procGetLongs, registerNetSysctl, type SysctlTable, sysctlField, sysctlSeconds } from '@skbuff/sysctl';
import { EINVAL } from '@skbuff/uapi';
import { IOAM6_DEFAULT_ID_WIDE, ipv6Net, type Ipv6Net } from './ipv6-net.ts';
import { ip6FragNet } from './reassembly.ts';

const U8 = { min: 0, max: 255 } as const;

/** `ipv6_table_template`. */
const IPV6_TABLE: SysctlTable<Ipv6Net> = {
  bindv6only: sysctlField('bindv6only', U8),
  anycast_src_echo_reply: sysctlField('anycastSrcEchoReply', U8),
  flowlabel_consistency: sysctlField('flowlabelConsistency', U8),
  auto_flowlabels: sysctlField('autoFlowlabels', { min: 0, max: 3 }),
  fwmark_reflect: sysctlField('fwmarkReflect', U8),
  idgen_retries: sysctlField('idgenRetries'),
  idgen_delay: sysctlSeconds('idgenDelay'),
  flowlabel_state_ranges: sysctlField('flowlabelStateRanges', U8),
  ip_nonlocal_bind: sysctlField('ipNonlocalBind', U8),
  flowlabel_reflect: sysctlField('flowlabelReflect', { min: 0, max: 7 }),
  max_dst_opts_number: sysctlField('maxDstOptsCnt'),
  max_hbh_opts_number: sysctlField('maxHbhOptsCnt'),
  max_dst_opts_length: sysctlField('maxDstOptsLen'),
  max_hbh_length: sysctlField('maxHbhOptsLen'),
  fib_multipath_hash_policy: sysctlField('multipathHashPolicy', { min: 0, max: 3 }),
  fib_multipath_hash_fields: sysctlField('multipathHashFields', { min: 1, max: 4095 }),
  seg6_flowlabel: sysctlField('seg6Flowlabel'),
  fib_notify_on_flag_change: sysctlField('fibNotifyOnFlagChange', { min: 0, max: 2 }),
  ioam6_id: sysctlField('ioam6Id', { min: 0, max: 2 ** 24 - 1 }),
  ioam6_id_wide: { read: ({ ioam6IdWide }) => `${ioam6IdWide}\n`, write: setIoam6IdWide },
};

/** `proc_doulongvec_minmax`: more bits than a number has here. */
function setIoam6IdWide(state: Ipv6Net, text: string): number {
  if (text === '') return 0;
  const values = procGetLongs(text, 1, false);
  if (typeof values === 'number') return values;
  const [value] = values as [number];
  const id = Number.isSafeInteger(value) ? BigInt(value) : BigInt((text.trim().split(/\s/, 1) as [string])[0]);
  if (id > IOAM6_DEFAULT_ID_WIDE) return -EINVAL;
  state.ioam6IdWide = id;
  return 0;
}

/** `ip6_frags_ns_ctl_table`. */
const FRAGS_TABLE: SysctlTable<Fqdir> = fqdirSysctls('ip6frag');

/** The files of every namespace. */
export function ipv6SysctlRegister(ctx: ModuleContext): void {
  pernetUndo(ctx, 'ipv6 settings', (net) => [
    registerNetSysctl(net, 'net/ipv6', IPV6_TABLE, ipv6Net.of(net)),
    registerNetSysctl(net, 'net/ipv6', FRAGS_TABLE, ip6FragNet.of(net).fqdir),
  ]);
}
