/** Probes of TCP over a raw socket: half a handshake, which the last host answers with SYN/ACK or RST. */
import * as U from '@skbuff/uapi';
import { be16, setBe16 } from '@skbuff/wire';
import type { Sockaddr } from './families.ts';
import { fail, unsigned } from './options.ts';
import type { Probe } from './probe.ts';
import type { Method, Tracer } from './tracer.ts';

const TCP_HLEN = 20;
const HTTP_PORT = 80;
const NOP = 1;
const WINDOW_SCALE = 2;

/** Flags by bit (RFC 9293 section 3.1). */
const FLAGS: readonly string[] = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'];
const SYN = 2;
const ACK = 16;
const ECE_CWR = 0xc0;

/** What else the words of -O may be. */
const WORDS: readonly string[] = ['ecn', 'sack', 'timestamps', 'window_scaling', 'sysctl', 'reuse', 'info'];
const NUMBERS: readonly string[] = ['flags', 'mss'];

export class Tcp implements Method {
  headerLen: number = TCP_HLEN;
  private readonly t: Tracer;
  private readonly port: number;
  private readonly use: Set<string> = new Set();
  /** -1: not given. */
  private flags = -1;
  private mss = 0;
  private window = 0;
  private fd = -1;
  private source: Sockaddr;

  constructor(t: Tracer) {
    this.t = t;
    this.source = t.family.sockaddr(null, 0, t.options);
    this.port = (t.options.port || HTTP_PORT) & 0xffff;
    t.options.methodOptions.forEach((word, i) => this.option(word, i + 1));
    this.settings();
    this.headerLen = TCP_HLEN + this.tcpOptions().length;
  }

  /** A segment has no payload. */
  init(): void {
    const { t } = this;
    t.dataLen = 0;
    this.fd = t.open(U.SOCK_RAW, U.IPPROTO_TCP);
    t.connect(this.fd, 0);
    const { family } = t;
    t.must(t.task.getsockname(this.fd, this.source), 'getsockname');
    const room = t.must(t.task.getsockoptInt(this.fd, family.level, family.mtu), `getsockopt ${family.mtuName}`) - family.headerLen - TCP_HLEN;
    this.window = (room * 4) & 0xffff;
    if (this.mss === 0) this.mss = room & 0xffff;
  }

  private option(word: string, argc: number): void {
    const { env } = this.t;
    const [name, value] = word.split(/=(.*)/s) as [string, string | undefined];
    const bit = FLAGS.indexOf(name);
    if (NUMBERS.includes(name)) {
      if (value === undefined) fail(env, `Keyword \`${name}' (argc ${argc}) requires an argument: \`${name}=NUM'`);
      const number = unsigned(value);
      if (Number.isNaN(number)) fail(env, `Cannot handle \`${name}' keyword with arg \`${value}' (argc ${argc})`);
      if (name === 'mss') this.mss = number & 0xffff;
      else this.flags = number & 0xff;
    } else if (value !== undefined || (bit < 0 && !WORDS.includes(name))) fail(env, `\`${word}' (argc ${argc}): arguments are not allowed`);
    else if (bit >= 0) this.flags = Math.max(this.flags, 0) | (1 << bit);
    else this.use.add(name);
  }

  /** What the words leave open: a SYN, with the options that the kernel's own connections would have. */
  private settings(): void {
    const { use } = this;
    const given = ['ecn', 'sack', 'timestamps', 'window_scaling'].some((name) => use.has(name));
    if (this.flags < 0) {
      if (!given) use.add('sysctl');
      if (use.has('sysctl')) this.bySysctl();
      this.flags = SYN | (use.has('ecn') ? ECE_CWR : 0);
    } else if (use.has('sysctl')) this.bySysctl();
  }

  /** A kernel without TCP has no such files: then it is as Linux has it from the start. */
  private bySysctl(): void {
    for (const name of ['sack', 'timestamps', 'window_scaling']) {
      const text = this.t.env.readFile(`/proc/sys/net/ipv4/tcp_${name}`);
      if (typeof text === 'number' || text.trim() !== '0') this.use.add(name);
    }
    const ecn = this.t.env.readFile('/proc/sys/net/ipv4/tcp_ecn');
    if (typeof ecn === 'string' && ecn.trim() === '1') this.use.add('ecn');
  }

  private tcpOptions(): readonly number[] {
    const { use, mss, flags } = this;
    const options: number[] = [];
    if ((flags & SYN) !== 0) options.push(2, 4, mss >> 8, mss & 0xff);
    if (use.has('sack')) options.push(...(use.has('timestamps') ? [] : [NOP, NOP]), 4, 2);
    if (use.has('timestamps')) options.push(...(use.has('sack') ? [] : [NOP, NOP]), 8, 10, ...this.randomBytes(), ...((flags & ACK) !== 0 ? this.randomBytes() : [0, 0, 0, 0]));
    if (use.has('window_scaling')) options.push(NOP, 3, 3, WINDOW_SCALE);
    return options;
  }

  private randomBytes(): readonly number[] {
    const { random } = this.t.task.kernel;
    return Array.from({ length: 4 }, () => random.u32() & 0xff);
  }

  /** A number that no other socket has; the socket that keeps it is closed with the probe. */
  private sourcePort(probe: Probe): number {
    const { t } = this;
    if (t.options.sourcePort !== 0) return t.options.sourcePort;
    const stream = t.task.socket(t.family.af, U.SOCK_STREAM, 0);
    // Without TCP the numbers of UDP do as well.
    probe.fd = stream >= 0 ? stream : t.must(t.task.socket(t.family.af, U.SOCK_DGRAM, 0), 'socket');
    if (this.use.has('reuse')) t.must(t.task.setsockopt(probe.fd, U.SOL_SOCKET, U.SO_REUSEADDR, 1), 'setsockopt SO_REUSEADDR');
    t.must(t.task.bind(probe.fd, t.family.sockaddr(t.options.source, 0, t.options)), 'bind');
    const own = t.family.sockaddr(null, 0, t.options);
    t.must(t.task.getsockname(probe.fd, own), 'getsockname');
    return own.port;
  }

  send(probe: Probe, ttl: number): void {
    const { t } = this;
    const options = this.tcpOptions();
    const segment = new Uint8Array(TCP_HLEN + options.length);
    const port = this.sourcePort(probe);
    setBe16(segment, 0, port);
    setBe16(segment, 2, this.port);
    segment.set(this.randomBytes(), 4);
    segment[12] = (segment.length >> 2) << 4;
    segment[13] = this.flags;
    setBe16(segment, 14, this.window);
    segment.set(options, TCP_HLEN);
    setBe16(segment, 16, t.family.tcpSum(segment, this.source, t.destination));
    t.setTtl(this.fd, ttl);
    const sent = t.env.now();
    if (!t.send(this.fd, segment)) return t.release(probe);
    probe.sendTime = sent;
    probe.seq = port;
  }

  match(_fd: number, error: boolean, _from: Sockaddr, bytes: Uint8Array): Probe | null {
    const at = error ? 0 : this.t.family.rawAt(bytes);
    if (bytes.length < at + (error ? 8 : TCP_HLEN) || be16(bytes, at + (error ? 2 : 0)) !== this.port) return null;
    const port = be16(bytes, at + (error ? 0 : 2));
    const probe = this.t.probes.find((p) => p.seq === port) ?? null;
    if (probe === null || error) return probe;
    probe.final = true;
    if (this.use.has('info')) probe.extensions = FLAGS.filter((_name, bit) => ((bytes[at + 13] as number) & (1 << bit)) !== 0).join(',');
    return probe;
  }
}
