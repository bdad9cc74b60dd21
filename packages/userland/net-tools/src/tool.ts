/** What the commands have in common: how they end, an option parser, a socket for ioctl(2). */
import { type CommandEnv, Exit } from '@skbuff/command';
import { setIfrName } from '@skbuff/sock';
import { AF_INET, IFREQ_LEN, IFREQ_UNION, SOCK_DGRAM, strerror } from '@skbuff/uapi';
import { be32, setBe32 } from '@skbuff/wire';
import type { Usage } from './usage.ts';

/** Exit statuses: bad options, a name without address, an ioctl that failed. */
export const E_OPTERR = 3;
export const E_LOOKUP = 6;
export const E_SOCK = 7;

/** Prints a usage text as help, or as what somebody did wrong, and ends the command. */
export function usage(env: CommandEnv, { parts }: Usage, status: number): never {
  for (const [kind, text] of parts) {
    if (status === 0 && kind === 'text') env.stdout(text);
    else env.stderr(text);
  }
  throw new Exit(status);
}

/** What is not there on this system, for a reason of the kernel: 1. */
export function noSupport(env: CommandEnv, command: string, what: string): number {
  env.stderr(`${command}: no support for \`${what}' on this system.\n`);
  return 1;
}

/** getopt_long(3): `short` as there, `long` maps long names to letters (or to themselves). What is no option comes back. */
export interface LongOptions {
  readonly name: string;
  readonly short: string;
  readonly long: Readonly<Record<string, string>>;
  readonly on: (letter: string, arg: string) => void;
  /** An unknown option, or one without its argument; the complaint has been printed. */
  readonly wrong: () => void;
}

export function getoptLong(env: CommandEnv, argv: readonly string[], o: LongOptions): string[] {
  const rest: string[] = [];
  let i = 1;
  const complain = (text: string): void => {
    env.stderr(`${o.name}: ${text}\n`);
    o.wrong();
  };
  const long = (word: string): void => {
    const [name, value] = word.split(/=(.*)/s) as [string, string | undefined];
    const found = Object.keys(o.long).includes(name) ? [name] : Object.keys(o.long).filter((key) => key.startsWith(name));
    const letter = found.length === 1 ? (o.long[found[0] as string] as string) : undefined;
    if (letter === undefined) return complain(found.length === 0 ? `unrecognized option '--${word}'` : `option '--${word}' is ambiguous; possibilities: ${found.map((f) => `'--${f}'`).join(' ')}`);
    if (!takesArg(o.short, letter)) return o.on(letter, '');
    const arg = value ?? argv[++i];
    return arg === undefined ? complain(`option '--${found[0]}' requires an argument`) : o.on(letter, arg);
  };
  const short = (word: string): void => {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] as string;
      if (letter === ':' || !o.short.includes(letter)) complain(`invalid option -- '${letter}'`);
      else if (!takesArg(o.short, letter)) o.on(letter, '');
      else {
        const arg = at + 1 < word.length ? word.slice(at + 1) : argv[++i];
        return arg === undefined ? complain(`option requires an argument -- '${letter}'`) : o.on(letter, arg);
      }
    }
  };
  for (; i < argv.length; i++) {
    const word = argv[i] as string;
    // A plus stops at the first operand.
    if (word === '--' || (o.short.startsWith('+') && (!word.startsWith('-') || word === '-'))) return [...rest, ...argv.slice(word === '--' ? i + 1 : i)];
    if (word.startsWith('--')) long(word.slice(2));
    else if (word.startsWith('-') && word.length > 1) short(word);
    else rest.push(word);
  }
  return rest;
}

function takesArg(short: string, letter: string): boolean {
  return letter.length === 1 && short[short.indexOf(letter) + 1] === ':';
}

/** A datagram socket and the requests on it. */
export class Ioctl {
  private readonly env: CommandEnv;
  private readonly fd: number;

  constructor(env: CommandEnv) {
    this.env = env;
    const fd = env.task.socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0) {
      env.stderr(`socket: ${strerror(-fd)}\n`);
      throw new Exit(1);
    }
    this.fd = fd;
  }

  /** 0 or a negative errno; the bytes are filled in. */
  call(request: number, arg: Uint8Array): number {
    return this.env.task.ioctl(this.fd, request, arg);
  }

  /** A request about an interface, with `union` behind the name; the reply, or a negative errno. */
  ifreq(request: number, name: string, union: ArrayLike<number> = []): Uint8Array | number {
    const ifreq = new Uint8Array(IFREQ_LEN);
    setIfrName(ifreq, 0, name.slice(0, 15));
    ifreq.set(Array.from(union).slice(0, IFREQ_LEN - IFREQ_UNION), IFREQ_UNION);
    const rc = this.call(request, ifreq);
    return rc < 0 ? rc : ifreq;
  }

  /** 0 or a negative errno. */
  set(request: number, name: string, union: ArrayLike<number>): number {
    const rc = this.ifreq(request, name, union);
    return typeof rc === 'number' ? rc : 0;
  }

  /** The IPv4 address that the request asks for, or -1. */
  addr(request: number, name: string): number {
    const reply = this.ifreq(request, name);
    return typeof reply === 'number' ? -1 : be32(reply, IFREQ_UNION + 4);
  }
}

/** A `struct sockaddr_in`. */
export function sockaddr(addr: number): Uint8Array {
  const sin = new Uint8Array(16);
  sin[0] = AF_INET;
  setBe32(sin, 4, addr);
  return sin;
}

/** An `int`. */
export function int32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** atoi(3). */
export function atoi(text: string): number {
  return Number(/^\s*[+-]?\d+/.exec(text)?.[0] ?? 0) | 0;
}
