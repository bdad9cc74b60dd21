/** Messages about neighbours, and their notification. */
import { jiffiesToClockT } from '@skbuff/core';
import { NdaCacheInfo, NdMsg, NlMsgBuilder, rtnlHasListeners, rtnlNotify } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { NUD_NONE } from '@skbuff/uapi';
import { be32, setBe32 } from '@skbuff/wire';
import { NTF_EXT_SHIFT } from './neigh-flags.ts';
import type { NeighTable } from './neigh-table.ts';
import { NUD_VALID, type Neighbour } from './neighbour.ts';
import type { PneighEntry } from './pneigh.ts';

/** The bytes of an address given as words. */
export function keyBytes(keyLen: number, key: readonly number[]): Uint8Array {
  const b = new Uint8Array(keyLen);
  for (let i = 0; i < keyLen; i += 4) setBe32(b, i, key[i >> 2]);
  return b;
}

/** The words of an address of `keyLen` bytes at `off`; four of them, the last zero for IPv4. */
export function keyWords(keyLen: number, b: Uint8Array, off: number): [number, number, number, number] {
  const word = (i: number): number => (i < keyLen ? be32(b, off + i) | 0 : 0);
  return [word(0), word(4), word(8), word(12)];
}

/** `neigh_fill_info`: one message about a neighbour. 0 or -EMSGSIZE. */
export function neighFillInfo(b: NlMsgBuilder, neigh: Neighbour, pid: number, seq: number, type: number, flags: number): number {
  const { tbl, dev } = neigh;
  const header = NdMsg.of({ family: tbl.family, ifindex: dev.ifindex, state: neigh.nudState, flags: neigh.flags & 0xff, type: neigh.type });
  const nlh = b.nlmsgPut(type, flags, seq, pid, header);
  b.nlaPut(U.NDA_DST, keyBytes(tbl.keyLen, [neigh.k0, neigh.k1, neigh.k2, neigh.k3]));
  if ((neigh.nudState & NUD_VALID) !== 0) b.nlaPut(U.NDA_LLADDR, neigh.ha.subarray(0, dev.addrLen));
  b.nlaPutU32(U.NDA_PROBES, neigh.probes);
  b.nlaPutStruct(U.NDA_CACHEINFO, cacheInfo(neigh));
  if (neigh.protocol !== 0) b.nlaPutU8(U.NDA_PROTOCOL, neigh.protocol);
  if (neigh.flags >> NTF_EXT_SHIFT !== 0) b.nlaPutU32(U.NDA_FLAGS_EXT, neigh.flags >> NTF_EXT_SHIFT);
  return b.nlmsgEnd(nlh);
}

function cacheInfo(neigh: Neighbour): NdaCacheInfo {
  const now = neigh.tbl.timers.jiffies;
  return NdaCacheInfo.of({
    confirmed: jiffiesToClockT(now - neigh.confirmed),
    used: jiffiesToClockT(now - neigh.used),
    updated: jiffiesToClockT(now - neigh.updated),
    refcnt: neigh.refcnt - 1,
  });
}

/** `pneigh_fill_info`: one message about a proxied address. 0 or -EMSGSIZE. */
export function pneighFillInfo(b: NlMsgBuilder, tbl: NeighTable, entry: PneighEntry, pid: number, seq: number, flags: number): number {
  const header = NdMsg.of({
    family: tbl.family,
    ifindex: entry.dev?.ifindex ?? 0,
    state: NUD_NONE,
    flags: (entry.flags & 0xff) | U.NTF_PROXY,
    type: U.RTN_UNICAST,
  });
  const nlh = b.nlmsgPut(U.RTM_NEWNEIGH, flags, seq, pid, header);
  b.nlaPut(U.NDA_DST, keyBytes(tbl.keyLen, entry.key));
  if (entry.protocol !== 0) b.nlaPutU8(U.NDA_PROTOCOL, entry.protocol);
  if (entry.flags >> NTF_EXT_SHIFT !== 0) b.nlaPutU32(U.NDA_FLAGS_EXT, entry.flags >> NTF_EXT_SHIFT);
  return b.nlmsgEnd(nlh);
}

/** `__neigh_notify`: tells the group RTNLGRP_NEIGH. */
export function neighNotify(neigh: Neighbour, type: number, flags: number, portid: number): void {
  const { net } = neigh.dev;
  if (!rtnlHasListeners(net, U.RTNLGRP_NEIGH)) return;
  const b = new NlMsgBuilder();
  neighFillInfo(b, neigh, portid, 0, type, flags);
  rtnlNotify(net, b.bytes(), 0, U.RTNLGRP_NEIGH, null);
}
