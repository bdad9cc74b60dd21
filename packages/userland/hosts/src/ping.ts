/** Echo requests as a typed call, on a raw socket of the host. */
import { SockaddrIn } from '@skbuff/af-inet';
import { check, type Task } from '@skbuff/sock';
import { AF_INET, EINTR, ICMP_ECHO, ICMP_ECHOREPLY, IPPROTO_ICMP, IPPROTO_IP, IP_TTL, MSG_DONTWAIT, POLLIN, SOCK_RAW } from '@skbuff/uapi';
import { be16, ICMPHDR_CHECKSUM, ICMPHDR_ID, ICMPHDR_LEN, ICMPHDR_SEQUENCE, inetNtoa, ipComputeCsum, ipHdrlen, IPHDR_SADDR, IPHDR_TTL, be32, setBe16 } from '@skbuff/wire';

export interface PingOptions {
  /** Requests; default 1. */
  readonly count?: number;
  /** Milliseconds from one request to the next; default 1000. */
  readonly interval?: number;
  /** Milliseconds to wait for answers after the last request; default 1000. */
  readonly timeout?: number;
  /** Bytes of payload; default 56. */
  readonly size?: number;
  /** Default: net.ipv4.ip_default_ttl. */
  readonly ttl?: number;
}

export interface EchoReply {
  /** From 1. */
  readonly seq: number;
  readonly from: string;
  readonly ttl: number;
  /** Nanoseconds. */
  readonly rtt: number;
}

export interface PingResult {
  readonly sent: number;
  /** First answer to each request, in the order of the requests. */
  readonly replies: readonly EchoReply[];
}

const NSEC_PER_MSEC = 1e6;

/** Sends echo requests to `dst` (u32) and waits for the answers. What keeps a request from being sent counts as no answer. */
export async function echo(task: Task, dst: number, options: PingOptions): Promise<PingResult> {
  const { count = 1, interval = 1000, timeout = 1000 } = options;
  const fd = check('socket', task.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  if (options.ttl !== undefined) check('setsockopt', task.setsockopt(fd, IPPROTO_IP, IP_TTL, options.ttl));
  const session = new EchoSession(task, fd, dst, options.size ?? 56);
  const start = task.kernel.clock.now();
  for (let seq = 1; seq <= count; seq++) {
    session.send(seq);
    const until = start + NSEC_PER_MSEC * (seq < count ? seq * interval : (seq - 1) * interval + timeout);
    if (!(await session.receive(until, seq === count))) break;
  }
  task.close(fd);
  return { sent: session.sentAt.size, replies: [...session.replies.values()].sort((a, b) => a.seq - b.seq) };
}

class EchoSession {
  readonly sentAt: Map<number, number> = new Map();
  readonly replies: Map<number, EchoReply> = new Map();
  private readonly task: Task;
  private readonly fd: number;
  private readonly to: SockaddrIn;
  private readonly message: Uint8Array;
  private readonly buf: Uint8Array = new Uint8Array(65536);

  constructor(task: Task, fd: number, dst: number, size: number) {
    this.task = task;
    this.fd = fd;
    this.to = new SockaddrIn(dst);
    this.message = Uint8Array.from({ length: ICMPHDR_LEN + size }, (_, i) => (i < ICMPHDR_LEN ? 0 : i & 0xff));
    this.message[0] = ICMP_ECHO;
    setBe16(this.message, ICMPHDR_ID, task.pid & 0xffff);
  }

  send(seq: number): void {
    const { message } = this;
    setBe16(message, ICMPHDR_SEQUENCE, seq & 0xffff);
    setBe16(message, ICMPHDR_CHECKSUM, 0);
    setBe16(message, ICMPHDR_CHECKSUM, ipComputeCsum(message, 0, message.length));
    this.sentAt.set(seq, this.task.kernel.clock.now());
    // No route, no neighbour: that request is lost like any other.
    void this.task.sendto(this.fd, message, MSG_DONTWAIT, this.to);
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
    return this.task.recvfrom(this.fd, this.buf, MSG_DONTWAIT) as number;
  }

  /** A raw socket hears every ICMP message of the host, with its IP header. */
  private judge(n: number): void {
    const { buf } = this;
    const at = ipHdrlen(buf, 0);
    if (n < at + ICMPHDR_LEN || buf[at] !== ICMP_ECHOREPLY || be16(buf, at + ICMPHDR_ID) !== (this.task.pid & 0xffff)) return;
    const seq = be16(buf, at + ICMPHDR_SEQUENCE);
    const sent = this.sentAt.get(seq);
    if (sent === undefined || this.replies.has(seq)) return;
    const rtt = this.task.kernel.clock.now() - sent;
    this.replies.set(seq, { seq, from: inetNtoa(be32(buf, IPHDR_SADDR)), ttl: buf[IPHDR_TTL], rtt });
  }
}
