import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HrTimer, HZ, jiffiesToClockT, jiffiesToMsecs, msecsToJiffies, NSEC_PER_JIFFY, TimerList, Timers, VirtualClock, hrtimerStart, hrtimerCancel } from '../src/index.ts';
import { boot, MS, SEC } from './helpers.ts';

/** Timers under a clock that jumps to each deadline, as the virtual clock does. */
class Bench {
  now = 0;
  alarm = Number.POSITIVE_INFINITY;
  essential = false;
  readonly timers: Timers;

  constructor() {
    const bench = this;
    this.timers = new Timers(
      (deadline, essential) => {
        this.alarm = deadline;
        this.essential = essential;
      },
      {
        get jiffies(): number {
          return Math.floor(bench.now / NSEC_PER_JIFFY);
        },
      },
    );
  }

  /** Moves time to `now`, stopping wherever the timers asked for it. */
  advanceTo(now: number): void {
    while (this.alarm <= now) {
      this.now = Math.max(this.now, this.alarm);
      this.alarm = Number.POSITIVE_INFINITY;
      this.timers.run(this.now);
      this.timers.rearm();
    }
    this.now = now;
    this.timers.run(now);
    this.timers.rearm();
  }

  /** As {@link advanceTo}, late: as a busy event loop does. */
  jumpTo(now: number): void {
    this.now = now;
    this.timers.run(now);
    this.timers.rearm();
  }
}

const J = NSEC_PER_JIFFY;

describe('jiffies', () => {
  it('count ticks of a millisecond and follow the clock [PAT-08]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    expect([HZ, kernel.timers.jiffies]).toEqual([1000, 0]);
    clock.advance(7 * MS + 999_999);
    expect(kernel.timers.jiffies).toBe(7);
    clock.advance(1);
    expect(kernel.timers.jiffies).toBe(8);
  });

  it('convert to milliseconds and clock ticks', () => {
    expect([jiffiesToMsecs(1500), msecsToJiffies(0.2), msecsToJiffies(30), jiffiesToClockT(1999)]).toEqual([1500, 1, 30, 199]);
  });
});

