/** What ping counts: round trips, duplicates, how many answers are out. */
import type { PingContext } from './ping-context.ts';

const MAX_DUP_CHK = 0x10000;
const INT_MAX = 0x7fff_ffff;

/** The difference of two sequence numbers, signed. */
function s16(n: number): number {
  return (n << 16) >> 16;
}

export class PingStats {
  private readonly ctx: PingContext;
  private readonly seen: Uint8Array = new Uint8Array(MAX_DUP_CHK);
  private acked = 0;
  private pipesize = -1;
  /** Microseconds, but the square. */
  private min = INT_MAX;
  private max = 0;
  private sum = 0;
  private sum2 = 0;
  /** Smoothed round trip, eighths of a microsecond. */
  private rtt = 0;
  /** Slowdown when the device's queue is full, microseconds. */
  private addend = 0;

  constructor(ctx: PingContext) {
    this.ctx = ctx;
  }

  get maxTime(): number {
    return this.max;
  }

  answered(seq: number): boolean {
    return this.seen[seq & 0xffff] !== 0;
  }

  forget(seq: number): void {
    this.seen[seq & 0xffff] = 0;
  }

  acknowledge(seq: number): void {
    const { sent } = this.ctx;
    const diff = (sent - seq) & 0xffff;
    if (diff > 0x7fff) return;
    if (diff + 1 > this.pipesize) this.pipesize = diff + 1;
    if (s16(seq - this.acked) > 0 || s16(sent - this.acked) > 0x7fff) this.acked = seq & 0xffff;
  }

  /** A request went out: if none was answered for long, the oldest count as answered. */
  advance(): void {
    this.ctx.sent++;
    if (((this.ctx.sent - this.acked) & 0xffff) > 0x7fff) this.acked = (this.ctx.sent + 1) & 0xffff;
  }

  inFlight(): number {
    const { sent, received, errors } = this.ctx;
    const diff = (sent - this.acked) & 0xffff;
    return diff <= 0x7fff ? diff : sent - received - errors;
  }

  /** Whether an answer is a repetition; counts it. */
  countReply(seq: number, corrupted: boolean): boolean {
    const { ctx } = this;
    if (corrupted) {
      ctx.corrupted++;
      return false;
    }
    if (this.answered(seq)) {
      ctx.repeats++;
      return true;
    }
    this.seen[seq & 0xffff] = 1;
    ctx.received++;
    return false;
  }

  /** A round trip in microseconds. */
  countTime(us: number): void {
    this.sum += us;
    this.sum2 += us * us;
    this.min = Math.min(this.min, us);
    this.max = Math.max(this.max, us);
    this.rtt = this.rtt === 0 ? us * 8 : this.rtt + us - Math.trunc(this.rtt / 8);
    if (this.ctx.options.adaptive) this.updateInterval();
  }

  slowDown(): void {
    this.addend += this.rtt < 8 * 50_000 ? Math.trunc(this.rtt / 8) : 50_000;
    if (this.ctx.options.adaptive) this.updateInterval();
  }

  private updateInterval(): void {
    const est = this.rtt !== 0 ? Math.trunc(this.rtt / 8) : this.ctx.interval * 1000;
    this.ctx.interval = Math.trunc((est + this.addend + 500) / 1000);
    if (this.ctx.env.task.cred.uid !== 0 && this.ctx.interval < 2) this.ctx.interval = 2;
  }

  /** The last lines. `elapsed`: nanoseconds from the first to the last request. */
  summary(hostname: string, elapsed: number): string {
    const { sent, received, repeats, corrupted, errors } = this.ctx;
    let out = `\n--- ${hostname} ping statistics ---\n${sent} packets transmitted, ${received} received`;
    if (repeats > 0) out += `, +${repeats} duplicates`;
    if (corrupted > 0) out += `, +${corrupted} corrupted`;
    if (errors > 0) out += `, +${errors} errors`;
    if (sent > 0) {
      const loss = Number(Math.fround(((sent - received) * 100) / sent).toPrecision(6));
      out += `, ${loss}% packet loss, time ${Math.floor((elapsed + 500_000) / 1e6)}ms`;
    }
    return `${out}\n${this.times(elapsed)}\n`;
  }

  /** One line on the way, as SIGQUIT asks for it (`status`). */
  status(): string {
    const { sent, received, timing } = this.ctx;
    const loss = sent === 0 ? 0 : Math.trunc(((sent - received) * 100) / sent);
    let out = `\r${received}/${sent} packets, ${loss}% loss`;
    if (received > 0 && timing) {
      const avg = Math.trunc(this.sum / (received + this.ctx.repeats));
      out += `, min/avg/ewma/max = ${millis(this.min)}/${millis(avg)}/${millis(Math.trunc(this.rtt / 8))}/${millis(this.max)} ms`;
    }
    return `${out}\n`;
  }

  private times(elapsed: number): string {
    const { sent, received, timing, interval, options } = this.ctx;
    const parts: string[] = [];
    if (received > 0 && timing) parts.push(this.roundTrips());
    if (this.pipesize > 1) parts.push(`pipe ${this.pipesize}`);
    if (received > 0 && (interval === 0 || options.flood || options.adaptive) && sent > 1) {
      const ipg = Math.trunc(elapsed / 1000 / (sent - 1));
      const ewma = Math.trunc(this.rtt / 8);
      parts.push(`ipg/ewma ${millis(ipg)}/${millis(ewma)} ms`);
    }
    return parts.join(', ');
  }

  private roundTrips(): string {
    const total = this.ctx.received + this.ctx.repeats;
    const avg = Math.trunc(this.sum / total);
    const variance = this.sum < INT_MAX ? (this.sum2 - Math.trunc((this.sum * this.sum) / total)) / total : this.sum2 / total - avg * avg;
    const dev = Math.floor(Math.sqrt(Math.trunc(variance)));
    return `rtt min/avg/max/mdev = ${millis(this.min)}/${millis(avg)}/${millis(this.max)}/${millis(dev)} ms`;
  }
}

/** Microseconds as milliseconds with three digits. */
function millis(us: number): string {
  return `${Math.floor(us / 1000)}.${String(us % 1000).padStart(3, '0')}`;
}

/** The round trip as each answer shows it: three digits that mean something. */
export function showTime(us: number): string {
  if (us >= 100_000 - 50) return `${Math.floor((us + 500) / 1000)} ms`;
  if (us >= 10_000 - 5) return `${Math.floor((us + 50) / 1000)}.${Math.floor(((us + 50) % 1000) / 100)} ms`;
  if (us >= 1000) return `${Math.floor((us + 5) / 1000)}.${String(Math.floor(((us + 5) % 1000) / 10)).padStart(2, '0')} ms`;
  return `0.${String(us).padStart(3, '0')} ms`;
}
