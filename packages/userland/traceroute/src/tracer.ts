/** What all methods share: options of their sockets, sending, and reading of answers and errors. */
import { SockaddrIn } from '@skbuff/af-inet';
import { type CommandEnv, Exit } from '@skbuff/command';
import type { Cmsg, Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be32, IPHDR_LEN, le32, leS32, setBe32 } from '@skbuff/wire';
import { extensionsOf } from './extensions.ts';
import { MAX_PACKET_LEN, type TracerouteOptions } from './options.ts';
import { noteIcmp, type Probe } from './probe.ts';

const DEF_DATA_LEN = 40;
const RECV_LEN = 1280;
const SOCK_EXTENDED_ERR_LEN = 16;

/** A way to send probes and to know their answers. */
export interface Method {
  /** Bytes of its header behind that of IP. */
  readonly headerLen: number;
  /** Before the first line is printed. */
  init(): void;
  send(probe: Probe, ttl: number): void;
  /** The probe that a message is about, or null. `bytes`: payload of the answer, or of what was sent and failed. */
  match(fd: number, error: boolean, from: SockaddrIn, bytes: Uint8Array): Probe | null;
}

export class Tracer {
  readonly env: CommandEnv;
  readonly task: Task;
  readonly options: TracerouteOptions;
  readonly probes: readonly Probe[];
  readonly destination: SockaddrIn;
  /** All descriptors that are open. */
  readonly fds: Set<number> = new Set();
  /** Payload; {@link dataLen} bytes of it are sent. */
  readonly data: Uint8Array = Uint8Array.from({ length: MAX_PACKET_LEN }, (_, i) => 0x40 + (i & 0x3f));
  dataLen = 0;
  headerLen = 0;
  private mtuText = '';

  constructor(env: CommandEnv, options: TracerouteOptions, probes: readonly Probe[]) {
    this.env = env;
    this.task = env.task;
    this.options = options;
    this.probes = probes;
    this.destination = new SockaddrIn(options.host);
  }

  /** The whole packet: headers, options, data. */
  setLength(method: Method): void {
    const { packetLength, mtuDiscovery } = this.options;
    this.headerLen = IPHDR_LEN + this.routeOption().length + method.headerLen;
    if (packetLength >= 0) this.dataLen = Math.max(packetLength - this.headerLen, 0);
    else this.dataLen = mtuDiscovery ? MAX_PACKET_LEN - this.headerLen : Math.max(DEF_DATA_LEN - method.headerLen, 0);
  }

  /** A call that failed ends the program. */
  must(rc: number, what: string): number {
    if (rc >= 0) return rc;
    this.env.stderr(`\n${what}: ${U.strerror(rc)}\n`);
    throw new Exit(1);
  }

  /** socket(2) and what is to be set before connect(2). */
  open(type: number, protocol: number): number {
    const fd = this.must(this.task.socket(U.AF_INET, type, protocol), 'socket');
    this.tune(fd);
    return fd;
  }

  tune(fd: number): void {
    const { options } = this;
    const set = (level: number, name: number, value: number | Uint8Array, what: string): void => {
      this.must(this.task.setsockopt(fd, level, name, value), `setsockopt ${what}`);
    };
    this.fds.add(fd);
    if (options.debug) set(U.SOL_SOCKET, U.SO_DEBUG, 1, 'SO_DEBUG');
    if (options.fwmark !== 0) set(U.SOL_SOCKET, U.SO_MARK, options.fwmark, 'SO_MARK');
    if (options.gateways.length > 0) set(U.SOL_IP, U.IP_OPTIONS, this.routeOption(), 'IP_OPTIONS');
    if (options.device !== null) set(U.SOL_SOCKET, U.SO_BINDTODEVICE, Uint8Array.from(`${options.device}\0`, (c) => c.charCodeAt(0)), 'SO_BINDTODEVICE');
    this.must(this.task.bind(fd, new SockaddrIn(options.source, options.sourcePort)), 'bind');
    set(U.SOL_IP, U.IP_MTU_DISCOVER, options.dontFragment ? U.IP_PMTUDISC_PROBE : U.IP_PMTUDISC_DONT, 'IP_MTU_DISCOVER');
    if (options.tos >= 0) set(U.SOL_IP, U.IP_TOS, options.tos, 'IP_TOS');
    if (options.dontRoute) set(U.SOL_SOCKET, U.SO_DONTROUTE, 1, 'SO_DONTROUTE');
    this.task.setsockopt(fd, U.SOL_SOCKET, U.SO_TIMESTAMP, 1);
    this.task.setsockopt(fd, U.SOL_IP, U.IP_RECVTTL, 1);
  }

  setTtl(fd: number, ttl: number): void {
    this.must(this.task.setsockopt(fd, U.SOL_IP, U.IP_TTL, ttl), 'setsockopt IP_TTL');
  }

