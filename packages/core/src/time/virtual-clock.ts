/**
 * Virtual time. It stands still while anything can run and then jumps to the next alarm, so ten minutes of protocol timers pass
 * in no time and the same seed gives the same trace.
 *
 * Two ways to move it: `advance()` at once, for tests that own the stack; or by itself, while tasks wait inside a kernel
 * (`park`). In the second way user code is part of the simulation: after a task was woken, time waits until the microtasks of
 * whoever awaited it have drained. Code that awaits something outside the kernel holds time with `hold()`.
 */
import type { Clock, ClockClient, ClockHandle } from './clock.ts';
import { NSEC_PER_JIFFY } from './jiffies.ts';
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

  /**
   * Runs deferred work and jumps from alarm to alarm until only housekeeping is left; then time stands where the last alarm was. If that
   * takes longer than `limit` nanoseconds, it ends exactly there.
   */
  runUntilIdle(limit: number = Number.POSITIVE_INFINITY): void {
    const until = this.time + limit;
    this.runDeferred();
    for (let next = this.nextAlarm(false); next !== Number.POSITIVE_INFINITY; next = this.nextAlarm(false)) {
      if (next > until) return this.jump(until);
      this.jump(next);
    }
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
  get held(): boolean {
    return this.holds > 0;
  }

  /** @internal */
  changeParked(by: number): void {
    if (by === 0) return;
    this.parked += by;
    if (by < 0) this.woke = true;
    this.pump();
  }

  /** Something essential is due: time goes on if a task waits for it. @internal */
  alarmed(): void {
    if (this.parked > 0) this.pump();
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
    this.time = Math.max(to, this.time);
    const jiffies = Math.floor(this.time / NSEC_PER_JIFFY);
    for (const handle of this.clients) handle.jiffies = jiffies;
    for (const handle of [...this.clients]) if (handle.next() <= to) handle.ring();
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
      const at = handle.next();
      if (at < next) next = at;
      essential ||= handle.wantsTime();
    }
    return essential ? next : Number.POSITIVE_INFINITY;
  }
}

class VirtualHandle implements ClockHandle {
  jiffies: number;
  deferred = false;
  private deadline: number = Number.POSITIVE_INFINITY;
  private essential = false;
  /** When a client that yielded goes on. */
  private resume: number = Number.POSITIVE_INFINITY;
  private detached = false;
  readonly epoch: number;
  private readonly clock: VirtualClock;
  private readonly client: ClockClient;
  private waiting = 0;

  constructor(clock: VirtualClock, client: ClockClient, epoch: number) {
    this.clock = clock;
    this.client = client;
    this.epoch = epoch;
    this.jiffies = Math.floor(clock.now() / NSEC_PER_JIFFY);
  }

  now(): number {
    return this.clock.now();
  }

  /** Nanoseconds at which the client has to be called. */
  next(): number {
    return Math.min(this.deadline, this.resume);
  }

  /** More than housekeeping is due. */
  wantsTime(): boolean {
    return this.essential || this.resume !== Number.POSITIVE_INFINITY;
  }

  alarm(deadline: number, essential: boolean): void {
    this.deadline = deadline;
    this.essential = essential;
    if (essential) this.clock.alarmed();
  }

  defer(): void {
    this.deferred = true;
    this.clock.pump();
  }

  /** What takes no time at all would never let time go on: the rest waits for the next tick. */
  yield(): void {
    this.resume = (this.jiffies + 1) * NSEC_PER_JIFFY;
    this.clock.alarmed();
  }

  /** Time is all that others can have. */
  get turn(): number {
    return this.jiffies;
  }

  nextTurn(): number {
    return this.clock.held ? 0 : (this.jiffies + 1) * NSEC_PER_JIFFY;
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
    this.detached = true;
    this.clock.changeParked(-this.waiting);
    this.waiting = 0;
    this.clock.remove(this);
  }

  ring(): void {
    if (this.detached) return;
    this.deferred = false;
    const now = this.clock.now();
    if (this.resume <= now) this.resume = Number.POSITIVE_INFINITY;
    if (this.deadline <= now) {
      this.deadline = Number.POSITIVE_INFINITY;
      this.essential = false;
    }
    this.client.onClock();
  }
}
