import { describe, expect, it } from 'vitest';
import { FibTrie } from '../src/index.ts';
import type { FibTrieStat } from '../src/index.ts';
import { NESTED, NESTED_AFTER_DELETE, SPREAD, SPREAD_STAT } from './kernel-tries.ts';

const dotted = (addr: number): string => [24, 16, 8, 0].map((shift) => (addr >>> shift) & 255).join('.');

function parse(route: string): [prefix: number, plen: number] {
  const [a, b, c, d, plen] = route.split(/[./]/).map(Number);
  return [((a << 24) | (b << 16) | (c << 8) | d) >>> 0, plen];
}

function trieOf(routes: string[]): FibTrie {
  const trie = new FibTrie();
  for (const route of routes) trie.set(...parse(route), 1);
  return trie;
}

/** As /proc/net/fib_trie prints a trie of blackhole routes. */
function fibTrieText(trie: FibTrie): string {
  let text = '\n';
  const line = (depth: number, words: string): void => {
    text += `  ${'   '.repeat(depth)}${words}\n`;
  };
  trie.walkNodes({
    tnode: (key, pos, bits, full, empty, depth) => line(depth, `+-- ${dotted(key)}/${32 - pos - bits} ${bits} ${full} ${empty}`),
    leaf: (key, depth) => line(depth, `|-- ${dotted(key)}`),
    prefix: (_key, plen, _value, depth) => line(depth + 1, `/${plen} universe BLACKHOLE`),
  });
  return text;
}

/** As /proc/net/fib_triestat prints the figures that do not depend on the kernel's node sizes. */
function triestatText(stat: FibTrieStat): string {
  const sizes = stat.internalNodesBySize.flatMap((count, bits) => (count > 0 ? [`  ${bits}: ${count}`] : []));
  const pointers = stat.internalNodesBySize.reduce((sum, count, bits) => sum + count * 2 ** bits, 0);
  return `
\tAver depth:     ${(Math.floor(stat.averageDepth * 100) / 100).toFixed(2)}
\tMax depth:      ${stat.maxDepth}
\tLeaves:         ${stat.leaves}
\tPrefixes:       ${stat.prefixes}
\tInternal nodes: ${stat.tnodes}
\t${sizes.join('')}
\tPointers: ${pointers}
Null ptrs: ${stat.nullPointers}
`;
}

