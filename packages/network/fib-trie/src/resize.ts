/**
 * How a tnode gets its size. A tnode doubles (inflate) when enough of the doubled array would be in use, and shrinks to half (halve)
 * when too little of it is: S. Nilsson, M. Tikkanen, "Implementing a dynamic compressed trie", 1998, on top of
 * S. Nilsson, G. Karlsson, "IP-address lookup using LC-tries", 1999.
 *
 * In the doubled array a leaf, or a tnode that skips the next bit, takes one of its two slots; a *full* child (a tnode that skips no
 * bit) is dissolved into both. So `used + full` of `2 * children` slots will be in use. The gap between the two
 * thresholds keeps a tnode from swinging. The root is passed by every lookup, so it may be emptier for the sake of depth.
 */
import { leafAt, MAX_BITS, TNODE_HEADER, tnodeAt } from './node-pool.ts';
import type { NodePool } from './node-pool.ts';

/** Percent of slots. */
const INFLATE = 50;
const HALVE = 25;
const INFLATE_ROOT = 30;
const HALVE_ROOT = 15;

/** Brings the tnode at `t` to its proper size and returns what belongs in its place: another tnode, its only child, or 0. */
export function resize(pool: NodePool, t: number, isRoot: boolean): number {
  const inflateAt = isRoot ? INFLATE_ROOT : INFLATE;
  const halveAt = isRoot ? HALVE_ROOT : HALVE;
  for (;;) {
    const { kv } = pool;
    const pos = kv[t + 1] & 31;
    const bits = kv[t + 1] >>> 10;
    const children = 1 << bits;
    const used = children - kv[t + 3];
    if (pos > 0 && bits < MAX_BITS && 50 * (used + kv[t + 2]) >= inflateAt * children) t = inflate(pool, t, pos, bits);
    else if (bits > 1 && 100 * used < halveAt * children) t = halve(pool, t, pos, bits);
    else return used > 1 ? pool.tnodeRef(t) : collapse(pool, t, children);
  }
}

/** Path compression: a tnode with one child is a detour, with none it is nothing. */
function collapse(pool: NodePool, t: number, children: number): number {
  let child = 0;
  for (let i = 0; i < children && child === 0; i++) child = pool.kv[t + TNODE_HEADER + i];
  pool.freeTnode(t);
  return child;
}

function inflate(pool: NodePool, old: number, pos: number, bits: number): number {
  const t = pool.newTnode(pool.kv[old], pos - 1, bits + 1);
  const children = 1 << bits;
  for (let i = 0; i < children; i++) {
    const child = pool.kv[old + TNODE_HEADER + i];
    if (child === 0) continue;
    if (pool.isFull(old, child)) dissolve(pool, t, 2 * i, tnodeAt(child));
    else pool.addChild(t, 2 * i + ((keyOf(pool, child) >>> (pos - 1)) & 1), child);
  }
  pool.freeTnode(old);
  return t;
}

/** Shares the children of the full child `c` between the slots `index` and `index + 1` of `t`. */
function dissolve(pool: NodePool, t: number, index: number, c: number): void {
  if (pool.kv[c + 1] >>> 10 === 1) {
    pool.addChild(t, index, pool.kv[c + TNODE_HEADER]);
    pool.addChild(t, index + 1, pool.kv[c + TNODE_HEADER + 1]);
  } else {
    pool.addChild(t, index, halfOf(pool, c, 0));
    pool.addChild(t, index + 1, halfOf(pool, c, 1));
  }
  pool.freeTnode(c);
}

/** A tnode of its own for the lower or upper half of the children of `c`, at its proper size. */
function halfOf(pool: NodePool, c: number, upper: 0 | 1): number {
  const pos = pool.kv[c + 1] & 31;
  const bits = (pool.kv[c + 1] >>> 10) - 1;
  const t = pool.newTnode(pool.kv[c] | (upper << (pos + bits)), pos, bits);
  const from = c + TNODE_HEADER + (upper << bits);
  for (let i = 0; i < 1 << bits; i++) pool.addChild(t, i, pool.kv[from + i]);
  return resize(pool, t, false);
}

function halve(pool: NodePool, old: number, pos: number, bits: number): number {
  const t = pool.newTnode(pool.kv[old], pos + 1, bits - 1);
  const children = 1 << (bits - 1);
  for (let i = 0; i < children; i++) {
    const left = pool.kv[old + TNODE_HEADER + 2 * i];
    const right = pool.kv[old + TNODE_HEADER + 2 * i + 1];
    if (left !== 0 && right !== 0) pool.addChild(t, i, pair(pool, pool.kv[old] | (i << (pos + 1)), pos, left, right, false));
    else pool.addChild(t, i, left !== 0 ? left : right);
  }
  pool.freeTnode(old);
  return t;
}

/** A tnode over the bit `pos` with both children, at its proper size. `key` has no bit set from `pos` down. */
export function pair(pool: NodePool, key: number, pos: number, left: number, right: number, isRoot: boolean): number {
  const t = pool.newTnode(key, pos, 1);
  pool.addChild(t, 0, left);
  pool.addChild(t, 1, right);
  return resize(pool, t, isRoot);
}

/** The bits that all keys at or below `ref` share; `ref` is not 0. */
export function keyOf(pool: NodePool, ref: number): number {
  return ref < 0 ? pool.kv[tnodeAt(ref)] : pool.leaves[leafAt(ref)];
}
