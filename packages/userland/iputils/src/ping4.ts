/** ping over IPv4: sockets, requests, answers, errors. */
import { SockaddrIn } from '@skbuff/af-inet';
import type { Cmsg, UserMsghdr } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be16, be32, inetNtoa, ipComputeCsum, ipv4IsMulticast, le32, leS32, setBe16, setLe32, setLe64 } from '@skbuff/wire';
import { cString, getTimeval, ICMP_HLEN, type IcmpSocket, PingCommon, PROBE_PORT } from './ping-common.ts';
import type { PingContext } from './ping-context.ts';
import { headerText, icmpText } from './ping-icmp.ts';
import { OptionsPrinter, recordRouteOption, sourceRouteOption, timestampOption } from './ping-ipopts.ts';
import type { ErrorSource } from './ping-loop.ts';
import { showAddr } from './ping-names.ts';
import type { PingStats } from './ping-stats.ts';

const IP_HLEN = 20;

export class Ping4 extends PingCommon {
  private readonly to: SockaddrIn;
  private source: number;
  private optlen = 0;
  private readonly printer = new OptionsPrinter((addr) => this.show(addr));

  constructor(ctx: PingContext, stats: PingStats, socket: IcmpSocket, dst: number) {
    super(ctx, stats, socket);
    this.to = new SockaddrIn(dst);
    this.source = ctx.options.source;
  }

  /** Everything before the first request; exits with a complaint. */
  setup(hostname: string, route: readonly number[]): void {
    const { ctx, task, fd } = this;
    const { options } = ctx;
    // The route is recorded, timestamps are taken where they happen to be, or the hosts on the way are given: one of these.
    if (route.length > 0 && (options.recordRoute || ![null, U.IPOPT_TS_PRESPEC].includes(options.ipTimestamp))) ctx.usage();
    if (this.source === 0) this.chooseSource(route);
    if (this.to.addr === 0) this.to.addr = this.source;
    if (options.device !== null) this.bindToDevice();
    this.multicast = options.broadcast || ipv4IsMulticast(this.to.addr);
    const pmtudisc = options.pmtudisc ?? (this.multicast ? U.IP_PMTUDISC_DO : null);
    if (pmtudisc !== null) this.ctx.must(task.setsockopt(fd, U.SOL_IP, U.IP_MTU_DISCOVER, pmtudisc), 'IP_MTU_DISCOVER');
    if (options.strictSource) this.ctx.must(task.bind(fd, new SockaddrIn(this.source)), 'bind');
    this.setSocket();
    this.setOptions(route);
    this.setBuffers(this.optlen + IP_HLEN + 16);
    if (options.broadcast) ctx.must(task.setsockopt(fd, U.SOL_SOCKET, U.SO_BROADCAST, 1), 'cannot set broadcasting');
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
    if (options.device !== null) this.ctx.must(task.setsockopt(probe, U.SOL_SOCKET, U.SO_BINDTODEVICE, cString(options.device)), `SO_BINDTODEVICE ${options.device}`);
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
    const rc = this.task.setsockopt(this.fd, U.SOL_SOCKET, U.SO_BINDTODEVICE, cString(device));
    if (rc < 0 && !ipv4IsMulticast(this.to.addr)) this.ctx.must(rc, `SO_BINDTODEVICE ${device}`);
  }

  private setSocket(): void {
    const { task, fd, ctx } = this;
    const { options } = ctx;
    if (options.tos !== null && task.setsockopt(fd, U.SOL_IP, U.IP_TOS, options.tos) < 0) ctx.complain('warning: QOS sockopts');
    this.setSocketOptions();
    if (this.raw) {
      const wanted = [U.ICMP_SOURCE_QUENCH, U.ICMP_DEST_UNREACH, U.ICMP_TIME_EXCEEDED, U.ICMP_PARAMETERPROB, U.ICMP_REDIRECT, U.ICMP_ECHOREPLY];
      task.setsockopt(fd, U.SOL_RAW, U.ICMP_FILTER, ~wanted.reduce((mask, type) => mask | (1 << type), 0));
    }
    task.setsockopt(fd, U.SOL_IP, U.IP_RECVERR, 1);
    if (!this.raw) {
      task.setsockopt(fd, U.SOL_IP, U.IP_RECVTTL, 1);
      task.setsockopt(fd, U.SOL_IP, U.IP_RETOPTS, 1);
    }
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

  private setTtl(): void {
    const { task, fd } = this;
    const { noLoop, ttl } = this.ctx.options;
    if (noLoop) this.ctx.must(task.setsockopt(fd, U.SOL_IP, U.IP_MULTICAST_LOOP, 0), 'cannot disable multicast loopback');
    if (ttl === null) return;
    this.ctx.must(task.setsockopt(fd, U.SOL_IP, U.IP_MULTICAST_TTL, ttl), 'cannot set multicast time-to-live');
    this.ctx.must(task.setsockopt(fd, U.SOL_IP, U.IP_TTL, ttl), 'cannot set unicast time-to-live');
  }

  sendProbe(): number {
    const { request } = this;
    const seq = this.nextSeq();
    request[0] = U.ICMP_ECHO;
    request[1] = 0;
    setBe16(request, 4, this.ident);
    setBe16(request, 6, seq);
    this.stampRequest();
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
    const hops = raw ? buf[8] : ttl === undefined ? -1 : leS32(ttl.data, 0);
    if (!this.gather({ at, length: cc, seq: be16(buf, at + 6), from: this.show(from), hops, when, corrupted, strange, text: null })) return;
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

  receiveError(): ErrorSource {
    const { buf } = this;
    const control: Cmsg[] = [];
    const target = new SockaddrIn();
    const n = this.task.recvmsg(this.fd, { name: target, iov: [buf], control }, U.MSG_ERRQUEUE | U.MSG_DONTWAIT) as number;
    if (n < 0) return 'local';
    const ee = control.find(({ level, type }) => level === U.SOL_IP && type === U.IP_RECVERR)?.data;
    if (ee === undefined) return 'not ours';
    if (ee[4] === U.SO_EE_ORIGIN_LOCAL) return this.localError(leS32(ee, 0), `mtu=${le32(ee, 8)}`);
    if (ee[4] !== U.SO_EE_ORIGIN_ICMP) return 'not ours';
    if (n < ICMP_HLEN || target.addr !== this.to.addr || buf[0] !== U.ICMP_ECHO || !this.isOurs(0)) return 'not ours';
    const seq = be16(buf, 6);
    this.stats.acknowledge(seq);
    // Behind the record lies the address of who reported the error.
    return this.networkError(seq, this.show(be32(ee, 20)), icmpText(ee[5], ee[6], le32(ee, 8), (addr) => this.show(addr)));
  }
}
