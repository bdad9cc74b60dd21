/** net.{ipv4,ipv6}.neigh.{default,IFACE}.* (`neigh_sysctl_register`). */
import { HZ, NETEVENT_DELAY_PROBE_TIME_UPDATE, USER_HZ } from '@skbuff/core';
import { INT_MAX, INT_MIN, registerNetSysctl, sysctlDevNameIsAllowed, type SysctlFile, type SysctlTable, sysctlField, sysctlInt, sysctlSeconds } from '@skbuff/sysctl';
import { type NeighParms, neighSetDefault, type NeighVar } from './neigh-parms.ts';
import type { NeighTable } from './neigh-table.ts';
import { SKB_TRUESIZE_ETH_FRAME } from './neigh-truesize.ts';

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

const PARMS_TABLE: SysctlTable<NeighParms> = Object.fromEntries(FILES.map((file) => [file[0], parmsFile(file)]));

const TABLE_TABLE: SysctlTable<NeighTable> = {
  gc_interval: sysctlSeconds('gcInterval'),
  gc_thresh1: sysctlField('gcThresh1', { min: 0 }),
  gc_thresh2: sysctlField('gcThresh2', { min: 0 }),
  gc_thresh3: sysctlField('gcThresh3', { min: 0 }),
};

/** `neigh_sysctl_register`: the files of a device's settings, if its name can have any, or of the defaults with the table's own. */
export function neighSysctlRegister(parms: NeighParms): void {
  neighSysctlUnregister(parms);
  const { net, dev, tbl } = parms;
  if (dev !== null && !sysctlDevNameIsAllowed(dev.name)) return;
  const dir = `net/${tbl.options.sysctlDir}/neigh/${dev?.name ?? 'default'}`;
  const undo = registerNetSysctl(net, dir, PARMS_TABLE, parms);
  const undoTable = dev === null ? registerNetSysctl(net, dir, TABLE_TABLE, tbl) : null;
  parms.undoSysctl = () => {
    undo();
    undoTable?.();
  };
}

/** `neigh_sysctl_unregister`. */
export function neighSysctlUnregister(parms: NeighParms): void {
  parms.undoSysctl?.();
  parms.undoSysctl = null;
}

function parmsFile([name, variable, unit, min]: File): SysctlFile<NeighParms> {
  // Neighbour discovery's `retrans_time` is as the kernel keeps it (`proc_dointvec`).
  const unitOf = ({ tbl }: NeighParms): number => (name === 'retrans_time' && tbl.options.ifinfoChange !== undefined ? 1 : unit);
  const max = unit > TICK ? Math.floor(INT_MAX / unit) : INT_MAX;
  // What does not fit in jiffies with either sign is refused.
  const least = unit === SECOND ? -max : min;
  return sysctlInt(
    (parms) => Math.floor(parms[variable] / unitOf(parms)),
    (parms, value) => change(parms, variable, (value * unitOf(parms)) | 0),
    { min: least, max },
  );
}

/** `neigh_proc_update`, `neigh_proc_base_reachable_time`. */
function change(parms: NeighParms, variable: NeighVar, value: number): void {
  if (parms.dev === null) neighSetDefault(parms.tbl, variable, value);
  else parms.set(variable, value);
  if (variable === 'baseReachableTime') parms.drawReachableTime();
  if (variable === 'baseReachableTime' || variable === 'retransTime') parms.tbl.options.ifinfoChange?.(parms);
  if (variable === 'delayProbeTime') parms.tbl.core.netevent.callChain(NETEVENT_DELAY_PROBE_TIME_UPDATE, parms);
}
