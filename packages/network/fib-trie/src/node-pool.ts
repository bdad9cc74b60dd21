/**
 * Where the nodes of a trie live: two Int32Arrays instead of objects, so that a million routes are a few large blocks that
 * the garbage collector never walks, and a lookup touches one or two cache lines per level.
 *
 * A *reference* is what a child slot holds, one int32:
 *
 *     0                                      no child
 *     0 | suffix (5 bits) | unit (26 bits)   leaf:  record `unit` of `leaves`
 *     1 | suffix (5 bits) | unit (26 bits)   tnode: words from `8 * unit` of `kv`
 *
 * `suffix` tells the longest suffix (32 - plen) that a prefix at or below the node can have, so that a lookup that goes back looking for a
 * shorter prefix skips a child without touching the child's memory. It is stored less one (0 also stands for no suffix at
 * all): "some prefix here ignores bit number `suffix` of the address".
 *
 * Eight words are half a cache line, so a tnode of up to four children, as nearly all are, never lies across two lines.
 *
 *     tnode in kv    key | bits (22) suffix (5) pos (5) | full children | empty children | 2^bits references
 *     leaf record    key | value | next record (26) plen (6)       next: same key, next shorter plen
 *
 * A tnode tells its children apart by the `bits` bits of the address from bit `pos` upward; the bits of its key below
 * `pos + bits` are zero.
 */

export const UNIT = 0x3ffffff;
/** Shift from a unit to the words of a tnode. */
const UNIT_SHIFT = 3;
const SUFFIX_SHIFT = 26;
const TNODE = 1 << 31;

/** Words of a tnode before its first child. */
export const TNODE_HEADER = 4;
/** Words of a leaf record. */
export const LEAF_WORDS = 3;
/** No tnode gets more than 2^24 children (64 MB). */
export const MAX_BITS = 24;

const FIRST_WORDS = 64;

/** Largest number of an address bit that some prefix at or below `ref` ignores; see the file comment. */
export function suffixOf(ref: number): number {
  return (ref >>> SUFFIX_SHIFT) & 31;
}

/** The suffix field of a single prefix of length `plen`. */
export function suffixOfPlen(plen: number): number {
  return plen > 30 ? 0 : 31 - plen;
}

export function leafRef(record: number, suffix: number): number {
  return (suffix << SUFFIX_SHIFT) | record;
}

/** Word offset in `kv` of the tnode behind `ref`, which must be one (`ref < 0`). */
export function tnodeAt(ref: number): number {
  return (ref & UNIT) << UNIT_SHIFT;
}

/** Word offset in `leaves` of the record behind `ref`, which must be a leaf (`ref > 0`). */
export function leafAt(ref: number): number {
  return (ref & UNIT) * LEAF_WORDS;
}

/** Words that a tnode of 2^bits children takes up. */
function wordsOf(bits: number): number {
  return (TNODE_HEADER + (1 << bits) + 7) & ~7;
}

function doubled(old: Int32Array): Int32Array {
  const array = new Int32Array(old.length * 2);
  array.set(old);
  return array;
}

function powerOfTwo(words: number): number {
  let n = FIRST_WORDS;
  while (n < words) n *= 2;
  return n;
}

export class NodePool {
  /** tnodes. Replaced when it grows: never keep it across a call that makes a node. */
  kv: Int32Array;
  /** Leaf records. Replaced when it grows. Record 0 is not used: it would be the null reference. */
  leaves: Int32Array;
  /** Words of `kv` that belong to tnodes in use. */
  kvLive = 0;
  /** Words of `kv` ever handed out. */
  kvTop = 0;
  leafLive = 0;
  leafTop = 1;

  /** First freed tnode of 2^index children, as word offset + 1, chained through the key word. */
  private readonly freeTnodes: Int32Array = new Int32Array(MAX_BITS + 1);
  private freeLeaf = 0;
  /** What is left of a large freed tnode that is being cut into smaller ones. */
  private regionStart = 0;
  private regionEnd = 0;

  /** A pool with room for so many words of tnodes and leaf records; it grows beyond them by doubling. */
  constructor(kvWords: number, leafRecords: number) {
    this.kv = new Int32Array(powerOfTwo(kvWords));
    this.leaves = new Int32Array(powerOfTwo(leafRecords + 1) * LEAF_WORDS);
  }

