/** How probes are sent: as segments of TCP, UDP datagrams, ICMP echo requests, or packets of any protocol. */
import { getprotobyname } from '@skbuff/netdb';
import * as U from '@skbuff/uapi';
import { be16, ipComputeCsum, setBe16 } from '@skbuff/wire';
import type { Sockaddr } from './families.ts';
import { fail, unsigned } from './options.ts';
import type { Probe } from './probe.ts';
import { Tcp } from './tcp.ts';
import type { Method, Tracer } from './tracer.ts';

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
    for (const [i, word] of methodOptions.entries()) {
      if (word !== 'raw' && word !== 'dgram') fail(t.env, `\`${word}' (argc ${i + 1}): arguments are not allowed`);
      if (i > 0) fail(t.env, `Keyword \`${word}' (argc ${i + 1}): Only one of:\n    raw | dgram\nmay be specified.`);
    }
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
    const protocol = t.options.methodOptions.reduce((_, word, i) => this.protocolOf(word, i + 1), RAW_PROTOCOL);
    this.fd = t.open(U.SOCK_RAW, protocol);
    t.connect(this.fd, 0);
  }

  /** `protocol=…`, which may be shortened: a number or a name. */
  private protocolOf(word: string, argc: number): number {
    const { env } = this.t;
    const [key, value] = word.split(/=(.*)/s) as [string, string | undefined];
    if (key === '' || !'protocol'.startsWith(key)) return fail(env, `\`${word}' (argc ${argc}): arguments are not allowed`);
    if (value === undefined) return fail(env, `Keyword \`${key}' (argc ${argc}) requires an argument: \`${key}=PROT'`);
    const protocol = getprotobyname(env, value)?.proto ?? unsigned(value);
    return Number.isNaN(protocol) ? fail(env, `Cannot handle \`${key}' keyword with arg \`${value}' (argc ${argc})`) : protocol;
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

/** The method by its name. */
export function methodOf(t: Tracer): Method {
  switch (t.options.method) {
    case 'udp':
      return new Udp(t, true, U.IPPROTO_UDP);
    case 'udplite':
      return new Udp(t, true, UDPLITE);
    case 'icmp':
      return new Icmp(t);
    case 'raw':
      return new Raw(t);
    case 'tcp':
      return new Tcp(t);
    case 'dccp':
      return new Dccp(t);
    default:
      return new Udp(t, false, U.IPPROTO_UDP);
  }
}
