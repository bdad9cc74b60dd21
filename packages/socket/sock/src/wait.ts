/** Wait queues (`kernel/sched/wait.c`): who wants to hear that something happened on a file or socket. */

/** Called with the poll mask of what happened (0: anything). True if it woke somebody, which ends an exclusive wake-up. */
export type WaitQueueFunc = (mask: number) => boolean;

/** `wait_queue_entry_t`: on one queue at the most. */
export class WaitQueueEntry {
  next: WaitQueueEntry | null = null;
  prev: WaitQueueEntry | null = null;
  head: WaitQueueHead | null = null;
  readonly exclusive: boolean;
  readonly fn: WaitQueueFunc;

  /** @param exclusive of all exclusive entries one wake-up reaches only the first that takes it */
  constructor(fn: WaitQueueFunc, exclusive = false) {
    this.fn = fn;
    this.exclusive = exclusive;
  }
}

/** `wait_queue_head_t`. */
export class WaitQueueHead {
  first: WaitQueueEntry | null = null;
  private last: WaitQueueEntry | null = null;

  /** Exclusive entries queue up behind, in the order they came; the others go in front. */
  add(entry: WaitQueueEntry): void {
    entry.head = this;
    if (this.first === null || this.last === null) {
      this.first = entry;
      this.last = entry;
    } else if (entry.exclusive) {
      entry.prev = this.last;
      this.last.next = entry;
      this.last = entry;
    } else {
      entry.next = this.first;
      this.first.prev = entry;
      this.first = entry;
    }
  }

  remove(entry: WaitQueueEntry): void {
    if (entry.head !== this) return;
    const { next, prev } = entry;
    if (prev === null) this.first = next;
    else prev.next = next;
    if (next === null) this.last = prev;
    else next.prev = prev;
    entry.next = null;
    entry.prev = null;
    entry.head = null;
  }

  /** Tells everybody who is not exclusive, and exclusive entries up to the first that takes it. An entry may leave while it is called. */
  wake(mask: number): void {
    for (let entry = this.first; entry !== null; ) {
      const next: WaitQueueEntry | null = entry.next;
      if (entry.fn(mask) && entry.exclusive) return;
      entry = next;
    }
  }

  /** Tells everybody (`wake_up_all`). */
  wakeAll(mask: number): void {
    for (let entry = this.first; entry !== null; ) {
      const next: WaitQueueEntry | null = entry.next;
      entry.fn(mask);
      entry = next;
    }
  }
}
