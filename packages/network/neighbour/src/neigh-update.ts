/** Something was learned about a neighbour (`neigh_update`): an answer, a hint, or the administrator's word. */
import type { ExtAck, SkBuff } from '@skbuff/core';
import {
  EINVAL,
  EPERM,
  NTF_EXT_LEARNED,
  NTF_ROUTER,
  NUD_FAILED,
  NUD_INCOMPLETE,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_PROBE,
  NUD_REACHABLE,
  NUD_STALE,
} from '@skbuff/uapi';
import { copyBytes, equalBytes } from '@skbuff/wire';
import { NTF_MANAGED, NTF_EXT_VALIDATED } from './neigh-flags.ts';
import { neighUpdateNotify } from './neigh-notify.ts';
import { neighUpdateHhs } from './neigh-output.ts';
import { neighAddTimer, neighConnect, neighDelTimer, neighInvalidate, neighPurgeQueue, neighSuspect } from './neigh-state.ts';
import { NUD_CONNECTED, NUD_IN_TIMER, NUD_VALID, type Neighbour } from './neighbour.ts';

/** A different address replaces the known one. */
export const NEIGH_UPDATE_F_OVERRIDE: number = 1 << 0;
/** A different address leaves the known one in place but throws doubt on it. */
export const NEIGH_UPDATE_F_WEAK_OVERRIDE: number = 1 << 1;
/** Takes over whether the neighbour is a router from the ISROUTER flag. */
export const NEIGH_UPDATE_F_OVERRIDE_ISROUTER: number = 1 << 2;
export const NEIGH_UPDATE_F_ISROUTER: number = 1 << 3;
/** The entry shall be looked for as if a packet wanted it. */
export const NEIGH_UPDATE_F_USE: number = 1 << 4;
export const NEIGH_UPDATE_F_MANAGED: number = 1 << 5;
export const NEIGH_UPDATE_F_EXT_LEARNED: number = 1 << 6;
/** The administrator says so: fixed entries may be changed. */
export const NEIGH_UPDATE_F_ADMIN: number = 1 << 7;
/** Somebody outside watches over the entry: see `NTF_EXT_VALIDATED`. */
export const NEIGH_UPDATE_F_EXT_VALIDATED: number = 1 << 8;

/**
 * `neigh_update`.
 *
 * @param lladdr bytes that hold the link-layer address at `off`; null: unknown
 * @param state NUD_* the entry shall get
 * @param flags NEIGH_UPDATE_F_*
 * @param portid netlink port of who asked for it
 * @returns 0; -EPERM for an entry that only the administrator may change, or that is gone; -EINVAL without any address
 */
export function neighUpdate(
  neigh: Neighbour,
  lladdr: Uint8Array | null,
  off: number,
  state: number,
  flags: number,
  portid: number = 0,
  extack: ExtAck | null = null,
): number {
  const old = neigh.nudState;
  if (neigh.dead) {
    if (extack !== null) extack.message = 'Neighbor entry is now dead';
    return -EPERM;
  }
  if ((flags & NEIGH_UPDATE_F_ADMIN) === 0 && (old & (NUD_NOARP | NUD_PERMANENT)) !== 0) return -EPERM;
  // What is sent below may fill the table up: the entry must not be collected meanwhile.
  neigh.hold();
  const err = update(neigh, lladdr, off, state, flags, portid, extack);
  neigh.tbl.updateLists(neigh);
  neigh.release();
  return err;
}

function update(neigh: Neighbour, lladdr: Uint8Array | null, off: number, state: number, flags: number, portid: number, extack: ExtAck | null): number {
  const old = neigh.nudState;
  const marked = updateFlags(neigh, flags);
  let err = 0;
  let changed = false;
  if ((flags & (NEIGH_UPDATE_F_USE | NEIGH_UPDATE_F_MANAGED)) !== 0) neigh.nudState = old & ~NUD_PERMANENT;
  else if ((state & NUD_VALID) === 0) {
    if (becomeInvalid(neigh, state)) neighUpdateNotify(neigh, portid);
    return 0;
  } else if (neigh.dev.addrLen !== 0 && lladdr === null && (old & NUD_VALID) === 0) {
    err = -EINVAL;
    if (extack !== null) extack.message = 'No link layer address given';
  } else changed = becomeValid(neigh, lladdr, off, state, flags);
  if (changed || marked) neighUpdateNotify(neigh, portid);
  return err;
}

