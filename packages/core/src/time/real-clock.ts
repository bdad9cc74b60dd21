/** Real time on the event loop. A burst of work runs as softirq budgets allow and then yields, so the loop never starves. */
import type { Clock, ClockClient, ClockHandle } from './clock.ts';
import { NSEC_PER_JIFFY } from './jiffies.ts';
import { macrotask, monotonicMs, startTimeout, stopTimeout, wallClockMs } from './platform.ts';

/** setTimeout takes at most this many milliseconds. */
const MAX_TIMEOUT = 0x7fffffff;

export class RealClock implements Clock {
  private readonly startMs = monotonicMs();
  private readonly epoch = wallClockMs() * 1e6;

  /** Nanoseconds since the clock was made. */
  now(): number {
    return Math.floor((monotonicMs() - this.startMs) * 1e6);
  }

  attach(client: ClockClient): ClockHandle {
    return new RealHandle(this, client, this.epoch);
  }
}

class RealHandle implements ClockHandle {
  readonly epoch: number;
  private readonly clock: RealClock;
  private readonly client: ClockClient;
  private timeout: unknown = null;
  private deadline: number = Number.POSITIVE_INFINITY;
  private essential = false;
  private deferred = false;
  turn = 0;
  private detached = false;

  constructor(clock: RealClock, client: ClockClient, epoch: number) {
    this.clock = clock;
    this.client = client;
    this.epoch = epoch;
  }

  now(): number {
    return this.clock.now();
  }

  get jiffies(): number {
    return Math.floor(this.now() / NSEC_PER_JIFFY);
  }

  /** Housekeeping alone does not keep the process. */
  alarm(deadline: number, essential: boolean): void {
    if (deadline === this.deadline && essential === this.essential) return;
    this.deadline = deadline;
    this.essential = essential;
    if (this.timeout !== null) stopTimeout(this.timeout);
    this.timeout = null;
    if (deadline === Number.POSITIVE_INFINITY || this.detached) return;
    const ms = Math.min(MAX_TIMEOUT, Math.max(0, Math.ceil((deadline - this.now()) / 1e6)));
    this.timeout = startTimeout(() => {
      this.timeout = null;
      this.deadline = Number.POSITIVE_INFINITY;
      this.turn++;
      this.client.onClock();
    }, ms, essential);
  }

  defer(): void {
    if (this.deferred || this.detached) return;
    this.deferred = true;
    macrotask(() => {
      this.deferred = false;
      this.turn++;
      if (!this.detached) this.client.onClock();
    });
  }

  /** The event loop had its turn before a deferred call anyway. */
  yield(): void {
    this.defer();
  }

  nextTurn(): number {
    return this.now();
  }

  park(): void {}

  unpark(): void {}

  detach(): void {
    this.alarm(Number.POSITIVE_INFINITY, false);
    this.detached = true;
  }
}
