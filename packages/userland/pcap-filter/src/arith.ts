/** Arithmetic: each value is worked out into a word of M[]. */
import {
  BPF_ADD,
  BPF_ALU,
  BPF_AND,
  BPF_B,
  BPF_DIV,
  BPF_H,
  BPF_IMM,
  BPF_IND,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JMP,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LEN,
  BPF_LSH,
  BPF_MEM,
  BPF_MISC,
  BPF_MOD,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_RSH,
  BPF_ST,
  BPF_SUB,
  BPF_TAX,
  BPF_W,
  BPF_X,
  BPF_XOR,
} from '@skbuff/uapi';
import { type Cond, type Stmt, and, not, stmt, test } from './cond.ts';
import { fail } from './filter-error.ts';
import { genAbbreviation, notFragment } from './gen-proto.ts';
import type { Layers, Offset } from './link.ts';
import { type Registers, equal, ipHeaderLength } from './loads.ts';

/** A value: the code that leaves it in M[reg], and what must hold of the packet for it to mean anything. */
export interface Arith {
  readonly stmts: Stmt[];
  readonly reg: number;
  readonly guard: Cond | null;
  /** The constant that it is, for what is refused of one. */
  readonly constant: number | null;
}

function both(a: Cond | null, b: Cond | null): Cond | null {
  return a === null ? b : b === null ? a : and(a, b);
}

export function arithConst(regs: Registers, value: number): Arith {
  const reg = regs.alloc();
  return { stmts: [stmt(BPF_LD | BPF_IMM, value), stmt(BPF_ST, reg)], reg, guard: null, constant: value };
}

export function arithLength(regs: Registers): Arith {
  const reg = regs.alloc();
  return { stmts: [stmt(BPF_LD | BPF_LEN), stmt(BPF_ST, reg)], reg, guard: null, constant: null };
}

export function arithNegative(regs: Registers, a: Arith): Arith {
  const stmts = [...a.stmts, stmt(BPF_LD | BPF_MEM, a.reg), stmt(BPF_ALU | BPF_NEG)];
  regs.free(a.reg);
  const reg = regs.alloc();
  return { stmts: [...stmts, stmt(BPF_ST, reg)], reg, guard: a.guard, constant: null };
}

const OPERATIONS: Readonly<Record<string, number>> = {
  '+': BPF_ADD,
  '-': BPF_SUB,
  '*': BPF_MUL,
  '/': BPF_DIV,
  '%': BPF_MOD,
  '&': BPF_AND,
  '|': BPF_OR,
  '^': BPF_XOR,
  '<<': BPF_LSH,
  '>>': BPF_RSH,
};

export function arithBinary(regs: Registers, op: string, a: Arith, b: Arith): Arith {
  if (b.constant === 0 && op === '/') fail('division by zero');
  if (b.constant === 0 && op === '%') fail('modulus by zero');
  if (b.constant !== null && b.constant > 31 && (op === '<<' || op === '>>')) fail('shift by more than 31 bits');
  const stmts = [...a.stmts, ...b.stmts, stmt(BPF_LDX | BPF_MEM, b.reg), stmt(BPF_LD | BPF_MEM, a.reg)];
  stmts.push(stmt(BPF_ALU | BPF_X | (OPERATIONS[op] as number)));
  regs.free(a.reg);
  regs.free(b.reg);
  const reg = regs.alloc();
  // What the right side needs of the packet is not asked for: so it is in libpcap.
  return { stmts: [...stmts, stmt(BPF_ST, reg)], reg, guard: a.guard, constant: null };
}

/** A comparison of two values. */
export function arithCompare(regs: Registers, op: string, a: Arith, b: Arith): Cond {
  const stmts = [...a.stmts, ...b.stmts, stmt(BPF_LDX | BPF_MEM, b.reg), stmt(BPF_LD | BPF_MEM, a.reg)];
  regs.free(a.reg);
  regs.free(b.reg);
  const guard = both(a.guard, b.guard);
  const cond = relation(op, stmts);
  return guard === null ? cond : and(guard, cond);
}

function relation(op: string, stmts: Stmt[]): Cond {
  const x = (jump: number): Cond => test(BPF_JMP | jump | BPF_X, 0, stmts);
  if (op === '>') return x(BPF_JGT);
  if (op === '>=') return x(BPF_JGE);
  if (op === '<') return not(x(BPF_JGE));
  if (op === '<=') return not(x(BPF_JGT));
  const equal = test(BPF_JMP | BPF_JEQ | BPF_K, 0, [...stmts, stmt(BPF_ALU | BPF_SUB | BPF_X)]);
  return op === '=' ? equal : not(equal);
}

const SIZES: ReadonlyMap<number, number> = new Map([
  [1, BPF_B],
  [2, BPF_H],
  [4, BPF_W],
]);

const NETWORK: readonly string[] = ['arp', 'rarp', 'ip', 'ip6', 'atalk', 'decnet', 'lat', 'sca', 'moprc', 'mopdl'];
const TRANSPORT: readonly string[] = ['sctp', 'tcp', 'udp', 'icmp', 'igmp', 'igrp', 'pim', 'vrrp', 'carp'];

/** `proto[index:size]`. */
export function arithLoad(l: Layers, regs: Registers, proto: string, index: Arith, bytes: number): Arith {
  const reg = regs.alloc();
  const size = SIZES.get(bytes) ?? fail('data size must be 1, 2, or 4');
  const { load, guard } = place(l, proto, index, size);
  regs.free(index.reg);
  const stmts = [...index.stmts, ...load, stmt(BPF_ST, reg)];
  return { stmts, reg, guard, constant: null };
}

function place(l: Layers, proto: string, index: Arith, size: number): { load: Stmt[]; guard: Cond | null } {
  const { reg } = index;
  if (proto === 'link') return { load: indexed(l.linkhdr, 0, reg, size), guard: index.guard };
  if (NETWORK.includes(proto)) return { load: indexed(l.linkpl, l.nl, reg, size), guard: both(index.guard, genAbbreviation(l, proto)) };
  if (TRANSPORT.includes(proto)) {
    const own = and(genAbbreviation(l, proto), notFragment(l));
    const add = [stmt(BPF_LD | BPF_MEM, reg), stmt(BPF_ALU | BPF_ADD | BPF_X), stmt(BPF_MISC | BPF_TAX)];
    const load = [...ipHeaderLength(l), ...add, stmt(BPF_LD | BPF_IND | size, l.linkpl.base + l.nl)];
    return { load, guard: and(genAbbreviation(l, 'ip'), both(index.guard, own) as Cond) };
  }
  if (proto === 'icmp6') {
    // Of the fixed header alone: extension headers are not looked through.
    const own = and(genAbbreviation(l, 'ip6'), equal(l.linkpl, l.nl + 6, BPF_B, 58));
    return { load: indexed(l.linkpl, l.nl + 40, reg, size), guard: both(index.guard, own) };
  }
  return fail(proto === 'radio' ? 'radio information not present in capture' : 'unsupported index operation');
}

function indexed(o: Offset, by: number, index: number, size: number): Stmt[] {
  const load = stmt(BPF_LD | BPF_IND | size, o.base + by);
  if (o.reg < 0) return [stmt(BPF_LDX | BPF_MEM, index), load];
  return [stmt(BPF_LDX | BPF_MEM, o.reg), stmt(BPF_LD | BPF_MEM, index), stmt(BPF_ALU | BPF_ADD | BPF_X), stmt(BPF_MISC | BPF_TAX), load];
}
