/**
 * Two compliance suites. For longest-prefix algorithms: whoever writes a {@link FibTableBackend} runs it against theirs.
 *
 * ```ts
 * import fc from 'fast-check';
 * import { describe, expect, it } from 'vitest';
 * import { describeFibTable } from '@skbuff/fib/testing';
 *
 * describeFibTable('MyTable', () => new MyTable(), { describe, it, expect, fc });
 * ```
 *
 * For whole routing providers: whoever writes a plugin that sets `ipv4.routing` gives the plugins of a kernel with it.
 *
 * ```ts
 * import { describeRoutingProvider } from '@skbuff/fib/testing';
 *
 * describeRoutingProvider('my routing', () => [netlink(), sysctl(), procfs(), neighbour(), ipv4(), myRouting(), loopback()], { describe, it, expect });
 * ```
 *
 * The test functions are passed in, so that this package depends on no test runner.
 *
 * @packageDocumentation
 */
import type { FibTableBackend, FibTableFactory } from './fib-table.ts';

export { describeRoutingProvider, type ProviderAbility, type ProviderLimits, type ProviderPlugins, type ProviderTestTools } from './testing-provider.ts';

/** What the suite uses of fast-check. */
export interface FastCheckLike {
  integer(constraints: { min: number; max: number }): unknown;
  tuple(...parts: never[]): unknown;
  array(of: never, constraints: { maxLength: number }): unknown;
  property(of: never, check: (value: never) => void): unknown;
  assert(property: never, parameters: { numRuns: number }): unknown;
}

/** The functions of vitest (or of a runner with the same words) and fast-check. */
export interface FibTestTools {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => void): unknown;
  expect(actual: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void };
  fc: FastCheckLike;
}

const LAST_ADDRESS = 0xffffffff;
const MAX_VALUE = 2 ** 30 - 1;

