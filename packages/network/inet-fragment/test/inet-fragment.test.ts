import { createKernel, HZ, type Kernel, type NetDevice, SKB_DROP_REASON_FRAG_REASM_TIMEOUT, type SkBuff, VirtualClock } from '@skbuff/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  FragQueue,
  Fqdir,
  INET_FRAG_LAST_IN,
  inetFragPullHead,
  inetFragQueueInsert,
  inetFragReasmFinish,
  inetFragReasmPrepare,
  ipFragEcnTable,
  IPFRAG_DUP,
  IPFRAG_ECN_INVALID,
  IPFRAG_OVERLAP,
} from '../src/index.ts';

/** Its key is a byte in front of the data, and the user. */
class TestQueue extends FragQueue {
  readonly key: number;
  readonly user: number;

  constructor(fqdir: Fqdir, hash: number, skb: SkBuff, user: number) {
    super(fqdir, hash);
    this.key = keyOf(skb);
    this.user = user;
  }

  override matches(skb: SkBuff, user: number): boolean {
    return this.key === keyOf(skb) && this.user === user;
  }

  protected override expired(head: SkBuff | null): void {
    expired.push([this.key, head?.len ?? null]);
  }
}

let clock: VirtualClock;
let kernel: Kernel;
let fqdir: Fqdir<TestQueue>;
let expired: [key: number, head: number | null][];

beforeEach(() => {
  clock = new VirtualClock();
  kernel = createKernel({ clock, debug: true });
  expired = [];
  fqdir = new Fqdir<TestQueue>(kernel.initNet, { qsize: 200, create: (dir, hash, skb, user) => new TestQueue(dir, hash, skb, user) });
});

afterEach(() => {
  fqdir.exit();
  expect([fqdir.mem, fqdir.count]).toEqual([0, 0]);
  expect(kernel.shutdown()).toEqual({});
});

function keyOf(skb: SkBuff): number {
  return skb.bytes[skb.networkHeader] as number;
}

/** Bytes `from … to` of a packet, each its own offset; device, arrival and header as far as they are looked at. */
function fragment(from: number, to: number, key = 1): SkBuff {
  const skb = kernel.skbs.alloc(to - from + 16) as SkBuff;
  skb.networkHeader = skb.put(1);
  skb.bytes[skb.networkHeader] = key;
  skb.pull(1);
  const at = skb.put(to - from);
  for (let i = 0; i < to - from; i++) skb.bytes[at + i] = from + i;
  skb.dev = { ifindex: 7 } as NetDevice;
  return skb;
}

/** The queue of a packet; null if there may be none. */
function find(hash: number, key = 1, user = 0): TestQueue | null {
  const skb = fragment(0, 8, key);
  const queue = fqdir.find(hash, skb, user);
  skb.consume();
  return queue;
}

let keys = 0;

function queueOf(hash = 1): TestQueue {
  return find(hash, ++keys & 0xff) as TestQueue;
}

/** Adds bytes `from … to`, with 20 bytes of header; the verdict. */
function add(queue: FragQueue, from: number, to: number, ecn = 0, skb = fragment(from, to)): number {
  const verdict = inetFragQueueInsert(queue, skb, from, to);
  if (verdict !== 0) skb.consume();
  else queue.account(skb, from, ecn, skb.len + 20);
  return verdict;
}

/** The whole, of which `last` came last. */
function reassemble(queue: FragQueue, last = queue.runs[0]?.first as SkBuff): SkBuff {
  const skb = inetFragReasmPrepare(queue, last) as SkBuff;
  inetFragReasmFinish(queue, skb);
  return skb;
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
    const skb = reassemble(queue);
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
  const skb = reassemble(queue);
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

it('charges queues and fragments, and takes nothing above the limit', () => {
  const queue = find(1) as TestQueue;
  const empty = fqdir.mem;
  add(queue, 0, 40);
  expect([empty, fqdir.mem > empty]).toEqual([200, true]);
  fqdir.highThresh = 300;
  // Those that wait get nothing more either.
  expect([find(1, 2), find(1)]).toEqual([null, null]);
  queue.destroy();
  expect([fqdir.mem, find(1, 2) === null]).toEqual([0, false]);
  fqdir.highThresh = 0;
  expect(find(1, 3)).toBeNull();
});

it('finds a queue by hash, key and user until it is killed', () => {
  const a = find(5, 1) as TestQueue;
  const others = [find(5, 2), find(5, 1, 9), find(6, 1)];
  expect([others.includes(a), new Set(others).size, find(5, 1) === a, fqdir.count]).toEqual([false, 3, true, 4]);
  expect(fqdir.candidates(5).length).toBe(3);
  a.kill();
  expect([fqdir.candidates(5).includes(a), fqdir.count]).toEqual([false, 3]);
  expect(find(5, 1) === a).toBe(false);
  a.destroy();
});

it('knows when all is there, and lets go of the route and owner of what came before', () => {
  const queue = queueOf();
  queue.flags |= INET_FRAG_LAST_IN;
  queue.len = 80;
  const [late, early] = [fragment(40, 80), fragment(0, 40)];
  let orphaned = 0;
  for (const skb of [late, early]) {
    skb.destructor = () => orphaned++;
    skb.tstamp = skb === late ? 111 : 222;
  }
  expect([inetFragQueueInsert(queue, late, 40, 80), queue.account(late, 40, 2, 60), orphaned]).toEqual([0, false, 1]);
  expect([inetFragQueueInsert(queue, early, 0, 40), queue.account(early, 0, 3, 64), orphaned]).toEqual([0, true, 1]);
  expect([queue.iif, queue.meat, queue.ecn, queue.maxSize]).toEqual([7, 80, 0b1100, 64]);
  const skb = reassemble(queue, early);
  expect([skb.len, skb.tstamp]).toEqual([80, 222]);
  skb.consume();
  queue.destroy();
});

it('gives the whole the device and the arrival of what came last', () => {
  const queue = queueOf();
  const last = fragment(40, 80);
  add(queue, 0, 40);
  last.tstamp = 333;
  last.dev = { ifindex: 8 } as NetDevice;
  add(queue, 40, 80, 0, last);
  const skb = reassemble(queue, last);
  expect([skb === last, skb.tstamp, (skb.dev as NetDevice).ifindex, queue.iif]).toEqual([false, 333, 8, 8]);
  skb.consume();
  queue.destroy();
});

it('says when the time is over, with the first fragment if it is there', () => {
  const [none, first] = [find(1, 1), find(1, 2)] as TestQueue[];
  const done = find(1, 3) as TestQueue;
  add(none as TestQueue, 40, 48);
  add(first as TestQueue, 0, 24);
  add(first as TestQueue, 40, 48);
  done.kill();
  clock.advance((fqdir.timeout / HZ) * 1e9);
  expect(expired).toEqual([[1, null], [2, 24]]);
  expect([kernel.skbs.drops[SKB_DROP_REASON_FRAG_REASM_TIMEOUT], fqdir.count]).toEqual([3, 0]);
  done.destroy();
});

it('reads the ECN field of the whole from the set of those of its fragments', () => {
  const [not, ect1, ect0, ce] = [1, 2, 4, 8] as const;
  expect([not, ect1, ect0, ect0 | ect1, ce].map((seen) => ipFragEcnTable[seen])).toEqual([0, 0, 0, 0, 0]);
  expect([ce | ect0, ce | ect1, ce | ect0 | ect1].map((seen) => ipFragEcnTable[seen])).toEqual([3, 3, 3]);
  for (const other of [ect1, ect0, ce]) expect(ipFragEcnTable[not | other]).toBe(IPFRAG_ECN_INVALID);
});
