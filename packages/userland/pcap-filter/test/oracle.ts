/** The system's tcpdump as a compiler, and the file in which its answers are kept. */
import { spawnSync } from 'node:child_process';

export const DLTS: Readonly<Record<string, number>> = { EN10MB: 1, RAW: 12, LINUX_SLL: 113, LINUX_SLL2: 276, NULL: 0 };

/** A program as numbers, `code,jt,jf,k;…`, or `!` and what was said. */
export function compileBySystem(dlt: string, expression: string, optimize: boolean): string {
  const args = ['-y', dlt, ...(optimize ? [] : ['-O']), '-ddd', '--', expression];
  const { stdout, stderr } = spawnSync('tcpdump', args, { encoding: 'utf8' });
  if (stdout === '') return `!${stderr.replace(/^tcpdump: /, '').replace(/\n$/, '')}`;
  return stdout.trim().split('\n').slice(1).join(';');
}

export function haveTcpdump(): boolean {
  return spawnSync('tcpdump', ['--version']).status === 0 && spawnSync('tcpdump', ['-ddd', 'ip'], { encoding: 'utf8' }).stdout !== '';
}
