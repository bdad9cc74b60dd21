/** The command `tracepath`. */
import { SockaddrIn } from '@skbuff/af-inet';
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { type Command, type CommandEnv, Exit, getopt } from '@skbuff/command';
import { type Addrinfo, getaddrinfo, gethostbyaddr, inet6Text, nameOfInet6 } from '@skbuff/netdb';
import type { Cmsg, Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be32, In6Addr, inetNtoa, le32, leS32, setLe32, setLe64 } from '@skbuff/wire';
import { Program, runProgram } from './iputils-common.ts';

const USAGE = `
Usage
  tracepath [options] <destination>

Options:
  -4             use IPv4
  -6             use IPv6
  -b             print both name and ip
  -l <length>    use packet <length>
  -m <hops>      use maximum <hops>
  -n             no dns name resolution
  -p <port>      use destination <port>
  -V             print version and exit
  <destination>  dns name or ip address

For more details see tracepath(8).
`;

const BASE_PORT = 44444;
const INT_LIMIT = 0x7fff_ffff;
const MAX_HOPS = 30;
/** Probes that are remembered by their ports. */
const HISTORY = 64;
/** What a probe carries: its ttl (4 bytes, 4 of nothing) and the time it was sent (`struct timeval`). */
const PROBEHDR_LEN = 24;
const TRIES = 3;
const SEND_TRIES = 10;
const WAIT_MS = 1000;
/** Columns of a name. */
const NAME_WIDTH = 52;

class TracepathOptions {
  family = 0;
  both = false;
  numeric = false;
  maxHops = MAX_HOPS;
  /** Whole length of a packet, 0: as long as can be. */
  length = 0;
  port = 0;
}

interface Probe {
  /** 0: nothing was sent, or the answer is there. */
  hops: number;
  /** Microseconds. */
  sent: number;
}

type Read = (o: TracepathOptions, arg: string, p: Program) => void;

function family(o: TracepathOptions, p: Program, value: number): void {
  if (o.family !== 0 && o.family !== value) p.die(2, 'Only one -4 or -6 option may be specified');
  o.family = value;
}

const READ: Readonly<Record<string, Read>> = {
  '4': (o, _arg, p) => family(o, p, U.AF_INET),
  '6': (o, _arg, p) => family(o, p, U.AF_INET6),
  b: (o) => void (o.both = true),
  n: (o) => void (o.numeric = true),
  l: (o, arg, p) => void (o.length = p.integer(arg, 0)),
  m: (o, arg, p) => void (o.maxHops = p.integer(arg, 0, 255n)),
  p: (o, arg, p) => void (o.port = p.integer(arg, 0, 65535n)),
  V: (_o, _arg, p) => p.version(),
};

/** What each family does in its own way. */
interface TracepathFamily {
  /** Bytes before the payload. */
  readonly overhead: number;
  /** What is tried first. */
  readonly mtu: number;
  readonly level: number;
  readonly recverr: number;
  readonly hops: number;
  /** Ancillary data: TTL or hop limit of an answer. */
  readonly recvHops: number;
  readonly origin: number;
  /** A message of ICMP that says no more than that a hop was reached. */
  isExpired(type: number, code: number): boolean;
  /** Sets what is asked of a new socket. */
  prepare(program: Program, fd: number): void;
  target(ai: Addrinfo): SockaddrIn | SockaddrIn6;
  /** An empty address to be filled in. */
  blank(): SockaddrIn | SockaddrIn6;
  /** Who reported an error, as `struct sockaddr` behind it says: text and name. */
  offender(env: CommandEnv, ee: Uint8Array): { readonly text: string; readonly name: string };
}

/** Behind `struct sock_extended_err` lies the address of who reported the error. */
const OFFENDER = 16;

const INET: TracepathFamily = {
  overhead: 28,
  mtu: 65535,
  level: U.SOL_IP,
  recverr: U.IP_RECVERR,
  hops: U.IP_TTL,
  recvHops: U.IP_TTL,
  origin: U.SO_EE_ORIGIN_ICMP,
  isExpired: (type, code) => type === U.ICMP_TIME_EXCEEDED && code === U.ICMP_EXC_TTL,
  prepare(program, fd) {
    const { task } = program.env;
    program.must(task.setsockopt(fd, U.SOL_IP, U.IP_MTU_DISCOVER, U.IP_PMTUDISC_DO), 'IP_MTU_DISCOVER');
    program.must(task.setsockopt(fd, U.SOL_IP, U.IP_RECVERR, 1), 'IP_RECVERR');
    program.must(task.setsockopt(fd, U.SOL_IP, U.IP_RECVTTL, 1), 'IP_RECVTTL');
  },
  target: ({ addr }) => new SockaddrIn(addr),
  blank: () => new SockaddrIn(),
  offender(env, ee) {
    const text = inetNtoa(be32(ee, OFFENDER + 4));
    return { text, name: gethostbyaddr(env, text) ?? text };
  },
};

