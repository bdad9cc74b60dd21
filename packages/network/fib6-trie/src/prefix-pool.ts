/**
 * The prefixes of a trie, as rows of eight words: address, length, the next shorter prefix that covers it, value. Row 0 is no prefix: it covers
 * everything with the value -1, so that whoever follows the covering prefixes always comes to an end.
 */
export const ROW = 8;
export const P_LEN = 4;
export const P_PARENT = 5;
export const P_VALUE = 6;

export class PrefixPool {
  rows: Int32Array = new Int32Array(8 * ROW);
  private used = 1;
  /** First of the free rows, which are chained by their parent; 0: none. */
  private free = 0;

  constructor() {
    this.rows[P_VALUE] = -1;
  }

  /** A new row: its number. */
  alloc(w0: number, w1: number, w2: number, w3: number, plen: number, parent: number, value: number): number {
    const i = this.take();
    const { rows } = this;
    const o = i * ROW;
    rows[o] = w0;
    rows[o + 1] = w1;
    rows[o + 2] = w2;
    rows[o + 3] = w3;
    rows[o + P_LEN] = plen;
    rows[o + P_PARENT] = parent;
    rows[o + P_VALUE] = value;
    return i;
  }

  private take(): number {
    const i = this.free;
    if (i !== 0) {
      this.free = this.rows[i * ROW + P_PARENT];
      return i;
    }
    if (this.used * ROW === this.rows.length) {
      const more = new Int32Array(this.rows.length * 2);
      more.set(this.rows);
      this.rows = more;
    }
    return this.used++;
  }

  release(i: number): void {
    this.rows[i * ROW + P_PARENT] = this.free;
    this.free = i;
  }

  /** Whether prefix `i` covers the address. */
  covers(i: number, w0: number, w1: number, w2: number, w3: number): boolean {
    const { rows } = this;
    const o = i * ROW;
    const len = rows[o + P_LEN];
    if (len <= 32) return len === 0 || (rows[o] ^ w0) >>> (32 - len) === 0;
    if (rows[o] !== w0) return false;
    if (len <= 64) return (rows[o + 1] ^ w1) >>> (64 - len) === 0;
    if (rows[o + 1] !== w1) return false;
    if (len <= 96) return (rows[o + 2] ^ w2) >>> (96 - len) === 0;
    return rows[o + 2] === w2 && (rows[o + 3] ^ w3) >>> (128 - len) === 0;
  }

  /** Whether prefix `i` covers prefix `j`. */
  coversPrefix(i: number, j: number): boolean {
    const { rows } = this;
    const o = j * ROW;
    return rows[i * ROW + P_LEN] <= rows[o + P_LEN] && this.covers(i, rows[o], rows[o + 1], rows[o + 2], rows[o + 3]);
  }

  /** The number of leading bits that the addresses of `i` and `j` share. */
  common(i: number, j: number): number {
    return commonBits(this.rows, i * ROW, this.rows, j * ROW);
  }
}

/** The number of leading bits that two addresses in arrays share, 0…128. */
export function commonBits(a: Int32Array, i: number, b: Int32Array, j: number): number {
  for (let word = 0; word < 4; word++) {
    const diff = a[i + word] ^ b[j + word];
    if (diff !== 0) return word * 32 + Math.clz32(diff);
  }
  return 128;
}
