/** Programs as text: what `tcpdump -d` prints (libpcap's `bpf_image`). */
import * as U from '@skbuff/uapi';
import type { BpfInsn } from './insn.ts';

/** How the operand of an instruction is written; see {@link operandText}. @internal */
export type BpfOperand = 'dec' | 'hex' | 'x' | '' | 'len' | 'abs' | 'ind' | 'msh' | 'mem' | 'ja';

/** Every code that has a text: its name and operand. BPF_LDX | BPF_LEN has none. @internal */
export const BPF_TEXT: readonly (readonly [code: number, name: string, operand: BpfOperand])[] = [
  [U.BPF_RET | U.BPF_K, 'ret', 'dec'],
  [U.BPF_RET | U.BPF_A, 'ret', ''],
  [U.BPF_LD | U.BPF_W | U.BPF_ABS, 'ld', 'abs'],
  [U.BPF_LD | U.BPF_H | U.BPF_ABS, 'ldh', 'abs'],
  [U.BPF_LD | U.BPF_B | U.BPF_ABS, 'ldb', 'abs'],
  [U.BPF_LD | U.BPF_W | U.BPF_LEN, 'ld', 'len'],
  [U.BPF_LD | U.BPF_W | U.BPF_IND, 'ld', 'ind'],
  [U.BPF_LD | U.BPF_H | U.BPF_IND, 'ldh', 'ind'],
  [U.BPF_LD | U.BPF_B | U.BPF_IND, 'ldb', 'ind'],
  [U.BPF_LD | U.BPF_IMM, 'ld', 'hex'],
  [U.BPF_LDX | U.BPF_IMM, 'ldx', 'hex'],
  [U.BPF_LDX | U.BPF_B | U.BPF_MSH, 'ldxb', 'msh'],
  [U.BPF_LD | U.BPF_MEM, 'ld', 'mem'],
  [U.BPF_LDX | U.BPF_MEM, 'ldx', 'mem'],
  [U.BPF_ST, 'st', 'mem'],
  [U.BPF_STX, 'stx', 'mem'],
  [U.BPF_JMP | U.BPF_JA, 'ja', 'ja'],
  [U.BPF_JMP | U.BPF_JGT | U.BPF_K, 'jgt', 'hex'],
  [U.BPF_JMP | U.BPF_JGE | U.BPF_K, 'jge', 'hex'],
  [U.BPF_JMP | U.BPF_JEQ | U.BPF_K, 'jeq', 'hex'],
  [U.BPF_JMP | U.BPF_JSET | U.BPF_K, 'jset', 'hex'],
  [U.BPF_JMP | U.BPF_JGT | U.BPF_X, 'jgt', 'x'],
  [U.BPF_JMP | U.BPF_JGE | U.BPF_X, 'jge', 'x'],
  [U.BPF_JMP | U.BPF_JEQ | U.BPF_X, 'jeq', 'x'],
  [U.BPF_JMP | U.BPF_JSET | U.BPF_X, 'jset', 'x'],
  [U.BPF_ALU | U.BPF_ADD | U.BPF_X, 'add', 'x'],
  [U.BPF_ALU | U.BPF_SUB | U.BPF_X, 'sub', 'x'],
  [U.BPF_ALU | U.BPF_MUL | U.BPF_X, 'mul', 'x'],
  [U.BPF_ALU | U.BPF_DIV | U.BPF_X, 'div', 'x'],
  [U.BPF_ALU | U.BPF_MOD | U.BPF_X, 'mod', 'x'],
  [U.BPF_ALU | U.BPF_AND | U.BPF_X, 'and', 'x'],
  [U.BPF_ALU | U.BPF_OR | U.BPF_X, 'or', 'x'],
  [U.BPF_ALU | U.BPF_XOR | U.BPF_X, 'xor', 'x'],
  [U.BPF_ALU | U.BPF_LSH | U.BPF_X, 'lsh', 'x'],
  [U.BPF_ALU | U.BPF_RSH | U.BPF_X, 'rsh', 'x'],
  [U.BPF_ALU | U.BPF_ADD | U.BPF_K, 'add', 'dec'],
  [U.BPF_ALU | U.BPF_SUB | U.BPF_K, 'sub', 'dec'],
  [U.BPF_ALU | U.BPF_MUL | U.BPF_K, 'mul', 'dec'],
  [U.BPF_ALU | U.BPF_DIV | U.BPF_K, 'div', 'dec'],
  [U.BPF_ALU | U.BPF_MOD | U.BPF_K, 'mod', 'dec'],
  [U.BPF_ALU | U.BPF_AND | U.BPF_K, 'and', 'hex'],
  [U.BPF_ALU | U.BPF_OR | U.BPF_K, 'or', 'hex'],
  [U.BPF_ALU | U.BPF_XOR | U.BPF_K, 'xor', 'hex'],
  [U.BPF_ALU | U.BPF_LSH | U.BPF_K, 'lsh', 'dec'],
  [U.BPF_ALU | U.BPF_RSH | U.BPF_K, 'rsh', 'dec'],
  [U.BPF_ALU | U.BPF_NEG, 'neg', ''],
  [U.BPF_MISC | U.BPF_TAX, 'tax', ''],
  [U.BPF_MISC | U.BPF_TXA, 'txa', ''],
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
  if ((insn.code & CLASS_MASK) !== U.BPF_JMP || insn.code === (U.BPF_JMP | U.BPF_JA)) return line + operand;
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
  const what = k - U.SKF_AD_OFF;
  return k < 0 && what >= 0 && what % 4 === 0 ? BPF_ANCILLARY[what / 4] : undefined;
}
