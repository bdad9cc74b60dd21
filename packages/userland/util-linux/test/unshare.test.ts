import type { CommandEnv } from '@skbuff/command';
import { expect, it } from 'vitest';
import { nsenter, uname, unshare } from '../src/index.ts';

/** Runs a command that does not come to asking the kernel. */
function said(command: typeof uname, ...words: string[]): [unknown, string] {
  let text = '';
  const env = { stdout: (part: string) => (text += part), stderr: (part: string) => (text += part), stdoutError: () => 0, task: { utsname: { sysname: 'Linux' } } } as unknown as CommandEnv;
  return [command.run([command.name, ...words], env), text.split('\n')[0] as string];
}

it.each([
  [uname, ['-x'], 1, "uname: invalid option -- 'x'"],
  [uname, ['a'], 1, 'uname: extra operand ‘a’'],
  [uname, [], 0, 'Linux'],
  [unshare, ['--net=x', '--constructor'], 1, "unshare: unrecognized option '--constructor'"],
  [unshare, ['--map-user', 'x'], 1, "unshare: failed to parse uid: 'x'"],
  [unshare, ['--setgroups=maybe'], 1, "unshare: unsupported --setgroups argument 'maybe'"],
  [nsenter, ['-n'], 1, 'nsenter: neither filename nor target pid supplied for ns/net'],
  [nsenter, ['-a'], 1, 'nsenter: no target PID specified for --all'],
] as const)('$0.name %j', (command, words, status, text) => {
  expect(said(command, ...words)).toEqual([status, text]);
});
