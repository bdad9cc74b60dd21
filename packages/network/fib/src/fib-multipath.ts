/** Several next hops: each gets its share of a hash space of 31 bits (`fib_rebalance`, `fib_select_multipath`; RFC 2992 hash threshold). */
import { multipathHash4 } from '@skbuff/inet';
import { ipIgnoreLinkdown } from '@skbuff/ipv4';
import { RTNH_F_DEAD, RTNH_F_LINKDOWN } from '@skbuff/uapi';
import type { FibInfo } from './fib-info.ts';
import type { FibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';
import type { FibResult } from './fib-result.ts';

const HASH_SPACE = 2 ** 31;

/** Cuts the hash space anew, by the weights of the next hops that are usable. */
export function fibRebalance(fi: FibInfo): void {
  if (fi.nhs.length < 2) return;
  let total = 0;
  for (const nh of fi.nhs) if (isUsable(nh)) total += nh.weight;
  let sum = 0;
  for (const nh of fi.nhs) {
    if (!isUsable(nh)) {
      nh.upperBound = -1;
      continue;
    }
    sum += nh.weight;
    nh.upperBound = Math.round((HASH_SPACE * sum) / total) - 1;
  }
}

function isUsable(nh: FibNh): boolean {
  if ((nh.flags & RTNH_F_DEAD) !== 0) return false;
  if ((nh.flags & RTNH_F_LINKDOWN) === 0) return true;
  return nh.dev === null || !ipIgnoreLinkdown(nh.dev);
}

/** Chooses the next hop whose share `hash` (0..2^31-1) falls into. */
export function fibSelectMultipath(res: FibResult, hash: number): void {
  const { nhs } = res.fi as FibInfo;
  for (let i = 0; i < nhs.length; i++) {
    if (hash > nhs[i].upperBound) continue;
    res.nhSel = i;
    res.nh = nhs[i];
    return;
  }
}

/** `fib_multipath_hash`, policy 0: by source and destination, so that a flow stays on its way. 31 bits. */
export function fibMultipathHash({ multipathSeed }: FibNet, saddr: number, daddr: number): number {
  return multipathHash4(multipathSeed.value, saddr, daddr, 0, 0, 0) >>> 1;
}
