/** What ndisc6 and rdisc6 have in common: the command line, sending, waiting for answers. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { type CommandEnv, Exit, getoptLong, type LongNames } from '@skbuff/command';
import { type Addrinfo, EAI_NONAME, getaddrinfo, ifNametoindex } from '@skbuff/netdb';
import type { Cmsg, Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { In6Addr, in6Pton, leS32 } from '@skbuff/wire';
import { usage, VERSION } from './usage.ts';

/** RFC 4861 §6.1.2, §7.1.2: nobody but a neighbour can send it. */
const MAX_HOPS = 255;
const RECV_LEN = 1460 + 4;
const NSEC_PER_MSEC = 1e6;
const FILTER_LEN = 32;

/** What a message says. */
export interface Told {
  readonly text: string;
  readonly valid: boolean;
}

/** What makes one of the two programs. */
export interface Discovery {
  readonly name: string;
  /** Arguments of the program, what it is for, and what it prints with -q: for its help. */
  readonly words: string;
  readonly purpose: string;
  readonly quiet: string;
  /** Whom it asks when no address is given, or null: an address must be given. */
  readonly everybody: string | null;
  /** The first answer is enough, unless -m is given. */
  readonly single: boolean;
  /** Milliseconds for answers. */
  readonly wait: number;
  /** ICMPv6 type of the answers. */
  readonly advert: number;
  /** The question about `target`, and where it goes. */
  solicit(env: CommandEnv, target: In6Addr, device: string): { readonly packet: Uint8Array; readonly to: In6Addr };
  /** What is to be printed of a message, and whether it is an answer about `target`. */
  tell(advert: Uint8Array, target: In6Addr, verbose: boolean): Told;
}

const LONGS: LongNames = {
  single: '1', help: 'h', multiple: 'm', numeric: 'n', 'no-solicit': 'd', quiet: 'q', retry: 'r:', source: 's:', version: 'V', verbose: 'v', wait: 'w:',
};

class Options {
  single: boolean;
  solicits = true;
  numeric = false;
  verbose = true;
  retry = 3;
  wait: number;
  source: string | null = null;

  constructor({ single, wait }: Discovery) {
    this.single = single;
    this.wait = wait;
  }
}

/** The number of an argument, or null. */
function unsigned(text: string): number | null {
  const m = /^\s*\+?(\d+)$/.exec(text);
  return m !== null && Number(m[1]) <= 0xffff_ffff ? Number(m[1]) : null;
}

/** One run of one of the programs. */
class Run {
  private readonly env: CommandEnv;
  private readonly what: Discovery;
  private readonly options: Options;
  private readonly task: Task;
  private readonly fd: number;

  constructor(env: CommandEnv, what: Discovery, options: Options) {
    this.env = env;
    this.what = what;
    this.options = options;
    this.task = env.task;
    this.fd = this.must(this.task.socket(U.AF_INET6, U.SOCK_RAW, U.IPPROTO_ICMPV6), 'Raw IPv6 socket');
    const filter = new Uint8Array(FILTER_LEN).fill(0xff);
    filter[what.advert >> 3] = 0xff & ~(1 << (what.advert & 7));
    this.task.setsockopt(this.fd, U.SOL_ICMPV6, U.ICMPV6_FILTER, filter);
    this.task.setsockopt(this.fd, U.SOL_SOCKET, U.SO_DONTROUTE, 1);
    this.task.setsockopt(this.fd, U.SOL_IPV6, U.IPV6_MULTICAST_HOPS, MAX_HOPS);
    this.task.setsockopt(this.fd, U.SOL_IPV6, U.IPV6_UNICAST_HOPS, MAX_HOPS);
    this.task.setsockopt(this.fd, U.SOL_IPV6, U.IPV6_RECVHOPLIMIT, 1);
  }

  private fail(text: string): never {
    this.env.stderr(`${text}\n`);
    throw new Exit(1);
  }

  private must(rc: number, what: string): number {
    return rc < 0 ? this.fail(`${what}: ${U.strerror(rc)}`) : rc;
  }

  /** `getipv6byname`: an address on a device. */
  private resolve(name: string, device: string): SockaddrIn6 {
    const literal = in6Pton(name.split('%')[0] as string) !== null;
    const found = this.options.numeric && !literal ? EAI_NONAME : getaddrinfo(this.env, name, U.AF_INET6);
    if (typeof found === 'string') return this.fail(`${name}: ${found}`);
    const ifindex = ifNametoindex(this.task, device);
    if (ifindex === 0) this.fail(`${device}: ${U.strerror(U.ENODEV)}`);
    return new SockaddrIn6((found[0] as Addrinfo).addr6, 0, ifindex);
  }

