/** What ping over IPv4 and over IPv6 have in common (`ping_common.c`): a socket, a request, the lines about answers and errors. */
import type { Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be16, le32, leS32, setLe64 } from '@skbuff/wire';
import type { PingContext } from './ping-context.ts';
import type { ErrorSource, PingFamily } from './ping-loop.ts';
import { type PingStats, showTime } from './ping-stats.ts';

export const ICMP_HLEN = 8;
const TIMEVAL_LEN = 16;
/** Where ping tries the way to the destination: no packet is sent. */
export const PROBE_PORT = 1025;

export interface IcmpSocket {
  readonly fd: number;
  readonly raw: boolean;
}

/** An answer that came. */
export interface Answer {
  /** Where its ICMP header begins, and how long it is with all that follows. */
  readonly at: number;
  readonly length: number;
  readonly seq: number;
  /** Who sent it, as it is shown. */
  readonly from: string;
  /** TTL or hop limit, -1: not known. */
  readonly hops: number;
  /** When it came, microseconds. */
  readonly when: number;
  readonly corrupted: boolean;
  /** It came from somebody else than was asked. */
  readonly strange: boolean;
  /** What is said instead of the sequence number, and that the answer is as long as it likes; null: of an echo reply. */
  readonly text: string | null;
}

/** `struct timeval` from microseconds. */
function putTimeval(b: Uint8Array, at: number, us: number): void {
  setLe64(b, at, Math.floor(us / 1e6));
  setLe64(b, at + 8, us % 1e6);
}

export function getTimeval(b: Uint8Array, at: number): number {
  const word = (o: number): number => le32(b, o) + leS32(b, o + 4) * 0x1_0000_0000;
  return word(at) * 1e6 + word(at + 8);
}

/** A string as setsockopt(2) takes it. */
export function cString(name: string): Uint8Array {
  return Uint8Array.from(`${name}\0`, (c) => c.charCodeAt(0));
}

export abstract class PingCommon implements PingFamily {
  readonly fd: number;
  protected readonly ctx: PingContext;
  protected readonly stats: PingStats;
  protected readonly task: Task;
  protected readonly raw: boolean;
  protected readonly ident: number;
  protected multicast = false;
  /** MSG_CONFIRM after an answer: the neighbour is there. */
  protected confirm = 0;
  protected readonly request: Uint8Array;
  protected readonly buf: Uint8Array;

  constructor(ctx: PingContext, stats: PingStats, { fd, raw }: IcmpSocket) {
    this.ctx = ctx;
    this.stats = stats;
    this.task = ctx.env.task;
    this.fd = fd;
    this.raw = raw;
    this.ident = ctx.options.ident ?? (raw ? this.task.kernel.random.below(0x10000) : 0);
    const { size, pattern } = ctx.options;
    this.request = Uint8Array.from({ length: ICMP_HLEN + size }, (_, i) => {
      if (i < ICMP_HLEN) return 0;
      return pattern === null ? (i - ICMP_HLEN) & 0xff : (pattern[(i - ICMP_HLEN) % pattern.length] ?? 0);
    });
    this.buf = new Uint8Array(size + 4096);
  }

  abstract sendProbe(): number;
  abstract receive(flags: number): number;
  abstract receiveError(): ErrorSource;

  protected isOurs(at: number): boolean {
    return !this.raw || be16(this.buf, at + 4) === this.ident;
  }

  /** The number of the next request; it counts as not answered. */
  protected nextSeq(): number {
    const seq = (this.ctx.sent + 1) & 0xffff;
    this.stats.forget(seq);
    return seq;
  }

  /** The time of sending, in the first bytes of the data. */
  protected stampRequest(): void {
    if (this.ctx.timing) putTimeval(this.request, ICMP_HLEN, this.ctx.timeOfDay());
  }

  /** Room for one request to send and for the answers to all that may be out. `overhead`: bytes of headers, also of the kernel's own. */
  protected setBuffers(overhead: number): void {
    const { task, fd, ctx } = this;
    const { size, preload, sndbuf } = ctx.options;
    let hold = size + ICMP_HLEN;
    hold += Math.trunc((hold + 511) / 512) * (overhead + 64 + 160);
    task.setsockopt(fd, U.SOL_SOCKET, U.SO_SNDBUF, sndbuf === 0 ? hold : sndbuf);
    task.setsockopt(fd, U.SOL_SOCKET, U.SO_RCVBUF, Math.max(hold * preload, 65536));
  }

