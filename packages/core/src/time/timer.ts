/**
 * Kernel timers (`kernel/time/timer.c`): a hierarchical wheel in jiffies, and the run of the high-resolution timers of hrtimer.ts.
 *
 *   level 0: 256 slots of 1 jiffy | level 1: 256 slots of 256 | level 2: of 65,536 | level 3: of 16.8 million (46 days at HZ 1000)
 *
 * A timer lies in the level that its distance needs and is sorted down when its slot comes up, so it fires exactly at its jiffy;
 * adding and removing cost the same however many there are. Time jumps: empty slots are skipped, not visited.
 */
import type { HrTimer } from './hrtimer.ts';
import { MSEC_PER_JIFFY, NSEC_PER_JIFFY } from './jiffies.ts';

const SLOT_BITS = 8;
const SLOTS = 1 << SLOT_BITS;
const MASK = SLOTS - 1;
const LEVELS = 4;
/** Jiffies that the levels reach; what is further away (none of Linux's own timers) waits in a list of its own. */
const HORIZON = 2 ** (SLOT_BITS * LEVELS) - 1;
const FAR = SLOTS * LEVELS;

/** `struct timer_list`. Made once by its owner and started again and again. */
export class TimerList {
  next: TimerList | null = null;
  prev: TimerList | null = null;
  slot = -1;
  /** Jiffies at which it was asked to fire. */
  expires = 0;
  /** Jiffies at which it does: `expires`, or the next tick if that is past. */
  due = 0;
  /** Does not keep time going by itself: a virtual clock with only such timers left is idle (`TIMER_DEFERRABLE`). */
  readonly deferrable: boolean;
  readonly fn: () => void;

  constructor(fn: () => void, deferrable = false) {
    this.fn = fn;
    this.deferrable = deferrable;
  }

  /** `timer_pending`. */
  pending(): boolean {
    return this.slot >= 0;
  }
}

/** All timers of one kernel. Timers of one jiffy fire in the order in which they were started, if they waited equally long. */
export class Timers {
  /** Pending timers, for the leak check. */
  pendingCount = 0;
  private essential = 0;
  private readonly slots: (TimerList | null)[] = new Array<TimerList | null>(FAR + 1).fill(null);
  private readonly tails: (TimerList | null)[] = new Array<TimerList | null>(FAR + 1).fill(null);
  /** High-resolution timers that are started: a heap, the earliest first. @internal */
  readonly hrtimers: HrTimer[] = [];
  /** Started so far. @internal */
  hrSeq = 0;
  /** Next jiffy whose slot has not been run: no pending timer is due before. */
  private base = 0;
  /** Jiffies of the earliest timer in the wheel, while `soonestKnown`. */
  private soonest = Number.POSITIVE_INFINITY;
  private soonestKnown = true;
  /** Told when the next deadline, in nanoseconds, comes nearer, or when it changes whether a timer that counts is pending. */
  private readonly onEarlier: (deadline: number, essential: boolean) => void;
  private readonly clock: { readonly jiffies: number };
  /** What `onEarlier` was told last. */
  private alarmAt = Number.POSITIVE_INFINITY;
  private alarmEssential = false;
  private running = false;

  constructor(onEarlier: (deadline: number, essential: boolean) => void, clock: { readonly jiffies: number }) {
    this.onEarlier = onEarlier;
    this.clock = clock;
  }

  /** Ticks since the clock's start, now. */
  get jiffies(): number {
    return this.clock.jiffies;
  }

  /** Whether a timer is pending for which time has to go on. */
  isEssential(): boolean {
    return this.essential > 0 || this.hrtimers.length > 0;
  }

  /**
   * Starts `timer`, or moves it, to fire at `expires` jiffies; a time that is not in the future means the next tick. True if it was
   * pending.
   */
  modTimer(timer: TimerList, expires: number): boolean {
    const was = timer.slot >= 0;
    if (was) this.detach(timer);
    timer.expires = expires;
    timer.due = Math.max(Math.ceil(expires), this.clock.jiffies + 1);
    this.pendingCount++;
    if (!timer.deferrable) this.essential++;
    this.link(timer);
    this.arm(timer.due * NSEC_PER_JIFFY);
    return was;
  }

  /** `modTimer` in `ms` milliseconds from now, at least one tick. */
  startIn(timer: TimerList, ms: number): void {
    this.modTimer(timer, this.jiffies + Math.max(1, Math.ceil(ms / MSEC_PER_JIFFY)));
  }

  /** Stops it; false if it was not pending. */
  delTimer(timer: TimerList): boolean {
    if (timer.slot < 0) return false;
    this.detach(timer);
    this.arm(Number.POSITIVE_INFINITY);
    return true;
  }

