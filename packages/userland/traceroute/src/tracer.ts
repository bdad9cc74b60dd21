/** What all methods share: options of their sockets, sending, and reading of answers and errors. */
import { type CommandEnv, Exit } from '@skbuff/command';
import type { Cmsg, Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { le32, leS32 } from '@skbuff/wire';
import { extensionsOf } from './extensions.ts';
import { type Family, INET, INET6, type SetOption, type Sockaddr } from './families.ts';
import { MAX_PACKET_LEN, type TracerouteOptions } from './options.ts';
import type { Probe } from './probe.ts';

const DEF_DATA_LEN = 40;
const RECV_LEN = 1280;

/** A way to send probes and to know their answers. */
export interface Method {
  /** Bytes of its header behind that of IP. */
  readonly headerLen: number;
  /** Before the first line is printed. */
  init(): void;
  send(probe: Probe, ttl: number): void;
  /** The probe that a message is about, or null. `bytes`: payload of the answer, or of what was sent and failed. */
  match(fd: number, error: boolean, from: Sockaddr, bytes: Uint8Array): Probe | null;
}

export class Tracer {
  readonly env: CommandEnv;
  readonly task: Task;
  readonly options: TracerouteOptions;
  readonly probes: readonly Probe[];
  readonly family: Family;
  readonly destination: Sockaddr;
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
    this.family = options.host?.family === U.AF_INET6 ? INET6 : INET;
    this.destination = this.family.sockaddr(options.host, 0, options);
  }

  /** The whole packet: headers, options, data. */
  setLength(method: Method): void {
    const { packetLength, mtuDiscovery } = this.options;
    this.headerLen = this.family.headerLen + this.family.routeOption(this.options).length + method.headerLen;
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
    const fd = this.must(this.task.socket(this.family.af, type, protocol), 'socket');
    this.tune(fd);
    return fd;
  }

  tune(fd: number): void {
    const { options, family } = this;
    const set: SetOption = (level, name, value, what) => {
      this.must(this.task.setsockopt(fd, level, name, value), `setsockopt ${what}`);
    };
    this.fds.add(fd);
    if (options.debug) set(U.SOL_SOCKET, U.SO_DEBUG, 1, 'SO_DEBUG');
    if (options.fwmark !== 0) set(U.SOL_SOCKET, U.SO_MARK, options.fwmark, 'SO_MARK');
    family.early(options, set);
    if (options.device !== null) set(U.SOL_SOCKET, U.SO_BINDTODEVICE, Uint8Array.from(`${options.device}\0`, (c) => c.charCodeAt(0)), 'SO_BINDTODEVICE');
    this.must(this.task.bind(fd, family.sockaddr(options.source, options.sourcePort, options)), 'bind');
    family.late(options, set);
    if (options.dontRoute) set(U.SOL_SOCKET, U.SO_DONTROUTE, 1, 'SO_DONTROUTE');
    this.task.setsockopt(fd, U.SOL_SOCKET, U.SO_TIMESTAMP, 1);
    this.task.setsockopt(fd, family.level, family === INET6 ? U.IPV6_RECVHOPLIMIT : U.IP_RECVTTL, 1);
  }

  setTtl(fd: number, ttl: number): void {
    const { family } = this;
    this.must(this.task.setsockopt(fd, family.level, family.ttl, ttl), `setsockopt ${family.ttlName}`);
  }

  connect(fd: number, port: number): void {
    const { family, options } = this;
    this.must(this.task.connect(fd, family.sockaddr(options.host, port, options)) as number, 'connect');
    this.must(this.task.setsockopt(fd, family.level, family.recverr, 1), `setsockopt ${family.recverrName}`);
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
    const { family } = this;
    const from = family.sockaddr(null, 0, this.options);
    const n = this.task.recvmsg(fd, { name: from, iov: [buf], control }, error ? U.MSG_ERRQUEUE : U.MSG_DONTWAIT) as number;
    if (n < 0) return;
    const probe = method.match(fd, error, from, buf.subarray(0, n));
    if (probe === null) return;
    probe.recvTime = this.env.now();
    const ttl = control.find(({ level, type }) => level === family.level && type === family.recvTtl);
    if (ttl !== undefined) probe.recvTtl = leS32(ttl.data, 0);
    if (!error) probe.from = from;
    const ee = control.find(({ level, type }) => level === family.level && type === family.recverr)?.data;
    if (ee !== undefined) this.noteError(probe, ee, method, buf, n);
    else {
      this.takeMtuText(probe);
      this.finish(probe);
    }
  }

  private noteError(probe: Probe, ee: Uint8Array, method: Method, buf: Uint8Array, n: number): void {
    const { family } = this;
    const info = le32(ee, 8);
    const [type, code] = [ee[5] as number, ee[6] as number];
    const tooLong = ee[4] === U.SO_EE_ORIGIN_LOCAL ? leS32(ee, 0) === U.EMSGSIZE : family.isTooBig(type, code);
    if (tooLong && this.options.mtuDiscovery && info >= this.headerLen && info < this.headerLen + this.dataLen) return this.narrow(probe, info);
    if (ee[4] === U.SO_EE_ORIGIN_LOCAL) {
      if (!tooLong) this.must(-leS32(ee, 0), 'local recverr');
      probe.error = `!F-${info}`;
      probe.final = true;
    } else if (ee[4] === family.origin) {
      probe.from = family.offender(ee);
      family.note(probe, type, code, info);
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
}
