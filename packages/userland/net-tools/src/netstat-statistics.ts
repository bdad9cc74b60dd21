/** `netstat -s`: /proc/net/snmp and netstat in words. */
import type { CommandEnv } from '@skbuff/command';
import { strerror } from '@skbuff/uapi';
import type { NetstatOptions } from './netstat-options.ts';
import { type Description, describe, isKnown } from './statistics-table.ts';

/** Groups that are shown for a letter only, if any letter is given. */
const LETTERS: Readonly<Record<string, string>> = { Ip: 'w', Icmp: 'w', Tcp: 't', TcpExt: 't', Udp: 'u' };

/** The exit status. */
export function showStatistics(env: CommandEnv, o: NetstatOptions): number {
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

class Printer {
  private readonly env: CommandEnv;
  /** The histogram that lines belong to; a group without a table stays in the last one. */
  private histogram: 'in' | 'out' | null = null;

  constructor(env: CommandEnv) {
    this.env = env;
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
      this.histogram = kind;
      this.env.stdout(`    ICMP ${kind === 'in' ? 'input' : 'output'} histogram:\n`);
    }
    if (kind === 'always' || value !== '0') this.env.stdout(`${this.histogram === null ? '    ' : '        '}${text.replace('%', value)}\n`);
  }
}
