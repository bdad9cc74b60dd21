/** Proof from above that the way works (`ipv4_confirm_neigh` in `net/ipv4/route.c`). */
import type { DstEntry } from '@skbuff/core';
import { neighConfirm } from '@skbuff/neighbour';
import { ipv4Net } from './ipv4-net.ts';
import { RTCF_BROADCAST, RTCF_LOCAL, RTCF_MULTICAST, type Rtable } from './rtable.ts';

/** For `DstOps.confirmNeigh` of an {@link Rtable}; `daddr` is a u32. */
export function ipv4ConfirmNeigh(dst: DstEntry, daddr: unknown): void {
  const { dev, gateway, rtFlags } = dst as Rtable;
  if (gateway === 0 && (daddr === 0 || (rtFlags & (RTCF_MULTICAST | RTCF_BROADCAST | RTCF_LOCAL)) !== 0)) return;
  const neigh = ipv4Net.of(dev.net).ip.arpTbl?.lookup(dev, gateway || (daddr as number)) ?? null;
  if (neigh !== null) neighConfirm(neigh, dev.net.timers.jiffies);
}
