/** The command sysctl: /proc/sys read and written by names. */
import { type Command, type CommandEnv, Exit, exitStatus } from '@skbuff/command';
import { sysctlOf } from '@skbuff/sysctl';
import { EACCES, EISDIR, ENOENT, strerror } from '@skbuff/uapi';
import { parseOptions, type SysctlOptions } from './options.ts';
import { USAGE } from './usage.ts';

/** `sysctl` of procps. Status 0, or how many of the names failed. */
export const sysctl: Command = {
  name: 'sysctl',
  run: (argv, env) => exitStatus(() => main(argv, env)),
};

function main(argv: readonly string[], env: CommandEnv): number {
  if (argv.length < 2) {
    env.stderr(USAGE);
    return 1;
  }
  const run = new SysctlRun(env, parseOptions(argv, env));
  return run.all();
}

/** The file of a name: the first separator decides which one separates; the other one stands for itself swapped. */
function pathOf(name: string): string {
  const path = /[./]/.exec(name)?.[0] === '.' ? name.replace(/[./]/g, (c) => (c === '.' ? '/' : '.')) : name;
  return path.replace(/\/+/g, '/').replace(/^\/|\/$/g, '');
}

/** A file's name as it is shown: dots that are part of a word are slashes. */
function nameOf(path: string): string {
  return path.replace(/[./]/g, (c) => (c === '/' ? '.' : '/'));
}

class SysctlRun {
  private readonly env: CommandEnv;
  private readonly o: SysctlOptions;

  constructor(env: CommandEnv, o: SysctlOptions) {
    this.env = env;
    this.o = o;
  }

  all(): number {
    const { o, env } = this;
    if (o.all) return this.show('');
    if (o.operands.length === 0) {
      env.stderr("sysctl: no variables specified\nTry `sysctl --help' for more information.\n");
      throw new Exit(1);
    }
    return o.operands.reduce((failed, word) => failed + this.one(word), 0);
  }

  /** One word of the command line: 1 if it failed. */
  private one(word: string): number {
    const { o } = this;
    const at = word.indexOf('=');
    if (at >= 0) return this.set(word.slice(0, at).trim(), word.slice(at + 1).trim());
    if (o.write) return this.fail('command line(0): invalid syntax, continuing...');
    const repeated = /[./]{2}.*/.exec(word)?.[0];
    if (repeated !== undefined) this.fail(`separators should not be repeated: ${repeated}`);
    const path = pathOf(word);
    const text = sysctlOf(this.env.net).read(path);
    if (text === -EISDIR) return this.show(path);
    if (text === -ENOENT) return this.missing(path);
    if (typeof text === 'number') return this.fail(`reading key "${nameOf(path)}": ${strerror(-text)}`);
    this.print(path, text, word.startsWith('.') || word.includes('..') ? word : nameOf(path));
    return 0;
  }

  private show(dir: string): number {
    const tree = sysctlOf(this.env.net);
    for (const path of tree.list(dir)) {
      const text = tree.read(path);
      if (typeof text === 'string') this.print(path, text, nameOf(path));
    }
    return 0;
  }

  /** One line for each line of the file. */
  private print(path: string, text: string, name: string): void {
    const { o, env } = this;
    if (o.pattern !== null && !o.pattern.test(nameOf(path))) return;
    if (o.names) env.stdout(`${name}\n`);
    else if (o.binary) env.stdout(text.replace(/\n$/, ''));
    else for (const line of text.replace(/\n$/, '').split('\n')) env.stdout(o.values ? `${line}\n` : `${name} = ${line}\n`);
  }

  private set(name: string, value: string): number {
    const { o, env } = this;
    const path = pathOf(name);
    const shown = nameOf(path);
    if (path === '') return this.fail('Path is not under /proc/sys/: /proc/sys/');
    const tree = sysctlOf(env.net);
    if (o.pattern !== null && !o.pattern.test(shown)) return 0;
    const present = tree.read(path);
    if (present === -ENOENT) return this.missing(path);
    // The real one complains about what is no file or not to be written, and calls it a success.
    if (present === -EISDIR) return this.fail(`setting key "${shown}": Invalid argument`) - 1;
    // A value of nothing is an empty line, and no number stands in it.
    const rc = o.dryRun ? 0 : tree.write(path, `${value}\n`);
    if (rc === -EACCES) return this.fail(`setting key "${shown}": Invalid argument`) - 1;
    if (rc < 0) return this.fail(`setting key "${shown}": ${strerror(-rc)}`);
    if (o.quiet) return 0;
    if (o.names) env.stdout(`${shown}\n`);
    else if (o.values) env.stdout(o.binary ? value : `${value}\n`);
    else env.stdout(`${shown} = ${value}\n`);
    return 0;
  }

  private missing(path: string): number {
    return this.o.ignore ? 0 : this.fail(`cannot stat /proc/sys/${path}: ${strerror(ENOENT)}`);
  }

  /** A complaint: 1. */
  private fail(text: string): number {
    this.env.stderr(`sysctl: ${text}\n`);
    return 1;
  }
}