  async ask(hostname: string, device: string): Promise<number> {
    const { env, what, options } = this;
    const { source, verbose } = options;
    if (source !== null) this.must(this.task.bind(this.fd, this.resolve(source, device)), source);
    const target = this.resolve(hostname, device);
    if (verbose) env.stdout(`Soliciting ${hostname} (${target.addr.toString()}) on ${device}...\n`);
    const { packet, to } = what.solicit(env, target.addr, device);
    for (let left = options.retry; left > 0; left--) {
      if (options.solicits) this.must(this.task.sendto(this.fd, packet, 0, new SockaddrIn6(to, 0, target.scopeId)) as number, 'Sending ICMPv6 packet');
      if ((await this.answers(target)) > 0) return 0;
      if (verbose) env.stdout('Timed out.\n');
    }
    if (verbose) env.stdout('No response.\n');
    return 2;
  }

  /** `recvadv`: waits for answers, and prints them: how many they are. */
  private async answers(target: SockaddrIn6): Promise<number> {
    const { env, task, options } = this;
    const end = env.now() + options.wait * NSEC_PER_MSEC;
    for (let responses = 0; ; ) {
      const left = Math.max(end - env.now(), 0) / NSEC_PER_MSEC;
      const ready = await task.poll([{ fd: this.fd, events: U.POLLIN, revents: 0 }], left);
      if (ready === 0) return responses;
      // No signal is caught, so this is the end, of whose status nobody hears.
      if (ready < 0) throw new Exit(1);
      if (this.receive(target)) responses++;
      if (responses > 0 && options.single) return responses;
    }
  }

  /** Whether there was an answer. */
  private receive(target: SockaddrIn6): boolean {
    const { env, options } = this;
    const buf = new Uint8Array(RECV_LEN);
    const control: Cmsg[] = [];
    const from = new SockaddrIn6();
    const n = this.task.recvmsg(this.fd, { name: from, iov: [buf], control }, U.MSG_DONTWAIT) as number;
    if (n === -U.EAGAIN) return false;
    if (n < 0) {
      env.stderr(`Receiving ICMPv6 packet: ${U.strerror(n)}\n`);
      return false;
    }
    const hops = control.find(({ level, type }) => level === U.SOL_IPV6 && type === U.IPV6_HOPLIMIT);
    if (hops !== undefined && leS32(hops.data, 0) !== MAX_HOPS) return false;
    if (from.scopeId !== 0 && from.scopeId !== target.scopeId) return false;
    const { text, valid } = this.what.tell(buf.subarray(0, n), target.addr, options.verbose);
    env.stdout(text);
    if (valid && options.verbose) env.stdout(` from ${from.addr.toString()}\n`);
    return valid;
  }
}

/** Runs one of the programs: its exit status. 0: there was an answer, 1: it could not be asked, 2: there was none, or wrong words. */
export function discover(what: Discovery, argv: readonly string[], env: CommandEnv): Promise<number> | number {
  const [name = what.name, ...words] = argv;
  const wrong = (): never => {
    env.stderr(`Try "${name} -h" for more information.\n`);
    throw new Exit(2);
  };
  const say = (text: string): never => {
    env.stdout(text);
    throw new Exit(0);
  };
  const number = (text: string | null): number => unsigned(text ?? '') ?? wrong();
  const options = new Options(what);
  const { opts, rest, error } = getoptLong(words, '1dhmnqr:s:Vvw:', LONGS);
  for (const { opt, arg } of opts) {
    if (opt === '1' || opt === 'm') options.single = opt === '1';
    else if (opt === 'd') options.solicits = false;
    else if (opt === 'h') say(usage(name, what.words, what.purpose, what.quiet));
    else if (opt === 'n') options.numeric = true;
    else if (opt === 'q' || opt === 'v') options.verbose = opt === 'v';
    else if (opt === 'r') options.retry = number(arg);
    else if (opt === 's') options.source = arg;
    else if (opt === 'V') say(VERSION);
    else options.wait = number(arg);
  }
  if (error !== null) env.stderr(`${name}: ${error}\n`);
  if (error !== null) wrong();
  const [hostname, device] = rest.length === 1 && what.everybody !== null ? [what.everybody, rest[0]] : rest;
  if (hostname === undefined || device === undefined || rest.length > 2) return wrong();
  return new Run(env, what, options).ask(hostname, device);
}

/** Bytes of link-layer addresses as the programs write them. */
export function lladdrText(b: Uint8Array): string {
  return Array.from(b, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':');
}

/** The options (RFC 4861 §4.6) from `at` to the end or to one that is broken, each with its own bytes. */
export function optionsOf(message: Uint8Array, at: number): readonly Uint8Array[] {
  const options: Uint8Array[] = [];
  for (let off = at; off + 2 <= message.length; ) {
    const length = (message[off + 1] as number) * 8;
    if (length === 0 || off + length > message.length) break;
    options.push(message.subarray(off, off + length));
    off += length;
  }
  return options;
}
