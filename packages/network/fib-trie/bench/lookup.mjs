// Nanoseconds per lookup with 10, 10 k and 1 M prefixes, one at a time and in lists of 64. Build first, then: node bench/lookup.mjs
// Variants take turns within a round; the medians of 7 rounds are printed.
import { FibTrie } from '../dist/index.js';

const ROUNDS = 7;
const LOOKUPS = 1 << 20;
// Percent of a public IPv4 table per prefix length, roughly.
const SHARES = { 24: 60, 22: 11.6, 23: 9.6, 21: 5.2, 20: 4.6, 19: 2.8, 18: 1.5, 16: 1.5, 17: 0.9, 29: 0.3, 25: 0.3, 26: 0.3, 27: 0.3, 28: 0.3, 30: 0.3, 32: 0.3, 15: 0.1, 14: 0.06, 13: 0.03, 12: 0.01 };

/** @param {number} seed */
function randomNumbers(seed) {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** @param {() => number} random */
function randomPlen(random) {
  let x = (random() / 2 ** 32) * 100;
  for (const [plen, share] of Object.entries(SHARES)) if ((x -= share) < 0) return Number(plen);
  return 24;
}

/**
 * `count` different prefixes within 1.0.0.0 to 223.255.255.255; half of them crowd in a quarter of the space.
 * @param {number} count
 * @param {() => number} random
 */
function makePrefixes(count, random) {
  const seen = new Set();
  const prefixes = [];
  while (prefixes.length < count) {
    const plen = randomPlen(random);
    let addr = (((1 + (random() % 223)) << 24) | (random() & 0xffffff)) >>> 0;
    if (random() & 1) addr = (addr & 0xff3fffff) >>> 0;
    const prefix = (addr & (-1 << (32 - plen))) >>> 0;
    if (seen.has(prefix * 64 + plen)) continue;
    seen.add(prefix * 64 + plen);
    prefixes.push([prefix, plen]);
  }
  return prefixes;
}

/** @param {number[]} numbers */
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** @param {() => void} run */
function time(run) {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start);
}

let sink = 0;

/** @param {number} count */
function measure(count) {
  const random = randomNumbers(42 + count);
  const prefixes = makePrefixes(count, random);
  const build = () => {
    const table = new FibTrie();
    for (let i = 0; i < count; i++) table.set(prefixes[i][0], prefixes[i][1], i);
    return table;
  };
  const table = build();
  // A random address in a random prefix: hostile to every cache.
  const addrs = Uint32Array.from({ length: LOOKUPS }, () => {
    const [prefix, plen] = prefixes[random() % count];
    return (prefix | (plen === 32 ? 0 : random() >>> plen)) >>> 0;
  });
  const lists = Array.from({ length: LOOKUPS / 64 }, (_, i) => addrs.subarray(i * 64, i * 64 + 64));
  const out = new Int32Array(64);
  const builds = Math.ceil(100_000 / count);
  const variants = {
    insert: () => { for (let i = 0; i < builds; i++) sink ^= build().size; },
    lookup: () => {
      let sum = 0;
      for (let i = 0; i < LOOKUPS; i++) sum = (sum + table.lookup(addrs[i], 32)) | 0;
      sink ^= sum;
    },
    // The next address depends on the last answer, so that the processor cannot overlap two lookups.
    serial: () => {
      let last = 0;
      for (let i = 0; i < LOOKUPS; i++) last = table.lookup(addrs[i ^ (last & 1)], 32);
      sink ^= last;
    },
    list64: () => {
      for (let i = 0; i < lists.length; i++) table.lookupList(lists[i], 64, out);
      sink ^= out[63];
    },
  };
  const series = Object.entries(variants).map(([name, run]) => {
    return { name, run, operations: name === 'insert' ? count * builds : LOOKUPS, times: /** @type {number[]} */ ([]) };
  });
  for (let round = -1; round < ROUNDS; round++) {
    for (const { run, operations, times } of series) {
      const ns = time(run) / operations;
      if (round >= 0) times.push(ns); // round -1 warms up
    }
  }
  const { averageDepth, maxDepth, bytes } = table.stat();
  for (const { name, times } of series) {
    const ns = median(times);
    console.log(`${String(count).padStart(8)} prefixes  ${name.padEnd(7)} ${ns.toFixed(1).padStart(8)} ns  ${(1000 / ns).toFixed(2).padStart(7)} M/s`);
  }
  console.log(`${String(count).padStart(8)} prefixes  depth ${averageDepth.toFixed(2)} mean, ${maxDepth} at most; ${(bytes / 2 ** 20).toFixed(1)} MiB, ${(bytes / count).toFixed(1)} B a prefix`);
}

for (const count of [10, 10_000, 1_000_000]) measure(count);
if (sink === 0.5) console.log(sink); // keeps the loops from being optimised away
