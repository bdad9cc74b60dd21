import type { FibTableBackend } from '@skbuff/fib';
import { copyTree } from './copy-tree.ts';
import { LEAF_WORDS, leafAt, leafRef, NodePool, suffixOf, suffixOfPlen, TNODE_HEADER, tnodeAt, UNIT } from './node-pool.ts';
import { keyOf, pair, resize } from './resize.ts';
import { statOf, walkNodes, walkPrefixes } from './walk.ts';
import type { FibTrieNodeVisitor, FibTrieStat } from './walk.ts';

/** Addresses that a list lookup keeps in flight: enough to overlap their memory misses, few enough to stay in the L1 cache. */
const LIST_CHUNK = 64;
/** See {@link shortenSuffix}. */
const MAX_SEARCHED = 64;

/**
 * The longest-prefix store of Linux's IPv4 routing tables (`fib_trie`): a trie with level compression (a node branches over
 * as many bits as pays off) and path compression (bits that all keys below share are skipped), S. Nilsson, G. Karlsson,
 * "IP-address lookup using LC-tries", 1999.
 *
 * A prefix hangs at the leaf of its own bits, the rest 0, so 10.0.0.0/8 and 10.0.0.0/16 share a leaf. A lookup runs to the leaf that
 * is nearest the address; if nothing there covers it, the prefix sought is shorter and lies at a key with more zeros:
 * clear the lowest set bits of the path taken, one after the other from the deepest node upward, and look there.
 */
export class FibTrie implements FibTableBackend {
  private pool: NodePool = new NodePool(0, 0);
  private root = 0;
  private prefixes = 0;
  /** The way taken from the root: reference of a tnode, index of the child; 32 levels at most. */
  private readonly path: Int32Array = new Int32Array(64);
  /** What {@link descend} arrived at. */
  private end = 0;
  /** See {@link seek}. */
  private before = 0;

  get size(): number {
    return this.prefixes;
  }

  get(prefix: number, plen: number): number {
    const key = prefix | 0;
    this.descend(key);
    if (!this.endsAtLeafOf(key)) return -1;
    const record = this.seek(plen);
    return record === 0 ? -1 : this.pool.leaves[record * LEAF_WORDS + 1];
  }

  set(prefix: number, plen: number, value: number): void {
    const key = prefix | 0;
    const depth = this.descend(key);
    if (this.endsAtLeafOf(key)) this.setInLeaf(depth, key, plen, value);
    else this.addLeaf(depth, key, plen, value);
    this.tidy();
  }

  delete(prefix: number, plen: number): boolean {
    const key = prefix | 0;
    const depth = this.descend(key);
    if (!this.endsAtLeafOf(key)) return false;
    const record = this.seek(plen);
    if (record === 0) return false;
    const after = this.nextOf(record);
    this.pool.freeLeafRecord(record);
    this.prefixes--;
    const isLast = after === 0 && this.before !== 0;
    this.relinkLeaf(depth, after, isLast ? suffixOfPlen(this.plenOf(this.before)) : suffixOf(this.end));
    this.tidy();
    return true;
  }

  lookup(addr: number, maxPlen: number): number {
    const { kv, leaves } = this.pool;
    const { path } = this;
    // A prefix of at most maxPlen bits covers addr just when it covers addr cut to maxPlen bits, and that lies nearer to it.
    const key = maxPlen === 32 ? addr | 0 : maxPlen === 0 ? 0 : addr & (-1 << (32 - maxPlen));
    let ref = this.root;
    let top = 0;
    while (ref < 0) {
      const t = tnodeAt(ref);
      const head = kv[t + 1];
      const index = (key ^ kv[t]) >>> (head & 31);
      if (index >>> (head >>> 10) !== 0) break;
      path[top] = ref;
      path[top + 1] = index;
      top += 2;
      ref = kv[t + TNODE_HEADER + index];
    }
    if (ref > 0) {
      const l = leafAt(ref);
      const same = Math.clz32(key ^ leaves[l]);
      const plen = leaves[l + 2] & 63;
      if (plen <= same && plen <= maxPlen) return leaves[l + 1];
    }
    return this.backtrack(key, maxPlen, ref, top);
  }

  lookupList(addrs: Uint32Array, n: number, out: Int32Array): void {
    for (let from = 0; from < n; from += LIST_CHUNK) this.lookupChunk(addrs, from, Math.min(n, from + LIST_CHUNK), out);
  }

