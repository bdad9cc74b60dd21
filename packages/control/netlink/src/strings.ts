/** Strings as the kernel sees them: bytes. */

/** Bytes that are not UTF-8 become U+DC80..U+DCFF, and go back to the same bytes in {@link strToBytes}. */
const ESCAPE = 0xdc00;

/** Decodes `len` bytes as UTF-8; lossless for any bytes, since the kernel's strings have no encoding. */
export function bytesToStr(b: Uint8Array, off: number, len: number): string {
  const end = Math.min(off + len, b.length);
  let s = '';
  for (let i = off; i < end; ) {
    const n = utf8Len(b, i, end);
    s += n === 0 ? String.fromCharCode(ESCAPE | b[i]) : String.fromCodePoint(utf8Decode(b, i, n));
    i += n === 0 ? 1 : n;
  }
  return s;
}

/** Length of the well-formed sequence at `i` (RFC 3629 section 4), or 0. */
function utf8Len(b: Uint8Array, i: number, end: number): number {
  const c = b[i];
  if (c < 0x80) return 1;
  const n = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
  if (n === 0 || i + n > end) return 0;
  for (let k = 1; k < n; k++) if ((b[i + k] & 0xc0) !== 0x80) return 0;
  const d = b[i + 1];
  const bad = (c === 0xe0 && d < 0xa0) || (c === 0xed && d >= 0xa0) || (c === 0xf0 && d < 0x90) || (c === 0xf4 && d >= 0x90);
  return bad ? 0 : n;
}

function utf8Decode(b: Uint8Array, i: number, n: number): number {
  let cp = n === 1 ? b[i] : b[i] & (0x7f >> n);
  for (let k = 1; k < n; k++) cp = (cp << 6) | (b[i + k] & 0x3f);
  return cp;
}

/** UTF-8 bytes of a string, the inverse of {@link bytesToStr}. */
export function strToBytes(s: string): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < s.length; i++) {
    const cp = s.codePointAt(i) ?? 0;
    if (cp > 0xffff) i++;
    pushUtf8(out, cp);
  }
  return Uint8Array.from(out);
}

function pushUtf8(out: number[], cp: number): void {
  if (cp < 0x80) out.push(cp);
  else if (cp >= ESCAPE + 0x80 && cp <= ESCAPE + 0xff) out.push(cp - ESCAPE);
  else if (cp < 0x800) out.push(0xc0 | (cp >> 6), 0x80 | (cp & 0x3f));
  else if (cp < 0x10000) out.push(0xe0 | (cp >> 12), 0x80 | ((cp >> 6) & 0x3f), 0x80 | (cp & 0x3f));
  else out.push(0xf0 | (cp >> 18), 0x80 | ((cp >> 12) & 0x3f), 0x80 | ((cp >> 6) & 0x3f), 0x80 | (cp & 0x3f));
}
