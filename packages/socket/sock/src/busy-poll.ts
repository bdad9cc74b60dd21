/**
 * Busy polling (`net/core/dev.c`, `include/net/busy_poll.h`): a reader that finds nothing polls the NAPI instance by which his packets come,
 * before and instead of the interrupt. Off unless the socket has SO_BUSY_POLL or net.core.busy_read gave it that.
 */
import { BUSY_POLL_BUDGET, HrTimer, type SkBuff, hrtimerStart, hrtimerCancel, napiBusyPoll } from '@skbuff/core';
import { EAGAIN } from '@skbuff/uapi';
import { SOCK_RXINFO, type Sock } from './sock.ts';

/** Nanoseconds between two polls of a reader that waits, where Linux takes as long as a poll takes. */
const BUSY_POLL_INTERVAL = 1000;
const NSEC_PER_USEC = 1000;

/** SO_BUSY_POLL: microseconds, 0 switches it off. */
export function skSetBusyPoll(sk: Sock, usec: number): void {
  sk.net.softnet.busyPollers += Number(usec !== 0) - Number(sk.llUsec !== 0);
  sk.llUsec = usec;
  if (usec !== 0) sk.flags |= SOCK_RXINFO;
}

/** `sk_busy_loop`, one turn: whether there is something to read now. */
export function skBusyPoll(sk: Sock): boolean {
  if (sk.receiveQueue.first !== null) return true;
  if (sk.napiId !== 0) napiBusyPoll(sk.net.softnet, sk.napiId, sk.busyPollBudget || BUSY_POLL_BUDGET);
  return sk.receiveQueue.first !== null;
}

/** `sk_can_busy_loop`, then reading again: the packet, or -EAGAIN. */
export function busyRecvDatagram(sk: Sock): SkBuff | number {
  if (sk.llUsec === 0 || !skBusyPoll(sk)) return -EAGAIN;
  return sk.receiveQueue.dequeue() ?? -EAGAIN;
}

/** Polls for a reader that has begun to wait, for as many microseconds as the socket says; whoever gets a packet wakes him. */
export class BusyWait {
  private readonly sk: Sock;
  private readonly end: number;
  private readonly timer: HrTimer = new HrTimer(() => this.turn());

  constructor(sk: Sock) {
    this.sk = sk;
    this.end = sk.net.kernel.clock.now() + sk.llUsec * NSEC_PER_USEC;
    this.again();
  }

  stop(): void {
    hrtimerCancel(this.sk.net.timers, this.timer);
  }

  private again(): void {
    const { net } = this.sk;
    const next = net.kernel.clock.now() + BUSY_POLL_INTERVAL;
    if (next <= this.end) hrtimerStart(net.timers, this.timer, next);
  }

  private turn(): void {
    if (!skBusyPoll(this.sk)) this.again();
  }
}
