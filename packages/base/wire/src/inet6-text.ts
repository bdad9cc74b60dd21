/** IPv6 addresses as text, to the letter of glibc's inet_ntop(3) and inet_pton(3). */
import { be16, be32 } from './bytes.ts';
import { inetNtoa, inetPton4 } from './text.ts';

/**
 * The 16 bytes at `off` as text (RFC 5952): the first of the longest runs of at least two zero groups is shortened. IPv4-mapped and
 * IPv4-compatible addresses end in a dotted quad.
 */
export function inetNtop6(b: Uint8Array, off = 0): string {
  const { at, length } = longestZeroes(b, off);
  const dotted = at === 0 && (length === 6 || (length === 5 && be16(b, off + 10) === 0xffff));
  const tail = dotted ? inetNtoa(be32(b, off + 12)) : '';
  const end = dotted ? 6 : 8;
  if (at < 0) return groupsText(b, off, 0, end);
  const rest = groupsText(b, off, at + length, end);
  return `${groupsText(b, off, 0, at)}::${rest}${rest === '' || tail === '' ? '' : ':'}${tail}`;
}

function longestZeroes(b: Uint8Array, off: number): { readonly at: number; readonly length: number } {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && be16(b, off + 2 * (at + length)) === 0) length++;
    if (length > best.length) best = { at, length };
  }
  return best;
}

function groupsText(b: Uint8Array, off: number, from: number, to: number): string {
  let out = '';
  for (let i = from; i < to; i++) out += (i === from ? '' : ':') + be16(b, off + 2 * i).toString(16);
  return out;
}

/** The 16 bytes of an address, or null if the text is none. A zone (`%eth0`) is no part of an address. */
export function inetPton6(text: string): Uint8Array | null {
  const [left = '', right, more] = text.split('::');
  if (more !== undefined) return null;
  const head = groupBytes(left, right === undefined);
  const tail = groupBytes(right ?? '', true);
  if (head === null || tail === null) return null;
  const gap = 16 - head.length - tail.length;
  // `::` stands for one group at least.
  if (right === undefined ? gap !== 0 : gap < 2) return null;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, head.length + gap);
  return bytes;
}

/** Bytes of the groups between colons; with `atEnd` the last may be a dotted quad. */
function groupBytes(text: string, atEnd: boolean): number[] | null {
  const out: number[] = [];
  const parts = text === '' ? [] : text.split(':');
  for (const [i, part] of parts.entries()) {
    const quad = atEnd && i === parts.length - 1 ? inetPton4(part) : -1;
    if (quad >= 0) out.push(quad >>> 24, (quad >>> 16) & 255, (quad >>> 8) & 255, quad & 255);
    else if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
    else out.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255);
  }
  return out;
}
