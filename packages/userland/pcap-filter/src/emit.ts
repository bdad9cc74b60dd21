/**
 * From the tree to a program. Tests become a graph whose exits are "keep" and "drop"; it is laid out from its end, for each test what
 * follows when it fails behind what follows when it holds, so that every jump leads forward.
 */
import { type BpfInsn, bpfJump, bpfStmt } from '@skbuff/bpf';
import { BPF_JA, BPF_JMP, BPF_K, BPF_RET } from '@skbuff/uapi';
import type { Cond, Stmt } from './cond.ts';

/** A test in its place in the graph, or one of the two ends. */
export interface Block {
  stmts: Stmt[];
  /** The comparison; BPF_RET | BPF_K at an end. */
  code: number;
  k: number;
  yes: Block | null;
  no: Block | null;
}

export function endBlock(k: number): Block {
  return { stmts: [], code: BPF_RET | BPF_K, k, yes: null, no: null };
}

export function isEnd(block: Block): boolean {
  return block.yes === null || block.no === null;
}

/** What a block does: the same of two blocks, or of one at two times, if they do the same. */
export function textOf({ stmts, code, k, yes, no }: Block): string {
  return `${[...stmts, { code, k }].map((s) => `${s.code} ${s.k}`).join(';')} ${yes === no}`;
}

/** The graph of a condition, entered at the result. */
export function graphOf(cond: Cond, yes: Block, no: Block): Block {
  switch (cond.kind) {
    case 'test':
      return { stmts: [...cond.stmts], code: cond.code, k: cond.k, yes, no };
    case 'not':
      return graphOf(cond.a, no, yes);
    case 'and':
      return graphOf(cond.a, graphOf(cond.b, yes, no), no);
    case 'or':
      return graphOf(cond.a, yes, graphOf(cond.b, yes, no));
  }
}

/** The blocks, each behind those that it leads to; those of one way out before those of the other. Graphs are deeper than a stack. */
export function blocksFromEnd(root: Block, waysOf: (block: Block) => readonly (Block | null)[]): Block[] {
  const seen = new Set<Block>([root]);
  const order: Block[] = [];
  const open = [{ block: root, ways: waysOf(root), at: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.at === top.ways.length) {
      order.push(top.block);
      open.pop();
      continue;
    }
    const next = top.ways[top.at++] ?? null;
    if (next === null || seen.has(next)) continue;
    seen.add(next);
    open.push({ block: next, ways: waysOf(next), at: 0 });
  }
  return order;
}

/** The blocks in the order of the program. */
export function blockOrder(root: Block): Block[] {
  return blocksFromEnd(root, ({ yes, no }) => [no, yes]).reverse();
}

const CLASS_MASK = 0x07;

/** A jump reaches 255 instructions: one that leads further goes through a `ja` behind it. */
const REACH = 256;

export function emit(root: Block): BpfInsn[] {
  const order = blockOrder(root);
  const farTrue = new Set<Block>();
  const farFalse = new Set<Block>();
  for (;;) {
    const start = placeBlocks(order, farTrue, farFalse);
    if (!widen(order, start, farTrue, farFalse)) return order.flatMap((block) => emitBlock(block, start, farTrue, farFalse));
  }
}

function placeBlocks(order: readonly Block[], farTrue: ReadonlySet<Block>, farFalse: ReadonlySet<Block>): Map<Block, number> {
  const start = new Map<Block, number>();
  let at = 0;
  for (const block of order) {
    start.set(block, at);
    at += block.stmts.length + 1 + (farTrue.has(block) ? 1 : 0) + (farFalse.has(block) ? 1 : 0);
  }
  return start;
}

/** Marks the jumps that are too long; false if there is none that is not marked yet. */
function widen(order: readonly Block[], start: ReadonlyMap<Block, number>, farTrue: Set<Block>, farFalse: Set<Block>): boolean {
  let changed = false;
  for (const block of order) {
    if (block.yes === null || block.no === null) continue;
    const next = (start.get(block) as number) + block.stmts.length + 1;
    if (!farTrue.has(block) && (start.get(block.yes) as number) - next >= REACH) {
      farTrue.add(block);
      changed = true;
    }
    if (!farFalse.has(block) && (start.get(block.no) as number) - next >= REACH) {
      farFalse.add(block);
      changed = true;
    }
  }
  return changed;
}

function emitBlock(block: Block, start: ReadonlyMap<Block, number>, farTrue: ReadonlySet<Block>, farFalse: ReadonlySet<Block>): BpfInsn[] {
  const out = block.stmts.map((s, i) => emitStmt(s, i, block.stmts));
  if (block.yes === null || block.no === null) return [...out, bpfStmt(block.code, block.k)];
  const next = (start.get(block) as number) + out.length + 1;
  const toTrue = (start.get(block.yes) as number) - next;
  const toFalse = (start.get(block.no) as number) - next;
  const ft = farTrue.has(block);
  const ff = farFalse.has(block);
  out.push(bpfJump(block.code, block.k, ft ? 0 : toTrue, ff ? (ft ? 1 : 0) : toFalse));
  if (ft) out.push(bpfStmt(BPF_JMP | BPF_JA, toTrue - 1));
  if (ff) out.push(bpfStmt(BPF_JMP | BPF_JA, toFalse - (ft ? 2 : 1)));
  return out;
}

function emitStmt(s: Stmt, i: number, all: readonly Stmt[]): BpfInsn {
  const distance = (to: Stmt | undefined): number => (to === undefined ? 0 : all.indexOf(to) - i - 1);
  if ((s.code & CLASS_MASK) !== BPF_JMP) return bpfStmt(s.code, s.k);
  if (s.code === (BPF_JMP | BPF_JA)) return bpfStmt(s.code, distance(s.jt));
  return bpfJump(s.code, s.k, distance(s.jt), distance(s.jf));
}
