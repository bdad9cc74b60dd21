/** The command sysctl: /proc/sys read and written by names. */
import { andThen, closeStdout, type Command, type CommandEnv, Exit, readStdinText, type Status, exitStatus } from '@skbuff/command';
import { sysctlOf } from '@skbuff/sysctl';
import { EACCES, EIO, EISDIR, ENOENT, ENOTDIR, strerror } from '@skbuff/uapi';
import { parseOptions, type SysctlOptions } from './options.ts';
import { USAGE } from './usage.ts';

/** `sysctl` of procps. Status 0, how many names could not be read, or 1 if one could not be set. */
export const sysctl: Command = {
  name: 'sysctl',
  run: (argv, env) => andThen(exitStatus(() => env.task.enter(() => main(argv, env))), (status) => closeStdout(env, 'sysctl', status)),
};

function main(argv: readonly string[], env: CommandEnv): Status {
  if (argv.length < 2) {
    env.stderr(USAGE);
    return 1;
  }
  const run = new SysctlRun(env, parseOptions(argv, env));
  return run.all();
}

/** Where -p looks when it is told nothing; --system looks nowhere else. */
const DEFAULT_FILE = '/etc/sysctl.conf';

/** Where --system looks for *.conf; of one name, the first. */
const SYSTEM_DIRS: readonly string[] = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d'];

/** Settings that lists leave out: others hold the same in other units. */
const DEPRECATED = /(^|\/)(base_reachable_time|retrans_time)$/;

/** The file of a name: the first separator decides which one separates; the other one stands for itself swapped. */
function pathOf(name: string): string {
  return /[./]/.exec(name)?.[0] === '.' ? name.replace(/[./]/g, (c) => (c === '.' ? '/' : '.')) : name;
}

/** The same as the tree knows it; empty: /proc/sys itself. */
function treePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** A file's name as it is shown: dots that are part of a word are slashes. */
function nameOf(path: string): string {
  return path.replace(/[./]/g, (c) => (c === '/' ? '.' : '/'));
}

/** A line of a file. */
interface Setting {
  readonly name: string;
  readonly value: string;
}

class SysctlRun {
  private readonly env: CommandEnv;
  private readonly o: SysctlOptions;

  constructor(env: CommandEnv, o: SysctlOptions) {
    this.env = env;
    this.o = o;
  }

  all(): Status {
    const { o, env } = this;
    if (o.system) return this.system();
    if (o.all) return this.show('');
    if (o.load) return this.load([...o.files, ...o.operands]);
    if (o.operands.length === 0) {
      env.stderr("sysctl: no variables specified\nTry `sysctl --help' for more information.\n");
      throw new Exit(1);
    }
    let unread = 0;
    let unset = 0;
    for (const word of o.operands) {
      if (word.includes('=')) unset |= this.one(word);
      else if (o.write && word === '') return 1;
      // With -w this is the end.
      else if (o.write) return this.fail('command line(0): invalid syntax, continuing...');
      else unread += this.one(word);
    }
    return unread !== 0 ? unread : unset;
  }

  /** All files are read, and then what they say is done. `-`: standard input. */
  private load(paths: readonly string[]): Status {
    if (paths.includes('-')) return readStdinText(this.env).then((text) => this.env.task.enter(() => this.settings(paths, text)));
    return this.settings(paths.length > 0 ? paths : [DEFAULT_FILE], '');
  }

  private system(): number {
    const { env } = this;
    const files = new Map<string, string>();
    for (const dir of SYSTEM_DIRS) {
      const names = env.readDirectory(dir);
      for (const name of typeof names === 'number' ? [] : names) if (name.endsWith('.conf') && !files.has(name)) files.set(name, `${dir}/${name}`);
    }
    const paths = [...files.keys()].sort().map((name) => files.get(name) as string);
    if (typeof env.readFile(DEFAULT_FILE) === 'string') paths.push(DEFAULT_FILE);
    if (!this.o.quiet) for (const path of paths) env.stdout(`* Applying ${path} ...\n`);
    return this.settings(paths, '');
  }

  private settings(paths: readonly string[], input: string): number {
    let failed = 0;
    const found: Setting[] = [];
    for (const path of paths) {
      const text = path === '-' ? input : this.env.readFile(path);
      // A directory opens, and has no lines.
      if (text === -EISDIR) continue;
      if (typeof text === 'number') failed |= this.fail(`cannot open "${path}": ${strerror(-text)}`);
      else this.parse(path, text, found);
    }
    for (const { name, value } of found) for (const each of this.expand(name)) failed |= this.set(each, value);
    return failed;
  }

  private parse(path: string, text: string, into: Setting[]): void {
    for (const [i, raw] of text.split('\n').entries()) {
      const line = raw.trim();
      if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
      const at = line.indexOf('=');
      // A minus in front is for files that cannot be opened for writing, whose failure never counts.
      const name = line.slice(line.startsWith('-') ? 1 : 0, at < 0 ? undefined : at).trim();
      if (this.o.pattern !== null && !this.o.pattern.test(name)) continue;
      if (at < 0) this.fail(`${path}(${i + 1}): invalid syntax, continuing...`);
      else into.push({ name, value: line.slice(at + 1).trim() });
    }
  }