/** xorshift: the same numbers in every run. */
function randomNumbers(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

function randomTrie(prefixes: number): FibTrie {
  const random = randomNumbers(9);
  const trie = new FibTrie();
  for (let value = 0; trie.size < prefixes; value++) {
    const plen = 16 + (random() % 4) * 3;
    trie.set((random() & (-1 << (32 - plen))) >>> 0, plen, value);
  }
  return trie;
}

describe('the shape of the trie', () => {
  it.each([['nested prefixes', NESTED], ['spread prefixes', SPREAD]])('is node for node that of Linux for %s [FTAB-09, FTAB-11]', (_, { routes, text }) => {
    expect(fibTrieText(trieOf(routes))).toBe(text);
  });

  it('shrinks as that of Linux when routes go [FTAB-09]', () => {
    const trie = trieOf(NESTED.routes);
    for (const route of NESTED.routes.slice(-2)) trie.delete(...parse(route));
    expect(fibTrieText(trie)).toBe(NESTED_AFTER_DELETE);
  });

  it('counts what Linux counts', () => {
    expect(triestatText(trieOf(SPREAD.routes).stat())).toBe(SPREAD_STAT);
  });

  it('is a bare leaf with one key, and nothing without', () => {
    const trie = trieOf(['10.0.0.0/8', '10.0.0.0/16']);
    expect(trie.stat()).toMatchObject({ leaves: 1, prefixes: 2, tnodes: 0, nullPointers: 0, averageDepth: 0, maxDepth: 0 });
    trie.delete(...parse('10.0.0.0/8'));
    trie.delete(...parse('10.0.0.0/16'));
    expect(trie.stat()).toMatchObject({ leaves: 0, prefixes: 0, tnodes: 0, averageDepth: 0, internalNodesBySize: [] });
    expect(fibTrieText(trie)).toBe('\n');
  });

  it('hands the values of a leaf to the visitor, the longest prefix first', () => {
    const trie = new FibTrie();
    for (const plen of [8, 24, 16]) trie.set(0x0a000000, plen, plen * 100);
    const seen: number[][] = [];
    trie.walkNodes({ tnode: () => seen.push([-1]), leaf: (key, depth) => seen.push([key, depth]), prefix: (...args) => seen.push(args) });
    expect(seen).toEqual([[0x0a000000, 0], [0x0a000000, 24, 2400, 0], [0x0a000000, 16, 1600, 0], [0x0a000000, 8, 800, 0]]);
  });
});

describe('the size of the trie', () => {
  const first = 0xc0a80000;

  it('is one node of 2^16 children for 2^16 consecutive host routes, and shrinks back to none', () => {
    const trie = new FibTrie();
    for (let i = 0; i < 65536; i++) trie.set(first + i, 32, i);
    expect(trie.stat()).toMatchObject({ leaves: 65536, tnodes: 1, nullPointers: 0, maxDepth: 1 });
    expect(trie.stat().internalNodesBySize[16]).toBe(1);
    for (let i = 0; i < 65536 - 5; i++) trie.delete(first + i, 32);
    expect(trie.stat().internalNodesBySize.length).toBeLessThanOrEqual(5);
    expect(trie.lookup(first + 65535, 32)).toBe(65535);
    for (let i = 65536 - 5; i < 65536; i++) trie.delete(first + i, 32);
    expect(trie.stat()).toMatchObject({ leaves: 0, tnodes: 0 });
  });

  it('gives the memory of an emptied table back', () => {
    const trie = new FibTrie();
    const { bytes } = trie.stat();
    for (let i = 0; i < 65536; i++) trie.set(first + i, 32, i);
    expect(trie.stat().bytes).toBeGreaterThan(1_000_000);
    for (let i = 0; i < 65536; i++) trie.delete(first + i, 32);
    expect(trie.stat().bytes).toBe(bytes);
  });

  it('gives memory back while some routes stay, and still finds them', () => {
    const trie = randomTrie(50_000);
    const entries: [number, number, number][] = [];
    trie.walk((prefix, plen, value) => entries.push([prefix, plen, value]));
    const { bytes } = trie.stat();
    const [gone, kept] = [entries.filter((_, i) => i % 10 !== 0), entries.filter((_, i) => i % 10 === 0)];
    for (const [prefix, plen] of gone) trie.delete(prefix, plen);
    expect(trie.stat().bytes).toBeLessThan(bytes / 3);
    expect(kept.every(([prefix, plen, value]) => trie.get(prefix, plen) === value)).toBe(true);
  });

  it('reuses the memory of deleted routes', () => {
    const trie = randomTrie(20_000);
    const { bytes } = trie.stat();
    const random = randomNumbers(3);
    for (let i = 0; i < 200_000; i++) {
      const prefix = (random() & 0xffffff00) >>> 0;
      if (trie.get(prefix, 24) >= 0) continue;
      trie.set(prefix, 24, i);
      trie.delete(prefix, 24);
    }
    expect(trie.size).toBe(20_000);
    expect(trie.stat().bytes).toBeLessThanOrEqual(2 * bytes);
  });

  it('stays a few nodes deep and under 100 bytes a route with 200,000 routes [FTAB-17]', () => {
    const [small, large] = [randomTrie(2_000).stat(), randomTrie(200_000).stat()];
    expect(large.prefixes).toBe(200_000);
    expect(large.averageDepth - small.averageDepth).toBeLessThan(2);
    expect(large.maxDepth).toBeLessThanOrEqual(8);
    expect(large.bytes).toBeLessThan(100 * 200_000);
  });
});

describe('lookups in a large trie', () => {
  it('give the same answers in lists and one by one, and each route its own addresses [FTAB-09]', () => {
    const trie = randomTrie(200_000);
    const random = randomNumbers(4);
    const addrs = Uint32Array.from({ length: 100_000 }, () => random());
    const out = new Int32Array(addrs.length);
    trie.lookupList(addrs, addrs.length, out);
    const entries = new Map<number, [number, number]>();
    trie.walk((prefix, plen, value) => entries.set(value, [prefix, plen]));
    let wrong = 0;
    addrs.forEach((addr, i) => {
      const entry = entries.get(out[i]);
      const isCovered = entry === undefined || (entry[0] ^ addr) >>> (32 - entry[1]) === 0;
      if (!isCovered || out[i] !== trie.lookup(addr, 32)) wrong++;
    });
    expect(wrong).toBe(0);
    expect(out.filter((value) => value >= 0).length).toBeGreaterThan(1000);
  });
});
