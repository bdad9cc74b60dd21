/** The comparison at the end of a block: what it asks, and how else that can be asked. */
import * as U from '@skbuff/uapi';
import type { Stmt } from './cond.ts';
import { type Block, isEnd } from './emit.ts';
import { REG_A, REG_X, usesX } from './machine.ts';
import { holds } from './rules.ts';
import { type State, type Value, type ValueGraph, constantOf } from './values.ts';

const JEQ = U.BPF_JMP | U.BPF_JEQ | U.BPF_K;
const JSET = U.BPF_JMP | U.BPF_JSET | U.BPF_K;

/** What is compared, and with what. */
export interface Question {
  readonly code: number;
  readonly left: Value;
  readonly right: Value;
}

export function questionOf(graph: ValueGraph, block: Block, state: State): Question {
  const right = usesX(block.code) ? (state[REG_X] as Value) : graph.constant(block.k);
  return { code: block.code, left: state[REG_A] as Value, right };
}

/** What an answer to one question says of another; null: nothing. */
export function implied(asked: Question, known: Question, answer: boolean): boolean | null {
  if (asked.code !== known.code || asked.left !== known.left) return null;
  if (asked.right === known.right) return answer;
  // What is one constant is not another.
  return answer && asked.code === JEQ ? false : null;
}

export function isDecided(block: Block): boolean {
  return !isEnd(block) && block.yes === block.no;
}

function decide(block: Block, answer: boolean): void {
  if (answer) block.no = block.yes;
  else block.yes = block.no;
}

/** Asks the same of less code, with fewer registers, or not at all. `state`: at the comparison; `needsA`: the next blocks read A. */
export function askShorter(block: Block, state: State, needsA: boolean): void {
  if (block.code === JEQ && !needsA && askBeforeOperation(block)) return;
  const x = constantOf(state[REG_X] as Value);
  if (usesX(block.code) && x !== null) {
    block.code &= ~U.BPF_X;
    block.k = x;
  }
  const answer = answered(block, constantOf(state[REG_A] as Value));
  if (answer !== null) decide(block, answer);
}

function answered({ code, k }: Block, a: number | null): boolean | null {
  if (a !== null && !usesX(code)) return holds(code, a, k);
  if (code !== JSET) return null;
  // Not so of the mask of all bits if A is 0; but libpcap takes it so, and its users see its verdicts.
  return k === 0 ? false : k === 0xffffffff ? true : null;
}

/** A value of which something is subtracted, or bits are taken, need not be worked out to be compared with a constant. */
function askBeforeOperation(block: Block): boolean {
  const operation = block.stmts.at(-1);
  const asked = operation === undefined ? null : without(operation, block.k);
  if (asked === null) return false;
  block.stmts.pop();
  block.code = asked.code;
  block.k = asked.k;
  if (asked.code === JSET) [block.yes, block.no] = [block.no, block.yes];
  return true;
}

/** The comparison that stands for `operation` and "equals k". */
function without({ code, k: by }: Stmt, k: number): { readonly code: number; readonly k: number } | null {
  switch (code) {
    case U.BPF_ALU | U.BPF_SUB | U.BPF_K:
      return { code: JEQ, k: (k + by) >>> 0 };
    case U.BPF_ALU | U.BPF_SUB | U.BPF_X:
      return k === 0 ? { code: U.BPF_JMP | U.BPF_JEQ | U.BPF_X, k } : null;
    case U.BPF_ALU | U.BPF_AND | U.BPF_K:
      return k === 0 ? { code: JSET, k: by } : null;
    default:
      return null;
  }
}
