/** Options of sysctl. */
import { type CommandEnv, Exit } from '@skbuff/command';
import { USAGE, VERSION } from './usage.ts';

export class SysctlOptions {
  all = false;
  binary = false;
  dryRun = false;
  ignore = false;
  names = false;
  values = false;
  quiet = false;
  write = false;
  /** Names and values come from files: those that -p has, or the operands. */
  load = false;
  readonly files: string[] = [];
  pattern: RegExp | null = null;
  readonly operands: string[] = [];
}

const LONG: Readonly<Record<string, string>> = {
  all: 'a',
  'dry-run': 'D',
  deprecated: 'o',
  binary: 'b',
  ignore: 'e',
  names: 'N',
  values: 'n',
  pattern: 'r',
  quiet: 'q',
  write: 'w',
  load: 'p',
  system: 'S',
  help: 'h',
  version: 'V',
};

/** What sysctl was told, or the end of it ({@link Exit}). */
export function parseOptions(argv: readonly string[], env: CommandEnv): SysctlOptions {
  const o = new SysctlOptions();
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === '--') {
      o.operands.push(...argv.slice(i + 1));
      break;
    }
    const next = (): string | undefined => argv[++i];
    if (word.startsWith('--')) longOption(o, word.slice(2), next, env);
    else if (word.length > 1 && word.startsWith('-')) shortOptions(o, word, next, env);
    else o.operands.push(word);
  }
  return o;
}

function longOption(o: SysctlOptions, word: string, next: () => string | undefined, env: CommandEnv): void {
  const [name, value] = word.split(/=(.*)/s) as [string, string | undefined];
  const letter = LONG[name];
  if (letter === undefined) wrong(env, `unrecognized option '--${word}'`);
  if (letter === 'p' && value !== undefined) o.files.push(value);
  set(o, letter, letter === 'r' ? (value ?? next()) : undefined, env, `option '--${name}' requires an argument`);
}

function shortOptions(o: SysctlOptions, word: string, next: () => string | undefined, env: CommandEnv): void {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] as string;
    if (!'aAXbeNnqwoxdhVrpf'.includes(letter)) wrong(env, `invalid option -- '${letter}'`);
    if (letter === 'p' || letter === 'f') {
      if (at + 1 < word.length) o.files.push(word.slice(at + 1));
      return set(o, letter, undefined, env, '');
    }
    if (letter === 'r') return set(o, letter, word.slice(at + 1) || next(), env, `option requires an argument -- 'r'`);
    set(o, letter, undefined, env, '');
  }
}

/** What is wrong, and the help; the real one calls this a success. */
function wrong(env: CommandEnv, text: string): never {
  env.stderr(`sysctl: ${text}\n`);
  env.stdout(USAGE);
  throw new Exit(0);
}

function set(o: SysctlOptions, letter: string, value: string | undefined, env: CommandEnv, missing: string): void {
  if ('aAX'.includes(letter)) o.all = true;
  else if (letter === 'b') o.binary = o.values = true;
  else if (letter === 'D') o.dryRun = true;
  else if (letter === 'e') o.ignore = true;
  else if (letter === 'N') o.names = true;
  else if (letter === 'n') o.values = true;
  else if (letter === 'q') o.quiet = true;
  else if (letter === 'w') o.write = true;
  else if (letter === 'p' || letter === 'f' || letter === 'S') o.load = true;
  else if (letter === 'r') {
    if (value === undefined) wrong(env, missing);
    o.pattern = patternOf(value);
  } else if (letter === 'V' || letter === 'h' || letter === 'd') {
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
