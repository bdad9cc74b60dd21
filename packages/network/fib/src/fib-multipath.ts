/** Several next hops: each gets its share of a hash space of 31 bits (`fib_rebalance`, `fib_select_multipath`; RFC 2992 hash threshold). */
import { ipIgnoreLinkdown } from '@skbuff/ipv4';
import { RTNH_F_DEAD, RTNH_F_LINKDOWN } from '@skbuff/uapi';
import type { FibInfo } from './fib-info.ts';
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

/** `fib_multipath_hash`, policy 0: by source and destination, so that a flow stays on its way. 31 bits. `seed`: another one, other ways. */
export function fibMultipathHash(saddr: number, daddr: number, seed: number): number {
  let h = Math.imul(saddr ^ 0x9e3779b1 ^ seed, 0x85ebca6b) ^ daddr;
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f);
  return (h ^ (h >>> 16)) >>> 1;
}
