/** ping over IPv4: sockets, requests, answers, errors. */
import { SockaddrIn } from '@skbuff/af-inet';
import type { Cmsg, Task, UserMsghdr } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be16, be32, inetNtoa, ipComputeCsum, ipv4IsMulticast, le32, leS32, setBe16, setLe32, setLe64 } from '@skbuff/wire';
import type { PingContext } from './ping-context.ts';
import { headerText, icmpText } from './ping-icmp.ts';
import { OptionsPrinter, recordRouteOption, sourceRouteOption, timestampOption } from './ping-ipopts.ts';
import type { ErrorSource, PingFamily } from './ping-loop.ts';
import { showAddr } from './ping-names.ts';
import { type PingStats, showTime } from './ping-stats.ts';

const ICMP_HLEN = 8;
const IP_HLEN = 20;
const TIMEVAL_LEN = 16;
/** Where ping tries the way to the destination: no packet is sent. */
const PROBE_PORT = 1025;

/** `struct timeval` from microseconds. */
function putTimeval(b: Uint8Array, at: number, us: number): void {
  setLe64(b, at, Math.floor(us / 1e6));
  setLe64(b, at + 8, us % 1e6);
}

function getTimeval(b: Uint8Array, at: number): number {
  const word = (o: number): number => le32(b, o) + leS32(b, o + 4) * 0x1_0000_0000;
  return word(at) * 1e6 + word(at + 8);
}

export class Ping4 implements PingFamily {
  readonly fd: number;
  private readonly ctx: PingContext;
  private readonly stats: PingStats;
  private readonly task: Task;
  private readonly raw: boolean;
  private readonly to: SockaddrIn;
  private source: number;
  private multicast = false;
  private optlen = 0;
  private ident: number;
  /** MSG_CONFIRM after an answer: the neighbour is there. */
  private confirm = 0;
  private readonly request: Uint8Array;
  private readonly buf: Uint8Array;
  private readonly printer = new OptionsPrinter();

  constructor(ctx: PingContext, stats: PingStats, fd: number, raw: boolean, dst: number) {
    this.ctx = ctx;
    this.stats = stats;
    this.task = ctx.env.task;
    this.fd = fd;
    this.raw = raw;
    this.to = new SockaddrIn(dst);
    this.source = ctx.options.source;
    this.ident = ctx.options.ident ?? (raw ? this.task.kernel.random.below(0x10000) : 0);
    const { size, pattern } = ctx.options;
    this.request = Uint8Array.from({ length: ICMP_HLEN + size }, (_, i) => {
      if (i < ICMP_HLEN) return 0;
      return pattern === null ? (i - ICMP_HLEN) & 0xff : (pattern[(i - ICMP_HLEN) % pattern.length] ?? 0);
    });
    this.buf = new Uint8Array(size + 4096);
  }

  /** Everything before the first request; exits with a complaint. */
  setup(hostname: string, route: readonly number[]): void {
    const { ctx, task, fd } = this;
    const { options } = ctx;
    if (this.source === 0) this.chooseSource(route);
    if (this.to.addr === 0) this.to.addr = this.source;
    if (options.device !== null) this.bindToDevice();
    this.multicast = options.broadcast || ipv4IsMulticast(this.to.addr);
    const pmtudisc = options.pmtudisc ?? (this.multicast ? U.IP_PMTUDISC_DO : null);
    if (pmtudisc !== null) this.ctx.must(task.setsockopt(fd, U.SOL_IP, U.IP_MTU_DISCOVER, pmtudisc), 'IP_MTU_DISCOVER');
    if (options.strictSource) this.ctx.must(task.bind(fd, new SockaddrIn(this.source)), 'bind');
    this.setSocket();
    this.setOptions(route);
    this.setBuffers();
    this.setTtl();
    if (options.connect) this.ctx.must(task.connect(fd, this.to) as number, 'connect failed');
    const from = options.device !== null || options.strictSource ? `from ${inetNtoa(this.source)} ${options.device ?? ''}: ` : '';
    ctx.print(`PING ${hostname} (${inetNtoa(this.to.addr)}) ${from}${options.size}(${options.size + ICMP_HLEN + this.optlen + IP_HLEN}) bytes of data.\n`);
  }

