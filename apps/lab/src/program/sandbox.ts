/**
 * What keeps a program off the machine's network: namespaces of the machine that are thrown away with it. In them its files below /proc/sys/net
 * and /sys/class/net, and the commands that it calls by their full path, are ours.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { shellQuote } from '../shell/quote.ts';
import { findProgram, SYSTEM_PATH } from './find-program.ts';

/** Where a namespace's files are to be seen, by the names of the directories that hold them. */
const SHOWN_AT = { sys: '/proc/sys/net', class: '/sys/class/net', devices: '/sys/devices/virtual/net' } as const;
export const TREES: readonly (keyof typeof SHOWN_AT)[] = ['sys', 'class', 'devices'];

/** How people call a file of one of the {@link TREES}. */
export function shownAt(file: string): string {
  return file.replace(/^\w+/, (tree) => (tree === 'sys' ? SHOWN_AT.sys : SHOWN_AT.class));
}

/** The best first: with files of its own or without, as the user that we are or as root of a user namespace. */
const ATTEMPTS: readonly (readonly string[])[] = [['--net', '--mount'], ['--user', '--map-root-user', '--net', '--mount'], ['--net'], ['--user', '--map-root-user', '--net']];
/** Says where the machine's own tools are, to a `skbuff run` inside of another. */
export const REAL_TOOLS = 'SKBUFF_REAL_TOOLS';

/** What is mounted for the program must never be seen by anybody else. */
const PRIVATE = ['--propagation', 'private'] as const;

export class Sandbox {
  /** Which namespaces, in the words of unshare(1); null: the program runs as it is, on the machine. */
  readonly flags: readonly string[] | null;
  /** Why there is no better one. */
  readonly why: string;
  private readonly unshare: string;
  private readonly mount: string;
  private readonly ip: string;

  /** Looks what the machine allows of `attempts`. */
  constructor(attempts: readonly (readonly string[])[] = ATTEMPTS) {
    this.unshare = realTool('unshare');
    this.mount = realTool('mount');
    this.ip = realTool('ip');
    let why = process.platform === 'linux' ? '' : process.platform;
    const good = attempts.find((flags) => {
      if (process.platform !== 'linux' || this.unshare === '') return false;
      const { status, stderr, error } = spawnSync(this.unshare, [...words(flags), '--', ...this.probe(flags)], { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
      if (status !== 0) why = error?.message ?? stderr.trim().split('\n')[0] ?? '';
      return status === 0;
    });
    this.flags = good ?? null;
    this.why = this.unshare === '' && why === '' ? 'unshare of util-linux is not installed' : why;
  }

  /** Directories of ours can be mounted over the machine's. */
  get mounts(): boolean {
    return this.flags?.includes('--mount') ?? false;
  }

  /** What a program can still do to the machine, or see of it; null: nothing. */
  get warning(): string | null {
    if (this.mounts) return null;
    const files = 'files below /proc/sys/net and /sys/class/net, and commands with their full path, are not those of the lab';
    return this.flags === null ? `no namespaces can be had here (${this.why}): what the program does without our commands, it does to this machine; ${files}` : `nothing can be mounted here (${this.why}): ${files}`;
  }

  private probe(flags: readonly string[]): readonly string[] {
    if (!flags.includes('--mount')) return ['true'];
    return [this.mount === '' ? 'false' : this.mount, '--bind', SHOWN_AT.sys, SHOWN_AT.sys];
  }

  /**
   * Words in front of the program.
   *
   * @param directory of the commands, whose names are `commands`
   * @param files of the namespace that it begins in
   */
  start(directory: string, commands: Iterable<string>, files: string): readonly string[] {
    if (this.flags === null) return [];
    const script = path.join(directory, '.start');
    writeFileSync(script, ['#!/bin/sh', ...this.loopback(), ...(this.mounts ? this.mountAll(directory, commands, files) : []), 'exec "$@"', ''].join('\n'), { mode: 0o755 });
    return [this.unshare, ...words(this.flags), '--', '/bin/sh', script];
  }

  /** Words in front of a program that is to see other files than the one that starts it. */
  enter(directory: string, files: string): readonly string[] {
    if (!this.mounts) return [];
    const script = path.join(directory, '.enter');
    if (!existsSync(script)) writeFileSync(script, ['#!/bin/sh', ...this.mountFiles('"$1"'), 'shift', 'exec "$@"', ''].join('\n'), { mode: 0o755 });
    return [path.join(directory, '.real', 'unshare'), ...words(['--mount']), '--', '/bin/sh', script, files];
  }

  /** What the program opens itself finds at least its own loopback device. */
  private loopback(): string[] {
    return this.ip === '' ? [] : [`${shellQuote(this.ip)} link set lo up 2> /dev/null`];
  }

  private mountFiles(files: string): string[] {
    return TREES.filter((tree) => existsSync(SHOWN_AT[tree])).map((tree) => `${shellQuote(this.mount)} --bind ${files}/${tree} ${SHOWN_AT[tree]}`);
  }

  private mountAll(directory: string, commands: Iterable<string>, files: string): string[] {
    const real = path.join(directory, '.real');
    mkdirSync(real);
    const keep = ([['unshare', this.unshare], ['ip', this.ip]] as const).filter(([, file]) => file !== '');
    for (const [name] of keep) writeFileSync(path.join(real, name), '');
    const bind = (from: string, to: string): string => `${shellQuote(this.mount)} --bind ${shellQuote(from)} ${shellQuote(to)}`;
    return [
      ...keep.map(([name, file]) => bind(file, path.join(real, name))),
      ...this.mountFiles(shellQuote(files)),
      ...[...commands].flatMap((name) => realFiles(name).map((file) => `${bind(path.join(directory, name), file)} 2> /dev/null`)),
    ];
  }
}

function words(flags: readonly string[]): readonly string[] {
  return flags.includes('--mount') ? [...flags, ...PRIVATE] : flags;
}

function realTool(name: string): string {
  const found = findProgram(name, [process.env[REAL_TOOLS] ?? '', SYSTEM_PATH, process.env['PATH'] ?? ''].filter((part) => part !== '').join(':'));
  return typeof found === 'string' ? found : '';
}

/** The machine's files of that name. One file may be many commands (busybox): such a one is left alone. */
function realFiles(name: string): string[] {
  const files = new Set<string>();
  for (const directory of new Set(`${SYSTEM_PATH}:${process.env['PATH'] ?? ''}`.split(':'))) {
    const file = directory.startsWith('/') ? findProgram(path.join(directory, name)) : 0;
    const real = typeof file === 'string' ? realpathSync(file) : '';
    if (path.basename(real) === name || path.basename(real).startsWith(`${name}.`)) files.add(real);
  }
  return [...files];
}
