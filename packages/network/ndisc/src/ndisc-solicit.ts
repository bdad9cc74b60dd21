/** Asking for a neighbour (`ndisc_solicit`). */
import type { SkBuff } from '@skbuff/core';
import { ipv6ChkAddrAndFlags } from '@skbuff/ipv6';
import { type Neighbour, neighAppNs } from '@skbuff/neighbour';
import { ETH_P_IPV6, IFA_F_OPTIMISTIC, IFA_F_TENTATIVE } from '@skbuff/uapi';
import { IPV6HDR_SADDR, In6Addr, addrconfAddrSolictMult } from '@skbuff/wire';
import { ndiscSendNs } from './ndisc-send.ts';

/** The address of a neighbour. */
export function neighAddr6(neigh: Neighbour): In6Addr {
  return new In6Addr(neigh.k0, neigh.k1, neigh.k2, neigh.k3);
}

/**
 * `ndisc_solicit`: asks the neighbour itself while an address is known, then through a daemon if there shall be one, then those in its
 * solicited-node group. `skb` is a packet that waits: the question comes from its source, if that is this host's.
 */
export function ndiscSolicit(neigh: Neighbour, skb: SkBuff | null): void {
  const { dev, parms } = neigh;
  const target = neighAddr6(neigh);
  const saddr = sourceOf(neigh, skb);
  if (neigh.probes < parms.ucastProbes) ndiscSendNs(dev, target, target, saddr, 0, 0);
  else if (neigh.probes - parms.ucastProbes < parms.appProbes) neighAppNs(neigh);
  else ndiscSendNs(dev, target, addrconfAddrSolictMult(new In6Addr(), target), saddr, 0, 0);
}

/** Null: the link-local address will do. */
function sourceOf({ dev }: Neighbour, skb: SkBuff | null): In6Addr | null {
  if (skb === null || skb.protocol !== ETH_P_IPV6) return null;
  const saddr = new In6Addr().load(skb.bytes, skb.networkHeader + IPV6HDR_SADDR);
  return ipv6ChkAddrAndFlags(dev.net, saddr, dev, true, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC) ? saddr : null;
}
