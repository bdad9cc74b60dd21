import { createKernel, HZ, type Kernel, SKB_DROP_REASON_FRAG_REASM_TIMEOUT, type SkBuff, VirtualClock } from '@skbuff/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FragQueue, Fqdir, INET_FRAG_DROP, inetFragPullHead, inetFragQueueInsert, inetFragReasm, IPFRAG_DUP, IPFRAG_OVERLAP } from '../src/index.ts';

class TestQueue extends FragQueue {}

let clock: VirtualClock;
let kernel: Kernel;
let fqdir: Fqdir;
let expired: FragQueue[];

beforeEach(() => {
  clock = new VirtualClock();
  kernel = createKernel({ clock, debug: true });
  expired = [];
  fqdir = new Fqdir(kernel.initNet, { qsize: 200, expire: (queue) => void expired.push(queue) });
});

afterEach(() => {
  fqdir.exit();
  expect([fqdir.mem, fqdir.count]).toEqual([0, 0]);
  expect(kernel.shutdown()).toEqual({});
});

function queueOf(hash = 1): TestQueue {
  const queue = new TestQueue(fqdir, hash);
  fqdir.insert(queue);
  return queue;
}

/** Adds bytes `from … to`, each byte its own offset; the verdict. */
function add(queue: FragQueue, from: number, to: number): number {
  const skb = kernel.skbs.alloc(to - from + 16) as SkBuff;
  const at = skb.put(to - from);
  for (let i = 0; i < to - from; i++) skb.bytes[at + i] = from + i;
  const verdict = inetFragQueueInsert(queue, skb, from, to);
  if (verdict !== 0) skb.consume();
  else {
    queue.meat += to - from;
    fqdir.charge(queue, skb.truesize);
  }
  return verdict;
}

describe('insertion', () => {
  it.each([
    ['the same again', [[0, 80], [0, 80]], [0, IPFRAG_DUP]],
    ['a part of one that is there', [[0, 80], [16, 24]], [0, IPFRAG_DUP]],
    ['a part of two that came one after the other', [[0, 40], [40, 80], [24, 56]], [0, 0, IPFRAG_DUP]],
    ['a part of two that met later', [[0, 40], [80, 120], [40, 80], [24, 56]], [0, 0, 0, IPFRAG_OVERLAP]],
    ['one that sticks out behind', [[0, 40], [32, 80]], [0, IPFRAG_OVERLAP]],
    ['one that sticks out in front', [[40, 80], [32, 48]], [0, IPFRAG_OVERLAP]],
    ['one that covers another', [[40, 80], [32, 88]], [0, IPFRAG_OVERLAP]],
    ['one between two', [[0, 40], [80, 120], [40, 80]], [0, 0, 0]],
    ['one before all', [[80, 120], [0, 40]], [0, 0]],
  ] as const)('of %s', (_what, spans, verdicts) => {
    const queue = queueOf();
    expect(spans.map(([from, to]) => add(queue, from, to))).toEqual(verdicts);
  });
});

it('gives back the bytes in order, whatever order they came in', () => {
  const spans = [0, 1, 2, 3, 4].map((i) => [i * 40, i * 40 + 40] as const);
  for (const order of [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [1, 0, 3, 4, 2]]) {
    const queue = queueOf();
    for (const i of order) expect(add(queue, ...(spans[i] as readonly [number, number]))).toBe(0);
    const skb = inetFragReasm(queue) as SkBuff;
    const all = new Uint8Array(200);
    expect([skb.len, skb.copyBits(0, all, 0, 200)]).toEqual([200, true]);
    expect([...all]).toEqual(Array.from({ length: 200 }, (_, i) => i));
    skb.consume();
    queue.destroy();
  }
});

it('makes the first fragment its own when others see its data', () => {
  const queue = queueOf();
  add(queue, 0, 40);
  add(queue, 40, 80);
  const tap = (queue.runs[0]?.first as SkBuff).clone() as SkBuff;
  const skb = inetFragReasm(queue) as SkBuff;
  expect([tap.shinfo.fragList, skb.len]).toEqual([null, 80]);
  tap.consume();
  skb.consume();
  queue.destroy();
});

it('hands out the first fragment alone, if it is there', () => {
  const queue = queueOf();
  add(queue, 40, 80);
  expect(inetFragPullHead(queue)).toBeNull();
  add(queue, 0, 40);
  const head = inetFragPullHead(queue) as SkBuff;
  expect([head.len, head.next, queue.runs.length]).toEqual([40, null, 1]);
  head.consume();
});

it('charges queues and fragments, and lets no new queue begin above the limit', () => {
  const queue = queueOf();
  const empty = fqdir.mem;
  add(queue, 0, 40);
  expect([empty, fqdir.mem > empty, fqdir.mayCreate()]).toEqual([200, true, true]);
  fqdir.highThresh = 300;
  expect(fqdir.mayCreate()).toBe(false);
  queue.destroy();
  expect([fqdir.mem, fqdir.mayCreate()]).toEqual([0, true]);
  fqdir.highThresh = 0;
  expect(fqdir.mayCreate()).toBe(false);
});

it('finds queues by hash until they are killed, and says when their time is over', () => {
  const a = queueOf(5);
  const b = queueOf(5);
  expect(fqdir.candidates(5)).toEqual([a, b]);
  a.kill();
  expect([fqdir.candidates(5), fqdir.count]).toEqual([[b], 1]);
  clock.advance((fqdir.timeout / HZ) * 1e9);
  expect(expired).toEqual([b]);
  add(b, 0, 8);
  b.flags |= INET_FRAG_DROP;
  b.destroy();
  expect(kernel.skbs.drops[SKB_DROP_REASON_FRAG_REASM_TIMEOUT]).toBe(1);
  a.destroy();
});
