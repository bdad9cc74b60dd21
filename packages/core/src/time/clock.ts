/**
 * Time comes from outside: a kernel is told to act by its clock and never looks at the platform's. `VirtualClock` jumps from timer
 * to timer; `RealClock` follows the event loop. Times are nanoseconds since the clock's start, as numbers (exact for 104 days).
 */

/** What a kernel does when time moved or when it asked to go on. */
export interface ClockClient {
  /** Time moved to `clock.now()`, or deferred work is due: run what is due. */
  onClock(): void;
}

/** One kernel's connection to a clock. */
export interface ClockHandle {
  /** Nanoseconds since the clock's start; never goes back. */
  now(): number;
  /** Whole ticks of {@link now}. */
  readonly jiffies: number;
  /** Nanoseconds since 1970 at `now() === 0`. */
  readonly epoch: number;
  /**
   * Calls the client at `deadline` at the latest; replaces the alarm set before; Infinity cancels. When not `essential`, only
   * housekeeping is due: a clock whose clients all say so need not go on for them.
   */
  alarm(deadline: number, essential: boolean): void;
  /** Calls the client soon, before time moves. */
  defer(): void;
  /** As {@link defer}, for a client with too much to do at once: others run first, and time passes. */
  yield(): void;
  /** Changes whenever others, and the program around the stack, had their turn. */
  readonly turn: number;
  /** When they will have had it at the latest, for an {@link alarm}; 0: nobody knows, for time is held. */
  nextTurn(): number;
  /** A task waits inside the kernel: time has to go on for it. */
  park(): void;
  /** That task goes on: its code runs before time moves again. */
  unpark(): void;
  detach(): void;
}

export interface Clock {
  attach(client: ClockClient): ClockHandle;
}
