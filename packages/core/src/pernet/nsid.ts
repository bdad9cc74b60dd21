/** Numbers under which namespaces know each other (`net/core/net_namespace.c`). */
import { ENOSPC } from '@skbuff/uapi';
import type { Net } from './net.ts';

/** The namespace has no number here (`NETNSA_NSID_NOT_ASSIGNED`). */
export const NSID_NOT_ASSIGNED: number = -1;

/** `__peernet2id`: the number under which `net` knows `peer`, or -1. */
export function peernet2id(net: Net, peer: Net): number {
  for (const [id, other] of net.netnsIds) if (other === peer) return id;
  return NSID_NOT_ASSIGNED;
}

/** `peernet2id_alloc`: as {@link peernet2id}, giving out a number if there is none yet; the dying neither give nor get one. */
export function peernet2idAlloc(net: Net, peer: Net): number {
  const known = peernet2id(net, peer);
  if (known >= 0) return known;
  if (!net.alive || !peer.alive) return NSID_NOT_ASSIGNED;
  const id = allocNetid(net, peer, NSID_NOT_ASSIGNED);
  net.kernel.rtnl.nsidChanged(net, id, false);
  return id;
}

/** `alloc_netid`: gives `peer` the number `wanted` in `net`, or the lowest free one if that is negative. -ENOSPC if it is taken. */
export function allocNetid(net: Net, peer: Net, wanted: number): number {
  if (wanted >= 0 && net.netnsIds.has(wanted)) return -ENOSPC;
  let id = Math.max(wanted, 0);
  while (net.netnsIds.has(id)) id++;
  net.netnsIds.set(id, peer);
  return id;
}

/** `get_net_ns_by_id`: the namespace that `net` knows under a number, unless it is dying. No reference is taken. */
export function getNetNsById(net: Net, id: number): Net | null {
  const peer = net.netnsIds.get(id) ?? null;
  return peer !== null && peer.alive ? peer : null;
}
