/** The command line of ping. */
import { type CommandEnv, Exit, getopt } from '@skbuff/command';
import { AF_INET, AF_INET6, IP_PMTUDISC_DO, IP_PMTUDISC_DONT, IP_PMTUDISC_WANT, IPOPT_TS_PRESPEC, IPOPT_TS_TSANDADDR, IPOPT_TS_TSONLY } from '@skbuff/uapi';
import { in6Pton, inetPton4 } from '@skbuff/wire';
import { INT_MAX, LONG_MAX, Program } from './iputils-common.ts';
import { NodeInfo } from './node-info.ts';
import { PingOptions } from './ping-context.ts';
import { NODEINFO_HELP, PING_USAGE } from './ping-usage.ts';

const MAX_PATTERN = 16;

export interface PingArguments {
  readonly options: PingOptions;
  /** Hosts to go through, the destination last. */
  readonly hosts: readonly string[];
}

/** What strtol(3) makes of a number, as an int. */
function intOf(value: bigint): number {
  const long = value > LONG_MAX ? LONG_MAX : value < -LONG_MAX - 1n ? -LONG_MAX - 1n : value;
  return Number(BigInt.asIntN(32, long));
}

/** strtol(3) with base 16 behind `0x`, else 10: the number, or null. */
function longOf(text: string): bigint | null {
  const m = /^0[xX]\s*([+-]?)(?:0[xX])?([0-9a-fA-F]+)$|^\s*([+-]?)(\d+)$|^(?:0[xX])?$/.exec(text);
  if (m === null) return null;
  const digits = BigInt(m[2] !== undefined ? `0x${m[2]}` : (m[4] ?? '0'));
  return (m[1] ?? m[3]) === '-' ? -digits : digits;
}

class Parser extends Program {
  readonly options: PingOptions = new PingOptions();
  /** The words of -p. */
  patternText: string | null = null;

  constructor(name: string, env: CommandEnv) {
    super(name, env, PING_USAGE, 2);
    if (name.endsWith('4')) this.options.family = AF_INET;
    if (name.endsWith('6')) this.options.family = AF_INET6;
  }

  /** `ping_strtod`: a real number; what stands behind it is told and ignored. */
  real(text: string): number {
    const m = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)?(.*)$/s.exec(text);
    const rest = m?.[2] ?? '';
    if (rest !== '') {
      this.complain(`option argument contains garbage: ${rest}`);
      this.complain('this will become fatal error in the future');
    }
    return Number(m?.[1] ?? 0);
  }

  /** Milliseconds of a number of seconds. */
  seconds(text: string, what: string, min: number): number {
    const value = this.real(text);
    if (value < min || value > Number(INT_MAX) / 1000) this.die(2, `${what}: ${text}`);
    return Math.trunc(value * 1000);
  }

  /** `fill`: up to 16 bytes as hex digits. */
  pattern(text: string): Uint8Array {
    if (/[^0-9a-fA-F]/.test(text)) this.die(2, `patterns must be specified as hex digits: ${text}`);
    const bytes = [...text.matchAll(/..?/g)].slice(0, MAX_PATTERN).map((m) => Number.parseInt(m[0], 16));
    if (!this.options.quiet) this.print(`PATTERN: 0x${bytes.map((b) => b.toString(16).padStart(2, '0')).join('')}\n`);
    return Uint8Array.from(bytes);
  }

  /** `parsetos`: strtol(3), its result cut to an int. A negative number has the kernel say what it thinks of it. */
  tos(text: string): number {
    const long = longOf(text);
    if (long === null) this.die(2, `bad TOS value: ${text}`);
    const value = intOf(long);
    if (value > 255) this.die(2, `the decimal value of TOS bits must be in range 0-255: ${value}`);
    return value;
  }

  pmtudisc(text: string): number {
    const value = { do: IP_PMTUDISC_DO, dont: IP_PMTUDISC_DONT, want: IP_PMTUDISC_WANT }[text];
    return value ?? this.die(2, `invalid -M argument: ${text}`);
  }

  ipTimestamp(text: string): number {
    const value = { tsonly: IPOPT_TS_TSONLY, tsandaddr: IPOPT_TS_TSANDADDR, tsprespec: IPOPT_TS_PRESPEC }[text];
    return value ?? this.die(2, `invalid timestamp type: ${text}`);
  }

  /** A device, an address, or of IPv6 an address on a device. */
  interface(text: string): void {
    const { options } = this;
    const addr = inetPton4(text);
    const [, literal, device] = /^([^%]*:[^%]*)(?:%(.*))?$/s.exec(text) ?? [];
    if (literal !== undefined) options.source6 = in6Pton(literal) ?? this.die(2, `invalid source address: ${text}`);
    else if (addr >= 0) options.source = addr;
    else options.device = text;
    if (device !== undefined) options.device = device;
    if (literal !== undefined || addr >= 0) options.strictSource = true;
  }

  family(family: number): void {
    if (this.options.family !== 0) this.die(2, 'only one -4 or -6 option may be specified');
    this.options.family = family;
  }

  /** What -N asks for, or about whom. */
  nodeinfo(text: string): void {
    const { options } = this;
    options.nodeinfo ??= new NodeInfo();
    const failure = text === 'help' ? '' : options.nodeinfo.option(text, this);
    if (text === 'help') this.print(NODEINFO_HELP);
    if (failure === null) return;
    if (text !== 'help') this.env.stderr(NODEINFO_HELP);
    this.print(failure);
    throw new Exit(text === 'help' ? 0 : 2);
  }

  /** Sets `-F`: a number as strtol(3) takes it, decimal or with 0x, of at the most 20 bits. */
  flowlabel(text: string): number {
    const value = longOf(text);
    if (value === null) this.die(2, `bad value for flowinfo: ${text}`);
    if (value < 0n || value > 0xfffffn) this.die(2, `flow value is greater than 20 bits: ${text}`);
    return Number(value);
  }

  timestampAndRoute(): void {
    if (this.options.recordRoute && this.options.ipTimestamp !== null) this.die(2, 'only one of -T or -R may be used');
  }
}

