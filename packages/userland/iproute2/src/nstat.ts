/** The command nstat: counters of the stack, and how they grew since the last time. */
import { atoi, type ByteSink, type Command, type CommandEnv, Exit, exitStatus, getoptLong, type LongNames } from '@skbuff/command';
import { strerror } from '@skbuff/uapi';
import { fnmatch } from './fnmatch.ts';
import { JsonWriter } from './json-writer.ts';
import { NSTAT_USAGE, NSTAT_VERSION } from './nstat-usage.ts';

/** `nstat` of iproute2 6.1, without its daemon. Status 0, or 255 for wrong words and for a history that cannot be written. */
export const nstat: Command = {
  name: 'nstat',
  run: (argv, env) => exitStatus(() => new Nstat(env).main(argv.slice(1))),
};

/** What no growth is measured of: settings, and one that goes both ways. */
const USELESS: ReadonlySet<string> = new Set([
  'IpForwarding', 'IpDefaultTTL', 'TcpRtoAlgorithm', 'TcpRtoMin', 'TcpRtoMax', 'TcpMaxConn', 'TcpCurrEstab',
]);

const LONG: LongNames = { help: 'h', ignore: 'a', interval: 't:', json: 'j', nooutput: 'n', pretty: 'p', reset: 'r', scan: 'd:', noupdate: 's', version: 'V', zeros: 'z' };

class Nstat {
  private readonly env: CommandEnv;
  private readonly flags: Set<string> = new Set();
  private readonly patterns: string[] = [];

  constructor(env: CommandEnv) {
    this.env = env;
  }

  main(words: readonly string[]): number {
    const done = this.options(words);
    if (done >= 0) return done;
    const before = this.env.readBytes(this.path);
    // With both of these the file is left alone; else it must be there to be written, before anything is said.
    const file = this.flags.has('a') && this.flags.has('s') ? null : this.open();
    const history = this.flags.has('r') || typeof before === 'number' ? new Map<string, number>() : parse(before);
    const counters = this.counters();
    // Counters that went back have begun anew, and so has the history.
    const reset = [...counters].some(([name, value]) => value < (history.get(name) ?? 0) && !USELESS.has(name));
    if (!this.flags.has('n')) this.show(counters, this.flags.has('a') || reset ? new Map() : history);
    if (file !== null) {
      file.write(this.flags.has('s') ? (typeof before === 'number' ? new Uint8Array(0) : before) : this.record(counters));
      file.close();
    }
    return 0;
  }

  /** An exit status if that was all, else -1. */
  private options(words: readonly string[]): number {
    const { opts, rest, error } = getoptLong(words, 'h?vVzrnasd:t:jp', LONG);
    for (const { opt, arg } of opts) {
      if (opt === 'h' || opt === '?') return this.usage('');
      if (opt === 'v' || opt === 'V') {
        this.env.stdout(NSTAT_VERSION);
        return 0;
      }
      if (opt === 't' && atoi(arg ?? '') <= 0) {
        this.env.stderr('nstat: invalid time constant divisor\n');
        return 255;
      }
      if (opt === 'd' && atoi(arg ?? '') > 0) return this.usage('nstat: there is no daemon here\n');
      // A scan of every 0 seconds is none, and averages are the daemon's.
      if (opt === 'd' || opt === 't') continue;
      this.flags.add(opt);
    }
    if (error !== null) return this.usage(`nstat: ${error}\n`);
    this.patterns.push(...rest);
    return -1;
  }

  private usage(complaint: string): number {
    this.env.stderr(complaint + NSTAT_USAGE);
    return 255;
  }

  private get path(): string {
    return `/tmp/.nstat.u${this.env.task.cred.uid}`;
  }

  private open(): ByteSink {
    const file = this.env.create(this.path);
    if (typeof file !== 'number') return file;
    this.env.stderr(`nstat: open history file: ${strerror(-file)}\n`);
    throw new Exit(255);
  }

  private record(counters: ReadonlyMap<string, number>): Uint8Array {
    const kept = [...counters].filter(([name, value]) => (value !== 0 || this.flags.has('z')) && !USELESS.has(name));
    return Uint8Array.from(`#kernel\n${kept.map(([name, value]) => line(name, value)).join('')}`, (c) => c.charCodeAt(0));
  }

  /** The files in the order in which they are shown. */
  private counters(): Map<string, number> {
    const counters = new Map<string, number>();
    for (const name of ['snmp', 'snmp6', 'netstat']) {
      const text = this.env.readFile(`/proc/net/${name}`);
      if (typeof text === 'string') (name === 'snmp6' ? readPairs : readTables)(text, counters);
    }
    return counters;
  }

  private wanted(name: string, value: number): boolean {
    if (value === 0 && !this.flags.has('z')) return false;
    if (USELESS.has(name)) return false;
    return this.patterns.length === 0 || this.patterns.some((pattern) => fnmatch(pattern.toLowerCase(), name.toLowerCase()));
  }

  private show(counters: ReadonlyMap<string, number>, since: ReadonlyMap<string, number>): void {
    const shown = [...counters].map(([name, value]) => [name, value - (since.get(name) ?? 0)] as const).filter(([name, value]) => this.wanted(name, value));
    if (!this.flags.has('j')) {
      this.env.stdout(`#kernel\n${shown.map(([name, value]) => line(name, value)).join('')}`);
      return;
    }
    const json = new JsonWriter((text) => this.env.stdout(text), this.flags.has('p'));
    json.startObject();
    json.name('kernel');
    json.startObject();
    for (const [name, value] of shown) {
      json.name(name);
      json.raw(String(value));
    }
    json.endObject();
    json.endObject();
    this.env.stdout('\n');
  }
}

/** What stood here the last time. */
function parse(bytes: Uint8Array): Map<string, number> {
  const text = [...bytes].map((byte) => String.fromCharCode(byte)).join('');
  const lines = text.split('\n').filter((one) => one !== '' && !one.startsWith('#'));
  return new Map(lines.map((one) => one.split(/\s+/)).map(([name, value]) => [name as string, Number(value)]));
}

/** Name, growth, growth per second: that is measured by a daemon only. */
function line(name: string, value: number): string {
  return `${name.padEnd(32)}${String(value).padEnd(16)}${'0.0'.padStart(6)}\n`;
}

/** Lines in pairs: `Ip: names`, `Ip: numbers`. */
function readTables(text: string, into: Map<string, number>): void {
  const lines = text.split('\n');
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [head = '', ...names] = (lines[i] as string).trim().split(/\s+/);
    const values = (lines[i + 1] as string).trim().split(/\s+/).slice(1);
    names.forEach((name, k) => into.set(head.replace(':', '') + name, Number(values[k])));
  }
}

/** A name and a number on each line. */
function readPairs(text: string, into: Map<string, number>): void {
  for (const one of text.split('\n')) {
    const [name, value] = one.split(/\s+/);
    if (name !== undefined && value !== undefined) into.set(name, Number(value));
  }
}