const INET6: TracepathFamily = {
  overhead: 48,
  mtu: 128_000,
  level: U.SOL_IPV6,
  recverr: U.IPV6_RECVERR,
  hops: U.IPV6_UNICAST_HOPS,
  recvHops: U.IPV6_2292HOPLIMIT,
  origin: U.SO_EE_ORIGIN_ICMP6,
  isExpired: (type, code) => type === U.ICMPV6_TIME_EXCEED && code === U.ICMPV6_EXC_HOPLIMIT,
  prepare(program, fd) {
    const { task } = program.env;
    program.must(task.setsockopt(fd, U.SOL_IPV6, U.IPV6_MTU_DISCOVER, U.IPV6_PMTUDISC_DO), 'IPV6_MTU_DISCOVER');
    program.must(task.setsockopt(fd, U.SOL_IPV6, U.IPV6_RECVERR, 1), 'IPV6_RECVERR');
    program.must(task.setsockopt(fd, U.SOL_IPV6, U.IPV6_2292HOPLIMIT, 1), 'IPV6_HOPLIMIT');
  },
  target: ({ addr6, scopeId }) => new SockaddrIn6(addr6, 0, scopeId),
  blank: () => new SockaddrIn6(),
  offender(env, ee) {
    const addr = new In6Addr().load(ee, OFFENDER + 8);
    const scopeId = le32(ee, OFFENDER + 24);
    return { text: inet6Text(env.task, addr, scopeId), name: nameOfInet6(env, addr, scopeId) };
  },
};

/** Where to, and the socket for it. */
interface Opened {
  readonly ai: Addrinfo;
  readonly fd: number;
}

class Tracepath {
  private readonly program: Program;
  private readonly options: TracepathOptions;
  private readonly family: TracepathFamily;
  private readonly task: Task;
  private readonly fd: number;
  private readonly target: SockaddrIn | SockaddrIn6;
  private readonly basePort: number;
  private readonly history: Probe[] = Array.from({ length: HISTORY }, () => ({ hops: 0, sent: 0 }));
  private next = 0;
  private mtu: number;
  private hopsTo = -1;
  private hopsFrom = -1;
  private readonly packet: Uint8Array;

  constructor(program: Program, options: TracepathOptions, { ai, fd }: Opened, port: number) {
    this.program = program;
    this.options = options;
    this.family = ai.family === U.AF_INET6 ? INET6 : INET;
    const { overhead, mtu } = this.family;
    if (options.length !== 0 && options.length <= overhead) program.die(1, `pktlen must be within: ${overhead} < value <= ${INT_LIMIT}`);
    this.task = program.env.task;
    this.target = this.family.target(ai);
    this.basePort = port;
    this.mtu = options.length === 0 ? mtu : options.length;
    this.packet = new Uint8Array(this.mtu);
    this.fd = fd;
    this.family.prepare(program, fd);
  }

  async run(): Promise<void> {
    const { program } = this;
    if (!(await this.hops())) program.print(`     Too many hops: pmtu ${this.mtu}\n`);
    program.print(`     Resume: pmtu ${this.mtu} `);
    if (this.hopsTo >= 0) program.print(`hops ${this.hopsTo} `);
    if (this.hopsFrom >= 0) program.print(`back ${this.hopsFrom} `);
    program.print('\n');
  }

  /** Goes hop by hop: true if there is nothing more to be found. */
  private async hops(): Promise<boolean> {
    for (let ttl = 1; ttl <= this.options.maxHops; ttl++) {
      this.program.must(this.task.setsockopt(this.fd, this.family.level, this.family.hops, ttl), this.family === INET ? 'IP_TTL' : 'IPV6_UNICAST_HOPS');
      if (await this.hop(ttl)) return true;
    }
    return false;
  }

