/** Proof from above that the way works (`ipv4_confirm_neigh` in `net/ipv4/route.c`). */
import { neighConfirm } from '@skbuff/neighbour';
import { ipv4Net } from './ipv4-net.ts';
import { RTCF_BROADCAST, RTCF_LOCAL, RTCF_MULTICAST, type Rtable } from './rtable.ts';

/** MSG_CONFIRM: the neighbour through which packets for `daddr` leave by `rt` has just answered. */
export function ipv4ConfirmNeigh(rt: Rtable, daddr: number): void {
  const { net } = rt.dev;
  let key = rt.gateway;
  if (key === 0) {
    if (daddr === 0 || (rt.flagsRtcf & (RTCF_MULTICAST | RTCF_BROADCAST | RTCF_LOCAL)) !== 0) return;
    key = daddr;
  }
  const neigh = ipv4Net.of(net).ip.arpTbl?.lookup(rt.dev, key) ?? null;
  if (neigh !== null) neighConfirm(neigh, net.timers.jiffies);
}
