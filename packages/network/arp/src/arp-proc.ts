/** /proc/net/arp and /proc/net/stat/arp_cache. */
import type { Net } from '@skbuff/core';
import { type NeighTable, NUD_VALID, type Neighbour, neighStatSeqShow } from '@skbuff/neighbour';
import { ATF_COM, ATF_PERM, ATF_PUBL, NUD_NOARP, NUD_PERMANENT } from '@skbuff/uapi';
import { formatMac, inetNtoa } from '@skbuff/wire';

const HEADING = 'IP address       HW type     Flags       HW address            Mask     Device\n';

/** `arp_seq_show`: the text of /proc/net/arp as seen in `net`. Addresses that needed no question are left out. */
export function arpSeqShow(net: Net, tbl: NeighTable): string {
  let text = HEADING;
  for (const neigh of tbl.all()) if (neigh.dev.net === net && (neigh.nudState & ~NUD_NOARP) !== 0) text += neighRow(neigh);
  for (const entry of tbl.proxy?.entries ?? []) {
    if (entry.net !== net) continue;
    text += row(entry.key[0] >>> 0, entry.dev?.type ?? 0, ATF_PUBL | ATF_PERM, '00:00:00:00:00:00', entry.dev?.name ?? '*');
  }
  return text;
}

function neighRow(neigh: Neighbour): string {
  const { dev } = neigh;
  return row(neigh.addr4, dev.type, stateToFlags(neigh.nudState), formatMac(neigh.ha, 0, dev.addrLen), dev.name);
}

function row(addr: number, type: number, flags: number, ha: string, name: string): string {
  const cells = [inetNtoa(addr).padEnd(16), `0x${type.toString(16)}`.padEnd(12), `0x${flags.toString(16)}`.padEnd(12)];
  return `${cells[0]} ${cells[1]}${cells[2]}${ha.padEnd(17)}     *        ${name}\n`;
}

/** `arp_state_to_flags`. */
export function stateToFlags(state: number): number {
  if ((state & NUD_PERMANENT) !== 0) return ATF_PERM | ATF_COM;
  return (state & NUD_VALID) !== 0 ? ATF_COM : 0;
}

/** The text of /proc/net/stat/arp_cache. */
export function arpStatSeqShow(tbl: NeighTable): string {
  return neighStatSeqShow(tbl.entries, tbl.stats);
}
