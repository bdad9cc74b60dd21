import type { Fib6TableBackend } from '@skbuff/fib6';
import { buildTrie } from './build.ts';
import { I_ADDR, I_AT, I_BUILT, I_KEYS, INFO, N_BASE, N_MASK, N_SHIFT, NodePool, coverLeaf, isKey, keyLeaf, prefixOf } from './node-pool.ts';
import { P_LEN, P_PARENT, P_VALUE, PrefixPool, ROW, commonBits } from './prefix-pool.ts';

/**
 * The longest-prefix store of IPv6's tables: a trie with level compression (a node branches over as many bits as pay) and path compression
 * (bits that all keys below share are skipped), S. Nilsson, G. Karlsson, "IP-address lookup using LC-tries", 1999.
 *
 * A child is a node (0 and above) or, negative, a leaf `~(prefix * 2 + key)`. The key of a prefix is its address with zeros behind; its leaf
 * names the longest prefix with that key. A leaf without a key below it names the prefix that covers the place, so that no lookup ever goes
 * back up: every prefix knows the next shorter one that covers it, and what covers an address is the leaf's prefix or one of those.
 *
 * A node below which the keys have doubled or halved since it was built is built anew, with all that is below it.
 */
export class Fib6Trie implements Fib6TableBackend {
  private readonly prefixes: PrefixPool = new PrefixPool();
  private readonly pool: NodePool = new NodePool();
  private root: number = coverLeaf(0);
  /** The way to a leaf: nodes, and where in `children` each went on. */
  private readonly path: number[] = [];
  private readonly slots: number[] = [];
  size = 0;

  get(w0: number, w1: number, w2: number, w3: number, plen: number): number {
    const i = this.exact(w0, w1, w2, w3, plen);
    return i === 0 ? -1 : this.prefixes.rows[i * ROW + P_VALUE];
  }

  lookup(w0: number, w1: number, w2: number, w3: number, maxPlen: number): number {
    const { nodes, children } = this.pool;
    const { rows } = this.prefixes;
    let ref = this.root;
    while (ref >= 0) {
      const n = ref * 4;
      const word = nodes[n];
      const bits = word === 0 ? w0 : word === 1 ? w1 : word === 2 ? w2 : w3;
      ref = children[nodes[n + N_BASE] + ((bits >>> nodes[n + N_SHIFT]) & nodes[n + N_MASK])];
    }
    for (let o = (~ref >> 1) * ROW; ; o = rows[o + P_PARENT] * ROW) {
      const len = rows[o + P_LEN];
      if (len > maxPlen) continue;
      if (len <= 32) {
        if (len === 0 || (rows[o] ^ w0) >>> (32 - len) === 0) return rows[o + P_VALUE];
      } else if (rows[o] === w0) {
        if (len <= 64) {
          if ((rows[o + 1] ^ w1) >>> (64 - len) === 0) return rows[o + P_VALUE];
        } else if (rows[o + 1] === w1 && this.prefixes.covers(o / ROW, w0, w1, w2, w3)) return rows[o + P_VALUE];
      }
    }
  }

  set(w0: number, w1: number, w2: number, w3: number, plen: number, value: number): void {
    const known = this.exact(w0, w1, w2, w3, plen);
    if (known !== 0) {
      this.prefixes.rows[known * ROW + P_VALUE] = value;
      return;
    }
    this.size++;
    const parent = plen === 0 ? 0 : this.find(w0, w1, w2, w3, plen - 1);
    const x = this.prefixes.alloc(w0, w1, w2, w3, plen, parent, value);
    this.insertKey(x);
    this.passOn(x, parent, x);
  }

  delete(w0: number, w1: number, w2: number, w3: number, plen: number): boolean {
    const x = this.exact(w0, w1, w2, w3, plen);
    if (x === 0) return false;
    this.size--;
    const parent = this.prefixes.rows[x * ROW + P_PARENT];
    this.passOn(x, x, parent);
    this.removeKey(x, parent);
    this.prefixes.release(x);
    return true;
  }

