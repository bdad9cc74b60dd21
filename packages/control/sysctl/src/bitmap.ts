/** Sets of small numbers as lists of ranges (`proc_do_large_bitmap`). */
import { EINVAL } from '@skbuff/uapi';
import type { SysctlFile } from './sysctl.ts';

/** First and last number of a run. */
export type Range = readonly [first: number, last: number];

/**
 * Reads `80,1000-1009`: numbers below `bits` in any base, with commas or line breaks between them. The runs in order, without overlap;
 * or -EINVAL.
 */
export function parseRanges(text: string, bits: number): readonly Range[] | number {
  const ranges: Range[] = [];
  const item = /^(0[xX][0-9a-fA-F]+|[0-9]+)(?:-(0[xX][0-9a-fA-F]+|[0-9]+))?(?:[,\n]|$)/;
  let rest = text.replace(/^\n+/, '');
  while (rest !== '') {
    const found = item.exec(rest);
    if (found === null) return -EINVAL;
    const first = number(found[1] as string);
    const last = found[2] === undefined ? first : number(found[2]);
    if (!(last < bits) || !(first <= last)) return -EINVAL;
    ranges.push([first, last]);
    rest = rest.slice(found[0].length).replace(/^\n+/, '');
  }
  return merge(ranges.sort((a, b) => a[0] - b[0]));
}

function number(text: string): number {
  return /^0[0-9]/.test(text) ? Number(`0o${text}`) : Number(text);
}

function merge(sorted: readonly Range[]): readonly Range[] {
  const merged: Range[] = [];
  for (const [first, last] of sorted) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) merged[merged.length - 1] = [before[0], Math.max(before[1], last)];
    else merged.push([first, last]);
  }
  return merged;
}

/** A file with such a set of numbers below `bits`. */
export function sysctlBitmap<T>(bits: number, get: (owner: T) => readonly Range[], set: (owner: T, ranges: readonly Range[]) => void): SysctlFile<T> {
  return {
    read: (owner) => `${get(owner).map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(',')}\n`,
    write(owner, text) {
      if (text === '') return 0;
      const ranges = parseRanges(text, bits);
      if (typeof ranges === 'number') return ranges;
      set(owner, ranges);
      return 0;
    },
  };
}
