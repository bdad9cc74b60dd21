/**
 * Leaves out what the program knows already. Only tests that do nothing but load from the packet and compare are touched; they are
 * the same wherever they stand. Along each way into a test what earlier ones found is remembered: a value that was compared before decides
 * the comparison again, if that follows, and a load of what A holds is left out.
 */
import {
  BPF_ABS,
  BPF_ALU,
  BPF_AND,
  BPF_B,
  BPF_H,
  BPF_IMM,
  BPF_IND,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JMP,
  BPF_JSET,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LEN,
  BPF_MSH,
  BPF_W,
} from '@skbuff/uapi';
import { type Block, blockOrder } from './emit.ts';

/** What is known of a value: its name, a comparison with a constant, and how it came out. */
interface Fact {
  readonly value: string;
  readonly code: number;
  readonly k: number;
  readonly holds: boolean;
}

const PURE: ReadonlySet<number> = new Set([
  BPF_LD | BPF_ABS | BPF_B,
  BPF_LD | BPF_ABS | BPF_H,
  BPF_LD | BPF_ABS | BPF_W,
  BPF_LD | BPF_IND | BPF_B,
  BPF_LD | BPF_IND | BPF_H,
  BPF_LD | BPF_IND | BPF_W,
  BPF_LD | BPF_LEN,
  BPF_LD | BPF_IMM,
  BPF_LDX | BPF_MSH | BPF_B,
  BPF_ALU | BPF_AND | BPF_K,
]);

const isEnd = (block: Block): boolean => block.jt === null || block.jf === null;

/** A name for what A is at the end of the test; null if the test does more than load. */
function valueOf(block: Block): string | null {
  const needsX = block.stmts.some((s) => (s.code & 0xe0) === BPF_IND && (s.code & 7) === BPF_LD);
  if (needsX && block.stmts[0]?.code !== (BPF_LDX | BPF_MSH | BPF_B)) return null;
  if (block.stmts.length === 0 || !block.stmts.every((s) => PURE.has(s.code))) return null;
  if ((block.code & 0x08) !== 0) return null;
  return block.stmts.map((s) => `${s.code} ${s.k}`).join(';');
}

/** A constant that A is whatever the packet holds. */
function constantOf(block: Block): number | null {
  const last = block.stmts.at(-1);
  if (last === undefined || valueOf(block) === null) return null;
  if (last.code === (BPF_LD | BPF_IMM)) return last.k;
  return last.code === (BPF_ALU | BPF_AND | BPF_K) && last.k === 0 ? 0 : null;
}

function compare(code: number, a: number, k: number): boolean {
  switch (code) {
    case BPF_JMP | BPF_JEQ | BPF_K:
      return a === k;
    case BPF_JMP | BPF_JGT | BPF_K:
      return a > k;
    case BPF_JMP | BPF_JGE | BPF_K:
      return a >= k;
    case BPF_JMP | BPF_JSET | BPF_K:
      return (a & k) !== 0;
    default:
      return false;
  }
}

/** How the comparison comes out, if the facts say so. */
function decided(block: Block, facts: readonly Fact[]): boolean | null {
  const constant = constantOf(block);
  if (constant !== null) return compare(block.code, constant, block.k);
  const value = valueOf(block);
  if (value === null) return null;
  for (const fact of facts) {
    if (fact.value !== value) continue;
    if (fact.code === block.code && fact.k === block.k) return fact.holds;
    if (fact.holds && fact.code === (BPF_JMP | BPF_JEQ | BPF_K)) return compare(block.code, fact.k, block.k);
  }
  return null;
}

/** The facts of each block that hold on all ways into it; the order has every block behind those that lead to it. */
function propagate(order: readonly Block[]): Map<Block, Fact[]> {
  const known = new Map<Block, Fact[]>();
  const same = (a: Fact, b: Fact): boolean => a.value === b.value && a.code === b.code && a.k === b.k && a.holds === b.holds;
  const arrive = (to: Block, facts: readonly Fact[]): void => {
    const before = known.get(to);
    known.set(to, before === undefined ? [...facts] : before.filter((f) => facts.some((g) => same(f, g))));
  };
  for (const block of order) {
    if (block.jt === null || block.jf === null) continue;
    const facts = known.get(block) ?? [];
    const value = valueOf(block);
    for (const [to, holds] of [[block.jt, true], [block.jf, false]] as const) {
      arrive(to, value === null ? facts : [...facts, { value, code: block.code, k: block.k, holds }]);
    }
  }
  return known;
}

