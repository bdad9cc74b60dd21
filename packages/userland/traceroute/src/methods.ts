/** How probes are sent: as segments of TCP, UDP datagrams, ICMP echo requests, or packets of any protocol. */
import { Exit } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { be16, ipComputeCsum, setBe16 } from '@skbuff/wire';
import type { Sockaddr } from './families.ts';
import { fail } from './options.ts';
import type { Probe } from './probe.ts';
import { Tcp } from './tcp.ts';
import type { Method, Tracer } from './tracer.ts';
import { ICMP_OPTIONS, RAW_OPTIONS, TCP_OPTIONS } from './usage.ts';

const UDP_HLEN = 8;
const ICMP_HLEN = 8;
const FIRST_PORT = 33434;
const UDP_PORT = 53;
const RAW_PROTOCOL = 253;
/** IPPROTO_UDPLITE */
const UDPLITE = 136;

/** A socket for each probe; the port tells them apart, or with `constant` the socket alone. */
class Udp implements Method {
  readonly headerLen = UDP_HLEN;
  private readonly t: Tracer;
  private readonly constant: boolean;
  private readonly protocol: number;
  private port: number;

  constructor(t: Tracer, constant: boolean, protocol: number) {
    this.t = t;
    this.constant = constant;
    this.protocol = protocol;
    this.port = t.options.port !== 0 ? t.options.port & 0xffff : constant ? UDP_PORT : FIRST_PORT;
  }

  init(): void {}

  send(probe: Probe, ttl: number): void {
    const { t } = this;
    const fd = t.open(U.SOCK_DGRAM, this.protocol);
    t.setTtl(fd, ttl);
    t.connect(fd, this.port);
    const sent = t.env.now();
    if (!t.send(fd, t.data.subarray(0, t.dataLen))) return t.close(fd);
    probe.fd = fd;
    probe.seq = this.port;
    probe.sendTime = sent;
    if (!this.constant) this.port = (this.port + 1) & 0xffff;
  }

  match(fd: number, error: boolean, from: Sockaddr): Probe | null {
    const probe = this.t.probes.find((p) => p.fd === fd) ?? null;
    // An error of this host names no port.
    if (probe === null || (from.port !== probe.seq && from.port !== 0)) return null;
    if (!error) probe.final = true;
    return probe;
  }
}

/** Echo requests over one socket, numbered. */
class Icmp implements Method {
  readonly headerLen = ICMP_HLEN;
  private readonly t: Tracer;
  private fd = -1;
  private raw = true;
  private ident: number;
  private seq: number;

  constructor(t: Tracer) {
    this.t = t;
    this.ident = t.task.getpid() & 0xffff;
    this.seq = t.options.port !== 0 ? t.options.port & 0xffff : 1;
  }

  init(): void {
    const { t } = this;
    const { methodOptions } = t.options;
    const unknown = methodOptions.find((word) => word !== 'raw' && word !== 'dgram');
    if (unknown !== undefined) fail(t.env, `\`${unknown}' (argc ${methodOptions.indexOf(unknown) + 1}): arguments are not allowed`);
    this.raw = !methodOptions.includes('dgram');
    let fd = this.raw ? t.task.socket(t.family.af, U.SOCK_RAW, t.family.icmp) : -U.EPERM;
    if (fd < 0 && !methodOptions.includes('raw')) {
      this.raw = false;
      fd = t.task.socket(t.family.af, U.SOCK_DGRAM, t.family.icmp);
    }
    this.fd = t.must(fd, 'socket');
    t.tune(this.fd);
    t.connect(this.fd, 0);
    if (this.raw) return;
    const own = t.family.sockaddr(null, 0, t.options);
    t.must(t.task.getsockname(this.fd, own), 'getsockname');
    this.ident = own.port;
  }

  send(probe: Probe, ttl: number): void {
    const { t } = this;
    t.setTtl(this.fd, ttl);
    const packet = t.data.slice(0, ICMP_HLEN + t.dataLen);
    packet.set([t.family.echo, 0, 0, 0]);
    setBe16(packet, 4, this.ident);
    setBe16(packet, 6, this.seq);
    if (t.family.icmpSummed) setBe16(packet, 2, ipComputeCsum(packet, 0, packet.length));
    const sent = t.env.now();
    if (!t.send(this.fd, packet)) return;
    probe.sendTime = sent;
    probe.seq = this.seq;
    this.seq = (this.seq + 1) & 0xffff;
  }

  match(_fd: number, error: boolean, _from: Sockaddr, bytes: Uint8Array): Probe | null {
    // An error of this host has no packet: it is about the last one.
    if (error && bytes.length === 0) return this.find((this.seq - 1) & 0xffff);
    const { family } = this.t;
    const at = this.raw && !error ? family.rawAt(bytes) : 0;
    if (bytes.length < at + ICMP_HLEN) return null;
    if (bytes[at] !== (error ? family.echo : family.echoReply) || be16(bytes, at + 4) !== this.ident) return null;
    const probe = this.find(be16(bytes, at + 6));
    if (probe !== null && !error) probe.final = true;
    return probe;
  }

  private find(seq: number): Probe | null {
    return this.t.probes.find((p) => p.seq === seq) ?? null;
  }
}

/** Packets with nothing but an IP header, one at a time. */
class Raw implements Method {
  readonly headerLen = 0;
  private readonly t: Tracer;
  private fd = -1;

  constructor(t: Tracer) {
    this.t = t;
  }

  init(): void {
    const { t } = this;
    this.fd = t.open(U.SOCK_RAW, t.options.protocol || RAW_PROTOCOL);
    t.connect(this.fd, 0);
  }

  send(probe: Probe, ttl: number): void {
    const { t } = this;
    t.setTtl(this.fd, ttl);
    const sent = t.env.now();
    if (!t.send(this.fd, t.data.subarray(0, t.dataLen))) return;
    probe.sendTime = sent;
    probe.seq = 1;
  }

  match(_fd: number, error: boolean, from: Sockaddr): Probe | null {
    if (!this.t.family.sameAddr(from, this.t.destination)) return null;
    const probe = this.t.probes.find((p) => p.seq === 1) ?? null;
    if (probe !== null && !error) probe.final = true;
    return probe;
  }
}

/** DCCP: there are no such sockets here, and so the kernel says. */
class Dccp implements Method {
  readonly headerLen = 20;
  private readonly t: Tracer;

  constructor(t: Tracer) {
    this.t = t;
  }

  /** A request has no payload. */
  init(): void {
    this.t.dataLen = 0;
  }

  send(): void {
    this.t.must(-U.ESOCKTNOSUPPORT, 'socket');
  }

  match(): null {
    return null;
  }
}

/** The method by its name; exits if there is none, or when its options were asked for. */
export function methodOf(t: Tracer): Method {
  const { method, methodOptions } = t.options;
  const make: Readonly<Record<string, () => Method>> = {
    default: () => new Udp(t, false, U.IPPROTO_UDP),
    udp: () => new Udp(t, true, U.IPPROTO_UDP),
    udplite: () => new Udp(t, true, UDPLITE),
    icmp: () => new Icmp(t),
    raw: () => new Raw(t),
    tcp: () => new Tcp(t),
    dccp: () => new Dccp(t),
  };
  const made = make[method];
  if (made === undefined) return fail(t.env, `Unknown traceroute module ${method}`);
  if (methodOptions.includes('help')) {
    const text = { icmp: ICMP_OPTIONS, raw: RAW_OPTIONS, tcp: TCP_OPTIONS }[method] ?? `No options for module \`${method}'\n`;
    t.env.stderr(text);
    throw new Exit(0);
  }
  return made();
}