  private async hop(ttl: number): Promise<boolean> {
    let result = -1;
    for (let i = 0; i < TRIES && result < 0; i++) {
      const { mtu } = this;
      result = await this.probe(ttl);
      // A path that is narrower than thought is tried anew, whatever came.
      if (this.mtu !== mtu) {
        i = -1;
        result = -1;
      }
      if (result === 0) return true;
    }
    if (result < 0) this.program.print(`${pad(ttl)}:  no reply\n`);
    return false;
  }

  /** `probe_ttl`: 0 at the end, more than 0 after an answer, less without one. */
  private async probe(ttl: number): Promise<number> {
    for (let i = 0; i < SEND_TRIES; ) {
      if (this.send(ttl)) {
        this.next = (this.next + 1) % HISTORY;
        return this.answer(ttl);
      }
      const result = this.recverr(ttl);
      (this.history[this.next] as Probe).hops = 0;
      if (result === 0) return 0;
      i = result > 0 ? 0 : i + 1;
    }
    this.next = (this.next + 1) % HISTORY;
    this.program.print(`${pad(ttl)}:  send failed\n`);
    return 0;
  }

  private send(ttl: number): boolean {
    const { packet, next } = this;
    const us = this.timeOfDay();
    setLe32(packet, 0, ttl);
    setLe64(packet, 8, Math.floor(us / 1e6));
    setLe64(packet, 16, us % 1e6);
    this.history[next] = { hops: ttl, sent: us };
    this.target.port = (this.basePort + next) & 0xffff;
    return (this.task.sendto(this.fd, packet.subarray(0, this.mtu - this.family.overhead), 0, this.target) as number) > 0;
  }

  private async answer(ttl: number): Promise<number> {
    const { task, fd } = this;
    // No signal is caught, so this is the end, of whose status nobody hears.
    if ((await task.poll([{ fd, events: U.POLLIN, revents: 0 }], WAIT_MS)) < 0) throw new Exit(1);
    const n = task.recvfrom(fd, new Uint8Array(this.mtu), U.MSG_DONTWAIT) as number;
    if (n <= 0) return this.recverr(ttl);
    this.program.print(`${pad(ttl)}?: reply received 8)\n`);
    return 0;
  }

  private timeOfDay(): number {
    return Math.floor(this.program.env.realTime() / 1000);
  }

  /** `recverr`: tells all that the error queue knows. 0: this is the end; else the MTU, or -1 if there was nothing. */
  private recverr(ttl: number): number {
    const { family } = this;
    let progress = -1;
    for (;;) {
      const buf = new Uint8Array(PROBEHDR_LEN);
      const control: Cmsg[] = [];
      const to = family.blank();
      const n = this.task.recvmsg(this.fd, { name: to, iov: [buf], control }, U.MSG_ERRQUEUE) as number;
      if (n < 0) return progress;
      progress = this.mtu;
      const ee = control.find(({ level, type }) => level === family.level && type === family.recverr)?.data;
      if (ee === undefined) {
        this.program.print('no info\n');
        return 0;
      }
      const hops = control.find(({ level, type }) => level === family.level && type === family.recvHops)?.data;
      if (!this.tell(ttl, ee, this.probeOf(to.port, buf, n), hops === undefined ? -1 : leS32(hops, 0))) return 0;
      if (leS32(ee, 0) === U.EMSGSIZE) progress = this.mtu;
    }
  }

  /** The probe that a message is about: known by its port, or told by itself. */
  private probeOf(port: number, buf: Uint8Array, n: number): Probe & { readonly broken: boolean } {
    const probe = { hops: -1, sent: -1, broken: false };
    const known = this.history[port - this.basePort];
    if (known !== undefined && known.hops > 0) {
      Object.assign(probe, known);
      known.hops = 0;
    }
    if (n !== PROBEHDR_LEN) return probe;
    if (leS32(buf, 0) === 0 || leS32(buf, 8) === 0) probe.broken = true;
    else {
      probe.hops = leS32(buf, 0);
      probe.sent = le32(buf, 8) * 1e6 + leS32(buf, 16);
    }
    return probe;
  }

