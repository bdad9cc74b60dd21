/** What the kernel demands of a program before it runs it (`bpf_check_classic`, `net/core/filter.c`). */
import * as U from '@skbuff/uapi';
import type { BpfInsn } from './insn.ts';

const ARITHMETIC = [U.BPF_ADD, U.BPF_SUB, U.BPF_MUL, U.BPF_DIV, U.BPF_OR, U.BPF_AND, U.BPF_LSH, U.BPF_RSH, U.BPF_MOD, U.BPF_XOR];
const COMPARISONS = [U.BPF_JEQ, U.BPF_JGT, U.BPF_JGE, U.BPF_JSET];
const SIZES = [U.BPF_W, U.BPF_H, U.BPF_B];

/** Every code that there is (`chk_code_allowed`). BPF_RET | BPF_X is not among them, though the headers can spell it. */
const CODES: ReadonlySet<number> = new Set([
  ...ARITHMETIC.flatMap((op) => [U.BPF_ALU | op | U.BPF_K, U.BPF_ALU | op | U.BPF_X]),
  U.BPF_ALU | U.BPF_NEG,
  ...SIZES.flatMap((size) => [U.BPF_LD | size | U.BPF_ABS, U.BPF_LD | size | U.BPF_IND]),
  U.BPF_LD | U.BPF_W | U.BPF_LEN,
  U.BPF_LD | U.BPF_IMM,
  U.BPF_LD | U.BPF_MEM,
  U.BPF_LDX | U.BPF_W | U.BPF_LEN,
  U.BPF_LDX | U.BPF_B | U.BPF_MSH,
  U.BPF_LDX | U.BPF_IMM,
  U.BPF_LDX | U.BPF_MEM,
  U.BPF_ST,
  U.BPF_STX,
  U.BPF_MISC | U.BPF_TAX,
  U.BPF_MISC | U.BPF_TXA,
  U.BPF_RET | U.BPF_K,
  U.BPF_RET | U.BPF_A,
  U.BPF_JMP | U.BPF_JA,
  ...COMPARISONS.flatMap((op) => [U.BPF_JMP | op | U.BPF_K, U.BPF_JMP | op | U.BPF_X]),
]);

const CLASS_MASK = 0x07;
const ALL_WORDS = 0xffff;

/**
 * Whether a program may run: 1 to 4096 instructions, each of them known; jumps inside it; scratch memory stored before it is loaded, on
 * every way; no division by, and no shift beyond, what the constant allows; a return at its end. 0 or -EINVAL.
 */
export function bpfCheckClassic(insns: readonly BpfInsn[]): number {
  const n = insns.length;
  if (n === 0 || n > U.BPF_MAXINSNS) return -U.EINVAL;
  for (let pc = 0; pc < n; pc++) if (!insnOk(insns[pc] as BpfInsn, n - pc - 1)) return -U.EINVAL;
  const last = (insns[n - 1] as BpfInsn).code;
  if (last !== (U.BPF_RET | U.BPF_K) && last !== (U.BPF_RET | U.BPF_A)) return -U.EINVAL;
  return storesFirst(insns) ? 0 : -U.EINVAL;
}

/** One instruction, with `left` others behind it. */
function insnOk(insn: BpfInsn, left: number): boolean {
  if (!CODES.has(insn.code)) return false;
  const k = insn.k >>> 0;
  switch (insn.code) {
    case U.BPF_ALU | U.BPF_DIV | U.BPF_K:
    case U.BPF_ALU | U.BPF_MOD | U.BPF_K:
      return k !== 0;
    case U.BPF_ALU | U.BPF_LSH | U.BPF_K:
    case U.BPF_ALU | U.BPF_RSH | U.BPF_K:
      return k < 32;
    case U.BPF_LD | U.BPF_MEM:
    case U.BPF_LDX | U.BPF_MEM:
    case U.BPF_ST:
    case U.BPF_STX:
      return k < U.BPF_MEMWORDS;
    case U.BPF_JMP | U.BPF_JA:
      return k < left;
    case U.BPF_LD | U.BPF_W | U.BPF_ABS:
    case U.BPF_LD | U.BPF_H | U.BPF_ABS:
    case U.BPF_LD | U.BPF_B | U.BPF_ABS:
      return k < U.SKF_AD_OFF >>> 0 || isAncillary(k);
    default:
      return (insn.code & CLASS_MASK) !== U.BPF_JMP || (insn.jt < left && insn.jf < left);
  }
}

/** SKF_AD_* are the multiples of four below SKF_AD_MAX. */
function isAncillary(k: number): boolean {
  const what = k - (U.SKF_AD_OFF >>> 0);
  return what < U.SKF_AD_MAX && what % 4 === 0;
}

/** `check_load_and_stores`: a word of M[] is loaded only where every way leads through a store to it. Jumps go forward only, so once through is enough. */
function storesFirst(insns: readonly BpfInsn[]): boolean {
  const masks = new Uint16Array(insns.length).fill(ALL_WORDS);
  let valid = 0;
  for (let pc = 0; pc < insns.length; pc++) {
    const { code, jt, jf, k } = insns[pc] as BpfInsn;
    valid &= masks[pc] as number;
    if (code === U.BPF_ST || code === U.BPF_STX) valid |= 1 << k;
    else if (code === (U.BPF_LD | U.BPF_MEM) || code === (U.BPF_LDX | U.BPF_MEM)) {
      if ((valid & (1 << k)) === 0) return false;
    } else if ((code & CLASS_MASK) === U.BPF_JMP) {
      const always = code === (U.BPF_JMP | U.BPF_JA);
      masks[pc + 1 + (always ? k : jt)]! &= valid;
      masks[pc + 1 + (always ? k : jf)]! &= valid;
      // What comes next is reached by jumps alone.
      valid = ALL_WORDS;
    }
  }
  return true;
}
