/**
 * The optimiser of McCanne and Jacobson (USENIX 1993) and McCanne's talk on libpcap (SharkFest 2011), told from what libpcap 1.10.3 makes of
 * expressions. First jumps only: each block loads for itself what it compares, so that any may be entered from anywhere where M[] is as it
 * wants it. When no jump can be made shorter, the code in the blocks, with what is in A and X on every way in.
 */
import { type Block, blockOrder, isEnd } from './emit.ts';
import { Flow } from './flow.ts';
import { pullUp, shorten } from './jumps.ts';
import { Simplifier } from './simplify.ts';
import { REGISTERS, UNKNOWN, Values } from './values.ts';

/** As often may jumps be moved and nothing else happen. */
const PATIENCE = 100;

export function optimize(root: Block): Block {
  for (let idle = 0; idle < PATIENCE; idle++) {
    const flow = new Flow(root);
    const simplified = simplify(flow, false);
    const moved = moveJumps(flow, root);
    if (simplified) idle = 0;
    else if (!moved) break;
  }
  while (simplify(new Flow(root), true));
  return skipDecided(merge(root));
}

/** Numbers the values of all blocks, and simplifies what may be; true if something changed. */
function simplify(flow: Flow, rewrite: boolean): boolean {
  const simplifier = new Simplifier(new Values(), rewrite);
  let changed = false;
  for (const block of flow.order) {
    const facts = flow.of(block);
    const [first, ...others] = facts.entries.map(({ from }) => flow.of(from).values);
    for (let i = 0; first !== undefined && i < REGISTERS; i++) {
      facts.before[i] = others.every((values) => values[i] === first[i]) ? (first[i] as number) : UNKNOWN;
    }
    if (simplifier.block(block, facts)) changed = true;
  }
  return changed;
}

/** Makes jumps shorter; only where there is none, tests move. */
function moveJumps(flow: Flow, root: Block): boolean {
  let changed = false;
  for (const block of flow.upward) {
    if (isEnd(block)) continue;
    for (const edge of flow.of(block).out) if (shorten(flow, edge)) changed = true;
  }
  const now = changed ? flow.again() : flow;
  for (const block of flow.upward) {
    if (block !== root && now.has(block) && (pullUp(now, block, true) || pullUp(now, block, false))) changed = true;
  }
  return changed;
}

/** A test at the beginning both of whose ways are one is none; its code stays, as in libpcap, unless the program ends there. */
function skipDecided(root: Block): Block {
  let block = root;
  while (!isEnd(block) && block.jt === block.jf) block = block.jt as Block;
  if (block !== root && !isEnd(block)) block.stmts = [...root.stmts, ...block.stmts];
  return block;
}

/** One block for all that do the same and go the same ways. */
function merge(root: Block): Block {
  const ids = new Map<Block, number>();
  const kept = new Map<string, Block>();
  const standIn = new Map<Block, Block>();
  // From the end: what a block leads to is settled before it.
  for (const block of blockOrder(root).reverse()) {
    if (block.jt !== null) block.jt = standIn.get(block.jt) ?? block.jt;
    if (block.jf !== null) block.jf = standIn.get(block.jf) ?? block.jf;
    const text = block.stmts.map((s) => `${s.code} ${s.k}`).join(';');
    const key = `${text}|${block.code} ${block.k}|${block.jt === null ? '' : ids.get(block.jt)}|${block.jf === null ? '' : ids.get(block.jf)}`;
    const first = kept.get(key) ?? block;
    kept.set(key, first);
    standIn.set(block, first);
    if (first === block) ids.set(block, ids.size);
  }
  return standIn.get(root) ?? root;
}
