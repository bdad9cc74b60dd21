/** The blocks of a filter as a graph: from where each is reached, and which registers are needed where. */
import { type Block, blockOrder, isEnd } from './emit.ts';
import { neededBeforeAll, readBy } from './machine.ts';

/** One of the two ways out of a block. */
export interface Way {
  readonly from: Block;
  readonly answer: boolean;
}

export const ANSWERS: readonly boolean[] = [true, false];

export function ahead({ from, answer }: Way): Block {
  return (answer ? from.yes : from.no) as Block;
}

export function lead({ from, answer }: Way, to: Block): void {
  if (answer) from.yes = to;
  else from.no = to;
}

/** Every block, and the ways that lead to it. Whoever leads to a block stands before it. */
export function waysIn(root: Block): Map<Block, Way[]> {
  const order = blockOrder(root);
  const ways = new Map<Block, Way[]>(order.map((block) => [block, []]));
  for (const from of order) {
    if (isEnd(from)) continue;
    for (const answer of ANSWERS) ways.get(ahead({ from, answer }))?.push({ from, answer });
  }
  return ways;
}

/** The registers that must be right on entry to a block, and behind its comparison: sets of bits. */
export interface Needs {
  readonly before: number;
  readonly behind: number;
}

export function needs(root: Block): Map<Block, Needs> {
  const all = new Map<Block, Needs>();
  const of = (to: Block | null): number => (to === null ? 0 : (all.get(to) as Needs).before);
  for (const block of blockOrder(root).reverse()) {
    const behind = of(block.yes) | of(block.no);
    all.set(block, { behind, before: neededBeforeAll(block.stmts, readBy(block, behind)) });
  }
  return all;
}
