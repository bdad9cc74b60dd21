/**
 * The nodes of a trie and their children. What a lookup reads of a node (which word of the address, how far to shift it, how many bits count,
 * where its children are) is four words; what changes need is apart.
 */
export const N_WORD = 0;
export const N_SHIFT = 1;
export const N_MASK = 2;
export const N_BASE = 3;

/** Words of `infos`: the first bit that counts; keys below, now and when it was built; an address below (its bits before `I_AT` are those of all). */
export const INFO = 8;
export const I_AT = 0;
export const I_KEYS = 1;
export const I_BUILT = 2;
export const I_ADDR = 4;

export class NodePool {
  nodes: Int32Array = new Int32Array(4 * 8);
  infos: Int32Array = new Int32Array(INFO * 8);
  children: Int32Array = new Int32Array(64);
  private usedNodes = 0;
  private readonly freeNodes: number[] = [];
  private usedChildren = 0;
  /** By number of bits: places in `children` that are free. */
  private readonly freeChildren: number[][] = Array.from({ length: 33 }, () => []);

  /** A node that looks at `bits` bits from bit `at` on (all of one word), its children not filled in. */
  alloc(at: number, bits: number, keys: number, from: Int32Array, addr: number): number {
    const n = this.freeNodes.pop() ?? this.grow();
    this.nodes[n * 4 + N_WORD] = at >> 5;
    this.nodes[n * 4 + N_SHIFT] = 32 - (at & 31) - bits;
    this.nodes[n * 4 + N_MASK] = 2 ** bits - 1;
    this.nodes[n * 4 + N_BASE] = this.allocChildren(bits);
    const o = n * INFO;
    this.infos[o + I_AT] = at;
    this.infos[o + I_KEYS] = keys;
    this.infos[o + I_BUILT] = keys;
    for (let i = 0; i < 4; i++) this.infos[o + I_ADDR + i] = from[addr + i];
    return n;
  }

  private grow(): number {
    if (this.usedNodes * 4 === this.nodes.length) {
      this.nodes = doubled(this.nodes, this.nodes.length * 2);
      this.infos = doubled(this.infos, this.infos.length * 2);
    }
    return this.usedNodes++;
  }

  private allocChildren(bits: number): number {
    const known = this.freeChildren[bits].pop();
    if (known !== undefined) return known;
    const base = this.usedChildren;
    this.usedChildren += 2 ** bits;
    let size = this.children.length;
    while (size < this.usedChildren) size *= 2;
    if (size > this.children.length) this.children = doubled(this.children, size);
    return base;
  }

  release(n: number): void {
    this.freeChildren[this.bits(n)].push(this.nodes[n * 4 + N_BASE]);
    this.freeNodes.push(n);
  }

  bits(n: number): number {
    return 32 - Math.clz32(this.nodes[n * 4 + N_MASK]);
  }

  /** Which child of `n` an address in an array is below. */
  indexOf(n: number, addr: Int32Array, off: number): number {
    const { nodes } = this;
    return (addr[off + nodes[n * 4 + N_WORD]] >>> nodes[n * 4 + N_SHIFT]) & nodes[n * 4 + N_MASK];
  }
}

function doubled(old: Int32Array, size: number): Int32Array {
  const more = new Int32Array(size);
  more.set(old);
  return more;
}

/** The leaf of a key, named by its longest prefix. */
export function keyLeaf(prefix: number): number {
  return ~(prefix * 2 + 1);
}

/** A leaf where no key is, and the prefix that covers it. */
export function coverLeaf(prefix: number): number {
  return ~(prefix * 2);
}

export function isKey(ref: number): boolean {
  return (~ref & 1) !== 0;
}

export function prefixOf(ref: number): number {
  return ~ref >> 1;
}