/** Address from its four numbers. */
function ip(a: number, b: number, c: number, d: number): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function cut(addr: number, plen: number): number {
  return plen === 0 ? 0 : (addr & (-1 << (32 - plen))) >>> 0;
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

/** The definition of longest-prefix match, written down naively: one map, every length tried from the longest to 0. */
class Reference {
  private readonly values: Map<number, number> = new Map();

  get size(): number {
    return this.values.size;
  }

  get(prefix: number, plen: number): number {
    return this.values.get(prefix * 64 + plen) ?? -1;
  }

  set(prefix: number, plen: number, value: number): void {
    this.values.set(prefix * 64 + plen, value);
  }

  delete(prefix: number, plen: number): boolean {
    return this.values.delete(prefix * 64 + plen);
  }

  lookup(addr: number, maxPlen: number): number {
    let plen = maxPlen;
    while (plen > 0 && this.get(cut(addr, plen), plen) < 0) plen--;
    return this.get(cut(addr, plen), plen);
  }

  entries(): number[][] {
    const keys = [...this.values.keys()].sort((a, b) => a - b);
    return keys.map((key) => [Math.floor(key / 64), key % 64, this.values.get(key)!]);
  }
}

function entriesOf(table: FibTableBackend): number[][] {
  const entries: number[][] = [];
  table.walk((prefix, plen, value) => entries.push([prefix, plen, value]));
  return entries;
}

/** The table, filled with `[prefix, plen, value]`. */
function filled(factory: FibTableFactory, entries: number[][]): FibTableBackend {
  const table = factory();
  for (const [prefix, plen, value] of entries) table.set(prefix, plen, value);
  return table;
}

/** Declares the tests that every algorithm must pass, as a `describe` block of the name. */
export function describeFibTable(name: string, factory: FibTableFactory, tools: FibTestTools): void {
  tools.describe(`${name} as a FIB table`, () => {
    exactEntries(factory, tools);
    coverage(factory, tools);
    shorterOnDemand(factory, tools);
    edges(factory, tools);
    wholeTable(factory, tools);
    againstReference(factory, tools);
  });
}

function exactEntries(factory: FibTableFactory, { it, expect }: FibTestTools): void {
  it('is empty when new', () => {
    const table = factory();
    expect(table.size).toBe(0);
    expect(table.get(0, 0)).toBe(-1);
    expect(table.delete(0, 0)).toBe(false);
    expect(table.lookup(ip(10, 0, 0, 1), 32)).toBe(-1);
    expect(entriesOf(table)).toEqual([]);
  });

  it('tells tables apart', () => {
    filled(factory, [[ip(10, 0, 0, 0), 8, 1]]);
    expect(factory().lookup(ip(10, 0, 0, 1), 32)).toBe(-1);
  });

  it('gets exactly the prefix and length that was set', () => {
    const table = filled(factory, [[ip(10, 0, 0, 0), 8, 7]]);
    expect(table.get(ip(10, 0, 0, 0), 8)).toBe(7);
    expect(table.get(ip(10, 0, 0, 0), 9)).toBe(-1);
    expect(table.get(ip(10, 0, 0, 0), 7)).toBe(-1);
    expect(table.get(ip(11, 0, 0, 0), 8)).toBe(-1);
  });

  it('keeps values from 0 to 2^30-1', () => {
    const table = filled(factory, [[ip(10, 0, 0, 0), 8, 0], [ip(11, 0, 0, 0), 8, MAX_VALUE]]);
    expect(table.get(ip(10, 0, 0, 0), 8)).toBe(0);
    expect(table.lookup(ip(10, 9, 9, 9), 32)).toBe(0);
    expect(table.lookup(ip(11, 9, 9, 9), 32)).toBe(MAX_VALUE);
  });

  it('replaces the value of a prefix without counting it twice', () => {
    const table = filled(factory, [[ip(10, 0, 0, 0), 8, 1], [ip(10, 0, 0, 0), 8, 2]]);
    expect(table.size).toBe(1);
    expect(table.get(ip(10, 0, 0, 0), 8)).toBe(2);
    expect(table.lookup(ip(10, 1, 2, 3), 32)).toBe(2);
  });

  it('counts prefixes that differ in length only', () => {
    const table = filled(factory, [[ip(10, 0, 0, 0), 8, 1], [ip(10, 0, 0, 0), 16, 2], [ip(10, 0, 0, 0), 24, 3]]);
    expect(table.size).toBe(3);
    expect([8, 16, 24].map((plen) => table.get(ip(10, 0, 0, 0), plen))).toEqual([1, 2, 3]);
  });

  it('deletes exactly one prefix, and says when there was none', () => {
    const table = filled(factory, [[ip(10, 0, 0, 0), 8, 1], [ip(10, 0, 0, 0), 16, 2]]);
    expect(table.delete(ip(10, 0, 0, 0), 12)).toBe(false);
    expect(table.delete(ip(10, 1, 0, 0), 16)).toBe(false);
    expect(table.delete(ip(10, 0, 0, 0), 8)).toBe(true);
    expect(table.delete(ip(10, 0, 0, 0), 8)).toBe(false);
    expect(table.size).toBe(1);
    expect(table.get(ip(10, 0, 0, 0), 16)).toBe(2);
  });

  it('takes a prefix back after it was deleted', () => {
    const table = filled(factory, [[ip(10, 0, 0, 0), 8, 1]]);
    table.delete(ip(10, 0, 0, 0), 8);
    table.set(ip(10, 0, 0, 0), 8, 5);
    expect(table.size).toBe(1);
    expect(table.lookup(ip(10, 0, 0, 1), 32)).toBe(5);
  });
}

const NESTED = [[0, 0, 1], [ip(10, 0, 0, 0), 8, 2], [ip(10, 1, 0, 0), 16, 3], [ip(10, 1, 2, 0), 24, 4], [ip(10, 1, 2, 3), 32, 5]];

function coverage(factory: FibTableFactory, { it, expect }: FibTestTools): void {
  it('answers from the default route where nothing longer covers', () => {
    const table = filled(factory, [[0, 0, 1], [ip(10, 0, 0, 0), 8, 2]]);
    expect(table.lookup(ip(11, 0, 0, 0), 32)).toBe(1);
    expect(table.lookup(ip(9, 255, 255, 255), 32)).toBe(1);
    expect(table.lookup(ip(10, 255, 255, 255), 32)).toBe(2);
  });

  it('answers -1 where nothing covers', () => {
    const table = filled(factory, NESTED.slice(1));
    expect(table.lookup(ip(9, 255, 255, 255), 32)).toBe(-1);
    expect(table.lookup(ip(11, 0, 0, 0), 32)).toBe(-1);
    expect(table.lookup(0, 32)).toBe(-1);
  });

  it('matches a host route by its one address only', () => {
    const table = filled(factory, [[ip(10, 0, 0, 2), 32, 1], [ip(10, 0, 0, 4), 32, 2]]);
    const found = [1, 2, 3, 4, 5].map((host) => table.lookup(ip(10, 0, 0, host), 32));
    expect(found).toEqual([-1, 1, -1, 2, -1]);
  });

  it('prefers the longest of nested prefixes, in whatever order they came', () => {
    for (const entries of [NESTED, [...NESTED].reverse()]) {
      const table = filled(factory, entries);
      const addresses = [ip(10, 1, 2, 3), ip(10, 1, 2, 4), ip(10, 1, 3, 3), ip(10, 2, 2, 3), ip(11, 1, 2, 3)];
      expect(addresses.map((addr) => table.lookup(addr, 32))).toEqual([5, 4, 3, 2, 1]);
    }
  });

  it('covers from the first to the last address of a prefix, for every length', () => {
    for (let plen = 1; plen <= 32; plen++) {
      const first = cut(ip(172, 21, 85, 170), plen);
      const last = (first + 2 ** (32 - plen) - 1) >>> 0;
      const table = filled(factory, [[first, plen, plen]]);
      const found = [first - 1, first, last, last + 1].map((addr) => table.lookup(addr >>> 0, 32));
      expect([plen, found]).toEqual([plen, [-1, plen, plen, -1]]);
    }
  });

  it('falls back to the next shorter prefix when one is deleted', () => {
    const table = filled(factory, NESTED);
    const found: number[] = [];
    for (const [prefix, plen] of [...NESTED].reverse()) {
      found.push(table.lookup(ip(10, 1, 2, 3), 32));
      table.delete(prefix, plen);
    }
    expect([...found, table.lookup(ip(10, 1, 2, 3), 32), table.size]).toEqual([5, 4, 3, 2, 1, -1, 0]);
  });

  it('still finds the short prefix when the long one beside it was deleted', () => {
    const table = filled(factory, [[ip(10, 0, 0, 0), 8, 1], [ip(10, 0, 0, 0), 24, 2], [ip(10, 128, 0, 0), 9, 3]]);
    table.delete(ip(10, 128, 0, 0), 9);
    expect(table.lookup(ip(10, 200, 0, 1), 32)).toBe(1);
    table.delete(ip(10, 0, 0, 0), 8);
    expect(table.lookup(ip(10, 200, 0, 1), 32)).toBe(-1);
    expect(table.lookup(ip(10, 0, 0, 1), 32)).toBe(2);
  });
}

function shorterOnDemand(factory: FibTableFactory, { it, expect }: FibTestTools): void {
  it('passes over prefixes longer than maxPlen', () => {
    const table = filled(factory, NESTED);
    const found = [32, 31, 24, 23, 16, 15, 8, 7, 0].map((maxPlen) => table.lookup(ip(10, 1, 2, 3), maxPlen));
    expect(found).toEqual([5, 4, 4, 3, 3, 2, 2, 1, 1]);
  });

  it('passes over longer prefixes of the same bits', () => {
    const table = filled(factory, [8, 16, 24, 32].map((plen) => [ip(10, 0, 0, 0), plen, plen]));
    const found = [32, 31, 23, 15, 7].map((maxPlen) => table.lookup(ip(10, 0, 0, 0), maxPlen));
    expect(found).toEqual([32, 24, 16, 8, -1]);
  });

  it('answers -1 when all that covers is longer than maxPlen', () => {
    const table = filled(factory, [[ip(192, 168, 0, 0), 16, 1], [ip(192, 168, 7, 0), 24, 2]]);
    expect(table.lookup(ip(192, 168, 7, 1), 15)).toBe(-1);
    expect(table.lookup(ip(192, 168, 7, 1), 0)).toBe(-1);
  });
}

function edges(factory: FibTableFactory, { it, expect }: FibTestTools): void {
  it('covers all addresses with 0.0.0.0/0', () => {
    const table = filled(factory, [[0, 0, 3]]);
    for (const addr of [0, 1, ip(127, 255, 255, 255), ip(128, 0, 0, 0), LAST_ADDRESS]) expect(table.lookup(addr, 32)).toBe(3);
    expect(table.lookup(LAST_ADDRESS, 0)).toBe(3);
    expect(table.delete(0, 0)).toBe(true);
    expect(table.lookup(0, 32)).toBe(-1);
  });

  it('tells 0.0.0.0/0, /1 and /32 apart', () => {
    const table = filled(factory, [[0, 0, 1], [0, 1, 2], [0, 32, 3]]);
    expect([0, 1, ip(128, 0, 0, 0)].map((addr) => table.lookup(addr, 32))).toEqual([3, 2, 1]);
    table.delete(0, 1);
    expect([0, 1, ip(128, 0, 0, 0)].map((addr) => table.lookup(addr, 32))).toEqual([3, 1, 1]);
  });

  it('keeps 255.255.255.255/32 beside both halves of the address space', () => {
    const table = filled(factory, [[LAST_ADDRESS, 32, 1], [0, 1, 2], [ip(128, 0, 0, 0), 1, 3]]);
    expect(table.get(LAST_ADDRESS, 32)).toBe(1);
    const found = [LAST_ADDRESS, LAST_ADDRESS - 1, ip(128, 0, 0, 0), ip(127, 255, 255, 255), 0].map((addr) => table.lookup(addr, 32));
    expect(found).toEqual([1, 3, 3, 2, 2]);
    expect(table.lookup(LAST_ADDRESS, 31)).toBe(3);
  });
}

function wholeTable(factory: FibTableFactory, { it, expect }: FibTestTools): void {
  it('walks in ascending order of prefix, then of length', () => {
    const order = [
      [0, 0, 1], [0, 32, 2], [ip(9, 0, 0, 0), 8, 3], [ip(10, 0, 0, 0), 8, 4], [ip(10, 0, 0, 0), 24, 5], [ip(10, 0, 1, 0), 24, 6],
      [ip(128, 0, 0, 0), 1, 7], [ip(192, 168, 0, 0), 16, 8], [LAST_ADDRESS, 32, 9],
    ];
    expect(entriesOf(filled(factory, [...order].reverse()))).toEqual(order);
    expect(entriesOf(filled(factory, order))).toEqual(order);
  });

  it('looks a list up as it does one by one, and leaves the rest of the output alone', () => {
    const table = filled(factory, NESTED);
    const addrs = Uint32Array.from({ length: 300 }, (_, i) => [ip(10, 1, 2, i & 3), ip(10, 1, i & 3, 9), ip(10 + (i & 1), i & 3, 0, 0)][i % 3]);
    for (const n of [0, 1, 63, 64, 65, 299]) {
      const out = new Int32Array(300).fill(-77);
      table.lookupList(addrs, n, out);
      expect(Array.from(out)).toEqual(Array.from(addrs, (addr, i) => (i < n ? table.lookup(addr, 32) : -77)));
    }
  });

  it('looks a list up in an empty table', () => {
    const out = new Int32Array(2);
    factory().lookupList(Uint32Array.of(0, LAST_ADDRESS), 2, out);
    expect(Array.from(out)).toEqual([-1, -1]);
  });
}

type Step = [kind: number, addr: number, plen: number, value: number, isDense: number];

/** One step of a random life, done to both; then whether both answer the same. */
function agree(table: FibTableBackend, reference: Reference, [kind, random, plen, value, isDense]: Step): boolean {
  // Few address bits make prefixes meet and nest; many spread them over the tree.
  const addr = isDense ? (random & ip(129, 0, 3, 7)) >>> 0 : random;
  const prefix = cut(addr, plen);
  if (kind < 3) {
    table.set(prefix, plen, value);
    reference.set(prefix, plen, value);
  } else if (kind < 5 && table.delete(prefix, plen) !== reference.delete(prefix, plen)) {
    return false;
  }
  return table.size === reference.size && table.get(prefix, plen) === reference.get(prefix, plen)
    && table.lookup(addr, 32) === reference.lookup(addr, 32) && table.lookup(random, plen) === reference.lookup(random, plen);
}

function againstReference(factory: FibTableFactory, { it, expect, fc }: FibTestTools): void {
  it('answers as the definition does through any sequence of inserts, deletes and lookups', () => {
    const numbers = [5, LAST_ADDRESS, 32, MAX_VALUE, 1].map((max) => fc.integer({ min: 0, max }));
    const steps = fc.array(fc.tuple(...(numbers as never[])) as never, { maxLength: 120 });
    const check = (list: Step[]): void => {
      const table = factory();
      const reference = new Reference();
      for (const step of list) expect(agree(table, reference, step)).toBe(true);
      expect(entriesOf(table)).toEqual(reference.entries());
    };
    fc.assert(fc.property(steps as never, check as (value: never) => void) as never, { numRuns: 300 });
  });

  it('answers 20,000 lookups in random tables as the definition does', () => {
    const random = randomNumbers(0x5eed);
    for (const size of [1, 2, 5, 20, 50, 100, 300, 600, 1000, 2000]) randomTable(size, random);
  });

  it('is what it would be had the deleted prefixes never been there', () => {
    const random = randomNumbers(77);
    const table = factory();
    const reference = new Reference();
    const prefixes = Array.from({ length: 3000 }, () => randomPrefix(random));
    for (const [prefix, plen] of prefixes) table.set(prefix, plen, 1);
    for (const [prefix, plen] of prefixes.slice(500)) table.delete(prefix, plen);
    for (const [prefix, plen] of prefixes.slice(0, 500)) {
      table.set(prefix, plen, plen);
      reference.set(prefix, plen, plen);
    }
    expect(entriesOf(table)).toEqual(reference.entries());
  });

  function randomTable(size: number, random: () => number): void {
    const table = factory();
    const reference = new Reference();
    for (let i = 0; i < size; i++) {
      const [prefix, plen] = randomPrefix(random);
      table.set(prefix, plen, i);
      reference.set(prefix, plen, i);
    }
    const known = reference.entries();
    // Half of the addresses lie in or just beside a prefix of the table, the others anywhere.
    const addrs = Uint32Array.from({ length: 2000 }, (_, i) => (i & 1 ? random() : known[random() % known.length][0] ^ (random() >>> (random() & 31))));
    const out = new Int32Array(2000);
    table.lookupList(addrs, 2000, out);
    expect(Array.from(addrs, (addr) => table.lookup(addr, 32))).toEqual(Array.from(addrs, (addr) => reference.lookup(addr, 32)));
    expect(Array.from(out)).toEqual(Array.from(addrs, (addr) => reference.lookup(addr, 32)));
  }
}

/** Three quarters in 10.0.0.0/12, so that many nest. */
function randomPrefix(random: () => number): [prefix: number, plen: number] {
  const plen = random() % 33;
  const addr = random() & 3 ? ip(10, random() & 15, random() & 255, random() & 255) : random();
  return [cut(addr, plen), plen];
}