  /** What is set on sockets of both families. */
  protected setSocketOptions(): void {
    const { task, fd } = this;
    const { debug, dontRoute, latency, mark } = this.ctx.options;
    if (debug) task.setsockopt(fd, U.SOL_SOCKET, U.SO_DEBUG, 1);
    if (dontRoute) task.setsockopt(fd, U.SOL_SOCKET, U.SO_DONTROUTE, 1);
    if (!latency) task.setsockopt(fd, U.SOL_SOCKET, U.SO_TIMESTAMP, 1);
    if (mark !== null) task.setsockopt(fd, U.SOL_SOCKET, U.SO_MARK, mark);
  }

  /** `gather_statistics`: counts an answer and shows it; false when nothing is to be shown behind it. */
  protected gather(answer: Answer): boolean {
    const { ctx, stats } = this;
    const { options } = ctx;
    const { at, length, seq, corrupted } = answer;
    if (!corrupted) stats.acknowledge(seq);
    let time = 0;
    if (ctx.timing && length >= ICMP_HLEN + TIMEVAL_LEN) {
      time = Math.max(answer.when - getTimeval(this.buf, at + ICMP_HLEN), 0);
      if (!corrupted) stats.countTime(time);
    }
    const repeated = stats.countReply(seq, corrupted);
    this.confirm = U.MSG_CONFIRM;
    if (options.quiet) return false;
    if (options.flood) {
      ctx.print(corrupted ? '\bC' : '\b \b');
      return true;
    }
    ctx.printTimestamp();
    const whole = answer.text !== null || length >= options.size + ICMP_HLEN;
    ctx.print(this.firstPart(answer) + (whole ? this.secondPart(answer, time, repeated) : ' (truncated)\n'));
    return whole;
  }

  private firstPart({ length, seq, from, hops, text }: Answer): string {
    const { options } = this.ctx;
    let line = `${length} bytes from ${from}:${text ?? ` icmp_seq=${seq}`}`;
    if (options.verbose && (this.raw || options.ident !== null)) line += ` ident=${this.ident}`;
    if (hops >= 0) line += ` ttl=${hops}`;
    return line;
  }

  private secondPart({ at, corrupted, strange, text }: Answer, time: number, repeated: boolean): string {
    const { ctx } = this;
    let line = ctx.timing ? ` time=${showTime(time)}` : '';
    if (repeated && (!this.multicast || ctx.options.verbose)) line += ' (DUP!)';
    if (corrupted) line += ' (BAD CHECKSUM!)';
    if (strange) line += ' (DIFFERENT ADDRESS!)';
    return text === null ? line + this.wrongData(at) : line;
  }

  /** What came back otherwise than it was sent. */
  private wrongData(at: number): string {
    const { buf, request } = this;
    const { size } = this.ctx.options;
    const data = at + ICMP_HLEN;
    for (let i = TIMEVAL_LEN; i < size; i++) {
      const sent = request[ICMP_HLEN + i];
      const got = buf[data + i];
      if (sent === got) continue;
      let out = `\nwrong data byte #${i} should be 0x${sent.toString(16)} but was 0x${got.toString(16)}`;
      for (let k = TIMEVAL_LEN; k < size; k++) {
        if (k % 32 === TIMEVAL_LEN) out += `\n#${k}\t`;
        out += `${buf[data + k].toString(16)} `;
      }
      return out;
    }
    return '';
  }

  /** An error of this host; `mtu` says how narrow the way is. */
  protected localError(errno: number, mtu: string): ErrorSource {
    const { ctx } = this;
    if (ctx.options.quiet) return 'local';
    if (ctx.options.flood) ctx.print('E');
    else if (errno === U.EMSGSIZE) ctx.complain(`local error: message too long, ${mtu}`);
    else ctx.complain(`local error: ${U.strerror(errno)}`);
    ctx.errors++;
    return 'local';
  }

  /** An error that the network reported about request `seq`: `text` ends with a line break. */
  protected networkError(seq: number, from: string, text: string): ErrorSource {
    const { ctx } = this;
    ctx.errors++;
    if (ctx.options.quiet) return 'network';
    if (ctx.options.flood) {
      ctx.print('\bE');
      return 'network';
    }
    ctx.printTimestamp();
    ctx.print(`From ${from} icmp_seq=${seq} ${text}`);
    return 'network';
  }
}