  /** Names of files may be patterns, here only. */
  private expand(name: string): readonly string[] {
    if (!/[*?[]/.test(name)) return [name];
    const pattern = treePath(pathOf(name)).replace(/[.+^${}()|\\]/g, '\\$&').replace(/\*/g, '[^/]*').replace(/\?/g, '[^/]');
    return sysctlOf(this.env.net).list('').filter((path) => new RegExp(`^${pattern}$`).test(path));
  }

  /** One word of the command line: 1 if it failed. */
  private one(word: string): number {
    const at = word.indexOf('=');
    if (at >= 0) return this.set(word.slice(0, at).trim(), word.slice(at + 1).trim());
    if (word === '') return this.fail('"" is an unknown key') - 2;
    this.warn(word);
    const path = pathOf(word);
    // What was given as a file is turned into a name.
    if (path === word) this.warn(word);
    const inTree = treePath(path);
    if (inTree === '') return this.fail(`Path is not under /proc/sys/: /proc/sys/${path}`) - 2;
    const text = sysctlOf(this.env.net).read(inTree);
    if (text === -EISDIR) return this.show(path);
    if (text === -ENOENT) return this.missing(path);
    if (path.endsWith('/')) return this.missing(path, ENOTDIR);
    // Of what nobody has set yet nothing is said but its name.
    if (text === -EIO) return this.unset(path);
    if (typeof text === 'number') return this.fail(`reading key "${nameOf(path)}": ${strerror(-text)}`);
    this.print(path, text, path === word ? nameOf(path) : word);
    return 0;
  }

  /** Two separators in a row are told, and taken for one. */
  private warn(name: string): void {
    const repeated = /[./]{2}.*/.exec(name)?.[0];
    if (repeated !== undefined) this.fail(`separators should not be repeated: ${repeated}`);
  }

  /** All files below a directory. */
  private show(dir: string): number {
    const tree = sysctlOf(this.env.net);
    const inTree = treePath(dir);
    let failed = 0;
    for (const found of tree.list(inTree)) {
      if (DEPRECATED.test(found) && !this.o.deprecated) continue;
      const path = dir === '' ? found : `${dir}${found.slice(inTree.length)}`;
      const text = tree.read(found);
      // Directories below do not count.
      if (text === -EIO && this.unset(path) !== 0 && found.lastIndexOf('/') === inTree.length) failed = 1;
      if (typeof text !== 'string') continue;
      if (path !== found) {
        this.warn(path);
        this.warn(path);
      }
      this.print(path, text, nameOf(path));
    }
    return failed;
  }

  /** A file that cannot be read yet: 1, unless its name is enough. */
  private unset(path: string): number {
    if (!this.o.names) return 1;
    this.print(path, '\n', nameOf(path));
    return 0;
  }

  /** One line for each line of the file. */
  private print(path: string, text: string, name: string): void {
    const { o, env } = this;
    // What can only be written has nothing to show.
    if (text === '' || (o.pattern !== null && !o.pattern.test(nameOf(path)))) return;
    if (o.names) env.stdout(`${name}\n`);
    else if (o.binary) env.stdout(text.replace(/\n$/, ''));
    else for (const line of text.replace(/\n$/, '').split('\n')) env.stdout(o.values ? `${line}\n` : `${name} = ${line}\n`);
  }

  private set(name: string, value: string): number {
    const { o, env } = this;
    const path = pathOf(name);
    const shown = nameOf(path);
    this.warn(name);
    const at = treePath(path);
    if (name === '' && value === '') return 1;
    if (at === '') return this.fail(`Path is not under /proc/sys/: /proc/sys/${path}`);
    this.warn(path);
    const tree = sysctlOf(env.net);
    if (o.pattern !== null && !o.pattern.test(shown)) return 0;
    const present = tree.read(at);
    if (present === -ENOENT) return this.missing(path);
    // The real one complains about what is no file or not to be written, and calls it a success.
    if (present === -EISDIR) return this.fail(`setting key "${shown}": Invalid argument`) - 1;
    // A value of nothing is an empty line, and no number stands in it.
    const rc = o.dryRun ? 0 : tree.write(at, `${value}\n`);
    if (rc === -EACCES) return this.fail(`setting key "${shown}": Invalid argument`) - 1;
    if (rc < 0) return this.fail(`setting key "${shown}": ${strerror(-rc)}`);
    if (o.quiet) return 0;
    if (o.names || o.values) env.stdout(o.binary ? value : `${value}\n`);
    else env.stdout(`${shown} = ${value}\n`);
    return 0;
  }

  private missing(path: string, error: number = ENOENT): number {
    return this.o.ignore ? 0 : this.fail(`cannot stat /proc/sys/${path}: ${strerror(error)}`);
  }

  /** A complaint: 1. */
  private fail(text: string): number {
    this.env.stderr(`sysctl: ${text}\n`);
    return 1;
  }
}
