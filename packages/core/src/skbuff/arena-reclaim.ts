/**
 * When packet memory runs out: a block of the size that is wanted is made of free ones of the other size, and if that cannot be, the log
 * says so. A stack without it drops the packet and says nothing.
 */
import type { Kernel } from '../module/kernel.ts';
import { HZ } from '../time/jiffies.ts';
import { type Arena, LARGE_BLOCK, SMALL_BLOCK, SkbSharedInfo } from './arena.ts';

/** Jiffies between two lines of the log (`net_ratelimit`). */
const SILENCE: number = 5 * HZ;
const SMALL_IN_LARGE: number = LARGE_BLOCK / SMALL_BLOCK;

/** Fits a kernel with it; returns the undo. */
export function arenaReclaim(kernel: Kernel): () => void {
  const { skbs, timers } = kernel;
  const { arena } = skbs;
  let triedAt = -1;
  let saidAt = -Infinity;
  arena.reclaim = (size) => {
    if (size === SMALL_BLOCK) splitLarge(arena);
    else if (triedAt !== timers.jiffies) {
      // It takes a look at all free blocks.
      triedAt = timers.jiffies;
      joinSmall(arena);
    }
    const block = size === SMALL_BLOCK ? arena.freeSmall : arena.freeLarge;
    if (block === null && timers.jiffies - saidAt >= SILENCE) {
      saidAt = timers.jiffies;
      kernel.log(`packet memory is used up: of ${arena.size} bytes (the kernel's option "memory") no ${size} are left together, packets are dropped`);
    }
    return block;
  };
  return () => {
    arena.reclaim = null;
  };
}

/** One free large block becomes small ones. */
function splitLarge(arena: Arena): void {
  const block = arena.freeLarge;
  if (block === null) return;
  arena.freeLarge = block.nextFree;
  for (let at = block.start; at < block.start + block.size; at += SMALL_BLOCK) arena.freeSmall = linked(at, SMALL_BLOCK, arena.freeSmall);
}

/** Free small blocks that lie behind each other become large ones, as many as there can be. */
function joinSmall(arena: Arena): void {
  const free: SkbSharedInfo[] = [];
  for (let block = arena.freeSmall; block !== null; block = block.nextFree) free.push(block);
  free.sort((a, b) => b.start - a.start);
  arena.freeSmall = null;
  for (let i = 0; i < free.length; ) {
    const block = free[i] as SkbSharedInfo;
    const last = free[i + SMALL_IN_LARGE - 1];
    if (last !== undefined && block.start - last.start === LARGE_BLOCK - SMALL_BLOCK) {
      arena.freeLarge = linked(last.start, LARGE_BLOCK, arena.freeLarge);
      i += SMALL_IN_LARGE;
    } else {
      block.nextFree = arena.freeSmall;
      arena.freeSmall = block;
      i++;
    }
  }
}

function linked(start: number, size: number, next: SkbSharedInfo | null): SkbSharedInfo {
  const block = new SkbSharedInfo(start, size);
  block.nextFree = next;
  return block;
}
