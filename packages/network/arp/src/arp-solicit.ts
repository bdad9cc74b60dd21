/** Asking for an address (`arp_solicit`). */
import type { SkBuff } from '@skbuff/core';
import { type InDevice, inDevGet, inetAddrOnlink, inetSelectAddr, inDevArpAnnounce } from '@skbuff/ipv4';
import { type Neighbour, neighAppNs } from '@skbuff/neighbour';
import { ARPOP_REQUEST, ETH_P_IP, RTN_LOCAL, RT_SCOPE_LINK } from '@skbuff/uapi';
import { IPHDR_SADDR, be32 } from '@skbuff/wire';
import { addrType } from './arp-addr-type.ts';
import { arpSend } from './arp-send.ts';

/**
 * Sends one request: first to the address that is (or was) known, then through an ARP daemon if there shall be one, then to
 * everybody. `skb` is a packet that waits.
 */
export function arpSolicit(neigh: Neighbour, skb: SkBuff | null): void {
  const { dev, parms } = neigh;
  const inDev = inDevGet(dev);
  if (inDev === null) return;
  const source = sourceOf(inDev, neigh.addr4, skb);
  if (neigh.probes < parms.ucastProbes) {
    arpSend(ARPOP_REQUEST, neigh.addr4, dev, source, neigh.ha, dev.devAddr, null);
    return;
  }
  if (neigh.probes - parms.ucastProbes < parms.appProbes) neighAppNs(neigh);
  else arpSend(ARPOP_REQUEST, neigh.addr4, dev, source, null, dev.devAddr, null);
}

/**
 * The address that a request says it comes from, by arp_announce. 0: the waiting packet's source if it is ours. 1: only if a subnet
 * of the interface holds both it and the target. 2, and where these give none: the best for the target. Any other number means 0.
 */
function sourceOf(inDev: InDevice, target: number, skb: SkBuff | null): number {
  const { dev } = inDev;
  const announce = inDevArpAnnounce(inDev);
  const saddr = announce === 2 || skb === null || skb.protocol !== ETH_P_IP ? 0 : be32(skb.bytes, skb.networkHeader + IPHDR_SADDR);
  const fits = saddr !== 0 && addrType(dev.net, saddr) === RTN_LOCAL && (announce !== 1 || inetAddrOnlink(inDev, target, saddr));
  return fits ? saddr : inetSelectAddr(dev, target, RT_SCOPE_LINK);
}
