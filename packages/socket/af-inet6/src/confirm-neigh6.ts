/** Proof from above that the way works (`ip6_confirm_neigh` in `net/ipv6/route.c`). */
import type { DstEntry } from '@skbuff/core';
import { type Rt6Info, ipv6Net } from '@skbuff/ipv6';
import { neighConfirm } from '@skbuff/neighbour';
import type { In6Addr } from '@skbuff/wire';

/** For `DstOps.confirmNeigh` of an {@link Rt6Info}; `daddr` is an {@link In6Addr}. */
export function ip6ConfirmNeigh(dst: DstEntry, daddr: unknown): void {
  const nexthop = (dst as Rt6Info).nexthop(daddr as In6Addr);
  if (nexthop.isMulticast() || nexthop.isAny()) return;
  const { w0, w1, w2, w3 } = nexthop;
  const neigh = ipv6Net.of(dst.dev.net).ip.ndisc?.tbl.lookup(dst.dev, w0, w1, w2, w3) ?? null;
  if (neigh !== null) neighConfirm(neigh, dst.dev.net.timers.jiffies);
}
