/**
 * `struct neighbour`: one station on a link, its state (RFC 4861 §7.3.2, used for ARP too), and what waits for its address.
 *
 *              neighEventSend                    answer                    reachable time over
 *      NONE ───────────────────► INCOMPLETE ─────────────► REACHABLE ─────────────────────────► STALE
 *                                    │ no answer               ▲ confirmed   ▲                     │ neighEventSend
 *                                    ▼                         │             │ answer              ▼
 *                                  FAILED ◄──────────────── PROBE ◄──────────┴───────────────── DELAY
 *                                             no answer            no confirmation for 5 s
 */
import { type NetDevice, SkBuffHead, type SkBuff, TimerList } from '@skbuff/core';
import {
  NUD_DELAY,
  NUD_INCOMPLETE,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_PROBE,
  NUD_REACHABLE,
  NUD_STALE,
} from '@skbuff/uapi';
import type { NeighParms } from './neigh-parms.ts';
import type { NeighTable } from './neigh-table.ts';

/** States in which a timer runs. */
export const NUD_IN_TIMER: number = NUD_INCOMPLETE | NUD_REACHABLE | NUD_DELAY | NUD_PROBE;
/** States in which `ha` holds an address that may be used. */
export const NUD_VALID: number = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;
/** States in which it may be used without a further question. */
export const NUD_CONNECTED: number = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE;

/** Bytes of a cached link-layer header: the header is at the end. */
export const HH_LEN = 16;
/** Longest link-layer address. */
export const MAX_ADDR_LEN = 32;

/** Sends `skb` (owned from now on) to a neighbour: 0, a positive NET_XMIT code, or a negative errno. */
export type NeighOutput = (neigh: Neighbour, skb: SkBuff) => number;

/** `struct neigh_ops`: how a protocol asks for and writes to a neighbour on a kind of device. */
export interface NeighOps {
  readonly family: number;
  /** Asks for the address. `skb`, if any, is a packet that waits; it stays the caller's. */
  readonly solicit: (neigh: Neighbour, skb: SkBuff | null) => void;
  /** A packet could not be delivered because nobody answered. Takes over the sk_buff. */
  readonly errorReport: (neigh: Neighbour, skb: SkBuff) => void;
  /** Used while the address is unknown or in doubt. */
  readonly output: NeighOutput;
  /** Used in the connected states. */
  readonly connectedOutput: NeighOutput;
}

export class Neighbour {
  /** Next in the hash chain. */
  next: Neighbour | null = null;
  /** The protocol address: one word for IPv4, four for IPv6, most significant first, as signed 32-bit numbers. */
  k0 = 0;
  k1 = 0;
  k2 = 0;
  k3 = 0;
  readonly dev: NetDevice;
  /** NUD_* */
  nudState = 0;
  /** Length of the cached header in `hh`; 0: none. */
  hhLen = 0;
  /** `hh_cache`: the header for IPv4 or IPv6 packets occupies the last `hhLen` bytes. */
  readonly hh: Uint8Array = new Uint8Array(HH_LEN);
  /** Link-layer address, `dev.addrLen` bytes used; means something in the {@link NUD_VALID} states. */
  readonly ha: Uint8Array = new Uint8Array(MAX_ADDR_LEN);
  /** Jiffies: when it was last known to be reachable, last used, last changed. */
  confirmed = 0;
  used = 0;
  updated = 0;
  /** NTF_*; those of NDA_FLAGS_EXT shifted left by 8. */
  flags = 0;
  /** RTN_* of the address, from the constructor. */
  type = 0;
  /** RTPROT_* of who added it. */
  protocol = 0;
  /** Not in the table (any more). */
  dead = true;
  /** Questions asked in the present state. */
  probes = 0;
  /** The table, a running timer and whoever keeps a pointer hold one each. */
  refcnt = 1;
  parms: NeighParms;
  ops: NeighOps;
  readonly tbl: NeighTable;
  readonly timer: TimerList;
  /** Packets that wait for the address, and their truesize. */
  readonly arpQueue: SkBuffHead = new SkBuffHead();
  arpQueueLenBytes = 0;
  /** Place in the list of entries that garbage collection may take. */
  gcNext: Neighbour | null = null;
  gcPrev: Neighbour | null = null;
  onGcList = false;
  /** Of two entries of a table the younger has the higher number. */
  serial = 0;
  /** `n->output` at this moment. */
  outputFn: NeighOutput;

  constructor(tbl: NeighTable, dev: NetDevice, parms: NeighParms, ops: NeighOps, output: NeighOutput, onTimer: (neigh: Neighbour) => void) {
    this.tbl = tbl;
    this.dev = dev;
    this.parms = parms;
    this.ops = ops;
    this.outputFn = output;
    this.timer = new TimerList(() => onTimer(this));
  }

  /** `n->output`: sends `skb`, whose data may still have an old link-layer header in front of `networkHeader`. */
  output(skb: SkBuff): number {
    return this.outputFn(this, skb);
  }

  /** The IPv4 address, u32. */
  get addr4(): number {
    return this.k0 >>> 0;
  }

  /** `neigh_hold`. */
  hold(): this {
    this.refcnt++;
    return this;
  }

  /** `neigh_release`: the last reference destroys it. */
  release(): void {
    if (--this.refcnt === 0) this.tbl.destroy(this);
  }
}

/** `neigh_confirm`: an upper layer saw that the neighbour gets our packets (RFC 4861 §7.3.1). `now` in jiffies. */
export function neighConfirm(neigh: Neighbour, now: number): void {
  neigh.confirmed = now;
}
