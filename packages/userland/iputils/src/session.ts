/** Requests and answers: when the next one goes out, when to stop, what each answer prints. */
import { SockaddrIn } from '@skbuff/af-inet';
import type { CommandEnv } from '@skbuff/command';
import { type Cmsg, le32, le64, setLe64 } from '@skbuff/sock';
import {
  EAGAIN,
  EINTR,
  EMSGSIZE,
  ENOBUFS,
  ENOMEM,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_REDIRECT,
  ICMP_SOURCE_QUENCH,
  IPPROTO_IP,
  IP_RECVERR,
  IP_RETOPTS,
  IP_TTL,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  POLLERR,
  POLLIN,
  SO_EE_ORIGIN_LOCAL,
  strerror,
} from '@skbuff/uapi';
import {
  be16,
  be32,
  ICMPHDR_CHECKSUM,
  ICMPHDR_CODE,
  ICMPHDR_ID,
  ICMPHDR_LEN,
  ICMPHDR_SEQUENCE,
  ICMPHDR_TYPE,
  inetNtoa,
  ipComputeCsum,
  ipHdrlen,
  IPHDR_LEN,
  IPHDR_TTL,
  setBe16,
} from '@skbuff/wire';
import { icmpText } from './icmp-text.ts';
import type { PingOptions } from './options.ts';
import { RouteRecord } from './route-record.ts';
import type { PingSocket } from './socket.ts';
import { Statistics, tripText } from './statistics.ts';

const NSEC_PER_MSEC = 1e6;
const NSEC_PER_USEC = 1000;
/** Shortest wait between two looks, milliseconds. */
const MININTERVAL = 10;
/** `struct timeval` at the start of the payload. */
const TIMEVAL_LEN = 16;
/** What comes on a raw socket has an IP header, options included. */
const MAX_HEADERS = 60 + ICMPHDR_LEN;
/** What sending takes at least, where virtual time would stand still and a flood never end. */
const FLOOD_GAP = NSEC_PER_USEC;

export class Session {
  readonly stats: Statistics = new Statistics();
  private readonly env: CommandEnv;
  private readonly o: PingOptions;
  private readonly socket: PingSocket;
  private readonly to: SockaddrIn;
  private readonly from: SockaddrIn = new SockaddrIn();
  private readonly message: Uint8Array;
  private readonly buf: Uint8Array;
  private readonly route: RouteRecord = new RouteRecord();
  private readonly ident: number;
  /** Nanoseconds: the first request, the last one, the end. */
  private start = -1;
  private current = 0;
  private exitAt: number = Number.POSITIVE_INFINITY;
  private lingering = false;
  /** Milliseconds that have been saved up for sending. */
  private tokens = 0;
  private interval: number;

  constructor(env: CommandEnv, socket: PingSocket, o: PingOptions, dst: number) {
    this.env = env;
    this.o = o;
    this.socket = socket;
    this.to = new SockaddrIn(dst);
    this.message = new Uint8Array(ICMPHDR_LEN + o.size);
    this.buf = new Uint8Array(o.size + MAX_HEADERS);
    this.ident = o.ident >= 0 ? o.ident : env.task.pid & 0xffff;
    this.interval = o.flood && !o.intervalGiven ? 0 : o.interval;
    this.message[ICMPHDR_TYPE] = ICMP_ECHO;
    const { pattern } = o;
    for (let i = 0; i < o.size; i++) {
      this.message[ICMPHDR_LEN + i] = pattern === null || pattern.length === 0 ? i : (pattern[i % pattern.length] as number);
    }
  }

  /** The whole life of ping after its first line: exit status. */
  async run(): Promise<number> {
    const { o, env, stats } = this;
    if (o.deadline > 0) this.exitAt = env.now() + o.deadline * 1000 * NSEC_PER_MSEC;
    for (;;) {
      const answered = stats.received + stats.errors;
      if (env.now() >= this.exitAt || (o.count > 0 && answered >= o.count) || (o.deadline > 0 && stats.errors > 0)) break;
      let next = this.pinger();
      while (next <= 0) next = this.pinger();
      if (this.interval === 0 && (await env.task.nanosleep(FLOOD_GAP)) === -EINTR) break;
      if (o.count > 0 && stats.transmitted >= o.count && o.deadline === 0) this.scheduleExit();
      if (!(await this.listen(Math.min(env.now() + next * NSEC_PER_MSEC, this.exitAt)))) break;
    }
    const ipg = this.interval === 0 || o.flood || o.adaptive;
    env.stdout(stats.text(o.destination, Math.max(0, this.current - this.start), this.timing, ipg));
    return stats.received === 0 || (o.deadline > 0 && stats.received < o.count) ? 1 : 0;
  }