  walk(visit: (w0: number, w1: number, w2: number, w3: number, plen: number, value: number) => void): void {
    const { prefixes } = this;
    const { rows } = prefixes;
    this.eachKey(this.root, (longest) => {
      const same: number[] = [];
      for (let i = longest; i !== 0 && prefixes.common(i, longest) === 128; i = rows[i * ROW + P_PARENT]) same.unshift(i * ROW);
      for (const o of same) visit(rows[o], rows[o + 1], rows[o + 2], rows[o + 3], rows[o + P_LEN], rows[o + P_VALUE]);
    });
  }

  /** Number of the longest prefix of at most `maxPlen` bits that covers the address; 0: none. */
  private find(w0: number, w1: number, w2: number, w3: number, maxPlen: number): number {
    const { nodes, children } = this.pool;
    const { prefixes } = this;
    let ref = this.root;
    while (ref >= 0) {
      const word = nodes[ref * 4];
      const bits = word === 0 ? w0 : word === 1 ? w1 : word === 2 ? w2 : w3;
      ref = children[nodes[ref * 4 + N_BASE] + ((bits >>> nodes[ref * 4 + N_SHIFT]) & nodes[ref * 4 + N_MASK])];
    }
    let i = prefixOf(ref);
    while (prefixes.rows[i * ROW + P_LEN] > maxPlen || !prefixes.covers(i, w0, w1, w2, w3)) i = prefixes.rows[i * ROW + P_PARENT];
    return i;
  }

  /** Number of just this prefix; 0: it is not there. */
  private exact(w0: number, w1: number, w2: number, w3: number, plen: number): number {
    const i = this.find(w0, w1, w2, w3, plen);
    return this.prefixes.rows[i * ROW + P_LEN] === plen ? i : 0;
  }

  /** Puts the key of prefix `x` into the trie, or makes `x` the name of its key's leaf if it is the longest there. */
  private insertKey(x: number): void {
    const { pool, prefixes, path, slots } = this;
    const { rows } = prefixes;
    path.length = slots.length = 0;
    let ref = this.root;
    while (ref >= 0) {
      const shared = commonBits(rows, x * ROW, pool.infos, ref * INFO + I_ADDR);
      if (shared < pool.infos[ref * INFO + I_AT]) return this.countKey(this.fork(x, ref, shared), 1);
      path.push(ref);
      slots.push(pool.nodes[ref * 4 + N_BASE] + pool.indexOf(ref, rows, x * ROW));
      ref = pool.children[slots[slots.length - 1]];
    }
    const other = prefixOf(ref);
    if (!isKey(ref)) return this.countKey(keyLeaf(x), 1);
    const shared = prefixes.common(x, other);
    if (shared < 128) return this.countKey(this.fork(x, ref, shared), 1);
    if (rows[x * ROW + P_LEN] > rows[other * ROW + P_LEN]) this.put(slots.length, keyLeaf(x));
  }

  /** A node above `ref` that parts it from the key of `x` at bit `at`. */
  private fork(x: number, ref: number, at: number): number {
    const { pool, prefixes } = this;
    const keys = ref >= 0 ? pool.infos[ref * INFO + I_KEYS] : 1;
    const n = pool.alloc(at, 1, keys, prefixes.rows, x * ROW);
    const base = pool.nodes[n * 4 + N_BASE];
    const side = pool.indexOf(n, prefixes.rows, x * ROW);
    pool.children[base + side] = keyLeaf(x);
    pool.children[base + 1 - side] = ref;
    pool.infos[n * INFO + I_KEYS] = keys + 1;
    return n;
  }

  /** Puts `ref` where the way has ended; `delta` keys came or went there. Builds anew what has become too full or too empty. */
  private countKey(ref: number, delta: number): void {
    const { infos } = this.pool;
    this.put(this.slots.length, ref);
    let worst = -1;
    for (const [i, n] of this.path.entries()) {
      infos[n * INFO + I_KEYS] += delta;
      const keys = infos[n * INFO + I_KEYS];
      const built = infos[n * INFO + I_BUILT];
      if (worst < 0 && (keys >= built * 2 || keys * 2 <= built)) worst = i;
    }
    if (worst >= 0) this.rebuild(worst);
  }

  /** Puts `ref` at the end of the first `depth` steps of the way. */
  private put(depth: number, ref: number): void {
    if (depth === 0) this.root = ref;
    else this.pool.children[this.slots[depth - 1]] = ref;
  }

