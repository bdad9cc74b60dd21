/** `struct fib6_table` and `struct fib6_node`: the prefixes of a table, and what hangs at each. */
import { In6Addr, in6MaskWord } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import type { Fib6TableBackend, Fib6TableFactory } from './fib6-table.ts';

/** A prefix of a table, or, where `owner` is set, a prefix of sources below one. */
export class Fib6Node {
  readonly addr: In6Addr;
  readonly plen: number;
  /** The destination whose routes these sources are for; null: it is a destination itself. */
  readonly owner: Fib6Node | null;
  /** Its place in the store. */
  readonly index: number;
  /** The routes, by metric. */
  leaf: Fib6Rt | null = null;
  /** Routes for certain sources only (RTA_SRC), which come before those of `leaf`. */
  subtree: Fib6Store | null = null;
  /** Rises with everything that may lead packets for this prefix another way. */
  sernum = 0;

  constructor(addr: In6Addr, plen: number, owner: Fib6Node | null, index: number) {
    this.addr = addr;
    this.plen = plen;
    this.owner = owner;
    this.index = index;
  }
}

/** The nodes of a table or of the sources of one destination, found by prefix. */
export class Fib6Store {
  readonly backend: Fib6TableBackend;
  /** By the value that the backend keeps. */
  readonly nodes: (Fib6Node | null)[] = [];
  /** By the same: the number of the next hop that forwarded packets of the prefix all take, 0: see `route6-ways.ts`. */
  ways: Int32Array = new Int32Array(16);
  private readonly free: number[] = [];
  /** The destination whose sources these are; null: they are destinations. */
  readonly owner: Fib6Node | null;

  constructor(factory: Fib6TableFactory, owner: Fib6Node | null) {
    this.backend = factory();
    this.owner = owner;
  }

  /** The longest prefix of at most `maxPlen` bits that covers the address, or null. */
  find(a: In6Addr, maxPlen: number): Fib6Node | null {
    const index = this.backend.lookup(a.w0, a.w1, a.w2, a.w3, maxPlen);
    return index < 0 ? null : this.nodes[index];
  }

  /** Just this prefix, or null; bits of `a` below `plen` do not matter. */
  get(a: In6Addr, plen: number): Fib6Node | null {
    const index = this.backend.get(a.w0 & in6MaskWord(plen, 0), a.w1 & in6MaskWord(plen, 1), a.w2 & in6MaskWord(plen, 2), a.w3 & in6MaskWord(plen, 3), plen);
    return index < 0 ? null : this.nodes[index];
  }

  /** As {@link get} of a masked prefix, made if it is not there. */
  create(a: In6Addr, plen: number): Fib6Node {
    const known = this.get(a, plen);
    if (known !== null) return known;
    const index = this.free.pop() ?? this.nodes.length;
    const node = new Fib6Node(a.clone(), plen, this.owner, index);
    this.nodes[index] = node;
    if (index >= this.ways.length) this.growWays();
    this.backend.set(a.w0, a.w1, a.w2, a.w3, plen, index);
    return node;
  }

  remove(node: Fib6Node): void {
    const { addr, plen, index } = node;
    this.backend.delete(addr.w0, addr.w1, addr.w2, addr.w3, plen);
    this.nodes[index] = null;
    this.ways[index] = 0;
    this.free.push(index);
  }

  /** The routes of `node` are not what they were. */
  forgetWay(node: Fib6Node): void {
    this.ways[(node.owner ?? node).index] = 0;
  }

  private growWays(): void {
    const grown = new Int32Array(this.ways.length * 2);
    grown.set(this.ways);
    this.ways = grown;
  }

  /** The nodes in Linux's order: the sources of a prefix, then what lies in it, then itself; prefixes beside each other ascending. */
  inOrder(): Fib6Node[] {
    const order: Fib6Node[] = [];
    const open: Fib6Node[] = [];
    this.backend.walk((w0, w1, w2, w3, _plen, index) => {
      while (open.length > 0 && !covers(open[open.length - 1], w0, w1, w2, w3)) order.push(open.pop() as Fib6Node);
      const node = this.nodes[index] as Fib6Node;
      open.push(node);
      for (const source of node.subtree?.inOrder() ?? []) order.push(source);
    });
    return [...order, ...open.reverse()];
  }
}

function covers({ addr, plen }: Fib6Node, w0: number, w1: number, w2: number, w3: number): boolean {
  return (
    ((addr.w0 ^ w0) & in6MaskWord(plen, 0)) === 0 &&
    ((addr.w1 ^ w1) & in6MaskWord(plen, 1)) === 0 &&
    ((addr.w2 ^ w2) & in6MaskWord(plen, 2)) === 0 &&
    ((addr.w3 ^ w3) & in6MaskWord(plen, 3)) === 0
  );
}

export class Fib6Table {
  readonly id: number;
  readonly store: Fib6Store;
  /** The node of ::/0, which is always there: a lookup ends at it. */
  readonly root: Fib6Node;
  /** Rises with each change: a dump that spans one is marked (`fib_seq`). */
  fibSeq = 0;
  /** RT6_TABLE_HAS_DFLT_ROUTER: a router announced itself once. */
  hasDfltRouter = false;

  constructor(id: number, factory: Fib6TableFactory) {
    this.id = id;
    this.store = new Fib6Store(factory, null);
    this.root = this.store.create(new In6Addr(), 0);
  }

  /** `fib6_walk`: every route, in the order of a dump. The table may change meanwhile: who is gone by then has no `node`. */
  routes(): Fib6Rt[] {
    const routes: Fib6Rt[] = [];
    for (const node of this.store.inOrder()) for (let rt = node.leaf; rt !== null; rt = rt.next) routes.push(rt);
    return routes;
  }
}