  private get timing(): boolean {
    return this.o.size >= TIMEVAL_LEN;
  }

  /** `schedule_exit`: everything is sent; answers may take twice the longest time so far, or what -W says if there was none. */
  private scheduleExit(): void {
    if (this.lingering) return;
    const { received, max } = this.stats;
    const wait = received > 0 ? Math.max((2 * max) / 1000, this.interval) : this.o.linger;
    if (wait <= 0) return;
    this.lingering = true;
    this.exitAt = Math.min(this.exitAt, this.env.now() + wait * NSEC_PER_MSEC);
  }

  /** `pinger`: sends if it is time to. Milliseconds until it is worth to look again; 0 or less: at once. */
  private pinger(): number {
    const { o, stats, env } = this;
    if (o.count > 0 && stats.transmitted >= o.count && o.deadline === 0) return 1000;
    const now = env.now();
    if (this.start < 0) {
      this.start = now;
      this.tokens = this.interval * (o.preload - 1);
    } else {
      let tokens = (now - this.current) / NSEC_PER_MSEC;
      if (this.interval === 0 && tokens < MININTERVAL && stats.inFlight >= o.preload) return MININTERVAL - tokens;
      tokens = Math.min(tokens + this.tokens, Math.max(this.interval * o.preload, 0));
      // Less than a nanosecond is rounding.
      if (tokens < this.interval - 1e-6) return this.interval - tokens;
      this.tokens = Math.max(0, tokens - this.interval);
    }
    this.current = now;
    if (o.outstanding && stats.transmitted > 0 && !stats.answered(stats.transmitted)) {
      this.line(`no answer yet for icmp_seq=${stats.transmitted % 65536}\n`);
    }
    return this.send();
  }

  private send(): number {
    const { message, stats, o } = this;
    const seq = (stats.transmitted + 1) & 0xffff;
    setBe16(message, ICMPHDR_SEQUENCE, seq);
    setBe16(message, ICMPHDR_ID, this.ident);
    if (this.timing) this.stamp();
    for (;;) {
      setBe16(message, ICMPHDR_CHECKSUM, 0);
      setBe16(message, ICMPHDR_CHECKSUM, ipComputeCsum(message, 0, message.length));
      const rc = this.env.task.sendto(this.socket.fd, message, MSG_DONTWAIT, this.to) as number;
      if (rc >= 0) {
        stats.advance();
        if (!o.quiet && o.flood) this.env.stdout('.');
        return this.interval - this.tokens;
      }
      if (rc === -ENOBUFS || rc === -ENOMEM) {
        this.tokens = 0;
        return Math.max(this.interval, MININTERVAL);
      }
      if (rc === -EAGAIN) {
        this.tokens += this.interval;
        return MININTERVAL;
      }
      const { net, local } = this.errorMessage();
      if (net > 0) {
        this.tokens += this.interval;
        return MININTERVAL;
      }
      // A record that was not about this ping: what the call said was its error, and the request is still to be sent.
      if (net === 0 && local === 0) continue;
      stats.advance();
      this.tokens = 0;
      return Math.max(this.interval, MININTERVAL);
    }
  }

  /** The time of sending: microseconds since boot, for what has to be exact is the difference. */
  private stamp(): void {
    const us = Math.trunc(this.env.now() / NSEC_PER_USEC);
    setLe64(this.message, ICMPHDR_LEN, Math.trunc(us / 1e6));
    setLe64(this.message, ICMPHDR_LEN + 8, us % 1e6);
  }

  /** Waits until `until` or something has come, and takes all there is. False: the task was ended. */
  private async listen(until: number): Promise<boolean> {
    if (this.drain(POLLIN | POLLERR) > 0) return true;
    const left = (until - this.env.now()) / NSEC_PER_MSEC;
    const poll = { fd: this.socket.fd, events: POLLIN | POLLERR, revents: 0 };
    const rc = await this.env.task.poll([poll], Math.max(0, left));
    if (rc === -EINTR) return false;
    this.drain(poll.revents);
    return true;
  }

