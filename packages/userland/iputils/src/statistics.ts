/** What ping counts, and the lines at its end. */

const MAX_DUP_CHK = 65536;

export class Statistics {
  transmitted = 0;
  received = 0;
  repeats = 0;
  checksum = 0;
  errors = 0;
  /** Microseconds. */
  min: number = Number.POSITIVE_INFINITY;
  max = 0;
  /** Eight times the moving average of round trips, microseconds. */
  ewma = 0;
  private sum = 0;
  private sum2 = 0;
  private pipe = -1;
  private acked = 0;
  private readonly seen: Uint8Array = new Uint8Array(MAX_DUP_CHK);

  get inFlight(): number {
    const diff = (this.transmitted - this.acked) & 0xffff;
    return diff <= 0x7fff ? diff : this.transmitted - this.received - this.errors;
  }

  /** One more was sent; whether it is answered is not known. */
  advance(): void {
    this.transmitted++;
    this.seen[(this.transmitted + 1) % MAX_DUP_CHK] = 0;
  }

  /** Something came back for a request. */
  acknowledge(seq: number): void {
    const diff = (this.transmitted - seq) & 0xffff;
    if (diff > 0x7fff) return;
    if (diff + 1 > this.pipe) this.pipe = diff + 1;
    const ahead = ((seq - this.acked) << 16) >> 16;
    if (ahead > 0 || ((this.transmitted - this.acked) & 0xffff) > 0x7fff) this.acked = seq;
  }

  answered(seq: number): boolean {
    return this.seen[seq % MAX_DUP_CHK] !== 0;
  }

  /** An answer with a good checksum. Whether one had come before. */
  reply(seq: number): boolean {
    const dup = this.answered(seq);
    this.acknowledge(seq);
    if (dup) this.repeats++;
    else this.received++;
    this.seen[seq % MAX_DUP_CHK] = 1;
    return dup;
  }

  /** A round trip in microseconds. */
  trip(us: number): void {
    this.sum += us;
    this.sum2 += us * us;
    this.min = Math.min(this.min, us);
    this.max = Math.max(this.max, us);
    this.ewma = this.ewma === 0 ? us * 8 : this.ewma + us - Math.trunc(this.ewma / 8);
  }

  /** @param elapsed nanoseconds from the first request to the last. @param ipg with the gap between packets */
  text(host: string, elapsed: number, timing: boolean, ipg: boolean): string {
    return `\n--- ${host} ping statistics ---\n${this.counts(elapsed)}\n${this.times(elapsed, timing, ipg)}\n`;
  }

  private counts(elapsed: number): string {
    let text = `${this.transmitted} packets transmitted, ${this.received} received`;
    if (this.repeats > 0) text += `, +${this.repeats} duplicates`;
    if (this.checksum > 0) text += `, +${this.checksum} corrupted`;
    if (this.errors > 0) text += `, +${this.errors} errors`;
    if (this.transmitted === 0) return text;
    const loss = Math.fround(((this.transmitted - this.received) * 100) / this.transmitted);
    return `${text}, ${Number(loss.toPrecision(6))}% packet loss, time ${Math.round(elapsed / 1e6)}ms`;
  }

  private times(elapsed: number, timing: boolean, ipg: boolean): string {
    const parts: string[] = [];
    if (this.received > 0 && timing) {
      const total = this.received + this.repeats;
      const avg = Math.trunc(this.sum / total);
      const dev = Math.trunc(Math.sqrt(Math.trunc((this.sum2 - Math.trunc((this.sum * this.sum) / total)) / total)));
      parts.push(`rtt min/avg/max/mdev = ${[this.min, avg, this.max, dev].map(millis).join('/')} ms`);
    }
    if (this.pipe > 1) parts.push(`pipe ${this.pipe}`);
    if (ipg && this.received > 0 && this.transmitted > 1) {
      const gap = Math.trunc(elapsed / 1000 / (this.transmitted - 1));
      parts.push(`ipg/ewma ${millis(gap)}/${millis(Math.trunc(this.ewma / 8))} ms`);
    }
    return parts.join(', ');
  }
}

/** Microseconds as milliseconds with three digits. */
function millis(us: number): string {
  return `${Math.trunc(us / 1000)}.${String(us % 1000).padStart(3, '0')}`;
}

/** A round trip as each line shows it: three digits that count. */
export function tripText(us: number): string {
  if (us >= 99950) return `${Math.trunc((us + 500) / 1000)} ms`;
  if (us >= 9995) return `${(Math.trunc((us + 50) / 100) / 10).toFixed(1)} ms`;
  if (us >= 1000) return `${(Math.trunc((us + 5) / 10) / 100).toFixed(2)} ms`;
  return `${millis(us)} ms`;
}
