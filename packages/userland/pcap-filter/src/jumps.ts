/** Jumps: past tests whose outcome is known on the way to them, and tests of one value side by side. */
import { BPF_JEQ, BPF_JMP, BPF_K } from '@skbuff/uapi';
import { type Block, isEnd } from './emit.ts';
import type { Edge, Facts, Flow } from './flow.ts';
import { REGISTERS, REG_A, REG_X, UNKNOWN, written } from './values.ts';

export const target = ({ from, holds }: Edge): Block => (holds ? from.jt : from.jf) as Block;

function lead({ from, holds }: Edge, to: Block): void {
  if (holds) from.jt = to;
  else from.jf = to;
}

/** The same, when the flow goes on being used. */
function relink(flow: Flow, edge: Edge, to: Block): void {
  const { entries } = flow.of(target(edge));
  entries.splice(entries.indexOf(edge), 1);
  flow.of(to).entries.push(edge);
  lead(edge, to);
}

const way = (block: Block, holds: boolean): Block => (holds ? block.jt : block.jf) as Block;

/** Leads an edge past all tests that decide nothing on this way; true if there were any. */
export function shorten(flow: Flow, edge: Edge): boolean {
  const first = target(edge);
  for (let block = first; ; ) {
    const next = isEnd(block) ? null : past(flow, edge, block);
    if (next === null) return block !== first;
    lead(edge, next);
    block = next;
  }
}

/** Where a block leads whoever comes along this edge; null if that is not known, or the block does what is needed behind it. */
function past(flow: Flow, edge: Edge, block: Block): Block | null {
  if (block.jt === block.jf) {
    const to = block.jt as Block;
    if (mayLead(flow, edge, to)) return to;
  }
  for (let known: Edge | null = edge; known !== null; known = known.up) {
    const outcome = decided(flow, block, known);
    if (outcome === null) continue;
    const to = way(block, outcome);
    if (mayLead(flow, edge, to)) return to;
  }
  return null;
}

/** How a test comes out behind another one, if that says it. */
function decided(flow: Flow, block: Block, { from, holds }: Edge): boolean | null {
  const mine = flow.of(block);
  const known = flow.of(from);
  const a = mine.values[REG_A];
  if (block.code !== from.code || a === UNKNOWN || a !== known.values[REG_A] || mine.operand === UNKNOWN) return null;
  if (mine.operand === known.operand) return holds;
  return holds && block.code === (BPF_JMP | BPF_JEQ | BPF_K) ? false : null;
}

/** True if the registers that are read from `to` on hold at the end of the edge's block what they hold at `to` today. */
function mayLead(flow: Flow, { from }: Edge, to: Block): boolean {
  const { values } = flow.of(from);
  const { liveIn, before } = flow.of(to);
  for (let register = 0; register < REGISTERS; register++) {
    if ((liveIn & (1 << register)) === 0) continue;
    if (before[register] === UNKNOWN || values[register] !== before[register]) return false;
  }
  return true;
}

/**
 * In a chain of alternatives (`holds` true: or; false: and) that is entered with a value in A, tests of that value move before those of
 * others, which would have it loaded again. True if one was moved. Entries of the
 * flow are kept right; who dominates whom stays as it was for all blocks above, which may be looked at next.
 */
export function pullUp(flow: Flow, block: Block, holds: boolean): boolean {
  const facts = flow.of(block);
  const value = commonValue(flow, facts);
  if (isEnd(block) || value === UNKNOWN) return false;
  const exit = way(block, holds);
  const inChain = (b: Block): boolean => standsAlone(flow, b) && way(b, holds) === exit && facts.dominates(flow.of(b));
  const tests = (b: Block): boolean => flow.of(b).values[REG_A] === value;
  let before: Block | null = null;
  let other = block;
  while (inChain(other) && tests(other)) {
    before = other;
    other = way(other, !holds);
  }
  if (!inChain(other)) return false;
  let moved = false;
  let last = other;
  for (let same = way(other, !holds); inChain(same); same = way(last, !holds)) {
    if (!tests(same)) {
      last = same;
      continue;
    }
    const onward = (b: Block): Edge => flow.of(b).out[holds ? 1 : 0];
    const entries = before === null ? [...facts.entries] : [onward(before)];
    relink(flow, onward(last), way(same, !holds));
    relink(flow, onward(same), other);
    for (const entry of entries) relink(flow, entry, same);
    before = same;
    moved = true;
  }
  return moved;
}

/** A test that leaves nothing behind and takes nothing from the one before it. */
function standsAlone(flow: Flow, block: Block): boolean {
  if (isEnd(block)) return false;
  const { liveIn, liveOut } = flow.of(block);
  return ((liveIn | liveOut) & ((1 << REG_A) | (1 << REG_X))) === 0 && block.stmts.every((s) => (liveOut & (1 << written(s))) === 0);
}

/** What is in A on every way into a block. */
function commonValue(flow: Flow, { entries }: Facts): number {
  const [first, ...others] = entries.map(({ from }) => flow.of(from).values[REG_A] as number);
  return first !== undefined && others.every((value) => value === first) ? first : UNKNOWN;
}
