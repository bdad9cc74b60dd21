/** The command ifconfig. */
import { type Command, type CommandEnv, exitStatus, type IoctlSocket } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { AF_NAMES } from './families.ts';
import { IfconfigRun } from './ifconfig-set.ts';
import { printLong, printShort } from './ife-print.ts';
import { fetchInterface, interfaceNames } from './interfaces.ts';
import { usage, openIoctl } from './tool.ts';
import { IFCONFIG_USAGE, VERSION } from './usage.ts';

/** `ifconfig` of net-tools. */
export const ifconfig: Command = {
  name: 'ifconfig',
  run: (argv, env) => exitStatus(() => main(argv, env)),
};

interface Options {
  readonly all: boolean;
  readonly short: boolean;
}

function main(argv: readonly string[], env: CommandEnv): number {
  let i = 1;
  let all = false;
  let short = false;
  for (; argv[i]?.startsWith('-') === true; i++) {
    const option = argv[i] as string;
    if (option === '-a') all = true;
    else if (option === '-s') short = true;
    else if (['-V', '-version', '--version'].includes(option)) return env.stdout(VERSION), 0;
    else if (['-?', '-h', '-help', '--help'].includes(option)) usage(env, IFCONFIG_USAGE, 0);
    else if (option !== '-v') return unknown(env, option);
  }
  const io = openIoctl(env);
  const name = argv[i];
  if (name === undefined) return showAll(env, io, { all, short });
  const words = argv.slice(i + 1);
  if (words.length === 0) return showOne(env, io, name.slice(0, 15), short);
  const family = AF_NAMES.includes(words[0] as string) ? (words.shift() as string) : 'inet';
  return new IfconfigRun(env, io, name.slice(0, 15), family, words).run();
}

function unknown(env: CommandEnv, option: string): number {
  env.stderr(`ifconfig: option \`${option}' not recognised.\nifconfig: \`--help' gives usage information.\n`);
  return 1;
}

const HEADING = 'Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n';

function showAll(env: CommandEnv, io: IoctlSocket, { all, short }: Options): number {
  if (short) env.stdout(HEADING);
  let failed = 0;
  for (const name of interfaceNames(env, io)) {
    const ife = fetchInterface(env, io, name);
    if (ife === null) failed = 1;
    else if (all || (ife.flags & U.IFF_UP) !== 0) (short ? printShort : printLong)(env, ife);
  }
  return failed;
}

function showOne(env: CommandEnv, io: IoctlSocket, name: string, short: boolean): number {
  if (short) env.stdout(HEADING);
  const ife = fetchInterface(env, io, name);
  if (ife === null) return 1;
  (short ? printShort : printLong)(env, ife);
  return 0;
}

