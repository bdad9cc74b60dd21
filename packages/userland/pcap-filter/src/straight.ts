/** Straight code of one block. */
import * as U from '@skbuff/uapi';
import { type Stmt, stmt } from './cond.ts';
import {
  LDX_IMM,
  LDX_MEM,
  LD_IMM,
  NEG,
  REG_A,
  REG_X,
  TAX,
  TXA,
  classOf,
  isMove,
  modeOf,
  neededBefore,
  neededBeforeAll,
  operationOf,
  target,
  usesX,
} from './machine.ts';
import { type State, type Value, type ValueGraph, constantOf, evaluate } from './values.ts';

/** Without what makes a value that its register holds already; the rest in the plainest words. `before`: what the registers hold on entry. */
export function respell(stmts: readonly Stmt[], graph: ValueGraph, before: State): Stmt[] {
  const state = [...before];
  const out: Stmt[] = [];
  for (const s of stmts) {
    const value = evaluate(graph, state, s);
    const register = target(s);
    if (state[register] === value) continue;
    out.push(spelling(s, value, state));
    state[register] = value;
  }
  return out;
}

/** The plainest instruction for a value that `s` makes. */
function spelling(s: Stmt, value: Value, state: State): Stmt {
  const kind = classOf(s.code);
  if (kind === U.BPF_ST || kind === U.BPF_STX) return s;
  const constant = constantOf(value);
  if (constant !== null) return stmt(target(s) === REG_X ? LDX_IMM : LD_IMM, constant);
  if (kind === U.BPF_ALU) return arithmetic(s, value, state[REG_X] as Value);
  // The number of the word stays in the instruction, as in libpcap, though nobody reads it there.
  if (s.code === LDX_MEM && value === state[REG_A]) return stmt(TAX, s.k);
  return isMove(s) ? s : stmt(value.code, value.k);
}

function arithmetic(s: Stmt, value: Value, inX: Value): Stmt {
  if (value === inX) return stmt(TXA);
  const x = usesX(s.code) && s.code !== NEG ? constantOf(inX) : null;
  return x === null ? s : stmt(U.BPF_ALU | operationOf(s.code) | U.BPF_K, x);
}

const ADD_X = U.BPF_ALU | U.BPF_ADD | U.BPF_X;
const LDX_MSH = U.BPF_LDX | U.BPF_MSH | U.BPF_B;

/** A constant that is added to X for the sake of one load goes into that load. `needed`: the registers that are read behind the code. */
export function loadFurther(stmts: readonly Stmt[], needed: number): Stmt[] {
  for (const [at, { code, k }] of stmts.entries()) {
    const add = stmts[at + 1]?.code === LDX_MSH ? at + 2 : at + 1;
    const [plus, tax, load, ...behind] = stmts.slice(add);
    if (code !== LD_IMM || plus?.code !== ADD_X || tax?.code !== TAX || load === undefined) continue;
    if (classOf(load.code) !== U.BPF_LD || modeOf(load.code) !== U.BPF_IND) continue;
    if ((neededBeforeAll(behind, needed) & (1 << REG_X)) !== 0) continue;
    // One of them in a round: the places of the others are others then.
    return [...stmts.slice(0, at), ...stmts.slice(at + 1, add), stmt(load.code, load.k + k), ...behind];
  }
  return [...stmts];
}

/** Without what is written again, or read no more. */
export function withoutWaste(stmts: readonly Stmt[], needed: number): Stmt[] {
  const kept: Stmt[] = [];
  let set = needed;
  for (const s of stmts.toReversed()) {
    if ((set & (1 << target(s))) === 0) continue;
    set = neededBefore(s, set);
    kept.push(s);
  }
  return kept.reverse();
}
