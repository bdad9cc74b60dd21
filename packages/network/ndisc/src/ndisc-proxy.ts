/** Addresses that this host answers for on behalf of others (`ip -6 neigh add proxy`; RFC 4389 is not what this does). */
import { in6DevGet, ipv6Net } from '@skbuff/ipv6';
import type { NeighTable, PneighEntry } from '@skbuff/neighbour';
import { EINVAL } from '@skbuff/uapi';
import { In6Addr, addrconfAddrSolictMult } from '@skbuff/wire';
import { ndiscRecvNs } from './ndisc-ns.ts';

/** What the table does about its proxied addresses. */
export function pndisc(tbl: NeighTable): void {
  tbl.proxyOps = { pconstruct: pndiscConstructor, pdestruct: pndiscDestructor, proxyRedo: (skb) => skb.kfree(ndiscRecvNs(tbl, skb)) };
}

/** The group that is asked for the address. */
function groupOf({ key }: PneighEntry): In6Addr {
  return addrconfAddrSolictMult(new In6Addr(), new In6Addr(key[0], key[1], key[2], key[3]));
}

/** `pndisc_constructor`: who asks for the address must reach us. It needs a device with IPv6. */
function pndiscConstructor(entry: PneighEntry): number {
  const { dev } = entry;
  if (dev === null || in6DevGet(dev) === null) return -EINVAL;
  ipv6Net.of(entry.net).ip.mld?.mcInc(dev, groupOf(entry));
  return 0;
}

/** `pndisc_destructor`. */
function pndiscDestructor(entry: PneighEntry): void {
  const idev = entry.dev === null ? null : in6DevGet(entry.dev);
  if (idev !== null) ipv6Net.of(entry.net).ip.mld?.mcDec(idev, groupOf(entry));
}
