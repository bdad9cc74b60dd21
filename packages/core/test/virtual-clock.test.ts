import { describe, expect, it } from 'vitest';
import { HrTimer, type Kernel, NET_RX_SOFTIRQ, TASKLET_SOFTIRQ, TimerList, VirtualClock, hrtimerStart, hrtimerCancel } from '../src/index.ts';
import { boot, MS, SEC } from './helpers.ts';

/** A task that sleeps inside a kernel, as a system call does. */
function sleep(kernel: Kernel, ms: number): Promise<number> {
  return new Promise((resolve) => {
    kernel.clock.park();
    kernel.timers.startIn(
      new TimerList(() => {
        kernel.clock.unpark();
        resolve(kernel.clock.now());
      }),
      ms,
    );
  });
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('advance', () => {
  it('ends exactly where it was told to, and runs what is due on the way, in order, on all kernels', () => {
    const clock = new VirtualClock();
    const [a, b] = [boot({ clock }), boot({ clock })];
    const seen: string[] = [];
    const note = (kernel: Kernel, name: string, ms: number): void =>
      kernel.timers.startIn(new TimerList(() => seen.push(`${name} ${clock.now() / MS} ${kernel.timers.jiffies}`)), ms);
    note(b, 'b', 20);
    note(a, 'a', 30);
    note(b, 'b', 40);
    note(a, 'a', 10);
    note(a, 'a', 41);
    clock.advance(40 * MS + 5);
    expect(seen).toEqual(['a 10 10', 'b 20 20', 'a 30 30', 'b 40 40']);
    expect(clock.now()).toBe(40 * MS + 5);
    expect([a.timers.jiffies, b.timers.jiffies]).toEqual([40, 40]);
    clock.advance(1 * MS);
    expect(seen.at(-1)).toBe('a 41 41');
  });

  it('moves the ticks of a kernel that has nothing to do, so that what it starts next counts from now', () => {
    const clock = new VirtualClock();
    const [busy, idle] = [boot({ clock }), boot({ clock })];
    let ticks = 0;
    const tick = new TimerList(() => {
      if (++ticks < 100) busy.timers.startIn(tick, 100);
    });
    busy.timers.startIn(tick, 100);
    clock.advance(10 * SEC);
    expect(idle.timers.jiffies).toBe(10_000);
    const fired: number[] = [];
    idle.timers.startIn(new TimerList(() => fired.push(clock.now() / MS)), 50);
    idle.timers.modTimer(new TimerList(() => fired.push(clock.now() / MS)), 3);
    clock.advance(SEC);
    expect([fired, ticks]).toEqual([[10_001, 10_050], 100]);
  });

  it('never goes back, whatever alarm is set', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    clock.advance(5 * SEC);
    const seen: number[] = [];
    hrtimerStart(kernel.timers, new HrTimer(() => seen.push(clock.now())), 1);
    clock.advance(1);
    expect([seen, clock.now()]).toEqual([[5 * SEC], 5 * SEC + 1]);
  });

  it('takes a kernel that boots later at the present time', () => {
    const clock = new VirtualClock({ epoch: 1000 });
    clock.advance(3 * SEC);
    const kernel = boot({ clock });
    expect([kernel.timers.jiffies, kernel.realTime()]).toEqual([3000, 1000 + 3 * SEC]);
    let at = 0;
    kernel.timers.startIn(new TimerList(() => (at = clock.now())), 5);
    clock.advance(SEC);
    expect(at).toBe(3005 * MS);
  });

  it('runs deferred work before time moves, and what that defers in turn', () => {
    const clock = new VirtualClock();
    const [a, b] = [boot({ clock }), boot({ clock })];
    const seen: string[] = [];
    a.scheduleWork(() => {
      seen.push(`first ${clock.now()}`);
      b.scheduleWork(() => seen.push(`second ${clock.now()}`));
    });
    clock.advance(1 * MS);
    expect(seen).toEqual(['first 0', 'second 0']);
  });
});

describe('runUntilIdle', () => {
  it('stops when only housekeeping is left, and does that on its way', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const seen: string[] = [];
    const lazy = new TimerList(() => {
      seen.push(`lazy ${clock.now() / SEC}`);
      kernel.timers.startIn(lazy, 1000);
    }, true);
    kernel.timers.startIn(lazy, 1000);
    kernel.timers.startIn(new TimerList(() => seen.push(`busy ${clock.now() / SEC}`)), 2500);
    clock.runUntilIdle();
    expect([seen, clock.now()]).toEqual([['lazy 1', 'lazy 2', 'busy 2.5'], 2500 * MS]);
    kernel.timers.delTimer(lazy);
  });

  it('does not move for a timer that was stopped', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const timer = new TimerList(() => {});
    const hr = new HrTimer(() => {});
    kernel.timers.startIn(timer, 60_000);
    hrtimerStart(kernel.timers, hr, 60 * SEC);
    clock.runUntilIdle(1 * SEC);
    kernel.timers.delTimer(timer);
    hrtimerCancel(kernel.timers, hr);
    clock.runUntilIdle();
    expect(clock.now()).toBe(1 * SEC);
  });

  it('ends at its limit when that comes first', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    let ticks = 0;
    const tick = new TimerList(() => {
      ticks++;
      kernel.timers.startIn(tick, 30);
    });
    kernel.timers.startIn(tick, 30);
    clock.runUntilIdle(100 * MS);
    expect([ticks, clock.now()]).toEqual([3, 100 * MS]);
    kernel.timers.delTimer(tick);
  });

  it('sees the timers of every kernel', () => {
    const clock = new VirtualClock();
    const [a, b] = [boot({ clock }), boot({ clock })];
    const seen: string[] = [];
    a.timers.startIn(
      new TimerList(() => {
        seen.push('a');
        b.timers.startIn(new TimerList(() => seen.push('b')), 10);
      }),
      10,
    );
    clock.runUntilIdle();
    expect([seen, clock.now()]).toEqual([['a', 'b'], 20 * MS]);
  });
});

