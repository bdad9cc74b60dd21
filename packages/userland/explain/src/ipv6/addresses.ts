/** Addresses of hosts that are not in use. */
import type { Net, NetDevice } from '@skbuff/core';
import { in6DevGet, ipv6GetIfaddr, ipv6Net } from '@skbuff/ipv6';
import { IFA_F_DADFAILED, IFA_F_OPTIMISTIC } from '@skbuff/uapi';
import { in6Pton } from '@skbuff/wire';
import type { WhatAndFix } from '../drop-words.ts';

/** Why an address of the namespace (of `dev`; null: of any device) is not in use; null: it is, or it has no such address. `node` is its host. */
export function unusable(net: Net, node: string, addr: string, dev: NetDevice | null): WhatAndFix | null {
  const wanted = in6Pton(addr);
  const ifp = wanted === null || ipv6Net.peek(net) === null ? null : ipv6GetIfaddr(net, wanted, dev, dev !== null);
  if (ifp === null || !ifp.tentative || ((ifp.flags & IFA_F_OPTIMISTIC) !== 0 && (ifp.flags & IFA_F_DADFAILED) === 0)) return null;
  const { name } = ifp.idev.dev;
  if ((ifp.flags & IFA_F_DADFAILED) !== 0) return [`${addr} of ${node} ${name} is a duplicate (dadfailed)`, `somebody else on the link of ${node} ${name} has ${addr}: give one of them another address`];
  return [`${addr} of ${node} ${name} is tentative: duplicate address detection goes on`, `wait until it is over (a second or two), or ip addr add ${addr}/${ifp.prefixLen} dev ${name} nodad on ${node}`];
}

/** The same of the first such address of a device, the widest scope first; null: all of its addresses are in use. */
export function unusableOf(node: string, dev: NetDevice): WhatAndFix | null {
  const found = (in6DevGet(dev)?.addrList ?? []).map((ifp) => unusable(dev.net, node, ifp.addr.toString(), dev));
  return found.find((why) => why !== null) ?? null;
}
