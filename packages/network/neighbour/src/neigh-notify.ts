/** Who hears that a neighbour changed: the kernel's notifier chain and user space. */
import { NETEVENT_NEIGH_UPDATE } from '@skbuff/core';
import { NLM_F_REQUEST, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH } from '@skbuff/uapi';
import type { Neighbour } from './neighbour.ts';

/** `neigh_update_notify`: RTM_NEWNEIGH. `portid`: netlink port of who caused it, 0 for the stack itself. */
export function neighUpdateNotify(neigh: Neighbour, portid: number): void {
  const { core } = neigh.tbl;
  core.netevent.callChain(NETEVENT_NEIGH_UPDATE, neigh);
  core.control?.notify(neigh, RTM_NEWNEIGH, 0, portid);
}

/** `neigh_cleanup_and_release`: the entry has left its table. RTM_DELNEIGH; the table's reference goes. */
export function neighCleanupAndRelease(neigh: Neighbour): void {
  const { core } = neigh.tbl;
  core.control?.notify(neigh, RTM_DELNEIGH, 0, 0);
  core.netevent.callChain(NETEVENT_NEIGH_UPDATE, neigh);
  neigh.release();
}

/** `neigh_app_ns`: asks a daemon in user space for the address (RTM_GETNEIGH to the group). */
export function neighAppNs(neigh: Neighbour): void {
  neigh.tbl.core.control?.notify(neigh, RTM_GETNEIGH, NLM_F_REQUEST, 0);
}
