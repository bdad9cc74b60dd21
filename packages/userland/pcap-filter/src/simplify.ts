/** Straight code: values are numbered, constants worked out, what A or X hold already is not loaded again, what nobody reads is not stored. */
import * as U from '@skbuff/uapi';
import { type Stmt, stmt } from './cond.ts';
import { type Block, isEnd } from './emit.ts';
import { fail } from './filter-error.ts';
import type { Facts } from './flow.ts';
import { NEUTRAL, ZERO_IS_NEUTRAL, holds, work } from './fold.ts';
import { peephole, withoutDeadStores } from './peephole.ts';
import { REGISTERS, REG_A, REG_X, UNKNOWN, type Values } from './values.ts';

const LD_IMM = U.BPF_LD | U.BPF_IMM;
const LDX_IMM = U.BPF_LDX | U.BPF_IMM;
const TAX = U.BPF_MISC | U.BPF_TAX;
const TXA = U.BPF_MISC | U.BPF_TXA;
const JEQ_K = U.BPF_JMP | U.BPF_JEQ | U.BPF_K;
const JSET_K = U.BPF_JMP | U.BPF_JSET | U.BPF_K;
const OPERATION = 0xf0;
const SIZE = 0x18;

/** One pass over the code of one block. */
export class Simplifier {
  private readonly numbers: Values;
  /** False: values are numbered, the instructions stay. */
  private readonly rewrite: boolean;
  private v: number[] = [];

  constructor(numbers: Values, rewrite: boolean) {
    this.numbers = numbers;
    this.rewrite = rewrite;
  }

  /** True if the block is another one now. `facts.before` are the values on entry; those at the end are left in `facts.values`. */
  block(block: Block, facts: Facts): boolean {
    const text = textOf(block);
    block.stmts = this.pass(block, facts);
    if (this.rewrite && (isEnd(block) || isIdle(facts))) {
      block.stmts = [];
    } else {
      peephole(block, facts.liveOut);
      this.comparison(block, facts);
      block.stmts = withoutDeadStores(block, facts);
    }
    // Once more, for what is left.
    new Simplifier(this.numbers, false).pass(block, facts);
    facts.operand = (block.code & U.BPF_X) === 0 ? this.numbers.constant(block.k) : (facts.values[REG_X] as number);
    return text !== textOf(block);
  }

  private pass(block: Block, { before, values }: Facts): Stmt[] {
    for (let i = 0; i < REGISTERS; i++) values[i] = before[i] as number;
    this.v = values;
    return block.stmts.flatMap((s) => this.step(s) ?? []);
  }

  private constantIn(register: number): number | null {
    return this.numbers.asConstant(this.v[register] as number);
  }

  /** Null: there is nothing to do, the register holds that value. */
  private store(register: number, value: number, s: Stmt): Stmt | null {
    if (this.rewrite && value !== UNKNOWN && this.v[register] === value) return null;
    this.v[register] = value;
    return s;
  }

  private constant(register: number, code: number, k: number): Stmt | null {
    return this.store(register, this.numbers.constant(k), stmt(code, k));
  }

  /** The instruction in its best form. */
  private step(s: Stmt): Stmt | null {
    const v = this.v;
    switch (s.code & 0x07) {
      case U.BPF_LD:
        return this.load(s, REG_A, LD_IMM);
      case U.BPF_LDX:
        return this.load(s, REG_X, LDX_IMM);
      case U.BPF_ST:
        return this.store(s.k, v[REG_A] as number, s);
      case U.BPF_STX:
        return this.store(s.k, v[REG_X] as number, s);
      case U.BPF_MISC:
        return s.code === TAX ? this.store(REG_X, v[REG_A] as number, s) : this.store(REG_A, v[REG_X] as number, s);
      default:
        return this.operation(s);
    }
  }

  private load(s: Stmt, register: number, immediate: number): Stmt | null {
    if (s.code === immediate) return this.constant(register, immediate, s.k);
    switch (s.code & 0xe0) {
      case U.BPF_MEM: {
        const k = this.constantIn(s.k);
        return k !== null && this.rewrite ? this.constant(register, immediate, k) : this.store(register, this.v[s.k] as number, s);
      }
      case U.BPF_IND: {
        const x = this.constantIn(REG_X);
        if (x === null || !this.rewrite) return this.store(register, this.numbers.of(s.code, s.k, this.v[REG_X] as number), s);
        return this.load(stmt(U.BPF_LD | U.BPF_ABS | (s.code & SIZE), s.k + x), register, immediate);
      }
      default:
        return this.store(register, this.numbers.of(s.code, s.k), s);
    }
  }

