/** Arithmetic: each value is worked out into a word of M[]. */
import * as U from '@skbuff/uapi';
import { type Cond, type Stmt, and, not, stmt, test } from './cond.ts';
import { fail } from './filter-error.ts';
import { protocolNamed, notFragment } from './protocols.ts';
import type { Layers, Offset } from './link.ts';
import { type Registers, equal, ipHeaderLength } from './loads.ts';

/** A value: the code that leaves it in M[reg], and what must hold of the packet for it to mean anything. */
export interface Arith {
  readonly stmts: Stmt[];
  readonly reg: number;
  readonly guard: Cond | null;
}

function both(a: Cond | null, b: Cond | null): Cond | null {
  return a === null ? b : b === null ? a : and(a, b);
}

export function arithConst(regs: Registers, value: number): Arith {
  const reg = regs.alloc();
  return { stmts: [stmt(U.BPF_LD | U.BPF_IMM, value), stmt(U.BPF_ST, reg)], reg, guard: null };
}

export function arithLength(regs: Registers): Arith {
  const reg = regs.alloc();
  return { stmts: [stmt(U.BPF_LD | U.BPF_LEN), stmt(U.BPF_ST, reg)], reg, guard: null };
}

export function arithNegative(regs: Registers, a: Arith): Arith {
  const stmts = [...a.stmts, stmt(U.BPF_LD | U.BPF_MEM, a.reg), stmt(U.BPF_ALU | U.BPF_NEG)];
  regs.free(a.reg);
  const reg = regs.alloc();
  return { stmts: [...stmts, stmt(U.BPF_ST, reg)], reg, guard: a.guard };
}

const OPERATIONS: Readonly<Record<string, number>> = {
  '+': U.BPF_ADD,
  '-': U.BPF_SUB,
  '*': U.BPF_MUL,
  '/': U.BPF_DIV,
  '%': U.BPF_MOD,
  '&': U.BPF_AND,
  '|': U.BPF_OR,
  '^': U.BPF_XOR,
  '<<': U.BPF_LSH,
  '>>': U.BPF_RSH,
};

/** What is refused of a constant, libpcap refuses of all that begins with one: `len / ip[0]` is a division by zero. 1 if it begins otherwise. */
function leading({ stmts: [first] }: Arith): number {
  return first?.code === (U.BPF_LD | U.BPF_IMM) ? first.k : 1;
}

export function arithBinary(regs: Registers, op: string, a: Arith, b: Arith): Arith {
  const constant = leading(b);
  if (constant === 0 && op === '/') fail('division by zero');
  if (constant === 0 && op === '%') fail('modulus by zero');
  if (constant > 31 && (op === '<<' || op === '>>')) fail('shift by more than 31 bits');
  const stmts = [...a.stmts, ...b.stmts, stmt(U.BPF_LDX | U.BPF_MEM, b.reg), stmt(U.BPF_LD | U.BPF_MEM, a.reg)];
  stmts.push(stmt(U.BPF_ALU | U.BPF_X | (OPERATIONS[op] as number)));
  regs.free(a.reg);
  regs.free(b.reg);
  const reg = regs.alloc();
  // What the right side needs of the packet is not asked for: so it is in libpcap.
  return { stmts: [...stmts, stmt(U.BPF_ST, reg)], reg, guard: a.guard };
}

/** A comparison of two values. */
export function arithCompare(regs: Registers, op: string, a: Arith, b: Arith): Cond {
  const stmts = [...a.stmts, ...b.stmts, stmt(U.BPF_LDX | U.BPF_MEM, b.reg), stmt(U.BPF_LD | U.BPF_MEM, a.reg)];
  regs.free(a.reg);
  regs.free(b.reg);
  const guard = both(a.guard, b.guard);
  const cond = relation(op, stmts);
  return guard === null ? cond : and(guard, cond);
}

function relation(op: string, stmts: Stmt[]): Cond {
  const x = (jump: number): Cond => test(U.BPF_JMP | jump | U.BPF_X, 0, stmts);
  if (op === '>') return x(U.BPF_JGT);
  if (op === '>=') return x(U.BPF_JGE);
  if (op === '<') return not(x(U.BPF_JGE));
  if (op === '<=') return not(x(U.BPF_JGT));
  const equal = test(U.BPF_JMP | U.BPF_JEQ | U.BPF_K, 0, [...stmts, stmt(U.BPF_ALU | U.BPF_SUB | U.BPF_X)]);
  return op === '=' ? equal : not(equal);
}

const SIZES: ReadonlyMap<number, number> = new Map([
  [1, U.BPF_B],
  [2, U.BPF_H],
  [4, U.BPF_W],
]);

const NETWORK: readonly string[] = ['arp', 'rarp', 'ip', 'ip6', 'atalk', 'decnet', 'lat', 'sca', 'moprc', 'mopdl'];
const TRANSPORT: readonly string[] = ['sctp', 'tcp', 'udp', 'icmp', 'igmp', 'igrp', 'pim', 'vrrp', 'carp'];

/** `proto[index:size]`. */
export function arithLoad(l: Layers, regs: Registers, proto: string, index: Arith, bytes: number): Arith {
  const reg = regs.alloc();
  const size = SIZES.get(bytes) ?? fail('data size must be 1, 2, or 4');
  const { load, guard } = place(l, proto, index, size);
  regs.free(index.reg);
  const stmts = [...index.stmts, ...load, stmt(U.BPF_ST, reg)];
  return { stmts, reg, guard };
}

function place(l: Layers, proto: string, index: Arith, size: number): { load: Stmt[]; guard: Cond | null } {
  const { reg } = index;
  if (proto === 'link') return { load: indexed(l.frame, 0, reg, size), guard: index.guard };
  if (NETWORK.includes(proto)) return { load: indexed(l.payload, l.network, reg, size), guard: both(index.guard, protocolNamed(l, proto)) };
  if (TRANSPORT.includes(proto)) {
    const own = and(protocolNamed(l, proto), notFragment(l));
    const add = [stmt(U.BPF_LD | U.BPF_MEM, reg), stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_X), stmt(U.BPF_MISC | U.BPF_TAX)];
    const load = [...ipHeaderLength(l), ...add, stmt(U.BPF_LD | U.BPF_IND | size, l.payload.base + l.network)];
    return { load, guard: and(protocolNamed(l, 'ip'), both(index.guard, own) as Cond) };
  }
  if (proto === 'icmp6') {
    // Of the fixed header alone: extension headers are not looked through.
    const own = and(protocolNamed(l, 'ip6'), equal(l.payload, l.network + 6, U.BPF_B, 58));
    return { load: indexed(l.payload, l.network + 40, reg, size), guard: both(index.guard, own) };
  }
  return fail(proto === 'radio' ? 'radio information not present in capture' : 'unsupported index operation');
}

function indexed(o: Offset, by: number, index: number, size: number): Stmt[] {
  const load = stmt(U.BPF_LD | U.BPF_IND | size, o.base + by);
  if (o.reg < 0) return [stmt(U.BPF_LDX | U.BPF_MEM, index), load];
  return [stmt(U.BPF_LDX | U.BPF_MEM, o.reg), stmt(U.BPF_LD | U.BPF_MEM, index), stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_X), stmt(U.BPF_MISC | U.BPF_TAX), load];
}
