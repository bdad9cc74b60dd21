/** What is over goes: routes whose time has passed, and what was learned long ago (`fib6_run_gc`). */
import type { Fib6Net } from './fib6-net.ts';
import { fib6Del } from './ip6-fib.ts';

/** `fib6_run_gc`, of the timer. Goes on as long as there is something that has an end. */
export function fib6RunGc(state: Fib6Net): void {
  const now = state.timers.jiffies;
  let more = 0;
  for (const table of state.tables.values()) {
    for (const rt of table.routes()) {
      if (rt.expired(now)) {
        fib6Del(state, rt, null);
        continue;
      }
      if (rt.expires !== 0) more++;
      more += rt.nh.exceptions?.age(state, now) ?? 0;
    }
  }
  if (more > 0) state.timers.modTimer(state.gcTimer, now + state.gcInterval);
}
