/** Value numbering (McCanne and Jacobson, USENIX 1993): two registers that hold the same number hold the same value. */
import * as U from '@skbuff/uapi';
import type { Stmt } from './cond.ts';

/** What a program stores values in: the words of M[], the accumulator, the index register. Also bits of a set of them. */
export const REG_A: number = U.BPF_MEMWORDS;
export const REG_X: number = U.BPF_MEMWORDS + 1;
export const REGISTERS: number = U.BPF_MEMWORDS + 2;

/** Nothing is known: of two such nothing is known either. */
export const UNKNOWN = 0;

export class Values {
  private readonly numbers = new Map<string, number>();
  private readonly constants = new Map<number, number>();
  private next = UNKNOWN + 1;

  constant(k: number): number {
    const n = this.named(`#${k >>> 0}`);
    this.constants.set(n, k >>> 0);
    return n;
  }

  /** What an instruction makes of its operands; those that it does not have are left out. */
  of(code: number, k: number, ...operands: readonly number[]): number {
    return operands.includes(UNKNOWN) ? this.next++ : this.named(`${code} ${k} ${operands.join(' ')}`);
  }

  /** The constant that a value is, or null. */
  asConstant(value: number): number | null {
    return this.constants.get(value) ?? null;
  }

  private named(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    this.numbers.set(name, this.next);
    return this.next++;
  }
}

const CLASS = 0x07;
const MODE = 0xe0;

const bit = (register: number): number => 1 << register;

/** The set of registers that an instruction reads. */
export function reads({ code, k }: { readonly code: number; readonly k: number }): number {
  switch (code & CLASS) {
    case U.BPF_LD:
    case U.BPF_LDX:
      if ((code & MODE) === U.BPF_IND) return bit(REG_X);
      return (code & MODE) === U.BPF_MEM ? bit(k) : 0;
    case U.BPF_ST:
      return bit(REG_A);
    case U.BPF_STX:
      return bit(REG_X);
    case U.BPF_MISC:
      return bit(code === (U.BPF_MISC | U.BPF_TXA) ? REG_X : REG_A);
    case U.BPF_RET:
      return 0;
    default:
      return (code & U.BPF_X) === 0 ? bit(REG_A) : bit(REG_A) | bit(REG_X);
  }
}

/** The register that an instruction of straight code writes. */
export function written({ code, k }: Stmt): number {
  switch (code & CLASS) {
    case U.BPF_LDX:
      return REG_X;
    case U.BPF_ST:
    case U.BPF_STX:
      return k;
    case U.BPF_MISC:
      return code === (U.BPF_MISC | U.BPF_TXA) ? REG_A : REG_X;
    default:
      return REG_A;
  }
}
