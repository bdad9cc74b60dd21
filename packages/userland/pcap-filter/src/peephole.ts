/** Straight code made shorter by looking at a few instructions at a time, and by what is read behind them. */
import * as U from '@skbuff/uapi';
import { type Stmt, stmt } from './cond.ts';
import type { Block } from './emit.ts';
import type { Facts } from './flow.ts';
import { REG_X, reads, written } from './values.ts';

const LD_IMM = U.BPF_LD | U.BPF_IMM;
const LDX_IMM = U.BPF_LDX | U.BPF_IMM;
const LDX_MSH = U.BPF_LDX | U.BPF_MSH | U.BPF_B;
const TAX = U.BPF_MISC | U.BPF_TAX;
const TXA = U.BPF_MISC | U.BPF_TXA;

/** Short sequences for which there are shorter ones. */
export function peephole(block: Block, liveOut: number): void {
  const { stmts } = block;
  for (let i = 0; i + 1 < stmts.length; i++) {
    const s = stmts[i] as Stmt;
    const next = stmts[i + 1] as Stmt;
    if (s.code === U.BPF_ST && next.code === (U.BPF_LDX | U.BPF_MEM) && s.k === next.k) stmts[i + 1] = stmt(TAX, next.k);
    if (s.code !== LD_IMM) continue;
    if (next.code === TAX) {
      stmts[i] = stmt(LDX_IMM, s.k);
      stmts[i + 1] = stmt(TXA);
    } else if ((liveOut & (1 << REG_X)) === 0) {
      intoLoad(stmts, i, next.code === LDX_MSH ? i + 2 : i + 1);
    }
  }
}

/** A constant that is added to X for one load belongs into that load. */
function intoLoad(stmts: Stmt[], at: number, add: number): void {
  const [plus, tax, load] = [stmts[add], stmts[add + 1], stmts[add + 2]];
  if (plus?.code !== (U.BPF_ALU | U.BPF_ADD | U.BPF_X) || tax?.code !== TAX || load === undefined) return;
  if ((load.code & 0xe7) !== (U.BPF_LD | U.BPF_IND)) return;
  stmts.splice(add, 3, stmt(load.code, load.k + (stmts[at] as Stmt).k));
  stmts.splice(at, 1);
}

/** Registers that are written again, or not looked at any more, need not have been written. */
export function withoutDeadStores(block: Block, facts: Facts): Stmt[] {
  let live = facts.liveOut | reads(block);
  const kept: Stmt[] = [];
  for (const s of block.stmts.toReversed()) {
    const register = written(s);
    if ((live & (1 << register)) === 0) continue;
    live = (live & ~(1 << register)) | reads(s);
    kept.unshift(s);
  }
  return kept;
}
