/** Programs as text: what `tcpdump -d` prints (libpcap's `bpf_image`). */
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
  BPF_MEM,
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
  SKF_AD_OFF,
} from '@skbuff/uapi';
import type { BpfInsn } from './insn.ts';

/** How the operand of an instruction is written; see {@link operandText}. @internal */
export type BpfOperand = 'dec' | 'hex' | 'x' | '' | 'len' | 'abs' | 'ind' | 'msh' | 'mem' | 'ja';

/** Every code that has a text: its name and operand. BPF_LDX | BPF_LEN has none. @internal */
export const BPF_TEXT: readonly (readonly [code: number, name: string, operand: BpfOperand])[] = [
  [BPF_RET | BPF_K, 'ret', 'dec'],
  [BPF_RET | BPF_A, 'ret', ''],
  [BPF_LD | BPF_W | BPF_ABS, 'ld', 'abs'],
  [BPF_LD | BPF_H | BPF_ABS, 'ldh', 'abs'],
  [BPF_LD | BPF_B | BPF_ABS, 'ldb', 'abs'],
  [BPF_LD | BPF_W | BPF_LEN, 'ld', 'len'],
  [BPF_LD | BPF_W | BPF_IND, 'ld', 'ind'],
  [BPF_LD | BPF_H | BPF_IND, 'ldh', 'ind'],
  [BPF_LD | BPF_B | BPF_IND, 'ldb', 'ind'],
  [BPF_LD | BPF_IMM, 'ld', 'hex'],
  [BPF_LDX | BPF_IMM, 'ldx', 'hex'],
  [BPF_LDX | BPF_B | BPF_MSH, 'ldxb', 'msh'],
  [BPF_LD | BPF_MEM, 'ld', 'mem'],
  [BPF_LDX | BPF_MEM, 'ldx', 'mem'],
  [BPF_ST, 'st', 'mem'],
  [BPF_STX, 'stx', 'mem'],
  [BPF_JMP | BPF_JA, 'ja', 'ja'],
  [BPF_JMP | BPF_JGT | BPF_K, 'jgt', 'hex'],
  [BPF_JMP | BPF_JGE | BPF_K, 'jge', 'hex'],
  [BPF_JMP | BPF_JEQ | BPF_K, 'jeq', 'hex'],
  [BPF_JMP | BPF_JSET | BPF_K, 'jset', 'hex'],
  [BPF_JMP | BPF_JGT | BPF_X, 'jgt', 'x'],
  [BPF_JMP | BPF_JGE | BPF_X, 'jge', 'x'],
  [BPF_JMP | BPF_JEQ | BPF_X, 'jeq', 'x'],
  [BPF_JMP | BPF_JSET | BPF_X, 'jset', 'x'],
  [BPF_ALU | BPF_ADD | BPF_X, 'add', 'x'],
  [BPF_ALU | BPF_SUB | BPF_X, 'sub', 'x'],
  [BPF_ALU | BPF_MUL | BPF_X, 'mul', 'x'],
  [BPF_ALU | BPF_DIV | BPF_X, 'div', 'x'],
  [BPF_ALU | BPF_MOD | BPF_X, 'mod', 'x'],
  [BPF_ALU | BPF_AND | BPF_X, 'and', 'x'],
  [BPF_ALU | BPF_OR | BPF_X, 'or', 'x'],
  [BPF_ALU | BPF_XOR | BPF_X, 'xor', 'x'],
  [BPF_ALU | BPF_LSH | BPF_X, 'lsh', 'x'],
  [BPF_ALU | BPF_RSH | BPF_X, 'rsh', 'x'],
  [BPF_ALU | BPF_ADD | BPF_K, 'add', 'dec'],
  [BPF_ALU | BPF_SUB | BPF_K, 'sub', 'dec'],
  [BPF_ALU | BPF_MUL | BPF_K, 'mul', 'dec'],
  [BPF_ALU | BPF_DIV | BPF_K, 'div', 'dec'],
  [BPF_ALU | BPF_MOD | BPF_K, 'mod', 'dec'],
  [BPF_ALU | BPF_AND | BPF_K, 'and', 'hex'],
  [BPF_ALU | BPF_OR | BPF_K, 'or', 'hex'],
  [BPF_ALU | BPF_XOR | BPF_K, 'xor', 'hex'],
  [BPF_ALU | BPF_LSH | BPF_K, 'lsh', 'dec'],
  [BPF_ALU | BPF_RSH | BPF_K, 'rsh', 'dec'],
  [BPF_ALU | BPF_NEG, 'neg', ''],
  [BPF_MISC | BPF_TAX, 'tax', ''],
  [BPF_MISC | BPF_TXA, 'txa', ''],
];

/** Names of what is not in the packet, in the order of SKF_AD_*, four apart. @internal */
export const BPF_ANCILLARY: readonly string[] = [
  'proto',
  'type',
  'ifidx',
  'nla',
  'nlan',
  'mark',
  'queue',
  'hatype',
  'rxhash',
  'cpu',
  'xor_x',
  'vlan_tci',
  'vlanp',
  'poff',
  'random',
  'vlan_tpid',
];

const CLASS_MASK = 0x07;

/** One instruction, the `n`th of its program, without a line end: `(000) ldh      [12]`. Jumps show where they lead. */
export function bpfImage(insn: BpfInsn, n: number): string {
  const found = BPF_TEXT.find(([code]) => code === insn.code);
  const name = found?.[1] ?? 'unimp';
  const operand = found === undefined ? `0x${insn.code.toString(16)}` : operandText(found[2], insn.k, n);
  const line = `(${String(n).padStart(3, '0')}) ${name.padEnd(8)} `;
  if ((insn.code & CLASS_MASK) !== BPF_JMP || insn.code === (BPF_JMP | BPF_JA)) return line + operand;
  return `${line}${operand.padEnd(16)} jt ${n + 1 + insn.jt}\tjf ${n + 1 + insn.jf}`;
}

/** A whole program, each line with its end. */
export function bpfDisassemble(insns: readonly BpfInsn[]): string {
  return insns.map((insn, n) => `${bpfImage(insn, n)}\n`).join('');
}

function operandText(operand: BpfOperand, k: number, n: number): string {
  const signed = k | 0;
  switch (operand) {
    case 'dec':
      return `#${signed}`;
    case 'hex':
      return `#0x${(k >>> 0).toString(16)}`;
    case 'x':
      return 'x';
    case 'len':
      return '#pktlen';
    case 'abs':
      return `[${ancillaryName(signed) ?? signed}]`;
    case 'ind':
      return `[x + ${signed}]`;
    case 'msh':
      return `4*([${signed}]&0xf)`;
    case 'mem':
      return `M[${signed}]`;
    case 'ja':
      return String((n + 1 + k) | 0);
    default:
      return '';
  }
}

function ancillaryName(k: number): string | undefined {
  const what = k - SKF_AD_OFF;
  return k < 0 && what >= 0 && what % 4 === 0 ? BPF_ANCILLARY[what / 4] : undefined;
}