  connect(fd: number, port: number): void {
    this.must(this.task.connect(fd, new SockaddrIn(this.destination.addr, port)) as number, 'connect');
    this.must(this.task.setsockopt(fd, U.SOL_IP, U.IP_RECVERR, 1), 'setsockopt IP_RECVERR');
  }

  /** Sends the first `length` bytes of `packet`: whether the probe is on its way, or the error queue knows more. */
  send(fd: number, packet: Uint8Array): boolean {
    const rc = this.task.sendto(fd, packet, U.MSG_DONTWAIT) as number;
    if (rc >= 0 || rc === -U.EMSGSIZE || rc === -U.EHOSTUNREACH) return true;
    if ([-U.ENOBUFS, -U.EAGAIN].includes(rc)) return false;
    this.must(rc, 'send');
    return false;
  }

  close(fd: number): void {
    this.fds.delete(fd);
    this.task.close(fd);
  }

  /** Closes the socket of a probe. */
  release(probe: Probe): void {
    if (probe.fd >= 0) this.close(probe.fd);
    probe.fd = -1;
  }

  /** The probe has its answer, or will have none. */
  finish(probe: Probe): void {
    this.release(probe);
    probe.seq = -1;
    probe.done = true;
  }

  /** `recv_reply`: reads one message. */
  receive(method: Method, fd: number, error: boolean): void {
    const buf = new Uint8Array(RECV_LEN);
    const control: Cmsg[] = [];
    const from = new SockaddrIn();
    const n = this.task.recvmsg(fd, { name: from, iov: [buf], control }, error ? U.MSG_ERRQUEUE : U.MSG_DONTWAIT) as number;
    if (n < 0) return;
    const probe = method.match(fd, error, from, buf.subarray(0, n));
    if (probe === null) return;
    probe.recvTime = this.env.now();
    const ttl = control.find(({ level, type }) => level === U.SOL_IP && type === U.IP_TTL);
    if (ttl !== undefined) probe.recvTtl = leS32(ttl.data, 0);
    if (!error) probe.from = from.addr;
    const ee = control.find(({ level, type }) => level === U.SOL_IP && type === U.IP_RECVERR)?.data;
    if (ee !== undefined) this.noteError(probe, ee, method, buf, n);
    else {
      this.takeMtuText(probe);
      this.finish(probe);
    }
  }

  private noteError(probe: Probe, ee: Uint8Array, method: Method, buf: Uint8Array, n: number): void {
    const info = le32(ee, 8);
    const tooLong = ee[4] === U.SO_EE_ORIGIN_LOCAL ? leS32(ee, 0) === U.EMSGSIZE : ee[5] === U.ICMP_DEST_UNREACH && ee[6] === U.ICMP_FRAG_NEEDED;
    if (tooLong && this.options.mtuDiscovery && info >= this.headerLen && info < this.headerLen + this.dataLen) return this.narrow(probe, info);
    if (ee[4] === U.SO_EE_ORIGIN_LOCAL) {
      if (!tooLong) this.must(-leS32(ee, 0), 'local recverr');
      probe.error = `!F-${info}`;
      probe.final = true;
    } else if (ee[4] === U.SO_EE_ORIGIN_ICMP) {
      probe.from = be32(ee, SOCK_EXTENDED_ERR_LEN + 4);
      noteIcmp(probe, ee[5] as number, ee[6] as number, info);
      // What a raw socket hears begins behind the IP header, what others hear behind the next one.
      if (this.options.extensions) probe.extensions = extensionsOf(buf, n, this.headerLen - (probe.fd < 0 ? method.headerLen : 0));
    }
    this.takeMtuText(probe);
    this.finish(probe);
  }

  /** The way is narrower than thought: the probe goes again, shorter. */
  private narrow(probe: Probe, mtu: number): void {
    this.dataLen = mtu - this.headerLen;
    this.mtuText = `F=${mtu}`;
    if (probe.fd >= 0) this.close(probe.fd);
    probe.fd = -1;
    probe.again();
  }

  /** The first answer after it tells the new width. */
  private takeMtuText(probe: Probe): void {
    if (probe.error === '') probe.error = this.mtuText;
    this.mtuText = '';
  }

  /** Loose source route through the gateways. */
  private routeOption(): Uint8Array {
    const { gateways } = this.options;
    if (gateways.length === 0) return new Uint8Array(0);
    const all = [...gateways, this.destination.addr];
    const option = new Uint8Array(4 + all.length * 4);
    option.set([U.IPOPT_NOOP, U.IPOPT_LSRR, 3 + all.length * 4, 4]);
    all.forEach((addr, i) => setBe32(option, 4 + i * 4, addr));
    return option;
  }
}
