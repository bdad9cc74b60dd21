/** Code that makes use of what the registers hold already on all ways to a block. */
import { type Block, isEnd, textOf } from './emit.ts';
import { type Needs, needs, waysIn } from './graph.ts';
import { REG_A, REG_X, readBy } from './machine.ts';
import { askShorter } from './question.ts';
import { loadFurther, respell, withoutWaste } from './straight.ts';
import { type State, type Value, type ValueGraph, isKnown, run } from './values.ts';

/** One walk over all blocks; true if one has other code now. */
export function reuse(root: Block, graph: ValueGraph): boolean {
  const needed = needs(root);
  const states = new Map<Block, State>();
  let changed = false;
  for (const [block, ways] of waysIn(root)) {
    if (isEnd(block)) continue;
    const before = graph.meet(ways.map(({ from }) => states.get(from) as State));
    const text = textOf(block);
    rewrite(block, graph, before, needed.get(block) as Needs);
    states.set(block, run(graph, before, block.stmts));
    if (textOf(block) !== text) changed = true;
  }
  return changed;
}

function rewrite(block: Block, graph: ValueGraph, before: State, { behind }: Needs): void {
  const stmts = respell(block.stmts, graph, before);
  const after = run(graph, before, stmts);
  // Whatever is worked out on the way: nobody needs it. That X must be known even where nobody reads it is seen in libpcap's programs.
  if (behind === 0 && [REG_A, REG_X].every((register) => isSame(before, after, register))) {
    block.stmts = [];
    return;
  }
  block.stmts = loadFurther(stmts, readBy(block, behind));
  askShorter(block, after, (behind & (1 << REG_A)) !== 0);
  block.stmts = withoutWaste(block.stmts, readBy(block, behind));
}

function isSame(before: State, after: State, register: number): boolean {
  const value = after[register] as Value;
  return isKnown(value) && value === before[register];
}
