/** The read-only tours over a trie: what /proc/net/fib_trie and /proc/net/fib_triestat are written from. */
import { leafAt, TNODE_HEADER, tnodeAt } from './node-pool.ts';
import type { NodePool } from './node-pool.ts';

/** Receives the nodes of a trie from the root down, children in ascending order of their keys. Keys are u32, host order. */
export interface FibTrieNodeVisitor {
  /**
   * An internal node: it tells its 2^`bits` children apart by the address bits `pos` to `pos + bits - 1` (bit 0 is the least significant one).
   * @param key the bits above those, which all its children share; the rest is 0. Linux prints it as `key/(32 - pos - bits)`
   * @param fullChildren children that are internal nodes and skip no bit
   * @param emptyChildren slots without a child
   * @param depth internal nodes above this one
   */
  tnode(key: number, pos: number, bits: number, fullChildren: number, emptyChildren: number, depth: number): void;
  /** A leaf; its prefixes follow. */
  leaf(key: number, depth: number): void;
  /** A prefix of the leaf seen last, the longest one first. */
  prefix(key: number, plen: number, value: number, depth: number): void;
}

/** Figures of one trie, as /proc/net/fib_triestat shows them. */
export interface FibTrieStat {
  /** Keys: prefixes that differ in length only share a leaf. */
  leaves: number;
  prefixes: number;
  /** Internal nodes. */
  tnodes: number;
  /** Child slots without a child. */
  nullPointers: number;
  /** Internal nodes above a leaf, the mean and the most. 0 in an empty trie. */
  averageDepth: number;
  maxDepth: number;
  /** Bytes held for nodes, used or not. */
  bytes: number;
  /** `internalNodesBySize[bits]`: how many internal nodes have 2^bits slots; as long as the largest needs. */
  internalNodesBySize: number[];
}

/** Visits what hangs at `ref`. */
export function walkNodes(pool: NodePool, ref: number, depth: number, visitor: FibTrieNodeVisitor): void {
  if (ref > 0) visitLeaf(pool, ref, depth, visitor);
  if (ref >= 0) return;
  const { kv } = pool;
  const t = tnodeAt(ref);
  const bits = kv[t + 1] >>> 10;
  visitor.tnode(kv[t] >>> 0, kv[t + 1] & 31, bits, kv[t + 2], kv[t + 3], depth);
  for (let i = 0; i < 1 << bits; i++) walkNodes(pool, kv[t + TNODE_HEADER + i], depth + 1, visitor);
}

function visitLeaf(pool: NodePool, ref: number, depth: number, visitor: FibTrieNodeVisitor): void {
  const { leaves } = pool;
  const key = leaves[leafAt(ref)] >>> 0;
  visitor.leaf(key, depth);
  for (let record = ref; record !== 0; record = leaves[leafAt(record) + 2] >>> 6) {
    const l = leafAt(record);
    visitor.prefix(key, leaves[l + 2] & 63, leaves[l + 1], depth);
  }
}

/** Visits the prefixes at `ref`, ascending by prefix, then by length. */
export function walkPrefixes(pool: NodePool, ref: number, visit: (prefix: number, plen: number, value: number) => void): void {
  if (ref > 0) visitRecords(pool, ref, visit);
  if (ref >= 0) return;
  const t = tnodeAt(ref);
  const children = 1 << (pool.kv[t + 1] >>> 10);
  for (let i = 0; i < children; i++) walkPrefixes(pool, pool.kv[t + TNODE_HEADER + i], visit);
}

/** A leaf holds its longest prefix first, because lookups want that one; a walk wants it last. */
function visitRecords(pool: NodePool, record: number, visit: (prefix: number, plen: number, value: number) => void): void {
  const l = leafAt(record);
  const word = pool.leaves[l + 2];
  if (word >>> 6 !== 0) visitRecords(pool, word >>> 6, visit);
  visit(pool.leaves[l] >>> 0, word & 63, pool.leaves[l + 1]);
}

export function statOf(pool: NodePool, root: number): FibTrieStat {
  const stat: FibTrieStat = {
    leaves: 0, prefixes: 0, tnodes: 0, nullPointers: 0, averageDepth: 0, maxDepth: 0,
    bytes: pool.kv.byteLength + pool.leaves.byteLength, internalNodesBySize: [],
  };
  let depths = 0;
  walkNodes(pool, root, 0, {
    tnode(_key, _pos, bits, _full, empty): void {
      stat.tnodes++;
      stat.nullPointers += empty;
      while (stat.internalNodesBySize.length <= bits) stat.internalNodesBySize.push(0);
      stat.internalNodesBySize[bits]++;
    },
    leaf(_key, depth): void {
      stat.leaves++;
      depths += depth;
      stat.maxDepth = Math.max(stat.maxDepth, depth);
    },
    prefix(): void {
      stat.prefixes++;
    },
  });
  if (stat.leaves > 0) stat.averageDepth = depths / stat.leaves;
  return stat;
}
