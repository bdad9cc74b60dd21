/** The settings that queues of every family have (`ip4_frags_ns_ctl_table`, `ip6_frags_ns_ctl_table`). */
import { type SysctlFile, type SysctlTable, sysctlInt, sysctlSeconds } from '@skbuff/sysctl';
import { EINVAL } from '@skbuff/uapi';
import type { Fqdir } from './fqdir.ts';

/** `PREFIX_high_thresh`, `PREFIX_low_thresh` (bytes) and `PREFIX_time` (seconds). The low limit is never above the high one. */
export function fqdirSysctls(prefix: string): SysctlTable<Fqdir> {
  return {
    [`${prefix}_high_thresh`]: thresh('highThresh', (fqdir, value) => value >= fqdir.lowThresh),
    [`${prefix}_low_thresh`]: thresh('lowThresh', (fqdir, value) => value <= fqdir.highThresh),
    [`${prefix}_time`]: sysctlSeconds('timeout'),
  };
}

function thresh(key: 'highThresh' | 'lowThresh', fits: (fqdir: Fqdir, value: number) => boolean): SysctlFile<Fqdir> {
  const set = (fqdir: Fqdir, value: number): number => {
    if (!fits(fqdir, value)) return -EINVAL;
    fqdir[key] = value;
    return 0;
  };
  return sysctlInt((fqdir) => fqdir[key], set, { min: 0, max: Number.MAX_SAFE_INTEGER });
}
