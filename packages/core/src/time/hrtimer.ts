/** High-resolution timers (`kernel/time/hrtimer.c`): they fire at a nanosecond. {@link Timers} holds and runs them. */
import type { Timers } from './timer.ts';

/** `struct hrtimer`. Made once by its owner and started again and again. */
export class HrTimer {
  expires = 0;
  /** Place in the heap, -1 while not started. */
  index = -1;
  seq = 0;
  readonly fn: () => void;

  constructor(fn: () => void) {
    this.fn = fn;
  }

  pending(): boolean {
    return this.index >= 0;
  }

  /** Leaves the heap, without telling the clock; true if it was pending. @internal */
  cancel(timers: Timers): boolean {
    if (this.index < 0) return false;
    heapRemove(timers.hrtimers, this);
    timers.pendingCount--;
    return true;
  }
}

/** `hrtimer_start`: starts or moves a timer to `expires` nanoseconds of the clock. */
export function hrtimerStart(timers: Timers, timer: HrTimer, expires: number): void {
  const heap = timers.hrtimers;
  timer.cancel(timers);
  timers.pendingCount++;
  timer.expires = expires;
  timer.seq = timers.hrSeq++;
  timer.index = heap.length;
  heap.push(timer);
  siftUp(heap, timer.index);
  timers.arm(expires);
}

/** `hrtimer_cancel`: stops it; false if it was not pending. */
export function hrtimerCancel(timers: Timers, timer: HrTimer): boolean {
  if (!timer.cancel(timers)) return false;
  timers.arm(Number.POSITIVE_INFINITY);
  return true;
}

function siftUp(heap: HrTimer[], i: number): void {
  const timer = heap[i] as HrTimer;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const other = heap[parent] as HrTimer;
    if (!before(timer, other)) break;
    heap[i] = other;
    other.index = i;
    i = parent;
  }
  heap[i] = timer;
  timer.index = i;
}

function siftDown(heap: HrTimer[], i: number): void {
  const timer = heap[i] as HrTimer;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as HrTimer, heap[child] as HrTimer)) child++;
    const other = heap[child] as HrTimer;
    if (!before(other, timer)) break;
    heap[i] = other;
    other.index = i;
    i = child;
  }
  heap[i] = timer;
  timer.index = i;
}

function heapRemove(heap: HrTimer[], timer: HrTimer): void {
  const i = timer.index;
  const last = heap.pop() as HrTimer;
  timer.index = -1;
  if (last === timer) return;
  heap[i] = last;
  last.index = i;
  siftUp(heap, i);
  siftDown(heap, last.index);
}

/** Timers of one nanosecond fire in the order in which they were started. */
function before(a: HrTimer, b: HrTimer): boolean {
  return a.expires < b.expires || (a.expires === b.expires && a.seq < b.seq);
}
