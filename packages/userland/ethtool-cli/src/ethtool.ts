/** The command ethtool: which subcommand, which device. */
import { type Command, type CommandEnv, exitStatus } from '@skbuff/command';
import { badArgs, EthtoolContext } from './context.ts';
import { type Subcommand, SUBCOMMANDS } from './subcommands.ts';
import { settings } from './settings.ts';
import { USAGE, VERSION } from './usage.ts';
import { dumpAll, refuseWildcard, WILDCARD } from './wildcard.ts';

/** Subcommands that ask by ioctl only: a long name of a device is refused before anybody is asked. */
const LONGEST_NAME = 15;

/** `ethtool` of ethtool 6.1. Status 0, or the number that the real one gives to the failure. */
export const ethtool: Command = {
  name: 'ethtool',
  run: (argv, env) => exitStatus(() => main(argv.slice(1), env)),
};

function main(words: readonly string[], env: CommandEnv): number {
  let json = false;
  let at = 0;
  for (; ; at++) {
    const word = words[at];
    if (word === '--json') json = true;
    else if (word === '--debug') {
      if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(words[++at] ?? '')) badArgs(env);
    } else if (word !== '-I' && word !== '--include-statistics') break;
  }
  const [option, ...rest] = words.slice(at);
  if (option === undefined) badArgs(env);
  if (!option.startsWith('-')) {
    if (json) badArgs(env);
    return settings(new EthtoolContext(env, '', option, rest, json));
  }
  if (option === '-h' || option === '--help' || option === '--version') {
    if (json) badArgs(env);
    env.stdout(option === '--version' ? VERSION : USAGE);
    return 0;
  }
  return subcommand(env, option, rest, json);
}

function subcommand(env: CommandEnv, option: string, rest: readonly string[], json: boolean): number {
  const found = SUBCOMMANDS.find(({ names }) => names.includes(option));
  const [dev, ...args] = rest;
  if (found === undefined || (json && found.json !== true) || dev === undefined) badArgs(env);
  const ctx = new EthtoolContext(env, option, dev, args, json);
  if (found.wildcard !== undefined && dev === WILDCARD && (found.ioctl === undefined || args.length > 0)) return wildcard(ctx, found);
  if (found.ioctl !== undefined && (dev === WILDCARD || dev.length > LONGEST_NAME)) return ctx.fail(1, `${found.ioctl}, ${dev === WILDCARD ? 'wildcard dump' : 'device name longer than 15'} not supported`);
  return dev === WILDCARD ? refuseWildcard(ctx) : found.run(ctx);
}

function wildcard(ctx: EthtoolContext, { run, wildcard: how }: Subcommand): number {
  if (how === 'own') return run(ctx);
  ctx.noMore();
  return dumpAll(ctx, run);
}
