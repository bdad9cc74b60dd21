/**
 * The intermediate form: conditions over a packet, as trees of tests joined by and, or, not. A test is straight code that ends in one
 * comparison of the accumulator (the basic block of McCanne and Jacobson's paper, USENIX 1993, §3).
 */

/** One instruction of straight code. The targets are for the loops of `protochain`, the only code that jumps inside a test. */
export interface Stmt {
  readonly code: number;
  readonly k: number;
  /** Where a conditional jump or `ja` leads. */
  jt?: Stmt;
  jf?: Stmt;
}

/** Code, and the comparison at its end. `not` is worked in by whoever places the test. */
export interface Test {
  readonly kind: 'test';
  readonly stmts: Stmt[];
  /** BPF_JMP | … */
  readonly code: number;
  readonly k: number;
}

export type Cond =
  | Test
  | { readonly kind: 'not'; readonly a: Cond }
  | { readonly kind: 'and'; readonly a: Cond; readonly b: Cond }
  | { readonly kind: 'or'; readonly a: Cond; readonly b: Cond };

export function stmt(code: number, k = 0): Stmt {
  return { code, k: k >>> 0 };
}

export function test(code: number, k: number, stmts: Stmt[]): Test {
  return { kind: 'test', stmts, code, k: k >>> 0 };
}

export function not(a: Cond): Cond {
  return { kind: 'not', a };
}

export function and(a: Cond, b: Cond): Cond {
  return { kind: 'and', a, b };
}

export function or(a: Cond, b: Cond): Cond {
  return { kind: 'or', a, b };
}

/** All of them, in order; at least one. */
export function anyOf(conds: readonly Cond[]): Cond {
  return conds.reduce((a, b) => or(a, b));
}

export function allOf(conds: readonly Cond[]): Cond {
  return conds.reduce((a, b) => and(a, b));
}