  /** A tnode without children; returns its word offset. */
  newTnode(key: number, pos: number, bits: number): number {
    const children = 1 << bits;
    const t = this.takeWords(bits);
    const { kv } = this;
    kv[t] = key;
    kv[t + 1] = (bits << 10) | pos;
    kv[t + 2] = 0;
    kv[t + 3] = children;
    kv.fill(0, t + TNODE_HEADER, t + TNODE_HEADER + children);
    this.kvLive += wordsOf(bits);
    return t;
  }

  freeTnode(t: number): void {
    const bits = this.kv[t + 1] >>> 10;
    this.kv[t] = this.freeTnodes[bits];
    this.freeTnodes[bits] = t + 1;
    this.kvLive -= wordsOf(bits);
  }

  newLeaf(key: number, plen: number, value: number, next: number): number {
    const record = this.takeLeaf();
    const l = record * LEAF_WORDS;
    this.leaves[l] = key;
    this.leaves[l + 1] = value;
    this.leaves[l + 2] = (next << 6) | plen;
    this.leafLive++;
    return record;
  }

  freeLeafRecord(record: number): void {
    this.leaves[record * LEAF_WORDS] = this.freeLeaf;
    this.freeLeaf = record;
    this.leafLive--;
  }

  /** Reference to the tnode at `t`, as it is now. */
  tnodeRef(t: number): number {
    return TNODE | (((this.kv[t + 1] >>> 5) & 31) << SUFFIX_SHIFT) | (t >>> UNIT_SHIFT);
  }

  /** Whether `ref` is a tnode that looks at the bits right after those of `t`: no bit is skipped between them. */
  isFull(t: number, ref: number): boolean {
    if (ref >= 0) return false;
    const head = this.kv[tnodeAt(ref) + 1];
    return (head & 31) + (head >>> 10) === (this.kv[t + 1] & 31);
  }

  /** Fills an empty slot of `t`. */
  addChild(t: number, index: number, ref: number): void {
    if (ref !== 0) this.replaceChild(t, index, ref, false);
  }

  /** Puts `ref` into a slot whose old child was or was not full, and keeps the tnode's counts; its suffix can only grow here. */
  replaceChild(t: number, index: number, ref: number, wasFull: boolean): void {
    const { kv } = this;
    const slot = t + TNODE_HEADER + index;
    kv[t + 2] += (this.isFull(t, ref) ? 1 : 0) - (wasFull ? 1 : 0);
    kv[t + 3] += (kv[slot] !== 0 ? 1 : 0) - (ref !== 0 ? 1 : 0);
    kv[slot] = ref;
    if (suffixOf(ref) > ((kv[t + 1] >>> 5) & 31)) this.setSuffix(t, suffixOf(ref));
  }

  setSuffix(t: number, suffix: number): void {
    this.kv[t + 1] = (this.kv[t + 1] & ~(31 << 5)) | (suffix << 5);
  }

  /** Whether more than half of what was ever handed out lies idle. */
  isSparse(): boolean {
    return this.kvTop > FIRST_WORDS + 2 * this.kvLive || this.leafTop > FIRST_WORDS + 2 * this.leafLive;
  }

  private takeWords(bits: number): number {
    const words = wordsOf(bits);
    const free = this.freeTnodes[bits];
    if (free !== 0) {
      this.freeTnodes[bits] = this.kv[free - 1];
      return free - 1;
    }
    if (this.regionEnd - this.regionStart < words && !this.openRegion(bits)) return this.extend(words);
    const t = this.regionStart;
    this.regionStart += words;
    return t;
  }

  /** Starts to cut up the smallest freed tnode with more than 2^bits children. */
  private openRegion(bits: number): boolean {
    for (let larger = bits + 1; larger <= MAX_BITS; larger++) {
      const free = this.freeTnodes[larger];
      if (free === 0) continue;
      this.freeTnodes[larger] = this.kv[free - 1];
      this.regionStart = free - 1;
      this.regionEnd = free - 1 + wordsOf(larger);
      return true;
    }
    return false;
  }

  private extend(words: number): number {
    const t = this.kvTop;
    this.kvTop += words;
    if (this.kvTop / 8 > UNIT) throw new RangeError('fib-trie: more internal nodes than a reference can name');
    while (this.kvTop > this.kv.length) this.kv = doubled(this.kv);
    return t;
  }

  private takeLeaf(): number {
    const free = this.freeLeaf;
    if (free !== 0) {
      this.freeLeaf = this.leaves[free * LEAF_WORDS];
      return free;
    }
    const record = this.leafTop++;
    if (record > UNIT) throw new RangeError('fib-trie: more prefixes than a reference can name');
    if (this.leafTop * LEAF_WORDS > this.leaves.length) this.leaves = doubled(this.leaves);
    return record;
  }
}
