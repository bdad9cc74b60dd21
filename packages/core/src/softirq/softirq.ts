/**
 * Softirqs (`kernel/softirq.c`): work that the network devices raise and that runs as soon as nobody is inside the stack. Packets
 * that a host sends to itself, or over a veth, are received here and not by recursion.
 */
export const HI_SOFTIRQ = 0;
export const TIMER_SOFTIRQ = 1;
export const NET_TX_SOFTIRQ = 2;
export const NET_RX_SOFTIRQ = 3;
export const TASKLET_SOFTIRQ = 6;
export const NR_SOFTIRQS = 10;

/** How often pending work is looked at again before the rest is left to ksoftirqd. */
const MAX_SOFTIRQ_RESTART = 10;

export class Softirq {
  private pending = 0;
  /** Depth of `localBhDisable`; while positive, raised softirqs wait. */
  private disabled = 0;
  private readonly actions: (() => void)[] = new Array<() => void>(NR_SOFTIRQS).fill(nothing);
  private readonly wakeKsoftirqd: () => void;
  private readonly overload: () => void;

  /**
   * @param wakeKsoftirqd something was raised while nobody is inside: `doSoftirq` soon
   * @param overload there is no end of work: `doSoftirq` after others had their turn
   */
  constructor(wakeKsoftirqd: () => void, overload: () => void) {
    this.wakeKsoftirqd = wakeKsoftirqd;
    this.overload = overload;
  }

  /** `open_softirq`. */
  open(nr: number, action: () => void): void {
    this.actions[nr] = action;
  }

  /** `raise_softirq`: runs when bottom halves are enabled again, or from ksoftirqd when they are enabled now. */
  raise(nr: number): void {
    this.pending |= 1 << nr;
    if (this.disabled === 0) this.wakeKsoftirqd();
  }

  /** Something is raised and has not run. */
  isPending(): boolean {
    return this.pending !== 0;
  }

  /** Inside a softirq or a section that excludes them. */
  inSoftirq(): boolean {
    return this.disabled > 0;
  }

  localBhDisable(): void {
    this.disabled++;
  }

  /** The outermost enable runs what was raised meanwhile. */
  localBhEnable(): void {
    if (this.disabled === 1 && this.pending !== 0) this.run();
    this.disabled--;
  }

  /** Runs what is pending, unless it is running already. */
  doSoftirq(): void {
    this.localBhDisable();
    this.localBhEnable();
  }

  private run(): void {
    for (let restart = 0; this.pending !== 0; restart++) {
      if (restart === MAX_SOFTIRQ_RESTART) {
        this.overload();
        return;
      }
      const work = this.pending;
      this.pending = 0;
      for (let nr = 0; nr < NR_SOFTIRQS; nr++) if ((work & (1 << nr)) !== 0) (this.actions[nr] as () => void)();
    }
  }
}

function nothing(): void {}
