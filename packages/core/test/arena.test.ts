import { describe, expect, it } from 'vitest';
import { arenaReclaim, type Kernel, LARGE_BLOCK, SMALL_BLOCK, type SkBuff, VirtualClock } from '../src/index.ts';
import { boot } from './helpers.ts';

/** Two long packets, and what three short ones need. */
const MEMORY = 2 * LARGE_BLOCK + 3 * SMALL_BLOCK;
const SMALL_IN_LARGE = LARGE_BLOCK / SMALL_BLOCK;

function reclaiming(): { readonly kernel: Kernel; readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const kernel = boot({ memory: MEMORY, clock });
  arenaReclaim(kernel);
  return { kernel, clock };
}

/** As many packets as there is memory for. */
function all({ skbs }: Kernel, size: number): SkBuff[] {
  const list: SkBuff[] = [];
  for (let skb = skbs.alloc(size); skb !== null; skb = skbs.alloc(size)) list.push(skb);
  return list;
}

function consume(list: readonly SkBuff[]): void {
  for (const skb of list) skb.consume();
}

describe('packet memory', () => {
  it('that long packets have had serves short ones, and these long ones again', () => {
    const { kernel, clock } = reclaiming();
    for (let round = 0; round < 3; round++) {
      const long = all(kernel, LARGE_BLOCK);
      expect(long.length).toBe(2);
      consume(long);
      const short = all(kernel, 1);
      expect(short.length).toBe(2 * SMALL_IN_LARGE + 3);
      expect(new Set(short.map(({ head }) => head)).size).toBe(short.length);
      consume(short);
      clock.advance(1e6);
    }
  });

  it('of short packets becomes that of a long one only where enough of them lie together', () => {
    const { kernel, clock } = reclaiming();
    const short = all(kernel, 1);
    const kept = short.filter((_, i) => i % SMALL_IN_LARGE === 0);
    consume(short.filter((skb) => !kept.includes(skb)));
    expect(kernel.skbs.alloc(LARGE_BLOCK)).toBeNull();
    consume(kept.splice(1, 1));
    // Looking at all that is free takes its time: once a jiffy.
    expect(kernel.skbs.alloc(LARGE_BLOCK)).toBeNull();
    clock.advance(1e6);
    const long = kernel.skbs.alloc(LARGE_BLOCK) as SkBuff;
    expect(long.end - long.head).toBe(LARGE_BLOCK);
    consume([...all(kernel, 1), ...kept, long]);
  });

  it('that is used up is said once in five seconds', () => {
    const { kernel, clock } = reclaiming();
    const said = (): string[] => kernel.dmesg().filter((line) => line.includes('packet memory'));
    const first = all(kernel, LARGE_BLOCK);
    expect(said()).toEqual(['[    0.000000] packet memory is used up: of 145408 bytes (the kernel\'s option "memory") no 69632 are left together, packets are dropped']);
    clock.advance(4.999e9);
    expect([all(kernel, LARGE_BLOCK), said().length]).toEqual([[], 1]);
    clock.advance(1e6);
    expect([all(kernel, LARGE_BLOCK), said().length]).toEqual([[], 2]);
    consume(first);
  });

  it('is not spoken of in a kernel without', () => {
    const kernel = boot({ memory: MEMORY });
    arenaReclaim(kernel)();
    const long = all(kernel, LARGE_BLOCK);
    consume(long);
    expect([long.length, all(kernel, SMALL_BLOCK).map((skb) => skb.consume()).length, kernel.dmesg().join().includes('memory')]).toEqual([2, 3, false]);
  });
});
