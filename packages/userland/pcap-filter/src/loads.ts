/** Code that reads a packet: the machine's words of scratch memory, and loads at an offset from a layer. */
import * as U from '@skbuff/uapi';
import { type Cond, type Stmt, stmt, test } from './cond.ts';
import { fail } from './filter-error.ts';
import type { Layers, Offset } from './link.ts';

/** Words of M[]: the next one is looked for where the last was found. */
export class Registers {
  /** False: the program goes in a loop, or finds out as it runs where things lie; libpcap then leaves it as it is. */
  optimizable = true;
  private readonly used: boolean[] = new Array<boolean>(U.BPF_MEMWORDS).fill(false);
  private current = 0;

  alloc(): number {
    for (let n = 0; n < U.BPF_MEMWORDS; n++) {
      if (!this.used[this.current]) {
        this.used[this.current] = true;
        return this.current;
      }
      this.current = (this.current + 1) % U.BPF_MEMWORDS;
    }
    return fail('out of registers needed to evaluate expression');
  }

  free(n: number): void {
    this.used[n] = false;
  }
}

/** Loads `size` (BPF_B, BPF_H, BPF_W) bytes at `o` plus `by`. */
export function loadAt(o: Offset, by: number, size: number): Stmt[] {
  if (o.reg < 0) return [stmt(U.BPF_LD | U.BPF_ABS | size, o.base + by)];
  return [stmt(U.BPF_LDX | U.BPF_MEM, o.reg), stmt(U.BPF_LD | U.BPF_IND | size, o.base + by)];
}

export function equal(o: Offset, by: number, size: number, value: number): Cond {
  return test(U.BPF_JMP | U.BPF_JEQ | U.BPF_K, value, loadAt(o, by, size));
}

/** The same of some bits. A mask of all bits is left out. */
export function maskedEqual(o: Offset, by: number, size: number, value: number, mask: number): Cond {
  const stmts = loadAt(o, by, size);
  if (mask >>> 0 !== 0xffffffff) stmts.push(stmt(U.BPF_ALU | U.BPF_AND | U.BPF_K, mask));
  return test(U.BPF_JMP | U.BPF_JEQ | U.BPF_K, value, stmts);
}

export function compare(o: Offset, by: number, size: number, jump: number, value: number): Cond {
  return test(U.BPF_JMP | jump | U.BPF_K, value, loadAt(o, by, size));
}

/** X = the length of the IPv4 header; behind a variable offset: X = where the transport header begins. */
export function ipHeaderLength(l: Layers): Stmt[] {
  if (l.payload.reg < 0) return [stmt(U.BPF_LDX | U.BPF_MSH | U.BPF_B, l.payload.base + l.network)];
  return [
    ...loadAt(l.payload, l.network, U.BPF_B),
    stmt(U.BPF_ALU | U.BPF_AND | U.BPF_K, 0xf),
    stmt(U.BPF_ALU | U.BPF_LSH | U.BPF_K, 2),
    stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_X),
    stmt(U.BPF_MISC | U.BPF_TAX),
  ];
}

/** A load from the header behind IPv4's. */
export function loadTransport(l: Layers, by: number, size: number): Stmt[] {
  return [...ipHeaderLength(l), stmt(U.BPF_LD | U.BPF_IND | size, l.payload.base + l.network + by)];
}

export function always(value: boolean): Cond {
  return test(U.BPF_JMP | U.BPF_JEQ | U.BPF_K, 0, [stmt(U.BPF_LD | U.BPF_IMM, value ? 0 : 1)]);
}

