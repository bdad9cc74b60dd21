/** Random programs: valid ones, nearly valid ones, and packets to run them over. */
import {
  BPF_A, BPF_ABS, BPF_ALU, BPF_AND, BPF_B, BPF_H, BPF_IMM, BPF_IND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_JSET, BPF_K, BPF_LD,
  BPF_LDX, BPF_LEN, BPF_MEM, BPF_MISC, BPF_MSH, BPF_NEG, BPF_RET, BPF_RSH, BPF_ST, BPF_STX, BPF_ADD, BPF_TAX, BPF_TXA, BPF_W, BPF_X, SKF_AD_OFF, SKF_LL_OFF,
  SKF_NET_OFF,
} from '@skbuff/uapi';
import { type BpfInsn, bpfJump, bpfStmt } from '../src/index.ts';

/** A small generator with a seed (mulberry32). */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  /** 0 … 2³²-1 */
  u32(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(n: number): number {
    return this.u32() % n;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  bytes(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.below(256));
  }
}

const OPS = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0];
const SIZES = [BPF_W, BPF_H, BPF_B];
const NUMBERS = [0, 1, 2, 3, 4, 5, 7, 8, 14, 31, 32, 0x7f, 0xff, 0x100, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, 0xffff];
const OFFSETS = [SKF_AD_OFF, SKF_NET_OFF, SKF_LL_OFF, SKF_LL_OFF - 1, SKF_AD_OFF - 1, -1, SKF_AD_OFF + 40, SKF_AD_OFF + 12, SKF_AD_OFF + 16, SKF_AD_OFF + 3, 0x7fffffff];

function constant(dice: Dice): number {
  return dice.below(3) === 0 ? dice.u32() : dice.of(NUMBERS);
}

/** An offset: mostly inside a packet of some hundred bytes. */
function offset(dice: Dice): number {
  return dice.below(12) === 0 ? dice.of(OFFSETS) : dice.below(dice.below(4) === 0 ? 400 : 120);
}

/** One instruction that the kernel would take, `left` others behind it. */
function sound(dice: Dice, left: number, stored: Set<number>): BpfInsn {
  switch (dice.below(left > 1 ? 12 : 11)) {
    case 0:
      return bpfStmt(BPF_LD | dice.of(SIZES) | BPF_ABS, dice.below(300));
    case 1:
      return bpfStmt(BPF_LD | dice.of(SIZES) | BPF_IND, dice.below(6) === 0 ? constant(dice) : dice.below(60));
    case 2:
      return bpfStmt(BPF_LDX | BPF_B | BPF_MSH, dice.below(300));
    case 3:
      return bpfStmt(dice.of([BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN]), 0);
    case 4:
      return bpfStmt(dice.of([BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM]), constant(dice));
    case 5: {
      const k = dice.below(16);
      stored.add(k);
      return bpfStmt(dice.of([BPF_ST, BPF_STX]), k);
    }
    case 6:
      return stored.size === 0 ? bpfStmt(BPF_ALU | BPF_NEG, 0) : bpfStmt(dice.of([BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM]), dice.of([...stored]));
    case 7:
      return bpfStmt(dice.of([BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA]), 0);
    case 8:
    case 9:
      return arithmetic(dice);
    case 10:
      return dice.below(8) === 0 ? bpfStmt(BPF_LD | dice.of(SIZES) | BPF_ABS, SKF_AD_OFF + dice.of([12, 16, 40])) : arithmetic(dice);
    default:
      if (dice.below(6) === 0) return bpfStmt(BPF_JMP | BPF_JA, dice.below(left));
      return bpfJump(
        BPF_JMP | dice.of([BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET]) | dice.of([BPF_K, BPF_X]),
        constant(dice),
        dice.below(Math.min(left, 5)),
        dice.below(Math.min(left, 5)),
      );
  }
}

function arithmetic(dice: Dice): BpfInsn {
  const op = dice.of(OPS);
  const source = dice.of([BPF_K, BPF_X]);
  let k = constant(dice);
  if (op === 0x60 || op === 0x70) k %= 32;
  if ((op === 0x30 || op === 0x90) && k === 0) k = 3;
  return bpfStmt(BPF_ALU | op | source, k);
}

/** A program that the kernel mostly takes, and that keeps one byte of A, and one, so that it shows. */
export function soundProgram(dice: Dice): BpfInsn[] {
  const n = 1 + dice.below(24);
  const stored = new Set<number>();
  const insns: BpfInsn[] = [];
  for (let pc = 0; pc < n; pc++) insns.push(sound(dice, n - pc, stored));
  insns.push(
    bpfStmt(BPF_ALU | BPF_RSH | BPF_K, dice.below(4) * 8),
    bpfStmt(BPF_ALU | BPF_AND | BPF_K, 0xff),
    bpfStmt(BPF_ALU | BPF_ADD | BPF_K, 1),
    bpfStmt(BPF_RET | BPF_A, 0),
  );
  return insns;
}

/** A program with anything in it: mostly refused. */
export function wildProgram(dice: Dice): BpfInsn[] {
  const insns = soundProgram(dice);
  for (let i = 1 + dice.below(2); i > 0; i--) {
    const at = dice.below(insns.length);
    const old = insns[at] as BpfInsn;
    insns[at] = dice.of<() => BpfInsn>([
      () => ({ ...old, code: dice.below(256) }),
      () => ({ ...old, code: dice.below(65536) }),
      () => ({ ...old, k: constant(dice) }),
      () => ({ ...old, k: offset(dice) >>> 0 }),
      () => ({ ...old, jt: dice.below(256), jf: dice.below(8) }),
      () => bpfStmt(BPF_LD | BPF_MEM, dice.below(20)),
      () => bpfStmt(BPF_LD | dice.of(SIZES) | BPF_ABS, offset(dice)),
      () => bpfStmt(BPF_ALU | dice.of(OPS) | BPF_K, dice.below(40)),
      () => bpfStmt(dice.of([BPF_RET | BPF_X, BPF_RET | BPF_K, BPF_RET | BPF_A]), constant(dice)),
      () => bpfStmt(BPF_JMP | BPF_JA, dice.below(30)),
    ])();
  }
  if (dice.below(10) === 0) insns.pop();
  return insns;
}
