/** From text to a program: the reverse of `bpfImage`. */
import { BPF_JMP, SKF_AD_OFF } from '@skbuff/uapi';
import { BPF_ANCILLARY, BPF_TEXT, type BpfOperand } from './image.ts';
import type { BpfInsn } from './insn.ts';

/** What an assembler could not read. */
export interface BpfSyntaxError {
  /** Line of the text, from 1. */
  readonly line: number;
  readonly message: string;
}

const LINE = /^\s*(?:\((\d+)\)\s*)?([a-z]+)\s*(.*?)(?:\s+jt\s+(\d+)\s+jf\s+(\d+))?\s*$/;
const NUMBER = '(-?(?:0x[0-9a-f]+|\\d+))';

/** How each kind of operand is read; the first group, if there is one, is the number. */
const OPERANDS: readonly (readonly [BpfOperand, RegExp])[] = [
  ['', /^$/],
  ['x', /^x$/],
  ['len', /^#pktlen$/],
  ['abs', new RegExp(`^\\[${NUMBER}\\]$`)],
  ['ind', new RegExp(`^\\[x \\+ ${NUMBER}\\]$`)],
  ['msh', new RegExp(`^4\\*\\(\\[${NUMBER}\\]&0xf\\)$`)],
  ['mem', new RegExp(`^M\\[${NUMBER}\\]$`)],
  ['ja', new RegExp(`^${NUMBER}$`)],
];
const CONSTANT = new RegExp(`^#${NUMBER}$`);
const NAMED = /^\[([a-z_]+)\]$/;
const MAX_SKIP = 255;
const CLASS_MASK = 0x07;

/**
 * Reads what `tcpdump -d` prints, one instruction a line; the number in front may be missing, empty lines and what follows a `;` are
 * passed over. Constants may be decimal or hexadecimal. Whether the program makes sense is `bpfCheckClassic`'s to say.
 */
export function bpfAssemble(text: string): BpfInsn[] | BpfSyntaxError {
  const insns: BpfInsn[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] as string).replace(/;.*/, '');
    if (line.trim() === '') continue;
    const insn = assembleLine(line, insns.length);
    if (typeof insn === 'string') return { line: i + 1, message: insn };
    insns.push(insn);
  }
  return insns;
}

function assembleLine(line: string, n: number): BpfInsn | string {
  const [, index, name = '', operand = '', jt, jf] = LINE.exec(line) ?? [];
  if (index !== undefined && Number(index) !== n) return `instruction ${n} is numbered ${Number(index)}`;
  if (!BPF_TEXT.some(([, known]) => known === name)) return `unknown instruction '${name || line.trim()}'`;
  for (const [code, known, kind] of BPF_TEXT) {
    const k = known === name ? readOperand(kind, operand) : null;
    if (k === null) continue;
    if (kind === 'ja') return { code, jt: 0, jf: 0, k: (k - n - 1) >>> 0 };
    if ((code & CLASS_MASK) === BPF_JMP) return jump(code, k, Number(jt) - n - 1, Number(jf) - n - 1);
    return jt === undefined ? { code, jt: 0, jf: 0, k: k >>> 0 } : `'${name}' does not jump`;
  }
  return `bad operand '${operand}' of '${name}'`;
}

function jump(code: number, k: number, jt: number, jf: number): BpfInsn | string {
  const fits = (skip: number): boolean => skip >= 0 && skip <= MAX_SKIP;
  return fits(jt) && fits(jf) ? { code, jt, jf, k: k >>> 0 } : 'a comparison jumps forward by at most 255 instructions';
}

/** The number in an operand (0 if it has none), or null if it is not of that kind. */
function readOperand(kind: BpfOperand, operand: string): number | null {
  if (kind === 'abs') {
    const what = BPF_ANCILLARY.indexOf(NAMED.exec(operand)?.[1] ?? '');
    if (what >= 0) return SKF_AD_OFF + what * 4;
  }
  const pattern = kind === 'dec' || kind === 'hex' ? CONSTANT : OPERANDS.find(([name]) => name === kind)?.[1];
  const match = pattern?.exec(operand);
  if (match === null || match === undefined) return null;
  const digits = match[1] ?? '0';
  return digits.startsWith('-') ? -Number(digits.slice(1)) : Number(digits);
}
