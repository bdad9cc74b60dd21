/** net.{ipv4,ipv6}.neigh.{default,IFACE}.* (`neigh_sysctl_register`). */
import { HZ, NETEVENT_DELAY_PROBE_TIME_UPDATE, USER_HZ } from '@skbuff/core';
import { INT_MAX, INT_MIN, registerNetSysctl, sysctlDevNameIsAllowed, type SysctlEntry, sysctlField, sysctlInt } from '@skbuff/sysctl';
import type { NeighParms, NeighVar } from './neigh-parms.ts';
import { SKB_TRUESIZE_ETH_FRAME } from './neigh-truesize.ts';
import { neighSetDefault } from './neigh-parms.ts';

/** Name of the file, the setting, how many jiffies its unit has, and the least value. */
type File = readonly [name: string, variable: NeighVar, unit: number, min: number];

const SECOND = HZ;
const MS = HZ / 1000;
const TICK = HZ / USER_HZ;

const FILES: readonly File[] = [
  ['mcast_solicit', 'mcastProbes', 1, 0],
  ['ucast_solicit', 'ucastProbes', 1, 0],
  ['app_solicit', 'appProbes', 1, 0],
  ['mcast_resolicit', 'mcastReprobes', 1, 0],
  ['retrans_time', 'retransTime', TICK, INT_MIN],
  ['base_reachable_time', 'baseReachableTime', SECOND, INT_MIN],
  ['delay_first_probe_time', 'delayProbeTime', SECOND, INT_MIN],
  ['interval_probe_time_ms', 'intervalProbeTime', MS, 1],
  ['gc_stale_time', 'gcStaletime', SECOND, INT_MIN],
  ['unres_qlen_bytes', 'queueLenBytes', 1, 0],
  // The same in packets of the usual size.
  ['unres_qlen', 'queueLenBytes', SKB_TRUESIZE_ETH_FRAME, 0],
  ['proxy_qlen', 'proxyQlen', 1, 0],
  ['anycast_delay', 'anycastDelay', TICK, INT_MIN],
  ['proxy_delay', 'proxyDelay', TICK, INT_MIN],
  ['locktime', 'locktime', TICK, INT_MIN],
  ['retrans_time_ms', 'retransTime', MS, 0],
  ['base_reachable_time_ms', 'baseReachableTime', MS, 0],
];

/** `neigh_sysctl_register`: the files of a device's settings, if its name can have any, or of the defaults with the table's own. */
export function neighSysctlRegister(parms: NeighParms): void {
  neighSysctlUnregister(parms);
  if (parms.dev !== null && !sysctlDevNameIsAllowed(parms.dev.name)) return;
  const dir = `net/${parms.tbl.options.sysctlDir}/neigh/${parms.dev?.name ?? 'default'}`;
  const entries = FILES.map((file) => entry(dir, parms, file, unitOf(parms, file)));
  parms.undoSysctl = registerNetSysctl(parms.net, parms.dev === null ? [...entries, ...tableEntries(dir, parms)] : entries);
}

/** `neigh_sysctl_unregister`. */
export function neighSysctlUnregister(parms: NeighParms): void {
  parms.undoSysctl?.();
  parms.undoSysctl = null;
}

/** Neighbour discovery's `retrans_time` is as the kernel keeps it (`proc_dointvec`). */
function unitOf({ tbl }: NeighParms, [name, , unit]: File): number {
  return name === 'retrans_time' && tbl.options.ifinfoChange !== undefined ? 1 : unit;
}

function entry(dir: string, parms: NeighParms, [name, variable, , min]: File, unit: number): SysctlEntry {
  const get = (): number => Math.floor(parms[variable] / unit);
  const max = unit > TICK ? Math.floor(INT_MAX / unit) : INT_MAX;
  // What does not fit in jiffies with either sign is refused.
  const least = unit === SECOND ? -max : min;
  return sysctlInt(`${dir}/${name}`, get, (value) => change(parms, variable, (value * unit) | 0), { min: least, max });
}

/** `neigh_proc_update`, `neigh_proc_base_reachable_time`. */
function change(parms: NeighParms, variable: NeighVar, value: number): void {
  if (parms.dev === null) neighSetDefault(parms.tbl, variable, value);
  else parms.set(variable, value);
  if (variable === 'baseReachableTime') parms.drawReachableTime();
  if (variable === 'baseReachableTime' || variable === 'retransTime') parms.tbl.options.ifinfoChange?.(parms);
  if (variable === 'delayProbeTime') parms.tbl.core.netevent.callChain(NETEVENT_DELAY_PROBE_TIME_UPDATE, parms);
}

function tableEntries(dir: string, { tbl }: NeighParms): SysctlEntry[] {
  const interval = sysctlInt(`${dir}/gc_interval`, () => tbl.gcInterval / HZ, (value) => void (tbl.gcInterval = value * HZ), { max: Math.floor(INT_MAX / HZ) });
  const thresholds = (['gcThresh1', 'gcThresh2', 'gcThresh3'] as const).map((key, i) => sysctlField(`${dir}/gc_thresh${i + 1}`, tbl, key, { min: 0 }));
  return [interval, ...thresholds];
}