/** Where a way with these facts ends up: past every test that they decide. */
function follow(start: Block, facts: readonly Fact[]): Block {
  let block = start;
  while (!isEnd(block)) {
    // Both ways are one: what is compared does not matter.
    const outcome = block.jt === block.jf && valueOf(block) !== null ? true : decided(block, facts);
    if (outcome === null) return block;
    block = (outcome ? block.jt : block.jf) as Block;
  }
  return block;
}

export function optimize(start: Block): Block {
  let root = follow(start, []);
  for (let changed = true; changed; ) {
    changed = false;
    const order = blockOrder(root);
    const known = propagate(order);
    for (const block of order) {
      if (block.jt === null || block.jf === null) continue;
      const facts = known.get(block) ?? [];
      const value = valueOf(block);
      const way = (to: Block, holds: boolean): Block => follow(to, value === null ? facts : [...facts, { value, code: block.code, k: block.k, holds }]);
      const [jt, jf] = [way(block.jt, true), way(block.jf, false)];
      if (jt !== block.jt || jf !== block.jf) {
        block.jt = jt;
        block.jf = jf;
        changed = true;
      }
    }
    root = merge(follow(root, []));
  }
  dropLoads(root);
  return root;
}

/** One block for all that do the same and go the same ways. */
function merge(root: Block): Block {
  const ids = new Map<Block, number>();
  const kept = new Map<string, Block>();
  const standIn = new Map<Block, Block>();
  // From the end: what a block leads to is settled before it.
  for (const block of blockOrder(root).reverse()) {
    if (block.jt !== null) block.jt = standIn.get(block.jt) ?? block.jt;
    if (block.jf !== null) block.jf = standIn.get(block.jf) ?? block.jf;
    const loops = block.stmts.some((s) => s.jt !== undefined);
    const text = block.stmts.map((s) => `${s.code} ${s.k}`).join(';');
    const key = loops ? `loop ${ids.size}` : `${text}|${block.code} ${block.k}|${block.jt === null ? '' : ids.get(block.jt)}|${block.jf === null ? '' : ids.get(block.jf)}`;
    const first = kept.get(key) ?? block;
    kept.set(key, first);
    standIn.set(block, first);
    if (first === block) ids.set(block, ids.size);
  }
  return standIn.get(root) ?? root;
}

/** A test whose value A holds on every way into it needs no load. */
function dropLoads(root: Block): void {
  const order = blockOrder(root);
  const values = new Map(order.map((block) => [block, valueOf(block)]));
  const held = new Map<Block, string | null>();
  for (const block of order) {
    for (const to of [block.jt, block.jf]) {
      if (to === null) continue;
      const value = values.get(block) ?? null;
      held.set(to, held.has(to) && held.get(to) !== value ? null : value);
    }
  }
  for (const block of order) {
    const value = values.get(block) ?? null;
    if (value !== null && block !== root && held.get(block) === value && !isEnd(block)) block.stmts = [];
  }
  dropHeaderLengths(order, root);
}

const headerLength = (block: Block): number | null => (block.stmts[0]?.code === (BPF_LDX | BPF_MSH | BPF_B) ? block.stmts[0].k : null);

/** The same for X, which the length of an IPv4 header is loaded into. A block's own code is looked at as it was. */
function dropHeaderLengths(order: readonly Block[], root: Block): void {
  const before = new Map<Block, number | null>();
  const after = new Map<Block, number | null>();
  for (const block of order) {
    const enters = block === root ? null : (before.get(block) ?? null);
    const own = headerLength(block);
    const keeps = block.stmts.every((s) => PURE.has(s.code));
    after.set(block, own ?? (keeps ? enters : null));
    for (const to of [block.jt, block.jf]) {
      if (to === null) continue;
      const leaves = after.get(block) ?? null;
      before.set(to, before.has(to) && before.get(to) !== leaves ? null : leaves);
    }
    if (own !== null && own === enters && keeps) block.stmts = block.stmts.slice(1);
  }
}
