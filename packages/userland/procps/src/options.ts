/** Options of sysctl. */
import { type CommandEnv, Exit, getoptLong, type LongNames } from '@skbuff/command';
import { USAGE, VERSION } from './usage.ts';

export class SysctlOptions {
  all = false;
  binary = false;
  dryRun = false;
  ignore = false;
  names = false;
  values = false;
  quiet = false;
  deprecated = false;
  system = false;
  write = false;
  /** Names and values come from files: those that -p has, or the operands. */
  load = false;
  readonly files: string[] = [];
  pattern: RegExp | null = null;
  readonly operands: string[] = [];
}

const LONG: LongNames = {
  all: 'a',
  'dry-run': 'D',
  deprecated: 'deprecated',
  binary: 'b',
  ignore: 'e',
  names: 'N',
  values: 'n',
  pattern: 'r:',
  quiet: 'q',
  write: 'w',
  load: 'p::',
  system: 'S',
  help: 'h',
  version: 'V',
};

/** What sysctl was told, or the end of it ({@link Exit}). */
export function parseOptions(argv: readonly string[], env: CommandEnv): SysctlOptions {
  const o = new SysctlOptions();
  const { opts, rest, error } = getoptLong(argv.slice(1), 'aAXbeNnqwoxdhVr:p::f::', LONG);
  for (const { opt, arg } of opts) {
    set(o, opt, arg, env);
    // Done at once: what stands behind it is never looked at.
    if (o.system) return o;
  }
  if (error !== null) wrong(env, error);
  o.operands.push(...rest);
  return o;
}

/** What is wrong, and the help; the real one calls this a success. */
function wrong(env: CommandEnv, text: string): never {
  env.stderr(`sysctl: ${text}\n`);
  env.stdout(USAGE);
  throw new Exit(0);
}

function set(o: SysctlOptions, letter: string, value: string | null, env: CommandEnv): void {
  if ('aAX'.includes(letter)) o.all = true;
  else if (letter === 'b') o.binary = o.values = true;
  else if (letter === 'D') o.dryRun = true;
  else if (letter === 'e') o.ignore = true;
  else if (letter === 'N') o.names = true;
  else if (letter === 'n') o.values = true;
  else if (letter === 'q') o.quiet = true;
  else if (letter === 'w') o.write = true;
  else if (letter === 'deprecated') o.deprecated = true;
  else if (letter === 'S') o.system = o.ignore = true;
  else if (letter === 'p' || letter === 'f') {
    o.load = true;
    if (value !== null) o.files.push(value);
  } else if (letter === 'r') o.pattern = patternOf(value ?? '');
  else if (letter === 'V' || letter === 'h' || letter === 'd') {
    env.stdout(letter === 'V' ? VERSION : USAGE);
    throw new Exit(0);
  }
}

/** Nothing matches what is no regular expression. */
function patternOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    return /(?!)/;
  }
}