  private drain(revents: number): number {
    const { fd } = this.socket;
    for (let taken = 0; ; taken++) {
      const control: Cmsg[] = [];
      const rc = this.env.task.recvmsg(fd, { iov: [this.buf], name: this.from, control }, MSG_DONTWAIT) as number;
      if (rc >= 0) this.reply(rc, control);
      else if (rc === -EAGAIN && (revents & POLLERR) === 0) return taken;
      else {
        const { net, local, empty } = this.errorMessage();
        if (rc === -EAGAIN && empty) return taken;
        if (net === 0 && local === 0 && rc !== -EAGAIN) continue;
      }
    }
  }

  /** `receive_error_msg`: one record of the error queue. How many errors it told of; an empty queue counts as a local one. */
  private errorMessage(): { readonly net: number; readonly local: number; readonly empty: boolean } {
    const control: Cmsg[] = [];
    const { o, stats } = this;
    const rc = this.env.task.recvmsg(this.socket.fd, { iov: [this.buf], name: this.from, control }, MSG_ERRQUEUE | MSG_DONTWAIT) as number;
    const ee = control.find(({ level, type }) => level === IPPROTO_IP && type === IP_RECVERR)?.data;
    if (rc < 0 || ee === undefined) return { net: 0, local: 1, empty: true };
    const errno = le32(ee, 0);
    const [origin, type, code] = [ee[4], ee[5], ee[6]];
    const info = le32(ee, 8) >>> 0;
    if (origin === SO_EE_ORIGIN_LOCAL) {
      if (o.quiet) return { net: 0, local: 1, empty: false };
      if (o.flood) this.env.stdout('E');
      else this.complain(errno === EMSGSIZE ? `local error: message too long, mtu=${info}` : `local error: ${strerror(errno)}`);
      stats.errors++;
      return { net: 0, local: 1, empty: false };
    }
    const { buf } = this;
    if (rc < ICMPHDR_LEN || this.from.addr !== this.to.addr || buf[ICMPHDR_TYPE] !== ICMP_ECHO || !this.ours(buf, 0)) {
      return { net: 0, local: 0, empty: false };
    }
    const seq = be16(buf, ICMPHDR_SEQUENCE);
    const isError = type !== ICMP_REDIRECT && type !== ICMP_SOURCE_QUENCH;
    if (isError) {
      stats.acknowledge(seq);
      stats.errors++;
    }
    if (!o.quiet && o.flood) this.env.stdout('\bE');
    else if (!o.quiet) this.line(`From ${inetNtoa(be32(ee, 20))} icmp_seq=${seq} ${icmpText(type as number, code as number, info)}\n`);
    return { net: isError ? 1 : 0, local: 0, empty: false };
  }

  private ours(buf: Uint8Array, at: number): boolean {
    return !this.socket.raw || be16(buf, at + ICMPHDR_ID) === this.ident;
  }

  /** `ping4_parse_reply`: one message, from its IP header on if the socket is raw. */
  private reply(n: number, control: readonly Cmsg[]): void {
    const { buf, socket } = this;
    const at = socket.raw ? ipHdrlen(buf, 0) : 0;
    if (n < at + ICMPHDR_LEN) return;
    if (buf[at + ICMPHDR_TYPE] === ICMP_ECHOREPLY) {
      if (this.ours(buf, at)) this.echoReply(at, n - at, control);
    } else if (socket.raw) this.notice(at, n - at);
  }

  /** A redirect or source quench about a request; other errors come through the error queue. */
  private notice(at: number, n: number): void {
    const { buf, o } = this;
    const type = buf[at + ICMPHDR_TYPE] as number;
    const inner = at + ICMPHDR_LEN;
    if ((type !== ICMP_REDIRECT && type !== ICMP_SOURCE_QUENCH) || n < ICMPHDR_LEN + IPHDR_LEN + ICMPHDR_LEN) return;
    const quoted = inner + ipHdrlen(buf, inner);
    if (be32(buf, inner + 16) !== this.to.addr || buf[quoted + ICMPHDR_TYPE] !== ICMP_ECHO || !this.ours(buf, quoted)) return;
    if (o.quiet || o.flood) return;
    const text = icmpText(type, buf[at + ICMPHDR_CODE] as number, be32(buf, at + 4));
    this.line(`From ${inetNtoa(this.from.addr)}: icmp_seq=${be16(buf, quoted + ICMPHDR_SEQUENCE)} ${text}\n`);
  }