  walk(visit: (prefix: number, plen: number, value: number) => void): void {
    walkPrefixes(this.pool, this.root, visit);
  }

  /** Visits the nodes themselves, for /proc/net/fib_trie. `visitor` must not change the trie. */
  walkNodes(visitor: FibTrieNodeVisitor): void {
    walkNodes(this.pool, this.root, 0, visitor);
  }

  /** Counts the nodes, for /proc/net/fib_triestat: visits all of them. */
  stat(): FibTrieStat {
    return statOf(this.pool, this.root);
  }

  /** One level at a time for all addresses, so that the misses of a level overlap. `out` holds the references meanwhile. */
  private lookupChunk(addrs: Uint32Array, from: number, to: number, out: Int32Array): void {
    const { kv, leaves } = this.pool;
    for (let i = from; i < to; i++) out[i] = this.root;
    for (let onTheWay = this.root; onTheWay < 0;) {
      onTheWay = 0;
      for (let i = from; i < to; i++) {
        const ref = out[i];
        if (ref >= 0) continue;
        const t = tnodeAt(ref);
        const head = kv[t + 1];
        const index = (addrs[i] ^ kv[t]) >>> (head & 31);
        const child = index >>> (head >>> 10) === 0 ? kv[t + TNODE_HEADER + index] : 0;
        out[i] = child;
        onTheWay |= child;
      }
    }
    for (let i = from; i < to; i++) {
      const l = leafAt(out[i]);
      const covers = out[i] > 0 && (leaves[l + 2] & 63) <= Math.clz32(addrs[i] ^ leaves[l]);
      out[i] = covers ? leaves[l + 1] : this.lookup(addrs[i], 32);
    }
  }

  /** The way led to `ref`, which does not cover `key` with its longest prefix. Looks there for shorter ones, then further back. */
  private backtrack(key: number, maxPlen: number, ref: number, top: number): number {
    const { kv } = this.pool;
    const { path } = this;
    // A tnode that `key` turned away from above its bits may still hold a prefix that is shorter than what they share.
    let value = ref === 0 ? -1 : this.leftmost(ref, key, maxPlen, ref > 0 ? 0 : 31 - Math.clz32(key ^ kv[tnodeAt(ref)]));
    while (value < 0 && top > 0) {
      top -= 2;
      const t = tnodeAt(path[top]);
      const pos = kv[t + 1] & 31;
      const suffix = suffixOf(path[top]);
      for (let index = path[top + 1]; index !== 0 && value < 0;) {
        const bit = pos + 31 - Math.clz32(index & -index);
        if (bit > suffix) break;
        index &= index - 1;
        const child = kv[t + TNODE_HEADER + index];
        if (suffixOf(child) >= bit) value = this.leftmost(child, key, maxPlen, bit);
      }
    }
    return value;
  }

  /** Value of the longest prefix at the smallest key below `ref` that covers `key`, if one there can ignore bit number `bit`; or -1. */
  private leftmost(ref: number, key: number, maxPlen: number, bit: number): number {
    const { kv, leaves } = this.pool;
    while (ref < 0 && suffixOf(ref) >= bit) ref = kv[tnodeAt(ref) + TNODE_HEADER];
    if (ref <= 0) return -1;
    const plen = Math.min(maxPlen, Math.clz32(key ^ leaves[leafAt(ref)]));
    for (let record = ref & UNIT; record !== 0; record = leaves[record * LEAF_WORDS + 2] >>> 6) {
      if ((leaves[record * LEAF_WORDS + 2] & 63) <= plen) return leaves[record * LEAF_WORDS + 1];
    }
    return -1;
  }

  /** Goes as far down as `key` leads, notes the way in `path` and what is there in `end`; returns the number of tnodes passed. */
  private descend(key: number): number {
    const { kv } = this.pool;
    let ref = this.root;
    let depth = 0;
    while (ref < 0) {
      const t = tnodeAt(ref);
      const head = kv[t + 1];
      const index = (key ^ kv[t]) >>> (head & 31);
      if (index >>> (head >>> 10) !== 0) break;
      this.path[2 * depth] = ref;
      this.path[2 * depth + 1] = index;
      depth++;
      ref = kv[t + TNODE_HEADER + index];
    }
    this.end = ref;
    return depth;
  }

  private endsAtLeafOf(key: number): boolean {
    return this.end > 0 && this.pool.leaves[leafAt(this.end)] === key;
  }

