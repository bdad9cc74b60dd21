/** unshare(1) of util-linux 2.38.1. */
import { type Command, type CommandEnv, exitStatus, type LongNames, type Status } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { err, errx, exec, number, options, printed } from './run.ts';
import { UNSHARE_USAGE } from './usage.ts';

export const unshare: Command = {
  name: 'unshare',
  run: (argv, env) => exitStatus(() => main(argv, env)),
};

const LONGS: LongNames = {
  help: 'h',
  version: 'V',
  mount: 'm::',
  uts: 'u::',
  ipc: 'i::',
  net: 'n::',
  pid: 'p::',
  user: 'U::',
  cgroup: 'C::',
  time: 'T::',
  fork: 'f',
  'kill-child': 'kill-child::',
  'map-user': 'map-user:',
  'map-group': 'map-group:',
  'map-root-user': 'r',
  'map-current-user': 'c',
  setgroups: 'setgroups:',
};

/** The options that name a kind: its flag, and its file in /proc/PID/ns. */
const KINDS: Readonly<Record<string, readonly [flag: number, file: string]>> = {
  m: [U.CLONE_NEWNS, 'mnt'],
  u: [U.CLONE_NEWUTS, 'uts'],
  i: [U.CLONE_NEWIPC, 'ipc'],
  n: [U.CLONE_NEWNET, 'net'],
  p: [U.CLONE_NEWPID, 'pid_for_children'],
  U: [U.CLONE_NEWUSER, 'user'],
  C: [U.CLONE_NEWCGROUP, 'cgroup'],
  T: [U.CLONE_NEWTIME, 'time_for_children'],
};

/** What was asked for. */
class Wishes {
  flags = 0;
  fork = false;
  mapUser = -1;
  mapGroup = -1;
  setgroups: string | null = null;
  /** Where a namespace is to be mounted, by its file. */
  readonly mounts: (readonly [file: string, at: string])[] = [];
  rest: readonly string[] = [];
}

function parse(argv: readonly string[], env: CommandEnv): Wishes {
  const w = new Wishes();
  const { opts, rest } = options(env, 'unshare', argv.slice(1), '+fhVmuinpCTUrc', LONGS);
  for (const { opt, arg } of opts) wish(w, env, opt, arg);
  w.rest = rest;
  return w;
}

function wish(w: Wishes, env: CommandEnv, opt: string, arg: string | null): void {
  const kind = KINDS[opt];
  if (kind !== undefined) {
    w.flags |= kind[0];
    if (arg !== null) w.mounts.push([kind[1], arg]);
  } else if (opt === 'f' || opt === 'kill-child') w.fork = true;
  else if (opt === 'r' || opt === 'c') {
    w.flags |= U.CLONE_NEWUSER;
    w.mapUser = opt === 'r' ? 0 : env.task.getuid();
    w.mapGroup = opt === 'r' ? 0 : env.task.getgid();
  } else if (opt === 'map-user' || opt === 'map-group') {
    w.flags |= U.CLONE_NEWUSER;
    const id = arg === 'root' ? 0 : number(env, 'unshare', arg, opt === 'map-user' ? 'uid' : 'gid');
    if (opt === 'map-user') w.mapUser = id;
    else w.mapGroup = id;
  } else if (opt === 'setgroups') {
    if (arg !== 'allow' && arg !== 'deny') errx(env, 'unshare', `unsupported --setgroups argument '${arg ?? ''}'`);
    w.setgroups = arg;
  } else printed(env, 'unshare', opt === 'h' ? UNSHARE_USAGE : 'unshare from util-linux 2.38.1\n');
}

function write(env: CommandEnv, file: string, text: string): void {
  const rc = env.writeFile(`/proc/self/${file}`, text);
  if (rc < 0) err(env, 'unshare', `write failed /proc/self/${file}`, rc);
}

/** What the ids of the caller are inside. */
function mapIds(w: Wishes, env: CommandEnv, uid: number, gid: number): void {
  if (w.mapUser >= 0) write(env, 'uid_map', `${w.mapUser} ${uid} 1`);
  if (w.mapGroup >= 0) {
    if (w.setgroups === 'allow') errx(env, 'unshare', 'options --setgroups=allow and --map-group are mutually exclusive');
    write(env, 'setgroups', 'deny');
    write(env, 'gid_map', `${w.mapGroup} ${gid} 1`);
  } else if (w.setgroups !== null) write(env, 'setgroups', w.setgroups);
}

function main(argv: readonly string[], env: CommandEnv): Status {
  const w = parse(argv, env);
  const { task } = env;
  const [uid, gid] = [task.getuid(), task.getgid()];
  const rc = task.unshare(w.flags);
  if (rc < 0) err(env, 'unshare', 'unshare failed', rc);
  // There are no files here that a namespace could be mounted on.
  for (const [file, at] of w.mounts) err(env, 'unshare', `mount /proc/${task.getpid()}/ns/${file} on ${at} failed`, -U.ENOENT);
  mapIds(w, env, uid, gid);
  return exec(w.fork ? env.fork() : env, 'unshare', w.rest);
}
