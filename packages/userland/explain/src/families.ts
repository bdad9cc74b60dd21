/** The families that are there. */
import type { SkBuff } from '@skbuff/core';
import type { Family } from './family.ts';
import type { PacketRead } from './headers.ts';
import { ipv4Family } from './ipv4/family.ts';
import { ipv6Family } from './ipv6/family.ts';

export const FAMILIES: readonly Family[] = [ipv4Family, ipv6Family];

/** By AF_*. Throws `TypeError`: addresses of another family are those of no packet here. */
export function familyOf(family: number): Family {
  const found = FAMILIES.find((one) => one.family === family);
  if (found === undefined) throw new TypeError(`packets of family ${family} cannot be explained`);
  return found;
}

/** What a packet says of itself, read where it lies; null: it is of none of the families. */
export function readPacket(skb: SkBuff): PacketRead | null {
  for (const family of FAMILIES) {
    const read = family.read(skb);
    if (read !== null) return read;
  }
  return null;
}
