/** The command line of traceroute, read as its own option library reads it: options anywhere, long ones with `=` only. */
import { type CommandEnv, Exit } from '@skbuff/command';
import { type Addrinfo, getaddrinfo } from '@skbuff/netdb';
import { AF_INET, AF_INET6, AF_UNSPEC } from '@skbuff/uapi';
import { ICMP_OPTIONS, RAW_OPTIONS, TCP_OPTIONS, usage, VERSION } from './usage.ts';

const MAX_GATEWAYS = 8;
/** Greatest length of a packet. */
export const MAX_PACKET_LEN = 65000;
const MAX_HOPS = 255;
const MAX_PROBES = 10;
const DEF_WAIT_SECS = 5;
const DEF_HERE_FACTOR = 3;
const DEF_NEAR_FACTOR = 10;

export class TracerouteOptions {
  /** What it was called by. */
  program = 'traceroute';
  /** AF_UNSPEC: that of the host. */
  family: number = AF_UNSPEC;
  debug = false;
  dontFragment = false;
  firstHop = 1;
  /** As they were given, and when the destination is known their addresses. */
  gatewayNames: readonly string[] = [];
  gateways: readonly Addrinfo[] = [];
  method = 'default';
  device: string | null = null;
  maxHops = 30;
  simultaneous = 16;
  numeric = false;
  port = 0;
  /** -1: not given. */
  tos = -1;
  wait: number = DEF_WAIT_SECS;
  here: number = DEF_HERE_FACTOR;
  near: number = DEF_NEAR_FACTOR;
  probes = 3;
  dontRoute = false;
  source: Addrinfo | null = null;
  /** 0: none. */
  flowlabel = 0;
  /** Seconds between two probes. */
  sendWait = 0;
  extensions = false;
  asLookups = false;
  methodOptions: string[] = [];
  sourcePort = 0;
  fwmark = 0;
  mtuDiscovery = false;
  backward = false;
  /** The name as it was given, and its address. */
  hostName = '';
  host: Addrinfo | null = null;
  /** -1: not given. */
  packetLength = -1;
}

/** Says what is wrong and ends the program. */
export function fail(env: CommandEnv, text: string, status = 2): never {
  env.stderr(`${text}\n`);
  throw new Exit(status);
}

interface Option {
  /** `-m` */
  readonly short: string;
  /** `--max-hops`, or empty. */
  readonly long: string;
  /** What the argument is called in the short form, or empty if it has none. */
  readonly arg: string;
  /** What it is called in the long form, if that is another word. */
  readonly longArg?: string;
  /** False if the argument cannot be understood. */
  readonly set: (o: TracerouteOptions, arg: string, env: CommandEnv) => boolean | void;
}

/** A number as strtoul(3) takes it with base 0, or NaN. */
export function unsigned(text: string): number {
  const m = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|\d+)$/.exec(text);
  if (m === null) return Number.NaN;
  const digits = m[2] as string;
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : /^0\d/.test(digits) ? Number.NaN : Number(digits);
  return (m[1] === '-' ? -value : value) >>> 0;
}

