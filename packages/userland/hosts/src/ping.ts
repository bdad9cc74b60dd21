/** Echo requests as a typed call, on a raw socket of the host. */
import { check, type Cmsg, type SockAddr, SysError, type Task } from '@skbuff/sock';
import { EACCES, EADDRNOTAVAIL, EINTR, EMSGSIZE, MSG_DONTWAIT, POLLIN, SOCK_RAW } from '@skbuff/uapi';
import { be16, ICMPHDR_ID, ICMPHDR_LEN, ICMPHDR_SEQUENCE, setBe16 } from '@skbuff/wire';
import { inetText, type InetText, parseScoped } from './addresses.ts';
import { type Kinds, milliseconds, optional, whole } from './checks.ts';
import { type InetFamily, inetFamily } from './inet-family.ts';

export interface PingOptions {
  /** Requests; default 1. */
  readonly count?: number;
  /** Milliseconds from one request to the next; default 1000. */
  readonly interval?: number;
  /** Milliseconds to wait for answers after the last request; default 1000. */
  readonly timeout?: number;
  /** Bytes of payload; default 56. */
  readonly size?: number;
  /** 1 to 255, the hop limit of IPv6; default: net.ipv4.ip_default_ttl, or what the route or the interface says. */
  readonly ttl?: number;
}

export const PING_OPTIONS: Kinds<PingOptions> = {
  count: optional(whole(0, 1e6)),
  interval: optional(milliseconds),
  timeout: optional(milliseconds),
  size: optional(whole(0, 65535)),
  ttl: optional(whole(1, 255)),
};

export interface EchoReply {
  /** From 1. */
  readonly seq: number;
  /** With its zone, if it is link-local: `fe80::1%eth0`. */
  readonly from: string;
  readonly ttl: number;
  /** Nanoseconds. */
  readonly rtt: number;
}

/** A request that could not be sent. */
export interface EchoError {
  readonly seq: number;
  readonly error: SysError;
}

export interface PingResult {
  /** Requests that were sent. Those without an answer are lost. */
  readonly sent: number;
  /** First answer to each request, in the order of the requests. */
  readonly replies: readonly EchoReply[];
  /** The other requests: of some that were to be sent, not all could be. */
  readonly errors: readonly EchoError[];
}

const NSEC_PER_MSEC = 1e6;
/** What to do about it, other than what system calls need. */
const ADVICE: Readonly<Record<number, string>> = {
  [-EACCES]: "It is a broadcast address, which host.run('ping -b …') may use, or there is a route of the type prohibit",
  [-EADDRNOTAVAIL]: 'No address here can be its source: look at `ip addr`. One that is tentative can be used in a second or two',
};

/** Sends echo requests to `dst` and waits for the answers. Throws `SysError` if none could be sent: that is no loss. */
export async function echo(task: Task, dst: InetText, options: PingOptions): Promise<PingResult> {
  const { count = 1, interval = 1000, timeout = 1000, size = 56, ttl } = options;
  const { family, bytes, scopeId } = parseScoped(task.net, dst);
  const inet = inetFamily(family);
  const fd = check('socket', task.socket(inet.family, SOCK_RAW, inet.icmp.protocol));
  const session = new EchoSession(task, fd, inet, inet.sockaddr(bytes, 0, scopeId), size);
  try {
    for (const option of inet.listen) check('setsockopt', task.setsockopt(fd, ...option));
    if (ttl !== undefined) check('setsockopt', task.setsockopt(fd, ...inet.ttl, ttl));
    const start = task.kernel.clock.now();
    for (let seq = 1; seq <= count; seq++) {
      session.send(seq, `ping ${inetText(dst)}`);
      const until = start + NSEC_PER_MSEC * (seq < count ? seq * interval : (seq - 1) * interval + timeout);
      if (!(await session.receive(until, seq === count))) break;
    }
  } finally {
    task.close(fd);
  }
  return session.result();
}

class EchoSession {
  private readonly sentAt: Map<number, number> = new Map();
  private readonly replies: Map<number, EchoReply> = new Map();
  private readonly errors: EchoError[] = [];
  /** The last request; its number in packets has 16 bits. */
  private latest = 0;
  private readonly task: Task;
  private readonly fd: number;
  private readonly inet: InetFamily;
  private readonly to: SockAddr;
  private readonly message: Uint8Array;
  private readonly buf: Uint8Array = new Uint8Array(65536);
  /** Filled in with what was read last. */
  private readonly from: SockAddr;
  private readonly control: Cmsg[] = [];

  constructor(task: Task, fd: number, inet: InetFamily, to: SockAddr, size: number) {
    this.task = task;
    this.fd = fd;
    this.inet = inet;
    this.to = to;
    this.from = inet.nameless();
    this.message = Uint8Array.from({ length: ICMPHDR_LEN + size }, (_, i) => (i < ICMPHDR_LEN ? 0 : i & 0xff));
    this.message[0] = inet.icmp.echo;
    setBe16(this.message, ICMPHDR_ID, task.pid & 0xffff);
  }

  send(seq: number, what: string): void {
    const { message } = this;
    this.latest = seq;
    setBe16(message, ICMPHDR_SEQUENCE, seq & 0xffff);
    this.inet.seal(message);
    const now = this.task.kernel.clock.now();
    const rc = this.task.sendto(this.fd, message, MSG_DONTWAIT, this.to) as number;
    if (rc < 0) this.errors.push({ seq, error: new SysError(what, rc, rc === -EMSGSIZE ? `A packet has room for ${this.inet.icmp.room} bytes of payload` : ADVICE[rc]) });
    else this.sentAt.set(seq, now);
  }

  result(): PingResult {
    const { sentAt, replies, errors } = this;
    if (sentAt.size === 0 && errors[0] !== undefined) throw errors[0].error;
    return { sent: sentAt.size, replies: [...replies.values()].sort((a, b) => a.seq - b.seq), errors };
  }

  /** Reads until `deadline`, or, with `all`, until every request is answered. False: the task was ended. */
  async receive(deadline: number, all: boolean): Promise<boolean> {
    for (;;) {
      for (let n = this.take(); n >= 0; n = this.take()) this.judge(n);
      const left = (deadline - this.task.kernel.clock.now()) / NSEC_PER_MSEC;
      if (left <= 0 || (all && this.replies.size === this.sentAt.size)) return true;
      if ((await this.task.poll([{ fd: this.fd, events: POLLIN, revents: 0 }], left)) === -EINTR) return false;
    }
  }

  private take(): number {
    const { from, control } = this;
    control.length = 0;
    return this.task.recvmsg(this.fd, { iov: [this.buf], name: from, control }, MSG_DONTWAIT) as number;
  }

  /** A raw socket hears every ICMP message of the host. */
  private judge(n: number): void {
    const { buf, inet, task } = this;
    const { at, from, ttl } = inet.arrival(buf, this.from, this.control, task.net);
    if (n < at + ICMPHDR_LEN || buf[at] !== inet.icmp.reply || be16(buf, at + ICMPHDR_ID) !== (task.pid & 0xffff)) return;
    const seq = this.latest - ((this.latest - be16(buf, at + ICMPHDR_SEQUENCE)) & 0xffff);
    const sent = this.sentAt.get(seq);
    if (sent === undefined || this.replies.has(seq)) return;
    const rtt = task.kernel.clock.now() - sent;
    this.replies.set(seq, { seq, from, ttl, rtt });
  }
}
