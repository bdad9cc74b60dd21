/** What the scheduler does to tasks that never sleep. */
import type { ClockHandle } from '@skbuff/core';

/** Waits that may end at once while nobody else has a turn. */
const SLICE = 1024;

/**
 * Calls here take no time, so tasks that always find something to do (a flood of pings that are answered at once, two tasks that answer
 * each other) would keep time and the event loop standing still for ever. After so many waits that were none, one lasts until others had
 * their turn.
 */
export class TimeSlice {
  private turn = -1;
  private left = SLICE;

  /** One wait is over at once: nanoseconds of the clock at which the task goes on after all, or 0: now. */
  take(clock: ClockHandle): number {
    if (clock.turn !== this.turn) {
      this.turn = clock.turn;
      this.left = SLICE;
    }
    return --this.left >= 0 ? 0 : clock.nextTurn();
  }
}
