/** ping over IPv6: sockets, requests, answers, errors. */
import { in6PktinfoCmsg, SockaddrIn6 } from '@skbuff/af-inet6';
import { type Addrinfo, getifaddrs6, ifNametoindex, isScoped } from '@skbuff/netdb';
import type { Cmsg } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be16, be32, In6Addr, in6addrAny, le32, leS32, setBe16, setBe32, setLe16 } from '@skbuff/wire';
import { isNonce, NI_NONCE, NONCE_RANDOM, nodeInfoText } from './node-info.ts';
import { cString, getTimeval, ICMP_HLEN, type IcmpSocket, PingCommon, PROBE_PORT } from './ping-common.ts';
import type { PingContext } from './ping-context.ts';
import type { ErrorSource } from './ping-loop.ts';
import { showAddr6 } from './ping-names.ts';
import type { PingStats } from './ping-stats.ts';
import { icmp6Text } from './ping6-icmp.ts';

/** The IPv6 header, and what the kernel's own structures are reckoned at. */
const OVERHEAD = 40 + 16;
/** Where the checksum is in a message of ICMPv6. */
const CHECKSUM_OFFSET = 2;
const FLOWLABEL_REQ_LEN = 32;
/** Behind `struct sock_extended_err` lies the address of who reported the error. */
const OFFENDER = 16;
const MIN_MULTICAST_INTERVAL_MS = 1000;

export class Ping6 extends PingCommon {
  private readonly to: SockaddrIn6;
  private readonly source: SockaddrIn6;
  /** Index of the device of -I, 0: none. */
  private ifindex = 0;
  private readonly nonce: Uint8Array;

  constructor(ctx: PingContext, stats: PingStats, socket: IcmpSocket, { addr6, scopeId }: Addrinfo) {
    super(ctx, stats, socket);
    this.to = new SockaddrIn6(addr6.clone(), U.IPPROTO_ICMPV6, scopeId);
    this.source = new SockaddrIn6(ctx.options.source6.clone());
    ctx.asksNode = ctx.options.nodeinfo?.asks === true;
    this.nonce = Uint8Array.from({ length: NONCE_RANDOM }, () => this.task.kernel.random.below(0x100));
  }

  /** Everything before the first request; exits with a complaint. */
  setup(hostname: string): void {
    const { ctx, source } = this;
    const { options } = ctx;
    this.multicast = this.to.addr.isMulticast();
    if (!this.raw && this.to.addr.isLinkLocal() && this.to.scopeId === 0) {
      ctx.complain('Warning: IPv6 link-local address on ICMP datagram socket may require ifname or scope-id => use: address%<ifname|scope-id>');
    }
    if (source.addr.isAny()) this.chooseSource();
    else if (options.device !== null) this.findDevice();
    if (options.device !== null) {
      if (isScoped(source.addr)) source.scopeId = this.ifindex;
      this.bindToDevice(this.fd, options.device);
    }
    this.setPmtudisc();
    this.bind();
    ctx.must(this.task.setsockopt(this.fd, U.SOL_IPV6, U.IPV6_RECVERR, 1), 'IPV6_RECVERR');
    this.setBuffers(OVERHEAD);
    if (this.raw) this.setRaw();
    this.setHops();
    const flow = options.flowlabel === null ? '' : `, flow 0x${this.setFlowlabel(options.flowlabel).toString(16).padStart(5, '0')}, `;
    const from = options.device !== null || options.strictSource ? `from ${showAddr6(ctx.env, source, true)} ${options.device ?? ''}: ` : '';
    ctx.print(`PING ${hostname}(${this.show(this.to)}) ${flow}${from}${options.size} data bytes\n`);
    this.setSocketOptions();
  }

  private show(addr: SockaddrIn6): string {
    return showAddr6(this.ctx.env, addr, this.ctx.options.numeric);
  }

  private findDevice(): void {
    const device = this.ctx.options.device as string;
    this.ifindex = ifNametoindex(this.task, device);
    if (this.ifindex === 0) this.ctx.die(2, `unknown iface: ${device}`);
  }

  private bindToDevice(fd: number, device: string): void {
    this.ctx.must(this.task.setsockopt(fd, U.SOL_SOCKET, U.SO_BINDTODEVICE, cString(device)), `setsockopt(SO_BINDTODEVICE) ${device}`);
  }

