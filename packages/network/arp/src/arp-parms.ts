/** The neighbour settings of an interface, as ARP's table keeps them. */
import type { InDevice } from '@skbuff/ipv4';
import type { NeighParms, NeighTable } from '@skbuff/neighbour';

/** `in_dev->arp_parms`: the settings of an interface, made when first asked for. */
export function arpParms(tbl: NeighTable, inDev: InDevice): NeighParms {
  const known = inDev.arpParms;
  if (known !== null && !known.dead) return known;
  inDev.arpParms = tbl.parmsOf(inDev.dev);
  return inDev.arpParms;
}
