/** What the machine makes of constants. */
import * as U from '@skbuff/uapi';
import { fail } from './filter-error.ts';

const OPERATION = 0xf0;

/** The value of an operation on constants. */
export function work(op: number, a: number, b: number): number {
  switch (op) {
    case U.BPF_ADD:
      return a + b;
    case U.BPF_SUB:
      return a - b;
    case U.BPF_MUL:
      return Math.imul(a, b);
    case U.BPF_DIV:
      return b === 0 ? fail('division by zero') : Math.floor(a / b);
    case U.BPF_MOD:
      return b === 0 ? fail('modulus by zero') : a % b;
    case U.BPF_AND:
      return a & b;
    case U.BPF_OR:
      return a | b;
    case U.BPF_XOR:
      return a ^ b;
    case U.BPF_LSH:
      return b > 31 ? 0 : a << b;
    default:
      return b > 31 ? 0 : a >>> b;
  }
}

/** How a comparison with a constant comes out. */
export function holds(jump: number, a: number, k: number): boolean {
  switch (jump & OPERATION) {
    case U.BPF_JEQ:
      return a === k;
    case U.BPF_JGT:
      return a > k;
    case U.BPF_JGE:
      return a >= k;
    default:
      return (a & k) !== 0;
  }
}

/** Operations that leave A alone if the operand is 0; not the subtraction, which a comparison may take in. */
export const NEUTRAL: ReadonlySet<number> = new Set([U.BPF_ADD, U.BPF_LSH, U.BPF_RSH, U.BPF_OR, U.BPF_XOR]);

/** Operations on 0 and X that are X. */
export const ZERO_IS_NEUTRAL: ReadonlySet<number> = new Set([U.BPF_ADD, U.BPF_OR, U.BPF_XOR]);
