/** Sending at the right times and waiting for answers (`main_loop`, `pinger` and `finish` of ping). */
import { EAGAIN, EBADF, EINTR, ENOBUFS, ENOMEM, MSG_DONTWAIT, POLLERR, POLLIN } from '@skbuff/uapi';
import { msToNs, type PingContext } from './ping-context.ts';
import type { PingStats } from './ping-stats.ts';

/** Shortest time between two looks at the socket, milliseconds. */
const MIN_INTERVAL_MS = 10;

/** A request that the network failed, an error of this host (or none at all), or somebody else's affair. */
export type ErrorSource = 'network' | 'local' | 'not ours';

/** What a family does of its own. */
export interface PingFamily {
  readonly fd: number;
  /** Sends the request with the next number: 0 or a negative errno. */
  sendProbe(): number;
  /** Receives one message: 0, or a negative errno. */
  receive(flags: number): number;
  /** Reads one message of the error queue: what it was about. */
  receiveError(): ErrorSource;
}

/** The interval as the loop schedules by it. */
function schint(ms: number): number {
  return ms < MIN_INTERVAL_MS ? MIN_INTERVAL_MS : ms;
}

/** A failure to send about which the error queue may know more. */
function isHard(err: number): boolean {
  return err < 0 && ![-EINTR, -EBADF, -ENOBUFS, -ENOMEM, -EAGAIN].includes(err);
}

export class PingLoop {
  private readonly ctx: PingContext;
  private readonly stats: PingStats;
  private readonly family: PingFamily;
  private start = 0;
  /** When the last request was scheduled, -1 before the first. */
  private last = -1;
  /** Credit for requests, milliseconds. */
  private tokens = 0;
  /** When to give up, nanoseconds. */
  private end: number = Number.POSITIVE_INFINITY;
  private oomCount = 0;
  private statusWanted = false;

  constructor(ctx: PingContext, stats: PingStats, family: PingFamily) {
    this.ctx = ctx;
    this.stats = stats;
    this.family = family;
  }

  /** Runs to the end and gives the exit status. */
  async run(hostname: string): Promise<number> {
    const { ctx } = this;
    const { deadline, count } = ctx.options;
    ctx.env.onSignal('SIGINT', () => {
      ctx.exiting = true;
    });
    ctx.env.onSignal('SIGQUIT', () => {
      this.statusWanted = true;
    });
    this.start = ctx.monotonic();
    if (deadline > 0) this.end = this.start + deadline * 1e9;
    while (!this.finished()) {
      if (this.statusWanted) ctx.env.stderr(this.stats.status());
      this.statusWanted = false;
      const next = this.sendDue();
      await this.wait(next);
    }
    ctx.print(this.stats.summary(hostname, Math.max(this.last, this.start) - this.start));
    return ctx.received === 0 || (deadline > 0 && ctx.received < count) ? 1 : 0;
  }

  private finished(): boolean {
    const { ctx } = this;
    const { count, deadline } = ctx.options;
    if (ctx.exiting || ctx.monotonic() >= this.end) return true;
    return (count > 0 && ctx.received + ctx.errors >= count) || (deadline > 0 && ctx.errors > 0);
  }

  /** Sends what is due; the milliseconds until more is. */
  private sendDue(): number {
    for (;;) {
      const next = this.scheduleExit(this.pinger());
      if (next > 0) return next;
    }
  }

  /** `pinger`. */
  private pinger(): number {
    const { ctx, stats } = this;
    const { options } = ctx;
    if (options.count > 0 && ctx.sent >= options.count && options.deadline === 0) return 1000;
    const early = this.tooEarly();
    if (early > 0) return early;
    if (options.outstanding && ctx.sent > 0 && !stats.answered(ctx.sent)) {
      ctx.printTimestamp();
      ctx.print(`no answer yet for icmp_seq=${ctx.sent % 0x10000}\n`);
    }
    let err = this.family.sendProbe();
    let told: ErrorSource = 'local';
    while (isHard(err)) {
      told = this.family.receiveError();
      if (told !== 'not ours') break;
      err = this.family.sendProbe();
    }
    if (err === 0) {
      this.oomCount = 0;
      stats.advance();
      if (!options.quiet && options.flood) ctx.print('.');
      return ctx.interval - this.tokens;
    }
    return this.sendFailed(err, told);
  }