  /** The address that the route to the destination would use, learned by connecting a UDP socket. */
  private chooseSource(route: readonly number[]): void {
    const { ctx, task } = this;
    const { options } = ctx;
    const probe = task.socket(U.AF_INET, U.SOCK_DGRAM, 0);
    this.ctx.must(probe, 'socket');
    if (options.device !== null) this.ctx.must(task.setsockopt(probe, U.SOL_SOCKET, U.SO_BINDTODEVICE, text(options.device)), `SO_BINDTODEVICE ${options.device}`);
    if (options.tos !== null && task.setsockopt(probe, U.SOL_IP, U.IP_TOS, options.tos) < 0) ctx.complain('warning: QOS sockopts');
    if (options.mark !== null) task.setsockopt(probe, U.SOL_SOCKET, U.SO_MARK, options.mark);
    const dst = new SockaddrIn(route[0] ?? this.to.addr, PROBE_PORT);
    const rc = task.connect(probe, dst) as number;
    if (rc === -U.EACCES) this.askForBroadcast(probe, dst);
    else this.ctx.must(rc, 'connect');
    const own = new SockaddrIn();
    this.ctx.must(task.getsockname(probe, own), 'getsockname');
    this.source = own.addr;
    if (options.device !== null && !this.isOn(probe, options.device)) ctx.complain(`Warning: source address might be selected on device other than: ${options.device}`);
    task.close(probe);
  }

  /** Whether the source address is one of a device, by SIOCGIFCONF. */
  private isOn(fd: number, device: string): boolean {
    const ifconf = new Uint8Array(U.IFCONF_LEN + 256 * U.IFREQ_LEN);
    setLe32(ifconf, 0, 256 * U.IFREQ_LEN);
    setLe64(ifconf, 8, U.IFCONF_LEN);
    if (this.task.ioctl(fd, U.SIOCGIFCONF, ifconf) < 0) return true;
    for (let at = U.IFCONF_LEN; at < U.IFCONF_LEN + leS32(ifconf, 0); at += U.IFREQ_LEN) {
      const label = String.fromCharCode(...ifconf.subarray(at, ifconf.indexOf(0, at)));
      if (label.split(':')[0] === device && be32(ifconf, at + U.IFREQ_UNION + 4) === this.source) return true;
    }
    return false;
  }

  private askForBroadcast(probe: number, dst: SockaddrIn): void {
    const { ctx, task } = this;
    if (!ctx.options.broadcast) ctx.die(2, 'Do you want to ping broadcast? Then -b. If not, check your local firewall rules');
    ctx.env.stderr('WARNING: pinging broadcast address\n');
    this.ctx.must(task.setsockopt(probe, U.SOL_SOCKET, U.SO_BROADCAST, 1), 'cannot set broadcasting');
    this.ctx.must(task.connect(probe, dst) as number, 'connect');
  }

  private bindToDevice(): void {
    const device = this.ctx.options.device as string;
    const rc = this.task.setsockopt(this.fd, U.SOL_SOCKET, U.SO_BINDTODEVICE, text(device));
    if (rc < 0 && !ipv4IsMulticast(this.to.addr)) this.ctx.must(rc, `SO_BINDTODEVICE ${device}`);
  }

  private setSocket(): void {
    const { task, fd, ctx } = this;
    const { options } = ctx;
    if (options.debug) task.setsockopt(fd, U.SOL_SOCKET, U.SO_DEBUG, 1);
    if (options.dontRoute) task.setsockopt(fd, U.SOL_SOCKET, U.SO_DONTROUTE, 1);
    if (options.tos !== null && task.setsockopt(fd, U.SOL_IP, U.IP_TOS, options.tos) < 0) ctx.complain('warning: QOS sockopts');
    if (options.mark !== null) task.setsockopt(fd, U.SOL_SOCKET, U.SO_MARK, options.mark);
    if (this.raw) {
      const wanted = [U.ICMP_SOURCE_QUENCH, U.ICMP_DEST_UNREACH, U.ICMP_TIME_EXCEEDED, U.ICMP_PARAMETERPROB, U.ICMP_REDIRECT, U.ICMP_ECHOREPLY];
      task.setsockopt(fd, U.SOL_RAW, U.ICMP_FILTER, ~wanted.reduce((mask, type) => mask | (1 << type), 0));
    }
    task.setsockopt(fd, U.SOL_IP, U.IP_RECVERR, 1);
    if (!this.raw) {
      task.setsockopt(fd, U.SOL_IP, U.IP_RECVTTL, 1);
      task.setsockopt(fd, U.SOL_IP, U.IP_RETOPTS, 1);
    }
    if (!options.latency) task.setsockopt(fd, U.SOL_SOCKET, U.SO_TIMESTAMP, 1);
  }

  private setOptions(route: readonly number[]): void {
    const { options } = this.ctx;
    const put = (opt: Uint8Array, what: string): void => {
      this.ctx.must(this.task.setsockopt(this.fd, U.SOL_IP, U.IP_OPTIONS, opt), what);
      this.optlen = 40;
    };
    if (options.recordRoute) put(recordRouteOption(), 'record route');
    if (options.ipTimestamp !== null) put(timestampOption(options.ipTimestamp, route), 'ts option');
    else if (route.length > 0) this.sourceRoute(put, route);
  }

