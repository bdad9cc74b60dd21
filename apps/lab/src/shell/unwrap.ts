/** What is left of a command without its wrappers. `script`: it was a shell with -c, and this is what to run. */
export interface Unwrapped {
  readonly argv: readonly string[];
  readonly assignments: Readonly<Record<string, string>>;
  readonly script?: string;
  readonly errexit: boolean;
  readonly refused?: string;
}

const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'ash', 'dash', 'zsh', 'busybox']);
/** Wrappers, and those of their options that take a value. */
const WRAPPERS: Readonly<Record<string, RegExp>> = {
  sudo: /^-[ugpChrtTD]$/, doas: /^-[uC]$/, nohup: /^$/, exec: /^-a$/, command: /^$/, env: /^-[uCS]$/, nice: /^-n$/, stdbuf: /^-[ioe]$/,
};

/** `/usr/sbin/ip` → `ip`. */
export function commandName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

/** Takes off sudo, env, nohup and the like, and opens `sh -c`. Everybody is root in a lab. */
export function unwrap(words: readonly string[]): Unwrapped {
  const assignments: Record<string, string> = {};
  let argv = words;
  for (let options = WRAPPERS[wrapperName(argv)]; options !== undefined; options = WRAPPERS[wrapperName(argv)]) {
    argv = skipWrapper(argv.slice(1), options, assignments);
  }
  const shell = openShell(argv);
  return { argv, assignments, errexit: false, ...shell };
}

function wrapperName(argv: readonly string[]): string {
  const name = commandName(argv[0] ?? '');
  return Object.hasOwn(WRAPPERS, name) ? name : '';
}

function skipWrapper(argv: readonly string[], withValue: RegExp, assignments: Record<string, string>): readonly string[] {
  let i = 0;
  for (; i < argv.length; i++) {
    const word = argv[i]!;
    const equals = /^[A-Za-z_][A-Za-z0-9_]*=/.exec(word)?.[0];
    if (equals !== undefined) assignments[equals.slice(0, -1)] = word.slice(equals.length);
    else if (word === '--') return argv.slice(i + 1);
    else if (withValue.test(word)) i++;
    else if (!word.startsWith('-')) break;
  }
  return argv.slice(i);
}

function openShell(argv: readonly string[]): Partial<Unwrapped> {
  let name = commandName(argv[0] ?? '');
  let rest = argv.slice(1);
  if (name === 'busybox' && SHELLS.has(rest[0] ?? '')) [name, rest] = [rest[0]!, rest.slice(1)];
  else if (name === 'busybox') return { argv: rest };
  if (!SHELLS.has(name)) return {};
  const c = rest.findIndex((word) => !/^-/.test(word) || /^-[a-z]*c[a-z]*$/.test(word));
  const options = rest.slice(0, c + 1).filter((word) => /^-[a-z]+$/.test(word)).join('');
  const script = rest[c + 1];
  // A shell that runs a file or waits for input: there are no files in a lab. It is left as a command for `classify` to name.
  if (c < 0 || !rest[c]!.startsWith('-')) return {};
  return script === undefined ? { refused: `${name} -c has nothing to run` } : { script, errexit: options.includes('e') };
}