describe('a timer', () => {
  it('fires once, at its jiffy, and can be started again [PAT-08]', () => {
    const b = new Bench();
    const fired: number[] = [];
    const timer = new TimerList(() => fired.push(b.now));
    expect(b.timers.modTimer(timer, 5)).toBe(false);
    expect([timer.pending(), b.timers.pendingCount]).toEqual([true, 1]);
    b.advanceTo(5 * J - 1);
    expect(fired).toEqual([]);
    b.advanceTo(9 * J);
    expect([fired, timer.pending(), b.timers.pendingCount]).toEqual([[5 * J], false, 0]);
    b.timers.modTimer(timer, 20);
    b.advanceTo(100 * J);
    expect(fired).toEqual([5 * J, 20 * J]);
  });

  it('is moved by a second start and stopped by delTimer', () => {
    const b = new Bench();
    const fired: number[] = [];
    const timer = new TimerList(() => fired.push(b.now));
    b.timers.modTimer(timer, 1000);
    expect(b.timers.modTimer(timer, 300)).toBe(true);
    expect(b.timers.pendingCount).toBe(1);
    b.advanceTo(300 * J);
    expect(fired).toEqual([300 * J]);
    b.timers.modTimer(timer, 400);
    expect([b.timers.delTimer(timer), b.timers.delTimer(timer)]).toEqual([true, false]);
    b.advanceTo(2000 * J);
    expect(fired).toEqual([300 * J]);
  });

  it.each([0, 49, 50, 50.2, 51])('set at jiffy 50 to %d fires at the next tick', (expires) => {
    const b = new Bench();
    b.advanceTo(50 * J + 3);
    const fired: number[] = [];
    b.timers.modTimer(new TimerList(() => fired.push(b.now)), expires);
    b.advanceTo(60 * J);
    expect(fired).toEqual([51 * J]);
  });

  it('that starts itself again for now waits for the next tick, so time goes on', () => {
    const b = new Bench();
    const fired: number[] = [];
    const timer = new TimerList(() => {
      fired.push(b.now / J);
      if (fired.length < 4) b.timers.modTimer(timer, b.timers.jiffies);
    });
    b.timers.modTimer(timer, 10);
    b.advanceTo(30 * J);
    expect(fired).toEqual([10, 11, 12, 13]);
  });

  it('counts from now when it is started in milliseconds, at least one tick', () => {
    const b = new Bench();
    b.advanceTo(100 * J);
    const fired: string[] = [];
    b.timers.startIn(new TimerList(() => fired.push(`0 at ${b.now / J}`)), 0);
    b.timers.startIn(new TimerList(() => fired.push(`2.5 at ${b.now / J}`)), 2.5);
    b.advanceTo(200 * J);
    expect(fired).toEqual(['0 at 101', '2.5 at 103']);
  });

  it('may be stopped by another one of the same jiffy', () => {
    const b = new Bench();
    const fired: string[] = [];
    const second = new TimerList(() => fired.push('second'));
    b.timers.modTimer(new TimerList(() => (fired.push('first'), b.timers.delTimer(second))), 5);
    b.timers.modTimer(second, 5);
    b.advanceTo(10 * J);
    expect([fired, b.timers.pendingCount]).toEqual([['first'], 0]);
  });

  it('fires behind others that were started before it for the same jiffy, as far away', () => {
    const b = new Bench();
    const fired: number[] = [];
    for (let i = 0; i < 50; i++) b.timers.modTimer(new TimerList(() => fired.push(i)), 70_000);
    b.advanceTo(70_000 * J);
    expect(fired).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('may wait for years: 2^33 jiffies are 99 days', () => {
    const b = new Bench();
    const fired: number[] = [];
    for (const expires of [2 ** 33, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 33 - 1, 1]) b.timers.modTimer(new TimerList(() => fired.push(b.now / J)), expires);
    b.advanceTo(2 ** 33 * J);
    expect(fired).toEqual([1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 33 - 1, 2 ** 33]);
  });
});

describe('a high-resolution timer', () => {
  it('fires at its nanosecond, in order, between the ticks of others', () => {
    const b = new Bench();
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name} ${b.now}`);
    const [one, two, three] = [new HrTimer(note('one')), new HrTimer(note('two')), new HrTimer(note('three'))];
    hrtimerStart(b.timers, three, 3 * J + 1);
    hrtimerStart(b.timers, one, 1_500_000);
    hrtimerStart(b.timers, two, 1_500_000);
    b.timers.modTimer(new TimerList(note('tick')), 2);
    expect([one.pending(), b.timers.pendingCount]).toEqual([true, 4]);
    b.advanceTo(3 * J);
    expect(fired).toEqual(['one 1500000', 'two 1500000', 'tick 2000000']);
    expect([hrtimerCancel(b.timers, three), hrtimerCancel(b.timers, three), b.timers.pendingCount]).toEqual([true, false, 0]);
    b.advanceTo(9 * J);
    expect(fired.length).toBe(3);
  });
});

describe('what the clock is told', () => {
  it('is the earliest deadline, and whether anything but housekeeping waits', () => {
    const b = new Bench();
    const lazy = new TimerList(() => {}, true);
    const busy = new TimerList(() => {});
    b.timers.modTimer(lazy, 100);
    expect([b.alarm, b.essential, b.timers.isEssential()]).toEqual([100 * J, false, false]);
    b.timers.modTimer(busy, 200);
    expect([b.alarm, b.essential]).toEqual([100 * J, true]);
    b.timers.delTimer(busy);
    expect(b.essential).toBe(false);
    b.timers.delTimer(lazy);
    b.timers.rearm();
    expect([b.alarm, b.timers.nextDeadline()]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it('is right again after timers were stopped while others ran', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const early = new TimerList(() => {});
    kernel.timers.modTimer(early, 100);
    kernel.scheduleWork(() => kernel.timers.delTimer(early));
    clock.advance(1 * MS);
    let fired = 0;
    kernel.timers.modTimer(new TimerList(() => fired++), 150);
    clock.advance(149 * MS);
    expect([fired, kernel.timers.jiffies]).toEqual([1, 150]);
  });
});

/** The model: a list, searched from end to end. Deferrable, far, moved, stopped, started from callbacks: all as for the wheel. */
interface Entry {
  readonly id: number;
  due: number;
}

const distance = fc.oneof(fc.nat(3), fc.nat(300), fc.nat(70_000), fc.nat(20_000_000), fc.nat(2 ** 31 - 1).map((n) => n * 4), fc.constantFrom(255, 256, 257, 65_535, 65_536, 16_777_216, 2 ** 32 - 1, 2 ** 32, 2 ** 33));
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant('mod' as const), id: fc.nat(15), in: distance }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('del' as const), id: fc.nat(15), in: fc.constant(0) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('advance' as const, 'jump' as const), id: fc.constant(0), in: distance }) },
);

describe('the wheel', () => {
  it('fires what a sorted list fires, at the same jiffies, whatever is started, moved, stopped or started from a callback', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(fc.tuple(fc.nat(15), distance), { maxLength: 20 }), (steps, chain) => {
        const b = new Bench();
        const model: Entry[] = [];
        const fired: string[] = [];
        const expected: string[] = [];
        const again = [...chain];
        const start = (id: number, expires: number): void => {
          const old = model.findIndex((e) => e.id === id);
          if (old >= 0) model.splice(old, 1);
          model.push({ id, due: Math.max(expires, b.timers.jiffies + 1) });
          b.timers.modTimer(timers[id] as TimerList, expires);
        };
        const timers = Array.from(
          { length: 16 },
          (_, id) =>
            new TimerList(() => {
              fired.push(`${id}@${(timers[id] as TimerList).due}`);
              // Whatever is earliest in the list: this timer must be among it.
              const due = Math.min(...model.map((e) => e.due));
              const at = model.findIndex((e) => e.id === id && e.due === due);
              expect(at).toBeGreaterThanOrEqual(0);
              expect(due * J).toBeLessThanOrEqual(b.now);
              model.splice(at, 1);
              expected.push(`${id}@${due}`);
              const next = again.pop();
              if (next !== undefined) start(next[0], b.timers.jiffies + next[1]);
            }, id % 4 === 0),
        );
        for (const s of steps) {
          if (s.op === 'mod') start(s.id, b.timers.jiffies + s.in - (s.id % 3));
          else if (s.op === 'del') {
            const at = model.findIndex((e) => e.id === s.id);
            expect(b.timers.delTimer(timers[s.id] as TimerList)).toBe(at >= 0);
            if (at >= 0) model.splice(at, 1);
          } else if (s.op === 'advance') b.advanceTo(b.now + s.in * J);
          else b.jumpTo(b.now + s.in * J + 12_345);
          const left = Math.min(...model.map((e) => e.due));
          expect(left * J).toBeGreaterThan(b.now);
          expect(b.timers.nextDeadline()).toBe(left * J);
          expect(b.timers.pendingCount).toBe(model.length);
          expect(b.timers.isEssential()).toBe(model.some((e) => e.id % 4 !== 0));
          if (left !== Number.POSITIVE_INFINITY && b.alarm > left * J) throw new Error(`the clock was told ${b.alarm}, the next is ${left * J}`);
        }
        expect(fired).toEqual(expected);
      }),
      { numRuns: 800 },
    );
  });

  it('keeps wheel and heap in one order of time', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(2000)), { maxLength: 60 }), fc.array(fc.nat(700), { maxLength: 8 }), (all, jumps) => {
        const b = new Bench();
        const fired: number[] = [];
        for (const [hr, at] of all) {
          if (hr) hrtimerStart(b.timers, new HrTimer(() => fired.push(at * 10)), at * (J / 10) + 1);
          else b.timers.modTimer(new TimerList(() => fired.push(Math.max(1, Math.floor(at / 10)) * 100)), Math.floor(at / 10));
        }
        for (const by of jumps) b.jumpTo(b.now + by * 123_457);
        b.advanceTo(300 * J);
        expect(fired.length).toBe(all.length);
        // A tick due at the same nanosecond comes after; the others are in order.
        for (let i = 1; i < fired.length; i++) expect(fired[i]).toBeGreaterThanOrEqual(fired[i - 1] as number);
      }),
    );
  });

  it('fires every one of many timers spread over an hour', () => {
    const b = new Bench();
    let fired = 0;
    for (let i = 0; i < 20_000; i++) b.timers.modTimer(new TimerList(() => fired++), 1 + ((i * 7919) % 3_600_000));
    b.advanceTo(3600 * SEC);
    expect(fired).toBe(20_000);
  });
});