  /** `gather_statistics` and the line of an answer: `cc` bytes from the ICMP header at `at` on. */
  private echoReply(at: number, cc: number, control: readonly Cmsg[]): void {
    const { buf, stats, o } = this;
    const seq = be16(buf, at + ICMPHDR_SEQUENCE);
    const bad = this.socket.raw && ipComputeCsum(buf, at, cc) !== 0;
    const trip = this.timing && cc >= ICMPHDR_LEN + TIMEVAL_LEN ? this.tripOf(at) : -1;
    let dup = false;
    if (bad) {
      stats.checksum++;
      stats.acknowledge(seq);
    } else {
      dup = stats.reply(seq);
      if (trip >= 0) stats.trip(trip);
    }
    if (o.adaptive && trip >= 0) this.interval = Math.trunc((stats.ewma / 8 + 500) / 1000);
    if (o.quiet) return;
    if (o.flood) return this.env.stdout(bad ? '\bC' : '\b \b');
    this.line(this.replyText(at, cc, seq, trip, dup, bad, control));
  }

  private tripOf(at: number): number {
    const { buf, env } = this;
    const sent = le64(buf, at + ICMPHDR_LEN) * 1e6 + le64(buf, at + ICMPHDR_LEN + 8);
    return Math.max(0, Math.trunc(env.now() / NSEC_PER_USEC) - sent);
  }

  private replyText(at: number, cc: number, seq: number, trip: number, dup: boolean, bad: boolean, control: readonly Cmsg[]): string {
    const { buf, o, from, to, socket } = this;
    const find = (type: number): Uint8Array | undefined => control.find((cmsg) => cmsg.level === IPPROTO_IP && cmsg.type === type)?.data;
    const ttlCmsg = find(IP_TTL);
    const ttl = socket.raw ? (buf[IPHDR_TTL] as number) : ttlCmsg === undefined ? -1 : le32(ttlCmsg, 0);
    let text = `${cc} bytes from ${inetNtoa(from.addr)}: icmp_seq=${seq}`;
    if (o.verbose && socket.raw) text += ` ident=${this.ident}`;
    if (ttl >= 0) text += ` ttl=${ttl}`;
    if (cc < o.size + ICMPHDR_LEN) return `${text} (truncated)\n`;
    if (trip >= 0) text += ` time=${tripText(trip)}`;
    const many = o.broadcast || to.addr >>> 28 === 0xe;
    if (dup && (!many || o.verbose)) text += ' (DUP!)';
    if (bad) text += ' (BAD CHECKSUM!)';
    if (!many && from.addr !== to.addr) text += ' (DIFFERENT ADDRESS!)';
    const options = socket.raw ? buf.subarray(IPHDR_LEN, at) : find(IP_RETOPTS);
    return `${text}${this.wrongData(at)}${o.audible ? '\x07' : ''}${options === undefined ? '' : this.route.text(options)}\n`;
  }

  /** The first byte of the answer that differs from the request, with the whole answer behind it. */
  private wrongData(at: number): string {
    const { buf, o, message } = this;
    const data = at + ICMPHDR_LEN;
    for (let i = this.timing ? TIMEVAL_LEN : 0; i < o.size; i++) {
      const [is, should] = [buf[data + i] as number, message[ICMPHDR_LEN + i] as number];
      if (is === should) continue;
      let text = `\nwrong data byte #${i} should be 0x${should.toString(16)} but was 0x${is.toString(16)}`;
      for (let j = this.timing ? TIMEVAL_LEN : 0; j < o.size; j++) text += `${j % 32 === TIMEVAL_LEN ? `\n#${j}\t` : ''}${(buf[data + j] as number).toString(16)} `;
      return text;
    }
    return '';
  }

  /** A line of standard output, with the time before it if -D asks for it. */
  private line(text: string): void {
    const us = Math.trunc(this.env.realTime() / NSEC_PER_USEC);
    const stamp = this.o.timestamps ? `[${Math.trunc(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}] ` : '';
    this.env.stdout(stamp + text);
  }

  private complain(text: string): void {
    this.env.stderr(`ping: ${text}\n`);
  }
}