  private rebuild(depth: number): void {
    const keys: number[] = [];
    const n = this.path[depth];
    this.eachKey(n, (i) => keys.push(i));
    const cover = keys.length > 0 ? 0 : this.coverOf(n);
    this.free(n);
    this.put(depth, keys.length === 0 ? coverLeaf(cover) : buildTrie(this.pool, this.prefixes, keys));
  }

  /** The prefix that covers a node without keys. */
  private coverOf(n: number): number {
    let ref = n;
    while (ref >= 0) ref = this.pool.children[this.pool.nodes[ref * 4 + N_BASE]];
    return prefixOf(ref);
  }

  private free(n: number): void {
    const { nodes, children } = this.pool;
    const base = nodes[n * 4 + N_BASE];
    for (let i = nodes[n * 4 + N_MASK]; i >= 0; i--) if (children[base + i] >= 0) this.free(children[base + i]);
    this.pool.release(n);
  }

  /** The longest prefix of every key below `ref`, ascending. */
  private eachKey(ref: number, see: (prefix: number) => void): void {
    if (ref < 0) {
      if (isKey(ref)) see(prefixOf(ref));
      return;
    }
    const { nodes, children } = this.pool;
    const base = nodes[ref * 4 + N_BASE];
    for (let i = 0; i <= nodes[ref * 4 + N_MASK]; i++) this.eachKey(children[base + i], see);
  }

  /** Takes prefix `x` off its key's leaf: the next shorter one of the key names it then, or there is no key any more. */
  private removeKey(x: number, parent: number): void {
    const { pool, prefixes, path, slots } = this;
    path.length = slots.length = 0;
    let ref = this.root;
    while (ref >= 0) {
      path.push(ref);
      slots.push(pool.nodes[ref * 4 + N_BASE] + pool.indexOf(ref, prefixes.rows, x * ROW));
      ref = pool.children[slots[slots.length - 1]];
    }
    if (prefixOf(ref) !== x) return;
    if (parent !== 0 && prefixes.common(parent, x) === 128) this.put(slots.length, keyLeaf(parent));
    else this.countKey(coverLeaf(parent), -1);
  }

  /** What the prefix `from` covers next within `x` is covered by `to` next. */
  private passOn(x: number, from: number, to: number): void {
    const { pool, prefixes } = this;
    const plen = prefixes.rows[x * ROW + P_LEN];
    let ref = this.root;
    let slot = -1;
    while (ref >= 0 && pool.infos[ref * INFO + I_AT] + pool.bits(ref) <= plen) {
      slot = pool.nodes[ref * 4 + N_BASE] + pool.indexOf(ref, prefixes.rows, x * ROW);
      ref = pool.children[slot];
    }
    if (ref < 0) {
      this.passOnLeaf(x, from, to, slot, ref);
      return;
    }
    // Some or all children of this node lie in the prefix.
    const first = pool.indexOf(ref, prefixes.rows, x * ROW);
    const inside = plen - pool.infos[ref * INFO + I_AT];
    const count = inside <= 0 ? pool.nodes[ref * 4 + N_MASK] + 1 : 2 ** (pool.bits(ref) - inside);
    const base = pool.nodes[ref * 4 + N_BASE] + (inside <= 0 ? 0 : first);
    for (let i = 0; i < count; i++) this.passOnBelow(x, from, to, base + i);
  }

  private passOnBelow(x: number, from: number, to: number, slot: number): void {
    const { nodes, children } = this.pool;
    const ref = children[slot];
    if (ref < 0) {
      this.passOnLeaf(x, from, to, slot, ref);
      return;
    }
    const base = nodes[ref * 4 + N_BASE];
    for (let i = nodes[ref * 4 + N_MASK]; i >= 0; i--) this.passOnBelow(x, from, to, base + i);
  }

  private passOnLeaf(x: number, from: number, to: number, slot: number, ref: number): void {
    const { rows } = this.prefixes;
    if (!isKey(ref)) {
      if (prefixOf(ref) === from && slot >= 0) this.pool.children[slot] = coverLeaf(to);
      return;
    }
    // Of the prefixes of the key, and those that cover it, the one right below `from`.
    let i = prefixOf(ref);
    while (i !== 0 && rows[i * ROW + P_PARENT] !== from) i = rows[i * ROW + P_PARENT];
    if (i !== 0 && i !== x && this.prefixes.coversPrefix(x, i)) rows[i * ROW + P_PARENT] = to;
  }
}