  /** One line; false if it was the last one. */
  private tell(ttl: number, ee: Uint8Array, probe: Probe & { readonly broken: boolean }, ttlBack: number): boolean {
    const { program } = this;
    const local = ee[4] === U.SO_EE_ORIGIN_LOCAL;
    let line = '';
    if (local) line = `${pad(ttl)}?: ${'[LOCALHOST]'.padEnd(32)} `;
    else if (ee[4] === this.family.origin) line = `${probe.hops > 0 ? `${pad(probe.hops)}: ` : `${pad(ttl)}?:`} ${this.name(ee).padEnd(NAME_WIDTH)}`;
    // Over IPv4 no time is told of an error of this host.
    if (probe.sent >= 0 && (!local || this.family === INET6)) line += millis(this.timeOfDay() - probe.sent);
    if (probe.broken) line += '(This broken router returned corrupted payload) ';
    program.print(line);
    return this.verdict(ttl, ee, probe.hops, ttlBack < 0 ? -1 : hopsOf(ttlBack));
  }

  private verdict(ttl: number, ee: Uint8Array, hops: number, back: number): boolean {
    const { program } = this;
    const errno = leS32(ee, 0);
    const last = (text: string): false => {
      program.print(`${text}\n`);
      return false;
    };
    switch (errno) {
      case U.ETIMEDOUT:
        program.print('\n');
        return true;
      case U.EMSGSIZE:
        this.mtu = leS32(ee, 8);
        program.print(`pmtu ${this.mtu}\n`);
        return true;
      case U.ECONNREFUSED:
        this.hopsTo = hops < 0 ? ttl : hops;
        this.hopsFrom = back;
        return last('reached');
      case U.EPROTO:
        return last('!P');
      case U.EHOSTUNREACH:
        if (ee[4] !== this.family.origin || !this.family.isExpired(ee[5] as number, ee[6] as number)) return last('!H');
        program.print(back >= 0 && back !== (hops < 0 ? ttl : hops) ? `asymm ${pad(back)} \n` : '\n');
        return true;
      case U.ENETUNREACH:
        return last('!N');
      case U.EACCES:
        return last('!A');
      default:
        program.print('\n');
        program.complain('NET ERROR', errno);
        return false;
    }
  }

  private name(ee: Uint8Array): string {
    const { numeric, both } = this.options;
    const { text, name } = this.family.offender(this.program.env, ee);
    const [shown, other] = numeric ? [text, name] : [name, text];
    return both ? `${shown} (${other})` : shown;
  }
}

function pad(n: number): string {
  return String(n).padStart(2);
}

function millis(us: number): string {
  return `${String(Math.floor(us / 1000)).padStart(3)}.${String(us % 1000).padStart(3, '0')}ms `;
}

/** How far a packet came that was sent with a ttl as systems use them. */
function hopsOf(ttl: number): number {
  if (ttl <= 64) return 65 - ttl;
  return (ttl <= 128 ? 129 : 256) - ttl;
}

async function main(argv: readonly string[], env: CommandEnv): Promise<number> {
  const program = new Program('tracepath', env, USAGE, 255);
  const options = new TracepathOptions();
  const { opts, rest } = getopt(argv, '46nbh?l:m:p:V');
  for (const found of opts) {
    const read = READ[found.opt];
    if (read === undefined) program[found.opt === 'h' ? 'usage' : 'mistake'](found);
    else read(options, found.arg, program);
  }
  const [destination] = rest;
  if (destination === undefined || rest.length > 1) program.usage();
  const [name, port] = options.port === 0 ? split(destination, program) : [destination, options.port];
  const found = getaddrinfo(env, name, options.family);
  if (typeof found === 'string') return program.die(1, `${name}: ${found}`);
  await new Tracepath(program, options, open(program, found), port).run();
  return 0;
}

/** A socket for the first address of a family that the kernel has. */
function open(program: Program, found: readonly Addrinfo[]): Opened {
  let fd = -U.EAFNOSUPPORT;
  for (const ai of found) {
    fd = program.env.task.socket(ai.family, U.SOCK_DGRAM, U.IPPROTO_UDP);
    if (fd >= 0) return { ai, fd };
  }
  return program.die(1, 'socket/connect', fd);
}

/** `name/port` of old. */
function split(destination: string, program: Program): readonly [string, number] {
  const slash = destination.indexOf('/');
  return slash < 0 ? [destination, BASE_PORT] : [destination.slice(0, slash), program.integer(destination.slice(slash + 1), 0, 65535n)];
}

/** `tracepath` of iputils 20221126: the way to a host and how wide it is. Status 0, 1, 2 or 255 for wrong words. */
export const tracepath: Command = {
  name: 'tracepath',
  run: (argv, env) => runProgram('tracepath', env, () => main(argv.slice(1), env)),
};
