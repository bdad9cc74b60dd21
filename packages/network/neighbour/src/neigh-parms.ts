/** `struct neigh_parms`: the settings of one table on one device, or the defaults of the table. Times are in jiffies. */
import { HZ, type Net, type NetDevice } from '@skbuff/core';
import type { NeighTable } from './neigh-table.ts';
import type { Neighbour } from './neighbour.ts';

/** What can be set. */
export interface NeighVars {
  mcastProbes: number;
  ucastProbes: number;
  appProbes: number;
  mcastReprobes: number;
  retransTime: number;
  baseReachableTime: number;
  delayProbeTime: number;
  intervalProbeTime: number;
  gcStaletime: number;
  /** Bytes (truesize) of packets that may wait for one neighbour. */
  queueLenBytes: number;
  proxyQlen: number;
  anycastDelay: number;
  proxyDelay: number;
  locktime: number;
}

export type NeighVar = keyof NeighVars;

export const NEIGH_VARS_DEFAULT: Readonly<NeighVars> = {
  mcastProbes: 3,
  ucastProbes: 3,
  appProbes: 0,
  mcastReprobes: 0,
  retransTime: HZ,
  baseReachableTime: 30 * HZ,
  delayProbeTime: 5 * HZ,
  intervalProbeTime: 5 * HZ,
  gcStaletime: 60 * HZ,
  queueLenBytes: 212992,
  proxyQlen: 64,
  anycastDelay: HZ,
  proxyDelay: (HZ * 8) / 10,
  locktime: HZ,
};

const NEIGH_VARS = /* @__PURE__ */ Object.keys(NEIGH_VARS_DEFAULT) as readonly NeighVar[];

export class NeighParms implements NeighVars {
  readonly tbl: NeighTable;
  /** Null: the table's defaults. */
  readonly dev: NetDevice | null;
  mcastProbes = 0;
  ucastProbes = 0;
  appProbes = 0;
  mcastReprobes = 0;
  retransTime = 0;
  baseReachableTime = 0;
  delayProbeTime = 0;
  intervalProbeTime = 0;
  gcStaletime = 0;
  queueLenBytes = 0;
  proxyQlen = 0;
  anycastDelay = 0;
  proxyDelay = 0;
  locktime = 0;
  /** How long an answer counts: drawn from 0.5 to 1.5 of `baseReachableTime`, anew every 5 minutes (RFC 4861 §6.3.2). */
  reachableTime = 0;
  /** Requests that wait for a proxy's delay on this device. */
  qlen = 0;
  refcnt = 1;
  /** The device is gone. */
  dead = false;
  /** `neigh_setup`: has a say in every entry with these settings: 0 or a negative errno. For the driver of the device. */
  neighSetup: ((neigh: Neighbour) => number) | null = null;
  /** Takes the files for the settings away. @internal */
  undoSysctl: (() => void) | null = null;
  /** What was set by hand and does not follow the defaults any more. @internal */
  readonly own: Set<NeighVar> = new Set();

  constructor(tbl: NeighTable, dev: NetDevice | null, from: Readonly<NeighVars>) {
    this.tbl = tbl;
    this.dev = dev;
    for (const name of NEIGH_VARS) this[name] = from[name];
    this.drawReachableTime();
  }

  get net(): Net {
    return this.dev === null ? this.tbl.core.kernel.initNet : this.dev.net;
  }

  /** `NEIGH_VAR_SET`: from now on the setting is the device's own. */
  set(name: NeighVar, value: number): void {
    this[name] = value;
    this.own.add(name);
  }

  /** `neigh_parms_data_state_setall`: no setting follows the defaults any more; so when the device gets an address. */
  setAll(): void {
    for (const name of NEIGH_VARS) this.own.add(name);
  }

  /** `neigh_rand_reach_time`. */
  drawReachableTime(): void {
    const base = this.baseReachableTime;
    this.reachableTime = base <= 0 ? 0 : this.tbl.random.below(base) + (base >> 1);
  }
}

/** Sets a default: devices that have no value of their own follow (in the initial namespace, whose default it is). */
export function neighSetDefault(tbl: NeighTable, name: NeighVar, value: number): void {
  tbl.parms.set(name, value);
  for (const parms of tbl.parmsList) {
    if (parms.dev !== null && parms.net === tbl.core.kernel.initNet && !parms.own.has(name)) parms[name] = value;
  }
}

/** `lookup_neigh_parms`: of the interface with this index in `net`; index 0: the defaults, in the initial namespace. */
export function lookupNeighParms(tbl: NeighTable, net: Net, ifindex: number): NeighParms | null {
  if (ifindex === 0) return net === tbl.core.kernel.initNet ? tbl.parms : null;
  const dev = net.devGetByIndex(ifindex);
  return dev === null ? null : (tbl.parmsByDev.get(dev) ?? null);
}
