/** The fake timers of a test runner are for the program under test; clocks go on. */
import { afterEach, expect, it, vi } from 'vitest';
import { createKernel, RealClock, TimerList } from '../src/index.ts';
import { macrotask } from '../src/time/platform.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('waits for a turn of the event loop under fake timers', async () => {
  vi.useFakeTimers();
  const turned = new Promise((resolve) => macrotask(() => resolve('turned')));
  expect(await turned).toBe('turned');
});

it('fires timers of a real clock under fake timers, at their time', async () => {
  vi.useFakeTimers();
  const clock = new RealClock();
  const kernel = createKernel({ clock });
  await new Promise<void>((resolve) => kernel.timers.startIn(new TimerList(resolve), 20));
  const stopped = new TimerList(() => {});
  kernel.timers.startIn(stopped, 1000);
  kernel.timers.delTimer(stopped);
  expect(clock.now()).toBeGreaterThanOrEqual(19e6);
  expect(kernel.shutdown()).toEqual({});
});
