/** What unshare and nsenter do at their end, and how they open namespaces. */
import { andThen, closeStdout, type CommandEnv, Exit, getoptLong, type LongNames, type LongOpts, type Status } from '@skbuff/command';
import { netNsOf } from '@skbuff/namespaces';
import { EACCES, EBADF, ENOENT, strerror } from '@skbuff/uapi';

/** errx(3). */
export function errx(env: CommandEnv, name: string, text: string, status = 1): never {
  env.stderr(`${name}: ${text}\n`);
  throw new Exit(status);
}

/** err(3). */
export function err(env: CommandEnv, name: string, text: string, errno: number): never {
  return errx(env, name, `${text}: ${strerror(errno)}`);
}

/** The end of what only prints; that there is no standard output at all is no failure of it. */
export function printed(env: CommandEnv, name: string, text: string): never {
  env.stdout(text);
  throw new Exit(env.stdoutError() === -EBADF ? 0 : closeStdout(env, name, 0));
}

/** The options, or the end with what is wrong. */
export function options(env: CommandEnv, name: string, argv: readonly string[], spec: string, longs: LongNames): LongOpts {
  const found = getoptLong(argv, spec, longs);
  return found.error === null ? found : errx(env, name, `${found.error}\nTry '${name} --help' for more information.`);
}

/** A number, or the end. */
export function number(env: CommandEnv, name: string, text: string | null, what: string): number {
  return text !== null && /^\d+$/.test(text) ? Number(text) : errx(env, name, `failed to parse ${what}: '${text ?? ''}'`);
}

/** execvp(3), by default of a shell: the program's status, 126 or 127 if there is none. */
export function exec(env: CommandEnv, name: string, argv: readonly string[]): Status {
  const words = argv.length > 0 ? argv : ['/bin/sh'];
  env.task.execve();
  return andThen(env.run(words), (status) => {
    if (status >= 0) return status;
    env.stderr(`${name}: failed to execute ${words[0]}: ${strerror(status)}\n`);
    return status === -ENOENT ? 127 : 126;
  });
}

/** open(2) of a file that may show a namespace: below /proc/PID/ns, or a name in /run/netns. */
export function openNsFile(env: CommandEnv, path: string): number {
  if (path.startsWith('/proc/')) return env.task.open(path);
  const name = /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(path)?.[1];
  const net = name === undefined ? null : env.netns.get(name);
  if (net !== null) return env.task.openNs(netNsOf(net));
  return path === '/' ? -EACCES : -ENOENT;
}