  private addLeaf(depth: number, key: number, plen: number, value: number): void {
    const { pool, end } = this;
    const leaf = leafRef(pool.newLeaf(key, plen, value, 0), suffixOfPlen(plen));
    this.prefixes++;
    this.replaceEnd(depth, end === 0 ? leaf : this.join(end, leaf, key, depth === 0));
  }

  /** A tnode over the first bit in which the leaf of `key` and the node `other` differ. */
  private join(other: number, leaf: number, key: number, isRoot: boolean): number {
    const pos = 31 - Math.clz32(key ^ keyOf(this.pool, other));
    const isRight = (key >>> pos) & 1;
    return pair(this.pool, key & (-2 << pos), pos, isRight ? other : leaf, isRight ? leaf : other, isRoot);
  }

  private setInLeaf(depth: number, key: number, plen: number, value: number): void {
    const { pool } = this;
    const record = this.seek(plen);
    if (record !== 0) {
      pool.leaves[record * LEAF_WORDS + 1] = value;
      return;
    }
    const after = this.before === 0 ? this.end & UNIT : this.nextOf(this.before);
    const added = pool.newLeaf(key, plen, value, after);
    this.prefixes++;
    this.relinkLeaf(depth, added, Math.max(suffixOf(this.end), suffixOfPlen(plen)));
  }

  /** The record of length `plen` in the leaf at the end of the path, or 0; notes the last longer one in `before`. */
  private seek(plen: number): number {
    this.before = 0;
    let record = this.end & UNIT;
    while (record !== 0 && this.plenOf(record) > plen) {
      this.before = record;
      record = this.nextOf(record);
    }
    return record !== 0 && this.plenOf(record) === plen ? record : 0;
  }

  /** Makes `record` (0: nothing) the one after `before` in the leaf at the end of the path, or its first if there is none before. */
  private relinkLeaf(depth: number, record: number, suffix: number): void {
    const { before } = this;
    let first = record;
    if (before !== 0) {
      first = this.end & UNIT;
      this.pool.leaves[before * LEAF_WORDS + 2] = (record << 6) | this.plenOf(before);
    }
    const ref = first === 0 ? 0 : leafRef(first, suffix);
    if (ref !== this.end) this.replaceEnd(depth, ref);
  }

  private plenOf(record: number): number {
    return this.pool.leaves[record * LEAF_WORDS + 2] & 63;
  }

  private nextOf(record: number): number {
    return this.pool.leaves[record * LEAF_WORDS + 2] >>> 6;
  }

  /** Puts `ref` at the end of the path and brings each tnode on the way back up to its proper size. */
  private replaceEnd(depth: number, ref: number): void {
    const { pool, path } = this;
    let wasFull = false; // the end is a leaf, nothing, or a tnode with skipped bits that led away from it
    for (let d = depth - 1; d >= 0; d--) {
      const t = tnodeAt(path[2 * d]);
      const index = path[2 * d + 1];
      const before = suffixOf(pool.kv[t + TNODE_HEADER + index]);
      pool.replaceChild(t, index, ref, wasFull);
      if (suffixOf(ref) < before) shortenSuffix(pool, t, before);
      wasFull = d > 0 && pool.isFull(tnodeAt(path[2 * d - 2]), path[2 * d]);
      ref = resize(pool, t, d === 0);
    }
    this.root = ref;
  }

  /** Gives memory back when most of it lies idle. */
  private tidy(): void {
    if (!this.pool.isSparse()) return;
    const pool = new NodePool(this.pool.kvLive, this.pool.leafLive);
    this.root = copyTree(this.pool, pool, this.root);
    this.pool = pool;
  }
}

/**
 * A child of `t` no longer has the suffix `gone`; if that was the longest one, finds the longest that is left. The suffix of a tnode
 * need only be an upper bound: too long a one costs lookups a few steps back and no answer. So a large tnode, the root above all, is
 * not searched but keeps its suffix until it is next resized or copied.
 */
function shortenSuffix(pool: NodePool, t: number, gone: number): void {
  const { kv } = pool;
  const children = 1 << (kv[t + 1] >>> 10);
  if (children > MAX_SEARCHED || gone < ((kv[t + 1] >>> 5) & 31)) return;
  let longest = 0;
  for (let i = 0; i < children; i++) longest = Math.max(longest, suffixOf(kv[t + TNODE_HEADER + i]));
  pool.setSuffix(t, longest);
}
