import { type Kernel, TimerList } from '@skbuff/core';
import type { PendingWork } from '@skbuff/ipv6';

/** `struct delayed_work`: something to be done later, or soon but outside the present call chain. */
export class DelayedWork implements PendingWork {
  private readonly kernel: Kernel;
  private readonly fn: () => void;
  private readonly timer: TimerList;
  /** What was queued to run soon and is of an older number was cancelled. */
  private queued = 0;

  /** @param deferrable see {@link TimerList} */
  constructor(kernel: Kernel, fn: () => void, deferrable: boolean) {
    this.kernel = kernel;
    this.fn = fn;
    this.timer = new TimerList(fn, deferrable);
  }

  /** `mod_delayed_work`. */
  mod(delay: number): void {
    this.cancel();
    const { timers } = this.kernel;
    if (delay > 0) timers.modTimer(this.timer, timers.jiffies + delay);
    else this.soon(this.queued);
  }

  /** `cancel_delayed_work`. */
  cancel(): void {
    this.queued++;
    this.kernel.timers.delTimer(this.timer);
  }

  private soon(number: number): void {
    this.kernel.scheduleWork(() => {
      if (number === this.queued) this.fn();
    });
  }
}