/** `neigh_update_flags`: marks only the administrator changes. True if the change is to be told. */
function updateFlags(neigh: Neighbour, flags: number): boolean {
  if ((flags & NEIGH_UPDATE_F_ADMIN) === 0) return false;
  const mask = NTF_EXT_LEARNED | NTF_MANAGED | NTF_EXT_VALIDATED;
  let wanted = 0;
  if ((flags & NEIGH_UPDATE_F_EXT_LEARNED) !== 0) wanted |= NTF_EXT_LEARNED;
  if ((flags & NEIGH_UPDATE_F_MANAGED) !== 0) wanted |= NTF_MANAGED;
  if ((flags & NEIGH_UPDATE_F_EXT_VALIDATED) !== 0) wanted |= NTF_EXT_VALIDATED;
  const changed = ((neigh.flags ^ wanted) & mask) !== 0;
  neigh.flags = (neigh.flags & ~mask) | wanted;
  return changed;
}

function becomeInvalid(neigh: Neighbour, state: number): boolean {
  const old = neigh.nudState;
  neighDelTimer(neigh);
  if ((old & NUD_CONNECTED) !== 0) neighSuspect(neigh);
  neigh.nudState = state;
  if ((old & (NUD_INCOMPLETE | NUD_PROBE)) !== 0 && (state & NUD_FAILED) !== 0) {
    neighInvalidate(neigh);
    return true;
  }
  return (old & NUD_VALID) !== 0;
}

/** The new state has an address: the given one, or the one that is known. True if anything changed. */
function becomeValid(neigh: Neighbour, lladdr: Uint8Array | null, off: number, wanted: number, flags: number): boolean {
  const { tbl, dev } = neigh;
  const old = neigh.nudState;
  const wasValid = (old & NUD_VALID) !== 0;
  const now = tbl.timers.jiffies;
  let state = wanted;
  let otherHa = dev.addrLen !== 0 && lladdr !== null && !(wasValid && equalBytes(lladdr, off, neigh.ha, 0, dev.addrLen));
  if ((state & NUD_CONNECTED) !== 0) neigh.confirmed = now;
  let isRouter = (flags & NEIGH_UPDATE_F_OVERRIDE_ISROUTER) !== 0;
  if (wasValid && otherHa && (flags & NEIGH_UPDATE_F_OVERRIDE) === 0) {
    isRouter = false;
    if ((flags & NEIGH_UPDATE_F_WEAK_OVERRIDE) === 0 || (old & NUD_CONNECTED) === 0) return false;
    otherHa = false;
    state = NUD_STALE;
  } else if (wasValid && !otherHa && state === NUD_STALE && (flags & NEIGH_UPDATE_F_ADMIN) === 0) state = old;
  if (state !== old || otherHa) neigh.updated = now;
  if (state !== old) changeState(neigh, state, now);
  if (otherHa) changeHa(neigh, lladdr as Uint8Array, off, (state & NUD_CONNECTED) !== 0, now);
  if (state !== old) {
    if ((state & NUD_CONNECTED) !== 0) neighConnect(neigh);
    else neighSuspect(neigh);
    if (!wasValid) sendQueue(neigh);
  }
  const routerChanged = isRouter && updateIsRouter(neigh, flags);
  return state !== old || otherHa || routerChanged;
}

function changeState(neigh: Neighbour, state: number, now: number): void {
  neighDelTimer(neigh);
  if ((state & NUD_PROBE) !== 0) neigh.probes = 0;
  if ((state & NUD_IN_TIMER) !== 0) neighAddTimer(neigh, (state & NUD_REACHABLE) !== 0 ? now + neigh.parms.reachableTime : now);
  neigh.nudState = state;
}

function changeHa(neigh: Neighbour, lladdr: Uint8Array, off: number, connected: boolean, now: number): void {
  copyBytes(neigh.ha, 0, lladdr, off, neigh.dev.addrLen);
  neighUpdateHhs(neigh);
  // An address that nobody vouched for counts as confirmed long ago.
  if (!connected) neigh.confirmed = now - 2 * neigh.parms.baseReachableTime;
}

/** The address is known now: what waited goes out, oldest first. */
function sendQueue(neigh: Neighbour): void {
  while ((neigh.nudState & NUD_VALID) !== 0) {
    const skb: SkBuff | null = neigh.arpQueue.dequeue();
    if (skb === null) break;
    neigh.arpQueueLenBytes -= skb.truesize;
    neigh.output(skb);
  }
  neighPurgeQueue(neigh);
}

/** `neigh_update_is_router`. */
function updateIsRouter(neigh: Neighbour, flags: number): boolean {
  const router = (flags & NEIGH_UPDATE_F_ISROUTER) !== 0 ? NTF_ROUTER : 0;
  if ((neigh.flags & NTF_ROUTER) === router) return false;
  neigh.flags = (neigh.flags & ~NTF_ROUTER) | router;
  return true;
}
