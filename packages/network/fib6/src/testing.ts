/**
 * A compliance suite for longest-prefix algorithms: whoever writes a {@link Fib6TableBackend} runs it against theirs.
 *
 * ```ts
 * import { describe, expect, it } from 'vitest';
 * import { describeFib6Table } from '@skbuff/fib6/testing';
 *
 * describeFib6Table('MyTable', () => new MyTable(), { describe, it, expect });
 * ```
 *
 * The test functions are passed in, so that this package depends on no test runner.
 *
 * @packageDocumentation
 */
import { In6Addr, in6MaskWord, in6Pton } from '@skbuff/wire';
import type { Fib6TableBackend, Fib6TableFactory } from './fib6-table.ts';

/** The functions of vitest, or of a runner with the same words. */
export interface Fib6TestTools {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => void): unknown;
  expect(actual: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void };
}

type Entry = readonly [prefix: string, value: number];

function addr(text: string): In6Addr {
  const a = in6Pton(text);
  if (a === null) throw new Error(`not an address: ${text}`);
  return a;
}

function parse(prefix: string): { readonly a: In6Addr; readonly plen: number } {
  const [text, plen] = prefix.split('/');
  return { a: addr(text), plen: Number(plen) };
}

function set(table: Fib6TableBackend, prefix: string, value: number): void {
  const { a, plen } = parse(prefix);
  table.set(a.w0, a.w1, a.w2, a.w3, plen, value);
}

function get(table: Fib6TableBackend, prefix: string): number {
  const { a, plen } = parse(prefix);
  return table.get(a.w0, a.w1, a.w2, a.w3, plen);
}

function del(table: Fib6TableBackend, prefix: string): boolean {
  const { a, plen } = parse(prefix);
  return table.delete(a.w0, a.w1, a.w2, a.w3, plen);
}

function lookup(table: Fib6TableBackend, text: string, maxPlen: number = 128): number {
  const a = addr(text);
  return table.lookup(a.w0, a.w1, a.w2, a.w3, maxPlen);
}

function filled(factory: Fib6TableFactory, entries: readonly Entry[]): Fib6TableBackend {
  const table = factory();
  for (const [prefix, value] of entries) set(table, prefix, value);
  return table;
}

const NESTED: readonly Entry[] = [
  ['::/0', 1],
  ['2001:db8::/32', 2],
  ['2001:db8:1::/48', 3],
  ['2001:db8:1:2::/64', 4],
  ['2001:db8:1:2:3::/80', 5],
  ['2001:db8:1:2:3:4:5:6/128', 6],
];

/** Declares the tests that every algorithm must pass, as a `describe` block of the name. */
export function describeFib6Table(name: string, factory: Fib6TableFactory, tools: Fib6TestTools): void {
  tools.describe(`${name} as a table of IPv6`, () => {
    exactEntries(factory, tools);
    coverage(factory, tools);
    wholeTable(factory, tools);
    againstReference(factory, tools);
  });
}

function exactEntries(factory: Fib6TableFactory, { it, expect }: Fib6TestTools): void {
  it('is empty when new', () => {
    const table = factory();
    expect([table.size, get(table, '::/0'), del(table, '::/0'), lookup(table, '2001:db8::1')]).toEqual([0, -1, false, -1]);
  });

  it('gets exactly the prefix and length that was set', () => {
    const table = filled(factory, [['2001:db8::/32', 7]]);
    expect(['2001:db8::/32', '2001:db8::/33', '2001:db8::/31', '2001:db9::/32'].map((p) => get(table, p))).toEqual([7, -1, -1, -1]);
  });

  it('keeps values from 0 to 2^30-1, and replaces one without counting it twice', () => {
    const table = filled(factory, [['::/0', 9], ['::/0', 0], ['2001:db8::/32', 1], ['2001:db8::/32', 2 ** 30 - 1]]);
    expect([table.size, lookup(table, '::'), lookup(table, '2001:db8::1')]).toEqual([2, 0, 2 ** 30 - 1]);
  });

  it('deletes exactly one prefix, says when there was none, and takes it back', () => {
    const table = filled(factory, [['2001:db8::/32', 1], ['2001:db8::/48', 2]]);
    expect([del(table, '2001:db8::/40'), del(table, '2001:db8::/32'), del(table, '2001:db8::/32')]).toEqual([false, true, false]);
    expect([table.size, get(table, '2001:db8::/48'), lookup(table, '2001:db8:1::')]).toEqual([1, 2, -1]);
    set(table, '2001:db8::/32', 5);
    expect([table.size, lookup(table, '2001:db8:1::')]).toEqual([2, 5]);
  });
}

