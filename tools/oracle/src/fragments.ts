/** Packets in pieces, as nobody should cut them. */
import type { Random } from '@skbuff/core';
import { pick } from './chance.ts';

/** Bytes `from` to `to` of a packet; whether there is more behind them. */
export interface Piece {
  from: number;
  to: number;
  more: boolean;
}

/** A packet of `length` bytes in pieces. */
export function cut(random: Random, length: number): Piece[] {
  const pieces: Piece[] = [];
  for (let from = 0; from < length; ) {
    const to = Math.min(length, from + 8 * (1 + random.below(24)));
    pieces.push({ from, to, more: to < length });
    from = to;
  }
  return pieces;
}

/** Now and then a piece twice, one that overlaps its neighbour, one that is missing, a last one in the middle, or an odd length. */
export function disturb(random: Random, pieces: Piece[], length: number): Piece[] {
  const all = [...pieces];
  const some = (): Piece => pick(random, pieces);
  const how = random.below(12);
  if (how === 0) all.push({ ...some() });
  else if (how === 1) all.push({ ...some(), from: Math.max(0, some().from - 8) });
  else if (how === 2) all.splice(random.below(all.length), 1);
  else if (how === 3) all.push({ ...some(), more: false });
  else if (how === 4) all.push({ from: length & ~7, to: length + 64, more: false });
  else if (how === 5) Object.assign(some(), { to: Math.min(length, some().to + 8) });
  else if (how === 6) all.push({ from: 0, to: length, more: true });
  else if (how === 7) all.push({ ...some(), to: some().from + 5, more: true });
  return shuffle(random, all.filter(({ from, to }) => to > from && to - from <= 1400));
}

function shuffle<T>(random: Random, items: T[]): T[] {
  if (random.below(3) === 0) return items;
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}