  /** Runs all that is due at `now` nanoseconds, in order of time, and returns when to call again: the next deadline, or Infinity. */
  run(now: number): number {
    const target = Math.floor(now / NSEC_PER_JIFFY);
    this.running = true;
    for (;;) {
      const wheel = this.earliest();
      const hr = this.hrtimers[0];
      if (hr !== undefined && hr.expires <= now && hr.expires <= wheel * NSEC_PER_JIFFY) {
        hr.cancel(this);
        hr.fn();
      } else if (wheel <= target) this.runOne(wheel);
      else break;
    }
    this.running = false;
    this.base = Math.max(this.base, target + 1);
    this.alarmAt = this.nextDeadline();
    this.alarmEssential = this.isEssential();
    return this.alarmAt;
  }

  /** Tells the clock the next deadline, whatever it was told before. */
  rearm(): void {
    this.alarmAt = this.nextDeadline();
    this.alarmEssential = this.isEssential();
    this.onEarlier(this.alarmAt, this.alarmEssential);
  }

  /** Nanoseconds of the earliest pending timer, or Infinity. */
  nextDeadline(): number {
    const wheel = this.earliest() * NSEC_PER_JIFFY;
    const hr = this.hrtimers[0];
    return hr !== undefined && hr.expires < wheel ? hr.expires : wheel;
  }

  /** Something is due at `deadline`, or nothing new is (Infinity) but a timer was stopped. @internal */
  arm(deadline: number): void {
    if (this.running) return;
    const essential = this.isEssential();
    if (deadline >= this.alarmAt && essential === this.alarmEssential) return;
    this.alarmAt = Math.min(deadline, this.alarmAt);
    this.alarmEssential = essential;
    this.onEarlier(this.alarmAt, essential);
  }

  private detach(timer: TimerList): void {
    this.unlink(timer);
    this.pendingCount--;
    if (!timer.deferrable) this.essential--;
  }

  private link(timer: TimerList): void {
    if (timer.due < this.soonest) this.soonest = timer.due;
    const slot = this.slotOf(timer.due);
    const tail = this.tails[slot] as TimerList | null;
    timer.slot = slot;
    timer.prev = tail;
    timer.next = null;
    if (tail === null) this.slots[slot] = timer;
    else tail.next = timer;
    this.tails[slot] = timer;
  }

  private unlink(timer: TimerList): void {
    const { next, prev, slot } = timer;
    if (prev === null) this.slots[slot] = next;
    else prev.next = next;
    if (next === null) this.tails[slot] = prev;
    else next.prev = prev;
    timer.next = null;
    timer.prev = null;
    timer.slot = -1;
    // All timers in a slot of level 0 are due at the same jiffy; elsewhere the next one has to be looked for.
    if (timer.due === this.soonest && (slot >= SLOTS || this.slots[slot] === null)) this.soonestKnown = false;
  }

  private slotOf(due: number): number {
    const distance = due - this.base;
    if (distance > HORIZON) return FAR;
    let level = 0;
    let unit = 1;
    while (distance >= SLOTS * unit) {
      level++;
      unit *= SLOTS;
    }
    return level * SLOTS + (Math.floor(due / unit) & MASK);
  }

  /** Fires one timer of the earliest jiffy. */
  private runOne(jiffy: number): void {
    if (jiffy !== this.base || this.slots[jiffy & MASK] === null) this.moveBase(jiffy);
    const timer = this.slots[jiffy & MASK] as TimerList;
    this.detach(timer);
    timer.fn();
  }

  /** Moves `base` forward and sorts down the slots of every level that it lies in then. */
  private moveBase(at: number): void {
    this.base = at;
    this.relink(FAR);
    for (let level = LEVELS - 1, unit = SLOTS ** (LEVELS - 1); level > 0; level--, unit /= SLOTS) {
      this.relink(level * SLOTS + (Math.floor(at / unit) & MASK));
    }
  }

  private relink(slot: number): void {
    let timer = this.slots[slot] as TimerList | null;
    this.slots[slot] = null;
    this.tails[slot] = null;
    while (timer !== null) {
      const next: TimerList | null = timer.next;
      this.link(timer);
      timer = next;
    }
  }

  /** Jiffies of the earliest timer, or Infinity. */
  private earliest(): number {
    if (this.soonestKnown) return this.soonest;
    let best = earliestOf(this.slots[FAR] as TimerList | null);
    for (let level = 0, unit = 1; level < LEVELS; level++, unit *= SLOTS) {
      const first = Math.floor(this.base / unit);
      for (let i = 0; i < SLOTS; i++) {
        // The slot that `base` lies in holds what is due now and what is due one turn later; the others are in order.
        if (i > 0 && (first + i) * unit >= best) break;
        const found = earliestOf(this.slots[level * SLOTS + ((first + i) & MASK)] as TimerList | null);
        if (found < best) best = found;
      }
    }
    this.soonest = best;
    this.soonestKnown = true;
    return best;
  }
}

function earliestOf(head: TimerList | null): number {
  let best = Number.POSITIVE_INFINITY;
  for (let timer = head; timer !== null; timer = timer.next) {
    if (timer.due < best) best = timer.due;
  }
  return best;
}
