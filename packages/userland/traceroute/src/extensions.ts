/** ICMP extensions (RFC 4884) behind the quoted packet, in words; MPLS labels (RFC 4950) by their parts. */
import { be16, be32, ipComputeCsum } from '@skbuff/wire';

/** Quoted bytes, IP header and all, before extensions may begin. */
const QUOTE_LEN = 128;
const HEADER_LEN = 4;
const MPLS = 0x0101;

/** `quoted`: what of the quoted packet lies before `data`. An empty text if there are none. */
export function extensionsOf(data: Uint8Array, n: number, quoted: number): string {
  const at = QUOTE_LEN - quoted;
  if (n < at + 2 * HEADER_LEN || (data[at] as number) >> 4 !== 2) return '';
  if (be16(data, at + 2) !== 0 && ipComputeCsum(data, at, n - at) !== 0) return '';
  const objects: string[] = [];
  for (let off = at + HEADER_LEN; off + HEADER_LEN <= n; ) {
    const length = be16(data, off);
    if (length < HEADER_LEN || off + length > n || (length & 3) !== 0) return '';
    objects.push(objectText(data, off, length));
    off += length;
  }
  return objects.join(';');
}

function objectText(data: Uint8Array, off: number, length: number): string {
  const words = Array.from({ length: (length - HEADER_LEN) >> 2 }, (_, i) => be32(data, off + HEADER_LEN + i * 4));
  if (be16(data, off + 2) === MPLS && words.length > 0) return `MPLS:${words.map(label).join('/')}`;
  return `${data[off + 2]}/${data[off + 3]}:${words.map((word) => word.toString(16).padStart(8, '0')).join(',')}`;
}

function label(word: number): string {
  return `L=${word >>> 12},E=${(word >>> 9) & 7},S=${(word >>> 8) & 1},T=${word & 0xff}`;
}
