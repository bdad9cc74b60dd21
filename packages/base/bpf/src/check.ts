/** What the kernel demands of a program before it runs it (`bpf_check_classic`, `net/core/filter.c`). */
import {
  BPF_A,
  BPF_ABS,
  BPF_ADD,
  BPF_ALU,
  BPF_AND,
  BPF_B,
  BPF_DIV,
  BPF_H,
  BPF_IMM,
  BPF_IND,
  BPF_JA,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JMP,
  BPF_JSET,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LEN,
  BPF_LSH,
  BPF_MAXINSNS,
  BPF_MEM,
  BPF_MEMWORDS,
  BPF_MISC,
  BPF_MOD,
  BPF_MSH,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_RET,
  BPF_RSH,
  BPF_ST,
  BPF_STX,
  BPF_SUB,
  BPF_TAX,
  BPF_TXA,
  BPF_W,
  BPF_X,
  BPF_XOR,
  EINVAL,
  SKF_AD_MAX,
  SKF_AD_OFF,
} from '@skbuff/uapi';
import type { BpfInsn } from './insn.ts';

const ARITHMETIC = [BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH, BPF_MOD, BPF_XOR];
const COMPARISONS = [BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET];
const SIZES = [BPF_W, BPF_H, BPF_B];

/** Every code that there is (`chk_code_allowed`). BPF_RET | BPF_X is not among them, though the headers can spell it. */
const CODES: ReadonlySet<number> = new Set([
  ...ARITHMETIC.flatMap((op) => [BPF_ALU | op | BPF_K, BPF_ALU | op | BPF_X]),
  BPF_ALU | BPF_NEG,
  ...SIZES.flatMap((size) => [BPF_LD | size | BPF_ABS, BPF_LD | size | BPF_IND]),
  BPF_LD | BPF_W | BPF_LEN,
  BPF_LD | BPF_IMM,
  BPF_LD | BPF_MEM,
  BPF_LDX | BPF_W | BPF_LEN,
  BPF_LDX | BPF_B | BPF_MSH,
  BPF_LDX | BPF_IMM,
  BPF_LDX | BPF_MEM,
  BPF_ST,
  BPF_STX,
  BPF_MISC | BPF_TAX,
  BPF_MISC | BPF_TXA,
  BPF_RET | BPF_K,
  BPF_RET | BPF_A,
  BPF_JMP | BPF_JA,
  ...COMPARISONS.flatMap((op) => [BPF_JMP | op | BPF_K, BPF_JMP | op | BPF_X]),
]);

const CLASS_MASK = 0x07;
const ALL_WORDS = 0xffff;

/**
 * Whether a program may run: 1 to 4096 instructions, each of them known; jumps inside it; scratch memory stored before it is loaded, on
 * every way; no division by, and no shift beyond, what the constant allows; a return at its end. 0 or -EINVAL.
 */
export function bpfCheckClassic(insns: readonly BpfInsn[]): number {
  const n = insns.length;
  if (n === 0 || n > BPF_MAXINSNS) return -EINVAL;
  for (let pc = 0; pc < n; pc++) if (!insnOk(insns[pc] as BpfInsn, n - pc - 1)) return -EINVAL;
  const last = (insns[n - 1] as BpfInsn).code;
  if (last !== (BPF_RET | BPF_K) && last !== (BPF_RET | BPF_A)) return -EINVAL;
  return storesFirst(insns) ? 0 : -EINVAL;
}

/** One instruction, with `left` others behind it. */
function insnOk(insn: BpfInsn, left: number): boolean {
  if (!CODES.has(insn.code)) return false;
  const k = insn.k >>> 0;
  switch (insn.code) {
    case BPF_ALU | BPF_DIV | BPF_K:
    case BPF_ALU | BPF_MOD | BPF_K:
      return k !== 0;
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_K:
      return k < 32;
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
      return k < BPF_MEMWORDS;
    case BPF_JMP | BPF_JA:
      return k < left;
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_LD | BPF_H | BPF_ABS:
    case BPF_LD | BPF_B | BPF_ABS:
      return k < SKF_AD_OFF >>> 0 || isAncillary(k);
    default:
      return (insn.code & CLASS_MASK) !== BPF_JMP || (insn.jt < left && insn.jf < left);
  }
}

/** SKF_AD_* are the multiples of four below SKF_AD_MAX. */
function isAncillary(k: number): boolean {
  const what = k - (SKF_AD_OFF >>> 0);
  return what < SKF_AD_MAX && what % 4 === 0;
}

/** `check_load_and_stores`: a word of M[] is loaded only where every way leads through a store to it. Jumps go forward only, so once through is enough. */
function storesFirst(insns: readonly BpfInsn[]): boolean {
  const masks = new Uint16Array(insns.length).fill(ALL_WORDS);
  let valid = 0;
  for (let pc = 0; pc < insns.length; pc++) {
    const { code, jt, jf, k } = insns[pc] as BpfInsn;
    valid &= masks[pc] as number;
    if (code === BPF_ST || code === BPF_STX) valid |= 1 << k;
    else if (code === (BPF_LD | BPF_MEM) || code === (BPF_LDX | BPF_MEM)) {
      if ((valid & (1 << k)) === 0) return false;
    } else if ((code & CLASS_MASK) === BPF_JMP) {
      const always = code === (BPF_JMP | BPF_JA);
      masks[pc + 1 + (always ? k : jt)]! &= valid;
      masks[pc + 1 + (always ? k : jf)]! &= valid;
      // What comes next is reached by jumps alone.
      valid = ALL_WORDS;
    }
  }
  return true;
}
