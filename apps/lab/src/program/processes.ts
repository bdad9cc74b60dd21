/** Processes of the machine that descend from the program. */
import { readdirSync, readFileSync } from 'node:fs';

/** In the environment of all that descends from a program: which one. */
export const RUN = 'SKBUFF_RUN';

/** Who a process is of: a command of ours (its `SKBUFF_TASK`), or the program itself (null). */
export interface Descent {
  readonly task: string | null;
}

/** How far up a process is looked for. */
const MAX_DEPTH = 64;

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/**
 * By its environment, or that of its nearest ancestor that has one; undefined if it is none of ours.
 *
 * @param program the process of the program
 * @param run what {@link RUN} is
 */
export function descentOf(pid: number, program: number, run: string): Descent | undefined {
  for (let at = pid, depth = 0; at > 1 && depth < MAX_DEPTH; at = Number(/^PPid:\s*(\d+)/m.exec(read(at, 'status'))?.[1] ?? 0), depth++) {
    const environment = read(at, 'environ').split('\0');
    if (environment.includes(`${RUN}=${run}`)) return { task: environment.find((line) => line.startsWith('SKBUFF_TASK='))?.slice('SKBUFF_TASK='.length) ?? null };
    if (at === program) return { task: null };
  }
  return undefined;
}

/** All processes that there are. */
export function processes(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter((pid) => pid > 0);
  } catch {
    return [];
  }
}
