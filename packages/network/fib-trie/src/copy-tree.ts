import { LEAF_WORDS, leafAt, leafRef, suffixOf, TNODE_HEADER, tnodeAt, UNIT } from './node-pool.ts';
import type { NodePool } from './node-pool.ts';

/**
 * Copies all that hangs at `ref` into another pool and returns its reference there. This is how memory is given back: the copy
 * lies without gaps, each tnode followed by what is below it, and the old arrays go to the garbage collector.
 */
export function copyTree(from: NodePool, to: NodePool, ref: number): number {
  if (ref === 0) return 0;
  if (ref > 0) return leafRef(copyRecords(from, to, ref & UNIT), suffixOf(ref));
  const old = tnodeAt(ref);
  const head = from.kv[old + 1];
  const children = 1 << (head >>> 10);
  const t = to.newTnode(from.kv[old], head & 31, head >>> 10);
  for (let i = 0; i < children; i++) to.addChild(t, i, copyTree(from, to, from.kv[old + TNODE_HEADER + i]));
  return to.tnodeRef(t);
}

function copyRecords(from: NodePool, to: NodePool, record: number): number {
  const l = leafAt(record);
  const word = from.leaves[l + 2];
  const copy = to.newLeaf(from.leaves[l], word & 63, from.leaves[l + 1], 0);
  if (word >>> 6 !== 0) to.leaves[copy * LEAF_WORDS + 2] |= copyRecords(from, to, word >>> 6) << 6;
  return copy;
}