describe('time that moves by itself', () => {
  it('while a task waits, and lets its code run before it moves again', async () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const seen: number[] = [];
    const task = async (ms: number, times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        const woke = await sleep(kernel, ms);
        // Several microtasks later it is still the same time.
        for (let j = 0; j < 10; j++) await null;
        expect(clock.now()).toBe(woke);
        seen.push(woke / MS);
      }
    };
    await Promise.all([task(10, 3), task(15, 2)]);
    // Both wake at 30 ms: the one that went to sleep first, first.
    expect(seen).toEqual([10, 15, 20, 30, 30]);
    await turn();
    expect(clock.now()).toBe(30 * MS);
  });

  it('across kernels: a task that waits in one is served by timers of another', async () => {
    const clock = new VirtualClock();
    const [client, server] = [boot({ clock }), boot({ clock })];
    let wake = (_at: number): void => {};
    const answer = new Promise<number>((resolve) => (wake = resolve));
    client.clock.park();
    await turn();
    await turn();
    expect(clock.now()).toBe(0);
    // Set from outside, when the clock had nothing left to do.
    server.timers.startIn(
      new TimerList(() => {
        client.clock.unpark();
        wake(clock.now());
      }),
      500,
    );
    expect(await answer).toBe(500 * MS);
  });

  it('stands still while somebody holds it', async () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const release = clock.hold();
    let woke = -1;
    const sleeping = sleep(kernel, 10).then((at) => (woke = at));
    for (let i = 0; i < 5; i++) await turn();
    expect([woke, clock.now()]).toEqual([-1, 0]);
    release();
    release();
    await sleeping;
    expect(woke).toBe(10 * MS);
  });

  it('stops with only housekeeping left, though a task waits', async () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const lazy = new TimerList(() => {}, true);
    kernel.timers.startIn(lazy, 1000);
    kernel.clock.park();
    for (let i = 0; i < 5; i++) await turn();
    expect(clock.now()).toBe(0);
    kernel.clock.unpark();
    kernel.timers.delTimer(lazy);
  });

  it('does not move when nobody waits, but deferred work is done', async () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    let done = 0;
    const timer = new TimerList(() => {});
    kernel.timers.startIn(timer, 10);
    kernel.scheduleWork(() => done++);
    for (let i = 0; i < 5; i++) await turn();
    expect([done, clock.now()]).toEqual([1, 0]);
    kernel.timers.delTimer(timer);
  });

  it('goes on for the others when a kernel with waiting tasks shuts down', async () => {
    const clock = new VirtualClock();
    const [gone, stays] = [boot({ clock }), boot({ clock })];
    gone.clock.park();
    gone.clock.detach();
    const at = await sleep(stays, 5);
    expect(at).toBe(5 * MS);
    for (let i = 0; i < 3; i++) await turn();
    expect(clock.now()).toBe(5 * MS);
  });
});

describe('endless work', () => {
  it('of softirqs lets time pass: each tick has its share, and advance returns', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { softirq } = kernel;
    let runs = 0;
    let stop = false;
    softirq.open(TASKLET_SOFTIRQ, () => {
      runs++;
      if (!stop) softirq.raise(TASKLET_SOFTIRQ);
    });
    softirq.raise(TASKLET_SOFTIRQ);
    let fired = 0;
    kernel.timers.startIn(new TimerList(() => fired++), 3);
    clock.advance(5 * MS);
    expect([clock.now(), fired]).toEqual([5 * MS, 1]);
    expect(runs).toBeGreaterThan(10);
    expect(runs).toBeLessThan(200);
    stop = true;
    clock.runUntilIdle();
    expect(softirq.isPending()).toBe(false);
  });

  it('counts as something to wait for', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    let left = 35;
    kernel.softirq.open(TASKLET_SOFTIRQ, () => {
      if (--left > 0) kernel.softirq.raise(TASKLET_SOFTIRQ);
    });
    kernel.softirq.raise(TASKLET_SOFTIRQ);
    clock.runUntilIdle();
    expect([left, clock.now()]).toEqual([0, 3 * MS]);
  });
});

describe('softirqs', () => {
  it('run when the outermost section ends, highest first, again while there are more', () => {
    const clock = new VirtualClock();
    const { softirq } = boot({ clock });
    const seen: string[] = [];
    softirq.open(TASKLET_SOFTIRQ, () => seen.push('tasklet'));
    softirq.open(0, () => {
      seen.push(`hi ${softirq.inSoftirq()}`);
      if (seen.length < 3) softirq.raise(0);
    });
    softirq.localBhDisable();
    softirq.localBhDisable();
    softirq.raise(TASKLET_SOFTIRQ);
    softirq.raise(0);
    softirq.localBhEnable();
    expect([seen, softirq.inSoftirq(), softirq.isPending()]).toEqual([[], true, true]);
    softirq.localBhEnable();
    expect(seen).toEqual(['hi true', 'tasklet', 'hi true']);
    expect(softirq.inSoftirq()).toBe(false);
  });

  it('raised outside run soon, without time passing', () => {
    const clock = new VirtualClock();
    const { softirq } = boot({ clock });
    let at = -1;
    softirq.open(TASKLET_SOFTIRQ, () => (at = clock.now()));
    softirq.raise(TASKLET_SOFTIRQ);
    softirq.raise(NET_RX_SOFTIRQ);
    expect(at).toBe(-1);
    clock.runUntilIdle();
    expect(at).toBe(0);
  });
});
