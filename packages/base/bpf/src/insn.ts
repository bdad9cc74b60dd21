/** Instructions of the classic BPF machine and their bytes, `struct sock_filter` (uapi `linux/filter.h`). */
import { BPF_MEMWORDS, EINVAL } from '@skbuff/uapi';

/** Bytes of `struct sock_filter`: code (16 bits), jt, jf (8 bits each), k (32 bits). */
export const SOCK_FILTER_SIZE = 8;

/** `struct sock_filter`. */
export interface BpfInsn {
  /** BPF_*: class, size or operation, mode or source; 16 bits. */
  readonly code: number;
  /** Instructions to skip if a comparison holds, and if not: 0 … 255. */
  readonly jt: number;
  readonly jf: number;
  /** The constant: 32 bits, read as signed or unsigned by what uses it. Decoded and assembled ones are unsigned. */
  readonly k: number;
}

/** `BPF_STMT`. */
export function bpfStmt(code: number, k: number): BpfInsn {
  return { code, jt: 0, jf: 0, k: k >>> 0 };
}

/** `BPF_JUMP`. */
export function bpfJump(code: number, k: number, jt: number, jf: number): BpfInsn {
  return { code, jt, jf, k: k >>> 0 };
}

/** An array of `struct sock_filter`, little endian. */
export function encodeSockFilter(insns: readonly BpfInsn[]): Uint8Array {
  const bytes = new Uint8Array(insns.length * SOCK_FILTER_SIZE);
  insns.forEach(({ code, jt, jf, k }, i) => {
    bytes.set([code, code >>> 8, jt, jf, k, k >>> 8, k >>> 16, k >>> 24], i * SOCK_FILTER_SIZE);
  });
  return bytes;
}

/** The reverse; -EINVAL if the bytes are not a whole number of instructions. What they mean is not looked at. */
export function decodeSockFilter(bytes: Uint8Array): BpfInsn[] | number {
  if (bytes.length % SOCK_FILTER_SIZE !== 0) return -EINVAL;
  const insns: BpfInsn[] = [];
  for (let at = 0; at < bytes.length; at += SOCK_FILTER_SIZE) {
    const [c0 = 0, c1 = 0, jt = 0, jf = 0, k0 = 0, k1 = 0, k2 = 0, k3 = 0] = bytes.subarray(at, at + SOCK_FILTER_SIZE);
    insns.push({ code: c0 | (c1 << 8), jt, jf, k: (k0 | (k1 << 8) | (k2 << 16) | (k3 << 24)) >>> 0 });
  }
  return insns;
}

/** A program as the interpreter reads it. Made from instructions that `bpfCheckClassic` accepted. */
export class BpfProgram {
  readonly length: number;
  readonly code: Uint16Array;
  readonly jt: Uint8Array;
  readonly jf: Uint8Array;
  readonly k: Int32Array;
  /** M[], and one word more in which a load leaves its value. A run leaves its own behind; none begins with another's, since a checked program stores before it loads. @internal */
  readonly mem: Int32Array = new Int32Array(BPF_MEMWORDS + 1);

  constructor(insns: readonly BpfInsn[]) {
    this.length = insns.length;
    this.code = Uint16Array.from(insns, (insn) => insn.code);
    this.jt = Uint8Array.from(insns, (insn) => insn.jt);
    this.jf = Uint8Array.from(insns, (insn) => insn.jf);
    this.k = Int32Array.from(insns, (insn) => insn.k);
  }

  /** The instructions again. */
  insns(): BpfInsn[] {
    return Array.from(this.code, (code, i) => ({ code, jt: this.jt[i] as number, jf: this.jf[i] as number, k: (this.k[i] as number) >>> 0 }));
  }
}