  /** Linux wants CAP_NET_RAW for a source route, and a ping that had it has given it up by now. */
  private sourceRoute(put: (opt: Uint8Array, what: string) => void, route: readonly number[]): void {
    if (this.task.cred.uid === 0 || this.raw) this.ctx.die(2, 'record route', U.EPERM);
    put(sourceRouteOption(route), 'record route');
  }

  /** Room for one request to send and for the answers to all that may be out. */
  private setBuffers(): void {
    const { task, fd, ctx } = this;
    const { size, preload, sndbuf, broadcast } = ctx.options;
    let hold = size + ICMP_HLEN;
    hold += Math.trunc((hold + 511) / 512) * (this.optlen + IP_HLEN + 16 + 64 + 160);
    task.setsockopt(fd, U.SOL_SOCKET, U.SO_SNDBUF, sndbuf === 0 ? hold : sndbuf);
    task.setsockopt(fd, U.SOL_SOCKET, U.SO_RCVBUF, Math.max(hold * preload, 65536));
    if (broadcast) this.ctx.must(task.setsockopt(fd, U.SOL_SOCKET, U.SO_BROADCAST, 1), 'cannot set broadcasting');
  }

  private setTtl(): void {
    const { task, fd } = this;
    const { noLoop, ttl } = this.ctx.options;
    if (noLoop) this.ctx.must(task.setsockopt(fd, U.SOL_IP, U.IP_MULTICAST_LOOP, 0), 'cannot disable multicast loopback');
    if (ttl === null) return;
    this.ctx.must(task.setsockopt(fd, U.SOL_IP, U.IP_MULTICAST_TTL, ttl), 'cannot set multicast time-to-live');
    this.ctx.must(task.setsockopt(fd, U.SOL_IP, U.IP_TTL, ttl), 'cannot set unicast time-to-live');
  }

  sendProbe(): number {
    const { request, ctx } = this;
    const seq = (ctx.sent + 1) & 0xffff;
    request[0] = U.ICMP_ECHO;
    request[1] = 0;
    setBe16(request, 4, this.ident);
    setBe16(request, 6, seq);
    this.stats.forget(seq);
    if (ctx.timing) putTimeval(request, ICMP_HLEN, ctx.timeOfDay());
    setBe16(request, 2, 0);
    setBe16(request, 2, ipComputeCsum(request, 0, request.length));
    const rc = this.task.sendto(this.fd, request, U.MSG_DONTWAIT | this.confirm, this.to) as number;
    this.confirm = 0;
    return Math.min(rc, 0);
  }

  receive(flags: number): number {
    const control: Cmsg[] = [];
    const from = new SockaddrIn();
    const msg: UserMsghdr = { name: from, iov: [this.buf], control };
    const n = this.task.recvmsg(this.fd, msg, flags) as number;
    if (n < 0) return n;
    const stamp = control.find(({ level, type }) => level === U.SOL_SOCKET && type === U.SO_TIMESTAMP);
    this.parseReply(n, from.addr, control, stamp === undefined ? this.ctx.timeOfDay() : getTimeval(stamp.data, 0));
    return 0;
  }

  private isOurs(at: number): boolean {
    return !this.raw || be16(this.buf, at + 4) === this.ident;
  }

  /** `ping4_parse_reply`; `when` in microseconds. */
  private parseReply(n: number, from: number, control: readonly Cmsg[], when: number): void {
    const { buf, ctx, raw } = this;
    const at = raw ? (buf[0] & 0xf) << 2 : 0;
    if (raw && (n < at + ICMP_HLEN || at < IP_HLEN)) {
      if (ctx.options.verbose) ctx.complain(`packet too short (${n} bytes) from ${inetNtoa(from)}`);
      return;
    }
    const cc = n - at;
    const corrupted = ipComputeCsum(buf, at, cc) !== 0;
    if (buf[at] !== U.ICMP_ECHOREPLY) return this.otherMessage(at, cc, from, corrupted);
    if (!this.isOurs(at)) return;
    const strange = !ctx.options.broadcast && !this.multicast && from !== this.to.addr;
    const ttl = control.find(({ level, type }) => level === U.SOL_IP && type === U.IP_TTL);
    if (!this.gather(at, cc, from, raw ? buf[8] : ttl === undefined ? -1 : leS32(ttl.data, 0), when, corrupted, strange)) return;
    if (ctx.options.audible) ctx.print('\u0007');
    if (ctx.options.flood) return;
    const opts = control.find(({ level, type }) => level === U.SOL_IP && type === U.IP_RETOPTS);
    ctx.print(`${raw ? this.printer.print(buf, IP_HLEN, at) : opts === undefined ? '' : this.printer.print(opts.data, 0, opts.data.length)}\n`);
  }

