/** What the commands have in common: how they end, their options, a socket for ioctl(2). */
import { type CommandEnv, Exit, getoptLong, IoctlSocket, type LongNames } from '@skbuff/command';
import { AF_INET, strerror } from '@skbuff/uapi';
import { setBe32 } from '@skbuff/wire';
import { AF_NAMES } from './families.ts';
import type { Usage } from './usage.ts';

/** Exit statuses: bad options, a name without address, an ioctl that failed. */
export const E_OPTERR = 3;
export const E_LOOKUP = 6;
export const E_SOCK = 7;

/** Prints a usage text as help, or as what somebody did wrong, and ends the command. */
export function usage(env: CommandEnv, { parts }: Usage, status: number): never {
  const out = (kind: string): boolean => status === 0 && kind === 'text';
  for (const [kind, text] of parts) {
    if (out(kind) && env.isTerminal) env.stdout(text);
    else if (!out(kind)) env.stderr(text);
  }
  // Into a pipe or a file, what goes to standard output is written at the end.
  if (!env.isTerminal) env.stdout(parts.filter(([kind]) => out(kind)).map(([, text]) => text).join(''));
  throw new Exit(status);
}

/** What is not there on this system, for a reason of the kernel: 1. */
export function noSupport(env: CommandEnv, command: string, what: string): number {
  env.stderr(`${command}: no support for \`${what}' on this system.\n`);
  return 1;
}

/** What is told of the options: a letter or a word of `long`, and its argument or ''. */
export type OnOption = (option: string, arg: string) => void;

/** The options of a command, and the usage with a status if one is wrong. What is no option comes back. */
export function options(env: CommandEnv, argv: readonly string[], spec: string, long: LongNames, on: OnOption, [text, status]: readonly [Usage, number]): readonly string[] {
  const { opts, rest, error } = getoptLong(argv.slice(1), spec, long);
  for (const { opt, arg } of opts) on(opt, arg ?? '');
  if (error === null) return rest;
  env.stderr(`${argv[0]}: ${error}\n`);
  return usage(env, text, status);
}

/** A socket for requests, or the end of the command with that status. */
export function openIoctl(env: CommandEnv, family: number = AF_INET, status: number = 1): IoctlSocket {
  const io = IoctlSocket.open(env, family);
  if (typeof io !== 'number') return io;
  env.stderr(`socket: ${strerror(io)}\n`);
  throw new Exit(status);
}

/** Families of a list with commas, or the end of the command with status 1 (`aftrans_opt`). */
export function familiesOf(env: CommandEnv, list: string): readonly string[] {
  const names = list.split(',');
  const unknown = names.find((name) => !AF_NAMES.includes(name));
  if (unknown === undefined) return names;
  env.stderr(`Unknown address family \`${unknown}'.\n`);
  throw new Exit(1);
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
