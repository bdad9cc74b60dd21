import { describe, expect, it } from 'vitest';
import { createKernel, RealClock, TASKLET_SOFTIRQ, TimerList } from '../src/index.ts';
import { monotonicMs, wallClockMs } from '../src/time/platform.ts';

const wait = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

describe('RealClock', () => {
  it('fires timers not before their time, follows the wall, runs deferred work, and lets the event loop live', async () => {
    const clock = new RealClock();
    const kernel = createKernel({ clock });
    const start = monotonicMs();
    const fired: string[] = [];
    const timer = (name: string, ms: number): void => kernel.timers.startIn(new TimerList(() => fired.push(`${name} ${monotonicMs() - start >= ms - 1}`)), ms);
    timer('late', 60);
    timer('early', 20);
    const stopped = new TimerList(() => fired.push('stopped'));
    kernel.timers.startIn(stopped, 10);
    kernel.timers.delTimer(stopped);
    let deferred = 0;
    kernel.scheduleWork(() => deferred++);
    // Softirqs that never end must not starve the loop.
    let runs = 0;
    kernel.softirq.open(TASKLET_SOFTIRQ, () => {
      runs++;
      if (fired.length < 2) kernel.softirq.raise(TASKLET_SOFTIRQ);
    });
    kernel.softirq.raise(TASKLET_SOFTIRQ);
    expect(deferred).toBe(0);
    await wait(120);
    expect(fired).toEqual(['early true', 'late true']);
    expect([deferred, runs > 10]).toEqual([1, true]);
    const { jiffies } = kernel.timers;
    expect(jiffies).toBeGreaterThanOrEqual(119);
    expect(Math.abs(kernel.realTime() / 1e6 - wallClockMs())).toBeLessThan(1000);
    await wait(20);
    // Nothing happened in between, and still it knows what time it is.
    expect(kernel.timers.jiffies - jiffies).toBeGreaterThanOrEqual(19);
    expect(kernel.shutdown()).toEqual({});
  });

  it('does not keep a process that has only housekeeping to wait for', () => {
    const kernel = createKernel({ clock: new RealClock() });
    const waiting = (): number => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length;
    const before = waiting();
    const housekeeping = new TimerList(() => {}, true);
    const due = new TimerList(() => {});
    kernel.timers.startIn(housekeeping, 60_000);
    expect(waiting()).toBe(before);
    kernel.timers.startIn(due, 90_000);
    expect(waiting()).toBe(before + 1);
    kernel.timers.delTimer(due);
    expect(waiting()).toBe(before);
    kernel.timers.delTimer(housekeeping);
    expect(kernel.shutdown()).toEqual({});
  });
});
