/** The ids of a user namespace and what they are outside (`/proc/PID/uid_map`, user_namespaces(7)). */
import { EINVAL } from '@skbuff/uapi';

/** `count` ids from `first` on, inside, are those from `lower` on, outside. */
export interface IdExtent {
  readonly first: number;
  readonly lower: number;
  readonly count: number;
}

const MAX_EXTENTS = 340;
const MAX_ID = 0xffffffff;

/** All ids are what they are. */
export const IDENTITY: readonly IdExtent[] = [{ first: 0, lower: 0, count: MAX_ID }];

/** `map_id_down`: the id outside, or -1. */
export function mapIdDown(map: readonly IdExtent[], id: number): number {
  return mapRangeDown(map, id, 1);
}

/** `map_id_range_down`: the first of `n` ids outside, or -1 unless one line of the map has them all. */
export function mapRangeDown(map: readonly IdExtent[], id: number, n: number): number {
  const e = map.find(({ first, count }) => id >= first && id - first + n <= count);
  return e === undefined ? -1 : e.lower + (id - e.first);
}

/** `map_id_up`: the id inside, or -1. */
export function mapIdUp(map: readonly IdExtent[], id: number): number {
  const e = map.find(({ lower, count }) => id >= lower && id - lower < count);
  return e === undefined ? -1 : e.first + (id - e.lower);
}

/** The lines written to a map: three decimal numbers each. -EINVAL for what is none, is empty, overlaps or runs over the largest id. */
export function parseIdMap(text: string): readonly IdExtent[] | number {
  const lines = text.replace(/\n$/, '').split('\n');
  const map: IdExtent[] = [];
  for (const line of lines) {
    const m = /^\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*$/.exec(line);
    if (m === null) return -EINVAL;
    const [first, lower, count] = m.slice(1).map(Number) as [number, number, number];
    if (count === 0 || first + count > MAX_ID || lower + count > MAX_ID) return -EINVAL;
    if (map.some((e) => overlap(e.first, e.count, first, count) || overlap(e.lower, e.count, lower, count))) return -EINVAL;
    map.push({ first, lower, count });
  }
  return map.length > MAX_EXTENTS ? -EINVAL : map;
}

function overlap(a: number, countA: number, b: number, countB: number): boolean {
  return a < b + countB && b < a + countA;
}

/** The text of a map: `lower` as the reader's namespace calls it. */
export function showIdMap(map: readonly IdExtent[], outside: (id: number) => number): string {
  return map.map((e) => `${[e.first, outside(e.lower) >>> 0, e.count].map((n) => String(n).padStart(10)).join(' ')}\n`).join('');
}