  /** Milliseconds until the next request may go, or 0: now. Requests are limited to the rate and the preload. */
  private tooEarly(): number {
    const { ctx, stats } = this;
    const { preload } = ctx.options;
    const now = ctx.monotonic();
    if (this.last < 0) {
      this.last = now;
      this.tokens = ctx.interval * (preload - 1);
      return 0;
    }
    let credit = Math.trunc((now - this.last) / 1e6);
    if (ctx.interval === 0 && credit < MIN_INTERVAL_MS && stats.inFlight() >= preload) return MIN_INTERVAL_MS - credit;
    credit = Math.min(credit + this.tokens, ctx.interval * preload);
    if (credit < ctx.interval) return ctx.interval - credit;
    this.last = now;
    this.tokens = credit - ctx.interval;
    return 0;
  }

  private sendFailed(err: number, told: ErrorSource): number {
    const { ctx, stats } = this;
    if (err === -EINTR || err === -EBADF) {
      ctx.exiting = true;
      return 1;
    }
    if (err === -ENOBUFS || err === -ENOMEM) {
      this.tokens = 0;
      stats.slowDown();
      const pause = Math.min(schint(Math.trunc(ctx.interval / 2)), 500);
      this.oomCount++;
      if (this.oomCount * pause < ctx.options.linger) return pause;
    } else if (err === -EAGAIN || told === 'network') {
      this.tokens += ctx.interval;
      return MIN_INTERVAL_MS;
    }
    stats.advance();
    if (!isHard(err) && !ctx.options.quiet) {
      if (ctx.options.flood) ctx.print('E');
      else ctx.complain('sendmsg', err);
    }
    this.tokens = 0;
    return schint(ctx.interval);
  }

  /** When all is sent, answers are waited for as long as twice the slowest has taken, or until -W if there was none. */
  private scheduleExit(next: number): number {
    const { ctx } = this;
    const { count, deadline, linger } = ctx.options;
    if (count === 0 || ctx.sent < count || deadline > 0 || this.end !== Number.POSITIVE_INFINITY) return next;
    const us = ctx.received > 0 ? Math.max(2 * this.stats.maxTime, 1000 * ctx.interval) : linger * 1000;
    if (us > 0) this.end = ctx.monotonic() + us * 1000;
    return Math.max(next, Math.trunc(us / 1000), us === 0 ? next : 1);
  }

  /** Waits at most `next` milliseconds for a message, then takes all that are there. */
  private async wait(next: number): Promise<void> {
    const { ctx, family } = this;
    const until = Math.min(ctx.monotonic() + msToNs(this.pause(next)), this.end);
    const poll = { fd: family.fd, events: POLLIN, revents: 0 };
    const ready = await ctx.env.task.poll([poll], Math.max((until - ctx.monotonic()) / 1e6, 0));
    if (ready === -EBADF) ctx.exiting = true;
    if (ready < 1 || (poll.revents & (POLLIN | POLLERR)) === 0) {
      if ((poll.revents & ~(POLLIN | POLLERR)) !== 0) ctx.exiting = true;
      return;
    }
    this.takeAll((poll.revents & POLLERR) !== 0);
  }

  /** A wait too short for poll(2) is lengthened when an answer is awaited. */
  private pause(next: number): number {
    const { ctx } = this;
    const short = (ctx.options.adaptive || ctx.options.flood || next < schint(ctx.interval)) && next <= 1;
    return short && this.stats.inFlight() > 0 ? MIN_INTERVAL_MS : next;
  }

  private takeAll(errorQueue: boolean): void {
    const { family } = this;
    let errors = errorQueue;
    for (;;) {
      const err = family.receive(MSG_DONTWAIT);
      if (err < 0) {
        if (err === -EBADF) this.ctx.exiting = true;
        if ((err === -EAGAIN && !errors) || err === -EINTR || err === -EBADF) return;
        errors = false;
        family.receiveError();
      }
      if (this.stats.inFlight() === 0) return;
    }
  }
}