type Read = (p: Parser, o: PingOptions, arg: string) => void;

const READ: Readonly<Record<string, Read>> = {
  '4': (p) => p.family(AF_INET),
  '6': (p) => p.family(AF_INET6),
  a: (_p, o) => void (o.audible = true),
  A: (_p, o) => void (o.adaptive = true),
  b: (_p, o) => void (o.broadcast = true),
  B: (_p, o) => void (o.strictSource = true),
  c: (p, o, arg) => void (o.count = p.integer(arg, 1, LONG_MAX)),
  C: (_p, o) => void (o.connect = true),
  d: (_p, o) => void (o.debug = true),
  D: (_p, o) => void (o.timestamps = true),
  e: (p, o, arg) => void (o.ident = p.integer(arg, 0, 65535n)),
  f: (_p, o) => void (o.flood = o.numeric = true),
  F: (p, o, arg) => void (o.flowlabel = p.flowlabel(arg)),
  h: (p) => p.usage(),
  i: (p, o, arg) => {
    o.interval = p.seconds(arg, 'bad timing interval', Number.NEGATIVE_INFINITY);
    o.intervalGiven = true;
  },
  I: (p, _o, arg) => p.interface(arg),
  l: (p, o, arg) => void (o.preload = p.integer(arg, 1, 65536n)),
  L: (_p, o) => void (o.noLoop = true),
  m: (p, o, arg) => void (o.mark = p.integer(arg, 0, 0xffff_ffffn)),
  M: (p, o, arg) => void (o.pmtudisc = p.pmtudisc(arg)),
  n: (_p, o) => void (o.numeric = true),
  N: (p, _o, arg) => p.nodeinfo(arg),
  O: (_p, o) => void (o.outstanding = true),
  p: (p, _o, arg) => void (p.patternText = arg),
  q: (_p, o) => void (o.quiet = true),
  Q: (p, o, arg) => void (o.tos = p.tos(arg)),
  r: (_p, o) => void (o.dontRoute = true),
  R: (p, o) => {
    o.recordRoute = true;
    p.timestampAndRoute();
  },
  s: (p, o, arg) => void (o.size = p.integer(arg, 0)),
  S: (p, o, arg) => void (o.sndbuf = p.integer(arg, 1)),
  t: (p, o, arg) => void (o.ttl = p.integer(arg, 0, 255n)),
  T: (p, o, arg) => {
    o.ipTimestamp = p.ipTimestamp(arg);
    p.timestampAndRoute();
  },
  U: (_p, o) => void (o.latency = true),
  v: (_p, o) => void (o.verbose = true),
  V: (p) => p.version(),
  w: (p, o, arg) => void (o.deadline = p.integer(arg, 0)),
  W: (p, o, arg) => void (o.linger = p.seconds(arg, 'bad linger time', 0)),
};

const SPEC = 'h4bRT:6aABc:CdDe:fF:i:I:l:Lm:M:nN:Op:qQ:rs:S:t:UvVw:W:';

/** Exits with a complaint. A program called ping4 or ping6 keeps to its family. */
export function parsePing(argv: readonly string[], env: CommandEnv, name = 'ping'): PingArguments {
  const parser = new Parser(name, env);
  const { opts, rest } = getopt(argv, SPEC);
  for (const found of opts) {
    const read = READ[found.opt];
    if (read === undefined) parser.mistake(found);
    read(parser, parser.options, found.arg);
  }
  if (rest.length === 0) parser.die(1, 'usage error: Destination address required');
  const { options, patternText } = parser;
  if (patternText !== null) options.pattern = parser.pattern(patternText);
  return { options, hosts: rest };
}
