/** What the programs do at their end that look whether all they printed was written. */
import { strerror } from '@skbuff/uapi';
import type { CommandEnv } from './command.ts';

/** close_stdout of gnulib and its like: the status, or 1 and a complaint. Many programs do not look and have no use for it. */
export function closeStdout(env: Pick<CommandEnv, 'stdoutError' | 'stderr'>, name: string, status: number): number {
  const rc = env.stdoutError();
  if (rc === 0) return status;
  env.stderr(`${name}: write error: ${strerror(-rc)}\n`);
  return 1;
}
