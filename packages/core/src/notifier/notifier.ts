/**
 * Notifier chains (`kernel/notifier.c`): publish and subscribe inside the kernel, in the caller's context, by priority.
 *
 * Linux has four kinds that differ in locking. On one thread what remains of the difference is what happens when a callback
 * changes the chain that is being called; each kind below says it.
 */
import { EDEADLK, EEXIST, ENOENT } from '@skbuff/uapi';

/** Not interested. */
export const NOTIFY_DONE = 0x0000;
/** Handled; go on. */
export const NOTIFY_OK = 0x0001;
/** Set in a result that ends the walk. */
export const NOTIFY_STOP_MASK = 0x8000;
/** An error or a veto; ends the walk. */
export const NOTIFY_BAD: number = NOTIFY_STOP_MASK | 0x0002;
/** Handled; nobody else needs to see it. */
export const NOTIFY_STOP: number = NOTIFY_STOP_MASK | NOTIFY_OK;

/** The veto that carries a negative errno; 0 gives NOTIFY_OK (`notifier_from_errno`). */
export function notifierFromErrno(err: number): number {
  return err === 0 ? NOTIFY_OK : NOTIFY_STOP_MASK | (NOTIFY_OK - err);
}

/** The errno inside a result: 0 or negative (`notifier_to_errno`). NOTIFY_BAD carries -EPERM. */
export function notifierToErrno(result: number): number {
  const value = result & ~NOTIFY_STOP_MASK;
  return value > NOTIFY_OK ? NOTIFY_OK - value : 0;
}

/** `struct notifier_block`. Higher priority is called first, equal priority in the order of registration. */
export interface NotifierBlock<T> {
  /** Returns a NOTIFY_* value. */
  readonly notifierCall: (nb: NotifierBlock<T>, event: number, data: T) => number;
  /** Default 0. */
  readonly priority?: number;
}

function insert<T>(chain: readonly NotifierBlock<T>[], nb: NotifierBlock<T>): NotifierBlock<T>[] {
  const priority = nb.priority ?? 0;
  const at = chain.findIndex((other) => (other.priority ?? 0) < priority);
  return at < 0 ? [...chain, nb] : [...chain.slice(0, at), nb, ...chain.slice(at)];
}

/** The core of all four kinds. */
abstract class NotifierHead<T> {
  protected chain: readonly NotifierBlock<T>[] = [];

  /** 0, or -EEXIST when the block is on the chain already. */
  register(nb: NotifierBlock<T>): number {
    if (this.chain.includes(nb)) return -EEXIST;
    this.chain = insert(this.chain, nb);
    return 0;
  }

  /** 0, or -ENOENT for a block that is not on the chain. */
  unregister(nb: NotifierBlock<T>): number {
    if (!this.chain.includes(nb)) return -ENOENT;
    this.chain = this.chain.filter((other) => other !== nb);
    return 0;
  }

  /** Subscribers, in the order in which they are called. */
  blocks(): readonly NotifierBlock<T>[] {
    return this.chain;
  }

  /**
   * Calls the subscribers until one result has NOTIFY_STOP_MASK, and returns the last result (NOTIFY_DONE for an empty chain).
   * `nrToCall` limits how many are called, -1: all. `calls.count`, when given, is raised once per call.
   */
  callChain(event: number, data: T, nrToCall = -1, calls: { count: number } | null = null): number {
    let result = NOTIFY_DONE;
    for (const nb of this.chain) {
      if (nrToCall-- === 0) break;
      result = nb.notifierCall(nb, event, data);
      if (calls !== null) calls.count++;
      if ((result & NOTIFY_STOP_MASK) !== 0) break;
    }
    return result;
  }
}

/** Readers walk the list as it was when the call began (RCU): changes made by a callback show in the next call. */
export class AtomicNotifierHead<T> extends NotifierHead<T> {}

/** As atomic, for callbacks that may register and unregister at any time (SRCU). */
export class SrcuNotifierHead<T> extends NotifierHead<T> {}

/** The chain is locked while it is called: a callback that changes it would wait for itself, and gets -EDEADLK. */
export class BlockingNotifierHead<T> extends NotifierHead<T> {
  private calling = 0;

  override register(nb: NotifierBlock<T>): number {
    return this.calling > 0 ? -EDEADLK : super.register(nb);
  }

  override unregister(nb: NotifierBlock<T>): number {
    return this.calling > 0 ? -EDEADLK : super.unregister(nb);
  }

  override callChain(event: number, data: T, nrToCall = -1, calls: { count: number } | null = null): number {
    this.calling++;
    try {
      return super.callChain(event, data, nrToCall, calls);
    } finally {
      this.calling--;
    }
  }
}

/** No protection at all: the owner holds a lock of its own (RTNL for `netdev_chain`), and changes show at once. */
export class RawNotifierHead<T> extends NotifierHead<T> {
  override callChain(event: number, data: T, nrToCall = -1, calls: { count: number } | null = null): number {
    let result = NOTIFY_DONE;
    const called = new Set<NotifierBlock<T>>();
    for (let at = 0; at < this.chain.length && nrToCall-- !== 0; ) {
      const { chain } = this;
      const nb = chain[at] as NotifierBlock<T>;
      result = nb.notifierCall(nb, event, data);
      if (calls !== null) calls.count++;
      if ((result & NOTIFY_STOP_MASK) !== 0) break;
      called.add(nb);
      // Behind the last one that was called: a block that came in front of it meanwhile is too late.
      at = chain === this.chain ? at + 1 : this.chain.findLastIndex((other) => called.has(other)) + 1;
    }
    return result;
  }
}