/** As strtod(3), or NaN. */
function real(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function number(put: (o: TracerouteOptions, n: number) => void, parse: (text: string) => number = unsigned): Option['set'] {
  return (o, arg) => {
    const n = parse(arg);
    if (Number.isNaN(n)) return false;
    put(o, n);
    return true;
  };
}

function method(name: string): Option['set'] {
  return (o) => void (o.method = name);
}

/** One try after the other, each as long as may be. */
function oneByOne(o: TracerouteOptions): void {
  o.simultaneous = 1;
  o.wait = DEF_WAIT_SECS;
  o.here = 0;
  o.near = 0;
}

function wait(o: TracerouteOptions, arg: string): boolean {
  const values = arg.split(/[,/]/).map(real);
  if (values.length > 3 || values.some(Number.isNaN)) return false;
  [o.wait = 0, o.here = 0, o.near = 0] = values;
  return true;
}

/** The address of a name, of IPv4 if it has one and the family is open; null, and a complaint, if there is none. */
function lookup(env: CommandEnv, name: string, family: number): Addrinfo | null {
  const found = getaddrinfo(env, name, family);
  if (typeof found === 'string') {
    env.stderr(`${name}: ${found}\n`);
    return null;
  }
  const ai = found.find((one) => one.family === AF_INET) ?? (found[0] as Addrinfo);
  // A mapped address is on no wire: one of IPv4 is meant.
  if (ai.family !== AF_INET6 || !ai.addr6.isV4Mapped()) return ai;
  return family === AF_INET6 ? null : { ...ai, family: AF_INET, addr: ai.addr6.w3 >>> 0 };
}

const MAX_GATEWAYS_6 = 127;

function gateways(o: TracerouteOptions, arg: string, env: CommandEnv): void {
  o.gatewayNames = [...o.gatewayNames, ...arg.split(',')];
  if (o.gatewayNames.length > MAX_GATEWAYS_6) fail(env, `Too many gateways specified. No more than ${MAX_GATEWAYS_6}`);
}

/** They are looked up in the family of the destination. */
function lookupGateways(o: TracerouteOptions, env: CommandEnv): void {
  const most = o.family === AF_INET6 ? MAX_GATEWAYS_6 : MAX_GATEWAYS;
  if (o.gatewayNames.length > most) fail(env, `Too many gateways specified. No more than ${most}`);
  o.gateways = o.gatewayNames.map((name) => lookup(env, name, o.family) ?? fail(env, ''));
}

/** An option of the method `raw`. */
function protocol(o: TracerouteOptions, arg: string): void {
  o.method = 'raw';
  o.methodOptions.push(`protocol=${arg}`);
}

function source(o: TracerouteOptions, arg: string, env: CommandEnv): boolean {
  o.source = lookup(env, arg, o.family);
  return o.source !== null;
}

const NONE = '';
const OPTIONS: readonly Option[] = [
  { short: '-4', long: '', arg: NONE, set: (o) => void (o.family = AF_INET) },
  { short: '-6', long: '', arg: NONE, set: (o) => void (o.family = AF_INET6) },
  { short: '-d', long: '--debug', arg: NONE, set: (o) => void (o.debug = true) },
  { short: '-F', long: '--dont-fragment', arg: NONE, set: (o) => void (o.dontFragment = true) },
  { short: '-f', long: '--first', arg: 'first_ttl', set: number((o, n) => void (o.firstHop = n)) },
  { short: '-g', long: '--gateway', arg: 'gate,...', set: gateways },
  { short: '-I', long: '--icmp', arg: NONE, set: method('icmp') },
  { short: '-T', long: '--tcp', arg: NONE, set: method('tcp') },
  { short: '-i', long: '--interface', arg: 'device', set: (o, arg) => void (o.device = arg) },
  { short: '-m', long: '--max-hops', arg: 'max_ttl', set: number((o, n) => void (o.maxHops = n)) },
  { short: '-N', long: '--sim-queries', arg: 'squeries', set: number((o, n) => void (o.simultaneous = n)) },
  { short: '-n', long: '', arg: NONE, set: (o) => void (o.numeric = true) },
  { short: '-p', long: '--port', arg: 'port', set: number((o, n) => void (o.port = n)) },
  { short: '-t', long: '--tos', arg: 'tos', set: number((o, n) => void (o.tos = n)) },
  { short: '-l', long: '--flowlabel', arg: 'flow_label', set: number((o, n) => void (o.flowlabel = n & 0xfffff)) },
  { short: '-w', long: '--wait', arg: 'MAX,HERE,NEAR', set: wait },
  { short: '-q', long: '--queries', arg: 'nqueries', set: number((o, n) => void (o.probes = n)) },
  { short: '-r', long: '', arg: NONE, set: (o) => void (o.dontRoute = true) },
  { short: '-s', long: '--source', arg: 'src_addr', set: source },
  { short: '-z', long: '--sendwait', arg: 'sendwait', set: number((o, n) => void (o.sendWait = n), real) },
  { short: '-e', long: '--extensions', arg: NONE, set: (o) => void (o.extensions = true) },
  { short: '-A', long: '--as-path-lookups', arg: NONE, set: (o) => void (o.asLookups = true) },
  { short: '-M', long: '--module', arg: 'name', set: (o, arg) => void (o.method = arg) },
  { short: '-O', long: '--options', arg: 'OPTS,...', set: (o, arg) => void o.methodOptions.push(...arg.split(',')) },
  { short: '', long: '--sport', arg: 'num', set: number((o, n) => void (o.sourcePort = n & 0xffff)) },
  { short: '', long: '--fwmark', arg: 'num', set: number((o, n) => void (o.fwmark = n)) },
  { short: '-U', long: '--udp', arg: NONE, set: method('udp') },
  { short: '-UL', long: '', arg: NONE, set: method('udplite') },
  { short: '-D', long: '--dccp', arg: NONE, set: method('dccp') },
  { short: '-P', long: '--protocol', arg: 'prot', set: protocol },
  { short: '', long: '--mtu', arg: NONE, set: (o) => void (o.mtuDiscovery = o.dontFragment = true) },
  { short: '', long: '--back', arg: NONE, set: (o) => void (o.backward = true) },
  { short: '-V', long: '--version', arg: NONE, set: (_o, _arg, env) => fail(env, VERSION.trimEnd(), 0) },
  { short: '', long: '--help', arg: NONE, set: (o, _arg, env) => fail(env, usage(o.program), 0) },
];

class Reader {
  readonly options: TracerouteOptions = new TracerouteOptions();
  private readonly env: CommandEnv;
  /** Words, and which one is next. */
  private readonly words: readonly string[];
  private at = 0;

  constructor(words: readonly string[], env: CommandEnv, name: string) {
    this.words = words;
    this.env = env;
    this.options.program = name;
    if (name.endsWith('6')) this.options.family = AF_INET6;
  }

  /** Words that are no options, each with where it stood. */
  read(): readonly { readonly word: string; readonly argc: number }[] {
    const rest: { word: string; argc: number }[] = [];
    let over = false;
    while (this.at < this.words.length) {
      const word = this.words[this.at++] as string;
      if (over || !word.startsWith('-') || word === '-') rest.push({ word, argc: this.at });
      else if (word === '--') over = true;
      else if (word.startsWith('--')) this.long(word);
      else this.short(word);
    }
    return rest;
  }

  private bad(name: string): never {
    return fail(this.env, `Bad option \`${name}' (argc ${this.at})`);
  }

  private missing(name: string, form: string): never {
    return fail(this.env, `Option \`${name}' (argc ${this.at}) requires an argument: \`${form}'`);
  }

  private set(option: Option, name: string, arg: string): void {
    const done = option.set(this.options, arg, this.env);
    if (done === false) fail(this.env, `Cannot handle \`${name}' option with arg \`${arg}' (argc ${this.at})`);
  }

  private long(word: string): void {
    const eq = word.indexOf('=');
    const name = eq < 0 ? word : word.slice(0, eq);
    const option = OPTIONS.find(({ long }) => long === name);
    if (option === undefined) this.bad(name);
    if (option.arg !== NONE && eq < 0) this.missing(name, `${name}=${option.arg}`);
    if (option.arg === NONE && eq >= 0) this.bad(name);
    this.set(option, name, eq < 0 ? '' : word.slice(eq + 1));
  }

  private short(word: string): void {
    const whole = OPTIONS.find(({ short }) => short === word);
    if (whole !== undefined) return this.one(whole);
    const first = this.letter(word[1] as string);
    if (first.arg !== NONE) return this.set(first, first.short, word.slice(2));
    for (const letter of word.slice(1)) this.one(this.letter(letter));
  }

  private letter(letter: string): Option {
    return OPTIONS.find(({ short }) => short === `-${letter}`) ?? this.bad(`-${letter}`);
  }

  /** An option whose argument, if it takes one, is the next word. */
  private one(option: Option): void {
    if (option.arg === NONE) return this.set(option, option.short, '');
    const arg = this.words[this.at];
    if (arg === undefined || this.words[this.at - 1] !== option.short && !this.endsCluster(option)) this.missing(option.short, `${option.short} ${option.arg}`);
    this.at++;
    this.set(option, option.short, arg);
  }

  /** Several letters in a word: only the last may have an argument. */
  private endsCluster(option: Option): boolean {
    return (this.words[this.at - 1] as string).endsWith(option.short.slice(1));
  }
}

function check(o: TracerouteOptions, env: CommandEnv): void {
  if (o.firstHop === 0 || o.firstHop > o.maxHops) fail(env, 'first hop out of range');
  if (o.maxHops > MAX_HOPS) fail(env, 'max hops cannot be more than 255');
  if (o.probes === 0 || o.probes > MAX_PROBES) fail(env, 'no more than 10 probes per hop');
  if (o.wait < 0 || o.here < 0 || o.near < 0) fail(env, `bad wait specifications \`${o.wait},${o.here},${o.near}' used`);
  if (o.packetLength > MAX_PACKET_LEN) fail(env, `too big packetlen ${o.packetLength} specified`);
  if (o.sendWait < 0) fail(env, `bad sendtime \`${o.sendWait}' specified`);
  if (o.sendWait >= 10) o.sendWait /= 1000;
  if (o.sourcePort !== 0 || o.method === 'raw') oneByOne(o);
  if (o.mtuDiscovery) o.simultaneous = 1;
}

const METHODS: readonly string[] = ['default', 'udp', 'udplite', 'icmp', 'raw', 'tcp', 'dccp'];

function tellMethodOptions({ method }: TracerouteOptions, env: CommandEnv): never {
  const text = { icmp: ICMP_OPTIONS, raw: RAW_OPTIONS, tcp: TCP_OPTIONS }[method] ?? `No options for module \`${method}'\n`;
  env.stderr(text);
  throw new Exit(0);
}

/** Exits with a complaint, or with status 0 when only a text was asked for. */
export function parseTraceroute(words: readonly string[], env: CommandEnv, name = 'traceroute'): TracerouteOptions {
  if (words.length === 0) fail(env, usage(name), 0);
  const reader = new Reader(words, env, name);
  const rest = reader.read();
  const { options } = reader;
  const [host, length, extra] = rest;
  if (options.methodOptions.includes('help')) tellMethodOptions(options, env);
  if (extra !== undefined) fail(env, `Extra arg \`${extra.word}' (position 3, argc ${extra.argc})`);
  const cannot = (what: string, word: string, position: number, argc: number): never =>
    fail(env, `Cannot handle "${what}" cmdline arg \`${word}' on position ${position} (argc ${argc})`);
  if (host === undefined) fail(env, 'Specify "host" missing argument.');
  options.hostName = host.word;
  options.host = lookup(env, host.word, options.family) ?? cannot('host', host.word, 1, host.argc);
  options.family = options.host.family;
  if (length !== undefined) {
    options.packetLength = unsigned(length.word);
    if (Number.isNaN(options.packetLength)) cannot('packetlen', length.word, 2, length.argc);
  }
  if (!METHODS.includes(options.method)) fail(env, `Unknown traceroute module ${options.method}`);
  check(options, env);
  if (options.source !== null && options.source.family !== options.family) fail(env, 'IP version mismatch in addresses specified');
  lookupGateways(options, env);
  return options;
}
