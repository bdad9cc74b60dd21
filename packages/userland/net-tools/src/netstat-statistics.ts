/** `netstat -s`: /proc/net/snmp, netstat and snmp6 in words. */
import type { CommandEnv } from '@skbuff/command';
import { strerror } from '@skbuff/uapi';
import type { NetstatOptions } from './netstat-options.ts';
import { type Description, describe, isKnown } from './statistics-table.ts';

/** Groups that are shown for a letter only, if any letter is given. */
const LETTERS: Readonly<Record<string, string>> = { Ip: 'w', Icmp: 'w', Tcp: 't', TcpExt: 't', Udp: 'u', Ip6: 'w', Icmp6: 'w', Udp6: 'u' };

/** The exit status. */
export function showStatistics(env: CommandEnv, o: NetstatOptions): number {
  if (o.has('inet6')) return o.has('inet') ? twoFamilies(env, o) : showStatistics6(env, o);
  const printer = new Printer(env);
  for (const file of ['snmp', 'netstat']) {
    const text = env.readFile(`/proc/net/${file}`);
    if (typeof text === 'number') {
      if (file === 'netstat') continue;
      env.stderr(`cannot open /proc/net/snmp: ${strerror(-text)}\n`);
      return 0;
    }
    const lines = text.split('\n');
    for (let i = 0; i + 1 < lines.length; i += 2) printer.group(lines[i] as string, lines[i + 1] as string, o);
  }
  return 0;
}

function twoFamilies(env: CommandEnv, o: NetstatOptions): number {
  const names = [...o.letters].filter((letter) => letter.startsWith('inet'));
  env.stdout(`netstat: No statistics support for specified address family: ${names.join(',')}\n`);
  return 1;
}

/** IPv6's own, and what TCP counts for both families. */
function showStatistics6(env: CommandEnv, o: NetstatOptions): number {
  const printer = new Printer(env);
  const text = env.readFile('/proc/net/snmp6');
  if (typeof text === 'number') {
    env.stderr(`cannot open /proc/net/snmp6: ${strerror(-text)}\n`);
    return 0;
  }
  for (const line of text.split('\n')) {
    const [name, value] = line.split(/\s+/) as [string, string | undefined];
    if (value !== undefined) printer.counter(name, value, o);
  }
  const snmp = env.readFile('/proc/net/snmp');
  const tcp = typeof snmp === 'string' ? snmp.split('\n').filter((line) => line.startsWith('Tcp:')) : [];
  if (tcp.length === 2) printer.group(tcp[0] as string, tcp[1] as string, o);
  return 0;
}

class Printer {
  private readonly env: CommandEnv;
  /** The histogram that lines belong to; a group without a table stays in the last one. */
  private histogram: 'in' | 'out' | null = null;

  /** The group of the counter before. */
  private last = '';

  constructor(env: CommandEnv) {
    this.env = env;
  }

  /** A counter with a line of its own; its group is its name up to the 6. */
  counter(name: string, value: string, o: NetstatOptions): void {
    const group = name.slice(0, name.indexOf('6') + 1);
    const letter = LETTERS[group];
    const isNew = group !== this.last;
    this.last = group;
    if (o.sockets && letter !== undefined && !o.has(letter)) return;
    if (isNew) {
      this.histogram = null;
      this.env.stdout(`${group}:\n`);
    }
    const description = describe(group, name);
    if (description !== null) this.line(description, value);
  }

  group(names: string, values: string, o: NetstatOptions): void {
    const [group, list] = names.split(': ') as [string, string];
    const letter = LETTERS[group];
    if (o.sockets && letter !== undefined && !o.has(letter)) return;
    if (isKnown(group)) this.histogram = null;
    this.env.stdout(`${group}:\n`);
    const numbers = (values.split(': ')[1] as string).split(' ');
    for (const [i, name] of list.split(' ').entries()) {
      const description = describe(group, name);
      if (description !== null) this.line(description, numbers[i] as string);
    }
  }

  private line({ kind, text }: Description, value: string): void {
    if (kind === 'always') this.histogram = null;
    else if (kind !== 'some' && this.histogram !== kind) {
      this.env.stdout(`${this.histogram === null ? '    ' : '        '}ICMP ${kind === 'in' ? 'input' : 'output'} histogram:\n`);
      this.histogram = kind;
    }
    if (kind === 'always' || value !== '0') this.env.stdout(`${this.histogram === null ? '    ' : '        '}${text.replace('%', value)}\n`);
  }
}
