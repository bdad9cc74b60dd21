/** What the neighbouring subsystem of one kernel has in common: its tables and who hears of changes. */
import { AtomicNotifierHead, type Kernel, type TimerList, token, type Token } from '@skbuff/core';
import type { NeighParms } from './neigh-parms.ts';
import type { NeighTable } from './neigh-table.ts';
import type { Neighbour } from './neighbour.ts';

/** Data of `netevent_notif_chain`: the neighbour (NETEVENT_NEIGH_UPDATE), or the parameters (NETEVENT_DELAY_PROBE_TIME_UPDATE). */
export type NeteventData = Neighbour | NeighParms;

/** What user space sees of neighbours: messages and files. */
export interface NeighControl {
  /** `__neigh_notify`. */
  readonly notify: (neigh: Neighbour, type: number, flags: number, portid: number) => void;
  /** `neigh_sysctl_register`, again when the device has another name. */
  readonly sysctlRegister: (parms: NeighParms) => void;
  readonly sysctlUnregister: (parms: NeighParms) => void;
  /** Runs `neigh_managed_work` for a table. */
  readonly managedTimer: (tbl: NeighTable) => TimerList;
}

export class NeighCore {
  readonly kernel: Kernel;
  /** Null in a stack without netlink and sysctl. */
  readonly control: NeighControl | null;
  /** `neigh_tables`: one per protocol. */
  readonly tables: NeighTable[] = [];
  /** `netevent_notif_chain`. */
  readonly netevent: AtomicNotifierHead<NeteventData> = new AtomicNotifierHead();
  /** Neighbours that were allocated and not destroyed, for the leak check. */
  live = 0;

  constructor(kernel: Kernel, control: NeighControl | null) {
    this.kernel = kernel;
    this.control = control;
  }
}

/** The service under which protocols find it. */
export const NEIGHBOUR: Token<NeighCore> = token<NeighCore>('NEIGHBOUR');
