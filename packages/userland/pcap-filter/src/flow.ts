/** The graph of blocks, looked at: levels, ways in, what dominates what, which registers are read later. */
import { type Block, blocksFromEnd } from './emit.ts';
import { REGISTERS, reads, written } from './values.ts';

/** One of the two ways out of a block. */
export interface Edge {
  readonly from: Block;
  readonly holds: boolean;
  /** The last edge before it that every way to it leads along, and how many there are. */
  up: Edge | null;
  depth: number;
}

/** What is known of a block. */
export class Facts {
  /** How many blocks at most lie between it and the end. */
  level = 0;
  readonly entries: Edge[] = [];
  /** The last edge that every way here leads along. */
  edge: Edge | null = null;
  /** The same of blocks: a tree, numbered so that what a block dominates follows it. */
  dominator: Block | null = null;
  depth = 0;
  number = 0;
  dominated = 1;
  /** The number of the next block that it dominates directly. */
  next = 1;
  /** Registers whose value is read here or later, and those that are read behind it. Sets of bits. */
  liveIn = 0;
  liveOut = 0;
  readonly out: readonly [Edge, Edge];
  /** Value numbers of the registers on entry and at its comparison, and of what is compared with. */
  before: number[] = new Array<number>(REGISTERS).fill(0);
  values: number[] = new Array<number>(REGISTERS).fill(0);
  operand = 0;

  constructor(from: Block) {
    this.out = [
      { from, holds: true, up: null, depth: 0 },
      { from, holds: false, up: null, depth: 0 },
    ];
  }

  dominates(other: Facts): boolean {
    return this.number <= other.number && other.number < this.number + this.dominated;
  }
}

/** The blocks that can be reached, root first: whoever leads to a block stands before it. */
export class Flow {
  readonly order: readonly Block[];
  /** The reverse, level by level. */
  readonly upward: readonly Block[];
  private readonly root: Block;
  private readonly facts = new Map<Block, Facts>();

  constructor(root: Block) {
    const levels = byLevel(root, this.facts);
    this.root = root;
    this.upward = levels.flat();
    this.order = levels.reverse().flat();
    for (const block of this.order) this.enter(block);
    for (const block of this.order.toReversed()) this.leave(block);
    for (const block of this.order) this.count(block);
  }

  of(block: Block): Facts {
    return this.facts.get(block) as Facts;
  }

  has(block: Block): boolean {
    return this.facts.has(block);
  }

  /** The flow after jumps were moved, with the values from before. */
  again(): Flow {
    const flow = new Flow(this.root);
    for (const block of flow.order) {
      const { before, values, operand } = this.of(block);
      Object.assign(flow.of(block), { before, values, operand });
    }
    return flow;
  }

  /** The block's entries are complete: all that lead to it were here before. */
  private enter(block: Block): void {
    const facts = this.of(block);
    const [first, ...others] = facts.entries;
    if (first !== undefined) {
      facts.edge = others.reduce<Edge | null>(commonEdge, first);
      facts.dominator = others.reduce((all, { from }) => this.commonDominator(all, from), first.from);
      facts.depth = this.of(facts.dominator).depth + 1;
    }
    for (const edge of facts.out) {
      edge.up = facts.edge;
      edge.depth = (facts.edge?.depth ?? 0) + 1;
    }
    if (block.jt !== null) this.of(block.jt).entries.push(facts.out[0]);
    if (block.jf !== null) this.of(block.jf).entries.push(facts.out[1]);
  }

  private commonDominator(a: Block, b: Block): Block {
    let [x, y] = [a, b];
    while (x !== y) {
      if (this.of(x).depth > this.of(y).depth) x = this.of(x).dominator as Block;
      else y = this.of(y).dominator as Block;
    }
    return x;
  }

  /** What lies behind the block is settled. */
  private leave(block: Block): void {
    const facts = this.of(block);
    for (const to of [block.jt, block.jf]) if (to !== null) facts.liveOut |= this.of(to).liveIn;
    facts.liveIn = block.stmts.reduceRight((set, s) => (set & ~(1 << written(s))) | reads(s), facts.liveOut | reads(block));
    if (facts.dominator !== null) this.of(facts.dominator).dominated += facts.dominated;
  }

  private count(block: Block): void {
    const facts = this.of(block);
    if (facts.dominator === null) return;
    const dominator = this.of(facts.dominator);
    facts.number = dominator.next;
    facts.next = facts.number + 1;
    dominator.next += facts.dominated;
  }
}

function commonEdge(a: Edge | null, b: Edge | null): Edge | null {
  let [x, y] = [a, b];
  while (x !== y) {
    if ((x?.depth ?? 0) > (y?.depth ?? 0)) x = x?.up ?? null;
    else y = y?.up ?? null;
  }
  return x;
}

function byLevel(root: Block, facts: Map<Block, Facts>): Block[][] {
  const levels: Block[][] = [];
  for (const block of blocksFromEnd(root, ({ jt, jf }) => [jt, jf])) {
    const own = new Facts(block);
    facts.set(block, own);
    for (const to of [block.jt, block.jf]) if (to !== null) own.level = Math.max(own.level, (facts.get(to) as Facts).level + 1);
    (levels[own.level] ??= []).push(block);
  }
  return levels.map((blocks) => blocks.reverse());
}