function coverage(factory: Fib6TableFactory, { it, expect }: Fib6TestTools): void {
  it('prefers the longest of nested prefixes, in whatever order they came', () => {
    for (const entries of [NESTED, [...NESTED].reverse()]) {
      const table = filled(factory, entries);
      const found = ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:7', '2001:db8:1:2:4::', '2001:db8:1:3::', '2001:db8:2::', '2001:db9::'].map((a) => lookup(table, a));
      expect(found).toEqual([6, 5, 4, 3, 2, 1]);
    }
  });

  it('passes over prefixes longer than maxPlen', () => {
    const table = filled(factory, NESTED);
    const found = [128, 127, 80, 79, 64, 63, 48, 47, 32, 31, 0].map((max) => lookup(table, '2001:db8:1:2:3:4:5:6', max));
    expect(found).toEqual([6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1]);
  });

  it('covers from the first to the last address of a prefix, for every length', () => {
    for (let plen = 1; plen <= 128; plen++) {
      const within = new In6Addr(0xa5a5a5a5, 0xa5a5a5a5, 0xa5a5a5a5, 0xa5a5a5a5);
      const word = (i: number, last: number): number => (words(within)[i] & in6MaskWord(plen, i)) | (last & ~in6MaskWord(plen, i));
      const table = factory();
      table.set(word(0, 0), word(1, 0), word(2, 0), word(3, 0), plen, plen);
      const at = (last: number): number => table.lookup(word(0, last), word(1, last), word(2, last), word(3, last), 128);
      const other = words(within).map((w, i) => w ^ (i === (plen - 1) >> 5 ? 1 << (31 - ((plen - 1) & 31)) : 0));
      expect([plen, at(0), at(-1), table.lookup(other[0], other[1], other[2], other[3], 128)]).toEqual([plen, plen, plen, -1]);
    }
  });

  it('falls back to the next shorter prefix when one is deleted', () => {
    const table = filled(factory, NESTED);
    const found: number[] = [];
    for (const [prefix] of [...NESTED].reverse()) {
      found.push(lookup(table, '2001:db8:1:2:3:4:5:6'));
      del(table, prefix);
    }
    expect([...found, lookup(table, '2001:db8:1:2:3:4:5:6'), table.size]).toEqual([6, 5, 4, 3, 2, 1, -1, 0]);
  });
}

function wholeTable(factory: Fib6TableFactory, { it, expect }: Fib6TestTools): void {
  it('walks ascending by unsigned prefix, then by length', () => {
    const order = ['::/0', '::1/128', '2001:db8::/32', '2001:db8::/48', '2001:db8::/128', '2001:db8:1::/48', 'fe80::/64', 'ff00::/8'];
    const table = filled(factory, [...order.keys()].reverse().map((i) => [order[i], i]));
    const seen: string[] = [];
    table.walk((w0, w1, w2, w3, plen) => seen.push(`${new In6Addr(w0, w1, w2, w3).toString()}/${plen}`));
    expect(seen).toEqual(order);
  });
}

function words({ w0, w1, w2, w3 }: In6Addr): number[] {
  return [w0, w1, w2, w3];
}

/** xorshift: the same random tables in every run. */
function randomNumbers(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** The definition of longest-prefix match, written down naively. */
class Reference {
  private readonly values: Map<string, number> = new Map();

  private key(a: readonly number[], plen: number): string {
    return `${a.map((w, i) => w & in6MaskWord(plen, i)).join()}/${plen}`;
  }

  get size(): number {
    return this.values.size;
  }

  set(a: readonly number[], plen: number, value: number): void {
    this.values.set(this.key(a, plen), value);
  }

  delete(a: readonly number[], plen: number): boolean {
    return this.values.delete(this.key(a, plen));
  }

  lookup(a: readonly number[], maxPlen: number): number {
    for (let plen = maxPlen; plen >= 0; plen--) {
      const value = this.values.get(this.key(a, plen));
      if (value !== undefined) return value;
    }
    return -1;
  }
}

/** Addresses that share many leading bits, so that prefixes nest, and lengths of all kinds. */
function randomPrefix(random: () => number): { readonly a: number[]; readonly plen: number } {
  const few = (n: number): number => (random() % n) * 0x01000193;
  const a = [few(3) ^ 0x20010000, random() % 2 === 0 ? few(4) : random() | 0, few(3), random() % 3 === 0 ? random() | 0 : few(3)].map((w) => w | 0);
  const plen = random() % 4 === 0 ? [0, 32, 48, 64, 96, 128][random() % 6] : random() % 129;
  return { a, plen };
}

function againstReference(factory: Fib6TableFactory, { it, expect }: Fib6TestTools): void {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`finds and forgets the same as a linear search, random tables ${seed}`, () => {
      const random = randomNumbers(seed * 0x9e3779b1);
      const table = factory();
      const reference = new Reference();
      const wrong: string[] = [];
      for (let step = 0; step < 4000; step++) {
        const { a, plen } = randomPrefix(random);
        const m = a.map((w, i) => w & in6MaskWord(plen, i));
        const grows = step % 2000 < 1200 ? random() % 4 !== 0 : random() % 4 === 0;
        if (grows) {
          table.set(m[0], m[1], m[2], m[3], plen, step);
          reference.set(a, plen, step);
        } else if (table.delete(m[0], m[1], m[2], m[3], plen) !== reference.delete(a, plen)) wrong.push(`delete at ${step}`);
        const max = random() % 3 === 0 ? random() % 129 : 128;
        const q = randomPrefix(random).a;
        const [got, want] = [table.lookup(q[0], q[1], q[2], q[3], max), reference.lookup(q, max)];
        if (got !== want) wrong.push(`${new In6Addr(...(q as [number, number, number, number])).toString()} up to ${max} at ${step}: ${got}, not ${want}`);
      }
      expect(wrong).toEqual([]);
      expect(table.size).toBe(reference.size);
    });
  }
}
