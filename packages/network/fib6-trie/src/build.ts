/** Building a trie at once: the node of a sorted list of keys, with all that is below it. */
import { N_BASE, N_SHIFT, type NodePool, coverLeaf, keyLeaf } from './node-pool.ts';
import { P_LEN, P_PARENT, type PrefixPool, ROW } from './prefix-pool.ts';

/** A node branches over so many bits that at least one child in {@link SPARSE} has a key below it, but not over more than {@link MOST_BITS}. */
const SPARSE = 8;
const MOST_BITS = 16;

/** `keys`: the longest prefix of each key, ascending, at least one. Returns a node or a leaf. */
export function buildTrie(pool: NodePool, prefixes: PrefixPool, keys: readonly number[]): number {
  return build(pool, prefixes, keys, 0, keys.length);
}

function build(pool: NodePool, prefixes: PrefixPool, keys: readonly number[], lo: number, hi: number): number {
  if (hi - lo === 1) return keyLeaf(keys[lo]);
  const { rows } = prefixes;
  const at = prefixes.common(keys[lo], keys[hi - 1]);
  const bits = chooseBits(rows, keys, lo, hi, at);
  const n = pool.alloc(at, bits, hi - lo, rows, keys[lo] * ROW);
  for (let v = 0, i = lo; v < 2 ** bits; v++) {
    let j = i;
    while (j < hi && pool.indexOf(n, rows, keys[j] * ROW) === v) j++;
    const child = j > i ? build(pool, prefixes, keys, i, j) : coverLeaf(coverOf(pool, prefixes, n, v, keys[i > lo ? i - 1 : lo]));
    pool.children[pool.nodes[n * 4 + N_BASE] + v] = child;
    i = j;
  }
  return n;
}

function chooseBits(rows: Int32Array, keys: readonly number[], lo: number, hi: number, at: number): number {
  const room = Math.min(32 - (at & 31), MOST_BITS);
  const word = at >> 5;
  let bits = 1;
  for (let b = 2; b <= room && 2 ** b <= (hi - lo) * SPARSE; b++) {
    const shift = 32 - (at & 31) - b;
    let distinct = 0;
    let last = -1;
    for (let i = lo; i < hi; i++) {
      const v = (rows[keys[i] * ROW + word] >>> shift) & (2 ** b - 1);
      if (v !== last) distinct++;
      last = v;
    }
    if (distinct * SPARSE >= 2 ** b) bits = b;
  }
  return bits;
}

/** The longest prefix that covers child `v` of node `n`, below which no key is: `near` (the key before it, or the node's first) is one of it or covered by it. */
function coverOf(pool: NodePool, prefixes: PrefixPool, n: number, v: number, near: number): number {
  const { rows } = prefixes;
  const shift = pool.nodes[n * 4 + N_SHIFT];
  const word = pool.nodes[n * 4];
  const most = word * 32 + 32 - shift;
  const above = pool.bits(n) + shift;
  const o = near * ROW;
  const w = (i: number): number => (i < word ? rows[o + i] : i > word ? 0 : (above === 32 ? 0 : rows[o + i] & (-1 << above)) | (v << shift));
  let p = near;
  while (rows[p * ROW + P_LEN] > most || !prefixes.covers(p, w(0), w(1), w(2), w(3))) p = rows[p * ROW + P_PARENT];
  return p;
}
