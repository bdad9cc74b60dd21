/** uname(1) of coreutils 9.1. */
import { andThen, closeStdout, type Command, type CommandEnv, Exit, exitStatus, getoptLong, type LongNames } from '@skbuff/command';
import { UNAME_USAGE } from './usage.ts';

const LONGS: LongNames = {
  all: 'a',
  'kernel-name': 's',
  sysname: 's',
  nodename: 'n',
  'kernel-release': 'r',
  release: 'r',
  'kernel-version': 'v',
  machine: 'm',
  processor: 'p',
  'hardware-platform': 'i',
  'operating-system': 'o',
  help: 'help',
  version: 'version',
};

const VERSION = `uname (GNU coreutils) 9.1
Copyright (C) 2022 Free Software Foundation, Inc.
License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.

Written by David MacKenzie.
`;

export const uname: Command = {
  name: 'uname',
  run: (argv, env) => andThen(exitStatus(() => main(argv, env)), (status) => closeStdout(env, 'uname', status)),
};

function fail(env: CommandEnv, text: string): never {
  env.stderr(`uname: ${text}\nTry 'uname --help' for more information.\n`);
  throw new Exit(1);
}

function main(argv: readonly string[], env: CommandEnv): number {
  const { opts, rest, error } = getoptLong(argv.slice(1), 'asnrvmpio', LONGS);
  for (const { opt } of opts) {
    if (opt !== 'help' && opt !== 'version') continue;
    env.stdout(opt === 'help' ? UNAME_USAGE : VERSION);
    return 0;
  }
  if (error !== null) fail(env, error);
  if (rest.length > 0) fail(env, `extra operand ‘${rest[0]}’`);
  env.stdout(`${words(env, opts.map(({ opt }) => opt)).join(' ')}\n`);
  return 0;
}

/** In the order of the usage, however they were asked for; -a leaves out what is unknown. */
function words(env: CommandEnv, letters: readonly string[]): string[] {
  const { sysname, nodename, release, version, machine } = env.task.utsname;
  const all: readonly (readonly [string, string])[] = [
    ['s', sysname],
    ['n', nodename],
    ['r', release],
    ['v', version],
    ['m', machine],
    ['p', 'unknown'],
    ['i', 'unknown'],
    ['o', 'GNU/Linux'],
  ];
  const wanted = letters.length === 0 ? ['s'] : letters;
  return all.filter(([letter, text]) => wanted.includes(letter) || (wanted.includes('a') && text !== 'unknown')).map(([, text]) => text);
}
