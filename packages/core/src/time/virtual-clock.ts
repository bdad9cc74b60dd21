/**
 * Virtual time. It stands still while anything can run and then jumps to the next alarm, so ten minutes of protocol timers pass
 * in no time and the same seed gives the same trace.
 *
 * Two ways to move it: `advance()` at once, for tests that own the stack; or by itself, while tasks wait inside a kernel
 * (`park`). In the second way user code is part of the simulation: after a task was woken, time waits until the microtasks of
 * whoever awaited it have drained. Code that awaits something outside the kernel holds time with `hold()`.
 */
import type { Clock, ClockClient, ClockHandle } from './clock.ts';
import { macrotask } from './platform.ts';

export interface VirtualClockOptions {
  /** Nanoseconds since 1970 at the start; default 2020-01-01T00:00:00Z. */
  readonly epoch?: number;
}

const DEFAULT_EPOCH = 1_577_836_800_000_000_000;

export class VirtualClock implements Clock {
  private time = 0;
  private readonly epoch: number;
  private readonly clients: VirtualHandle[] = [];
  private parked = 0;
  private holds = 0;
  private pumping = false;
  /** A task was woken since microtasks last drained. */
  private woke = false;

  constructor(options: VirtualClockOptions = {}) {
    this.epoch = options.epoch ?? DEFAULT_EPOCH;
  }

  /** Nanoseconds since the start. */
  now(): number {
    return this.time;
  }

  attach(client: ClockClient): ClockHandle {
    const handle = new VirtualHandle(this, client, this.epoch);
    this.clients.push(handle);
    return handle;
  }

  /** Runs everything that is due in the next `ns` nanoseconds, in order, and ends exactly there. Awaiting tasks do not run. */
  advance(ns: number): void {
    const until = this.time + ns;
    this.runDeferred();
    for (let next = this.nextAlarm(true); next <= until; next = this.nextAlarm(true)) this.jump(next);
    this.jump(until);
  }

  /** Runs deferred work and jumps from alarm to alarm until only housekeeping is left, or until `limit` nanoseconds from now have passed. */
  runUntilIdle(limit: number = Number.POSITIVE_INFINITY): void {
    const until = this.time + limit;
    this.runDeferred();
    for (let next = this.nextAlarm(false); next <= until && next !== Number.POSITIVE_INFINITY; next = this.nextAlarm(false)) this.jump(next);
  }

  /** Stops the clock until the returned function is called, for code that awaits something outside the kernel. */
  hold(): () => void {
    this.holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.holds--;
      this.pump();
    };
  }

  /** @internal */
  changeParked(by: number): void {
    this.parked += by;
    if (by < 0) this.woke = true;
    this.pump();
  }

  /** Goes on as long as a task waits, nobody holds time, and something can still happen. @internal */
  pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    const step = (): void => {
      this.woke = false;
      if (this.holds > 0) {
        this.pumping = false;
        return;
      }
      // Jump without leaving to the event loop until user code has to run.
      while (!this.woke) {
        if (this.runDeferred()) continue;
        const next = this.parked > 0 ? this.nextAlarm(false) : Number.POSITIVE_INFINITY;
        if (next === Number.POSITIVE_INFINITY) {
          this.pumping = false;
          return;
        }
        this.jump(next);
      }
      macrotask(step);
    };
    macrotask(step);
  }

  /** @internal */
  remove(handle: VirtualHandle): void {
    const at = this.clients.indexOf(handle);
    if (at >= 0) this.clients.splice(at, 1);
  }

  private jump(to: number): void {
    this.time = to;
    for (const handle of [...this.clients]) if (handle.deadline <= to) handle.ring();
    this.runDeferred();
  }

  private runDeferred(): boolean {
    let ran = false;
    for (let again = true; again; ) {
      again = false;
      for (const handle of [...this.clients]) {
        if (!handle.deferred) continue;
        handle.ring();
        again = true;
        ran = true;
      }
    }
    return ran;
  }

  /** The earliest alarm; Infinity when there is none, or (unless `all`) when only housekeeping is due. */
  private nextAlarm(all: boolean): number {
    let next = Number.POSITIVE_INFINITY;
    let essential = all;
    for (const handle of this.clients) {
      if (handle.deadline < next) next = handle.deadline;
      essential ||= handle.essential;
    }
    return essential ? next : Number.POSITIVE_INFINITY;
  }
}

class VirtualHandle implements ClockHandle {
  deadline: number = Number.POSITIVE_INFINITY;
  essential = false;
  deferred = false;
  readonly epoch: number;
  private readonly clock: VirtualClock;
  private readonly client: ClockClient;
  private waiting = 0;

  constructor(clock: VirtualClock, client: ClockClient, epoch: number) {
    this.clock = clock;
    this.client = client;
    this.epoch = epoch;
  }

  now(): number {
    return this.clock.now();
  }

  alarm(deadline: number, essential: boolean): void {
    this.deadline = deadline;
    this.essential = essential;
    if (essential && this.waiting > 0) this.clock.pump();
  }

  defer(): void {
    this.deferred = true;
    this.clock.pump();
  }

  park(): void {
    this.waiting++;
    this.clock.changeParked(1);
  }

  unpark(): void {
    this.waiting--;
    this.clock.changeParked(-1);
  }

  detach(): void {
    this.clock.changeParked(-this.waiting);
    this.waiting = 0;
    this.clock.remove(this);
  }

  ring(): void {
    this.deferred = false;
    if (this.deadline <= this.clock.now()) {
      this.deadline = Number.POSITIVE_INFINITY;
      this.essential = false;
    }
    this.client.onClock();
  }
}