  /** The address that the route to the destination would use, learned by connecting a UDP socket. */
  private chooseSource(): void {
    const { ctx, task, to, source } = this;
    const { device, mark } = ctx.options;
    const probe = ctx.must(task.socket(U.AF_INET6, U.SOCK_DGRAM, 0), 'socket');
    const first = new SockaddrIn6(to.addr, PROBE_PORT, to.scopeId);
    // On a link ping forgets which family it is: the socket stays unconnected, and the source ::.
    if (isScoped(to.addr)) first.family = U.AF_UNSPEC;
    if (device !== null) {
      this.findDevice();
      for (const fd of [probe, this.fd]) ctx.must(task.setsockopt(fd, U.SOL_IPV6, U.IPV6_PKTINFO, in6PktinfoCmsg(in6addrAny as In6Addr, this.ifindex).data), 'setsockopt');
      for (const fd of [probe, this.fd]) this.bindToDevice(fd, device);
      if (isScoped(to.addr)) first.scopeId = this.ifindex;
    }
    if (mark !== null) task.setsockopt(probe, U.SOL_SOCKET, U.SO_MARK, mark);
    ctx.must(task.connect(probe, first) as number, 'connect');
    ctx.must(task.getsockname(probe, source), 'getsockname');
    source.port = 0;
    task.close(probe);
    if (device !== null && !this.isOnDevice(source.addr)) ctx.complain(`Warning: source address might be selected on device other than: ${device}`);
  }

  private isOnDevice(addr: In6Addr): boolean {
    const { ctx, ifindex } = this;
    const all = getifaddrs6(ctx.env);
    if (typeof all === 'number') return ctx.die(2, 'getifaddrs', all);
    return all.some((one) => one.ifindex === ifindex && one.addr.equals(addr));
  }

  private setPmtudisc(): void {
    const { ctx, task, fd } = this;
    const { pmtudisc } = ctx.options;
    if (this.multicast && task.cred.uid !== 0) {
      if (ctx.interval < MIN_MULTICAST_INTERVAL_MS) ctx.die(2, `multicast ping with too short interval: ${ctx.interval}`);
      if (pmtudisc !== null && pmtudisc !== U.IPV6_PMTUDISC_DO) ctx.die(2, 'multicast ping does not fragment');
    }
    const value = pmtudisc ?? (this.multicast ? U.IPV6_PMTUDISC_DO : null);
    if (value !== null) ctx.must(task.setsockopt(fd, U.SOL_IPV6, U.IPV6_MTU_DISCOVER, value), 'IPV6_MTU_DISCOVER');
  }

  /** A ping socket has its identifier for a port. */
  private bind(): void {
    const { ctx, source } = this;
    const { ident, strictSource } = ctx.options;
    const own = !this.raw && ident !== null;
    if (own) source.port = ident;
    if (own || strictSource) ctx.must(this.task.bind(this.fd, source), 'bind icmp socket');
  }

  private setRaw(): void {
    const { task, fd, ctx } = this;
    if (task.setsockopt(fd, U.SOL_RAW, U.IPV6_CHECKSUM, CHECKSUM_OFFSET) < 0) ctx.complain('setsockopt(RAW_CHECKSUM) failed - try to continue');
    const filter = new Uint8Array(32).fill(0xff);
    const wanted = ctx.asksNode ? U.ICMPV6_NI_REPLY : U.ICMPV6_ECHO_REPLY;
    filter[wanted >> 3] = 0xff & ~(1 << (wanted & 7));
    ctx.must(task.setsockopt(fd, U.SOL_ICMPV6, U.ICMPV6_FILTER, filter), 'setsockopt(ICMP6_FILTER)');
  }

  private setHops(): void {
    const { task, fd, ctx } = this;
    const { noLoop, ttl } = ctx.options;
    const set = (name: number, value: number, what: string): void => void ctx.must(task.setsockopt(fd, U.SOL_IPV6, name, value), what);
    if (noLoop) set(U.IPV6_MULTICAST_LOOP, 0, "can't disable multicast loopback");
    if (ttl !== null) set(U.IPV6_MULTICAST_HOPS, ttl, "can't set multicast hop limit");
    if (ttl !== null) set(U.IPV6_UNICAST_HOPS, ttl, "can't set unicast hop limit");
    set(U.IPV6_RECVHOPLIMIT, 1, "can't receive hop limit");
  }