  /** A redirect or another message about one of our requests, on a raw socket. */
  private otherMessage(at: number, cc: number, from: number, corrupted: boolean): void {
    const { buf, ctx } = this;
    const type = buf[at];
    if (![U.ICMP_SOURCE_QUENCH, U.ICMP_REDIRECT, U.ICMP_DEST_UNREACH, U.ICMP_TIME_EXCEEDED, U.ICMP_PARAMETERPROB].includes(type)) return;
    const iph = at + ICMP_HLEN;
    const quoted = iph + ((buf[iph] & 0xf) << 2);
    if (cc < ICMP_HLEN + IP_HLEN + 8 || at + cc < quoted + 8) return;
    if (buf[quoted] !== U.ICMP_ECHO || be32(buf, iph + 16) !== this.to.addr || !this.isOurs(quoted)) return;
    const seq = be16(buf, quoted + 6);
    if (type !== U.ICMP_REDIRECT && type !== U.ICMP_SOURCE_QUENCH) return this.stats.acknowledge(seq);
    if (ctx.options.quiet || ctx.options.flood) return;
    ctx.printTimestamp();
    const text4 = icmpText(type, buf[at + 1], be32(buf, at + 4), (addr) => this.show(addr));
    ctx.print(`From ${this.show(from)}: icmp_seq=${seq} ${corrupted ? '(BAD CHECKSUM)' : ''}${text4}${ctx.options.verbose ? headerText(buf, iph) : ''}`);
  }

  private show(addr: number): string {
    return showAddr(this.ctx.env, addr, this.ctx.options.numeric);
  }

  /** `gather_statistics`: counts an answer and shows it; false when nothing is to be shown behind it. */
  private gather(at: number, cc: number, from: number, hops: number, when: number, corrupted: boolean, strange: boolean): boolean {
    const { buf, ctx, stats } = this;
    const { options } = ctx;
    const seq = be16(buf, at + 6);
    if (!corrupted) stats.acknowledge(seq);
    let time = 0;
    if (ctx.timing && cc >= ICMP_HLEN + TIMEVAL_LEN) {
      time = Math.max(when - getTimeval(buf, at + ICMP_HLEN), 0);
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
    let line = `${cc} bytes from ${this.show(from)}: icmp_seq=${seq}`;
    if (options.verbose && this.raw) line += ` ident=${be16(buf, at + 4)}`;
    if (hops >= 0) line += ` ttl=${hops}`;
    if (cc < options.size + ICMP_HLEN) {
      ctx.print(`${line} (truncated)\n`);
      return false;
    }
    if (ctx.timing) line += ` time=${showTime(time)}`;
    if (repeated && (!this.multicast || options.verbose)) line += ' (DUP!)';
    if (corrupted) line += ' (BAD CHECKSUM!)';
    if (strange) line += ' (DIFFERENT ADDRESS!)';
    ctx.print(line + this.wrongData(at));
    return true;
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

  receiveError(): ErrorSource {
    const { ctx, buf } = this;
    const control: Cmsg[] = [];
    const target = new SockaddrIn();
    const n = this.task.recvmsg(this.fd, { name: target, iov: [buf], control }, U.MSG_ERRQUEUE | U.MSG_DONTWAIT) as number;
    if (n < 0) return 'local';
    const ee = control.find(({ level, type }) => level === U.SOL_IP && type === U.IP_RECVERR)?.data;
    if (ee === undefined) return 'not ours';
    if (ee[4] === U.SO_EE_ORIGIN_LOCAL) {
      this.localError(leS32(ee, 0), le32(ee, 8));
      return 'local';
    }
    if (ee[4] !== U.SO_EE_ORIGIN_ICMP) return 'not ours';
    if (n < ICMP_HLEN || target.addr !== this.to.addr || buf[0] !== U.ICMP_ECHO || !this.isOurs(0)) return 'not ours';
    const seq = be16(buf, 6);
    this.stats.acknowledge(seq);
    ctx.errors++;
    if (ctx.options.quiet) return 'network';
    if (ctx.options.flood) {
      ctx.print('\bE');
      return 'network';
    }
    ctx.printTimestamp();
    // Behind the record lies the address of who reported the error.
    ctx.print(`From ${this.show(be32(ee, 20))} icmp_seq=${seq} ${icmpText(ee[5], ee[6], le32(ee, 8), (addr) => this.show(addr))}`);
    return 'network';
  }

  private localError(errno: number, info: number): void {
    const { ctx } = this;
    if (ctx.options.quiet) return;
    if (ctx.options.flood) ctx.print('E');
    else if (errno === U.EMSGSIZE) ctx.complain(`local error: message too long, mtu=${info}`);
    else ctx.complain(`local error: ${U.strerror(errno)}`);
    ctx.errors++;
  }
}

function text(name: string): Uint8Array {
  return Uint8Array.from(`${name}\0`, (c) => c.charCodeAt(0));
}
