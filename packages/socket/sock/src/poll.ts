/** poll(2). */
import { NSEC_PER_JIFFY, MSEC_PER_JIFFY } from '@skbuff/core';
import { EINTR, ETIME, POLLERR, POLLHUP, POLLNVAL } from '@skbuff/uapi';
import { sockNet } from './sock-net.ts';
import type { Result, Task } from './task.ts';
import { TaskWait, afterWait } from './task-wait.ts';

/** `struct pollfd`. */
export interface PollFd {
  /** Negative: left out. */
  readonly fd: number;
  /** POLL* asked for. */
  readonly events: number;
  /** Filled in; POLLERR, POLLHUP and POLLNVAL come unasked. */
  revents: number;
}

export function doPoll(task: Task, fds: readonly PollFd[], timeoutMs: number): Result {
  const ready = scan(task, fds);
  if (ready === 0 && timeoutMs !== 0) return pollWait(task, fds, timeoutMs);
  return whenTurn(task, ready, () => scan(task, fds));
}

/** Deadline on the kernel's clock of a timeout in milliseconds, negative: none. */
export function deadlineOf(task: Task, timeoutMs: number): number {
  return timeoutMs < 0 ? Number.POSITIVE_INFINITY : task.kernel.clock.now() + (timeoutMs / MSEC_PER_JIFFY) * NSEC_PER_JIFFY;
}

/** `ready` at once, or after others had their turn what there is then: `again`. */
export function whenTurn(task: Task, ready: number, again: () => number): Result {
  const resume = sockNet.of(task.net).layer.slice.take(task.kernel.clock);
  return resume === 0 ? ready : new TaskWait(task, null, resume).promise.then((why) => (afterWait(task, null, why) === -EINTR ? -EINTR : task.enter(again)));
}

async function pollWait(task: Task, fds: readonly PollFd[], timeoutMs: number): Promise<number> {
  const deadline = deadlineOf(task, timeoutMs);
  for (;;) {
    const wait = new TaskWait(task, null, deadline);
    for (const { fd, events } of fds) {
      const file = fd < 0 ? null : task.fds.get(fd);
      if (file !== null) wait.watch(file.ops.waitQueue(file), events | POLLERR | POLLHUP, false);
    }
    const why = afterWait(task, null, await wait.promise);
    if (why === -EINTR) return -EINTR;
    const ready = task.enter(() => scan(task, fds));
    if (ready > 0 || why === -ETIME) return ready;
  }
}

function scan(task: Task, fds: readonly PollFd[]): number {
  let ready = 0;
  for (const entry of fds) {
    const file = entry.fd < 0 ? null : task.fds.get(entry.fd);
    if (file === null) entry.revents = entry.fd < 0 ? 0 : POLLNVAL;
    else entry.revents = file.ops.poll(file) & (entry.events | POLLERR | POLLHUP);
    if (entry.revents !== 0) ready++;
  }
  return ready;
}