  /** A label of our own, for which the destination stands; 0 has the kernel choose. Gives the label. */
  private setFlowlabel(wanted: number): number {
    const { ctx, task, fd, to } = this;
    const req = new Uint8Array(FLOWLABEL_REQ_LEN);
    to.addr.store(req, 0);
    setBe32(req, 16, wanted);
    req[20] = U.IPV6_FL_A_GET;
    req[21] = U.IPV6_FL_S_EXCL;
    setLe16(req, 22, U.IPV6_FL_F_CREATE);
    ctx.must(task.setsockopt(fd, U.SOL_IPV6, U.IPV6_FLOWLABEL_MGR, req), "can't set flowlabel");
    to.flowinfo = be32(req, 16);
    ctx.must(task.setsockopt(fd, U.SOL_IPV6, U.IPV6_FLOWINFO_SEND, 1), "can't send flowinfo");
    return to.flowinfo;
  }

  sendProbe(): number {
    const { ctx, ifindex } = this;
    const seq = this.nextSeq();
    const packet = ctx.asksNode ? this.question(seq) : this.echo(seq);
    const flags = U.MSG_DONTWAIT | this.confirm;
    this.confirm = 0;
    const control = ifindex === 0 ? [] : [in6PktinfoCmsg(in6addrAny as In6Addr, ifindex)];
    const rc = this.task.sendmsg(this.fd, { name: this.to, iov: [packet], control }, flags) as number;
    return Math.min(rc, 0);
  }

  private echo(seq: number): Uint8Array {
    const { request } = this;
    request[0] = U.ICMPV6_ECHO_REQUEST;
    setBe16(request, 4, this.ident);
    setBe16(request, 6, seq);
    this.stampRequest();
    return request;
  }

  private question(seq: number): Uint8Array {
    const packet = this.ctx.options.nodeinfo?.request(this.to.addr, this.nonce) ?? this.request;
    setBe16(packet, NI_NONCE, seq);
    return packet;
  }

  receive(flags: number): number {
    const { buf, ctx } = this;
    const control: Cmsg[] = [];
    const from = new SockaddrIn6();
    const n = this.task.recvmsg(this.fd, { name: from, iov: [buf], control }, flags) as number;
    if (n < 0) return n;
    if (n < ICMP_HLEN) {
      if (ctx.options.verbose) ctx.complain(`packet too short: ${n} bytes`);
      return 0;
    }
    const asked = ctx.asksNode ? buf[0] === U.ICMPV6_NI_REPLY && isNonce(buf, this.nonce) : buf[0] === U.ICMPV6_ECHO_REPLY && this.isOurs(0);
    if (!asked) return 0;
    const hops = control.find(({ level, type }) => level === U.SOL_IPV6 && type === U.IPV6_HOPLIMIT);
    const stamp = control.find(({ level, type }) => level === U.SOL_SOCKET && type === U.SO_TIMESTAMP);
    const seq = be16(buf, ctx.asksNode ? NI_NONCE : 6);
    const shown = this.gather({
      at: 0,
      length: n,
      seq,
      from: this.show(from),
      hops: hops === undefined ? -1 : leS32(hops.data, 0),
      when: stamp === undefined ? ctx.timeOfDay() : getTimeval(stamp.data, 0),
      corrupted: false,
      strange: false,
      text: ctx.asksNode ? `${nodeInfoText(buf, n)} seq=${seq};` : null,
    });
    if (shown && ctx.options.audible) ctx.print('\u0007');
    if (shown && !ctx.options.flood) ctx.print('\n');
    return 0;
  }

  receiveError(): ErrorSource {
    const { buf } = this;
    const control: Cmsg[] = [];
    const target = new SockaddrIn6();
    const n = this.task.recvmsg(this.fd, { name: target, iov: [buf], control }, U.MSG_ERRQUEUE | U.MSG_DONTWAIT) as number;
    if (n < 0) return 'local';
    const ee = control.find(({ level, type }) => level === U.SOL_IPV6 && type === U.IPV6_RECVERR)?.data;
    if (ee === undefined) return 'not ours';
    if (ee[4] === U.SO_EE_ORIGIN_LOCAL) return this.localError(leS32(ee, 0), `mtu: ${le32(ee, 8)}`);
    if (ee[4] !== U.SO_EE_ORIGIN_ICMP6 || n < ICMP_HLEN || !target.addr.equals(this.to.addr)) return 'not ours';
    // Of a question about a node nobody is told that it failed.
    if (buf[0] !== U.ICMPV6_ECHO_REQUEST || !this.isOurs(0)) return 'not ours';
    const offender = new SockaddrIn6(new In6Addr().load(ee, OFFENDER + 8), 0, le32(ee, OFFENDER + 24));
    return this.networkError(be16(buf, 6), this.show(offender), icmp6Text(ee[5] as number, ee[6] as number, le32(ee, 8)));
  }
}
