/** Learning from what a neighbour says of itself (`neigh_event_ns`). */
import type { NetDevice } from '@skbuff/core';
import { NUD_STALE } from '@skbuff/uapi';
import type { NeighTable } from './neigh-table.ts';
import { NEIGH_UPDATE_F_OVERRIDE, neighUpdate } from './neigh-update.ts';
import type { Neighbour } from './neighbour.ts';

/**
 * A request from a neighbour carries its address: the entry, made if there is none, becomes STALE with it. `lladdr` holds the
 * address from its first byte; null on devices without addresses. No reference is taken; null if there can be no entry.
 */
export function neighEventNs(tbl: NeighTable, dev: NetDevice, lladdr: Uint8Array | null, k0: number, k1: number = 0, k2: number = 0, k3: number = 0): Neighbour | null {
  const known = tbl.find(dev, k0, k1, k2, k3);
  const neigh = known ?? (lladdr !== null || dev.addrLen === 0 ? tbl.create(dev, k0, k1, k2, k3) : null);
  if (neigh === null || typeof neigh === 'number') return null;
  neighUpdate(neigh, lladdr, 0, NUD_STALE, NEIGH_UPDATE_F_OVERRIDE);
  return neigh;
}
