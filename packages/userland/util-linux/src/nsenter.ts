/** nsenter(1) of util-linux 2.38.1. */
import { type Command, type CommandEnv, exitStatus, type LongNames, type Status } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { err, errx, exec, number, openNsFile, options, printed } from './run.ts';
import { NSENTER_USAGE } from './usage.ts';

export const nsenter: Command = {
  name: 'nsenter',
  run: (argv, env) => exitStatus(() => main(argv, env)),
};

/** The kinds in the order in which they are entered: the user namespace may be what gives the right to enter the others. */
const KINDS: readonly (readonly [opt: string, long: string, flag: number, file: string])[] = [
  ['U', 'user', U.CLONE_NEWUSER, 'ns/user'],
  ['C', 'cgroup', U.CLONE_NEWCGROUP, 'ns/cgroup'],
  ['i', 'ipc', U.CLONE_NEWIPC, 'ns/ipc'],
  ['u', 'uts', U.CLONE_NEWUTS, 'ns/uts'],
  ['n', 'net', U.CLONE_NEWNET, 'ns/net'],
  ['p', 'pid', U.CLONE_NEWPID, 'ns/pid'],
  ['m', 'mount', U.CLONE_NEWNS, 'ns/mnt'],
  ['T', 'time', U.CLONE_NEWTIME, 'ns/time'],
];

const LONGS: LongNames = {
  all: 'a',
  help: 'h',
  version: 'V',
  target: 't:',
  ...Object.fromEntries(KINDS.map(([letter, name]) => [name, `${letter}::`])),
  'no-fork': 'F',
  'preserve-credentials': 'preserve-credentials',
};

interface Entry {
  readonly flag: number;
  readonly file: string;
  fd: number;
}

class Wishes {
  target = 0;
  all = false;
  fork = true;
  /** The files of the kinds that were asked for; null: the target's. */
  readonly files: Map<string, string | null> = new Map();
  rest: readonly string[] = [];
}

function parse(argv: readonly string[], env: CommandEnv): Wishes {
  const w = new Wishes();
  const { opts, rest } = options(env, 'nsenter', argv.slice(1), '+ahVt:m::u::i::n::p::C::U::T::F', LONGS);
  for (const { opt, arg } of opts) {
    if (opt === 't') w.target = number(env, 'nsenter', arg, 'pid');
    else if (opt === 'a') w.all = true;
    else if (opt === 'F') w.fork = false;
    else if (opt === 'h' || opt === 'V') printed(env, 'nsenter', opt === 'h' ? NSENTER_USAGE : 'nsenter from util-linux 2.38.1\n');
    else if (opt !== 'preserve-credentials') w.files.set(opt, arg);
  }
  w.rest = rest;
  return w;
}

function open(env: CommandEnv, w: Wishes, file: string, path: string | null): number {
  if (path === null && w.target === 0) errx(env, 'nsenter', `neither filename nor target pid supplied for ${file}`);
  const at = path ?? `/proc/${w.target}/${file}`;
  const fd = openNsFile(env, at);
  return fd < 0 ? err(env, 'nsenter', `cannot open ${at}`, fd) : fd;
}

function entries(env: CommandEnv, w: Wishes): Entry[] {
  if (w.all && w.target === 0) errx(env, 'nsenter', 'no target PID specified for --all');
  const { task } = env;
  return KINDS.filter(([opt]) => w.all || w.files.has(opt)).flatMap(([opt, , flag, file]) => {
    // With --all, what one is in already is left out: entering one's own user namespace is an error.
    const own = w.all && !w.files.has(opt) && task.readlink(`/proc/self/${file}`) === task.readlink(`/proc/${w.target}/${file}`);
    return own ? [] : [{ flag, file, fd: open(env, w, file, w.files.get(opt) ?? null) }];
  });
}

/** Twice: what is refused at first may be allowed once the user namespace is entered. */
function enter(env: CommandEnv, list: readonly Entry[]): void {
  for (const last of [false, true]) {
    for (const entry of list) {
      if (entry.fd < 0) continue;
      const rc = env.task.setns(entry.fd, entry.flag);
      if (rc < 0 && last) err(env, 'nsenter', `reassociate to namespace '${entry.file}' failed`, rc);
      if (rc < 0) continue;
      env.task.close(entry.fd);
      entry.fd = -1;
    }
  }
}

function main(argv: readonly string[], env: CommandEnv): Status {
  const w = parse(argv, env);
  const list = entries(env, w);
  enter(env, list);
  // Only children are in another PID namespace.
  const child = w.fork && list.some(({ flag }) => flag === U.CLONE_NEWPID);
  return exec(child ? env.fork() : env, 'nsenter', w.rest);
}
