/** Waiting inside a system call: the only place where the stack and promises meet. */
import { HrTimer, NSEC_PER_JIFFY, hrtimerStart, hrtimerCancel } from '@skbuff/core';
import { EAGAIN, EBADF, EINTR, ETIME } from '@skbuff/uapi';
import { BusyWait } from './busy-poll.ts';
import type { OpenFile } from './file.ts';
import type { Sock } from './sock.ts';
import { sockNet } from './sock-net.ts';
import type { Task } from './task.ts';
import { WaitQueueEntry, type WaitQueueHead } from './wait.ts';

const NONE: readonly WaitQueueHead[] = [];

/** One wait of a task: ends with the first event, at the deadline, or when it is interrupted. */
export class TaskWait {
  /** 0: something happened; -ETIME: the deadline passed; or the errno of an interruption. */
  readonly promise: Promise<number>;
  /** Closing this file ends the wait. */
  readonly file: OpenFile | null;
  private readonly task: Task;
  private readonly entries: WaitQueueEntry[] = [];
  private timer: HrTimer | null;
  private resolve: ((result: number) => void) | null = null;
  private busy: BusyWait | null = null;
  /** What it ends with is known, and others have their turn before. */
  private over = false;
  /** Queues whose one wake-up this task has taken, and not used yet. */
  private taken: readonly WaitQueueHead[] = NONE;

  /** @param deadline nanoseconds of the kernel's clock, Infinity: none */
  constructor(task: Task, file: OpenFile | null, deadline: number) {
    this.task = task;
    this.file = file;
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
    this.timer = deadline === Number.POSITIVE_INFINITY ? null : new HrTimer(() => this.finish(-ETIME));
    task.waits.add(this);
    task.kernel.clock.park();
    if (this.timer !== null) hrtimerStart(task.kernel.timers, this.timer, deadline);
  }

  /** Ends the wait when `wq` reports one of the events in `mask`, or any without a mask. */
  watch(wq: WaitQueueHead, mask: number, exclusive: boolean): void {
    const entry = new WaitQueueEntry((events) => {
      if (events !== 0 && (events & mask) === 0) return false;
      return this.finish(0);
    }, exclusive);
    this.entries.push(entry);
    wq.add(entry);
  }

  /** Until something happens the task polls the device itself, if the socket says so. */
  busyPoll(sk: Sock): void {
    if (sk.llUsec !== 0) this.busy = new BusyWait(sk);
  }

  /** Ends the wait, now or when the task has its turn; false if it has ended already. */
  finish(result: number): boolean {
    if (this.over) return result !== 0 && this.giveUp(result);
    this.over = true;
    const { timers, clock } = this.task.kernel;
    const resume = result === 0 ? sockNet.of(this.task.net).layer.slice.take(clock) : 0;
    if (resume !== 0) this.taken = this.entries.flatMap(({ exclusive, head }) => (exclusive && head !== null ? [head] : NONE));
    for (const entry of this.entries) entry.head?.remove(entry);
    this.busy?.stop();
    if (resume === 0) return this.end(result);
    if (this.timer !== null) hrtimerCancel(timers, this.timer);
    this.timer = new HrTimer(() => this.end(0));
    hrtimerStart(timers, this.timer, resume);
    return true;
  }

  /** Interrupted before its turn: what woke it is for the next who waits. */
  private giveUp(result: number): boolean {
    const ended = this.end(result);
    if (ended) for (const wq of this.taken) wq.wake(0);
    return ended;
  }

  private end(result: number): boolean {
    const { resolve } = this;
    if (resolve === null) return false;
    this.resolve = null;
    if (this.timer !== null) hrtimerCancel(this.task.kernel.timers, this.timer);
    this.task.waits.delete(this);
    this.task.kernel.clock.unpark();
    resolve(result);
    return true;
  }
}

/** How a wait of `task` on `file` ended, by now: between the event and this both may be gone. 0, -ETIME, -EINTR, -EBADF. */
export function afterWait(task: Task, file: OpenFile | null, why: number): number {
  if (task.nsproxy === null) return -EINTR;
  return file !== null && file.refs === 0 ? -EBADF : why;
}

/** What a call waits for. */
export interface BlockFor {
  readonly file: OpenFile;
  readonly wq: WaitQueueHead;
  /** POLL* events after which it makes sense to try again. */
  readonly mask: number;
  /** Jiffies; Infinity: for ever. */
  readonly timeo: number;
  /** The socket that is read from, which may poll for itself first. */
  readonly reader?: Sock;
}

/**
 * Waits and tries again until `attempt` returns something else than -EAGAIN or the time is up (-EAGAIN then): it is told whether it is the last.
 * The attempt before the first wait was the caller's.
 */
export async function blockOn(task: Task, what: BlockFor, attempt: (last: boolean) => number): Promise<number> {
  const deadline = task.kernel.clock.now() + what.timeo * NSEC_PER_JIFFY;
  for (let timedOut = false; ; ) {
    const wait = new TaskWait(task, what.file, deadline);
    wait.watch(what.wq, what.mask, true);
    if (what.reader !== undefined) wait.busyPoll(what.reader);
    const why = afterWait(task, what.file, await wait.promise);
    if (why === -ETIME) timedOut = true;
    else if (why < 0) return why;
    const rc = task.enter(() => attempt(timedOut));
    if (rc !== -EAGAIN || timedOut) return rc;
  }
}