  private operation(s: Stmt): Stmt | null {
    const a = this.constantIn(REG_A);
    if (s.code === (U.BPF_ALU | U.BPF_NEG)) {
      return a !== null && this.rewrite ? this.constant(REG_A, LD_IMM, -a) : this.put(s, this.numbers.of(s.code, 0, this.v[REG_A] as number));
    }
    const op = s.code & OPERATION;
    if ((s.code & U.BPF_X) === 0) return this.withConstant(s, op, a, s.k);
    const x = this.constantIn(REG_X);
    if (this.rewrite && x !== null) {
      if (a === null && (op === U.BPF_LSH || op === U.BPF_RSH) && x > 31) fail('shift by more than 31 bits');
      return this.withConstant(stmt(U.BPF_ALU | op | U.BPF_K, x), op, a, x);
    }
    if (this.rewrite && a === 0) {
      if (ZERO_IS_NEUTRAL.has(op)) return this.store(REG_A, this.v[REG_X] as number, stmt(TXA));
      if (op !== U.BPF_SUB) return this.constant(REG_A, LD_IMM, 0);
    }
    return this.put(s, this.numbers.of(s.code, 0, this.v[REG_A] as number, this.v[REG_X] as number));
  }

  private withConstant(s: Stmt, op: number, a: number | null, k: number): Stmt | null {
    if (this.rewrite && k === 0) {
      if (NEUTRAL.has(op)) return null;
      if (op === U.BPF_MUL || op === U.BPF_AND) return this.constant(REG_A, LD_IMM, 0);
      if (op !== U.BPF_SUB) work(op, 0, 0);
    }
    if (this.rewrite && a !== null) return this.constant(REG_A, LD_IMM, work(op, a, k));
    return this.put(s, this.numbers.of(s.code, 0, this.v[REG_A] as number, this.numbers.constant(k)));
  }

  private put(s: Stmt, value: number): Stmt {
    this.v[REG_A] = value;
    return s;
  }

  /** What the comparison at the end takes in of the operation before it, and of values that are known. */
  private comparison(block: Block, { liveOut }: Facts): void {
    if (isEnd(block)) return;
    const last = block.stmts.at(-1);
    if (last !== undefined && block.code === JEQ_K && (liveOut & (1 << REG_A)) === 0) this.absorb(block, last);
    if (block.code === JSET_K && block.k === 0) block.jt = block.jf;
    // Not so if A is 0; but libpcap takes it so, and its users see its verdicts.
    if (block.code === JSET_K && block.k === 0xffffffff) block.jf = block.jt;
    const x = this.constantIn(REG_X);
    if ((block.code & U.BPF_X) !== 0 && x !== null) {
      block.code &= ~U.BPF_X;
      block.k = x;
    }
    const a = this.constantIn(REG_A);
    if (a === null || (block.code & U.BPF_X) !== 0) return;
    if (holds(block.code, a, block.k)) block.jf = block.jt;
    else block.jt = block.jf;
  }

  private absorb(block: Block, last: Stmt): void {
    const x = this.constantIn(REG_X);
    switch (last.code) {
      case U.BPF_ALU | U.BPF_SUB | U.BPF_X:
        if (x !== null) block.k = (block.k + x) >>> 0;
        else if (block.k === 0) block.code = U.BPF_JMP | U.BPF_JEQ | U.BPF_X;
        else return;
        break;
      case U.BPF_ALU | U.BPF_SUB | U.BPF_K:
        block.k = (block.k + last.k) >>> 0;
        break;
      case U.BPF_ALU | U.BPF_AND | U.BPF_K:
        if (block.k !== 0) return;
        block.code = JSET_K;
        block.k = last.k;
        [block.jt, block.jf] = [block.jf, block.jt];
        break;
      default:
        return;
    }
    block.stmts.pop();
  }
}

function textOf(block: Block): string {
  return `${block.stmts.map((s) => `${s.code} ${s.k}`).join(';')}|${block.code} ${block.k} ${block.jt === block.jf}`;
}

/** Nothing is changed that anybody looks at: A and X are as they were, no word of M[] is read later. */
function isIdle({ before, values, liveOut }: Facts): boolean {
  return liveOut === 0 && [REG_A, REG_X].every((register) => before[register] !== UNKNOWN && values[register] === before[register]);
}
