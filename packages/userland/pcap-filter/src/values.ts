/**
 * Values as a graph: what registers hold, told by the operation and the values that it was made of. Equal ones are one object, so that
 * two registers hold the same if they hold the same object, in whatever blocks that may be.
 */
import * as U from '@skbuff/uapi';
import type { Stmt } from './cond.ts';
import { LDX_IMM, LD_IMM, NEG, REGISTERS, classOf, isMove, operands, operationOf, target } from './machine.ts';

export interface Value {
  readonly id: number;
  /** The instruction that makes it; of arithmetic the operation alone. */
  readonly code: number;
  readonly k: number;
  readonly args: readonly Value[];
}

/** Makes a simpler value of what is asked for; null: leaves it. */
export type Rule = (graph: ValueGraph, code: number, k: number, args: readonly Value[]) => Value | null;

/** What every register holds. */
export type State = readonly Value[];

/** No instruction's code. */
const UNKNOWN = -1;

export class ValueGraph {
  private readonly known = new Map<string, Value>();
  private readonly rules: readonly Rule[];
  private ids = 0;

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
  }

  constant(k: number): Value {
    return this.intern(LD_IMM, k >>> 0, []);
  }

  of(code: number, k: number, args: readonly Value[]): Value {
    for (const rule of this.rules) {
      const simpler = rule(this, code, k, args);
      if (simpler !== null) return simpler;
    }
    return this.intern(code, k, args);
  }

  /** Registers of which nothing is known, not even that two are the same. */
  unknown(): State {
    return Array.from({ length: REGISTERS }, () => this.opaque());
  }

  /** What is known where several ways meet. */
  meet([first, ...others]: readonly State[]): State {
    if (first === undefined) return this.unknown();
    return first.map((value, register) => (others.every((state) => state[register] === value) ? value : this.opaque()));
  }

  private opaque(): Value {
    return { id: this.ids++, code: UNKNOWN, k: 0, args: [] };
  }

  private intern(code: number, k: number, args: readonly Value[]): Value {
    const key = `${code} ${k} ${args.map(({ id }) => id).join(' ')}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const value = { id: this.ids++, code, k, args };
    this.known.set(key, value);
    return value;
  }
}

/** The constant that a value is, or null. */
export function constantOf({ code, k }: Value): number | null {
  return code === LD_IMM ? k : null;
}

/** False: a register's content where ways with different ones meet. */
export function isKnown({ code }: Value): boolean {
  return code !== UNKNOWN;
}

/** What an instruction leaves in its register. */
export function evaluate(graph: ValueGraph, state: State, s: Stmt): Value {
  const args = operands(s).map((register) => state[register] as Value);
  if (isMove(s)) return args[0] as Value;
  if (s.code === LD_IMM || s.code === LDX_IMM) return graph.constant(s.k);
  if (classOf(s.code) !== U.BPF_ALU) return graph.of(s.code, s.k, args);
  return graph.of(U.BPF_ALU | operationOf(s.code), 0, args.length > 1 || s.code === NEG ? args : [...args, graph.constant(s.k)]);
}

/** The registers behind straight code. */
export function run(graph: ValueGraph, before: State, stmts: readonly Stmt[]): State {
  const state = [...before];
  for (const s of stmts) state[target(s)] = evaluate(graph, state, s);
  return state;
}
