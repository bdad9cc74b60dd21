/** What instructions do to the machine: which registers they read, which one they write. */
import * as U from '@skbuff/uapi';
import type { Stmt } from './cond.ts';

/** The registers: the words of M[], then the accumulator and the index register. Also numbers of bits in sets of them. */
export const REG_A: number = U.BPF_MEMWORDS;
export const REG_X: number = U.BPF_MEMWORDS + 1;
export const REGISTERS: number = U.BPF_MEMWORDS + 2;

export const LD_IMM: number = U.BPF_LD | U.BPF_IMM;
export const LDX_IMM: number = U.BPF_LDX | U.BPF_IMM;
export const LDX_MEM: number = U.BPF_LDX | U.BPF_MEM;
export const TAX: number = U.BPF_MISC | U.BPF_TAX;
export const TXA: number = U.BPF_MISC | U.BPF_TXA;
export const NEG: number = U.BPF_ALU | U.BPF_NEG;

export const classOf = (code: number): number => code & 0x07;
export const modeOf = (code: number): number => code & 0xe0;
export const sizeOf = (code: number): number => code & 0x18;
export const operationOf = (code: number): number => code & 0xf0;
export const usesX = (code: number): boolean => (code & U.BPF_X) !== 0;

/** An instruction, or the comparison at the end of a block. */
type Insn = Pick<Stmt, 'code' | 'k'>;

const NONE: readonly number[] = [];
const A: readonly number[] = [REG_A];
const X: readonly number[] = [REG_X];
const BOTH: readonly number[] = [REG_A, REG_X];

/** The registers that are read, in the order of the operands. */
export function operands({ code, k }: Insn): readonly number[] {
  switch (classOf(code)) {
    case U.BPF_LD:
    case U.BPF_LDX:
      if (modeOf(code) === U.BPF_MEM) return [k];
      return modeOf(code) === U.BPF_IND ? X : NONE;
    case U.BPF_ST:
      return A;
    case U.BPF_STX:
      return X;
    case U.BPF_MISC:
      return code === TXA ? X : A;
    case U.BPF_RET:
      return NONE;
    default:
      return usesX(code) && code !== NEG ? BOTH : A;
  }
}

/** The register that an instruction of straight code writes. */
export function target({ code, k }: Insn): number {
  const kind = classOf(code);
  if (kind === U.BPF_ST || kind === U.BPF_STX) return k;
  return kind === U.BPF_LDX || code === TAX ? REG_X : REG_A;
}

/** True if an instruction only copies a register. */
export function isMove({ code }: Insn): boolean {
  const kind = classOf(code);
  if (kind === U.BPF_LD || kind === U.BPF_LDX) return modeOf(code) === U.BPF_MEM;
  return kind === U.BPF_ST || kind === U.BPF_STX || kind === U.BPF_MISC;
}

/** The registers that must be right before an instruction for those in `after` to be right behind it. */
export function neededBefore(insn: Insn, after: number): number {
  return readBy(insn, after & ~(1 << target(insn)));
}

export function neededBeforeAll(stmts: readonly Stmt[], after: number): number {
  return stmts.reduceRight((set, s) => neededBefore(s, set), after);
}

/** `set`, and what an instruction reads. */
export function readBy(insn: Insn, set = 0): number {
  return operands(insn).reduce((all, register) => all | (1 << register), set);
}
