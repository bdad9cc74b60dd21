/** The settings that queues of every family have (`ip4_frags_ns_ctl_table`, `ip6_frags_ns_ctl_table`). */
import { HZ } from '@skbuff/core';
import { INT_MAX, type SysctlEntry, sysctlInt } from '@skbuff/sysctl';
import { EINVAL } from '@skbuff/uapi';
import type { Fqdir } from './fqdir.ts';

/** `PREFIX_high_thresh`, `PREFIX_low_thresh` (bytes) and `PREFIX_time` (seconds); `prefix`: a path under /proc/sys. */
export function fqdirSysctls(prefix: string, fqdir: Fqdir): SysctlEntry[] {
  const max = Math.floor(INT_MAX / HZ);
  return [
    thresh(`${prefix}_high_thresh`, () => fqdir.highThresh, (value) => (fqdir.highThresh = value), (value) => value >= fqdir.lowThresh),
    thresh(`${prefix}_low_thresh`, () => fqdir.lowThresh, (value) => (fqdir.lowThresh = value), (value) => value <= fqdir.highThresh),
    sysctlInt(`${prefix}_time`, () => Math.trunc(fqdir.timeout / HZ), (value) => void (fqdir.timeout = value * HZ), { min: -max, max }),
  ];
}

/** The low limit is never above the high one. */
function thresh(path: string, get: () => number, set: (value: number) => void, fits: (value: number) => boolean): SysctlEntry {
  const write = (value: number): number => {
    if (!fits(value)) return -EINVAL;
    set(value);
    return 0;
  };
  return sysctlInt(path, get, write, { min: 0, max: Number.MAX_SAFE_INTEGER });
}
