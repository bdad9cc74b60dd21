/** Arithmetic on what is known: constants, and the zeros that make an operation none. */
import * as U from '@skbuff/uapi';
import { fail } from './filter-error.ts';
import { classOf, modeOf, operationOf, sizeOf } from './machine.ts';
import { type Rule, constantOf } from './values.ts';

type Work = (a: number, b: number) => number;

/** The operations on two constants. What goes beyond 32 bits is cut off when the result becomes a value. */
const WORK: ReadonlyMap<number, Work> = new Map<number, Work>([
  [U.BPF_ADD, (a, b) => a + b],
  [U.BPF_SUB, (a, b) => a - b],
  [U.BPF_MUL, Math.imul],
  [U.BPF_DIV, (a, b) => (b === 0 ? fail('division by zero') : Math.floor(a / b))],
  [U.BPF_MOD, (a, b) => (b === 0 ? fail('modulus by zero') : a % b)],
  [U.BPF_AND, (a, b) => a & b],
  [U.BPF_OR, (a, b) => a | b],
  [U.BPF_XOR, (a, b) => a ^ b],
  [U.BPF_LSH, (a, b) => (b > 31 ? 0 : a << b)],
  [U.BPF_RSH, (a, b) => (b > 31 ? 0 : a >>> b)],
]);

/** What an operation is if one of its operands is 0: the other operand, 0, or nothing that there is. */
type Zero = 'other' | 'zero' | 'error';

function table(other: readonly number[], zero: readonly number[], error: readonly number[]): ReadonlyMap<number, Zero> {
  const rows = (ops: readonly number[], result: Zero): [number, Zero][] => ops.map((op) => [op, result]);
  return new Map([...rows(other, 'other'), ...rows(zero, 'zero'), ...rows(error, 'error')]);
}

// Subtraction is in neither: the comparison behind it takes it in.
const LEFT_ZERO = table([U.BPF_ADD, U.BPF_OR, U.BPF_XOR], [U.BPF_MUL, U.BPF_DIV, U.BPF_MOD, U.BPF_AND, U.BPF_LSH, U.BPF_RSH], []);
const RIGHT_ZERO = table([U.BPF_ADD, U.BPF_OR, U.BPF_XOR, U.BPF_LSH, U.BPF_RSH], [U.BPF_MUL, U.BPF_AND], [U.BPF_DIV, U.BPF_MOD]);

/** An operation on constants. */
const constants: Rule = (graph, code, _k, [left, right]) => {
  const a = left === undefined ? null : constantOf(left);
  if (classOf(code) !== U.BPF_ALU || a === null) return null;
  if (right === undefined) return graph.constant(-a);
  const b = constantOf(right);
  return b === null ? null : graph.constant((WORK.get(operationOf(code)) as Work)(a, b));
};

/** An operation that zero makes none. */
const zeros: Rule = (graph, code, _k, [left, right]) => {
  if (classOf(code) !== U.BPF_ALU || left === undefined || right === undefined) return null;
  const onRight = constantOf(right) === 0;
  if (!onRight && constantOf(left) !== 0) return null;
  const result = (onRight ? RIGHT_ZERO : LEFT_ZERO).get(operationOf(code));
  if (result === 'other') return onRight ? left : right;
  if (result === 'error') fail(operationOf(code) === U.BPF_DIV ? 'division by zero' : 'modulus by zero');
  return result === 'zero' ? graph.constant(0) : null;
};

/** Too wide a shift of what is not constant is refused; of a constant, 0 is left. So it is in libpcap. */
const wideShifts: Rule = (_graph, code, _k, [, right]) => {
  const op = operationOf(code);
  if (classOf(code) !== U.BPF_ALU || right === undefined || (op !== U.BPF_LSH && op !== U.BPF_RSH)) return null;
  return (constantOf(right) ?? 0) > 31 ? fail('shift by more than 31 bits') : null;
};

/** A load at a constant is one from a fixed place. */
const fixedLoads: Rule = (graph, code, k, [index]) => {
  if (classOf(code) !== U.BPF_LD || modeOf(code) !== U.BPF_IND || index === undefined) return null;
  const x = constantOf(index);
  return x === null ? null : graph.of(U.BPF_LD | U.BPF_ABS | sizeOf(code), (k + x) >>> 0, []);
};

export const ARITHMETIC: readonly Rule[] = [constants, zeros, wideShifts, fixedLoads];

/** How a comparison of two constants comes out. */
export function holds(jump: number, a: number, k: number): boolean {
  switch (operationOf(jump)) {
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
